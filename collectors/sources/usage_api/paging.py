"""Follows the pages of an answer to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from leverwatch.collectors.daily.errors import SchemaDiffers, TimedOut
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.sources.usage_api.interface import Page, Question, UsageApi, Wish

MOST_PAGES = 1000
"""Of one answer; more have no end."""
MOST_ROWS = 500_000
"""Of all pages of an answer together."""
_MOST_IDLE = 10
"""Pages in a row of which every call came before: as many mean that the server does not go on."""


def pages(
    api: UsageApi, first: Question, wish: Wish, place: str, fetch: Callable[[Question], bytes]
) -> Iterator[Page]:
    """Yield what every page of the answer to a question says.

    Args:
        api: whose pages they are.
        first: asks for the first page.
        wish: what is asked for.
        place: the source, for messages.
        fetch: returns the body of the answer to a question.

    Raises:
        SchemaDiffers: a page is not as documented.
        SourceUnavailable: the pages have no end.
        TimedOut: there are too many of them.
        CollectorError: what `fetch` raised.
    """
    left, rows = [first], 0
    asked: list[Question] = []
    ids: set[str] = set()
    idle = 0
    while left:
        question = left.pop(0)
        if question in asked:
            raise SourceUnavailable(f"{place}: {first.what}: the answer does not end: a page comes again")
        if len(asked) >= MOST_PAGES or rows > MOST_ROWS:
            # As one that takes too long: the next run asks for fewer days.
            raise TimedOut(
                f"{place}: {first.what}: the answer has more than {MOST_PAGES} pages or {MOST_ROWS:,} rows"
            )
        asked.append(question)
        body = fetch(question)
        try:
            page = api.read(question, body, wish)
        except ValueError as error:
            raise SchemaDiffers(f"{place}: {question.what}: {error}") from None
        rows += len(page.usage) + len(page.billed)
        told = [one.id for one in page.usage if one.id is not None]
        # A page may repeat some calls, when others arrived before them while the pages were read.
        idle = idle + 1 if told and ids.issuperset(told) else 0
        if idle >= _MOST_IDLE:
            raise SourceUnavailable(f"{place}: {first.what}: the answer does not end: the same calls come again")
        ids.update(told)
        yield page
        left = [*([page.following] if page.following is not None else []), *page.further, *left]
