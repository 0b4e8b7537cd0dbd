"""Finds the parts of tokens (cached, written to a cache, reasoning), and where they stand: inside or beside.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.tokens import WHOLES, Stands
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.counters import says_cumulative
from leverwatch.collectors.sniffing.draft import Draft, first_that_tells
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.name_words import TOKEN, is_fresh, sides_of_cache, word_set, words_of
from leverwatch.collectors.sniffing.part_prices import stands_by_price

_TOTALS = (
    "totaltokens", "totaltokencount", "tokenstotal", "usagetotal", "tokencounttotal", "tokensused", "tokentotal",
    "gesamttokens", "tokensgesamt", "gesamttoken", "tokengesamt", "totaltoken", "totaljetons", "jetonstotal",
    "tokens", "alltokens", "totaltok", "toktotal", "totalverbrauch", "tokensum", "total",
)  # fmt: skip
_NO_CACHED = word_set("write creation hit hits miss misses cost costs usd price rate ratio percent ms s ttl age"
                      " size saved savings")  # fmt: skip
_PARTS = ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "cache_write_1h_tokens")
_BESIDE: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "cached_input_tokens": (("inputtokens",), ("cachereadinputtokens", "cacheread", "cachereadinputtokencount")),
    "cache_write_tokens": (
        ("inputtokens",),
        (
            "cachecreationinputtokens", "cachewriteinputtokens", "cachewriteinputtokencount", "cachewrite",
            "cachecreation",
        ),
    ),
    "reasoning_tokens": (("candidatestokencount",), ("thoughtstokencount",)),
}  # fmt: skip
"""By part: names of a whole and of the part in the APIs of Anthropic and Google, which count the part beside the
whole."""
_INSIDE = frozenset(
    {
        "prompttokensdetails", "inputtokensdetails", "completiontokensdetails", "outputtokensdetails",
        "inputtokendetails", "outputtokendetails",
    }
)  # fmt: skip
"""Objects whose numbers are parts of the number beside them, by the definition of the APIs that have them."""
_CERTAIN = 0.98
_FEWEST = 2
"""Records of either kind from which on the total says of each whether a part is inside."""
_WORD = {
    "cached_input_tokens": "cached tokens", "cache_write_tokens": "tokens written to the cache",
    "reasoning_tokens": "reasoning tokens", "cache_write_1h_tokens": "tokens written for an hour",
}  # fmt: skip


_UNSHOWN = "as nothing shows the other"


@dataclass(frozen=True, slots=True)
class _Verdict:
    stands: Stands
    why: str
    sure: bool
    total: str = ""
    """Where the total is, where it says of each record whether a part stands inside."""


def set_parts(draft: Draft) -> None:
    """Map the parts of the tokens, each with where it stands relative to its whole."""
    found = [name for name in _PARTS if _choose(draft, name)]
    for whole, parts in WHOLES.items():
        known = [part for part in parts if part in found and whole in draft.paths]
        if known:
            _place(draft, whole, known)


def _choose(draft: Draft, name: str) -> bool:
    fitting = [path for path in draft.named(name) if draft.fits(name, path) and not _is_all(draft, path)]
    fitting = [path for path in fitting if not _is_flag(draft, path)]
    if not fitting and name == "cached_input_tokens":
        fitting = _side_of_cache(draft) or _cached_without_tokens(draft)
    whole = next((whole for whole, parts in WHOLES.items() if name in parts), "input_tokens")
    scope = (draft.first(whole) or ())[:-1]
    # Those of the scope of the whole come first.
    fitting.sort(key=lambda path: path[: len(scope)] != scope)
    fitting = [path for path in fitting if path[: len(scope)] == scope] or fitting
    if not fitting:
        return False
    if _is_of_session(draft, whole):
        return _chosen_of_session(draft, name, whole, fitting)
    chosen = first_that_tells(draft, fitting, lambda column: column.counts)
    numerals = draft.signs(draft.columns.of[chosen[0]])
    spelled = [draft.spell(path) for path in chosen]
    if numerals:
        draft.set(name, {"path": spelled[0], **numerals}, chosen[0])
    else:
        draft.set(name, spelled[0] if len(spelled) == 1 else spelled, *chosen)
    return True


def _is_flag(draft: Draft, path: Path) -> bool:
    """Whether 0 and 1 stand for no and yes, under a name that speaks of no tokens."""
    numbers = set(draft.columns.of[path].counts.values())
    return numbers == {0, 1} and not TOKEN.intersection(words_of(path[-1]))


def _side_of_cache(draft: Draft) -> list[Path]:
    """Return what a cache had of the input, where a number of what it had not is the input or both are its sum."""
    taken, of = draft.first("input_tokens"), draft.columns.of
    counts = [it for it in of if (it == taken or draft.is_free(it)) and draft.fits("cached_input_tokens", it)]
    whole = draft.counts("input_tokens")
    return [
        hit
        for hit, miss in sides_of_cache(counts)
        if miss == taken
        or (whole.keys() & of[hit].counts.keys() & of[miss].counts.keys()
            and all(of[hit].counts[at] + of[miss].counts[at] == number for at, number in whole.items()
                    if at in of[hit].counts and at in of[miss].counts))
    ]  # fmt: skip


def _cached_without_tokens(draft: Draft) -> list[Path]:
    """Return the only counts beside the input whose name speaks of a cache and not of tokens, and that no input is
    below where the others' names speak of tokens."""
    taken = draft.first("input_tokens")
    if taken is None:
        return []
    whole = draft.counts("input_tokens")
    others_speak = bool(TOKEN.intersection(words_of(taken[-1])))
    found = [
        path
        for path, it in draft.columns.of.items()
        if path[:-1] == taken[:-1] and draft.is_free(path) and "cach" in path[-1].lower() and it.is_numeric
        and draft.fits("cached_input_tokens", path) and not any(isinstance(value, bool) for value in it.values)
        and any(number > 1 for number in it.counts.values()) and _NO_CACHED.isdisjoint(words_of(path[-1]))
        and not (others_speak and any(number > whole.get(at, number) for at, number in it.counts.items()))
    ]  # fmt: skip
    return found if len(found) == 1 else []


