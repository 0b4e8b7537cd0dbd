"""Writes the rows of a batch so that a row that cannot be stored does not prevent the others."""

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
    """Writes all rows at once; with `narrowing`, after that was refused, finds the rows that are refused.

    Narrowing needs a savepoint for every attempt, so it is done only after a first transaction failed.
    """

    def __init__(self, connection: Connection, source: str, *, narrowing: bool = False) -> None:
        self._connection, self._source = connection, source
        self.narrowing = narrowing
        self.refused: Counter[str] = Counter()
        """The number of rows that were left out, by their kind."""

    def storable(self, what: str, rows: Sequence[Row], fits: Callable[[Row], bool]) -> Sequence[Row]:
        """Return the rows that fit.

        Raises:
            UnstorableValue: a row does not fit, and `narrowing` is off.
        """
        kept = [row for row in rows if fits(row)]
        if len(kept) == len(rows):
            return rows
        if not self.narrowing:
            raise UnstorableValue(what)
        self.refused[what] += len(rows) - len(kept)
        return kept

    def within_limits(self, what: str, rows: Sequence[Row], admitted: Callable[[Row], bool]) -> Sequence[Row]:
        """Return the rows whose names the store has room for."""
        kept = [row for row in rows if admitted(row)]
        self.refused[what] += len(rows) - len(kept)
        return kept

    def write(self, what: str, rows: Sequence[Row], write: Callable[[Sequence[Row]], object]) -> None:
        """Write the rows. What the database refuses is left out when `narrowing`; else the error is raised."""
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
        """Log what was left out, without its content."""
        for what, number in (+self.refused).items():
            log.warning("store_rows_refused", source=self._source, rows=number, kind=what)
