"""The snapshot of an agent that does not evaluate: the verdicts that the leading one stored."""

from __future__ import annotations

from datetime import datetime

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan, decided_before, last_complete_day, narrowed
from leverwatch.agent.evaluation.evaluate import picture
from leverwatch.agent.memory import collecting_rarely
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.store.store import Store


def stored_picture(store: Store, plan: Plan, evaluated_at: datetime, assessor: Assessor) -> SystemsSnapshot:
    """Return the snapshot of the verdicts that were stored by an evaluation at that time. Writes nothing.

    Raises:
        StoreError: the database refused or cannot be reached.
    """
    with collecting_rarely():
        plan = narrowed(store, plan)
        decided = decided_before(store, plan, last_complete_day(evaluated_at), assessor.verdicts)
        return picture(store, plan, decided, evaluated_at, assessor)
