"""Proposes a pattern and a field map for lines of text that a program writes in one form. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.records.formats.interface import Repeats, Units
from leverwatch.collectors.records.shapes.lines import LONGEST, plain, values_of
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.answered_lines import answers_in
from leverwatch.collectors.sniffing.api_lines import api_requests_in, failed_requests_beside, notes_on_requests
from leverwatch.collectors.sniffing.bare_columns import bare_columns
from leverwatch.collectors.sniffing.cached_beside import with_cached
from leverwatch.collectors.sniffing.called_lines import called_in, labelled_in
from leverwatch.collectors.sniffing.chats import chat_in
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.drawn_tables import drawn_table
from leverwatch.collectors.sniffing.failed_lines import with_failures
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.gaps import MISSING
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.id_lines import joined_by_id
from leverwatch.collectors.sniffing.line_forms import MOST_FORMS, joined, with_failed_requests
from leverwatch.collectors.sniffing.line_patterns import pattern_of_lines
from leverwatch.collectors.sniffing.line_tokens import (
    LEVELS,
    PAIR,
    USUAL_TIME,
    Part,
    parts_of,
    speaks_of_tokens,
    tells,
)
from leverwatch.collectors.sniffing.line_tokens import Kind as PartKind
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.number_pairs import number_pairs_in
from leverwatch.collectors.sniffing.outcome_lines import outcomes_in
from leverwatch.collectors.sniffing.reading import spread
from leverwatch.collectors.sniffing.requests_named import with_models
from leverwatch.collectors.sniffing.sum_row import SUMS
from leverwatch.collectors.sniffing.text_blocks import HEADER, blocks_in
from leverwatch.collectors.sniffing.text_pairs import BARE
from leverwatch.collectors.sniffing.timed_lines import timed_in
from leverwatch.collectors.sniffing.transcripts import transcript_in
from leverwatch.collectors.sniffing.turned_lines import turned_in
from leverwatch.collectors.sniffing.words import Kind, kind_of, outcome_of

_MOST_LINES = 4000
_FEWEST = 2
_MADE_UP = re.compile(r"(?:word|text)(?:_\d+)?")
_PAIR = "_".join(PAIR.split())
_COST = frozenset({"cost", "costs", "usd", "price", "spend", "spent"})
_OF_ERRORS = "other lines tell of an error"
_MAIN = frozenset({"model", "input_tokens", "output_tokens", "cost_usd"})


def lines_in(units: Units) -> FieldGuess | None:
    """Return a pattern with a field map for the lines among texts that tell calls; None where they are no such
    log."""
    texts = texts_of(units)
    table = drawn_table(texts)
    if table is not None:
        return _proposed(texts, table, [])
    parts = [parts_of(text) for text in texts]
    told = [it for it in parts if speaks_of_tokens(it)]
    if len(told) < _FEWEST:
        turns = transcript_in(texts) or api_requests_in(texts)
        if turns is not None:
            requests = sum(re.search(turns, text) is not None for text in texts)
            turned = turned_in(texts, 2 * requests)
            asked = None if turned is not None else _proposed(texts, turns, parts)
            return turned if asked is None else with_models(asked, texts)
        found = _blocks(texts) or answers_in(texts)
        told = [] if found is not None else [it for it in parts if _tells_model_and_cost(it)]
        if len(told) < _FEWEST or found is not None:
            return found or number_pairs_in(texts) or _called(texts) or _others(texts)
    form, _ = Counter(map(tells, told)).most_common(1)[0]
    clock = next(iter(units.times), None) if units.times and all(units.times) else None
    pattern = pattern_of_lines([it for it in told if tells(it) == form], timed=clock is not None)
    if pattern is not None and "(?P<time>" not in pattern:
        # What stands around the lines has their time, unless one has a time of its own.
        start = "^" if pattern.startswith("^") else ""
        pattern = rf"{start}(?:(?P<time>{USUAL_TIME})\s++)?+{pattern.removeprefix('^')}"
    found = None if pattern is None else _proposed(texts, with_cached(texts, pattern), parts, clock)
    by_id = None if found is None or pattern is None else joined_by_id(_alone(texts, pattern) or found, texts)
    if by_id is not None:
        return by_id
    if clock is None and (found is None or not _tells_failures(found)):
        found = _of_forms(texts, told, parts) or found
    return None if found is None else _beside_requests(found, texts, told, parts)


def _alone(texts: Sequence[str], pattern: str) -> FieldGuess | None:
    """Return the field map of the lines that a pattern fits, as if there were no others."""
    return _proposed([text for text in texts if re.search(pattern, text)], pattern, [])


def texts_of(units: Units) -> list[str]:
    """Return the lines of a sample that are text."""
    return [text for text in map(_text, spread(units.units, _MOST_LINES)) if text]


def _beside_requests(
    fields: FieldGuess, texts: Sequence[str], told: Sequence[Sequence[Part]], parts: Sequence[Sequence[Part]]
) -> FieldGuess:
    """Return the field map with the requests to the API of a model that failed, or with what is to be said of
    requests: where as many succeeded as lines tell tokens, in whatever forms, these lines are the calls."""
    failed = failed_requests_beside(texts, len(told))
    if failed is None:
        return _with_requests(fields, texts)
    counted = sum(re.search(str(fields.extras.get("pattern")), text) is not None for text in texts)
    calls = fields if counted == len(told) else _of_forms(texts, told, parts, frozenset({"time"}))
    found = None if calls is None else with_failed_requests(calls, *failed)
    if found is None:
        return _with_requests(fields, texts)
    fitting = [re.search(str(found.extras["pattern"]), text) for text in texts]
    others = [it for it in _rest(texts, fitting, parts)[1:] if it.startswith("status:")]
    return replace(found, notes=(*(it for it in found.notes if _OF_ERRORS not in it), *others))


def _tells_failures(fields: FieldGuess) -> bool:
    status = fields.fields.get("status")
    return status is not None and not (isinstance(status, Mapping) and "error" not in status)


def _of_forms(
    texts: Sequence[str],
    told: Sequence[Sequence[Part]],
    parts: Sequence[Sequence[Part]],
    needed: frozenset[str] | None = None,
) -> FieldGuess | None:
    """Return one field map for all lines that tell tokens, where they are written in several forms.

    Args:
        texts: all lines.
        told: the parts of those that tell tokens.
        parts: the parts of all lines.
        needed: the fields of each form; None: its time and both tokens, and no other line tells of an error.
    """
    forms: dict[tuple[tuple[str, ...], bool], list[Sequence[Part]]] = {}
    for it in told:
        named = any(part.kind is PartKind.VALUE and looks_like_model(part.text) for part in it)
        forms.setdefault((tells(it), named), []).append(it)
    if not 2 <= len(forms) <= MOST_FORMS:
        return None
    made = []
    for lines in forms.values():
        pattern = pattern_of_lines(lines)
        own = ["".join(part.text for part in it) for it in lines]
        found = None if pattern is None else _proposed(own, pattern, [])
        made += [] if found is None else [found]
    found = joined(made, texts) if needed is None else joined(made, texts, needed)
    if found is None:
        return None
    rest = _rest(texts, [re.search(str(found.extras["pattern"]), text) for text in texts], parts)[1:]
    if needed is None and any(note.startswith("status:") for note in rest):
        return None  # other readings may tell failed calls
    return replace(found, notes=(*found.notes[:1], *rest, *found.notes[1:]))


def _others(texts: Sequence[str]) -> FieldGuess | None:
    return outcomes_in(texts) or timed_in(texts) or _chat(texts) or turned_in(texts) or _bare(texts)


def _bare(texts: Sequence[str]) -> FieldGuess | None:
    columns = bare_columns(texts)
    found = None if columns is None else _proposed(texts, columns.pattern, [])
    return None if found is None or columns is None else replace(found, notes=(*columns.notes, *found.notes))


def _with_requests(fields: FieldGuess, texts: Sequence[str]) -> FieldGuess:
    """Say that more lines tell of requests to the API of a model than tell of tokens."""
    pattern = fields.extras.get("pattern")
    counted = sum(re.search(str(pattern), text) is not None for text in texts)
    return replace(fields, notes=(*notes_on_requests(texts, counted), *fields.notes))


def _called(texts: Sequence[str]) -> FieldGuess | None:
    pattern = called_in(texts) or labelled_in(texts)
    return None if pattern is None else _proposed(texts, pattern, [])


def _tells_model_and_cost(parts: Sequence[Part]) -> bool:
    """Whether a line names a model, and has a cost."""
    named = any(it.kind in (PartKind.VALUE, PartKind.WORD) and looks_like_model(it.text) for it in parts)
    paid = any(not _COST.isdisjoint(words_of(name)) for name in tells(parts))
    return named and paid and any(it.kind is PartKind.TIME for it in parts)


def tells_more(lines: FieldGuess, pairs: FieldGuess) -> bool:
    """Whether a pattern finds all that pairs tell of a line, and its model, tokens or cost beside."""
    found = _MAIN & lines.fields.keys()
    return found > _MAIN & pairs.fields.keys() and _leave_out_nothing(pairs)


def _leave_out_nothing(pairs: FieldGuess) -> bool:
    """Whether pairs leave out no lines but those without a value that they map, as a pattern does too."""
    mapped = {it for it in pairs.fields.values() if isinstance(it, str)}
    tokens = all(it == {"present": True} and path in mapped for path, it in pairs.only.items())
    return tokens and not pairs.excluded


def tells_more_failures(lines: FieldGuess, calls: FieldGuess | None, units: Units) -> bool:
    """Whether a pattern finds as many answered calls as another one that tells no failed ones, and failed ones
    beside them."""
    if calls is None or _tells_failures(calls) or not _tells_failures(lines):
        return False
    if not _MAIN & lines.fields.keys() >= _MAIN & calls.fields.keys() or "inferences" in calls.fields:
        return False
    own, other = (re.compile(str(it.extras.get("pattern"))).search for it in (lines, calls))
    answered = [match for text in texts_of(units) if (match := own(text)) and not match.groupdict().get("error")]
    return len(answered) == sum(other(text) is not None for text in texts_of(units))


def tells_calls_apart(lines: FieldGuess, pairs: FieldGuess) -> bool:
    """Whether a pattern finds all that pairs tell, where these take lines that only name a model for calls too, or
    read the tokens of one form of several."""
    if lines.repeats is not pairs.repeats:
        return lines.repeats is Repeats.VERSIONS  # joined by an id that no pair tells
    if "failed_status" in str(lines.fields.get("status")):
        return True  # requests that failed, which pairs do not read
    silent = any(BARE in note for note in pairs.notes)
    in_forms = isinstance(lines.fields.get("input_tokens"), list) and any(MISSING in it for it in pairs.notes)
    in_forms = in_forms and ("status" in lines.fields or "status" not in pairs.fields)
    return (silent or in_forms) and _MAIN & lines.fields.keys() >= _MAIN & pairs.fields.keys() and not pairs.only


def _text(unit: bytes) -> str:
    try:
        return plain(unit)[:LONGEST]
    except UnicodeDecodeError:
        return ""


def _proposed(
    texts: Sequence[str], pattern: str, parts: Sequence[Sequence[Part]], clock: str | None = None
) -> FieldGuess | None:
    found = [re.search(pattern, text) for text in texts]
    records = [values_of(match) for match in found if match is not None]
    names = _by_values(records)
    for old, new in names.items():
        pattern = pattern.replace(f"(?P<{old}>", f"(?P<{new}>")
    records = [{names.get(name, name): value for name, value in it.items()} for it in records]
    sums = [it for it in records if it.get("model", "").strip(":").lower() in SUMS]
    calls = [it for it in records if it not in sums] if 2 * len(sums) < len(records) else records
    fields = propose([leaves(it) for it in calls], clock=clock, day_first=False)
    if fields is None:
        return None
    if sums and len(calls) < len(records) and fields.fields.get("model") == "model":
        fields = _without_sums(fields, list(dict.fromkeys(it["model"] for it in sums)), len(sums))
    failing = _with_failures(texts, pattern, fields, records, parts)
    if failing is not None:
        return failing
    notes = [*_rest(texts, found, parts)]
    if any(str(fields.fields.get(name)).startswith(_PAIR) for name in ("input_tokens", "output_tokens")):
        notes.append("input_tokens: two numbers of tokens that are written as one are taken as input and output")
    return replace(fields, notes=(*notes, *fields.notes), extras={"pattern": pattern, **fields.extras})


def _without_sums(fields: FieldGuess, words: Sequence[str], number: int) -> FieldGuess:
    note = (
        f"not: {number} lines with {', '.join(words)} in the place of a model are left out as sums of others; were"
        f" they calls, there would be {number} more"
    )
    return replace(fields, excluded={**fields.excluded, "model": [*words]}, notes=(note, *fields.notes))


def _with_failures(
    texts: Sequence[str],
    pattern: str,
    fields: FieldGuess,
    records: Sequence[Mapping[str, str]],
    parts: Sequence[Sequence[Part]],
) -> FieldGuess | None:
    """Return the field map of the same calls and of those that failed; None where no line tells of such ones, or
    a field says already how a call ended."""
    path, status = fields.fields.get("model"), fields.fields.get("status")
    time = fields.fields.get("time")
    timed = time == "time" or (isinstance(time, Mapping) and time.get("path") == "time")
    if not (path is None or isinstance(path, str)) or fields.only or fields.excluded or not timed:
        return None
    of_good = isinstance(status, Mapping) and "error" not in status
    is_good = isinstance(status, str) and all(_is_good(it.get(status)) for it in records)
    if not (status is None or of_good or is_good):
        return None
    wide = with_failures(texts, pattern, [it[path] for it in records if path is not None and path in it])
    if wide is None:
        return None
    calls = f"inferences: each of the {len(records)} lines of the sample with what the pattern has is one call"
    failed = (
        f"status: {wide.failed} other lines that {'name a model and ' if path else ''}tell of an error are taken"
        f" for failed calls; were they none, there would be {wide.failed} fewer errors"
    )
    rest = _rest(texts, [re.search(wide.pattern, text) for text in texts], parts)[1:]
    notes = [calls, failed, *rest]
    model = {} if path is None else {"model": [path, "failed_model"]}
    mapped = {**fields.fields, **model, "status": {"path": "error", "error": {"present": True}}}
    return replace(
        fields, fields=mapped, notes=(*notes, *fields.notes), extras={"pattern": wide.pattern, **fields.extras}
    )


def _is_good(word: str | None) -> bool:
    return word is None or outcome_of(word) is CallStatus.SUCCESS


def _blocks(texts: Sequence[str]) -> FieldGuess | None:
    """Return a pattern of the times above questions and answers: each is one call."""
    records = blocks_in(texts)
    fields = None if records is None else propose([leaves(it) for it in records], day_first=False)
    if fields is None:
        return None
    note = "inferences: each line with nothing but a time, below which a question and an answer stand, is one call"
    return replace(fields, notes=(note, *fields.notes), extras={"pattern": HEADER, **fields.extras})


def _chat(texts: Sequence[str]) -> FieldGuess | None:
    """Return a pattern of the lines of a chat that are calls."""
    chat = chat_in(texts)
    matches = [] if chat is None else [match for text in texts if (match := re.search(chat.pattern, text))]
    records = [{"time": match["time"], "question": "of a chat", "answer": "of a chat"} for match in matches]
    fields = propose([leaves(it) for it in records], day_first=False) if records else None
    if fields is None or chat is None:
        return None
    kept = [note for note in fields.notes if not note.startswith("inferences: no field tells a model")]
    return replace(fields, notes=(chat.note, *kept), extras={"pattern": chat.pattern, **fields.extras})


def _by_values(records: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return better names for values that have made-up ones, by what they are."""
    values: dict[str, list[str]] = {}
    for record in records:
        for name, value in record.items():
            values.setdefault(name, []).append(value)
    better: dict[str, str] = {}
    for name, those in values.items():
        # What stands behind `LLM call` may be how that ended.
        is_named = rank("model", (name,)) is not None and all(outcome_of(it) is not None for it in those)
        new = _kind(those) if is_named or _MADE_UP.fullmatch(name) else None
        if new is not None and new not in values and new not in better.values():
            better[name] = new
    return better


