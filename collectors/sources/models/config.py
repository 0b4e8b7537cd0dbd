"""The configuration of a `models` source."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from leverwatch.collectors.config import Duration, SourceConfig


class ModelsConfig(SourceConfig):
    """The model list of a provider, for the days on which models are shut down."""

    type: Literal["models"] = "models"
    interval: Duration = Field(
        default=timedelta(hours=6), description="Pause between two runs of the collector.", examples=["6h"]
    )
    url: str = Field(
        description="Address of the list, in the notation of the OpenAI API.",
        examples=["https://api.example.com/v1/models"],
    )
    token: SecretStr | None = Field(
        default=None, description="Bearer token, best taken from the environment.", examples=["${PROVIDER_TOKEN}"]
    )
    token_file: Path | None = Field(
        default=None, description="File that holds the bearer token.", examples=["/run/secrets/provider-token"]
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30), description="Longest wait for an answer to go on.", examples=["30s"]
    )
    deadline: Duration = Field(
        default=timedelta(minutes=2),
        description="Longest time for the whole list, all pages together.",
        examples=["2m"],
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            valid = False
        if not valid or any(mark.isspace() for mark in value):
            raise ValueError("must be a URL that starts with http:// or https://, without a user name")
        return value

    @field_validator("token_file")
    @classmethod
    def _one_token(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("token") is not None:
            raise ValueError("is one token too many: `token` is set")
        return value

    def waits_for_others(self) -> bool:
        """Whether a run may wait for another machine: always."""
        return True
