"""The questions in PromQL that tell how counters grew. Pure.

Nothing is added up or rated on the server: `increase` extrapolates, and a sum hides what starts anew.
What is asked for is the running total of each series at each midnight, and whether it started anew in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from leverwatch.collectors.sources.prometheus.config import Counter
from leverwatch.collectors.sources.prometheus.selectors import Selector, quoted

PART = "leverwatch_part"
"""The label that says what a series of an answer is."""
DAY, HOUR = 86_400, 3_600
_UNITS = (("d", DAY), ("h", HOUR), ("m", 60), ("s", 1))
_TARGET = "on (job, instance)"
_WRITER = "on (job, instance, exported_job, exported_instance, pod)"


def duration(length: float) -> str:
    """Return a length in seconds as PromQL has it."""
    whole = int(length)
    for unit, size in _UNITS:
        if whole % size == 0:
            return f"{whole // size}{unit}"
    raise AssertionError


def parts(counters: Sequence[Counter]) -> Iterator[tuple[str, Selector]]:
    """Yield the selectors of all that is read, each with the place of its counter and of its name as a text."""
    for at, counter in enumerate(counters):
        for choice, selector in enumerate(counter.selectors):
            yield f"{at}.{choice}", selector


def place_of(part: str) -> tuple[int, int]:
    """Return the place of the counter, and that of its name among those of the counter."""
    at, _, choice = part.partition(".")
    return int(at), int(choice)


def marked(kind: str, part: str, query: str) -> str:
    """Return a query whose series say what they are."""
    return f'label_replace({query}, {quoted(PART)}, {quoted(f"{kind} {part}")}, "", "")'


def together(queries: Iterable[str]) -> str:
    """Return one query for the series of several; these differ by their mark."""
    return "\nor ".join(queries)


def totals(counters: Sequence[Counter], gap: int, length: int) -> str:
    """Return the query for the running totals: the last sample within `gap` seconds.

    Where a counter has several names, also for those that lay beside an earlier one within the last `length`
    seconds.
    """
    found = []
    for part, selector in parts(counters):
        found.append(marked("total", part, f"last_over_time({selector}[{duration(gap)}])"))
        at, choice = place_of(part)
        if choice:
            before = " or ".join(str(it) for it in counters[at].selectors[:choice])
            # Every five minutes is enough, as names change with the process that writes them.
            beside = f"count_over_time(({selector} and {_WRITER} ({before}))[{duration(length)}:5m])"
            found.append(marked("beside", part, beside))
    return together(found)


def fresh(counters: Sequence[Counter]) -> str:
    """Return the query for the samples of the last minutes, of replicas that are not behind."""
    return together(marked("now", part, str(selector)) for part, selector in parts(counters))


def resets(selector: Selector, gap: int, length: int) -> str:
    """Return the query for series that started anew within the last `length` seconds.

    Also between the last sample before and the first one after: two windows with one beginning differ by exactly
    the pairs of samples whose second one lies in the `length`.
    """
    whole = f"resets({selector}[{duration(gap + length)}])"
    before = f"resets({selector}[{duration(gap)}] offset {duration(length)})"
    return f"({whole} - ({before} or 0 * {whole})) > 0"


def restarts(counters: Sequence[Counter], gap: int, length: int) -> str:
    """Return the query for all series that started anew."""
    return together(marked("reset", part, resets(selector, gap, length)) for part, selector in parts(counters))


def hours(parts_of: Iterable[tuple[str, Selector]], gap: int, length: int) -> str:
    """Return the query for spans of `length` seconds in which series started anew, and their total before each."""
    found = []
    for part, selector in parts_of:
        anew = resets(selector, gap, length)
        found.append(marked("reset", part, anew))
        found.append(
            marked(
                "before", part, f"last_over_time({selector}[{duration(gap)}] offset {duration(length)}) and {anew}"
            )
        )
    return together(found)


def presence(counter: Counter, witness: Sequence[Selector], up: Selector | None, bucket: int) -> str:
    """Return the query for when there are samples: of the counter, of the witness, and of the targets."""
    within = f"[{duration(bucket)}]"

    def any_of(selectors: Sequence[Selector]) -> str:
        return " or ".join(f"last_over_time({it}{within})" for it in selectors)

    found = [
        marked("seen", "0", f"group({any_of(counter.selectors)})"),
        marked("witness", "0", f"group({any_of(witness)})"),
    ]
    if up is not None:
        found.append(marked("down", "0", f"(1 - avg(last_over_time({up}{within}))) > 0"))
    return together(found)


def old_processes(start: Selector, gap: int, length: int) -> str:
    """Return the query for processes that are older than the last `length` seconds, by when they say they started.

    What those that were not scraped before had counted by then is of no day that is known. Of the others, what is
    new may have been there under other labels.
    """
    old = f"min_over_time({start}[{duration(length)}]) < time() - {length}"
    before = f"last_over_time({start}[{duration(gap)}] offset {duration(length)})"
    return together(
        (
            marked("old", "0", f"{old} unless {_TARGET} {before}"),
            marked("running", "0", f"({old}) and {_TARGET} {before}"),
        )
    )


def firsts(counters: Sequence[Counter], length: int) -> str:
    """Return the query for the smallest sample of the last `length` seconds: the first, where none began anew."""
    return together(
        marked("first", part, f"min_over_time({selector}[{duration(length)}])")
        for part, selector in parts(counters)
    )
