"""Days as they are when a test asks, as the day may end between the import of a module and its tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def midnight(ago: int = 0) -> datetime:
    """The beginning, in UTC, of the day that was so many days ago."""
    return datetime.combine(day(ago), datetime.min.time(), UTC)


def day(ago: int = 0) -> date:
    """The day, in UTC, that was so many days ago."""
    return datetime.now(UTC).date() - timedelta(days=ago)