def _is_all(draft: Draft, path: Path) -> bool:
    """Whether numbers are those of input and output together, as of what a server holds, and no part."""
    taken, given, numbers = (
        draft.counts("input_tokens"),
        draft.counts("output_tokens"),
        draft.columns.of[path].counts,
    )
    at = numbers.keys() & taken.keys() & given.keys()
    return bool(at) and all(numbers[it] == taken[it] + given[it] > 0 for it in at)


def _is_of_session(draft: Draft, whole: str) -> bool:
    setting = draft.settings.get(whole)
    return isinstance(setting, dict) and "of_session" in setting


def _chosen_of_session(draft: Draft, name: str, whole: str, fitting: Sequence[Path]) -> bool:
    session = draft.settings[whole]["of_session"]
    draft.set(name, {"path": draft.spell(fitting[0]), "of_session": session}, fitting[0])
    return True


def _place(draft: Draft, whole: str, parts: Sequence[str]) -> None:
    told = list(_told(draft, whole))
    verdicts = {part: _of_all(draft, whole, part, told) for part in parts}
    read, written = verdicts.get("cached_input_tokens"), verdicts.get("cache_write_tokens")
    if read is not None and written is not None and read.stands is Stands.BESIDE and written.why == _UNSHOWN:
        verdicts["cache_write_tokens"] = replace(read, why="as those from the cache do")
    elif read is not None and written is not None and read.total and written.stands is Stands.BESIDE:
        verdicts["cache_write_tokens"] = replace(written, total=read.total)
    taken = draft.paths[whole][0]
    for part, verdict in verdicts.items():
        at = list(told)
        sum_ = sum(it[part] for it in at)
        if not sum_:
            continue  # nothing stands anywhere
        inside = sum(it[whole] for it in at)
        if verdict.stands is Stands.BESIDE:
            _add(draft, part, {"stands": "beside"} | ({"total": verdict.total} if verdict.total else {}))
        text = f"{_WORD[part]} are taken as {verdict.stands} {draft.spell(taken)}, {verdict.why}"
        if verdict.sure:
            draft.prove(part, text)
            continue
        other = Stands.INSIDE if verdict.stands is Stands.BESIDE else Stands.BESIDE
        now, then = (inside + sum_, inside) if verdict.stands is Stands.BESIDE else (inside, inside + sum_)
        draft.doubt(
            part, f"{text}; if they stand {other}, {whole} of the sample are {then:,.0f} instead of {now:,.0f}"
        )


