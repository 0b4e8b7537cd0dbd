"""Chooses between tokens that a record tells in several scopes: of a call, of a step, of a session so far.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import MAX_COUNT
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.counters import (
    Counter,
    counter_of,
    differences,
    goes_up,
    says_cumulative,
    says_single,
    session_keys,
)
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, exclusive, first_that_tells
from leverwatch.collectors.sniffing.name_words import (
    is_billed,
    is_fresh,
    speaks_of_tokens,
    token_field,
    without_estimate,
    words_of,
)
from leverwatch.collectors.sniffing.unnamed_tokens import WHOLES, Choice, choice_of, of_one_total, proof_of
from leverwatch.collectors.sniffing.version_ids import version_id

_MOSTLY = 0.9
_SMALLEST = 4
_FEWEST, _ROUND = 5, (1000, 1024)
_WIDER = frozenset({"total", "all", "overall", "sum", "aggregate", "combined"})
_LONG = frozenset({"session", "cumulative", "lifetime", "running"})


def set_tokens(draft: Draft, shared: Sequence[Path] = ()) -> None:
    """Map the input and output tokens, of one scope both; `shared` are ids that several records have."""
    fitting = {
        name: [
            path for path in draft.named(name)
            if (draft.fits(name, path) or _are_fractions(draft, path)) and not _is_limit(draft, path)
        ]
        for name in WHOLES
    }  # fmt: skip
    if not any(fitting.values()):
        fitting = _estimates(draft)
    if not all(fitting.values()):
        choice = choice_of(draft, fitting)
        if choice is not None:
            _take(draft, choice, fitting)
        if not any(fitting.values()):
            return
    versions = _are_versions(draft, shared, fitting)
    counters = {} if versions else _counters(draft, [path for paths in fitting.values() for path in paths])
    scopes = list(dict.fromkeys(path[:-1] for name in ("output_tokens", "input_tokens") for path in fitting[name]))
    if len(scopes) > 1:
        scopes = _ordered(draft, fitting, scopes, counters)
    summed = of_one_total(draft, fitting["input_tokens"], fitting["output_tokens"]) or ()
    _doubt_bare(draft, fitting)
    used = {name: _has_used(draft, fitting[name]) for name in WHOLES}
    for name in WHOLES:
        rank = {path: at for at, path in enumerate(fitting[name])}
        single = [path for path in fitting[name] if path not in counters]
        # A counter is taken only where nothing else tells the tokens of a call.
        ordered = sorted(
            single or fitting[name],
            key=lambda path: (
                path not in summed,
                is_fresh(path),
                is_billed(path) and used[name],
                scopes.index(path[:-1]),
                rank[path],
            ),
        )
        if ordered:
            _set(draft, name, ordered, fitting[name], counters)


def _take(draft: Draft, choice: Choice, fitting: dict[str, list[Path]]) -> None:
    """Map what is chosen without a name that tells; only the doubt, where both names are there already."""
    keys = session_keys(draft.columns)
    found = {path: counter_of(draft.columns, draft.columns.of[path], keys) for path in choice.paths}
    counters = {path: counter for path, counter in found.items() if counter is not None}
    for name, path in zip(WHOLES, choice.paths, strict=True):
        if not fitting[name]:
            _set(draft, name, [path], [path], counters if len(counters) == len(WHOLES) else {})
    if choice.doubt is not None:
        draft.doubt("input_tokens and output_tokens", choice.doubt)
    for text in choice.evidence:
        draft.prove("input_tokens and output_tokens", text)


def _is_limit(draft: Draft, path: Path) -> bool:
    """Whether every record has the same round number, as a limit of a model has; if so, that is said."""
    numbers = list(draft.columns.of[path].counts.values())
    number = numbers[0]
    same = len(numbers) >= _FEWEST and set(numbers) == {number} and number > 0
    if not same or not any(number % by == 0 for by in _ROUND):
        return False
    draft.doubt(
        "input_tokens",
        f"{draft.spell(path)} is {number:,.0f} in all records, as a limit is, and no count: not mapped",
    )
    draft.settled.add(path)
    return True


def _are_fractions(draft: Draft, path: Path) -> bool:
    """Whether numbers of tokens, by their name, have fractions as estimates have, and are too large for prices."""
    column = draft.columns.of[path]
    numbers = column.numbers.values()
    return (
        speaks_of_tokens(path) and column.is_numeric and column.numerals.is_plain
        and all(0 <= it <= MAX_COUNT for it in numbers)
        and any(not it.is_integer() for it in numbers) and median(numbers) >= _SMALLEST
    )  # fmt: skip


def _doubt_bare(draft: Draft, fitting: dict[str, list[Path]]) -> None:
    """Say that names speak of input and output, and not of tokens, where nothing else proves these."""
    first = [paths[0] for paths in fitting.values() if paths]
    if not first or any(speaks_of_tokens(path) for paths in fitting.values() for path in paths):
        return
    if len(first) == len(WHOLES) and proof_of(draft, first[0], first[1]) is not None:
        return
    spelled = " and ".join(map(draft.spell, first))
    names = [name for name, paths in fitting.items() if paths]
    draft.doubt(" and ".join(names), f"{spelled} may be tokens, by the names, or numbers of something else")


def _has_used(draft: Draft, paths: Sequence[Path]) -> bool:
    """Whether tokens that were used are told about as often as those that are paid for."""
    billed = max((draft.columns.share(path) for path in paths if is_billed(path)), default=0.0)
    return any(draft.columns.share(path) >= 0.5 * billed for path in paths if not is_billed(path))


def _are_versions(draft: Draft, shared: Sequence[Path], fitting: dict[str, list[Path]]) -> bool:
    """Whether records are versions of one call, whose output grows without being a sum of several calls."""
    chosen = {name: paths[0] for name, paths in draft.paths.items()}
    chosen |= {name: paths[0] for name, paths in fitting.items() if paths}
    return version_id(shared, chosen, draft.columns.records)[0] is not None


def _counters(draft: Draft, paths: Sequence[Path]) -> dict[Path, Counter]:
    """Return those of the paths that have sums so far."""
    columns, keys = draft.columns, session_keys(draft.columns)
    found = {}
    outputs = [path for path in paths if path in draft.ranked("output_tokens", paths)]
    for path in outputs:
        counter = counter_of(columns, columns.of[path], keys, any_key=True)
        if counter is not None:
            found[path] = counter
    for path in paths:
        if path in outputs:
            continue
        counter = counter_of(columns, columns.of[path], keys, any_key=bool(found))
        # What a conversation has said so far is input again: it grows without being a sum.
        beside = any(other[:-1] == path[:-1] for other in found)
        if counter is not None and (beside or says_cumulative(path)):
            found[path] = counter
        elif counter is not None and not outputs:
            draft.doubt(
                "input_tokens",
                f"{draft.spell(path)} only grows; it is taken as the input of single calls, and may be a sum"
                " so far",
            )
    return found


def _ordered(
    draft: Draft, fitting: dict[str, list[Path]], scopes: list[Path], counters: dict[Path, Counter]
) -> list[Path]:
    """Return the scopes, that of a single call first."""

    def paths(scope: Path) -> list[Path]:
        return [path for found in fitting.values() for path in found if path[:-1] == scope]

    def order(scope: Path) -> tuple[bool, bool, bool, int, int]:
        inside = paths(scope)
        counted = any(path in counters for path in inside)
        most = max(draft.columns.share(path) for path in inside)
        return (
            counted, most < 0.5, not all(any(path in fitting[name] for path in inside) for name in WHOLES),
            _width(scope, scopes), scopes.index(scope),
        )  # fmt: skip

    return sorted(scopes, key=order)


def _width(scope: Path, scopes: Sequence[Path]) -> int:
    """Return -1 for the scope of all steps of a call, 1 for that of a session; else 0."""
    words = {word for key in scope for word in words_of(key)}
    if not words & _WIDER or says_single(scope):
        return 0
    # Beside the numbers of the last call, those of all are of a session.
    return 1 if words & _LONG or any(map(says_single, scopes)) else -1


def _set(
    draft: Draft, name: str, ordered: Sequence[Path], fitting: Sequence[Path], counters: dict[Path, Counter]
) -> None:
    columns, first = draft.columns, ordered[0]
    chosen = first_that_tells(
        draft, [path for path in ordered if (path in counters) == (first in counters)], _counts
    )
    chosen = [path for path in chosen if path == first or not is_fresh(path)]
    chosen = _with_estimates(draft, name, chosen) if first not in counters else chosen
    column = columns.of[first]
    draft.others[name] = tuple(
        path for path in ordered if path not in chosen and exclusive(column, columns.of[path], _counts)[1] == 0
    )[:MOST_OTHERS]
    if first in counters:
        _set_counter(draft, name, first, counters[first])
        return
    if goes_up(column):
        draft.doubt(
            name, f"{draft.spell(first)} never falls; it is taken as of single calls, and may be a sum so far"
        )
    numerals = draft.signs(column)
    if not draft.fits(name, first):
        draft.set(name, {"path": draft.spell(first), "rounded": True}, first)
        whole = sum(column.numbers.values())
        draft.doubt(name, f"{draft.spell(first)} has fractions, {whole:,.1f} in the sample, and each is rounded")
    elif numerals:
        draft.set(name, {"path": draft.spell(first), **numerals}, first)
        signs = " and ".join(f"{key} {value!r}" for key, value in numerals.items())
        if column.count_numerals.multiples:
            draft.doubt(
                name,
                f"{draft.spell(first)} has numbers of thousands, such as 1.2k, which were rounded; so are sums",
            )
        draft.prove(name, f"{draft.spell(first)} writes numbers with {signs}")
        if not column.count_numerals.is_sure:
            draft.doubt(name, f"{draft.spell(first)} is read with {signs}; its numbers may be written otherwise")
    else:
        spelled = [draft.spell(path) for path in chosen]
        draft.set(name, spelled[0] if len(spelled) == 1 else spelled, *chosen)
        if len(chosen) > 1:
            draft.doubt(name, f"{', '.join(spelled)}: the first that tells; no record tells two different ones")
    for path in fitting:
        if path not in chosen and not is_fresh(path):
            _compare(draft, name, first, path, counters)


def _estimates(draft: Draft) -> dict[str, list[Path]]:
    """Return the paths of estimated tokens, which are better than none; that they are estimates is said."""
    plain = {path: without_estimate(path[-1]) for path in draft.columns.of if draft.is_free(path)}
    as_if = {path: (*path[:-1], "_".join(words)) for path, words in plain.items() if words}
    found = {
        name: [path for path, it in as_if.items() if token_field(it) == name and draft.fits(name, path)]
        for name in WHOLES
    }
    for name, paths in found.items():
        if paths:
            draft.doubt(
                name, f"{draft.spell(paths[0])} is an estimate by its name, and taken as nothing else tells"
            )
    return found


def _with_estimates(draft: Draft, name: str, chosen: list[Path]) -> list[Path]:
    """Return the paths with those of estimates of the same number, where these tell what is missing and never say
    anything else."""
    plain = {words_of(path[-1]) for path in chosen}
    more = [path for path in draft.columns.of if path not in chosen and without_estimate(path[-1]) in plain]
    more = [path for path in more if draft.fits(name, path)]
    found = first_that_tells(draft, [*chosen, *more], _counts) if more else chosen
    filled = [draft.spell(path) for path in found if path in more]
    if filled:
        draft.doubt(
            name,
            f"{', '.join(filled)} is an estimate by its name, and tells it where {draft.spell(chosen[0])} does"
            " not; without it, it would be unknown there",
        )
    return found


def _counts(column: Column) -> dict[int, float]:
    return column.counts


def _set_counter(draft: Draft, name: str, path: Path, counter: Counter) -> None:
    spelled = draft.spell(path)
    session = counter.session or _constant(draft)
    draft.settled.add(path)
    if session is None:
        draft.doubt(
            name,
            f"{spelled} only grows, so it is a sum so far and not of one call; no field names its session, so"
            " it is"
            " not mapped and the tokens are unknown",
        )
        return
    key = draft.spell(session)
    draft.set(name, {"path": spelled, "of_session": key}, path)
    grown = sum(differences(draft.columns, draft.columns.of[path], counter.session).values())
    whole = sum(draft.columns.of[path].counts.values())
    draft.doubt(
        name,
        f"{spelled} only grows within {key}: taken as a sum so far, of which the increase counts ({grown:,.0f}"
        " in the"
        f" sample); as numbers of single calls they would be {whole:,.0f}",
    )
    column = draft.columns.of[path].counts
    still = sum(by == 0 for by in differences(draft.columns, draft.columns.of[path], counter.session).values())
    if still and name == "output_tokens":
        draft.doubt("inferences", f"{still} of {len(column)} records repeat {spelled}, and each counts as a call")


def _constant(draft: Draft) -> Path | None:
    """Return a path with the same value in all records, which stands for the whole file."""
    for path, column in draft.columns.of.items():
        whole = draft.columns.share(path) == 1 and draft.is_free(path) and isinstance(column.values[0], str)
        if whole and len(set(column.values)) == 1:
            return path
    return None


def _compare(draft: Draft, name: str, taken: Path, other: Path, counters: dict[Path, Counter]) -> None:
    """Say what another path with tokens of the same kind would change."""
    columns = draft.columns
    both, differing = exclusive(columns.of[taken], columns.of[other], _counts)
    if not differing:
        return
    draft.settled.add(other)
    one, more = columns.of[taken].counts, columns.of[other].counts
    if other in counters:
        grown = differences(columns, columns.of[other], counters[other].session)
        same = sum(grown.get(at) == number for at, number in one.items())
        text = f"{draft.spell(other)} is a sum so far; {draft.spell(taken)} is taken as the part of one call"
        if same >= _MOSTLY * len(one):
            draft.prove(name, f"{text}, and the increase equals it in {same} of {len(one)} records")
            return
        draft.doubt(name, f"{text}, though the increase equals it in only {same} of {len(one)} records")
        return
    if is_billed(other) and not is_billed(taken):
        draft.prove(
            name,
            f"{draft.spell(other)} is what was paid for, by its name, {sum(more.values()):,.0f} in the sample;"
            f" {draft.spell(taken)} is what was used, {sum(one.values()):,.0f}",
        )
        return
    draft.doubt(
        name,
        f"taken from {draft.spell(taken)} ({sum(one.values()):,.0f} in the sample); {draft.spell(other)}"
        " differs in"
        f" {differing} of {both} records and would give {sum(more.values()):,.0f}",
    )
