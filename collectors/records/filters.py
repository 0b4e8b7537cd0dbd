"""Which records of a log are calls, as `only` and `not` say it: tests of the values of a record. Pure."""

from __future__ import annotations

from msgspec import Struct

from leverwatch.collectors.records.texts import text_of

_SCALARS = (str, bool, int, float)


class ValueTest(Struct, frozen=True):
    """A test of one value. It holds when the value is there and has one of the texts or begins with the prefix; or
    when it is there, or is not, as `present` has it."""

    texts: frozenset[str] = frozenset()
    prefix: str = ""
    present: bool | None = None

    def holds(self, value: object) -> bool:
        """Return whether a value passes; None is a value that the record lacks."""
        if self.present is not None:
            return is_there(value) is self.present
        if value.__class__ is str and value in self.texts:
            return True
        text = text_of(value) if isinstance(value, _SCALARS) else ""
        return text.startswith(self.prefix) and bool(text) if self.prefix else text in self.texts


class Filter(Struct, frozen=True):
    """The tests of the values of a record, each with its path or column as written."""

    only: tuple[tuple[str, ValueTest], ...] = ()
    """All of them hold for a record that is a call."""
    without: tuple[tuple[str, ValueTest], ...] = ()
    """None of them does."""

    @property
    def tests(self) -> tuple[tuple[str, ValueTest, bool], ...]:
        """Each path with its test, and whether it is to hold."""
        return (
            *((path, test, True) for path, test in self.only),
            *((path, test, False) for path, test in self.without),
        )


def is_there(value: object) -> bool:
    """Whether a record has a value: null and an empty text are none."""
    return value is not None and not (isinstance(value, str) and not value.strip())
