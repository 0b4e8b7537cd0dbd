"""Computes the assessments that are shown beside the verdicts. An error here is logged and costs no verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from leverwatch.agent.config import Loaded
from leverwatch.agent.errors import LeverwatchError, StoreUnreadable
from leverwatch.agent.evaluation.decide import CostPlans, Decided
from leverwatch.agent.evaluation.last_verdicts import LastVerdicts
from leverwatch.agent.evaluation.spend import price_spend
from leverwatch.agent.evaluation.stored_facts import Reviews, StoredFacts
from leverwatch.agent.framework.assessment import (
    Assessment,
    AssessmentFacts,
    AssessmentSettings,
    Attempt,
    Judgement,
    Unavailable,
    assess_context,
)
from leverwatch.agent.framework.bill import Bill
from leverwatch.agent.framework.economics.model import Agreement
from leverwatch.agent.framework.last_result_cache import LastResultCache
from leverwatch.agent.framework.model import Verdict
from leverwatch.agent.log import get_logger
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.source_stamps import Stamps
from leverwatch.agent.store.store import Store

if TYPE_CHECKING:
    from leverwatch.agent.snapshot import PriceFileState

log = get_logger(__name__)

_FEW_DAYS = 100
"""So many days are looked up one by one when what was written since is priced."""
_AT_ONCE = 250
"""How many systems' facts are held in memory at the same time."""


class Assessor:
    """Computes assessments, and only for systems whose facts changed since the last time."""

    def __init__(self, prices: CurrentPrices | None = None) -> None:
        self._prices = prices or CurrentPrices()
        self._settings: AssessmentSettings | None = None
        self._memo: LastResultCache[AssessmentFacts, Assessment] = LastResultCache(
            lambda _: nothing("nothing was worked out yet")
        )
        self._reviews = Reviews()
        self._priced: _Priced | None = None
        self._last: _Last | None = None
        self._kept: dict[str, tuple[Verdict, Assessment]] = {}
        self.verdicts = LastVerdicts()
        """The verdicts of the last evaluation."""

    @classmethod
    def of(cls, loaded: Loaded) -> Assessor:
        """Make an assessor with the prices of a configuration."""
        prices = loaded.config.prices
        file = None if prices.file is None else loaded.base_dir / prices.file
        return cls(CurrentPrices(file, public=prices.public, deployments=prices.deployments))

    @property
    def price_file(self) -> PriceFileState | None:
        """The state of the price file; None when none is configured."""
        return self._prices.state

    def price_spend(self, store: Store, scope: Scope, as_of: date) -> None:
        """Price what came since the last time of which no record tells the cost. Never raises.

        What fails is logged, and done with the next evaluation: it is part of what is stored.
        """
        try:
            book = self._prices.book(as_of)
            now, then = _Priced(store.stamps(), scope.systems, book), self._priced
            days = None
            if then is not None and then.systems == now.systems and book.says_the_same(then.book):
                days = store.days_between(then.stamps, now.stamps)
            self._priced = None
            if days is None or len(days) > _FEW_DAYS:
                price_spend(store, scope.systems, book)
            elif days:
                price_spend(store, scope.systems, book, days)
            self._priced = now
        except Exception as error:  # noqa: BLE001 - no failure here may cost a verdict
            detail = str(error) if isinstance(error, LeverwatchError) else type(error).__name__
            log.warning("spend_not_priced", error=detail)

    def bills(self, store: Store, sources: Collection[str] | None, as_of: date) -> tuple[Bill, ...]:
        """Return what providers bill beside what tokens cost, of these sources; None: of all. Never raises."""
        from leverwatch.agent.evaluation.bills import bills

        try:
            return bills(store, sources, as_of, self._prices.book(as_of))
        except Exception as error:  # noqa: BLE001 - no failure here may cost a verdict
            detail = str(error) if isinstance(error, LeverwatchError) else type(error).__name__
            log.warning("bills_not_compared", error=detail)
            return ()

    def assess(
        self, store: Store, scope: Scope, plans: CostPlans, settings: AssessmentSettings, decided: Decided
    ) -> Mapping[str, Assessment]:
        """Return the assessment of each system, by name. Never raises; a part that fails is `Unavailable`."""
        try:
            return self._assess(store, scope, plans, settings, decided)
        except Exception as error:  # noqa: BLE001 - no failure here may cost a verdict
            reason = _failed("all", None, error)
            return {facts.system: nothing(reason) for facts, _ in decided}

    def given(
        self, store: Store, scope: Scope, plans: CostPlans, settings: AssessmentSettings, decided: Decided
    ) -> AssessmentFacts:
        """Return the facts that the assessment of the first system depends on.

        Raises:
            StoreError: the database refused or cannot be reached.
        """
        facts, verdict = decided[0]
        book = self._prices.book(facts.as_of)
        return StoredFacts.read(store, scope, settings, decided, self._reviews).of(facts, verdict, plans, book)

    def _assess(
        self, store: Store, scope: Scope, plans: CostPlans, settings: AssessmentSettings, decided: Decided
    ) -> Mapping[str, Assessment]:
        if not decided:
            return {}
        if settings != self._settings:
            self._settings, self._kept = settings, {}
            self._memo = LastResultCache(
                lambda given: assess_context(given, settings, _Isolated(given.facts.system)), _digest
            )
        book = self._prices.book(decided[0][0].as_of)
        # Before anything is read: what is written from now on is looked at the next time.
        last = _Last(store.stamps(), scope, plans, book, decided[0][0].as_of)
        known = self._kept if self._last is not None and last.follows(self._last, store) else {}
        found = {
            facts.system: known[facts.system][1]
            for facts, verdict in decided
            # The verdict is the same object where nothing changed that it depends on.
            if facts.system in known and known[facts.system][0] is verdict
        }
        kept = {system: known[system] for system in found}
        decided = [(facts, verdict) for facts, verdict in decided if facts.system not in found]
        # What is read of a system takes many times the memory of what is worked out from it.
        for start in range(0, len(decided), _AT_ONCE):
            some = decided[start : start + _AT_ONCE]
            for stored, part in self._read(store, scope, settings, some, found):
                for facts, verdict in part:
                    try:
                        given = stored.of(facts, verdict, plans, book)
                        found[facts.system] = self._memo.ask(facts.system, given)
                        if _is_settled(given):
                            kept[facts.system] = verdict, found[facts.system]
                    except Exception as error:  # noqa: BLE001 - the other systems are worked out all the same
                        found[facts.system] = nothing(_failed("facts", facts.system, error))
        self._memo.keep(found)
        self._last, self._kept = last, kept
        return found

    def _read(
        self,
        store: Store,
        scope: Scope,
        settings: AssessmentSettings,
        some: Decided,
        failed: dict[str, Assessment],
    ) -> Iterator[tuple[StoredFacts, Decided]]:
        """Yield what is stored of some systems, and those systems.

        A system with an unreadable verdict gets an assessment in `failed`.
        """
        of_some = replace(scope, systems=frozenset(facts.system for facts, _ in some))
        try:
            stored = StoredFacts.read(store, of_some, settings, some, self._reviews)
        except StoreUnreadable as error:
            if len(some) == 1:
                (system,) = (facts.system for facts, _ in some)
                failed[system] = nothing(_failed("facts", system, error))
                return
            # It is not said whose: the halves tell.
            middle = len(some) // 2
            for half in (some[:middle], some[middle:]):
                yield from self._read(store, scope, settings, half, failed)
        else:
            yield stored, some


