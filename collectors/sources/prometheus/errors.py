"""What errors and warnings of servers with the API of Prometheus mean, with what to fix. Pure.

Words are those of Prometheus, Thanos, Mimir and VictoriaMetrics. What a server says is not repeated, as it quotes
the question.
"""

from __future__ import annotations

from leverwatch.collectors.daily.errors import SchemaDiffers, TimedOut
from leverwatch.collectors.errors import CollectorError, SourceUnavailable

_TOO_MUCH = (
    "too many samples", "maxsamplesperquery", "max-samples", "maximum resolution", "maxpointspertimeseries",
    "too many points", "maxseries", "exceed", "resourceexhausted",
)  # fmt: skip
_OF_TENANT = "`headers` with X-Scope-OrgID"
_STORES = (
    "rpc error", "receive series from", "proxy series", "fetch series", "failed to receive any data", "no store",
    "unhealthy instances", "store-gateway",
)  # fmt: skip
_REFUSED = (400, 413, 422, 500)


def meaning(place: str, status: int, said: bytes) -> CollectorError | None:
    """Return what an error means; None: what the status usually means.

    Args:
        place: the source, for messages.
        status: of the answer, 400 and more.
        said: the beginning of the answer.
    """
    text = said.decode("utf-8", "replace").lower()
    if status in (400, 401, 422, 500) and (found := _of_tenant(place, status, text)) is not None:
        return found
    if status in (400, 422) and "labelset" in text:
        return SchemaDiffers(
            f"{place}: two series of one name have the same labels (status {status}); is it really one store?"
        )
    if "timed out" in text or (status == 503 and "timeout" in text):
        return TimedOut(f"{place}: the server did not have the answer in time (status {status})")
    if status in _REFUSED and any(it in text for it in _TOO_MUCH):
        return TimedOut(
            f"{place}: the server refuses so large a question (status {status}); ask for fewer days at once"
        )
    if status in (400, 422) and any(it in text for it in _STORES):
        return SourceUnavailable(f"{place}: a store behind the server did not answer (status {status})")
    if status == 499 or (status == 422 and "canceled" in text):
        return SourceUnavailable(f"{place}: the server gave the question up (status {status})")
    if status == 405:
        return SchemaDiffers(f"{place}: the server takes no such request (status 405); set `method`")
    if status == 414:
        return SchemaDiffers(f"{place}: the question is too long for an address (status 414); `method: post`")
    return None


def _of_tenant(place: str, status: int, text: str) -> CollectorError | None:
    if "multiple org id" in text:
        return SchemaDiffers(
            f"{place}: the server does not answer for several tenants at once (status {status}): it has to allow"
            " their federation, or each gets a source"
        )
    if "tenant id" in text:
        return SchemaDiffers(f"{place}: the server accepts no such tenant (status {status}): {_OF_TENANT}")
    if "org id" in text or "orgid" in text:
        return SchemaDiffers(f"{place}: the server wants a tenant: {_OF_TENANT} (status {status})")
    return None


def is_missing(warning: str) -> bool:
    """Return whether a warning says that something is missing in an answer.

    Remarks on the query are among the warnings of newer releases; of these, one says that samples were left out.
    """
    return not warning.startswith("PromQL") or "mix of histograms and floats" in warning