def _add(draft: Draft, name: str, more: dict[str, Any]) -> None:
    setting = draft.settings[name]
    if isinstance(setting, str | list):
        setting = {"path": setting}
    draft.settings[name] = {**setting, **more}


def _told(draft: Draft, whole: str) -> Iterator[dict[str, float]]:
    """Yield the numbers of each record that tells the whole, with the total where one is told."""
    wholes = {name: draft.counts(name) for name in WHOLES}
    numbers = {part: draft.counts(part) for part in _PARTS if part in draft.paths}
    total = total_of(draft)
    for at, number in wholes[whole].items():
        it = {whole: number, **{part: numbers[part].get(at, 0.0) for part in numbers}}
        if total is not None and at in total.counts and all(at in wholes[name] for name in WHOLES):
            it |= {name: wholes[name][at] for name in WHOLES}
            it["total"] = total.counts[at]
        yield it


def total_of(draft: Draft) -> Column | None:
    """Return the total of a call, input and output together; None when no free column has the name of one."""
    scope = (draft.first("input_tokens") or ())[:-1]
    found = [
        path for path in draft.columns.of
        if is_called(_TOTALS, path) and draft.columns.of[path].is_numeric and draft.is_free(path)
    ]  # fmt: skip
    best = min(
        found,
        key=lambda path: (path[:-1] != scope, _order(path), says_cumulative(path[:-1]), len(path)),
        default=None,
    )
    if best is not None:
        draft.settled.add(best)
    return None if best is None else draft.columns.of[best]


def _order(path: Path) -> int:
    return next(at for at, name in enumerate(_TOTALS) if is_called((name,), path))


def _verdict(
    draft: Draft, whole: str, part: str, told: Sequence[Mapping[str, float]], path: Path | None = None
) -> _Verdict:
    chosen = path or draft.paths[part][0]
    # Of several wholes, that of the same scope.
    taken = next((it for it in draft.paths[whole] if chosen[: len(it) - 1] == it[:-1]), draft.paths[whole][0])
    if path is not None:
        column = draft.columns.of[path]
        taken = max(
            draft.paths[whole], key=lambda it: len(column.counts.keys() & draft.columns.of[it].counts.keys())
        )
    if is_fresh(taken) and part != "reasoning_tokens":
        return _Verdict(Stands.BESIDE, "as its name leaves them out", True)
    beside, inside, other = _by_total(part, told)
    decided = beside + inside
    larger = sum(it[part] > it[whole] for it in told)
    some = sum(it[part] > 0 for it in told)
    named_so = _is_named_so(part, taken, chosen)
    if beside and beside >= _CERTAIN * (decided + other):
        return _Verdict(Stands.BESIDE, f"as the total is the sum of both in {beside} records", True)
    if inside and inside >= _CERTAIN * (decided + other) and not larger:
        # A logger that adds up the two numbers that it has may not know of a third one.
        return _Verdict(Stands.INSIDE, f"as the total leaves them out in {inside} records", not named_so)
    each = None if path is not None else _by_each_total(draft, whole, part, (beside, inside, other))
    if each is not None:
        return each
    by_price = stands_by_price(draft, part) if path is None else None
    if by_price is not None:
        return _Verdict(*by_price, True)
    if larger:
        why = f"as they are more than it in {larger} of {some} records"
        return _Verdict(Stands.BESIDE, why, larger >= 0.1 * some and not inside)
    if named_so:
        return _Verdict(Stands.BESIDE, "as in the API that has these names", False)
    if beside > inside:
        return _Verdict(Stands.BESIDE, f"as the total says in {beside} of {decided + other} records", False)
    if _is_detail(chosen, taken):
        return _Verdict(Stands.INSIDE, "as in the API that has these names", True)
    return _Verdict(Stands.INSIDE, _UNSHOWN, False)


