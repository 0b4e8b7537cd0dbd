"""Notes the lines of a document that the compiled helper counts, while some of them are read in Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from leverwatch.collectors.aggregation.known_records import KnownRecords
from leverwatch.collectors.aggregation.noted_lines import Noted
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Parsed

if TYPE_CHECKING:
    from leverwatch.collectors.aggregation.native_counts import Counts
    from leverwatch.collectors.aggregation.native_scanned import Scanned


class Noting:
    """What is noted of the lines of one chunk; nothing where `known` is None or knows enough."""

    def __init__(self, known: KnownRecords | None) -> None:
        self._known = None if known is None or known.idle else known
        self._read: list[tuple[int, int, list[Noted]]] = []

    @property
    def is_on(self) -> bool:
        """Whether anything is noted."""
        return self._known is not None

    def begin(self) -> None:
        """Lines are read in Python from now on."""
        if self._known is not None:
            self._known.hold()

    def end(self, first: int, behind: int) -> None:
        """The lines from one to before another were."""
        if self._known is not None:
            self._read.append((first, behind, self._known.held()))

    def note(
        self,
        found: Scanned,
        counts: Counts,
        read: Callable[[bytes], Parsed],
        cut: Callable[[bytes], list[bytes]] | None,
    ) -> None:
        """Note all records, which `cut` takes apart and of which `read` makes rows."""
        if self._known is None:
            return
        results = {line: result for line, result, _ in counts.refused}
        results |= dict.fromkeys(counts.again, Result.DUPLICATE)
        results |= dict.fromkeys(counts.passed, Result.NOT_A_CALL)
        self._known.note_lines(
            self._read,
            found.lines,
            partial(found.texts, cut=cut),
            results,
            read,
            exact=not (counts.filtered or counts.nothing),
            line=found.line if found.is_table else None,
        )
