"""Leaves out records of requests that never reached a model, as one that a filter stopped. Pure."""

from __future__ import annotations

import re

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.invariants.amounts import amounts
from leverwatch.collectors.sniffing.invariants.denials import empty_records
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import LATENCY, word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.rest import failures_of
from leverwatch.collectors.sniffing.scripts import plain_letters
from leverwatch.collectors.sniffing.words import is_word

_STOPPED = word_set(
    "blocked block blocking flagged filtered guarded guardrail guardrails refused denied rejected skipped stopped"
    " unsafe moderated intercepted shortcircuited bypassed injection jailbreak prevented censored"
    " bloqueado bloqueada bloqueo rechazado rechazada filtrado filtrada omitido omitida detenido"
    " bloque bloquee filtre filtree refusee ignoree"
    " blockiert gesperrt gefiltert abgewiesen abgelehnt ubersprungen uebersprungen"
    " bloccato bloccata filtrato filtrata rifiutato saltato"
    " recusado recusada geblokkeerd gefilterd geweigerd overgeslagen zablokowany zablokowane odrzucony"
    " engellendi blokkeret blockerad"
)
"""Words for what becomes of a request before it is sent."""
_WHERE = word_set("at by stage step phase layer where")
"""Words beside those in a name whose values say what stopped a request, as in `refused_at: retrieval`."""
_STOPPED_SIGNS = re.compile("拦截|攔截|阻止|屏蔽|封鎖|跳过|跳過|ブロック|遮断|차단|заблокир|отклон|пропущен")
_UNSENT = re.compile(
    r"\b(?:before|prior to|ohne|without|antes de|avant|vor|prima di|voor|sin|sans|senza|sem|zonder|przed|bez)\b"
    r"[^.;]{0,24}?\b(?:call|calling|calls|request|llm|model|models|modell|modelo|modele|modello|ia|ai|ki|api|llamar"
    r"|llamada|appel|appeler|aufruf|chamar|chamada|chiamare|chiamata)\b"
    r"|\b(?:no|not|never|kein|keine|nicht|nessun|nessuna|aucun|aucune|ningun|ninguna|nenhum|nenhuma|geen|zaden)\b"
    r"[^.;]{0,24}?\b(?:call|called|calls|request|sent|llm|model|modell|modelo|modele|modello|api|llamada|llamado|appel"
    r"|aufruf|aufgerufen|chamada|chamado|chiamata|used)\b"
    r"|未调用|未調用|没有调用|沒有呼叫|未呼び出し|모델 없음|не вызыв"
)
_NAMELESS = re.compile(r"(?:n/?a|none|null|nil|no[-_ ]?model|-+|\?|ninguno|aucun|keins?|nessuno|nenhum)(?![^\W_])")
_SET, _UNSET = frozenset({"true", "yes", "1", "si", "ja", "oui"}), frozenset({"false", "no", "0", "nein", "non"})
_MOSTLY = 0.8
_LONGEST, _MOST_WORDS = 200, 24


def left_out_unreached(draft: Draft) -> dict[Path, list[Scalar]]:
    """Return the values of records that were stopped before a model was called: what a call must not say.

    They have no tokens, no cost and no duration, while others have, and a flag, a word, or what stands in the
    place of the model says that they were stopped; or that place says that no model was called.
    """
    empty, told = empty_records(draft)
    empty -= failures_of(draft.columns) if "status" in draft.paths else set()
    if not told or not empty:
        return {}
    silent = empty & _took_none(draft, told)
    found = _stopped(draft, silent) if silent else None
    found = found or _unsent(draft, empty, silent)
    if found is None:
        return {}
    path, values, at = found
    draft.settled.add(path)
    draft.doubt(
        "not",
        f"{len(at)} records whose {draft.spell(path)} is {', '.join(map(str, values))}, and which have no tokens,"
        f" no cost{' and no duration' if at <= silent else ''}, are left out, as stopped before a model was"
        f" called; were they calls, there would be {len(at)} more",
    )
    return {path: values}


def _stopped(draft: Draft, silent: set[int]) -> tuple[Path, list[Scalar], set[int]] | None:
    """Return the flag, or the words, that say of most of the records that they were stopped, and of no others."""
    best: tuple[Path, list[Scalar], set[int]] | None = None
    for path, column in draft.columns.of.items():
        if not draft.is_free(path):
            continue
        values = [it for it in _saying(path, column) if _all_in(column, it, silent)]
        at = {it for it, value in column.by_record.items() if value in values}
        if at and at <= silent and (best is None or len(at) > len(best[2])):
            best = path, values, at
    return best


def _saying(path: Path, column: Column) -> list[Scalar]:
    values = list(dict.fromkeys(column.values))
    if len(values) > _MOST_WORDS or not all(map(is_word, values)):
        return []
    if all(str(it).strip().lower() in _SET | _UNSET for it in values):
        named = _says_stopped(path[-1])
        return [it for it in values if named and str(it).strip().lower() in _SET]
    named = not _STOPPED.isdisjoint(own := words_of(path[-1])) and not _WHERE.isdisjoint(own)
    return [it for it in values if isinstance(it, str) and (named or _says_stopped(it))]


def _all_in(column: Column, value: Scalar, at: set[int]) -> bool:
    return all(it in at for it, other in column.by_record.items() if other == value)


def _unsent(draft: Draft, empty: set[int], silent: set[int]) -> tuple[Path, list[Scalar], set[int]] | None:
    """Return what stands in the place of the model, where it says that none was called."""
    column = draft.column("model")
    if column is None:
        return None
    values, out = list[Scalar](), set[int]()
    for value in dict.fromkeys(column.values):
        at = {it for it, other in column.by_record.items() if other == value}
        text = plain_letters(str(value))
        if looks_like_model(value) or len(text) > _LONGEST or len(at) == len(draft.columns):
            continue
        says = _UNSENT.search(text) is not None and at <= empty
        may = _says_stopped(str(value)) or _NAMELESS.match(text) is not None
        if says or (may and at <= silent):
            values.append(value)
            out |= at
    return (column.path, values, out) if values else None


def _says_stopped(text: str) -> bool:
    return not _STOPPED.isdisjoint(words_of(text)) or _STOPPED_SIGNS.search(text) is not None


def _took_none(draft: Draft, told: set[int]) -> set[int]:
    """Return the records with a duration of zero, or with none, where nearly all with amounts have one; those with
    zeros for tokens where no record has a duration."""
    columns = [
        column.numbers
        for path, column in draft.columns.of.items()
        if column.is_numeric
        and (rank("latency_ms", path) is not None or not LATENCY.isdisjoint(words_of(path[-1])))
    ]
    if not columns:
        # Without a duration, that nothing was taken and nothing given is said in numbers.
        zeros = [amounts(draft, name) for name in ("input_tokens", "output_tokens")]
        return {at for at in range(len(draft.columns)) if all(it.get(at) == 0 for it in zeros)}
    lasted = {at for numbers in columns for at, number in numbers.items() if number > 0}
    if len(lasted & told) < _MOSTLY * len(told):
        return set()
    return set(range(len(draft.columns))) - lasted
