"""Leaves out searches of the web and readers of documents, which are told like the calls of models. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.invariants.amounts import amounts
from leverwatch.collectors.sniffing.models import VENDORS
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar

_SEARCHES = word_set(
    "tavily serper serpapi serpstack brave duckduckgo ddg ddgs exa firecrawl searxng searx newsapi scraperapi"
    " apify googlesearch websearch kagi valyu linkup brightdata"
)
"""Words of services that search or read pages, and are no models."""
_PARSERS = word_set(
    "llamaparse unstructured docling textract tesseract pypdf pdfplumber pymupdf easyocr paddleocr tika marker"
    " mineru pdfminer"
)
"""Words of programs that turn documents into text, and are no models."""
_OTHERS = _SEARCHES | _PARSERS


def left_out_searches(draft: Draft) -> dict[Path, list[Scalar]]:
    """Return the models or providers that are services of searches or of documents and tell no tokens, while
    others do: what a call must not say."""
    told = {at for name in ("input_tokens", "output_tokens") for at, it in amounts(draft, name).items() if it > 0}
    if not told:
        return {}
    paths = [*draft.paths.get("model", ()), *(path for path in draft.columns.of if is_called(VENDORS, path))]
    for path in paths:
        values = draft.columns.of[path].by_record
        names = [it for it in dict.fromkeys(values.values()) if not _OTHERS.isdisjoint(words_of(str(it)))]
        at = {it for it, value in values.items() if value in names}
        if at and not at & told and len(at) < len(draft.columns):
            draft.doubt(
                "not",
                f"{len(at)} records whose {draft.spell(path)} is {', '.join(map(str, names))}, a service that"
                f" searches or reads documents and is no model, are left out; were they calls, there would be"
                f" {len(at)} more",
            )
            return {path: names}
    return {}
