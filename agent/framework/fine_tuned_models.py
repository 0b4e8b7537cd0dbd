"""Which models are fine-tuned, judged by their names, and since when each of them serves a system."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct

ModelDays = Mapping[str, Mapping[date, float]]
"""Inferences by model and complete UTC day."""

RECENT_DAYS = 28
"""A model is in use when it carried its part on one of so many trailing days."""


class TunedBy(StrEnum):
    """What shows that a model is fine-tuned."""

    CONFIGURED = "configured"
    """A configured pattern matches the name."""
    FINE_TUNE_ID = "fine_tune_id"
    """The name is the id of a hosted fine-tune: `ft:base:org::id`, `base.ft-id`, `base:ft-org-date` or
    `tunedModels/name`."""
    CUSTOM_ARN = "custom_arn"
    """The name is the ARN of a custom or imported model of Amazon Bedrock."""
    ADAPTER = "adapter"
    """`lora` or `adapter` is a word of the name."""


_SIGNS = (
    (TunedBy.FINE_TUNE_ID, re.compile(r"(?:^|[/:])ft:|[:.]ft-|(?:^|/)tunedModels/")),
    (
        TunedBy.CUSTOM_ARN,
        re.compile(r"arn:aws[a-z-]*:bedrock:[^:]*:[^:]*:(?:custom-model|custom-model-deployment|imported-model)/"),
    ),
    (TunedBy.ADAPTER, re.compile(r"(?:^|[-_:./@])(?:q?lora|adapters?)(?=$|[-_:./@\d])", re.IGNORECASE)),
)


def recognise(model: str, patterns: Iterable[str] = ()) -> TunedBy | None:
    """Return what in the name shows that the model is fine-tuned; None when nothing does.

    `base:name` alone shows nothing: a colon also separates sizes, versions and price tiers. `patterns` are globs
    (`*`, `?`, `[...]`) over the whole name, case-sensitive.
    """
    if any(fnmatchcase(model, pattern) for pattern in patterns):
        return TunedBy.CONFIGURED
    return next((sign for sign, pattern in _SIGNS if pattern.search(model)), None)


class TunedModel(Struct, frozen=True):
    """A fine-tuned model that served at least the given share of a system's generations on some day."""

    model: str
    by: TunedBy
    adopted_on: date
    """The first day on which it served at least that share."""
    share: float
    """Its share of the generations of that day, 0 to 1."""
    last_day: date
    """The newest day on which it served at least that share."""
    inferences: float
    """Inferences it served in the trailing 28 days."""

    def in_use(self, as_of: date) -> bool:
        """Whether it served at least that share on one of the 28 days that end at `as_of`."""
        return (as_of - self.last_day).days < RECENT_DAYS


def tuned_models(
    daily: ModelDays, as_of: date, patterns: Iterable[str] = (), least_share: float = 0.05
) -> tuple[TunedModel, ...]:
    """The fine-tuned models that served at least `least_share` of a day's generations, in order of adoption."""
    known = tuple(patterns)
    signs = {model: sign for model in sorted(daily) if (sign := recognise(model, known)) is not None}
    if not signs:
        return ()
    totals: dict[date, float] = defaultdict(float)
    for days in daily.values():
        for day, count in days.items():
            totals[day] += count
    found = []
    for model, sign in signs.items():
        shares = {
            day: count / totals[day]
            for day, count in daily[model].items()
            if day <= as_of and count > 0 and count >= least_share * totals[day]
        }
        if shares:
            first = min(shares)
            recent = sum(count for day, count in daily[model].items() if 0 <= (as_of - day).days < RECENT_DAYS)
            found.append(TunedModel(model, sign, first, shares[first], max(shares), recent))
    return tuple(sorted(found, key=lambda tuned: (tuned.adopted_on, tuned.inferences, tuned.model)))


def predecessors(daily: ModelDays, tuned: TunedModel) -> tuple[str, ...]:
    """The models that served the system in the 28 days before `tuned` was adopted, the largest first."""
    since = tuned.adopted_on - timedelta(days=RECENT_DAYS)
    before = {
        model: sum(count for day, count in days.items() if since <= day < tuned.adopted_on)
        for model, days in daily.items()
        if model != tuned.model
    }
    return tuple(sorted((model for model, count in before.items() if count > 0), key=lambda m: (-before[m], m)))
