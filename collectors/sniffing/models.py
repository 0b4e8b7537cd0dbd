"""Finds the model that served a call. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.draft import MOST_OTHERS, Draft, exclusive, first_that_tells
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.name_words import word_set, words_of

_LOOKS_LIKE = re.compile(
    r"(?:[\w.-]+/)*[\w.-]*(?:gpt-?\d|gpt-|chatgpt|\bo[134](?:-|$)|claude|gemini|gemma|llama|mi[sx]tral|codestral|qwen"
    r"|deepseek|command-?[ra]|grok|sonnet|haiku|opus|nova-|titan|phi-?\d|text-embedding|kimi|glm-?\d|jamba|sonar)"
    r"[\w.:@/+-]*",
    re.IGNORECASE | re.ASCII,
)
VENDORS = (
    "provider", "llmprovider", "aiprovider", "modelprovider", "backend", "llmbackend", "service", "servicename",
    "apiservice", "vendor", "client", "source", "api", "apiname", "llm", "ai", "engine", "platform",
)  # fmt: skip
"""Names of who answered, which may be those of a model as well."""
NAMING_NONE = "records of the sample name none"
"""Said of how many records, where a model is mapped."""
_MOSTLY = 0.8
_SERVED = word_set("served used actual final resolved routed effective selected chosen answered picked")
_PLANNED = word_set("primary preferred default configured fallback secondary backup original first second planned")
_ASKED = ("requestmodel", "requestedmodel", "modelrequested", "inputmodel", "askedmodel", "modelalias", "alias")


def set_model(draft: Draft) -> None:
    """Map the model: that of the response first, and others where a record does not have that."""
    fitting = [path for path in draft.named("model") if draft.fits("model", path)]
    # Sentences may stand in its place, where no model was called.
    fitting = fitting or [path for path in draft.named("model") if _are_often_models(draft.columns.of[path])]
    if not fitting:
        likely = [path for path, it in draft.columns.of.items() if looks_like_models(it) and not is_vendor(it)]
        fitting = [path for path in likely if draft.is_free(path)]
        if not fitting:
            return
        draft.doubt("model", f"{draft.spell(fitting[0])} is chosen by its values, for no name tells")
    fitting += _served(draft, fitting)
    # What was asked for is no sign of what served.
    fitting.sort(key=lambda path: is_called(_ASKED, path) or path[-1].lower().startswith("request"))
    fitting = _like_models_first(draft, _served_first(draft, fitting))
    fitting = _beside_tokens(draft, fitting)
    elsewhere = models_elsewhere(draft.columns, fitting)
    fitting += [path for path in elsewhere if path not in fitting and draft.is_free(path)]
    chosen = first_that_tells(draft, fitting, lambda column: dict(column.by_record))
    chosen += [it for it in _filling(draft, fitting, chosen) if it not in chosen]
    spelled = [draft.spell(path) for path in chosen]
    draft.set("model", spelled[0] if len(spelled) == 1 else spelled, *chosen)
    draft.others["model"] = tuple(path for path in fitting if path not in chosen)[:MOST_OTHERS]
    for path in fitting:
        if path == chosen[0]:
            continue
        both, differing = exclusive(draft.columns.of[chosen[0]], draft.columns.of[path], _values)
        if differing:
            draft.doubt(
                "model",
                f"taken from {spelled[0]}; {draft.spell(path)} names another model in {differing} of {both}"
                " records",
            )
    missing = len(draft.columns) - len(draft.columns.covered(chosen))
    if missing:
        draft.doubt("model", f"{missing} of {len(draft.columns)} {NAMING_NONE}, and count as unknown")


def _are_often_models(column: Column) -> bool:
    return 2 * sum(map(looks_like_model, column.values)) >= len(column.values)


def _served_first(draft: Draft, fitting: list[Path]) -> list[Path]:
    """Return the paths, those first that say that they served, where another is of a first or second choice."""
    served = [
        path for path in fitting
        if _SERVED.intersection(words_of(path[-1])) and draft.columns.share(path) >= _MOSTLY
    ]  # fmt: skip
    planned = [path for path in fitting if _PLANNED.intersection(words_of(path[-1]))]
    if not served or not planned:
        return fitting
    return [*served, *(path for path in fitting if path not in served and path not in planned), *planned]


def _like_models_first(draft: Draft, fitting: list[Path]) -> list[Path]:
    """Return the paths, those first whose values look like names of models, where the first ones do not at all."""
    of = draft.columns.of
    if any(map(looks_like_model, of[fitting[0]].values)):
        return fitting
    like = [path for path in fitting if looks_like_models(of[path])]
    return [*like, *(path for path in fitting if path not in like)]


def _served(draft: Draft, fitting: list[Path]) -> list[Path]:
    """Return the paths of models whose names only say that they served: `served`, `routed_to`."""
    return [
        path
        for path, column in draft.columns.of.items()
        if path not in fitting and draft.is_free(path) and looks_like_models(column) and not is_vendor(column)
        and _SERVED.intersection(words_of(path[-1])) and draft.columns.share(path) >= _MOSTLY
    ]  # fmt: skip


def _beside_tokens(draft: Draft, fitting: list[Path]) -> list[Path]:
    """Return the paths of models, first the one in the object that tells output tokens, where each is in an object
    of its own: the record then has several calls, of which one counts."""
    tokens = [path for path in draft.named("output_tokens") or draft.named("input_tokens") if len(path) > 1]
    whole = draft.columns.share(fitting[0]) >= _MOSTLY
    if not whole or not tokens or len(fitting[0]) < 2 or fitting[0][0] in {path[0] for path in tokens}:
        return fitting
    near = [path for path in fitting[1:] if path[0] == tokens[0][0] and draft.columns.share(path) >= _MOSTLY]
    if not near:
        return fitting
    draft.doubt(
        "inferences",
        f"records name a model in {draft.spell(near[0])} and another in {draft.spell(fitting[0])}: they may be two"
        " calls each, of which the one with the output counts",
    )
    draft.doubt(
        "input_tokens",
        f"what {draft.spell(fitting[0])} took is not in it, as that may be another call of the record",
    )
    return [near[0], *(path for path in fitting if path != near[0])]


def _filling(draft: Draft, fitting: list[Path], chosen: list[Path]) -> list[Path]:
    """Return the paths that tell the model of records whose first path does not, as of a call that failed."""
    found: list[Path] = []
    for path in fitting:
        gaps = draft.columns.covered([path]) - draft.columns.covered([*chosen, *found])
        if path not in chosen and gaps:
            found.append(path)
    return found


def models_elsewhere(columns: Columns, models: Collection[Path]) -> list[Path]:
    """Return the paths that name a model wherever none of some paths has a value, as of records of an older
    layout."""
    known = {str(value) for path in models for value in columns.of[path].values if looks_like_model(value)}
    gaps = set(range(len(columns))) - columns.covered(models)
    if not known or not gaps:
        return []
    found = []
    for path, column in columns.of.items():
        told = [column.by_record.get(at) for at in gaps]
        if path in models or not all(it is not None and _names_one(it, known) for it in told):
            continue
        # What is like a model beside another one names a program, such as an agent, or what was asked for.
        rest = (
            (at, value) for at, value in column.by_record.items() if at not in gaps and looks_like_model(value)
        )
        if all(any(columns.of[it].by_record.get(at) == value for it in models) for at, value in rest):
            found.append(path)
    return found


def _names_one(value: object, known: Collection[str]) -> bool:
    return str(value) in known or (isinstance(value, str) and looks_like_model(value) and " " not in value.strip())


def _values(column: Column) -> dict[int, object]:
    return dict(column.by_record)


def is_vendor(column: Column) -> bool:
    """Whether a column says by its name and its values who answered, and not with which model."""
    return is_called(VENDORS, column.path) and not any(map(looks_like_model, column.values))


def looks_like_models(column: Column) -> bool:
    """Whether most values are like the names of providers."""
    like = sum(
        isinstance(value, str) and _LOOKS_LIKE.fullmatch(it := value.strip()) is not None and not _HOST.search(it)
        for value in column.values
    )
    return like >= _MOSTLY * len(column.values)


_FURTHER = re.compile(
    r"(?:[\w.-]+/)*[\w.-]*(?:davinci|babbage|dall-?e|whisper|tts|embed|rerank|granite|nemotron|falcon|dbrx|yi-|minimax"
    r"|hunyuan|doubao|ernie|bge-|gte-|e5-|moderation|flux|imagen|olmo|exaone|mpt-|vicuna|starcoder|devstral|magistral)"
    r"[\w.:@/+-]*",
    re.IGNORECASE | re.ASCII,
)


_HOST = re.compile(r"^(?:https?:/|api\.|www\.)|[a-z]\.(?:com|ai|cn|net|org|io|dev|app|googleapis)(?::\d+)?$")
"""What serves models, and is none."""


def looks_like_model(value: object) -> bool:
    """Whether a name is like those of providers; a word alone is not, as cars and phones have such names too."""
    name = value.strip() if isinstance(value, str) else ""
    if _HOST.search(name) is not None:
        return False
    return any(sign in name for sign in "-/:.0123456789") and any(
        known.fullmatch(name) for known in (_LOOKS_LIKE, _FURTHER)
    )


_BRACKETS, _MOST_IN_TITLE = re.compile(r"\([^()]*\)"), 5


def is_title(value: object) -> bool:
    """Whether a text is the name of a model as people write it: with blanks, and what serves it in brackets."""
    words = _BRACKETS.sub("", value).split() if isinstance(value, str) else []
    return 2 <= len(words) <= _MOST_IN_TITLE and looks_like_model("-".join(words))
