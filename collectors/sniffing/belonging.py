"""Tells a log of model calls from a table of other things that have a time and a `model`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import is_provider, sign_of_calls
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.gaps import holds_tokens
from leverwatch.collectors.sniffing.models import is_title, looks_like_model
from leverwatch.collectors.sniffing.name_words import TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.not_usage import is_list_of_models, is_no_usage
from leverwatch.collectors.sniffing.numerals import Scalar

SIGNS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "finish_reason")
"""Fields that nothing but a call of a model has."""
_WEAK = ("latency", "latency_ms", "operation")
"""Fields that a call of a model has, and other things have too."""
_OF_CALLS = (*_WEAK, "request_id", "trace_id", "cost_usd", "inferences")
_WORDS = TOKEN | word_set("llm prompt prompts completion completions inference inferences generations embedding")
_FAMILIES = word_set("haiku sonnet opus llama gemma codex kimi glm davinci mixtral codestral phi nova")
_NAMES = ("llmmodel", "responsemodel", "requestmodel", "requestedmodel")


_TRAINING = (
    "loss", "trainloss", "trainingloss", "evalloss", "valloss", "validationloss", "learningrate", "gradnorm",
    "gradientnorm", "epoch", "perplexity",
)  # fmt: skip
"""Columns of a run that trains a model, whose tokens nobody asked a model for."""
_FEWEST_OF_TRAINING = 2
_FEWEST = 3
"""Records of which one can tell that they are something else."""
_LOOKED_AT = 200


def belongs(paths: Mapping[str, tuple[Path, ...]], columns: Columns, *, is_bill: bool = False) -> bool | None:
    """Return whether records are calls of models; None when what speaks for it is little, or they are too few."""
    # Keys that are values are no columns, and may have tokens in them.
    names = chain(columns.of, *columns.records[:_LOOKED_AT])
    if sum(is_called(_TRAINING, path) for path in columns.of) >= _FEWEST_OF_TRAINING:
        return False
    if is_list_of_models(paths, columns):
        return False
    if not any(name in paths for name in SIGNS) and is_no_usage(frozenset(paths), columns):
        return False
    if any(name in paths for name in SIGNS) or any(map(_is_named, names)):
        return True
    found = [value for path in paths.get("model", ()) for value in dict.fromkeys(columns.of[path].values)]
    if any(looks_like_model(it) or is_title(it) for it in found):
        # A list of models, of their limits or prices, has their names and no call.
        several = any(len(columns.of[path].values) > 2 * len(found) for path in paths.get("model", ()))
        return True if any(name in paths for name in _OF_CALLS) or ("status" in paths and several) else None
    if any(holds_tokens(it.texts[:_FEWEST]) for it in columns.of.values()):
        return True
    if found and all(map(_is_family, found)):
        return None
    if is_bill or sign_of_calls(columns) is not None:
        return None
    return None if any(name in paths for name in _WEAK) or len(columns) < _FEWEST else False


def _is_family(value: Scalar) -> bool:
    """Whether a model is named by its family alone, as in a log of a program that uses one of each."""
    return is_provider(value) or (isinstance(value, str) and not _FAMILIES.isdisjoint(words_of(value)))


def _is_named(path: Path) -> bool:
    return is_called(_NAMES, path) or any(not _WORDS.isdisjoint(words_of(key)) for key in path)
