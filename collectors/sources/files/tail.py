"""Reads files on from their checkpoints: complete records, and an incomplete last one when it is final."""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import MOST, RewrittenBeyond
from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.content.reader import FileReader
from leverwatch.collectors.paths import Found
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.matching import Resumed, is_document, resume
from leverwatch.collectors.sources.files.partial_reads import Scope
from leverwatch.collectors.sources.files.quiet import Quiet
from leverwatch.collectors.sources.files.read_context import Buffers, ReadContext
from leverwatch.collectors.sources.files.reread import Reread
from leverwatch.collectors.sources.files.reread_refused import read_refused
from leverwatch.collectors.sources.files.visit import Visit

_BEYOND = (
    f"it was rewritten, and has records that were counted; as these are more than {MOST:_}, the new ones cannot "
    "be told from them: let it only grow, or begin another file"
)


class Tail:
    """Passes the lines of files to an `Ingest` and keeps the checkpoints in step with it."""

    def __init__(
        self, ingest: Ingest, checkpoints: CheckpointSet, quiet: Quiet, scope: Scope | None = None
    ) -> None:
        self._context = ReadContext(ingest, checkpoints, quiet, Buffers(ingest), scope or Scope())
        self.progress = self._context.progress
        ingest.keep(self._context.scope.limit)

    def visit(self, state: FileCheckpoint, found: Found) -> Iterator[None]:
        """Count what is new in a file; after each step the checkpoints agree with what the ingest has counted.

        A file that no longer has the content of the checkpoint is skipped: the next run finds out where that is.

        Raises:
            Moved: the path has another file now.
            OSError: the file cannot be read.
            SourceRefused: its CSV header lacks a column.
        """
        self.progress.position = self.progress.read_again = 0
        ingest, checkpoints = self._context.ingest, self._context.checkpoints
        if not ingest.reads_documents or found.archive:
            ingest.known = None
        elif is_document(state, found):
            ingest.known = checkpoints.records_of(state.id)
        elif state.size >= 0:
            checkpoints.forget_records(state.id)  # what was rotated is not written anew
        # What just came here is known until something is at the path that it left.
        try:
            yield from self._visit(state, found)
        except RewrittenBeyond as error:
            raise OSError(errno.EEXIST, _BEYOND, found.path) from error
        finally:
            ingest.known = None

    def end(self) -> None:
        """Free the memory that was read into; nothing is visited any more."""
        self._context.buffers.drop()

    def _visit(self, state: FileCheckpoint, found: Found) -> Iterator[None]:
        if self._context.ingest.wants_header:
            # The settings may name other columns than those with which the headers were read.
            for header in (state.header, *(it for _, it in state.headers)):
                if header is not None:
                    self._context.ingest.headers.check(header, found.path)
        state = yield from read_refused(self._context, state, found)
        state = yield from self._read_again(state, found)
        with FileReader(found) as content:
            resumed = resume(content, state)
            if resumed is not None:
                yield from Visit(self._context, content, state, resumed).run()
                return
        if state.blank:
            fresh = state.consumed(Fingerprint(), 0, None)
            with FileReader(found) as content:
                yield from Visit(self._context, content, fresh, Resumed(Fingerprint(), b"")).run()

    def _read_again(self, state: FileCheckpoint, found: Found) -> Generator[None, None, FileCheckpoint]:
        """Read again the ranges of which an earlier backfill left out days that are wanted now."""
        for partial in state.limited:
            days = self._context.scope.missing(partial)
            if not days:
                continue
            with FileReader(found) as content:
                if resume(content, state) is None:
                    break
            with FileReader(found) as content:
                if not content.skip(partial.start):
                    break
                again = Reread(self._context, content, state, partial, days)
                yield from again.run()
                state = again.state
        return state
