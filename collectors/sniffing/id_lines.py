"""Joins lines of text that begin a call, and name its model, with those that end it, by an id in both. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.sniffing.failed_lines import FAILED, TIMED
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.models import looks_like_model

_WORD = re.compile(r"(?P<before>\w{0,20}[^\w\s]{0,3}[ ]?)(?<![\w.-])(?P<word>[A-Za-z0-9][\w-]{3,63})(?![\w.:-])")
_NAME = re.compile(r"(?<![\w./:-])[A-Za-z][\w.:/@-]{2,80}\w")
_ID = r"(?=[\w-]*\d)[A-Za-z0-9][\w-]{3,63}"
_BEGINNING = 200
"""Characters of a line within which its id is looked for."""
_FEWEST, _NEARLY, _MOST_SIGNS = 3, 0.9, 6
_FAILS = rf"(?:{FAILED}|(?<![\w.])[45]\d\d(?![\w.]))"
_KEPT = frozenset(
    {"time", "input_tokens", "output_tokens", "cached_input_tokens", "cost_usd", "latency_ms", "latency"}
)


@dataclass(frozen=True, slots=True)
class _Calls:
    """Which lines begin and end calls."""

    begun: Mapping[int, str]
    """The ids of the lines that name a model and tell no tokens."""
    answered: Mapping[int, str]
    """Those of the lines that tell tokens and name no model."""
    signs: tuple[str, ...]
    """What stands before an id."""


def joined_by_id(fields: FieldGuess, texts: Sequence[str]) -> FieldGuess | None:
    """Return the field map of answers with the model that lines before them name, as versions of one call.

    None where the answers name a model themselves, or no id joins nearly all of them with such a line.

    Args:
        fields: a field map of the lines that tell tokens, with a pattern.
        texts: all lines.
    """
    pattern = str(fields.extras.get("pattern"))
    time = TIMED.match(pattern)
    told = {name: it for name, it in fields.fields.items() if name in _KEPT}
    if time is None or fields.extras.keys() != {"pattern"} or "model" in fields.fields or fields.only:
        return None
    if (
        fields.excluded
        or "inferences" in fields.fields
        or told.get("time") != "time"
        or not {"input_tokens", "output_tokens"} & told.keys()
    ):
        return None
    search = re.compile(pattern).search
    answers = {at for at, text in enumerate(texts) if search(text)}
    models = {at: it for at, text in enumerate(texts) if (it := _model_in(text))}
    if len(answers & models.keys()) > (1 - _NEARLY) * len(answers):
        return None
    starts = re.compile(time[0]).search
    calls = _calls(texts, answers, {at for at in models if at not in answers and starts(texts[at])})
    if calls is None:
        return None
    again = len(calls.begun) - len(set(calls.begun.values()))
    families = sorted({re.escape(re.split(r"[-.:/\d]", models[at])[0]) for at in calls.begun})
    if not all(families):
        return None
    id_ = rf"(?=[^\n]{{0,{_BEGINNING}}}?(?:{'|'.join(map(re.escape, calls.signs))})(?P<id>{_ID})(?![\w-]))"
    stamp = time[0].removeprefix("^")
    name = rf"(?<![\w./:-])(?P<begun_model>(?:{'|'.join(families)})[-.:/\d][\w.:/@-]{{0,80}}\w)"
    why = rf"[^\n]{{0,{_BEGINNING}}}?(?<![^\W_])(?P<error>{_FAILS})"
    ids = {kind: id_.replace("<id>", f"<{kind}_id>") for kind in ("call", "begun", "failed")}
    at = {kind: ids[kind] + stamp.replace("(?P<time>", f"(?P<{kind}_time>") for kind in ("begun", "failed")}
    parts = [
        ids["call"] + pattern.removeprefix("^"),
        rf"{at['begun']}[^\n]{{0,{_BEGINNING}}}?{name}",
        f"{at['failed']}{why}",
    ]
    whole = "^(?:" + "|".join(f"(?:{it})" for it in parts) + ")"
    try:
        found = [re.search(whole, text) for text in texts]
    except re.error:
        return None
    failed = sum(it is not None and it["error"] is not None for it in found)
    begun = {at: it["begun_id"] for at, it in enumerate(found) if it is not None}
    if failed > len(calls.begun) / 2 or any(begun.get(at) != it for at, it in calls.begun.items()):
        return None
    # What failed and was tried again with the same id is a call of its own.
    mapped: dict[str, Any] = {
        **told,
        "time": ["time", "begun_time", "failed_time"],
        "model": "begun_model",
        "request_id": ["call_id", "begun_id", *([] if again else ["failed_id"])],
        "status": {"path": "error", "error": {"present": True}},
    }
    if not failed:
        whole = "^(?:" + "|".join(f"(?:{it})" for it in parts[:2]) + ")"
        del mapped["status"]
        mapped |= {"time": ["time", "begun_time"], "request_id": ["call_id", "begun_id"]}
    own = tuple(it for it in fields.notes if not it.startswith(("inferences: each of", "model:", "status:")))
    return replace(
        fields,
        fields=mapped,
        notes=(*_said(calls, again, failed), *own),
        repeats=Repeats.VERSIONS,
        extras={"pattern": whole},
    )


def _said(calls: _Calls, again: int, failed: int) -> list[str]:
    ended = set(calls.answered.values())
    unended = sum(it not in ended for it in set(calls.begun.values()))
    note = (
        f"request_id: {len(calls.begun)} lines that name a model begin the calls that {len(calls.answered)} lines"
        f" with tokens and the same id end, and are replaced by these; {unended} of the ids have no such end"
    )
    notes = [note]
    if again and failed:
        notes.append(
            f"status: {failed} lines with an error and the id of a call that is tried again are failed calls of"
            " their own; theirs is no model, and they count under one that is unknown"
        )
    elif failed:
        notes.append(f"status: {failed} lines that tell of an error with the id of a call end it as a failed one")
    return notes


def _model_in(text: str) -> str | None:
    return next((it[0] for it in _NAME.finditer(text[:400]) if looks_like_model(it[0])), None)


def _calls(texts: Sequence[str], answers: set[int], named: set[int]) -> _Calls | None:
    if len(answers) < _FEWEST or len(named) < _FEWEST:
        return None
    words = {at: _words(texts[at]) for at in answers | named}
    begun, ended = ({word for at in it for word in words[at]} for it in (named, answers))
    shared = begun & ended
    signs = [
        Counter(before for at in it for word, before in words[at].items() if word in shared)
        for it in (named, answers)
    ]
    chosen = tuple(dict.fromkeys(sign for it in signs for sign, _ in it.most_common(_MOST_SIGNS // 2) if sign))
    if not chosen:
        return None
    search = re.compile(
        rf"^[^\n]{{0,{_BEGINNING}}}?(?:{'|'.join(map(re.escape, chosen))})(?P<id>{_ID})(?![\w-])"
    ).search
    of = {at: match["id"] for at in words if (match := search(texts[at]))}
    first: dict[str, int] = {}
    for at in sorted(named & of.keys()):
        first.setdefault(of[at], at)
    done = {at: of[at] for at in sorted(answers & of.keys())}
    follow = sum(first.get(it, at) < at for at, it in done.items())
    # Each answer has an id of its own, and follows the line that begins it.
    if len(set(done.values())) < len(done) or follow < _NEARLY * len(answers) or len(first) < _FEWEST:
        return None
    started = {at: of[at] for at in sorted(named & of.keys())}
    return _Calls(started, done, chosen) if len(started) >= _NEARLY * len(named) else None


def _words(text: str) -> dict[str, str]:
    """Return the words that may be ids, with what stands before each."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(text[:_BEGINNING]):
        word = match["word"]
        if any(map(str.isdigit, word)) and not looks_like_model(word):
            found.setdefault(word, match["before"])
    return found
