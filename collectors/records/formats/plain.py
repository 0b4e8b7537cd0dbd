"""What the compiled helper executes of a declaration: where in a plain record each value is, and what it tells.

A record is plain when its numbers are numbers, its times are written as most are, and it lacks what a
declaration says is `absent`. The helper adds such records up. For each combination of names, and of numbers that
are missing or zero, it asks once what a record with these means; so `finish` and conversions stay in Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.formats.interface import Parsed, Row
from leverwatch.collectors.records.formats.line_layout import Lines

Step = bytes | bool | None
"""A key; None: a key of any name, the only one of its object; True: the only element of the array before it."""
Place = tuple[tuple[Step, ...], str, int]
"""The path of a value, what it is to a record, and its rank: of several paths the lowest one tells."""

ABSENT, ALONE, UNREAD, ENDED = "absent", "alone", "unread", "ended"
IN_TEXT, CLOSED, CLASS, NAME, TOTAL = "in text", "closed", "class", "name", "total"
BODY, FLAT = "body", "flat"
"""What values are that are no fields: missing or null; the same, or else the records around it are needed; a
text or number that nobody looks at; the time of the end; an object that may also be JSON inside a text; an
object that has no other keys than those that are asked for; a number
of which only matters whether it is there and zero; a name; the producer's own sum of all tokens; an object that is
nothing but JSON inside a text, and that has none of the keys that are asked for anywhere where it has none of its
own; and an object in which nothing else than what is asked for is an object."""
SESSION = 2
"""The rank of a name that is the same without the session of an assumed role at its end."""
ADDS = 255
"""The rank of a path whose number is added to that of the one which tells the field; nothing where none does."""


class Divided(Struct, frozen=True):
    """Converts a number by dividing it."""

    by: float

    def __call__(self, value: float) -> float:
        """Return the number in the unit that is stored."""
        return value / self.by


class Plainly(Struct, frozen=True):
    """Says of a format that the helper may count its plain records.

    The `finish` of such a format looks at names and extras, and of the numbers only at whether they are there and
    are zero. It leaves a number as it is or makes it None, and may add something made of names to the request id.
    """

    absent: tuple[str, ...] = ()
    """Paths at which plain records have nothing, or null."""
    alone: tuple[str, ...] = ()
    """The same for paths that show that a record belongs to those around it."""
    unread: frozenset[str] = frozenset()
    """Extras that are texts or numbers, and are not looked at when a record is plain."""
    classes: frozenset[str] = frozenset()
    """Extras that are numbers of which only matters whether they are there and are zero."""
    inside: Mapping[str, tuple[tuple[Step, ...], ...]] = field(default_factory=dict)
    """By extra that is an object or a list: the paths of the names in it. A list of a plain record has at most one
    element."""
    ended: str = ""
    """The extra that is the time of the end, which tells the latency where nothing else does."""
    accepts: Callable[[bytes], bool] | None = None
    """Returns by its names whether a record can be plain; None: any can."""
    within: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    """By key that something else puts into a record: where the value is in the record itself."""
    needs: frozenset[str] = frozenset()
    """Fields that every plain record has."""
    further: tuple[tuple[str, str, int], ...] = ()
    """What is read inside of extras: the path, the field that a number is where `finish` takes it for that, or
    what else it is to a record, and its rank before the paths that are declared. A class of rank 1 is a whole
    number."""
    within_extras: frozenset[str] = frozenset()
    """Extras that are objects of which `further` has everything that matters."""
    sessions: frozenset[str] = frozenset()
    """Paths of names that end in the session of an assumed role, which does not matter."""
    either: bool = False
    """Whether names decide if the parts of the input stand inside or beside it."""
    as_told: Callable[[Row], bool] | None = None
    """Returns by its names whether nobody asks where the parts of a row stand."""
    summed: bool = False
    """Whether the total counts where it is not the sum of input and output."""
    text_time: bool = False
    """Whether a time is only plain as text."""
    keeps_time: bool = False
    """Whether a plain time is what it is converted to."""
    bodies: tuple[str, ...] = ()
    """Paths of texts that are JSON. What `finish` reads in one is in `inside` and `further`."""
    flat: tuple[str, ...] = ()
    """Paths of objects in which nothing else than what is read is an object."""
    rows: bool = False
    """Whether a record with an id may be one of the rows of a call."""
    marker: bytes = b""
    """Bytes that records have which belong together; empty: none do."""


PlainTest = tuple[tuple[bytes, ...], ValueTest, bool]
"""The path of a value, a test of it, and whether that is to hold."""


class AsTable(Struct, frozen=True):
    """How the records are written that are rows of a table."""

    delimiter: bytes
    quote: bytes
    """Empty: none."""
    digits: bool
    """Whether only numbers without signs are plain, as these mean something else."""
    places: Callable[[bytes | None], tuple[int, dict[str, int | None]]]
    """Returns the number of columns below a header, and the place of each that is wanted; None: it is missing."""
    names: tuple[bytes, ...]
    """What the column of the time is called in a header."""
    edges: bytes
    """What stands around the names in a header."""
    repeats: Callable[[bytes, bytes | None], bool]
    """Returns whether one of some rows is a header."""
    parse: Callable[[bytes, bytes | None], Parsed]
    """Reads whole rows below a header."""
    needs: tuple[str, ...] = ()
    """Fields that every plain row has."""


Unwrapped = tuple[int, bool, tuple[bytes, ...]]
"""A wrapper that the helper removes: its kind, whether something else than JSON may be in it, and the names of
its fields."""
OF_CRI, OF_DOCKER, OF_STRING, OF_PREFIX = range(4)


class Spans(Protocol):
    """What the helper reads of spans."""

    names: tuple[tuple[bytes, int, int, bool], ...]
    """The attributes that are read, each with what it is and its rank among those that tell the same."""
    contexts: dict[tuple[bytes, bytes], int]
    """The numbers of pairs of resource and scope, as they were written."""

    def written(self) -> Sequence[tuple[bytes, bytes]]:
        """Return the resources and scopes that are known, by their numbers."""
        ...

    def calls(self, lines: Sequence[bytes], written: Sequence[tuple[bytes, bytes]]) -> Parsed:
        """Read lines of spans as the documents are read that they were made of."""
        ...

    def scopes(self, numbers: Mapping[int, int]) -> Counter[str]:
        """Return how many spans each instrumentation has, given the number of each resource and scope."""
        ...

    def forget(self) -> None:
        """Forget the resources and scopes."""
        ...


class Plan(Struct, frozen=True):
    """What the helper is told of the records of a source."""

    paths: tuple[Place, ...]
    read: Callable[[Sequence[bytes]], Parsed]
    has_extended: bool
    rule: Plainly | None = None
    """None: they are lines of a field map, and not declared."""
    beside: bool | None = None
    """Whether the parts of the input stand beside it; None: the tokens have no parts that say where they stand."""
    thought_beside: bool = False
    """Whether reasoning tokens stand beside the output."""
    by_id: bool = False
    """Whether an id alone makes a duplicate."""
    latency_in: float = 1.0
    """What the latency is divided by."""
    tests: tuple[PlainTest, ...] = ()
    """What decides which records are left out."""
    table: AsTable | None = None
    """None: records are JSON."""
    lines: Lines | None = None
    """How its records are built as lines of text; None: they are JSON."""
    iso: Callable[[Any], Any] | None = None
    """Converts the time of a record to what its row has; None: it is the same."""
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By placeholder of the system template: the values of lines that nothing but the system is named by."""
    wrappers: tuple[Unwrapped, ...] = ()
    """What is around every record, the outermost first."""
    by_line: bool = False
    """Whether no record is longer than a line."""
    spans: Spans | None = None
    """Makes the lines that are read, one of every span; None: they are those of the log."""
    divides: bool = False
    """Whether a line of the log is a trace, of whose spans each is read by itself."""
    texts: frozenset[bytes] = frozenset()
    """Keys of what its spans were given and answered, which are left out where nobody reads them."""
    by_brace: bool = False
    """Whether what is around records may be longer than a line, which then is no object from brace to brace."""

    @property
    def reads_texts(self) -> bool:
        """Whether a value is read, or tested, that may be one of the `texts`."""
        wanted = (*(path for path, _, _ in self.paths), *(path for path, _, _ in self.tests))
        return any(step is None or step in self.texts for path in wanted for step in path)


@runtime_checkable
class OfSpans(Protocol):
    """A reader of spans, of which the helper makes lines of its own: nothing may be around its documents."""

    makes_lines: bool

    def plan(self) -> Plan | None:
        """Return what the helper needs to count plain spans; None when it cannot."""
        ...
