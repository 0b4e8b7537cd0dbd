"""Tells tables of limits, prices and scores of models, which nobody called, from logs of calls. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.name_words import TOKEN, word_set, words_of

_LIMIT = word_set(
    "max maximum min minimum limit limits quota quotas cap caps allowance allowed ceiling rpm tpm rpd tpd window"
    " hochstens grenze limite limites massimo maximo"
)
_PRICE = word_set(
    "price prices pricing rate rates tariff tarif preis preise prix precio prezzo cost costs usd eur"
)
_UNIT = TOKEN | word_set("1m 1k 1mtok 1ktok mtok ktok m k million millions thousand mio mtokens")
_SCORE = word_set(
    "score scores accuracy elo mmlu gsm8k humaneval hellaswag arc gpqa swe benchmark rank ranking winrate bleu"
    " rouge f1 pass1 perplexity arena throughput tps avg average mean median p50 p90 p95 p99"
)
_SINCE = word_set(
    "updated update released release valid effective since until reset expires expiry cutoff retired deprecated"
    " published announced reviewed gueltig gultig desde depuis vigente"
)
"""Names of the day from which or until which something holds of a model."""
_FEWEST_MODELS = 3
_FEWEST = 2
_OF_A_CALL = ("request_id", "trace_id", "status", "latency", "latency_ms", "operation", "inferences", "cost_usd")
"""Fields that a call has, and what may be or cost so much has not."""


def is_no_usage(mapped: frozenset[str], columns: Columns) -> bool:
    """Whether records are what models may take, cost or score; `mapped` are the fields that were found in them,
    none of which is a number of tokens."""
    return len(said_of_models(columns)) >= _FEWEST and mapped.isdisjoint(_OF_A_CALL)


def is_list_of_models(paths: Mapping[str, tuple[Path, ...]], columns: Columns) -> bool:
    """Whether records are one for each model, with the day from which on it is so."""
    times, models = paths.get("time", ()), paths.get("model", ())
    if (
        not times
        or not models
        or not {"request_id", "trace_id", "inferences", "latency", "latency_ms"}.isdisjoint(paths)
    ):
        return False
    time, model = columns.of.get(times[0]), columns.of.get(models[0])
    if time is None or model is None or _SINCE.isdisjoint(words_of(times[0][-1])):
        return False
    days = all(isinstance(value, str) and ":" not in value for value in time.values)
    return days and len(model.values) >= _FEWEST_MODELS and len(set(model.values)) == len(model.values)


def said_of_models(columns: Columns) -> list[Path]:
    """Return the columns with numbers that are limits, prices or scores by their names."""
    return [
        path for path, column in columns.of.items() if column.is_numeric and (_is_limit(path) or _is_score(path))
    ]


def _is_limit(path: Path) -> bool:
    own = frozenset(words_of(path[-1]))
    per = "per" in own or "pro" in own
    return bool(own & _LIMIT) or (bool(own & _PRICE or per) and bool(own & _UNIT) and per)


def _is_score(path: Path) -> bool:
    return not _SCORE.isdisjoint(words_of(path[-1]))
