"""Usual names of the fields of usage logs, and the values that each field can have."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT, MIN_RATE
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.records.service_tiers import Tier, tier_of
from leverwatch.collectors.records.timestamps import parse_time
from leverwatch.collectors.records.vocabulary import operation_of, status_of
from leverwatch.collectors.sniffing.name_words import loose_rank
from leverwatch.collectors.sniffing.numerals import Scalar

_MOST_WORDS = 4
_HITS = frozenset({"true", "false", "hit", "miss", "yes", "no", "none", "semantic hit"})
_VERDICTS = frozenset({"true", "false", "valid", "invalid", "pass", "passed", "fail", "failed"})
_SIGNS = r"\w@$€£¥₹₩₺₽%#:/.,()&+?'\u2019（）-"  # noqa: RUF001
_KEY = re.compile(f"[{_SIGNS}]+(?: [{_SIGNS}]+){{0,5}}")
_SEGMENT = re.compile(r"[./:]")
_FOREIGN = frozenset(
    {
        "account", "app", "application", "client", "config", "container", "customer", "device", "headers", "host",
        "k8s", "kubernetes", "org", "organization", "pod", "project", "settings", "team", "tenant", "tool",
        "tools", "user", "users",
    }
)  # fmt: skip
"""Names of objects whose contents describe something else than the call."""
_TYPES = frozenset(
    {"S", "N", "M", "L", "BOOL", "NULL", "$numberLong", "$numberInt", "$numberDouble", "$date", "$oid"}
)
"""Keys that say of which type the value in them is, as exports of document stores have them."""
_WEAK = frozenset({"id", "uuid"})
"""Names that mean the record only at its top level."""


LED = "\0key"
"""The key under which the keys that led to a record stand while it is looked at: no log has it."""


def is_count(value: Scalar) -> bool:
    """Whether the value is a whole number that a count can be."""
    return is_amount(value) and float(value) <= MAX_COUNT and float(value).is_integer()


def is_amount(value: Scalar) -> bool:
    """Whether the value is a number that an amount can be."""
    if isinstance(value, bool):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    return math.isfinite(number) and 0 <= number <= MAX_AMOUNT


def _is_rate(value: Scalar) -> bool:
    return is_amount(value) and MIN_RATE <= float(value) <= 1


def is_time(value: Scalar) -> bool:
    """Whether the value is a plausible time of an inference."""
    return parse_time(value, UTC) is not None


def _is_name(value: Scalar) -> bool:
    return isinstance(value, str) and is_usable(value) and 0 < len(value.split()) <= _MOST_WORDS


def _is_id(value: Scalar) -> bool:
    if isinstance(value, str):
        return _is_name(value) and len(value.split()) == 1
    return isinstance(value, int) and not isinstance(value, bool)


def _is_outcome(value: Scalar) -> bool:
    return not isinstance(value, float) and status_of(value) is not None


def _is_operation(value: Scalar) -> bool:
    return isinstance(value, str) and operation_of(value) is not None


def _is_one_of(words: frozenset[str]) -> Callable[[Scalar], bool]:
    return lambda value: (
        isinstance(value, bool) or value in (0, 1) or (isinstance(value, str) and value.strip().lower() in words)
    )


def _is_tier(value: Scalar) -> bool:
    """Whether it is a word for a tier of service; customers of a product have tiers of other names."""
    return isinstance(value, str) and bool(value.strip()) and tier_of(value) is not Tier.OTHER


@dataclass(frozen=True, slots=True)
class Known:
    """How a field is recognised: by names and by a test of its values."""

    names: str
    """Names without underscores, the best first. Two consecutive keys form one name: `response.model` is
    `responsemodel`."""
    fits: Callable[[Scalar], bool]
    exact: bool = False
    """Whether every value has to pass the test, as one that does not would be shown or cost its record."""


KNOWN: Mapping[str, Known] = {
    "time": Known(
        "time starttime startedat requeststart requesttimestamp createdat created timestamp ts datetime date"
        " requesttime eventtime loggedat loggingtime endtime endedat completedat finishedat receivedat",
        is_time,
    ),
    "model": Known("responsemodel modelserved model modelname modelid llmmodel engine llm deployment requestmodel"
                   " modelversion",
                   _is_name, exact=True),
    "request_id": Known(
        "requestid reqid callid completionid responseid generationid inferenceid messageid xrequestid id uuid"
        " correlationid spanid", _is_id, exact=True,
    ),
    "operation": Known("operation operationname calltype requesttype endpointtype op spankind task type kind",
                       _is_operation, exact=True),
    "status": Known("status outcome result success ok succeeded statuscode httpstatus responsestatus state"
                    " resultcode returncode exitcode exitstatus exit rc ret retcode res verdict st disposition",
                    _is_outcome, exact=True),
    "input_tokens": Known(
        "inputtokens prompttokens inputtokencount prompttokencount tokensin intokens contexttokens numprompttokens"
        " numinputtokens tokensinput tokensprompt usageinput usageprompt usagein tokencountprompt tokencountinput"
        " promptevalcount input",
        is_count,
    ),
    "cached_input_tokens": Known(
        "cachedinputtokens inputcachedtokens cachedprompttokens cachedtokens cachereadinputtokens cachereadtokens"
        " cachedcontenttokencount cachedtokencount tokenscached usagecached"
        " cacheread cached cacher cacherd", is_count,
    ),
    "output_tokens": Known(
        "outputtokens completiontokens outputtokencount completiontokencount candidatestokencount generatedtokens"
        " tokensout outtokens numcompletiontokens numoutputtokens tokensoutput tokenscompletion usageoutput"
        " usagecompletion usageout tokencountcompletion tokencountoutput evalcount output", is_count,
    ),
    "cost_usd": Known(
        "costusd usd usdcost totalcostusd cost responsecost totalcost spend price costtotal costsum costamount"
        " spendtotal totalspend requestcost callcost completioncost generationcost", is_amount,
    ),
    "latency_ms": Known(
        "latencyms latms durationms elapsedms responsetimems requestdurationms totaldurationms timems"
        " latencymillis durationmillis latencymilliseconds durationmilliseconds", is_amount,
    ),
    "trace_id": Known("traceid", _is_id, exact=True),
    "inferences": Known(
        "inferences nummodelrequests numrequests requestcount requests calls ncalls successfulrequests"
        " successfulcalls succeededrequests",
        is_amount,
    ),
    "sample_rate": Known("samplerate samplingrate", _is_rate),
    "cache_hit": Known("cachehit gatewaycachehit fromcache cached", _is_one_of(_HITS), exact=True),
    "tier": Known("servicetier traffictype tier", _is_tier, exact=True),
    "attempts": Known("attempts numattempts attemptcount tries", is_amount),
    "cache_write_tokens": Known(
        "cachewritetokens cachewriteinputtokens cachecreationinputtokens cachecreationtokens cachewrite"
        " cachecreation cachewritten cachew cachewr", is_count
    ),
    "cache_write_1h_tokens": Known("ephemeral1hinputtokens cachewrite1htokens", is_count),
    "reasoning_tokens": Known(
        "reasoningtokens reasoningoutputtokens thinkingtokens thoughtstokencount thoughtstokens", is_count
    ),
    "valid": Known("valid isvalid outputvalid schemavalid", _is_one_of(_VERDICTS), exact=True),
    "schema_mode": Known("schemamode", _is_one_of(frozenset({"json_schema", "json_object", "text"})), exact=True),
    "finish_reason": Known("finishreason stopreason donereason", _is_name, exact=True),
    "static_input_tokens": Known("staticinputtokens staticprompttokens", is_count),
}  # fmt: skip
"""The fields, in the order in which paths are assigned to them."""

COUNTS = frozenset(name for name, known in KNOWN.items() if known.fits is is_count)
"""The fields that are whole numbers."""

SYSTEMS = (
    "system", "app", "application", "service", "servicename", "feature", "product", "team", "teamid", "project",
    "svc", "tenant", "tenantid", "workspace", "workspaceid", "namespace", "department",
)  # fmt: skip
"""Names of values that may tell systems apart."""
DURATIONS = (
    "latency", "duration", "elapsed", "responsetime", "took", "timetaken", "requestduration", "totalduration",
    "totaltime", "latencyms", "runtime", "walltime", "elapsedtime", "responseduration", "processingtime",
    "requesttime",
)  # fmt: skip
"""Names of durations whose unit may not be clear from the name."""
FAILURES = (
    "error",
    "errortype",
    "errorcode",
    "errorclass",
    "errorname",
    "errorkind",
    "exception",
    "exceptiontype",
    "iserror",
    "failed",
    "errormessage",
    "errormsg",
    "err",
    "fehler",
    "fehlermeldung",
    "erreur",
    "failurereason",
    "errorreason",
    "errors",
    "haserror",
    "errored",
    "didfail",
    "isfailed",
    "failure",
    "errtype",
    "errmessage",
    "errcode",
    "errname",
    "errmsg",
    "exceptionmessage",
    "exceptionclass",
    "exceptionname",
)
"""Names of values that only failed calls have, or that are true for these. They are not statuses."""

_LOOSE = 100
"""The rank from which on only the words of a name tell."""
_RANKS = {field: {name: at for at, name in enumerate(known.names.split())} for field, known in KNOWN.items()}


@lru_cache(maxsize=1 << 16)
def rank(field: str, path: Path) -> int | None:
    """Return how well a path's name fits a field, 0 being best; None when it does not."""
    known = _rank(_RANKS[field], path)
    if known is not None or _is_foreign(path):
        return known
    loose = loose_rank(field, path)
    return None if loose is None else _LOOSE + loose


def is_called(names: Iterable[str], path: Path) -> bool:
    """Whether the path has one of these names."""
    return _rank(dict.fromkeys(names, 0), path) is not None


@lru_cache(maxsize=1 << 14)
def _parts(path: Path) -> tuple[str, ...]:
    # A database writes the type of a value as a key of its own, which names nothing.
    keys = [key for key in path if key not in _TYPES] if len(path) > 1 else path
    # Columns that have one name are numbered.
    return tuple(re.sub(r"#\d$|[\W_]", "", part).lower() for key in keys or path for part in _SEGMENT.split(key))


def _is_foreign(path: Path) -> bool:
    return not _FOREIGN.isdisjoint(_parts(path)[:-1])


def _rank(ranks: Mapping[str, int], path: Path) -> int | None:
    words = _parts(path)
    if _FOREIGN.intersection(words[:-1]):
        return None
    both = ranks.get("".join(words[-2:]))
    if both is not None or (len(words) > 1 and words[-1] in _WEAK):
        return both
    return ranks.get(words[-1])


def is_plain(path: Path) -> bool:
    """Whether the keys of a path look like names of fields, and not like values used as keys."""
    return all(len(key) <= 64 and (key in ("*", LED) or _KEY.fullmatch(key)) for key in path)
