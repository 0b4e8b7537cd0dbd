"""Maps an outcome that is a word with details behind it, as `Failed (429)`. Pure."""

from __future__ import annotations

import re

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.failures import with_output
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import is_word, outcome_of

_HEAD = re.compile(r"([^\W\d_]+|[2-5]\d\d)(?=$|[\s:;,(\[/|\u2013\u2014-])")
_MOST_WORDS = 12
_OTHERS = 0.1


def set_detailed(draft: Draft, path: Path, column: Column) -> bool:
    """Map a column whose successes are words and whose other values begin with a word of failure, if it is one.

    Returns whether it is: what succeeds is listed, and whatever else stands there is a failure.
    """
    values = list(dict.fromkeys(column.values))
    good = [value for value in values if is_word(value) and outcome_of(value) is CallStatus.SUCCESS]
    bad = [value for value in values if value not in good]
    if not good or not bad or len(good) > _MOST_WORDS or not all(map(_fails, bad)):
        return False
    failed = {at for at, value in column.by_record.items() if value in bad}
    if len(failed & with_output(draft)) > _OTHERS * len(failed):
        return False
    draft.set("status", {"path": draft.spell(path), "success": good, "error": {"present": True}}, path)
    draft.doubt(
        "status",
        f"{len(failed)} records whose {draft.spell(path)} begins with a word of failure are taken for failed"
        f" calls, as would be all that have another text than {', '.join(map(str, good))}",
    )
    return True


def _fails(value: Scalar) -> bool:
    found = _HEAD.match(str(value).strip())
    return found is not None and outcome_of(found[1]) is CallStatus.ERROR
