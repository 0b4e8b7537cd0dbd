"""Finds how many calls a record stands for, and how many of these failed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.columns import MOSTLY, Column
from leverwatch.collectors.sniffing.counters import counter_of, numbers_records, session_keys
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.sizes import has_sums
from leverwatch.collectors.sniffing.moments import readable
from leverwatch.collectors.sniffing.name_words import word_set, words_of

_CALLS = word_set(
    "requests request calls call anfragen aufrufe requetes appels solicitudes llamadas peticiones "
    "richieste chiamate pedidos consultas consultes abfragen invocations inferences inference completions "
    "generations queries "
    "verzoeken zapytania"
)
_COUNTED = word_set("count counts n num number total anzahl nombre nb no numero numero cantidad aantal gesamt")
_GOOD = word_set("success successful succeeded ok erfolgreich reussies reussis exitosas good succeed")
_BAD = word_set(
    "failed fail fails failures failure errors error errored fehler fehlgeschlagen erreurs echecs errores fallos "
    "erros fallidas errori"
)
_NO = word_set(
    "id ids rate limit max min avg per remaining tool tools function cache cached hit hits type time ms s "
    "so far sofar running token tokens cost name retry retries status code message text kind class "
    "cumulative uri "
    "url path method user timeout duration latency size bytes body percent pct ratio unique users web search"
    " searches websearch fetch fetches"
    " rss feed feeds sql db database dns http https graphql redis mongo s3 scrape crawl browser"
)
_STEPS = word_set("steps turns iterations rounds hops loops repairs schritte tur turu runden tours vueltas turni")
_TURNS = word_set("messages turns responses exchanges interactions steps iterations")
"""Words for what a session has several of, each of which may be a call."""
_DENOISED = word_set("inference diffusion denoise denoising sampling sampler timesteps")
"""Words for steps in which one picture is made."""
_OF_A_MODEL = word_set("llm model genai inference inferences")
_SETTINGS = word_set("steps step timesteps")
_OF_MODELS = word_set("llm api model of made")
_SUMMED = word_set("total count gesamt totale")
_SHORT = word_set("count counts n num anzahl nombre numero cantidad aantal")
_TALLY = word_set("usage used uses use usages hits analyses analysis messages prompts responses answers summaries"
                  " translations scans nutzung nutzungen attempts attempt versuche tentatives intentos"
                  )  # fmt: skip
_WAYS = word_set("429 500 502 503 504 401 403 exception exceptions timeout timeouts")
_HOW = word_set("http status code auth other rate limit limited count counts total n num api")
_OF_DAY = word_set("today daily day heute rpd")
_ORDINAL = word_set("number num no nr index idx")
_FEWEST = 3
"""Times that are full hours, from which on this is no chance."""


def set_inferences(draft: Draft) -> None:
    """Map how many calls a record stands for, where it says so, and how many of these failed."""
    columns = draft.columns
    whole = {path: column for path, column in columns.of.items() if _is_count(column) and draft.is_free(path)}
    totals = [path for path in whole if _is_named(path, _CALLS, _COUNTED) and not _has(path, _GOOD | _BAD)]
    good = [path for path in whole if _has(path, _GOOD) and _names_calls(path)]
    bad = [path for path in whole if _has(path, _BAD) and _names_calls(path)]
    if draft.is_tally and not bad:
        bad = [path for path in whole if _has(path, _BAD | _WAYS) and _words(path) <= _BAD | _WAYS | _HOW]
    totals = [path for path in _of_models_first(totals) if not _is_of_else(draft, path)]
    sums = draft.is_tally or _is_daily(draft)
    bare = [path for path in whole if _only(path, _COUNTED) and not _has(path, _GOOD | _BAD)]
    bare = [path for path in bare if not _is_sum_of_tokens(draft, path)]
    if draft.is_tally:
        loose = [path for path in whole if names_tally(path)]
        for paths in (totals, loose):
            paths.sort(key=lambda path: not _has(path, _OF_DAY))
        bare = totals or loose or (bare if good or bad else [])
    totals += [path for path in bare if sums and path not in totals]
    some = totals if draft.is_tally else []
    some = some or [path for path in totals if any(number > 1 for number in whole[path].counts.values())]
    some = some or [path for path in totals if _tells_none(draft, path)]
    some = some or [path for path in whole if _has(path, _TURNS) and _fills_sums(draft, path)]
    if not some and not bad:
        # Only those that succeeded are told.
        some = [path for path in good if any(number > 1 for number in whole[path].counts.values())]
    if not some and not (sums and good and bad):
        if sums:
            _doubt_sums(draft, totals)
        _doubt_steps(draft, whole)
        return
    if some:
        _set_total(draft, some, good, bad)
    else:
        draft.set("inferences", [draft.spell(good[0]), f"+{draft.spell(bad[0])}"], good[0], bad[0])
        draft.doubt(
            "inferences",
            f"every record stands for as many calls as {draft.spell(good[0])} and {draft.spell(bad[0])} say"
            " together",
        )
        draft.set("errors", draft.spell(bad[0]), bad[0])


def _set_total(draft: Draft, some: Sequence[Path], good: Sequence[Path], bad: Sequence[Path]) -> None:
    path = some[0]
    column = draft.columns.of[path]
    spelled = draft.spell(path)
    counter = counter_of(draft.columns, column, session_keys(draft.columns))
    if numbers_records(column) and not (draft.is_tally or _is_daily(draft)):
        draft.settled.add(path)
        draft.prove("inferences", f"{spelled} only numbers the calls")
        return
    if counter is not None and len(column.counts) > 5 and not (draft.is_tally or _is_daily(draft)):
        steps = [after - before for before, after in pairwise(column.counts.values())]
        draft.settled.add(path)
        if all(step in (0, 1) or step < 0 for step in steps):
            draft.prove("inferences", f"{spelled} only numbers the calls")
            return
        draft.doubt(
            "inferences", f"{spelled} only grows, as a sum so far does: not mapped, every record is one call"
        )
        return
    if none := sum(number == 0 for number in column.counts.values()):
        draft.doubt("inferences", f"{none} records whose {spelled} is 0 are no call")
    uses = _of_uses(draft, path)
    if uses:
        names = [draft.spell(it) for it in uses]
        draft.set("inferences", [names[0], *(f"+{name}" for name in names[1:])], *uses)
        listed = ", ".join(names)
        draft.doubt("inferences", f"every record stands for as many calls as {listed} say together")
        return
    numerals = draft.signs(column)
    draft.set("inferences", {"path": spelled, **numerals} if numerals else spelled, path)
    draft.others["inferences"] = tuple(it for it in some[1:])
    ids = draft.first("request_id")
    one_each = ids is not None and not _is_daily(draft)
    more = f"; without it there would be {len(column.counts)}" if len(column.counts) > 1 else ""
    draft.doubt(
        "inferences",
        f"every record stands for as many calls as {spelled} says"
        + (f", {sum(column.counts.values()):,.0f} in the sample{more}" if len(column.counts) > 1 else "")
        + (", though each has an id of its own" if one_each else ""),
    )
    _set_errors(draft, path, good, bad)


def _is_sum_of_tokens(draft: Draft, path: Path) -> bool:
    """Whether a number is that of the tokens of each record together."""
    taken, given, numbers = (
        draft.counts("input_tokens"),
        draft.counts("output_tokens"),
        draft.columns.of[path].counts,
    )
    return bool(taken or given) and all(
        number == taken.get(at, 0) + given.get(at, 0) for at, number in numbers.items()
    )


def _is_of_else(draft: Draft, path: Path) -> bool:
    """Whether a number with other words in its name is the same in all records, though their tokens are not:
    it is of something that is done each time."""
    others = _words(path) - _CALLS - _COUNTED - _OF_MODELS - _OF_A_MODEL - _OF_DAY - PROVIDERS
    numbers, given = set(draft.columns.of[path].counts.values()), draft.column("output_tokens")
    different = 0 if given is None else len(set(given.counts.values()))
    if not others or len(numbers) != 1 or different <= _FEWEST or max(numbers) <= 1:
        return False
    draft.doubt(
        "inferences",
        f"{draft.spell(path)} is {max(numbers):,.0f} in all records, and no number of calls of models; if it is,"
        f" there are {sum(draft.columns.of[path].counts.values()):,.0f} in the sample",
    )
    return True


def _of_uses(draft: Draft, path: Path) -> list[Path]:
    """Return the numbers of calls of several objects side by side that have the same names in them, as of several
    uses of a day; nothing where one of them is that of all the others."""
    of = draft.columns.of
    same = [it for it in of if len(it) > 1 and it[-1] == path[-1] and it[:-2] == path[:-2] and _is_count(of[it])]
    if len(same) <= 1 or any(it[:-1] == path[:-2] and names_calls(it) for it in of):
        return []
    sums = {it: sum(of[it].counts.values()) for it in same}
    if any(2 * number >= sum(sums.values()) and "total" in words_of(it[-2]) for it, number in sums.items()):
        return []
    is_one = any(number and 2 * number == sum(sums.values()) for number in sums.values())
    return [] if is_one and len(same) > 2 else sorted(same, key=lambda it: it != path)


def _tells_none(draft: Draft, path: Path) -> bool:
    """Whether a number of calls says of records that took no tokens that nothing was called."""
    numbers = draft.columns.of[path].counts
    none = {at for at, number in numbers.items() if number == 0}
    plain = _words(path) <= _CALLS | _COUNTED | _OF_MODELS
    return plain and bool(none) and none.isdisjoint(_takers(draft))


def _fills_sums(draft: Draft, path: Path) -> bool:
    """Whether a number of messages is 0 where no tokens were taken, and more where any were, and some records took
    more than one call can."""
    numbers, takers = draft.columns.of[path].counts, _takers(draft)
    some = {at for at, number in numbers.items() if number > 0}
    return some == takers and len(some) < len(numbers) == len(draft.columns) and has_sums(draft)


def _takers(draft: Draft) -> set[int]:
    """Return the records with more than no tokens."""
    tokens = [draft.column(name) for name in ("input_tokens", "output_tokens")]
    return {at for column in tokens if column is not None for at, number in column.counts.items() if number > 0}


def _doubt_steps(draft: Draft, counts: Mapping[Path, Column]) -> None:
    """Say which numbers may be those of the calls of a record."""
    if "constant" in str(draft.settings.get("operation")):
        return  # of one picture
    for path, column in counts.items():
        several = sum(number > 1 for number in column.counts.values())
        if not names_steps(path) or not several:
            continue
        draft.doubt(
            "inferences",
            f"each record counts as one call, and {draft.spell(path)} is more than 1 in {several} of"
            f" {len(column.counts)}; were each of these a call, there would be {sum(column.counts.values()):,.0f}"
            f" in the sample, by `inferences: {draft.spell(path)}`",
        )


def _set_errors(draft: Draft, path: Path, good: Sequence[Path], bad: Sequence[Path]) -> None:
    total = draft.columns.of[path].counts
    if draft.is_tally and len(bad) > 1 and (several := _ways_to_fail(draft, total, bad)):
        spelled = [draft.spell(it) for it in several]
        draft.set("errors", [spelled[0], *(f"+{it}" for it in spelled[1:])], *several)
        draft.doubt(
            "errors", f"{', '.join(spelled)} of the calls of {draft.spell(path)} failed, each in its own way"
        )
        return
    for failed in bad:
        numbers = draft.columns.of[failed].counts
        if any(number > total.get(at, 0) for at, number in numbers.items()):
            draft.doubt(
                "errors", f"{draft.spell(failed)} exceeds {draft.spell(path)} in some records, so it does not"
                          " count"
                " in it: inferences are taken as the sum of both",
            )  # fmt: skip
            draft.set("inferences", [draft.spell(path), f"+{draft.spell(failed)}"], path, failed)
        elif not _is_proven(draft, path, good, failed):
            draft.doubt(
                "errors",
                f"{draft.spell(failed)} of the calls of {draft.spell(path)} failed; were they not part of it,"
                f" there would be {sum(numbers.values()):,.0f} more inferences in the sample",
            )
        numerals = draft.signs(draft.columns.of[failed])
        draft.set("errors", {"path": draft.spell(failed), **numerals} if numerals else draft.spell(failed), failed)
        return
    if good:
        succeeded = draft.columns.of[good[0]].counts
        missing = sum(total.values()) - sum(succeeded.values())
        if missing > 0:
            draft.doubt(
                "errors",
                f"{draft.spell(good[0])} are {missing:,.0f} fewer than {draft.spell(path)}, which may be"
                " failed calls;"
                " no field has their number, and they count as inferences",
            )


def _ways_to_fail(draft: Draft, total: Mapping[int, float], bad: Sequence[Path]) -> list[Path]:
    """Return the numbers of calls that failed in several ways, where they are not more than all calls and none is
    the sum of the others; empty where they may be counted twice."""
    sums = {it: sum(draft.columns.of[it].counts.values()) for it in bad}
    whole = sum(sums.values())
    each = [sum(draft.columns.of[it].counts.get(at, 0) for it in bad) <= number for at, number in total.items()]
    twice = any(number and 2 * number == whole for number in sums.values())
    return [] if twice or not all(each) else [*bad]


def _is_proven(draft: Draft, total: Path, good: Sequence[Path], failed: Path) -> bool:
    if not good:
        return False
    of = draft.columns.of
    at = of[total].counts.keys() & of[good[0]].counts.keys() & of[failed].counts.keys()
    return bool(at) and all(of[total].counts[it] == of[good[0]].counts[it] + of[failed].counts[it] for it in at)


def counts_calls(draft: Draft, path: Path) -> bool:
    """Whether a column beside the number of calls has how many of these succeeded or failed, and no outcomes."""
    total, failed, column = draft.column("inferences"), draft.first("errors"), draft.columns.of[path]
    if total is None or not _is_count(column) or not _has(path, _GOOD | _BAD):
        return False
    if any(number > total.counts.get(at, 0) for at, number in column.counts.items()):
        return False
    several = any(number > 1 for number in column.counts.values())
    return several or (failed is not None and _is_proven(draft, draft.paths["inferences"][0], [path], failed))


def _is_count(column: Column) -> bool:
    return (
        bool(column.counts)
        and len(column.counts) >= MOSTLY * column.told
        and all(number >= 0 and number.is_integer() for number in column.counts.values())
    )


def _words(path: Path) -> frozenset[str]:
    return frozenset(words_of(path[-1]))


def _has(path: Path, words: Iterable[str]) -> bool:
    return not _words(path).isdisjoint(words)


def _is_named(path: Path, wanted: frozenset[str], more: frozenset[str]) -> bool:
    if len(path) > 1 and _words(path) <= _SUMMED:
        path = path[:-1]  # the total of `requests`
    own = _words(path)
    words = words_of(path[-1])
    if words[-1:] and words[-1] in _ORDINAL and not any(word.endswith("s") for word in own & wanted):
        return False  # `request_number` is the number of a request
    plural = own & wanted and (own & more or any(word.endswith(("s", "n")) for word in own & wanted))
    return bool(plural) and not own & (_NO | _SETTINGS)


def names_calls(path: Path) -> bool:
    """Whether a name is that of a number of calls."""
    return _is_named(path, _CALLS, _COUNTED) and not _has(path, _GOOD | _BAD)


def names_tally(path: Path) -> bool:
    """Whether a name is that of a number of calls where all else is of models: `count`, `usage_count`, `used`."""
    own = _words(path)
    return bool(own & (_TALLY | _SHORT)) and own <= _TALLY | _COUNTED | _CALLS | _OF_MODELS | _OF_DAY | PROVIDERS


def names_outcomes(path: Path) -> bool:
    """Whether a name is that of a number of calls that succeeded or failed."""
    return _has(path, _GOOD | _BAD) and _names_calls(path)


def names_steps(path: Path) -> bool:
    """Whether a name is that of a number of steps, each of which may be a call."""
    return _has(path, _STEPS) and not _has(path, _NO | _DENOISED)


def _of_models_first(paths: Sequence[Path]) -> list[Path]:
    """Return numbers of calls without those of other services, where one names a model or who serves them."""
    named = [path for path in paths if _has(path, PROVIDERS | _OF_A_MODEL)]
    plain = [path for path in paths if _words(path) <= _CALLS | _COUNTED | _OF_MODELS | _OF_DAY]
    return named or plain or [*paths]


def _only(path: Path, words: frozenset[str]) -> bool:
    return bool(_words(path)) and _words(path) <= words


def _names_calls(path: Path) -> bool:
    return not _has(path, _NO) and (_words(path) <= (_GOOD | _BAD | _COUNTED | _CALLS | {"of", "llm", "api"}))


def _is_daily(draft: Draft) -> bool:
    """Whether the records are sums: their times are full hours, or dates without a time of day."""
    column = draft.column("time")
    if column is None:
        return False
    setting = draft.settings["time"]
    format_ = setting.get("format") if isinstance(setting, dict) else None
    times = [readable(value, format_) for value in column.values]
    known = [time for time in times if time is not None]
    whole = all(time.minute == time.second == time.microsecond == 0 for time in known)
    return whole and len(known) >= _FEWEST and len(set(known)) > 1


def _doubt_sums(draft: Draft, totals: Sequence[Path]) -> None:
    if totals:
        return
    draft.doubt(
        "inferences",
        "all times are full hours or days, as of records that are sums of many calls; no field says of how"
        " many, and"
        " each record counts as one",
    )
