"""What pages and assessments read from the store, each from one state of the database.

A short command that only counts or decides needs none of it: what reads is imported when it is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from leverwatch.agent.store.names import read_names, read_overflow
from leverwatch.agent.store.schema import unreadable_values
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.tallies import read_tallies

if TYPE_CHECKING:
    from leverwatch.agent.framework.cross_check import CrossCheck, CrossCheckSettings
    from leverwatch.agent.framework.daily_usage import DailyUsage, PromptSums
    from leverwatch.agent.framework.review import PastVerdict
    from leverwatch.agent.store.prompt_totals import PromptTotals
    from leverwatch.agent.store.tier_uses import TierUse
    from leverwatch.agent.store.views import SystemTotals
    from leverwatch.collectors.interface import EvalResult, Result

_EVERYTHING = Scope()


class Reads(ABC):
    """The part of a store that reads for pages and assessments."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A context manager of a connection that sees one state of the database."""

    def unreadable(self) -> Mapping[str, Mapping[str, int]]:
        """Return the number of values that could not be read by source and field, since the store exists."""
        found: dict[str, dict[str, int]] = {}
        with self.reading() as connection:
            for row in connection.execute(select(unreadable_values)):
                found.setdefault(row.source, {})[row.field] = row.number
        return found

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Return the number of records by source and result, since the store exists."""
        with self.reading() as connection:
            return read_tallies(connection)

    def names(self) -> Sequence[str]:
        """Return the systems with something to decide on, in order of first appearance."""
        with self.reading() as connection:
            return read_names(connection)

    def overflow(self, scope: Scope = _EVERYTHING) -> float:
        """Return the inferences of all systems that have no name of their own in the store."""
        with self.reading() as connection:
            return read_overflow(connection, scope.counting_for)

    def totals(self, scope: Scope, models_per_system: int) -> dict[str, SystemTotals]:
        """Return the sums over all days, by system."""
        from leverwatch.agent.store.views import read_totals

        with self.reading() as connection:
            return read_totals(connection, scope, models_per_system)

    def prompt_totals(self, scope: Scope = _EVERYTHING, as_of: date = date.max) -> dict[str, PromptTotals]:
        """Return all prompt changes ever seen, by system; those that traffic shows up to the end of `as_of`."""
        from leverwatch.agent.store.prompt_totals import read_prompt_totals

        with self.reading() as connection:
            return read_prompt_totals(connection, scope, as_of)

    def eval_results(
        self, since: date, as_of: date, scope: Scope = _EVERYTHING
    ) -> Mapping[str, tuple[EvalResult, ...]]:
        """Return the eval results dated from `since` to the end of `as_of`, by system, oldest first."""
        from leverwatch.agent.store.evals import read_eval_results

        with self.reading() as connection:
            return read_eval_results(connection, since, as_of, scope)

    def eval_sources(self) -> frozenset[str]:
        """Return the names of the sources that ever told an eval result."""
        from leverwatch.agent.store.evals import read_eval_sources

        with self.reading() as connection:
            return read_eval_sources(connection)

    def eval_systems(self) -> frozenset[str]:
        """Return the systems that eval results name, and nothing else that was counted."""
        from leverwatch.agent.store.evals import read_eval_systems

        with self.reading() as connection:
            return read_eval_systems(connection)

    def model_days(
        self, since: date, as_of: date, scope: Scope, systems: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Mapping[date, float]]]:
        """Return inferences by system, model and UTC day. `systems`: only these; None: all."""
        from leverwatch.agent.store.evals import read_model_days

        with self.reading() as connection:
            return read_model_days(connection, since, as_of, scope, systems)

    def model_names(self, scope: Scope = _EVERYTHING) -> Mapping[str, frozenset[str]]:
        """Return all models that ever served a generation, by system."""
        from leverwatch.agent.store.daily_usage import read_model_names

        with self.reading() as connection:
            return read_model_names(connection, scope)

    def daily_usage(self, since: date, as_of: date, scope: Scope) -> Mapping[str, Sequence[DailyUsage]]:
        """Return sums for each UTC day and model, by system."""
        from leverwatch.agent.store.daily_usage import read_daily_usage

        with self.reading() as connection:
            return read_daily_usage(connection, since, as_of, scope)

    def cross_checks(
        self, as_of: date, scope: Scope, configured: Collection[str] | None, settings: CrossCheckSettings
    ) -> Mapping[str, tuple[CrossCheck, ...]]:
        """Return what sources that only compare counted beside the authoritative ones, by system; only of systems
        that both see. `configured`: the sources that there are; None: not known."""
        if not scope.authoritative:
            return {}
        from leverwatch.agent.store.cross_checks import read_cross_checks

        with self.reading() as connection:
            return read_cross_checks(connection, as_of, scope, configured, settings)

    def tier_uses(self, since: date, as_of: date, scope: Scope) -> Mapping[str, Sequence[TierUse]]:
        """Return what of these sums is of another service tier than the standard and tells no cost, by system."""
        from leverwatch.agent.store.tier_uses import read_tier_uses

        with self.reading() as connection:
            return read_tier_uses(connection, since, as_of, scope)

    def prompt_sums(self, since: date, until: date, scope: Scope) -> Mapping[str, PromptSums]:
        """Return the sums for the mean length of a prompt over the days from `since` to `until`, by system."""
        from leverwatch.agent.store.daily_usage import read_prompt_sums

        with self.reading() as connection:
            return read_prompt_sums(connection, since, until, scope)

    def shutdowns(self) -> Mapping[str, date]:
        """Return the last day of each model, as in the providers' lists."""
        from leverwatch.agent.store.evals import read_shutdowns

        with self.reading() as connection:
            return read_shutdowns(connection)

    def at_review(self, reviewed: Mapping[str, date]) -> Mapping[str, PastVerdict]:
        """Return the verdict that was valid on the day of each system's review, or the first one after it."""
        from leverwatch.agent.store.history import read_at_review

        with self.reading() as connection:
            return read_at_review(connection, reviewed)

    @contextmanager
    def history(self, system: str, as_of: date) -> Iterator[Iterator[PastVerdict]]:
        """A context manager of the verdicts of a system, one for each day, newest first; read only as far as
        they are taken."""
        from leverwatch.agent.store.history import read_history

        with self.reading() as connection:
            yield read_history(connection, system, as_of)
