"""Joins the patterns of lines of several forms, as versions of a program write them one after the other. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.sniffing.guess import FieldGuess

_MAIN = ("time", "model", "input_tokens", "output_tokens", "cost_usd")
_NEEDED = frozenset({"time", "input_tokens", "output_tokens"})
_TOKENS = ("input_tokens", "output_tokens")
_GROUP = re.compile(r"\(\?P<(\w+)>")
MOST_FORMS = 6


def joined(
    forms: Sequence[FieldGuess], texts: Sequence[str], needed: frozenset[str] = _NEEDED
) -> FieldGuess | None:
    """Return one field map for lines of several forms, each of which tells both tokens under names of its own.

    None where a form says more than where its values are, or one pattern fits the lines of all.

    Args:
        forms: a field map with a pattern for each form.
        texts: all lines.
        needed: the fields that each form tells.
    """
    plain = [it for it in forms if _is_plain(it, needed)]
    if len(plain) < 2:
        return None
    # The form that tells most is tried first, as the pattern of another one may fit its lines too.
    plain.sort(key=lambda it: -sum(name in it.fields for name in _MAIN))
    patterns: list[str] = []
    fields: dict[str, list[str]] = {}
    for number, form in enumerate(plain, 1):
        pattern = str(form.extras["pattern"])
        new = [
            text for text in texts if re.search(pattern, text) and not any(re.search(it, text) for it in patterns)
        ]
        if not new:
            continue
        end = "" if number == 1 else f"_form{number}"
        patterns.append(_GROUP.sub(rf"(?P<\g<1>{end}>", pattern))
        for name, path in form.fields.items():
            if isinstance(path, str):
                fields.setdefault(name, []).append(f"{path}{end}")
    if len(patterns) < 2:
        return None
    pattern = "|".join(f"(?:{it})" for it in patterns)
    fitting = sum(re.search(pattern, text) is not None for text in texts)
    note = (
        f"inferences: each of the {fitting} lines of the sample that the pattern fits counts as one call; they are"
        f" of {len(patterns)} forms, which tell different things"
    )
    notes = [it for form in plain for it in form.notes if not it.startswith("inferences: each of the ")]
    if not fields.keys().isdisjoint(_TOKENS):
        # What one form does not tell, another one does: how many calls lack it is said of the whole file.
        notes = [it for it in notes if "no field tells" not in it or it.startswith("model:")]
    mapped: Mapping[str, str | list[str]] = {name: it if len(it) > 1 else it[0] for name, it in fields.items()}
    return replace(plain[0], fields=mapped, notes=(note, *dict.fromkeys(notes)), extras={"pattern": pattern})


def _is_plain(form: FieldGuess, needed: frozenset[str]) -> bool:
    return (
        form.fields.keys() >= needed
        and all(isinstance(it, str) or _is_success(name, it) for name, it in form.fields.items())
        and not form.only
        and not form.excluded
        and form.extras.keys() == {"pattern"}
    )


def with_failed_requests(fields: FieldGuess, pattern: str, failed: int) -> FieldGuess | None:
    """Return a field map that reads failed requests too, as errors; None where it tells already how calls ended.

    Args:
        fields: a field map with a pattern.
        pattern: fits the failed requests, with the groups `request_time` and `failed_status`.
        failed: how many of them the sample has.
    """
    if "status" in fields.fields or fields.only or fields.excluded or fields.fields.get("time") is None:
        return None
    time = fields.fields["time"]
    if not isinstance(time, str | list):
        return None
    mapped = {
        **fields.fields,
        "time": [*([time] if isinstance(time, str) else time), "request_time"],
        "status": {"path": "failed_status", "error": {"present": True}},
    }
    model = fields.fields.get("model")
    if "(?P<failed_model>" in pattern and (model is None or isinstance(model, str | list)):
        own = [] if model is None else [model] if isinstance(model, str) else model
        mapped["model"] = [*own, "failed_model"]
    note = (
        f"status: {failed} requests to the API of a model failed, and are failed calls; those that succeeded are"
        " as many as the lines that are counted, and each of these is taken for the answer to one; were requests"
        " that were tried again one call, there would be fewer errors"
    )
    either = f"(?:{fields.extras['pattern']})|(?:{pattern})"
    return replace(fields, fields=mapped, notes=(*fields.notes, note), extras={**fields.extras, "pattern": either})


def _is_success(name: str, setting: object) -> bool:
    """Whether a field says of each line that the call succeeded, which need not be said."""
    return name == "status" and isinstance(setting, Mapping) and "error" not in setting
