"""Tells the compiled helper what a plan wants of records: paths, roles, filters, and where parts of tokens are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.native_columns import NUMBERS
from leverwatch.collectors.aggregation.native_text import Wanted, text_form
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.plain import (
    ABSENT,
    ALONE,
    BODY,
    CLASS,
    CLOSED,
    ENDED,
    FLAT,
    IN_TEXT,
    TOTAL,
    UNREAD,
    Place,
    Plainly,
    PlainTest,
    Plan,
)

ROLES = (
    "time", "request_id", "trace_id", *NUMBERS,
    TOTAL, ABSENT, ALONE, UNREAD, ENDED, IN_TEXT, CLOSED, BODY, FLAT,
)  # fmt: skip
"""What the values that the helper reads are, by number. Behind them are the numbers that only have a class, and
the names, which it only compares."""
_MOST_CLASSES = 12
_AS_TOLD, _INSIDE, _BESIDE, _THOUGHT_BESIDE, _BY_NAMES, _SUMMED = range(6)
_UNWRAPPED, _BY_LINE = 2, 4


def wanted(paths: Sequence[Place]) -> tuple[Wanted, ...]:
    """Return the paths that a scan looks for with roles and ranks, in the form that the helper takes."""
    roles = {name: role for role, name in enumerate(ROLES)}
    classes = itertools.count(len(ROLES))
    names = itertools.count(len(ROLES) + _MOST_CLASSES)
    if sum(kind == CLASS for _, kind, _ in paths) > _MOST_CLASSES:
        raise ValueError("too many classes")
    return tuple(
        (path, roles[kind] if kind in roles else next(classes if kind == CLASS else names), rank)
        for path, kind, rank in paths
    )


def new_scan(
    plan: Plan, paths: tuple[Wanted, ...], only_tested: Mapping[str, tuple[ValueTest, ...]]
) -> _native.Scan:
    """Return a scan that finds what a plan wants. `paths` are its `wanted` ones, and `only_tested` is as
    `Template.only_tested`."""
    tests = tuple(map(_tested, plan.tests))
    kind = int(plan.rule is not None) + _UNWRAPPED * bool(plan.wrappers) + _BY_LINE * plan.by_line
    if plan.rule is None:
        return _native.Scan(paths, kind, _AS_TOLD, False, False, plan.latency_in, tests)
    parts = _stands(plan, plan.rule)
    made = _native.Scan(paths, kind, parts, plan.by_id, plan.rule.text_time, plan.latency_in, tests)
    if plan.lines is not None:
        made.as_text(text_form(plan, plan.lines, paths, len(ROLES) + _MOST_CLASSES, only_tested))
    return made


def _tested(test: PlainTest) -> tuple[tuple[bytes, ...], int, int, bytes, tuple[bytes, ...]]:
    """Return a test of a filter in the form that the helper takes."""
    path, of_value, wanted = test
    present = -1 if of_value.present is None else int(of_value.present)
    return (
        path,
        int(wanted),
        present,
        of_value.prefix.encode(),
        tuple(it.encode() for it in sorted(of_value.texts)),
    )


def _stands(plan: Plan, rule: Plainly) -> int:
    """Return where the parts of the tokens of records stand, as the helper has it."""
    if rule.summed:
        return _SUMMED
    if rule.either:
        return _BY_NAMES
    if plan.thought_beside:
        return _THOUGHT_BESIDE
    return _AS_TOLD if plan.beside is None else _BESIDE if plan.beside else _INSIDE
