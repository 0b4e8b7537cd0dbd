"""Writes the rows of a batch so that one that cannot be stored costs itself, and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from leverwatch.agent.log import get_logger
from leverwatch.agent.store.values import UnstorableValue, is_of_a_value

log = get_logger(__name__)

Row = TypeVar("Row")


class RowWriter:
    """Writes rows all at once; or, when that was refused, `narrowing` down to the rows that are at fault.

    Narrowing takes a savepoint for every attempt, so it is done only after a first transaction failed.
    """

    def __init__(self, connection: Connection, source: str, *, narrowing: bool = False) -> None:
        self._connection, self._source = connection, source
        self.narrowing = narrowing
        self.refused: Counter[str] = Counter()
        """Rows that were left out, by what they are."""

    def storable(self, what: str, rows: Sequence[Row], fits: Callable[[Row], bool]) -> Sequence[Row]:
        """The rows that fit.

        Raises:
            UnstorableValue: one does not, and nothing is narrowed down yet.
        """
        kept = [row for row in rows if fits(row)]
        if len(kept) == len(rows):
            return rows
        if not self.narrowing:
            raise UnstorableValue(what)
        self.refused[what] += len(rows) - len(kept)
        return kept

    def within_limits(self, what: str, rows: Sequence[Row], admitted: Callable[[Row], bool]) -> Sequence[Row]:
        """The rows whose names the store has room for; the others are left out."""
        kept = [row for row in rows if admitted(row)]
        self.refused[what] += len(rows) - len(kept)
        return kept

    def write(self, what: str, rows: Sequence[Row], write: Callable[[Sequence[Row]], object]) -> None:
        """Write the rows; what a database refuses of them is left out while narrowing, and raised otherwise."""
        if not rows:
            return
        if not self.narrowing:
            write(rows)
            return
        waiting: list[Sequence[Row]] = [rows]
        while waiting:
            part = waiting.pop()
            try:
                with self._connection.begin_nested():
                    write(part)
            except Exception as error:
                if not is_of_a_value(error):
                    raise
                if len(part) == 1:
                    self.refused[what] += 1
                else:
                    # The first half is popped first: rows are written in their order.
                    middle = len(part) // 2
                    waiting += [part[middle:], part[:middle]]

    def report(self) -> None:
        """Say in the log what was left out, without its content."""
        for what, number in (+self.refused).items():
            log.warning("store_rows_refused", source=self._source, rows=number, kind=what)
