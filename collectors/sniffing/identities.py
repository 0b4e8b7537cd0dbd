"""Finds the id of a call, and ids that several records share. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft

_AGAIN = 0.01


def set_identity(draft: Draft) -> list[Path]:
    """Map the id of a call. Returns the paths of ids that different records share, which are not mapped."""
    fitting = [path for path in draft.named("request_id") if draft.fits("request_id", path)]
    shared = [path for path in fitting if _repeats(draft, path)]
    single = [path for path in fitting if path not in shared]
    if single:
        draft.set("request_id", draft.spell(single[0]), single[0])
        draft.others["request_id"] = tuple(single[1 : MOST_OTHERS + 1])
    else:
        _same_records(draft)
    return shared


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
    seen = {frozenset(record.items()) for record in draft.columns.records}
    again = len(draft.columns) - len(seen)
    if again > _AGAIN * len(draft.columns) and len(draft.columns) > MOST_OTHERS:
        draft.doubt(
            "inferences",
            f"{again} of {len(draft.columns)} records of the sample say the same as an earlier one, and no id"
            " tells"
            " whether they are the same call; each counts",
        )
