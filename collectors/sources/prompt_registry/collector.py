"""The collector of a registry of prompts: looks at every label, and yields one batch with what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from leverwatch.collectors.daily.errors import (
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    TimedOut,
    Unreachable,
)
from leverwatch.collectors.errors import CollectorError, SourceIncomplete, SourceUnavailable
from leverwatch.collectors.interface import Batch, CollectorContext, Matched, PromptChange, Result, SourceState
from leverwatch.collectors.sources.prompt_registry.asking import Asked
from leverwatch.collectors.sources.prompt_registry.config import PromptRegistryConfig
from leverwatch.collectors.sources.prompt_registry.following import Seen, follow, is_pattern, wanted
from leverwatch.collectors.sources.prompt_registry.interface import Served
from leverwatch.collectors.sources.prompt_registry.labels import KINDS as KINDS
from leverwatch.collectors.sources.prompt_registry.labels import LABELS, Labels
from leverwatch.collectors.stored_state import check_keys, place_of

_OF_ALL = (CredentialsRefused, PermissionRefused, RateLimited, TimedOut, Unreachable)
"""What is wrong with the registry, and not with one of its prompts: no further one is asked for."""
_MOST_FAILURES = 3
"""When so many prompts cannot be looked at and none could be, no further one is asked for."""


class PromptRegistryCollector:
    """The collector of one registry."""

    def __init__(self, config: PromptRegistryConfig, context: CollectorContext) -> None:
        self._config, self._now = config, context.now
        self._place = f"source {config.name}: {config.shown_url}"
        self._asked = Asked(config, context, self._place)
        self._settings = _settings_digest(config)
        self._matched: Matched | None = None

    def matched(self) -> Matched | None:
        """Return how many prompts the label is on, and the names and patterns that never had one."""
        return self._matched

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """Yield one batch with what changed since the last look.

        What could be looked at counts, also when the rest could not.

        Raises:
            SourceIncomplete: some prompts could not be looked at.
            CollectorError: the registry does not answer, or what is stored of the source is unreadable, or of a
                newer version.
        """
        self._matched = None
        labels = self._recall(state)
        seen, failures, error = self._look(labels)
        if seen.served:
            self._refuse_nothing(labels, seen)
            changes = follow(labels, self._config.systems, seen)
            yield _batch(labels, changes)
        if error is not None:
            raise error
        if failures:
            raise SourceIncomplete.of(self._config.name, failures)
        self._matched = _matched(self._config, labels)

    def _recall(self, state: SourceState) -> Labels:
        stored = state.load()
        check_keys(self._config.name, stored, KINDS)
        if LABELS.key in stored:
            labels = LABELS.loads(place_of(self._config.name, LABELS.key), stored[LABELS.key])
            if labels.settings == self._settings:
                return labels
        # Another label, or another registry, tells nothing of what changed: its first look is the beginning.
        return Labels(self._settings, {}, {})

    def _look(self, labels: Labels) -> tuple[Seen, Mapping[str, str], CollectorError | None]:
        """Look at all prompts, those first that were not looked at for the longest; without a list, at those that
        are known.

        Returns what was seen, why which prompts could not be looked at, and what is wrong with the rest.
        """
        began = self._now()
        served: dict[str, Served | None] = {}
        failures: dict[str, str] = {}
        found = _known(labels)
        patterns = [name for names in self._config.systems.values() for name in names]
        listed = not any(map(is_pattern, patterns))
        unlisted: CollectorError | None = None
        try:
            if not listed:
                try:
                    found |= self._asked.names()
                    listed = True
                except _OF_ALL:
                    raise
                except CollectorError as error:
                    unlisted = error
            names = sorted(wanted(patterns, found), key=lambda name: (_looked_at(labels, name), name))
            for name in names:
                try:
                    served[name] = self._asked.served(name)
                except _OF_ALL:
                    raise
                except CollectorError as error:
                    failures[name] = str(error).removeprefix(f"{self._place}: ")
                    if not served and len(failures) == min(_MOST_FAILURES, len(names)):
                        raise
        except CollectorError as error:
            return Seen(began, served, frozenset(found), listed=listed), failures, error
        return Seen(began, served, frozenset(found), listed=listed), failures, unlisted

    def _refuse_nothing(self, labels: Labels, seen: Seen) -> None:
        """Raise SourceUnavailable when several prompts had the label and none has it now."""
        present = {name for watched in labels.systems.values() for name in watched.history.present}
        if len(present) > 1 and present <= seen.served.keys() and not any(seen.served.values()):
            raise SourceUnavailable(
                f"{self._place}: {len(present)} prompts had the label {self._config.production_label!r}, and none"
                " has it now: is it the key of another project?"
            )


def _batch(labels: Labels, changes: list[PromptChange]) -> Batch:
    return Batch(
        state={LABELS.key: LABELS.dumps(labels)},
        tallies={Result.COUNTED: len(changes)} if changes else {},
        prompt_changes=tuple(changes),
        newest_record=max((one.landed_at for one in changes), default=None),
    )


def _known(labels: Labels) -> set[str]:
    """Return the names of the prompts whose label was somewhere, or could not be looked at."""
    return {name for watched in labels.systems.values() for name in (*watched.history.present, *watched.found)}


def _looked_at(labels: Labels, name: str) -> float:
    look = labels.looks.get(name)
    return look.at.timestamp() if look else 0.0


def _matched(config: PromptRegistryConfig, labels: Labels) -> Matched:
    present: set[str] = set()
    nothing = []
    for system, patterns in config.systems.items():
        watched = labels.systems.get(system)
        history = watched.history if watched else None
        now: Iterable[str] = history.present if history else ()
        ever = {*now, *(history.removed if history else ())}
        present.update(now)
        nothing += [f"{system}: {one}" for one in patterns if ever.isdisjoint(wanted([one], ever))]
    return Matched(len(present), tuple(nothing))


def _settings_digest(config: PromptRegistryConfig) -> str:
    """Return a digest of the settings that say which label of which registry is looked at; no secret is in it."""
    told = (
        config.api, config.shown_url, config.production_label, config.path, config.content, config.version,
        config.moved_at,
    )  # fmt: skip
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()
