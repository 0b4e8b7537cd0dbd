"""The open prefixes of a source: which they are now, what is known of each, and what of that is to be stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.interface import Problem
from leverwatch.collectors.records.timestamps import zone_named
from leverwatch.collectors.sources.bucket.config import BucketConfig
from leverwatch.collectors.sources.bucket.keys import KeyPattern, matcher
from leverwatch.collectors.sources.bucket.known import OBJECT_BLOCK, RECORD_BLOCK, Entry, KnownObjects
from leverwatch.collectors.sources.bucket.prefixes import (
    DAY,
    PREFIX,
    TEMPLATE,
    Prefix,
    Template,
    holds,
    opened,
    prefixes_of,
    templates_of,
    unit_of,
)
from leverwatch.collectors.stored_state import entries


class Followed(Struct):
    """One open prefix."""

    at: Prefix
    known: KnownObjects
    template: str
    matches: re.Pattern[str]
    """What fully matches the keys that are logs."""
    closes: float
    """When it is over, in seconds since the epoch; infinite when it never is."""


class Following:
    """All open prefixes of a source."""

    def __init__(self, config: BucketConfig, stored: Mapping[str, bytes]) -> None:
        self._config, self._zone = config, zone_named(config.timezone)
        self._patterns: dict[str, list[KeyPattern]] = {}
        for pattern in config.patterns:
            self._patterns.setdefault(pattern.template, []).append(pattern)
        self._templates = templates_of(config.name, stored)
        self._prefixes = prefixes_of(config.name, stored)
        blocks = _blocks(dict(entries(config.name, stored, OBJECT_BLOCK)))
        records = _blocks(dict(entries(config.name, stored, RECORD_BLOCK)))
        self._known = {
            it.prefix: KnownObjects(it.unit, blocks.get(it.unit, {}), records.get(it.unit, {}))
            for it in self._prefixes.values()
        }
        self._settings = config.digest()
        self._elsewhere: list[KnownObjects] = []
        """The objects of prefixes that no path lists any more."""
        self._changes: dict[str, bytes | None] = {}
        self.problems: list[Problem] = []

    def open(self, now: datetime) -> list[Followed]:
        """Return the prefixes to list now, the oldest day first. Those of new days are opened."""
        self._read_again()
        today = (now + self._config.future_tolerance).astimezone(self._zone).date()
        is_new = not self._templates
        newest = max((it.days[-1][1] for it in self._templates.values() if it.days), default=0)
        for text, (pattern, *_) in self._patterns.items():
            known = self._templates.get(text)
            # Another path may have read what it lists, while it was left out.
            is_back = known is not None and bool(known.days) and known.days[-1][1] < newest
            if not pattern.dated:
                self._open_undated(pattern, now, today, is_new=is_new, is_back=is_back)
                continue
            first = today - self._config.history if is_new else today - self._config.late
            if known is not None and known.days:
                behind = date.fromordinal(known.days[-1][1]) + DAY
                if not is_back:
                    # Not before what the first run began with: a backfill reads what is earlier.
                    first = min(behind, first)
                elif behind < first:
                    self._say_new(text, first)
                first = max(first, date.fromordinal(known.days[0][0]))
            elif not is_new:
                self._say_new(text, first)
            self._open_days(pattern, first, today)
        self._drop_over(now.timestamp(), (today - self._config.history).toordinal())
        return self._followed(self._prefixes)

    def _drop_over(self, now: float, first: int) -> None:
        """Forget the days of paths that were left out, once they are over, and those that are kept, once they are
        before a day."""
        for at in list(self._prefixes.values()):
            is_left_out = self._closes(at.day) <= now and not self._paths_of(at)
            if is_left_out or (at.shut and at.day < first):
                self._forget(at)

    def _read_again(self) -> None:
        """Have the objects read again of which nothing counted under other settings."""
        left = 0
        for text, at in self._prefixes.items():
            if at.settings != self._settings:
                left += self._known[text].read_again()
                self._put(replace(at, settings=self._settings, again=True, shut=False))
        if left:
            detail = f"{left:_} objects have refused records and others that counted, and are not read again"
            self.problems.append(Problem(self._config.url, "new_settings", detail))

    def reopen(self, since: date | None, until: date | None, now: datetime) -> list[Followed]:
        """Open the days of a range that were never open, and return their prefixes, with those that are open."""
        self._read_again()
        today = (now + self._config.future_tolerance).astimezone(self._zone).date()
        wanted: list[str] = []
        for pattern, *_ in self._patterns.values():
            if pattern.dated:
                first = today - self._config.history if since is None else since
                last = today if until is None else min(until, today)
                wanted += self._open_days(pattern, first, last)
        return self._followed(wanted)

    def _open_days(self, pattern: KeyPattern, first: date, last: date) -> list[str]:
        text = pattern.template
        known = self._templates.get(text) or Template(text, ())
        days = [first + number * DAY for number in range((last - first).days + 1)]
        fresh = [day for day in days if not holds(known.days, day.toordinal())]
        for day in fresh:
            self._begin(Prefix(pattern.prefix(day), day.toordinal(), 0))
        if fresh or text not in self._templates:
            self._templates[text] = Template(text, opened(known.days, (day.toordinal() for day in fresh)))
            self._changes[TEMPLATE.key + unit_of(text)] = TEMPLATE.dumps(self._templates[text])
        return [prefix for day in days if (prefix := pattern.prefix(day)) in self._prefixes]

    def _open_undated(
        self, pattern: KeyPattern, now: datetime, today: date, *, is_new: bool, is_back: bool
    ) -> None:
        text = pattern.template
        known = self._templates.get(text)
        if known is None or is_back:
            since = now - (self._config.history if is_new else self._config.late)
            if not is_new:
                self._say_new(text, since.date())
            self._begin(Prefix(pattern.prefix(today), 0, int(since.timestamp())))
        days = () if known is None else known.days
        if not holds(days, today.toordinal()):
            # The days on which it was listed.
            self._templates[text] = Template(text, opened(days, (today.toordinal(),)))
            self._changes[TEMPLATE.key + unit_of(text)] = TEMPLATE.dumps(self._templates[text])

    def _say_new(self, text: str, first: date) -> None:
        detail = f"is a new path of a source that has counted: what is before {first} is left to a backfill, if no"
        detail += " other path has read it"
        self.problems.append(Problem(f"{self._config.url}/{text}", "new_path", detail))

    def _begin(self, prefix: Prefix) -> None:
        # What is known of its objects stays, when a path lists it that was left out for a while.
        prefix = replace(prefix, settings=self._settings)
        self._prefixes[prefix.prefix] = prefix
        self._known.setdefault(prefix.prefix, KnownObjects(prefix.unit, {}, {}))
        self._changes[PREFIX.key + prefix.unit] = PREFIX.dumps(prefix)

    def _followed(self, prefixes: Iterable[str]) -> list[Followed]:
        found = []
        for text in sorted(prefixes, key=lambda it: (self._prefixes[it].day, it)):
            at = self._prefixes[text]
            for template in () if at.shut else self._paths_of(at):
                matches = _of(self._patterns[template], date.fromordinal(at.day or 1))
                found.append(Followed(at, self._known[text], template, matches, self._closes(at.day)))
        self._elsewhere = [
            self._known[text]
            for text, at in self._prefixes.items()
            if self._known[text] and not self._paths_of(at)
        ]
        return found

    def _paths_of(self, at: Prefix) -> list[str]:
        """Return the template of a prefix, when a path has it."""
        day = date.fromordinal(at.day or 1)
        return [
            text
            for text, (pattern, *_) in self._patterns.items()
            if pattern.dated == (at.day > 0) and pattern.prefix(day) == at.prefix
        ]

    def known_of(self, followed: Followed, key: int) -> Entry | None:
        """Return what is known of an object, also from another path that the source had before."""
        found = followed.known.get(key)
        if found is None:
            for known in self._elsewhere:
                if (found := known.get(key)) is not None:
                    followed.known.put(found, known.records_of(key) or b"")
                    return found
        return found

    def note(self, followed: Followed, entry: Entry, records: bytes) -> None:
        """Note an object that was read, also for another path that knows it and may come back."""
        followed.known.put(entry, records)
        for known in self._elsewhere:
            if known.get(entry.key) is not None:
                known.put(entry, records)

    def _closes(self, day: int) -> float:
        if not day:
            return float("inf")
        end = datetime.combine(date.fromordinal(day) + DAY, time(), self._zone)
        return (end + self._config.late).timestamp()

    def put(self, followed: Followed, at: Prefix) -> None:
        """Note how far a prefix is listed."""
        if at != followed.at:
            followed.at = at
            self._put(at)

    def _put(self, at: Prefix) -> None:
        self._prefixes[at.prefix] = at
        self._changes[PREFIX.key + at.unit] = PREFIX.dumps(at)

    def close(self, followed: Followed) -> None:
        """Forget a prefix whose day is over; but keep it for other settings when hardly anything counted."""
        if followed.known.is_mostly_unread():
            followed.known.forget_records()
            self.put(followed, replace(followed.at, shut=True))
        else:
            self._forget(followed.at)

    def _forget(self, at: Prefix) -> None:
        known = self._known[at.prefix]
        known.drop()
        self._changes |= known.take_changes()
        self._changes[PREFIX.key + at.unit] = None
        del self._prefixes[at.prefix], self._known[at.prefix]

    def take_changes(self) -> dict[str, bytes | None]:
        """Return the changes since the last call; the caller has to store them."""
        changes, self._changes = self._changes, {}
        for known in self._known.values():
            changes |= known.take_changes()
        return changes

    def met(self) -> Iterator[tuple[str, int]]:
        """Yield the globs, each with how many objects are known of what it lists."""
        for patterns in self._patterns.values():
            prefixes = {
                text
                for text, at in self._prefixes.items()
                if not at.shut and patterns[0].prefix(date.fromordinal(at.day or 1)) == text
            }
            number = sum(len(self._known[text]) for text in prefixes)
            number += any(self._prefixes[text].cursor != "" for text in prefixes if not self._prefixes[text].day)
            yield from ((pattern.text, number) for pattern in patterns)


def _of(patterns: Iterable[KeyPattern], day: date) -> re.Pattern[str]:
    return matcher((pattern.text for pattern in patterns), day)


def _blocks(stored: Mapping[str, bytes]) -> dict[str, dict[int, bytes]]:
    found: dict[str, dict[int, bytes]] = {}
    for key, value in stored.items():
        _, unit, number = key.split("/")
        found.setdefault(unit, {})[int(number)] = value
    return found


def horizon(at: Prefix, late: timedelta) -> float:
    """Return the time before which whatever was last changed was read, if it was to be; in seconds since the
    epoch. A prefix with a day has none: all of it is known as long as it is open."""
    if at.day:
        return float("-inf")
    return max(at.since, at.listed - late.total_seconds()) if at.listed else at.since


def restarted(at: Prefix) -> Prefix:
    """Return the position of a prefix that has to be listed from its start."""
    return replace(at, again=True)
