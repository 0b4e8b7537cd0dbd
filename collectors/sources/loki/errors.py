"""What errors of Loki mean, with what to fix. Pure.

Words are those of "Troubleshoot query errors" in its documentation. What Loki says is not repeated, as it quotes
the query.
"""

from __future__ import annotations

from leverwatch.collectors.daily.errors import PermissionRefused, SchemaDiffers, TimedOut
from leverwatch.collectors.errors import CollectorError

_REFUSED = (400, 413, 422, 500)
_MEANINGS: tuple[tuple[tuple[str, ...], type[CollectorError], str], ...] = (
    (("multiple org id",), SchemaDiffers, "it does not answer for several tenants at once; give each a source"),
    (("no org id",), SchemaDiffers, "it wants a tenant: `headers` with X-Scope-OrgID"),
    (
        ("missing required matchers", "less label matchers"),
        SchemaDiffers,
        "this tenant has to name more labels of streams; add them to the selector of `query`",
    ),
    (
        ("of series (", "number of series", "cardinality limit"),
        SchemaDiffers,
        "there are more names than it adds up (`max_query_series` of Loki); fewer labels in `system` and `labels`",
    ),
    (
        ("interval] value exceeds", "time range exceeds"),
        SchemaDiffers,
        "it does not answer about a whole day at once (`max_query_length` of Loki)",
    ),
    (
        ("too many bytes", "too large to execute", "number of chunks", "limit reached while", "streams matchers"),
        SchemaDiffers,
        "one day is more than it reads for a question; select fewer streams in `query`, or raise its limits",
    ),
    (
        ("blocked by policy", "querying is disabled"),
        PermissionRefused,
        "whoever runs it has blocked such queries, or all of them",
    ),
    (("timed out", "deadline exceeded"), TimedOut, "it did not have the answer in time (`query_timeout` of Loki)"),
    (
        ("parse error", "failed to parse", "instant query type", "invalid aggregation"),
        SchemaDiffers,
        "it cannot read the query; check the stages of `query` and `failed` (`check-source` shows all of it)",
    ),
)


class TooOld(SchemaDiffers):
    """A day is older than the server looks back: nothing is told of it."""


def meaning(place: str, status: int, said: bytes) -> CollectorError | None:
    """Return what an error means; None: what the status usually means.

    Args:
        place: the source, for messages.
        status: of the answer, 400 and more.
        said: the beginning of the answer.
    """
    if status not in (*_REFUSED, 401):
        return None
    text = said.decode("utf-8", "replace").lower()
    if "data is no longer available" in text:
        return TooOld(f"{place}: it looks back no further (`max_query_lookback` of Loki, status {status})")
    for words, kind, why in _MEANINGS:
        if any(it in text for it in words):
            return kind(f"{place}: {why} (status {status})")
    return None
