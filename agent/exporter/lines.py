"""The text of metric families, in chunks. The lines of samples are the same in both formats, and written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeAlias

from prometheus_client import Metric, exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from leverwatch.agent.exporter.family import Family, S
from leverwatch.agent.exporter.packed import Packed

END = b"# EOF\n"
"""What ends OpenMetrics."""
_number: Callable[[float], str] = floatToGoString
_AT_ONCE = 4_000
"""Lines of a chunk. It is so large that its memory goes back to the system once it is free."""
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Text: TypeAlias = tuple[bytes, ...] | Packed
"""The lines of a family's samples: chunks, or packed."""


class Format(Enum):
    """An exposition format; the value is its content type."""

    TEXT = exposition.CONTENT_TYPE_PLAIN_0_0_4
    OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST


def choose_format(accept: str) -> Format:
    """Return the format for an Accept header, negotiated by the Prometheus client library.

    Escaping schemes and newer versions of the two formats are not offered, as no metric name needs them; the
    content type of the response says which format was sent.
    """
    try:
        _, content_type = exposition.choose_encoder(accept)
    except (TypeError, ValueError):  # the library compares a version that is no number
        return Format.TEXT
    return Format.OPENMETRICS if content_type.startswith("application/openmetrics-text") else Format.TEXT


@lru_cache(maxsize=1024)
def head(family: Family[Any], output: Format) -> bytes:
    """Return the lines with help and type that stand before the samples of a family."""
    name = family.name.removesuffix("_total") if family.type == "counter" else family.name
    collector = _Single(Metric(name, family.help, family.type))
    if output is Format.TEXT:
        return exposition.generate_latest(collector)
    rendered: bytes = openmetrics.generate_latest(collector)  # type: ignore[no-untyped-call]  # untyped in the library
    return rendered.removesuffix(END)


def chunks(family: Family[S], snapshot: S) -> Iterator[bytes]:
    """The lines of the samples of a family.

    What UTF-8 cannot encode, such as the lone surrogates that JSON allows, becomes a question mark: one would make
    every scrape fail.
    """
    lines = _lines(family, snapshot)
    while chunk := "".join(islice(lines, _AT_ONCE)):
        yield chunk.encode("utf-8", "replace")


def texts(
    families: Iterable[Family[S]], snapshot: S, before: Mapping[str, Text], most: int
) -> dict[Family[S], Text]:
    """Return the lines of every family that has a sample. When they are more than `most` bytes, all are packed.

    A family with the same lines as `before`, by name, shares them, so that two snapshots are rarely twice as
    large.
    """
    found: dict[Family[S], Text] = {}
    left = most
    for family in families:
        written = chunks(family, snapshot)
        text: Text = Packed.of(written) if left < 0 else tuple(written)
        if not isinstance(text, Packed):
            left -= sum(map(len, text))
            if left < 0:
                text = Packed.of(text)
                for other, chunked in found.items():
                    found[other] = _shared(other.name, Packed.of(chunked), before)  # type: ignore[arg-type]
        if text:
            found[family] = _shared(family.name, text, before)
    return found


def _shared(name: str, text: Text, before: Mapping[str, Text]) -> Text:
    known = before.get(name)
    return known if known is not None and known == text else text


def _lines(family: Family[S], snapshot: S) -> Iterator[str]:
    name = family.name
    if family.type == "counter" and not name.endswith("_total"):
        name += "_total"
    labels = family.labels
    if not labels:
        for _, value in family.samples(snapshot):
            yield f"{name} {_number(value)}\n"
        return
    # Both formats of the library have the labels in order of their names.
    order = sorted(range(len(labels)), key=labels.__getitem__)
    pairs = ",".join(f'{labels[at]}="%s"' for at in order)
    line = f"{name}{{{pairs}}} %s\n"
    if len(labels) == 1:
        for (label,), value in family.samples(snapshot):
            yield line % (label.translate(_ESCAPED), _number(value))
        return
    pick = itemgetter(*order)
    for given, value in family.samples(snapshot):
        yield line % (*[label.translate(_ESCAPED) for label in pick(given)], _number(value))


class _Single(Collector):
    """A collector of one metric."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        yield self._metric
