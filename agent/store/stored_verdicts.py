"""The JSON form of stored verdicts, with a version like the state of sources."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

import msgspec

from leverwatch.agent.errors import StoreUnreadable
from leverwatch.agent.framework.coverage import WINDOW_DAYS
from leverwatch.agent.framework.model import Facts, FrequencyState, Rule, RuleEvidence, Strategy, Verdict
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.stored_state import Kind, Upgrade, same

T = TypeVar("T")


def _settled_frequency(stored: bytes) -> bytes:
    """Version 2 has what the frequency rule settled on, and when the first band did. Neither was known before."""
    verdict: dict[str, Any] = msgspec.json.decode(stored, type=dict)
    verdict["volume"] = {**verdict.get("volume", {}), "first_settled": None}
    return msgspec.json.encode({**verdict, "frequency": FrequencyState()})


def _with_bounds(body: bytes) -> bytes:
    """Version 3: an incomplete window was never certain, and no day was known to be idle."""
    verdict = msgspec.json.decode(body)
    volume = verdict.get("volume") if isinstance(verdict, dict) else None
    # What is damaged is left for the decoder, which says what is missing.
    if isinstance(volume, dict):
        monthly = volume.get("monthly_inferences")
        volume |= {
            "monthly_low": monthly,
            "monthly_high": monthly,
            "idle_days": [],
            "bounded_days": [],
            "certain": monthly is None or volume.get("covered_days") == WINDOW_DAYS,
        }
    return msgspec.json.encode(verdict)


def _with_declared_day(body: bytes) -> bytes:
    """To version 4: when the declaration changed was not told."""
    verdict = msgspec.json.decode(body)
    if isinstance(verdict, dict):
        verdict |= {"declared_on": None}
    return msgspec.json.encode(verdict)


def _with_life(body: bytes) -> bytes:
    """To version 2: until when the sources were read was not stored."""
    facts = msgspec.json.decode(body)
    usage = facts.get("usage") if isinstance(facts, dict) else None
    if isinstance(usage, dict):
        usage |= {"alive_until": None, "incomplete": {}}
    return msgspec.json.encode(facts)


def _with_origin(body: bytes) -> bytes:
    """To version 3: prompt changes were from git alone."""
    facts = msgspec.json.decode(body)
    prompts = facts.get("prompts") if isinstance(facts, dict) else None
    if isinstance(prompts, dict):
        prompts |= {"origin": "git", "scattered": False, "divergence": None}
    return msgspec.json.encode(facts)


def _with_unseen(body: bytes) -> bytes:
    """To version 4: why there was no usage was not told."""
    facts = msgspec.json.decode(body)
    usage = facts.get("usage") if isinstance(facts, dict) else None
    if isinstance(usage, dict):
        usage |= {"unseen": ""}
    return msgspec.json.encode(facts)


def _with_former(body: bytes) -> bytes:
    """To version 5: which sources the configuration no longer had was not told."""
    facts = msgspec.json.decode(body)
    usage = facts.get("usage") if isinstance(facts, dict) else None
    if isinstance(usage, dict):
        usage |= {"former": []}
    return msgspec.json.encode(facts)


def _with_other(body: bytes) -> bytes:
    """To version 6: prompt changes were compared with traffic alone."""
    facts = msgspec.json.decode(body)
    prompts = facts.get("prompts") if isinstance(facts, dict) else None
    divergence = prompts.get("divergence") if isinstance(prompts, dict) else None
    if isinstance(divergence, dict):
        divergence |= {"other": "traffic"}
    return msgspec.json.encode(facts)


_VERDICT_UPGRADES: tuple[Upgrade, ...] = (same, _settled_frequency, _with_bounds, _with_declared_day)
"""Queries of `leverwatch.agent.store.history` search this text for a mismatch: they depend on the layout as
well."""


class Reviewed(msgspec.Struct):
    """The part of a stored verdict that reviews use."""

    as_of: date
    strategy: Strategy | None
    rule: Rule | None
    evidence: tuple[RuleEvidence, ...]
    mismatch: bool | None
    changed_on: date | None
    declared_on: date | None


VERDICT: Kind[Verdict] = Kind(
    name="verdict",
    key="verdict",
    encode=msgspec.json.encode,
    decode=exact_decoder(Verdict),
    upgrades=_VERDICT_UPGRADES,
    is_json=True,
)
REVIEWED: Kind[Reviewed] = Kind(
    name="verdict",
    key="verdict",
    encode=msgspec.json.encode,
    decode=msgspec.json.Decoder(Reviewed).decode,
    upgrades=_VERDICT_UPGRADES,
    is_json=True,
)
"""Stored verdicts, of which only a part is read; never written in this form."""
FACTS: Kind[Facts] = Kind(
    name="facts of a verdict",
    key="facts",
    encode=msgspec.json.encode,
    decode=exact_decoder(Facts),
    upgrades=(same, _with_life, _with_origin, _with_unseen, _with_former, _with_other),
    is_json=True,
)


def dumped(kind: Kind[T], value: T) -> str:
    """Return the text to store for a value."""
    return kind.dumps(value).decode()


def loaded(kind: Kind[T], system: str, text: str) -> T:
    """Return the value of a stored text of a system.

    Raises:
        StoreUnreadable: the text is of a newer version, or has not the layout of its version.
    """
    try:
        return kind.loads(f"store: verdicts of {system}", text.encode())
    except CollectorError as error:
        raise StoreUnreadable(str(error)) from error
