"""Turns pydantic's validation errors into problems at the paths that the user wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from msgspec.structs import replace

from leverwatch.agent.config.error_messages import NOT_A_TEXT, SAFE_KINDS, choices, reason_of
from leverwatch.agent.config.problem import ABSENT, Problem, Steps

_KEY_MARK = "[key]"
"""The last step of pydantic's location when a key itself is invalid."""

_OF_A_SOURCE = 2
"""How many steps lead to a source: `sources` and its number."""

KnownKeys = Callable[[Steps], tuple[str, ...]]
"""A function that returns the keys that a mapping at a path may have; empty when they are unknown."""


_MEANT = re.compile(r'did you mean "([^"]+)"')


def user_steps(location: tuple[int | str, ...], data: Any, kind: str, got: Any) -> tuple[Steps, bool]:
    """Return the path of the value in the file, and whether it passes a union without a discriminator.

    pydantic's location also has steps for the branches of unions, which are not in the file. In a union with the
    discriminator `type`, such a step is the value of that key. Any other step that the data does not have is one
    too, except the last step, when a key is missing or its default is refused.
    """
    steps: list[str | int] = []
    branched = False
    for index, step in enumerate(location):
        if step == _KEY_MARK:
            continue
        last = index == len(location) - 1
        if isinstance(data, dict):
            if step == data.get("type") and (not last or step not in data):
                continue
            if step in data:
                data = data[step]
                steps.append(step)
                continue
            if last and (kind == "missing" or got is not data):
                steps.append(step)
                continue
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
            steps.append(step)
            continue
        branched = True
    return tuple(steps), branched


def _unknown_key(steps: Steps, known_keys: KnownKeys, present: Any) -> str:
    known = known_keys(steps[:-1])
    near = get_close_matches(str(steps[-1]), known, n=1, cutoff=0.6)
    if near:
        return f'unknown key; did you mean "{near[0]}"?'
    free = [key for key in known if not isinstance(present, dict) or key not in present]
    return f"unknown key; known keys: {', '.join(free or known)}" if known else "unknown key"


def _value_at(data: Any, steps: Steps, otherwise: Any = None) -> Any:
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return data


def _problem(error: Mapping[str, Any], data: Any, known_keys: KnownKeys) -> tuple[Problem, bool]:
    kind, got = error["type"], error["input"]
    steps, branched = user_steps(error["loc"], data, kind, got)
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        # The value of an unknown key may be a misplaced secret.
        return Problem(steps, _unknown_key(steps, known_keys, _value_at(data, steps[:-1]))), branched
    if kind == "union_tag_not_found":
        return Problem((*steps, "type"), "is missing"), branched
    if kind == "union_tag_invalid":
        word = _value_at(data, steps)
        if isinstance(word, str):
            return Problem(steps, choices(str(context["expected_tags"])), word), branched
        tag = got["type"] if isinstance(got, dict) else context["tag"]
        return Problem((*steps, "type"), choices(str(context["expected_tags"])), tag), branched
    if error["loc"] and error["loc"][-1] == _KEY_MARK:
        return Problem(steps, "the name " + reason_of(kind, error["msg"], context)), branched
    reason = reason_of(kind, error["msg"], context)
    if (
        kind == "model_attributes_type"
        and isinstance(got, str)
        and steps[:1] == ("sources",)
        and len(steps) == _OF_A_SOURCE
    ):
        return Problem(steps, "must be a mapping: {name: ..., type: ..., ...}", got), branched
    if kind == "value_error" and len(steps) == _OF_A_SOURCE:
        # What compares settings of a source begins with the name of the one that is to be changed.
        name, _, said = reason.partition(" ")
        if isinstance(got, dict) and name in got:
            # Without its value: a user's name may have a password behind a colon.
            return Problem((*steps, name), said, repeats=True), branched
    # As written: a validator may have been given what an earlier one made of the value.
    got = _value_at(data, steps, otherwise=got)
    return Problem(steps, reason, ABSENT if kind == "missing" else got, repeats=kind not in SAFE_KINDS), branched


def _words(errors: list[Any], data: Any) -> Iterator[tuple[Problem, list[Any]]]:
    """Yield a problem for each name, such as a format's, that cannot stand alone: it has settings that must be
    given. With it, the errors that it replaces."""
    missing: dict[tuple[Steps, str], list[Any]] = {}
    for error in errors:
        if error["type"] == "missing":
            steps, _ = user_steps(error["loc"], data, "missing", error["input"])
            word = _value_at(data, steps)
            if isinstance(word, str) and word in error["loc"][len(steps) :]:
                missing.setdefault((steps, word), []).append(error)
    for (steps, word), replaced in missing.items():
        wanted = ", ".join(f"{error['loc'][-1]}: ..." for error in replaced)
        yield Problem(steps, f"must be a mapping: {{type: {word}, {wanted}}}", word), replaced


def _follows(error: Mapping[str, Any]) -> bool:
    """Return whether a list or mapping only has too few values because of those that are refused.

    pydantic does not count these, and reports each of them.
    """
    got = error["input"]
    return error["type"] == "too_short" and isinstance(got, list | dict) and len(got) >= error["ctx"]["min_length"]


def explain(errors: list[Any], data: Any, known_keys: KnownKeys) -> list[Problem]:
    """Return a problem for each validation error, and only one for all branches of a union.

    Args:
        errors: `ValidationError.errors()`.
        data: the validated document.
        known_keys: names possible keys, for hints at misspelt ones.
    """
    words = list(_words(errors, data))
    told = {id(error) for _, replaced in words for error in replaced}
    left = (error for error in errors if id(error) not in told and not _follows(error))
    found = [*((problem, False) for problem, _ in words), *(_problem(error, data, known_keys) for error in left)]
    merged: dict[Steps, Problem] = {}
    for problem, branched in found:
        deeper = any(
            other.steps[: len(problem.steps)] == problem.steps and len(other.steps) > len(problem.steps) and apart
            for other, apart in found
        )
        if branched and deeper:
            # Another branch got further with this value, so that branch is what the user meant.
            continue
        earlier = merged.get(problem.steps)
        if earlier is None:
            merged[problem.steps] = problem
        elif problem.reason not in earlier.reason:
            both = f"{earlier.reason} or {problem.reason.removeprefix('must be ')}"
            merged[problem.steps] = Problem(problem.steps, both, problem.got, earlier.repeats or problem.repeats)
    misspelt = [
        (problem.steps[:-1], meant[1]) for problem in merged.values() if (meant := _MEANT.search(problem.reason))
    ]
    return [_with_hint(problem) for problem in merged.values() if not _compares(problem, misspelt)]


def _compares(problem: Problem, misspelt: list[tuple[Steps, str]]) -> bool:
    """Whether a problem is that a value does not fit another one, of which only the name was misspelt: it was
    compared with the default."""
    return problem.reason.startswith("must not be ") and any(
        problem.steps[:-1] == section and re.search(rf"[. ]{re.escape(name)}$", problem.reason)
        for section, name in misspelt
    )


def _with_hint(problem: Problem) -> Problem:
    # YAML reads 5, true and 2026-10-01 as something else than a text.
    if problem.reason == NOT_A_TEXT and isinstance(problem.got, bool | int | float | date):
        return replace(problem, reason=f"{NOT_A_TEXT}; put it in quotes")
    return problem
