"""Proposes a pattern for lines that tell how long something took, where others say that it was a model. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.zones import notes_on_naive

_FAILED = (
    r"failed|failure|error|timed out|timeout|could not connect|unreachable|refused|fehlgeschlagen|fehler|echec"
    r"|échec|erreur|falló|fallo|fallido|erro|falhou|errore|fallito|失败|失敗|エラー|오류|ошибка"
)
_UNITS = (("ms", r"ms|msec|milliseconds", 1.0), ("s", r"s|sec|secs|seconds|sekunden|segundos|secondes", 1000.0))
_NAME = re.compile(r"[A-Za-z][\w.:/@-]{2,80}\w")
_FEWEST, _MOSTLY, _SHORTEST = 3, 0.5, 200.0
"""The median of milliseconds below which something else than models answers."""


def timed_in(texts: Sequence[str]) -> FieldGuess | None:
    """Return a field map of lines that end in a duration, and of failures without one; None where they are few,
    too fast for a model, or no line names one who serves models."""
    who = next((word for text in texts for word in re.findall(r"[A-Za-z]{3,}", text) if _is_provider(word)), None)
    if who is None:
        return None
    for unit, words, in_ms in _UNITS:
        pattern = (
            rf"{AT_FIRST}(?:[^\n]{{0,400}}?(?<![\d.,])(?P<took>\d{{1,9}}(?:\.\d{{1,9}})?) ?(?:{words})[.)\]]*\s*$"
            rf"|[^\n]{{0,200}}?(?<![^\W_])(?P<error>(?i:{_FAILED}))(?![^\W_]))"
        )
        matches = [match for match in map(re.compile(pattern).search, texts) if match is not None]
        if 2 * sum(any(map(looks_like_model, _NAME.findall(it.string))) for it in matches) > len(matches):
            return None  # lines of another form, which name their models
        took = [float(match["took"]) * in_ms for match in matches if match["took"]]
        if len(took) < _FEWEST or len(matches) < _MOSTLY * len(texts) or median(took) < _SHORTEST:
            continue
        return _map(pattern, unit, matches, who)
    return None


def _map(pattern: str, unit: str, matches: Sequence[re.Match[str]], who: str) -> FieldGuess:
    failed = sum(match["error"] is not None for match in matches)
    done = len(matches) - failed
    notes = [
        (
            f"inferences: each of the {done} lines of the sample that end in a duration counts as one call of a"
            f" model, as a line names {who}; if they are something else, or several calls each, there are others"
        ),
        "input_tokens and output_tokens: no field tells them, and they stay unknown",
        "model: no line names one; all calls count under one that is unknown",
    ]
    fields: dict[str, object] = {"time": "time"}
    if failed:
        fields["status"] = {"path": "error", "error": {"present": True}}
        notes.append(
            f"status: the {failed} lines of a failure without a duration are taken for failed calls; were they"
            f" none, there would be {failed} fewer errors"
        )
    fields |= {"latency_ms": "took"} if unit == "ms" else {"latency": {"path": "took", "unit": unit}}
    notes += notes_on_naive(match["time"] for match in matches)
    return FieldGuess(fields, {}, tuple(notes), (), extras={"pattern": pattern})


def _is_provider(word: str) -> bool:
    return not PROVIDERS.isdisjoint(words_of(word)) or word.lower() in PROVIDERS
