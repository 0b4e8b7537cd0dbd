"""The present prices: from the watched file and the public list, with the state of the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from leverwatch.agent.config.economics import INSTALL_PRICES
from leverwatch.agent.errors import ConfigError
from leverwatch.agent.log import get_logger
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.library import PriceLibrary

if TYPE_CHECKING:
    from leverwatch.agent.prices.file import WatchedPriceFile
    from leverwatch.agent.snapshot import PriceFileState

log = get_logger(__name__)


class CurrentPrices:
    """Prices that follow changes of the price file. A bad version of it is logged and counted, and not used."""

    def __init__(
        self, file: Path | None = None, *, public: bool = False, deployments: Mapping[str, str] | None = None
    ) -> None:
        """Load the prices. A file that cannot be used is logged, and no error is raised.

        Args:
            file: the price file; None when none is configured.
            public: whether to use the public list, if its package is installed.
            deployments: the model behind each name that only its owner can explain.
        """
        self._path = file
        self._watched: WatchedPriceFile | None = None
        self._unread: tuple[str, ...] = ()
        self._failures = 0
        self._public = _library() if public else None
        why_not = f"installed ({INSTALL_PRICES})" if public else "in use"
        self._no_public = f"public prices are not {why_not}"
        self._deployments = deployments
        self._day: date | None = None
        self._book: PriceBook | None = None

    def book(self, day: date) -> PriceBook:
        """Return the prices for an evaluation as of `day`, after reading the file again if it changed."""
        if self._refresh() or self._book is None or day != self._day:
            # A book remembers its answers by day; a new one forgets those of days gone by.
            self._day, self._book = day, self._new_book()
        return self._book

    @property
    def state(self) -> PriceFileState | None:
        """The state of the file for the exposition; None when none is configured."""
        if self._path is None:
            return None
        from leverwatch.agent.snapshot import PriceFileState

        if self._watched is None:
            return PriceFileState(self._unread, self._failures)
        return PriceFileState(self._watched.problems, self._failures + self._watched.failures)

    def _new_book(self) -> PriceBook:
        if self._path is not None and self._watched is None:
            return PriceBook(unusable=self._path.name)
        own = self._watched.prices if self._watched else None
        return PriceBook(own, self._public, deployments=self._deployments, no_public=self._no_public)

    def _refresh(self) -> bool:
        """Read the file again if it changed, and return whether there are new prices."""
        if self._path is None:
            return False
        if self._watched is not None:
            before = self._watched.failures
            changed = self._watched.refresh()
            if self._watched.failures > before:
                _complain(self._watched.problems, kept=True)
            return changed
        # Most configurations have no price file, and need none of its models.
        from leverwatch.agent.prices.file import WatchedPriceFile

        try:
            self._watched = WatchedPriceFile(self._path)
        except ConfigError as error:
            # Read again each time until it is good, and counted once for each thing that was wrong with it.
            if error.problems != self._unread:
                self._unread = error.problems
                self._failures += 1
                _complain(error.problems, kept=False)
            return False
        return True


def _complain(problems: tuple[str, ...], *, kept: bool) -> None:
    for problem in problems:
        log.error("price_file_unusable", problem=problem, last_good_kept=kept)


def _library() -> PriceLibrary | None:
    try:
        return PriceLibrary()
    except ImportError:
        return None
