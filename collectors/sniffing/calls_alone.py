"""Tells calls of models whose records name neither a model nor tokens: by what they say instead. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.models import VENDORS
from leverwatch.collectors.sniffing.name_words import TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.questions import asked_and_answered, asks, has_sentences
from leverwatch.collectors.sniffing.words import is_word

TOTALS = (
    "totaltokens", "tokens", "totaltokencount", "tokensused", "usedtokens", "gesamttokens", "tokenstotal",
    "tokentotal", "tokencount", "tokencounttotal", "usagetotal", "numtokens",
)  # fmt: skip
"""Names of a number of tokens that is not split into input and output."""
PROVIDERS = word_set(
    "openai anthropic ollama gemini vertexai vertex bedrock azureopenai mistral mistralai groq cohere openrouter"
    " togetherai deepseek huggingface perplexity fireworks lmstudio vllm llamacpp llm claude gpt chatgpt xai grok"
    " qwen dashscope zhipu moonshot cerebras litellm"
    " generativelanguage aiplatform"
)
_KINDS = ("kind", "type", "tier", "via", "channel", "backendtype", "servicetype", "apitype", "calltype", "target")
"""Names under which nothing but the names of providers say who answered."""
_VENDORS_OF_MODELS = ("llmapi", "llmprovider", "llmbackend", "llmservice", "llmclient", "llmvendor", "llmhost")
"""Names that say that who answered is a model, whoever that is."""
_NO_COUNT = word_set("remaining bucket limit quota budget refill rate refresh access auth csrf")
_MOST = word_set("max maximum min minimum cap ceiling window")
_OF_MODELS = word_set("llm genai gpt inference inferences inferencing guidance")
"""Words in names of times and settings that only models have."""
_ROLE = ("role", "sender", "speaker", "author", "messagerole", "sendertype", "messagetype", "direction", "von")
_ROLES_TOO = ("event", "eventtype", "type", "kind", "from", "who", "messagefrom", "origin", "action")
"""Names that are of roles too, where records have texts."""
ANSWERING = word_set(
    "assistant ai bot model llm chatbot gpt agent answer response reply chatgpt claude gemini antwort respuesta a"
)
"""Words for what a model said."""
ASKING = word_set(
    "user human customer system client developer tool visitor guest question query prompt you q frage nutzer"
    " usuario pregunta"
)
"""Words for what it was told."""
_MOSTLY, _OFTEN = 0.9, 0.5


def sign_of_calls(columns: Columns) -> tuple[Path, ...] | None:
    """Return the paths that say that records are calls of models, though none tells a model or tokens: a total of
    tokens, a question and its answer, a provider, or a setting of a call; None when nothing does."""
    return (
        _total(columns)
        or asked_and_answered(columns)
        or _provider(columns)
        or _answers(columns)
        or _setting(columns)
    )


def said_of(sign: Sequence[Path], records: int, spell: Callable[[Path], str]) -> str:
    """Return what is to be asked about records that nothing but a sign says are calls."""
    return (
        f"no field tells a model, nor input or output tokens; {records} records of the sample count as calls by"
        f" {' and '.join(map(spell, sign))}. Is each of them one call of a model? If not, there are fewer"
    )


def tells_clock(draft: Draft) -> bool:
    """Whether most times have a time of day, or rows what was asked or how many calls there were: else a table of
    days is one of sums, or of anything."""
    path = draft.first("time")
    # A counter has the day from which on it counts, by a name of its own.
    is_counted = "inferences" in draft.paths and path is not None and rank("time", path) is not None
    if is_counted or asks(draft.columns):
        return True
    if path is None or path not in draft.columns.of:
        return True  # a wrapper gives it
    values = draft.columns.of[path].values
    return sum(not isinstance(it, str) or ":" in it for it in values) >= _MOSTLY * len(values)


def are_totals(columns: Columns) -> set[int]:
    """Return the records with a number of tokens that is not split."""
    paths = [path for path, it in columns.of.items() if is_called(TOTALS, path) and it.is_numeric]
    return {at for path in paths for at in columns.of[path].numbers}


def have_tokens(columns: Columns) -> set[int]:
    """Return the records with a number of tokens under any name that is neither a limit nor a secret."""
    return {
        at
        for path, it in columns.of.items()
        if it.is_numeric
        and TOKEN.intersection(words_of(path[-1]))
        and (_NO_COUNT | _MOST).isdisjoint(words_of(path[-1]))
        for at in it.numbers
    }


def names_provider(column: Column, at: set[int]) -> bool:
    """Whether a column has the names of providers in these records, and other words in others."""
    if not is_called(VENDORS, column.path):
        return False
    values = column.by_record
    inside = {values[it] for it in at if it in values}
    outside = {value for it, value in values.items() if it not in at} - inside
    return bool(inside) and all(map(is_provider, inside)) and not any(map(is_provider, outside))


def answers_only(columns: Columns, spell: Callable[[Path], str]) -> tuple[Path, list[str | bool], str] | None:
    """Return where the role of a message is told, the words for those that a model wrote, and what is to be said;
    None when records are no messages of a conversation."""
    for path, column in columns.of.items():
        if columns.share(path) < _MOSTLY or not all(map(is_word, column.values)):
            continue
        flagged = _by_flag(path, column, spell)
        if flagged is not None and has_sentences(columns):
            return flagged
        if not is_called(_ROLE, path) and not (is_called(_ROLES_TOO, path) and has_sentences(columns)):
            continue
        words = dict.fromkeys(str(value) for value in column.values)
        given: list[str | bool] = [word for word in words if not ANSWERING.isdisjoint(words_of(word))]
        asked = [word for word in words if word not in given and not ASKING.isdisjoint(words_of(word))]
        if given and asked and len(given) + len(asked) == len(words):
            out = sum(str(value) in asked for value in column.values)
            note = (
                f"only: {out} records whose {spell(path)} is {', '.join(asked)} are left out, as what a model was"
                f" asked; were they calls, there would be {out} more inferences"
            )
            return path, given, note
    return None


def _by_flag(
    path: Path, column: Column, spell: Callable[[Path], str]
) -> tuple[Path, list[str | bool], str] | None:
    """Return the same where a flag says of each message whether a person wrote it, or a model."""
    named = frozenset(words_of(path[-1])) - {"is", "from", "by"}
    if (
        len(named) != 1
        or set(column.values) != {True, False}
        or not all(it in (True, False) for it in column.values)
    ):
        return None
    if not any(isinstance(it, bool) for it in column.values) or not named & (ANSWERING | ASKING):
        return None
    given = bool(named & ANSWERING)
    out = sum(value is not given for value in column.values)
    note = (
        f"only: {out} records whose {spell(path)} is {str(not given).lower()} are left out, as what a model was"
        f" asked; were they calls, there would be {out} more inferences"
    )
    return path, [given], note


def _is_flag_of_answers(path: Path, column: Column) -> bool:
    """Whether a flag says of all messages that a model wrote them, and no person."""
    named = frozenset(words_of(path[-1])) - {"is", "from", "by"}
    values = set(column.values)
    one = len(named) == 1 and len(values) == 1 and all(isinstance(it, bool) for it in values)
    return one and bool(named & (ANSWERING if True in values else ASKING))


def _total(columns: Columns) -> tuple[Path, ...] | None:
    found = [
        path for path, it in columns.of.items()
        if is_called(TOTALS, path) and it.is_numeric and _NO_COUNT.isdisjoint(words_of(path[-1]))
    ]  # fmt: skip
    return (found[0],) if found else None


def _provider(columns: Columns) -> tuple[Path, ...] | None:
    for path in columns.of:
        if is_called(_VENDORS_OF_MODELS, path) and columns.share(path) >= _OFTEN:
            return (path,)
    for path, column in columns.of.items():
        if is_called(VENDORS, path) and columns.share(path) >= _OFTEN:
            named = sum(map(is_provider, column.values))
            if named >= _OFTEN * len(column.values):
                return (path,)
    for path, column in columns.of.items():
        if (
            is_called(_KINDS, path)
            and columns.share(path) >= _MOSTLY
            and all(map(_is_provider_alone, column.values))
        ):
            return (path,)
    return None


def _answers(columns: Columns) -> tuple[Path, ...] | None:
    found = answers_only(columns, lambda path: ".".join(path))
    if found is not None:
        return (found[0],)
    for path, column in columns.of.items():
        words = [frozenset(words_of(str(value))) for value in dict.fromkeys(column.values)]
        is_role = is_called(_ROLE, path) or (is_called(_ROLES_TOO, path) and has_sentences(columns))
        if is_role and words and all(it & ANSWERING for it in words):
            return (path,)
        if _is_flag_of_answers(path, column) and has_sentences(columns):
            return (path,)
    return None


def _setting(columns: Columns) -> tuple[Path, ...] | None:
    for path, column in columns.of.items():
        own = frozenset(words_of(path[-1]))
        if columns.share(path) < _OFTEN or own & _NO_COUNT:
            continue
        is_served = own & PROVIDERS and own & {"calls", "requests", "ms", "latency", "seconds"}
        if (own & (TOKEN | _OF_MODELS) or is_served) and column.is_numeric:
            return (path,)
        if own & {"round", "rounds"} and column.is_numeric and asks(columns):
            return (path,)
        if own & {"prompt"} and own & {"version", "name", "template", "length", "len", "chars", "hash", "id"}:
            return (path,)
    return None


def _is_provider_alone(value: object) -> bool:
    """Whether a word is the name of a provider and nothing else."""
    words = words_of(value) if isinstance(value, str) and is_word(value) else ()
    return bool(words) and (PROVIDERS.issuperset(words) or "".join(words) in PROVIDERS)


def is_provider(value: object) -> bool:
    """Whether a word is the name of one who serves models, or of a family of them."""
    words = words_of(str(value)) if isinstance(value, str) and is_word(value) else ()
    return not PROVIDERS.isdisjoint(words) or not PROVIDERS.isdisjoint({"".join(words)})
