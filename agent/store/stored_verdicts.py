"""The JSON form of stored verdicts, with a version like the state of sources."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

import msgspec

from leverwatch.agent.errors import StoreUnreadable
from leverwatch.agent.framework.model import Facts, Rule, RuleEvidence, Strategy, Verdict
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.stored_state import Kind, Upgrade, same

T = TypeVar("T")

_VERDICT_UPGRADES: tuple[Upgrade, ...] = (same,)
"""Queries of `leverwatch.agent.store.history` search this text for a mismatch: they depend on the layout as
well."""


class Reviewed(msgspec.Struct):
    """The part of a stored verdict that reviews use."""

    as_of: date
    strategy: Strategy | None
    rule: Rule | None
    evidence: tuple[RuleEvidence, ...]
    mismatch: bool | None


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
    upgrades=(same,),
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
