"""The configuration file: models, loading, reference and comparison."""

from leverwatch.agent.config.build import build_config_model
from leverwatch.agent.config.changes import NEEDS_RESTART, differences, needs_restart
from leverwatch.agent.config.economics import EconomicsConfig, EconomicsPlan, PricesConfig, plan_of
from leverwatch.agent.config.listen import Address
from leverwatch.agent.config.load import Loaded, load_config
from leverwatch.agent.config.models import (
    Config,
    EvaluationConfig,
    FrameworkConfig,
    LimitsConfig,
    LogConfig,
    LogLevel,
    StoreConfig,
    SystemConfig,
)
from leverwatch.agent.config.web import WebConfig

__all__ = [
    "NEEDS_RESTART",
    "Address",
    "Config",
    "EconomicsConfig",
    "EconomicsPlan",
    "EvaluationConfig",
    "FrameworkConfig",
    "LimitsConfig",
    "Loaded",
    "LogConfig",
    "LogLevel",
    "PricesConfig",
    "StoreConfig",
    "SystemConfig",
    "WebConfig",
    "build_config_model",
    "differences",
    "load_config",
    "needs_restart",
    "plan_of",
]
