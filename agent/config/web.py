"""The settings of the HTTP server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from leverwatch.agent.config.listen import Address, parse_listen
from leverwatch.collectors.config import Model


class WebConfig(Model):
    """The HTTP server of the metrics and the status page. An older name of this section is `server`."""

    listen: str = Field(
        default=":9847",
        description="Address and port to listen on; without an address, every address of the machine, of IPv6 and "
        "IPv4 or whichever of them there is. Changing it needs a restart.",
        examples=[":9847", "127.0.0.1:9847", "[::1]:9847"],
    )
    probe_listen: str | None = Field(
        default=None,
        description="Second address that answers only `/-/healthy` and `/-/ready`, always in plain HTTP and "
        "without a password. Changing it needs a restart.",
        examples=[":9848"],
    )
    config_file: Path | None = Field(
        default=None,
        description="File with the TLS and the basic authentication of `listen`, in the web configuration format "
        "of Prometheus; read again when it changes. Changing its path needs a restart.",
        examples=["/etc/leverwatch/web.yaml"],
    )
    max_connections: int = Field(
        default=512,
        ge=8,
        le=65_536,
        description="Most connections of `listen` at a time, and never more than the limit of open files leaves. "
        "A new one beyond them takes the place of the one that has waited longest. Changing it needs a restart.",
        examples=[128],
    )
    enable_reload: bool = Field(
        default=False,
        description="Whether POST and PUT to `/-/reload` read the configuration again. Changing it needs a "
        "restart.",
        examples=[True],
    )
    external_url: str | None = Field(
        default=None,
        description="URL under which people reach the status page, for links.",
        examples=["https://leverwatch.example.com"],
    )
    grafana_url: str | None = Field(
        default=None,
        description="URL of the Grafana that has the dashboards; the status page then links them.",
        examples=["https://grafana.example.com"],
    )
    runbook_url: str | None = Field(
        default=None,
        description="Where your own copies of the runbooks are, which the status page and the alerts link: this, "
        "`/`, the name of an alert and `.md`. Without it, the ones that the agent serves under `/runbooks`.",
        examples=["https://wiki.example.com/leverwatch"],
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        parse_listen(value)
        return value

    @field_validator("probe_listen")
    @classmethod
    def _address_of_its_own(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            address, main = parse_listen(value), info.data.get("listen")
            if address.port != 0 and main is not None and address == parse_listen(main):
                raise ValueError("must differ from web.listen")
        return value

    @field_validator("external_url", "grafana_url", "runbook_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        except ValueError:
            valid = False
        if not valid or any(mark.isspace() for mark in value):
            raise ValueError("must be a URL that starts with http:// or https://, without a user name")
        return value.rstrip("/")

    @property
    def address(self) -> Address:
        """The parsed value of `listen`."""
        return parse_listen(self.listen)

    @property
    def probe_address(self) -> Address | None:
        """The parsed value of `probe_listen`; None when it is not set."""
        return None if self.probe_listen is None else parse_listen(self.probe_listen)
