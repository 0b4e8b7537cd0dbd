"""Finds durations and costs, and the units that they are in. Pure."""

from __future__ import annotations

from statistics import median
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.timestamps import elapsed_ms
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.counters import counter_of, session_keys
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, first_that_tells
from leverwatch.collectors.sniffing.field_names import DURATIONS, is_called, is_time, rank
from leverwatch.collectors.sniffing.name_words import part_of_cost, word_set, words_of
from leverwatch.collectors.sniffing.numerals import PLAIN, Numerals

_UNITS = {
    "s": "s sec secs second seconds sek sekunden secondes segundos seconde sekunde segundo",
    "ms": "ms msec millis milli millisecond milliseconds millisekunden",
    "us": "us usec micros micro microsecond microseconds µs",
    "ns": "ns nsec nanos nano nanosecond nanoseconds",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SHORTEST, _LONGEST = 0.03, 400.0
"""Seconds that the middle call of a log takes."""
_SLOWEST, _FASTEST = 1.0, 2000.0
"""Output tokens a second of the middle call of a log."""
_DEAREST = 2e-4
"""US dollars for a token, beyond which a cost is hardly in dollars."""
_OTHER_MONEY = word_set(
    "eur euro euros gbp chf jpy cny inr sek pln brl pounds yen rupees cents cent ct cts centimes micros "
    "micro microusd microdollars millicents milli nano nanousd credits credit points units quota pence"
)
_CURRENCIES = ("currency", "waehrung", "wahrung", "devise", "moneda", "valuta", "costcurrency", "currencycode")
_DOLLARS = frozenset({"usd", "dollar", "dollars", "us$", "$"})


def set_latency(draft: Draft, ends: list[tuple[Path, Path]]) -> None:
    """Map the duration of a call, with its unit; `ends` are starts and ends of calls."""
    exact = [path for path in draft.named("latency_ms") if draft.columns.of[path].is_numeric]
    loose = [path for path in draft.columns.of if is_called(DURATIONS, path) and draft.is_free(path)]
    found = [path for path in dict.fromkeys((*exact, *loose)) if draft.columns.of[path].is_numeric]
    found = [path for path in found if min(draft.columns.of[path].numbers.values(), default=0) >= 0]
    if not found:
        texts = [
            path for path, column in draft.columns.of.items()
            if is_called(DURATIONS, path) and draft.is_free(path) and not any(map(is_time, column.values))
        ]  # fmt: skip
        if texts:
            draft.doubt(
                "latency", f"{draft.spell(texts[0])} may be it; its values are no plain numbers: not mapped"
            )
        return
    path = found[0]
    column = draft.columns.of[path]
    if (
        counter_of(draft.columns, column, session_keys(draft.columns)) is not None
        and len(column.numbers) > MOST_OTHERS
    ):
        draft.doubt("latency", f"{draft.spell(path)} only grows, so it is no duration of a call: not mapped")
        draft.settled.add(path)
        return
    named = _unit_named(path)
    proven = _proven(draft, column, ends)
    unit = proven or named
    if unit is None:
        likely = _likely(draft, column)
        if len(likely) != 1:
            draft.doubt(
                "latency",
                f"{draft.spell(path)} may be it; its unit is not known"
                f"{', it could be ' + ' or '.join(likely) if likely else ''}: not mapped",
            )
            draft.settled.add(path)
            return
        (unit,) = likely
        draft.doubt("latency", f"{draft.spell(path)} is taken as {unit}, by its size; nothing names its unit")
    elif proven is not None and named is not None and proven != named:
        unit = proven
        draft.doubt(
            "latency", f"{draft.spell(path)} is named {named}, and is {proven} by the times of start and end"
        )
    else:
        why = "by the times of start and end" if proven else "by its name"
        draft.prove("latency", f"{draft.spell(path)} is in {unit} {why}")
    numerals = _settled_numerals(draft, "latency", path, column)
    if unit == "ms" and not numerals:
        chosen = first_that_tells(draft, [it for it in found if _unit_named(it) == "ms" or it == path], _numbers)
        spelled = [draft.spell(it) for it in chosen]
        draft.set("latency_ms", spelled[0] if len(spelled) == 1 else spelled, *chosen)
    else:
        draft.set("latency", {"path": draft.spell(path), "unit": unit, **numerals}, path)
    draft.others["latency_ms"] = tuple(it for it in found[1:] if it not in draft.paths.get("latency_ms", ()))[
        :MOST_OTHERS
    ]


def _numbers(column: Column) -> dict[int, float]:
    return column.numbers


def _unit_named(path: Path) -> str | None:
    own = words_of(path[-1].replace("µ", "u"))
    for word in reversed(own):
        if word in _UNIT_OF:
            return _UNIT_OF[word]
    joined = "".join(own)
    for ending in ("milliseconds", "millis", "seconds", "ms"):
        if joined.endswith(ending):
            return _UNIT_OF[ending]
    return _UNIT_OF.get(words_of(path[-2])[-1]) if len(path) > 1 and words_of(path[-2]) else None


def _proven(draft: Draft, column: Column, ends: list[tuple[Path, Path]]) -> str | None:
    """Return the unit in which the durations are the times between start and end; None when none is."""
    for start, end in ends:
        first, last = draft.columns.of[start].by_record, draft.columns.of[end].by_record
        gaps = {at: elapsed_ms(first[at], last[at]) for at in column.numbers if at in first and at in last}
        known = {at: gap / 1000 for at, gap in gaps.items() if gap}
        if len(known) < 3:
            continue
        for unit, seconds in SECONDS.items():
            same = sum(abs(column.numbers[at] * seconds - gap) <= 0.1 * gap + 0.002 for at, gap in known.items())
            if same >= 0.8 * len(known):
                return unit
    return None


def _likely(draft: Draft, column: Column) -> list[str]:
    numbers = [number for number in column.numbers.values() if number > 0]
    if not numbers:
        return []
    middle = median(numbers)
    found = [unit for unit, seconds in SECONDS.items() if _SHORTEST <= middle * seconds <= _LONGEST]
    output = draft.column("output_tokens")
    if output is not None and len(found) > 1 and "of_session" not in str(draft.settings.get("output_tokens")):
        rates = [
            output.counts[at] / number
            for at, number in column.numbers.items()
            if number > 0 and output.counts.get(at, 0) > 0
        ]
        if rates:
            by_rate = [unit for unit in found if _SLOWEST <= median(rates) / SECONDS[unit] <= _FASTEST]
            found = by_rate or found
    fractions = any(not number.is_integer() for number in numbers)
    if len(found) > 1 and "s" in found and "ms" in found:
        return ["s"] if fractions and middle < 100 else found
    return found


def set_cost(draft: Draft) -> None:
    """Map the cost in US dollars: a total, or the sum of that of the input and that of the output."""
    named = [path for path in draft.named("cost_usd") if part_of_cost(path) is None or rank("cost_usd", path) == 0]
    for path in named:
        column = draft.columns.of[path]
        spelled = draft.spell(path)
        if not draft.fits("cost_usd", path):
            draft.doubt("cost_usd", f"{spelled} may be it; its values are no plain numbers, and it is not mapped")
            draft.settled.add(path)
            continue
        money = _money(draft, path)
        if money is not None:
            draft.doubt("cost_usd", f"{spelled} is in {money}, which no setting turns into US dollars: not mapped")
            draft.settled.add(path)
            continue
        _set_cost(draft, path, column)
        return
    parts = {part_of_cost(path): path for path in reversed(list(draft.columns.of)) if draft.is_free(path)}
    taken, given = parts.get("input"), parts.get("output")
    if taken is None or given is None:
        return
    if all(draft.columns.of[path].is_numeric and _money(draft, path) is None for path in (taken, given)):
        if not all(draft.columns.of[path].numerals.is_plain for path in (taken, given)):
            draft.doubt(
                "cost_usd", f"{draft.spell(taken)} and {draft.spell(given)} are not mapped, being localised"
            )
            return
        draft.set("cost_usd", [draft.spell(taken), f"+{draft.spell(given)}"], taken, given)
        draft.doubt("cost_usd", "the sum of input and output, taken for US dollars; other parts are not in it")


def _set_cost(draft: Draft, path: Path, column: Column) -> None:
    spelled = draft.spell(path)
    keys = session_keys(draft.columns)
    counter = counter_of(draft.columns, column, keys)
    setting: dict[str, Any] = {**_settled_numerals(draft, "cost_usd", path, column)}
    if counter is not None and len(column.numbers) > MOST_OTHERS:
        if counter.session is None:
            draft.doubt("cost_usd", f"{spelled} only grows, so it is a sum so far and not of one call: not mapped")
            draft.settled.add(path)
            return
        setting["of_session"] = draft.spell(counter.session)
        draft.doubt("cost_usd", f"{spelled} only grows within {setting['of_session']}: its increase counts")
    chosen = [path]
    if setting:
        draft.set("cost_usd", {"path": spelled, **setting}, path)
    else:
        fitting = [path, *(it for it in draft.named("cost_usd") if it != path and draft.fits("cost_usd", it))]
        same = [it for it in fitting if part_of_cost(it) is None and _money(draft, it) is None]
        chosen = first_that_tells(draft, [path, *(it for it in same if it != path)], _numbers)
        names = [draft.spell(it) for it in chosen]
        draft.set("cost_usd", names[0] if len(names) == 1 else names, *chosen)
        draft.others["cost_usd"] = tuple(it for it in same if it not in chosen)[:MOST_OTHERS]
    if "usd" not in path[-1].lower() and not _says_dollars(draft):
        draft.doubt("cost_usd", f"{spelled} is taken for US dollars")
    _too_dear(draft, column, spelled)


def _too_dear(draft: Draft, column: Column, spelled: str) -> None:
    tokens = [draft.column(name) for name in ("input_tokens", "output_tokens")]
    prices = []
    for at, cost in column.numbers.items():
        number = sum(it.counts.get(at, 0.0) for it in tokens if it is not None)
        if number > 0 and cost > 0:
            prices.append(cost / number)
    if prices and median(prices) > _DEAREST:
        draft.doubt(
            "cost_usd",
            f"{spelled} is {median(prices) * 1e6:,.0f} for a million tokens, which is much in US dollars: in cents"
            " it would be a hundredth",
        )


def _money(draft: Draft, path: Path) -> str | None:
    """Return what a cost is in when it is not in US dollars; None when it is, or nothing says it."""
    words = set(words_of(path[-1]))
    for sign, name in (("€", "EUR"), ("£", "GBP"), ("¥", "JPY")):
        if sign in path[-1]:
            return name
    other = words & _OTHER_MONEY
    if other:
        return min(other)
    for currency in draft.columns.of:
        if is_called(_CURRENCIES, currency):
            draft.settled.add(currency)
            told = {str(value).strip().lower() for value in draft.columns.of[currency].values}
            if not told <= _DOLLARS:
                names = ", ".join(sorted(it.upper() for it in told if len(it) <= 4))
                return f"the currencies of {draft.spell(currency)}{f' ({names})' if names else ''}"
    return None


def _says_dollars(draft: Draft) -> bool:
    return any(is_called(_CURRENCIES, path) for path in draft.columns.of)


def _settled_numerals(draft: Draft, name: str, path: Path, column: Column) -> dict[str, str]:
    numerals = column.numerals
    if not numerals.is_sure:
        habit = draft.habit
        if habit is not None and habit.decimal != numerals.decimal:
            numerals = Numerals(habit.decimal, habit.thousands)
            column.__dict__["numerals"] = numerals
            column.__dict__.pop("numbers", None)
        elif habit is None:
            draft.doubt(
                name,
                f"the numbers of {draft.spell(path)} are read with the decimal sign {numerals.decimal!r}; it"
                " may be"
                " one between thousands",
            )
    return {} if numerals == PLAIN else numerals.settings
