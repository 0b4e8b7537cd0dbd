"""What the values of one field are, as expressions over the raw values of a row. Pure.

The words are those of a field map (`records/field_specs.py`), and so is what each of them means. A number that
cannot be read is `-1` until its field is known, as it is no number that a field can have: a list does not go on
behind it, and a sum with it is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from leverwatch.collectors.counted_fields import Unit, amounts
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.field_values import Words
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT
from leverwatch.collectors.records.names import NO_ID

Column = ColumnElement[Any]
_UNREADABLE: ColumnElement[int] = sa.literal_column("-1")
_ZERO: ColumnElement[int] = sa.literal_column("0")
_COUNTS = frozenset(amounts(Unit.TOKENS))
_WHOLE = _COUNTS | {"inferences"}
_BOOLEANS = {"true": "1", "false": "0"}


def _between(number: Column, most: Column) -> ColumnElement[bool]:
    return number.between(_ZERO, most)


def possible(
    name: str,
    number: Column,
    most: Column | None = None,
    within: Callable[[Column, Column], ColumnElement[bool]] = _between,
) -> ColumnElement[bool]:
    """Return whether a number is one that a field may have, as `BOUNDED` of `records/field_values.py` has it.

    NaN is greater than every number where there is one.

    Args:
        name: the field.
        number: its value.
        most: another bound than that of the field.
        within: returns whether a number is none below zero, and none above another one.
    """
    bound: Column = sa.literal_column(str(MAX_COUNT if name in _COUNTS else int(MAX_AMOUNT)))
    is_within = within(number, bound if most is None else most)
    if name not in _WHOLE or isinstance(number.type, sa.Integer):
        return is_within
    return sa.and_(is_within, sa.func.floor(number) == number)


def readable(name: str, raw: Column, number: Column) -> Column:
    """Return the number of a raw value, NULL where there is none, and -1 for one that its field cannot have."""
    return sa.case((is_blank(raw), sa.null()), (possible(name, number), number), else_=_UNREADABLE)


def is_blank(raw: Column) -> ColumnElement[bool]:
    """Return whether a raw value is none; an empty text is one only where it is known to be a text."""
    absent = raw.is_(None)
    return sa.or_(absent, sa.func.trim(raw) == "") if isinstance(raw.type, sa.String) else absent


def combined(spec: FieldSpec, numbers: Sequence[Column]) -> Column:
    """Return the first of several numbers that is there, or their sum, of which the first one has to be there."""
    if not spec.is_sum:
        return numbers[0] if len(numbers) == 1 else sa.func.coalesce(*numbers)
    first, *others = numbers
    wrong = sa.or_(*(number < 0 for number in numbers))
    return sa.case((wrong, _UNREADABLE), else_=sum((sa.func.coalesce(it, 0) for it in others), first))


def with_beside(whole: Column, parts: Sequence[Column]) -> Column:
    """Return a whole with the parts that stand beside it; without a part that cannot be read it is unknown."""
    wrong = sa.or_(whole < 0, *(part < 0 for part in parts))
    return sa.case((wrong, _UNREADABLE), else_=sum((sa.func.coalesce(part, 0) for part in parts), whole))


def text_of(column: Column) -> Column:
    """Return a column as a text without blanks around it."""
    return sa.func.trim(column if isinstance(column.type, sa.String) else sa.cast(column, sa.Text), type_=sa.Text)


def first_text(texts: Sequence[Column]) -> Column:
    """Return the first of several texts that says something."""
    said = [sa.func.nullif(text, "", type_=sa.Text) for text in texts]
    return said[0] if len(said) == 1 else sa.func.coalesce(*said, type_=sa.Text)


def id_of(text: Column) -> Column:
    """Return an id; NULL for what producers write when there is none."""
    return sa.case((sa.func.lower(text).in_(sorted(NO_ID)), sa.null()), else_=text)


def meaning_of(words: Sequence[Words], text: Column, *, with_numbers: bool) -> Column:
    """Return what a text means, or the text where it has none of the words of a producer.

    A whole word comes before a prefix, and this before any value. `with_numbers`: a boolean may be 1 or 0.
    """
    lower = sa.func.lower(text, type_=sa.Text)
    exact = {word: entry.meaning for entry in words for word in sorted(entry.exact)}
    if with_numbers:
        exact |= {_BOOLEANS[it]: exact[it] for it in _BOOLEANS if it in exact and _BOOLEANS[it] not in exact}
    begins = [(starts(lower, it), entry.meaning) for entry in words for it in entry.prefixes]
    present = next((entry.meaning for entry in words if entry.present), None)
    if present is not None:
        begins.append((text != "", present))
    other = sa.case(*((test, sa.literal(meaning)) for test, meaning in begins), else_=text) if begins else text
    return sa.case(exact, value=lower, else_=other) if exact else other


def starts(text: Column, prefix: str) -> ColumnElement[bool]:
    """Return whether a text begins with another one: LIKE takes upper and lower case for the same in places."""
    result: ColumnElement[bool] = sa.func.substring(text, 1, len(prefix), type_=sa.Text) == prefix
    return result


def holds(test: ValueTest, text: Column, *, with_numbers: bool) -> ColumnElement[bool]:
    """Return whether a test of a value holds for its text; never NULL. `with_numbers` is as for `meaning_of`."""
    said = sa.and_(text.is_not(None), text != "")
    if test.present is not None:
        return said if test.present else sa.not_(said)
    if test.prefix:
        return sa.and_(text.is_not(None), starts(text, test.prefix))
    texts = set(test.texts)
    if with_numbers:
        texts |= {number for word, number in _BOOLEANS.items() if word in texts}
    return sa.and_(text.is_not(None), text.in_(sorted(texts)))