def _by_each_total(draft: Draft, whole: str, part: str, found: tuple[int, int, int]) -> _Verdict | None:
    """Return the verdict that the total of each record tells, as in logs of several providers; None where it does
    not, or says the same of all."""
    beside, inside, other = found
    total = total_of(draft)
    enough = min(beside, inside) >= _FEWEST and beside + inside >= _CERTAIN * (beside + inside + other)
    if not enough or total is None or whole != "input_tokens" or "reasoning_tokens" in draft.paths:
        return None
    setting = draft.settings[part]
    if isinstance(setting, list) or (isinstance(setting, dict) and "of_session" in setting):
        return None
    why = f"but inside in {inside} records, in each as {draft.spell(total.path)} tells"
    return _Verdict(Stands.BESIDE, why, True, draft.spell(total.path))


def _of_all(draft: Draft, whole: str, part: str, told: Sequence[Mapping[str, float]]) -> _Verdict:
    """Return the verdict on a part that several paths tell, where each of these may stand elsewhere."""
    paths = draft.paths[part]
    if len(paths) == 1:
        return _verdict(draft, whole, part, told)
    at = list(draft.counts(whole))
    verdicts = []
    for path in paths:
        own = draft.columns.of[path].counts
        some = [it for number, it in zip(at, told, strict=True) if number in own]
        verdicts.append(_verdict(draft, whole, part, some, path))
    stands = {verdict.stands for verdict in verdicts}
    if len(stands) == 1:
        return _Verdict(stands.pop(), verdicts[0].why, all(verdict.sure for verdict in verdicts))
    where = " and ".join(
        f"{draft.spell(path)} {verdict.stands} it" for path, verdict in zip(paths, verdicts, strict=True)
    )
    return _Verdict(Stands.INSIDE, f"though it seems that {where}, which no setting says of one field", sure=False)


def _by_total(part: str, told: Sequence[Mapping[str, float]]) -> tuple[int, int, int]:
    """Return in how many records the total proves that a part stands beside, or inside, or neither."""
    beside = inside = other = 0
    for it in told:
        if "total" not in it or not it.get(part):
            continue
        plain = it["input_tokens"] + it["output_tokens"]
        rest = [it[name] for name in ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
                if name != part and it.get(name)]  # fmt: skip
        sums = {sum(some) for size in range(len(rest) + 1) for some in combinations(rest, size)}
        is_beside = any(plain + it[part] + more == it["total"] for more in sums)
        is_inside = any(plain + more == it["total"] for more in sums)
        beside += is_beside and not is_inside
        inside += is_inside and not is_beside
        other += is_beside == is_inside
    return beside, inside, other


def _is_detail(part: Path, whole: Path) -> bool:
    """Whether the part lies in the details of its whole, or both have the names of an API that says so."""
    inside = len(part) > 1 and "".join(words_of(part[-2])) in _INSIDE
    google = is_called(("cachedcontenttokencount",), part) and is_called(("prompttokencount",), whole)
    vercel = part[-1] in ("cachedInputTokens", "reasoningTokens") and whole[-1] in ("inputTokens", "outputTokens")
    deepseek = is_called(("promptcachehittokens",), part) and is_called(("prompttokens",), whole)
    return inside or google or deepseek or (vercel and part[:-1] == whole[:-1])


def _is_named_so(part: str, taken: Path, chosen: Path) -> bool:
    """Whether whole and part have the names of an API that counts them beside each other, side by side."""
    names, parts = _BESIDE[part]
    return taken[:-1] == chosen[:-1] and is_called(names, taken[-1:]) and is_called(parts, chosen[-1:])
