"""Every metric family there is, in the order of the exposition and of the documentation."""

from __future__ import annotations

from leverwatch.agent.exporter.agent_families import AGENT
from leverwatch.agent.exporter.bill_families import BILLS
from leverwatch.agent.exporter.cross_check_families import CROSS_CHECKS
from leverwatch.agent.exporter.decision_families import PROMPTS, VERDICTS, VOLUME
from leverwatch.agent.exporter.economics_families import ECONOMICS
from leverwatch.agent.exporter.eval_families import EVALS
from leverwatch.agent.exporter.family import Family
from leverwatch.agent.exporter.mistake_families import BASELINES, LOCKED_IN, MISTAKES, OVER_ENGINEERING, REVIEWS
from leverwatch.agent.exporter.outlook_families import OUTLOOK
from leverwatch.agent.exporter.usage_families import USAGE
from leverwatch.agent.snapshot import AgentSnapshot, SystemsSnapshot

SYSTEMS: tuple[Family[SystemsSnapshot], ...] = (
    *USAGE,
    *CROSS_CHECKS,
    *BILLS,
    *VOLUME,
    *PROMPTS,
    *VERDICTS,
    *ECONOMICS,
    *OUTLOOK,
    *MISTAKES,
    *EVALS,
)
"""Families that change with an evaluation."""

SECTIONS: dict[str, tuple[Family[SystemsSnapshot], ...] | tuple[Family[AgentSnapshot], ...]] = {
    "usage": USAGE,
    "cross_checks": CROSS_CHECKS,
    "bills": BILLS,
    "volume": VOLUME,
    "prompts": PROMPTS,
    "verdicts": VERDICTS,
    "economics": ECONOMICS,
    "outlook": OUTLOOK,
    "baselines": BASELINES,
    "over_engineering": OVER_ENGINEERING,
    "reviews": REVIEWS,
    "locked_in": LOCKED_IN,
    "evals": EVALS,
    "agent": AGENT,
}
"""All families, by the section of `docs/metrics.md` that lists them."""

__all__ = ["AGENT", "SECTIONS", "SYSTEMS"]
