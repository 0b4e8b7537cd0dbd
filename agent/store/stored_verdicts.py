"""How verdicts are stored as JSON: with a version, as what sources store."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

import msgspec

from leverwatch.agent.errors import StoreError
from leverwatch.agent.framework.model import Facts, Rule, RuleEvidence, Strategy, Verdict
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.stored_state import Kind, Upgrade, same

T = TypeVar("T")

_VERDICT_UPGRADES: tuple[Upgrade, ...] = (same,)
"""Queries of `leverwatch.agent.store.history` look for a mismatch in the text: they depend on the layout too."""


class Reviewed(msgspec.Struct):
    """The part of a stored verdict that reviews look at."""

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
"""Stored verdicts, read in part; never written."""
FACTS: Kind[Facts] = Kind(
    name="facts of a verdict",
    key="facts",
    encode=msgspec.json.encode,
    decode=exact_decoder(Facts),
    upgrades=(same,),
    is_json=True,
)


def dumped(kind: Kind[T], value: T) -> str:
    """A value as the text that is stored."""
    return kind.dumps(value).decode()


def loaded(kind: Kind[T], system: str, text: str) -> T:
    """The value of a system that was stored.

    Raises:
        StoreError: it is of a newer version, or not what its version looks like.
    """
    try:
        return kind.loads(f"store: verdicts of {system}", text.encode())
    except CollectorError as error:
        raise StoreError(str(error)) from error
