"""Keeps the verdict of each system until what it depends on changes: a day has many evaluations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import NamedTuple

import msgspec

from leverwatch.agent.framework.holding import verdict_on
from leverwatch.agent.framework.last_result_cache import LastResultCache
from leverwatch.agent.framework.model import Settings, Verdict
from leverwatch.agent.framework.timeline import Timeline
from leverwatch.agent.store.counted_days import CountedDays


class _Given(NamedTuple):
    line: Timeline
    settings: Settings
    stored: Verdict | None


class LastVerdicts:
    """Returns what `verdict_on` returns, and works it out only for systems of which something changed."""

    def __init__(self) -> None:
        self.counted = CountedDays()
        """The daily counts that the verdicts were worked out from."""
        self._memo: LastResultCache[_Given, Verdict] = LastResultCache(
            lambda given: verdict_on(given.line, given.line.facts, given.settings, given.stored), _digest
        )
        self._shown: Mapping[str, Verdict] = {}

    def of(self, line: Timeline, settings: Settings, stored: Verdict | None) -> Verdict:
        """Return the verdict as of the day of a timeline; `stored`: the system's latest one, if any."""
        return self._memo.ask(line.facts.system, _Given(line, settings, stored))

    def shown(self, verdicts: Mapping[str, Verdict]) -> Mapping[str, Verdict]:
        """Return verdicts that were read, each as the object of the last time where nothing of it changed."""
        known = self._shown
        self._shown = {
            name: known[name] if known.get(name) == verdict else verdict for name, verdict in verdicts.items()
        }
        return self._shown

    def keep(self, systems: Collection[str]) -> None:
        """Forget all systems but these."""
        self._memo.keep(systems)


def _digest(given: _Given) -> bytes:
    stored = given.stored
    # All that a verdict takes from the one before. Its day is another one for the second evaluation of a day, and
    # matters only where it does not know since when its recommendation stands.
    taken = stored and (
        stored.strategy,
        stored.rule,
        stored.status,
        stored.changed_on or stored.as_of,
        stored.declared,
        stored.declared_on,
    )
    return sha256(msgspec.msgpack.encode((given.line, given.settings, taken))).digest()
