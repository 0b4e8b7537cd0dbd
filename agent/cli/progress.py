"""The progress of a run: a bar with rate and remaining time on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from leverwatch.agent.log import get_logger, set_up
from leverwatch.collectors.interface import Batch

if TYPE_CHECKING:
    from tqdm import tqdm

log = get_logger(__name__)

_LOG_SECONDS = 5.0


class ProgressBar:
    """Shows a bar on a terminal, and writes a log line every few seconds elsewhere."""

    def __init__(self, source: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source, self._monotonic = source, monotonic
        self._bar: tqdm[Any] | None = None
        self._started = monotonic()
        self._next = self._started + _LOG_SECONDS
        self._open = ExitStack()

    def __enter__(self) -> ProgressBar:
        if sys.stderr.isatty():
            from tqdm.contrib.logging import logging_redirect_tqdm

            # Log lines go above the bar, not into it.
            set_up()
            self._open.enter_context(logging_redirect_tqdm([logging.getLogger("leverwatch")]))
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        self._open.close()

    def __call__(self, source: str, batch: Batch) -> None:
        """Show the progress after a committed batch."""
        progress = batch.progress
        if progress is None or progress.total <= 0:
            return
        if sys.stderr.isatty():
            if self._bar is None:
                from tqdm import tqdm

                # A terminal that does not tell its size would show nothing at all.
                columns, rows = shutil.get_terminal_size()
                self._bar = tqdm(
                    total=progress.total,
                    initial=progress.done,
                    unit=progress.unit,
                    unit_scale=True,
                    desc=source,
                    leave=False,
                    ncols=columns - 1,
                    nrows=rows,
                )
            self._bar.total = progress.total
            self._bar.n = progress.done
            self._bar.refresh()
        elif (now := self._monotonic()) >= self._next and progress.done < progress.total:
            self._next = now + _LOG_SECONDS
            rate = progress.done / (now - self._started)
            log.info(
                "collecting",
                source=source,
                done=progress.done,
                total=progress.total,
                unit=progress.unit,
                rate=round(rate),
                seconds_left=round((progress.total - progress.done) / rate) if rate else None,
            )