def _kind(values: Sequence[str]) -> str | None:
    if any(map(looks_like_model, values)):
        return "model"
    if all(value.lower() in LEVELS and outcome_of(value) is None for value in values) or any(
        value.lower() in {"info", "debug", "warning", "warn"} for value in values
    ):
        return "level"
    return "status" if all(outcome_of(value) is not None for value in values) else None


def _rest(
    texts: Sequence[str], found: Sequence[re.Match[str] | None], parts: Sequence[Sequence[Part]]
) -> list[str]:
    """Return what is to be said about lines that the pattern does not fit."""
    out = [at for at, match in enumerate(found) if match is None]
    fitting = len(texts) - len(out)
    notes = [f"inferences: each of the {fitting} lines of the sample that the pattern fits counts as one call"]
    speaking = [
        at for at in out if at < len(parts) and (speaks_of_tokens(parts[at]) or _tells_model_and_cost(parts[at]))
    ]
    if speaking:
        notes.append(
            f"inferences: {len(speaking)} other lines speak of tokens or a cost and do not fit the pattern; were"
            f" they calls, there would be {len(speaking)} more"
        )
    failed = [at for at in out if at not in speaking and _tells_error(texts[at])]
    if failed:
        notes.append(
            f"status: {len(failed)} {_OF_ERRORS} and do not fit the pattern; were they failed"
            f" calls, there would be {len(failed)} more errors"
        )
    return notes


def _tells_error(text: str) -> bool:
    return any(kind_of(word) is Kind.BAD for word in re.findall(r"[A-Za-z]+", text[:300]))
