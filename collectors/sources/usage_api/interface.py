"""What an API of usage has to say of itself: its questions, what its pages mean, and who may ask. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, field

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.tells import Tells

MODEL = "model"
"""The word of a system that every API has: the model, as it counts."""


class Question(Struct, frozen=True):
    """One request, whose answer may have further pages."""

    what: str
    """What is asked for, in one word: it says how a page is read."""
    path: str
    parameters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    """JSON that is sent with POST; None: the question is a GET."""
    carried: Mapping[str, Any] = field(default_factory=dict)
    """What earlier answers said, with which this one is read. It is not sent."""


class Wish(Struct, frozen=True):
    """What a source wants to know."""

    days: Days
    words: tuple[str, ...]
    """What the names of systems are made of: dimensions of the API."""
    only: Mapping[str, Sequence[str]]
    """Parameters of the API that leave something out, and their values."""
    costs: bool
    """Whether it asks what is billed."""


class Usage(Struct, frozen=True):
    """Calls of one day that have the same names."""

    day: date
    values: Mapping[str, Any]
    """By field of a record, as in a `Group`. Without `inferences`, the number of calls is unknown."""
    names: Mapping[str, Any] = field(default_factory=dict)
    """The value of each word of the system."""
    size: int = 0
    """How many of the `BOUNDS` the input of each call is beyond."""
    id: str | None = None
    """Of one call: one that comes again on another page counts once."""


class Page(Struct, frozen=True):
    """What one page of an answer says."""

    usage: Sequence[Usage] = ()
    billed: Sequence[BilledAmount] = ()
    told: frozenset[date] | None = None
    """The days that it speaks of, be it with nothing; None: all that it was asked for."""
    partial: frozenset[date] = frozenset()
    """Days of which it says that something is missing."""
    doubts: Sequence[tuple[str, str]] = ()
    """Reason and detail of what cannot be used."""
    following: Question | None = None
    """What asks for the next page; None: it is the last one."""
    account: str | None = None
    """What it calls the organisation or project that it is about; None: it does not say."""
    further: Sequence[Question] = ()
    """Other questions whose answers take the place of this one."""


class UsageApi(Struct, frozen=True):
    """An API."""

    name: str
    url: str
    """The address of the provider's own service, which `url` replaces."""
    needs: str
    """The kind of key that may ask, in words, for whoever has the wrong one."""
    words: tuple[str, ...]
    """What a template of the system may name."""
    filters: tuple[str, ...]
    """The parameters that `only` may have."""
    questions: Callable[[Wish], list[Question]]
    """Returns the first question of each kind."""
    read: Callable[[Question, bytes, Wish], Page]
    """Returns what a page means. Raises ValueError, which says where it is not as documented, and no value."""
    tells: Tells
    shown: Callable[[Wish], list[Question]] | None = None
    """Returns the questions as a person would ask them, where the first ones are not those; None: `questions`."""
    key_header: str | None = None
    """The header that has the key; None: it is a bearer token, or a user and a password."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of each question."""
    account_header: str | None = None
    """The header of an answer that names the organisation whose key asked."""
    history: int | None = None
    """The days back from now of which it knows something; None: no bound is documented."""
    most_words: int | None = None
    """The most dimensions that the words of a system may add to a question; None: no bound."""
    model_beside_words: bool = True
    """Whether it tells the model of calls that it tells apart by a word."""
    required: tuple[str, ...] = ()
    """Those of `filters` without which nothing is answered."""
    one_value: bool = False
    """Whether each of `filters` takes one value alone."""
    counts_calls: bool = True
    """Whether it tells the number of calls."""
    has_costs: bool = False
    """Whether it can be asked what is billed."""
    bill: str = ""
    """What the provider documents of the difference between its bill and the price of the tokens."""