class _Priced(NamedTuple):
    """What was priced the last time, and at which prices."""

    stamps: Stamps
    systems: frozenset[str] | None
    book: PriceBook


class _Last(NamedTuple):
    """All that an assessment depends on besides the verdict and what is stored of its system."""

    stamps: Stamps
    scope: Scope
    plans: CostPlans
    book: PriceBook
    as_of: date

    def follows(self, other: _Last, store: Store) -> bool:
        """Whether nothing of it is another, and no usage was written that counts by then."""
        if self.as_of != other.as_of or self.book is not other.book:
            return False
        if self.scope != other.scope or self.plans != other.plans:
            return False
        days = store.days_between(other.stamps, self.stamps)
        return days is not None and all(day > self.as_of for day in days)


def _is_settled(given: AssessmentFacts) -> bool:
    """Whether the verdict at the review, if there was one, cannot become another."""
    declared, held = given.facts.declaration, given.at_review
    reviewed = declared.reviewed if declared else None
    return reviewed is None or (
        held is not None and held.as_of < given.facts.as_of and reviewed < given.facts.as_of
    )


def _digest(given: AssessmentFacts) -> bytes:
    # Years of days for every system are too much to keep only to see that none of them changed. The same facts in
    # another order would be worked out once more, and nothing else.
    return sha256(msgspec.msgpack.encode(given)).digest()


class _Isolated(Attempt):
    """Runs the computation of a part, and returns `Unavailable` with the reason when it raises."""

    def __init__(self, system: str) -> None:
        self._system = system

    def __call__(self, name: str, work: Callable[[], Judgement]) -> Judgement | Unavailable:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the other parts are worked out all the same
            return Unavailable(_failed(name, self._system, error))


def _failed(part: str, system: str | None, error: Exception) -> str:
    # The message of an unexpected error may quote data; its kind does not.
    detail = str(error) if isinstance(error, LeverwatchError) else type(error).__name__
    log.warning("assessment_failed", part=part, system=system, error=detail)
    return f"it could not be worked out ({detail})"


def nothing(reason: str) -> Assessment:
    """Return an assessment all of whose parts are `Unavailable`, for the same reason."""
    missing = Unavailable(reason)
    return Assessment(
        economics=missing,
        agreement=Agreement.NOT_COMPARED,
        outlook=missing,
        baseline=missing,
        prompts=missing,
        shutdowns=missing,
        review=missing,
        locked_in=missing,
        would_change=missing,
    )
