"""Finds the cost of a call, and in which money and which part of it that is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from leverwatch.collectors.records.field_values import PER_DOLLAR, without_dollars
from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.cost_evidence import (
    follows_tokens,
    is_price,
    made_of_tokens,
    micros,
    names_currencies,
)
from leverwatch.collectors.sniffing.cost_totals import doubt_fees, total_first
from leverwatch.collectors.sniffing.counters import counter_of, session_keys
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, exclusive, first_that_tells
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.name_words import (
    COST,
    loose_rank,
    part_of_cost,
    without_estimate,
    word_set,
    words_of,
)
from leverwatch.collectors.sniffing.periods import costs_of_period
from leverwatch.collectors.sniffing.units import settled_numerals

_OFTEN = 0.9
_CHEAPEST, _DEAREST = 1e-9, 2e-4
"""US dollars for a token, beyond which a cost is hardly in the money that it is read in."""
_PARTS = {
    "cents": "cent cents ct cts uscents usdcents centusd",
    "millis": "milli millis millidollar millidollars milliusd",
    "micros": "micro micros microdollar microdollars microusd usdmicros uusd",
    "nanos": "nano nanos nanodollar nanodollars nanousd",
}
_PART_OF = {word: unit for unit, words in _PARTS.items() for word in words.split()}
_CURRENCY_WORDS = word_set(
    "eur euro euros gbp chf jpy cny inr sek nok dkk pln czk huf try brl cad aud nzd sgd hkd mxn krw pound pounds"
    " yen rupee rupees pence centimes"
)
_NO_MONEY = word_set("credits credit points units quota millicents")
_DOLLAR_WORDS = word_set("usd dollar dollars microusd nanousd milliusd usdmicros uusd uscents usdcents centusd"
                         " microdollar microdollars nanodollar nanodollars millidollar millidollars")  # fmt: skip
_CURRENCIES = ("currency", "waehrung", "wahrung", "devise", "moneda", "valuta", "costcurrency", "currencycode")
_DOLLARS = frozenset({"usd", "dollar", "dollars", "us$", "$"})
_SIGN = re.compile(r"[€£¥₹₩₺₽]|(?<![A-Za-z])[A-Z]{1,3}\s?\$|\$|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_CODES = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY", "₽": "RUB"}
_OF_DOLLARS = frozenset({"$", "US$", "USD"})
_ANSWERS = word_set("response request requested completion completions generation answer reply")
"""Words for a part of a call, and for the call."""


def set_cost(draft: Draft) -> None:
    """Map the cost in US dollars: a total, or the sum of that of the input and that of the output."""
    signed = _without_signs(draft)
    parts = _parts(draft)
    named = [path for path in _named(draft) if path not in parts or rank("cost_usd", path) == 0]
    named = sorted(total_first(draft, named), key=lambda path: _is_guess_beside(draft, path, named))
    for path in named:
        spelled = draft.spell(path)
        if not draft.fits("cost_usd", path):
            draft.doubt("cost_usd", f"{spelled} may be it; its values are no plain numbers, and it is not mapped")
            draft.settled.add(path)
            continue
        money = _money(draft, path, signed.get(path, frozenset()))
        if money is not None:
            draft.doubt("cost_usd", f"{spelled} is in {money}, which no setting turns into US dollars: not mapped")
            draft.settled.add(path)
            continue
        if is_price(draft, path):
            draft.doubt(
                "cost_usd",
                f"{spelled} is the same for all calls of a model, as a price is: not mapped",
            )
            draft.settled.add(path)
            continue
        _set_cost(draft, path, [it for it in named if it not in signed], is_signed=path in signed)
        doubt_fees(draft)
        return
    _set_sum(draft, parts, signed)
    if "cost_usd" not in draft.paths and not named and not parts:
        _set_unnamed(draft)


def _is_guess_beside(draft: Draft, path: Path, named: Sequence[Path]) -> bool:
    """Whether a cost is an estimate by its name, and another one of most records is none."""
    others = (it for it in named if without_estimate(it[-1]) is None and draft.fits("cost_usd", it))
    return without_estimate(path[-1]) is not None and any(
        draft.columns.share(it) >= _OFTEN * draft.columns.share(path) for it in others
    )


def _set_unnamed(draft: Draft) -> None:
    """Map amounts that no name tells, and that the tokens of each call make at fixed prices."""
    path = made_of_tokens(draft, _CHEAPEST, _DEAREST)
    used = next((it for it in draft.columns.of if it[-1] == "usage" and draft.is_free(it)), None)
    if path is None and used is not None and _is_amount_of_tokens(draft, used):
        draft.set("cost_usd", draft.spell(used), used)
        draft.doubt(
            "cost_usd", f"{draft.spell(used)} is taken for US dollars, by its size for the tokens beside it"
        )
        return
    if path is not None and _money(draft, path) is None:
        draft.set("cost_usd", draft.spell(path), path)
        draft.doubt(
            "cost_usd",
            f"{draft.spell(path)} is made of the tokens at a fixed price for each, as a cost is, and is taken for"
            " US dollars; no name tells",
        )


def _is_amount_of_tokens(draft: Draft, path: Path) -> bool:
    """Whether fractions have a usual size of a cost for the tokens of the same records."""
    numbers = draft.columns.of[path].numbers
    tokens = [draft.counts(name) for name in ("input_tokens", "output_tokens")]
    each = [cost / used for at, cost in numbers.items() if (used := sum(it.get(at, 0) for it in tokens)) > 0]
    fine = any(not it.is_integer() for it in numbers.values())
    return fine and bool(each) and all(it == 0 or _CHEAPEST <= it <= _DEAREST for it in each)


def _named(draft: Draft) -> list[Path]:
    """Return the paths with a name of a cost; `cost_in_cents` and `cost.micros` are such names too."""
    found = draft.named("cost_usd")
    said = [path for path in draft.columns.of if path not in found and draft.is_free(path) and _says_in(path)]
    return [*found, *said] or costs_of_period(draft)


def _says_in(path: Path) -> bool:
    words = words_of(path[-1])
    if len(words) == 1 and len(path) > 1:
        return words[0] in _PART_OF and not COST.isdisjoint(words_of(path[-2]))
    if "in" not in words:
        return False
    at = words.index("in")
    before, money = words[:at], words[at + 1 :]
    known = money and all(it in _PART_OF or it in _DOLLAR_WORDS or it in _CURRENCY_WORDS for it in money)
    if not known or COST.isdisjoint(before):
        return False
    return loose_rank("cost_usd", (*path[:-1], "_".join((*before, *money)))) is not None


def _parts(draft: Draft) -> dict[Path, str]:
    """Return the paths with the cost of the input or of the output alone.

    Where only one of them is there, the cost of a response is that of the call, as that of a request is.
    """
    found = {path: part for path in draft.columns.of if draft.is_free(path) and (part := part_of_cost(path))}
    found = {path: part for path, part in found.items() if not _says_in(path)}
    if len(set(found.values())) > 1:
        return found
    return {path: part for path, part in found.items() if not _ANSWERS.intersection(words_of(path[-1]))}


def _set_sum(draft: Draft, parts: dict[Path, str], signed: dict[Path, frozenset[str]]) -> None:
    by_part = {part: path for path, part in reversed(parts.items())}
    taken, given = by_part.get("input"), by_part.get("output")
    if taken is None or given is None:
        return
    both = (taken, given)
    if not all(draft.columns.of[path].is_numeric for path in both):
        return
    if any(_money(draft, path, signed.get(path, frozenset())) is not None for path in both):
        return
    if not all(draft.columns.of[path].numerals.is_plain for path in both):
        draft.doubt("cost_usd", f"{draft.spell(taken)} and {draft.spell(given)} are not mapped, being localised")
        return
    if all(is_price(draft, path) for path in both):
        spelled = f"{draft.spell(taken)} and {draft.spell(given)}"
        draft.doubt("cost_usd", f"{spelled} are the same for all calls of a model, as prices are: not mapped")
        return
    units = {_part_of_dollar(draft, path) for path in both}
    if len(units) > 1:
        return
    (unit,) = units
    paths: Any = [draft.spell(taken), f"+{draft.spell(given)}"]
    setting = {**_in_unit(unit), **({"dollar_sign": True} if signed.keys() & set(both) else {})}
    draft.set("cost_usd", {"path": paths, **setting} if setting else paths, taken, given)
    dollars = "US dollars" if unit is None else f"{unit} of a US dollar"
    draft.doubt("cost_usd", f"the sum of input and output, taken for {dollars}; other parts are not in it")


def _set_cost(draft: Draft, path: Path, named: list[Path], *, is_signed: bool) -> None:
    spelled = draft.spell(path)
    column = draft.columns.of[path]
    keys = session_keys(draft.columns)
    counter = counter_of(draft.columns, column, keys)
    if counter is not None and follows_tokens(draft, column, counter.session):
        counter = None
    unit = _part_of_dollar(draft, path)
    if unit is None and not is_signed and not _names_dollars(path) and micros(draft, column):
        unit = "micros"
        draft.doubt("cost_usd", f"{spelled} is read as micros of US dollars, by its size; no name tells")
    setting: dict[str, Any] = {**settled_numerals(draft, "cost_usd", path, column), **_in_unit(unit)}
    if is_signed:
        setting["dollar_sign"] = True
        draft.prove("cost_usd", f"{spelled} has the sign of US dollars at its numbers")
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
        fitting = [it for it in named if it != path and draft.fits("cost_usd", it)]
        same = [it for it in fitting if _money(draft, it) is None and _part_of_dollar(draft, it) is None]
        chosen = first_that_tells(draft, [path, *same], _numbers)
        names = [draft.spell(it) for it in chosen]
        draft.set("cost_usd", names[0] if len(names) == 1 else names, *chosen)
        draft.others["cost_usd"] = tuple(it for it in same if it not in chosen)[:MOST_OTHERS]
    said = (
        is_signed
        or any(map(_is_dollars, _units_told(draft, path)))
        or _names_dollars(path)
        or _says_dollars(draft)
    )
    if not said:
        draft.doubt("cost_usd", f"{spelled} is taken for {'' if unit is None else f'{unit} of '}US dollars")
    elif unit is not None:
        draft.prove("cost_usd", f"{spelled} is in {unit} by its name or the field beside it")
    _compare_sizes(draft, column, spelled, unit)
    for other in named:
        told = draft.columns.of[other]
        both, differing = exclusive(column, told, _numbers)
        if other in chosen or not differing or _money(draft, other) is not None or is_price(draft, other):
            continue
        draft.doubt(
            "cost_usd",
            f"taken from {spelled}; {draft.spell(other)} differs in {differing} of {both} records, with"
            f" {sum(told.numbers.values()):,.6g} instead of {sum(column.numbers.values()):,.6g} in the sample",
        )


def _in_unit(unit: str | None) -> dict[str, str]:
    return {} if unit is None else {"unit": unit}


def _part_named(path: Path) -> str | None:
    """Return the part of a dollar that a name says: `cents`; None when it says none."""
    own = words_of(path[-1].replace("µ", "micro"))
    above = words_of(path[-2]) if len(path) > 1 else ()
    found = {_PART_OF[word] for word in own if word in _PART_OF}
    found = found or {_PART_OF[word] for word in above if word in _PART_OF and COST.intersection(above)}
    return found.pop() if len(found) == 1 else None


def _part_of_dollar(draft: Draft, path: Path) -> str | None:
    """Return the part of a dollar that a name says, or a field for the unit beside it in all records."""
    told = _units_told(draft, path)
    return _part_named(path) or (_part_named((told[0],)) if len(told) == 1 else None)


def _units_told(draft: Draft, path: Path) -> list[str]:
    """Return the words of a field for the unit of the cost, `cost_unit` or `cost.unit`; no more than a few."""
    for other, column in draft.columns.of.items():
        words = words_of(other[-1])
        is_unit = other != path and other[:-1] == path[:-1] and words[-1:] in (("unit",), ("units",))
        if is_unit and COST.intersection(word for key in other for word in words_of(key)):
            draft.settled.add(other)
            return sorted({str(value).strip() for value in column.values})[:MOST_OTHERS]
    return []


def _names_dollars(path: Path) -> bool:
    return "usd" in path[-1].lower() or bool(_DOLLAR_WORDS.intersection(words_of(path[-1])))


def _numbers(column: Column) -> dict[int, float]:
    return column.numbers


def _compare_sizes(draft: Draft, column: Column, spelled: str, unit: str | None) -> None:
    """Say that the price of a token is not one, and in which part of a dollar it would be."""
    tokens = [draft.column(name) for name in ("input_tokens", "output_tokens")]
    per = 1.0 if unit is None else PER_DOLLAR[unit]
    prices = []
    for at, cost in column.numbers.items():
        number = sum(it.counts.get(at, 0.0) for it in tokens if it is not None)
        if number > 0 and cost > 0:
            prices.append(cost / number)
    if not prices or _CHEAPEST <= median(prices) / per <= _DEAREST:
        return
    middle = median(prices)
    fitting = [it for it, parts in PER_DOLLAR.items() if it != unit and _CHEAPEST <= middle / parts <= _DEAREST]
    much = "much" if middle / per > _DEAREST else "little"
    others = [*fitting, *(["US dollars"] if unit is not None and _CHEAPEST <= middle <= _DEAREST else [])]
    more = f"; by its size it could be in {' or '.join(others)}" if others else ""
    draft.doubt(
        "cost_usd",
        f"{spelled} is {middle / per * 1e6:,.6g} for a million tokens, which is {much} in"
        f" {'US dollars' if unit is None else f'{unit} of US dollars'}{more}",
    )


def _without_signs(draft: Draft) -> dict[Path, frozenset[str]]:
    """Take the signs of money from the texts of costs. Returns the signs by path, where all numbers are readable
    without them."""
    found = {}
    for path in [*_named(draft), *_parts(draft)]:
        column = draft.columns.of[path]
        if not column.texts or draft.fits("cost_usd", path):
            continue
        signs = {sign for text in column.texts for sign in _signs(text)}
        bare = Column(path, column.at, [_bare(it) if isinstance(it, str) else it for it in column.values])
        if signs and bare.is_numeric:
            draft.columns.of[path] = bare
            found[path] = frozenset(signs)
    return found


def _signs(text: str) -> Iterable[str]:
    return (_CODES.get(sign, sign) for sign in (found.replace(" ", "") for found in _SIGN.findall(text.upper())))


def _bare(text: str) -> str:
    return _SIGN.sub("", without_dollars(text.strip()).upper()).strip()


def _money(draft: Draft, path: Path, signs: frozenset[str] = frozenset()) -> str | None:
    """Return what a cost is in when it is not in US dollars; None when it is, or nothing says it."""
    if signs - _OF_DOLLARS:
        return f"{', '.join(sorted(signs - _OF_DOLLARS))} by the signs of its values"
    words = {word for key in path[-2:] for word in words_of(key)}
    for sign, name in _CODES.items():
        if sign in path[-1]:
            return name
    other = (words & _CURRENCY_WORDS) | (set(words_of(path[-1])) & _NO_MONEY)
    if other:
        return min(other)
    units = _units_told(draft, path)
    if units and not all(_is_dollars(unit) or _part_named((unit,)) for unit in units):
        return "a unit of a field beside it"
    if len(units) > 1:
        return "several units, by a field beside it"
    for currency in draft.columns.of:
        if is_called(_CURRENCIES, currency) or names_currencies(draft.columns.of[currency]):
            draft.settled.add(currency)
            told = {str(value).strip().lower() for value in draft.columns.of[currency].values}
            if not told <= _DOLLARS:
                names = ", ".join(sorted(it.upper() for it in told if len(it) <= 4))
                return f"the currencies of {draft.spell(currency)}{f' ({names})' if names else ''}"
    return None


def _is_dollars(unit: str) -> bool:
    return unit.lower() in _DOLLARS


def _says_dollars(draft: Draft) -> bool:
    return any(is_called(_CURRENCIES, path) or names_currencies(it) for path, it in draft.columns.of.items())
