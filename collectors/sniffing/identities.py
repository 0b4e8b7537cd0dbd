"""Finds the id of a call, and ids that several records share. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, fits
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.name_words import words_of

_AGAIN = 0.01
_WHOLE = 0.99
_OF_RECORDS = (
    "eventid", "eventuuid", "deliveryid", "recordid", "logid", "entryid", "insertid", "dedupid", "dedupkey",
    "deduplicationid", "idempotencykey", "msgid", "rowid", "usageid", "transactionid", "invocationid",
)  # fmt: skip
"""Names of ids that each record has one of, so that a record which is delivered again has that of the first."""
_IDS = frozenset({"id", "uuid", "guid", "ulid", "key", "nr", "no", "number", "hash", "etag", "digest", "offset"})


def set_identity(draft: Draft) -> list[Path]:
    """Map the id of a call. Returns the paths of ids that different records share, which are not mapped."""
    fitting = [path for path in draft.named("request_id") if draft.fits("request_id", path)]
    shared = [path for path in fitting if _repeats(draft, path)]
    single = [path for path in fitting if path not in shared]
    if single:
        draft.set("request_id", draft.spell(single[0]), single[0])
        draft.others["request_id"] = tuple(single[1 : MOST_OTHERS + 1])
    elif shared or not _set_id_of_records(draft):
        _same_records(draft)
    return shared


def _set_id_of_records(draft: Draft) -> bool:
    """Map an id that every record has, and that is the same only in equal records. Returns whether there is one.

    By its name it may be one, or it is the only explanation of records that came twice.
    """
    again = len(draft.columns) - _different(draft)
    fitting = [
        path
        for path, column in draft.columns.of.items()
        if draft.is_free(path)
        and draft.columns.share(path) >= _WHOLE
        and fits("request_id", column)
        and not _repeats(draft, path)
    ]
    named = [path for path in fitting if is_called(_OF_RECORDS, path)]
    alike = [path for path in fitting if again and not _IDS.isdisjoint(words_of(path[-1])[-1:])]
    for path in (*named, *alike):
        distinct = len({str(value).strip() for value in draft.columns.of[path].values})
        if distinct == _different(draft):
            draft.set("request_id", draft.spell(path), path)
            if again:
                draft.prove("request_id", f"{again} records came twice, each with the same {draft.spell(path)}")
            return True
    return False


def _different(draft: Draft) -> int:
    """Return how many records say something else than every earlier one."""
    return len({frozenset(record.items()) for record in draft.columns.records})


def _repeats(draft: Draft, path: Path) -> bool:
    """Whether different records share a value: then it is not the id of a call, or they are parts of a stream."""
    seen: dict[str, int] = {}
    records = draft.columns.records
    return any(
        records[seen.setdefault(str(value).strip(), at)] != records[at]
        for at, value in draft.columns.of[path].by_record.items()
    )


def _same_records(draft: Draft) -> None:
    """Say how many records came twice, where no id tells whether that is one call."""
    again = len(draft.columns) - _different(draft)
    if again > _AGAIN * len(draft.columns) and len(draft.columns) > MOST_OTHERS:
        draft.doubt(
            "inferences",
            f"{again} of {len(draft.columns)} records of the sample say the same as an earlier one, and no id"
            " tells"
            " whether they are the same call; each counts",
        )
