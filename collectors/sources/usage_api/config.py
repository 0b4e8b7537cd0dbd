"""The configuration of a `usage-api` source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from leverwatch.collectors.aggregation.config import SystemTemplate
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.daily.window import DAY
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.sources.usage_api.apis.registry import APIS
from leverwatch.collectors.sources.usage_api.interface import MODEL

if TYPE_CHECKING:
    from leverwatch.collectors.sources.usage_api.interface import UsageApi
    from leverwatch.collectors.tells import Tells


class UsageApiConfig(HttpSettings, DailyConfig):
    """Usage and costs by day, as a provider or a platform that watches calls tells them."""

    LOOK_AT: ClassVar[str] = "`only`, and the organisation or project that the key sees"
    type: Literal["usage-api"] = "usage-api"
    api: Literal[
        "openai",
        "anthropic",
        "anthropic-report",
        "openrouter",
        "langfuse",
        "langfuse-observations",
        "langsmith",
        "helicone",
        "portkey",
    ] = Field(description="Whose API is asked.", examples=["openai"])
    url: str = Field(
        default="",
        description="Address of the API, when it is not that of the provider's own service.",
        examples=["https://langfuse.example.com"],
    )
    system: SystemTemplate
    only: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Parameters of the API that leave something out, each with its values.",
        examples=[{"project_ids": ["proj_4Kd"]}],
    )
    costs: bool = Field(
        default=True, description="Also ask what is billed by day, where the API tells it, and compare it."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_the_defaults_of_its_api(cls, given: Any) -> Any:
        """Return the settings with the address of the service, and no more history than there is."""
        api = APIS.get(str(given.get("api"))) if isinstance(given, Mapping) else None
        if api is None:
            return given
        found = {"url": api.url, **given}
        if api.history is not None and api.history < 90:
            found.setdefault("history", DAY * api.history)
        return found

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        api = self.known
        paths = parse_template(self.system).paths
        words = [word for word in paths if word != MODEL]
        free = tuple(word.removesuffix("NAME") for word in api.words if word.endswith("NAME"))
        strange = sorted(word for word in {*words} - {*api.words} if not (free and word.startswith(free)))
        if strange:
            told = ", ".join(dict.fromkeys((*api.words, MODEL)))
            raise ValueError(f"system names {', '.join(strange)}; {api.name} tells only: {told}")
        if api.most_words is not None and len(set(words)) > api.most_words:
            raise ValueError(
                f"system names more than {api.most_words} dimensions, more than {api.name} tells at once"
            )
        if words and MODEL in paths and not api.model_beside_words:
            raise ValueError(
                f"system names {MODEL} and {words[0]}, and {api.name} tells calls apart by one of them: use one"
            )
        unknown = sorted(set(self.only) - set(api.filters))
        if unknown:
            raise ValueError(
                f"only has {', '.join(unknown)}, by which {api.name} leaves nothing out; it has:"
                f" {', '.join(api.filters) or 'nothing'}"
            )
        lacking = sorted(set(api.required) - set(self.only))
        if lacking:
            raise ValueError(f"only has to name {', '.join(lacking)}, without which {api.name} answers nothing")
        if any(not values or not all(values) for values in self.only.values()):
            raise ValueError("only has an entry without a value")
        if api.one_value and any(len(values) > 1 for values in self.only.values()):
            raise ValueError(
                f"only has several values of one entry, and {api.name} takes one: use several sources"
            )
        if api.history is not None and self.history > DAY * api.history:
            raise ValueError(f"history is more than the {api.history} days of which {api.name} knows something")
        return self

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the settings that may not be what is meant; no API answers without a key."""
        yield from super().doubts()
        if not self.has_key:
            yield ("api",), f"there is no key (`token_file` or another of its settings); {self.known.needs}"

    @property
    def has_key(self) -> bool:
        """Whether anything is shown to the API."""
        return any(it is not None for it in (self.token, self.token_file, self.user)) or bool(self.headers)

    @property
    def known(self) -> UsageApi:
        """The API."""
        return APIS[self.api]

    def counts_usage(self) -> bool:
        """Whether the source counts inferences: not when its API tells tokens alone."""
        return self.known.counts_calls

    def declared_systems(self) -> frozenset[str]:
        """The systems that the setting names as they are, if their calls are counted."""
        return super().declared_systems() if self.counts_usage() else frozenset()

    def bill_note(self) -> str:
        """What the provider documents of the difference between its bill and the price of tokens."""
        return self.known.bill if self.costs and self.known.has_costs else ""

    def tells(self) -> Tells | None:
        """What the API can tell."""
        return self.known.tells
