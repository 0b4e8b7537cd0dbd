"""What the words of a name say that a field is, in the languages of those who write logs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.scripts import in_english, known_stem, plain_letters

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+|\d+[a-z]*|[^\W\d_a-z]+")
_COMPOUND = re.compile(r"(\w{2,}?)(token(?:s|it|ek|en|y)?)|(tokens?)(\w{2,})")


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(words.split())


TOKEN = word_set(
    "token tokens tokenit tokenek tokenen fichas tok toks tks tkn tkns jeton jetons tokenanzahl tokencount tokeny"
    " tokenow"
)
_HOLDERS = TOKEN | word_set("usage verbrauch consommation uso counts timings")
_API = word_set("eval candidates")
_IN = word_set("input in prompt promt prompts request entree entrees eingabe eingang entrada ingresso invoer"
               " context sent"
           " inbound question evaluated frage wejsciowe wejscie vstup girdi")  # fmt: skip
_OUT = word_set("output out completion completions response sortie sorties ausgabe ausgang salida saida uscita"
                " uitvoer"
            " generated generation gen candidates predicted answer reply received outbound antwort wyjsciowe"
            " wyjscie vystup"
            " eval")  # fmt: skip
_CACHE = word_set("cache cached caches cachees gecacht zwischengespeichert")
_FOUND = word_set("hit hits from is was served used")
_NO_CACHE = word_set("uncached fresh miss missed noncached nocache frisch")
_WRITE = word_set("write writes written creation create created")
_REASON = word_set("reasoning thinking thoughts thought")
_HOUR = word_set("1h hour")
_BILLED = word_set("billed billable billing bill charged chargeable invoiced paid abgerechnet berechnet facture")
_NO_COUNT = word_set(
    "limit max min maximum budget quota remaining left per rate price cost costs usd eur avg average mean"
    " median p50"
    " p95 p99 saved allowed estimate estimated est expected second sec s ms duration latency time text image audio"
    " video kosten preis cout tps ratio percent pct share window capacity accepted rejected prediction tool user"
    " system details remain free id hash name type static"
)
_ESTIMATE = word_set("estimate estimated estimates estimation est approx approximate approximately rough"
                     " guess guessed geschaetzt estime estimado stimato geschat")  # fmt: skip
_TIME = word_set(
    "time timestamp ts date datetime at when zeit zeitpunkt zeitstempel datum uhrzeit heure horodatage jour"
    " fecha hora"
    " data tijd tijdstip created day tag moment tiempo logged asctime dato czas t epoch data utc gmt"
)
_NO_TIME = word_set(
    "expires expiry expiration birth until deadline reset cutoff elapsed ttl timeout zone timezone"
)
_CLOCK = word_set("uhrzeit heure hora uhr clock")
_MODEL = word_set("model models modell modele modelo modello modelname modelid llm engine deployment")
_NO_MODEL = word_set("group family size provider type temperature class latency version info time ms kind"
                     " vendor hash"
                 " count calls requests tokens cost api host")  # fmt: skip
_STATUS = word_set("status statut estado stato etat outcome result resultat resultado ergebnis state ok success"
               " successful"
               " erfolg erfolgreich succes reussi exito sucesso successo riuscito gelukt geslaagd lyckades"
               " onnistui sukces basarili berhasil")  # fmt: skip
_NO_STATUS = word_set(
    "syntactic syntax schema json valid validation quality safe safety test tests compile compiled"
    " parse parsed lint review approval count n num number time at message text id total tokens rate"
)
LATENCY = word_set(
    "latency duration elapsed took dauer duree duracion durata laufzeit latenz latence latencia latenza"
    " antwortzeit"
    " responsetime runtime walltime wall looptijd bearbeitungszeit"
)
_TIMED = word_set("ms millis milliseconds msec s sec secs seconds us micros microseconds ns nanos nanoseconds sek"
              " sekunden secondes segundos")  # fmt: skip
_NO_LATENCY = word_set(
    "ttft first queue load prompt eval network connect per token tokens overhead timeout limit max min avg"
    " mean p50"
    " p95 p99 retry backoff wait sleep predicted ttfb at start end created"
)
COST = word_set("cost costs price spend spent kosten preis cout couts prix coste costo custo precio charge charged"
            " betrag"
            " montant amount importe usd dollars kosten"
            " cents microdollars microusd nanodollars millidollars")  # fmt: skip
_NO_COST = word_set("per rate limit budget saved savings saving avoided profit margin revenue earnings earned"
                    " gain gains income balance wallet deposit refund refunded gewinn umsatz erlos ganancia"
                    " ingresos benefice marge guadagno ricavi baseline naive human manual"
                    " labor labour competitor today month monthly week weekly year mtd ytd"
                    " remaining unit input prompt completion output cached cache"
                    " cumulative"
                " in out tokens token currency max min avg mean code center id")  # fmt: skip
SESSION = word_set("session sessionid conversation conversationid thread threadid chat run runid dialog sitzung"
               " dialogue"
               " sesion sessione process pid worker rollout")  # fmt: skip


@lru_cache(maxsize=4096)
def words_of(key: str) -> tuple[str, ...]:
    """Return the words of a key in lower case, without accents: `d'entrée` is `d`, `entree`."""
    folded = plain_letters(_CAMEL.sub(" ", in_english(key)))
    found: list[str] = []
    for word in _WORD.findall(folded):
        match = _COMPOUND.fullmatch(word) if word not in TOKEN else None
        found += [part for part in match.groups() if part] if match else [word]
    return tuple(map(known_stem, found))


def token_field(path: Path) -> str | None:
    """Return the field of tokens that the words of a path name; None when they name none."""
    own = frozenset(words_of(path[-1]))
    above = frozenset(words_of(path[-2])) if len(path) > 1 else frozenset()
    counts = own & TOKEN or any(_HOLDERS.intersection(words_of(key)) for key in path[:-1])
    if not counts or own & _NO_COUNT:
        return None
    if not own & TOKEN and above & _CACHE:
        own |= _CACHE
    if above & (_IN | _OUT) and not own & (_IN | _OUT):
        own |= above & (_IN | _OUT)
    if own & _REASON:
        return "reasoning_tokens"
    if own & _CACHE and not is_fresh(path):
        if own & _WRITE:
            return "cache_write_1h_tokens" if own & _HOUR else "cache_write_tokens"
        return None if own & _OUT else "cached_input_tokens"
    taken, given = bool(own & _IN) or (bool(own & _NO_CACHE) and not own & _OUT), bool(own & _OUT)
    if taken != given:
        return "input_tokens" if taken else "output_tokens"
    # llama.cpp counts what it read as `prompt_eval`.
    return "input_tokens" if taken and "eval" in own and not own & (_OUT - {"eval"}) else None


def bare_field(path: Path) -> str | None:
    """Return the field of tokens that a name may mean that does not speak of tokens: `in`, `completion`."""
    own = frozenset(words_of(path[-1]))
    if not own or not own <= _IN | _OUT:
        return None
    return "output_tokens" if own <= _OUT else "input_tokens" if own <= _IN else None


def sides_of_cache(paths: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Return the pairs of names that only differ in that the first one is of what a cache had, and the second one
    of what it had not: `hit` and `miss`, `cached_tokens` and `uncached_tokens`."""
    found: dict[tuple[Path, frozenset[str]], Path] = {}
    missed: list[tuple[Path, frozenset[str]]] = []
    for path in paths:
        own = frozenset(words_of(path[-1]))
        rest = own - _CACHE - _NO_CACHE - {"hit", "hits", "non", "not"}
        if rest <= _IN | TOKEN and not own & (_WRITE | _OUT):
            if is_fresh(path):
                missed.append((path, rest))
            elif own & _CACHE or own & {"hit", "hits"}:
                found.setdefault((path[:-1], rest), path)
    return [(found[path[:-1], rest], path) for path, rest in missed if (path[:-1], rest) in found]


def is_fresh(path: Path) -> bool:
    """Whether the name says that tokens from a cache are left out."""
    own = words_of(path[-1])
    return not _NO_CACHE.isdisjoint(own) or ("non" in own and not _CACHE.isdisjoint(own))


def without_estimate(key: str) -> tuple[str, ...] | None:
    """Return the words of a name besides those that say that a number is an estimate; None where none says so."""
    words = words_of(key)
    rest = tuple(word for word in words if word not in _ESTIMATE)
    return rest if rest and rest != words else None


def is_billed(path: Path) -> bool:
    """Whether a name says that tokens are those that are paid for, which need not be those that were used."""
    return any(not _BILLED.isdisjoint(words_of(key)) for key in path)


def loose_rank(field: str, path: Path) -> int | None:
    """Return how well the words of a path fit a field, 0 being best; None when they do not."""
    own = frozenset(words_of(path[-1]))
    if field.endswith("_tokens"):
        if field == "static_input_tokens" or token_field(path) != field:
            return None
        return 2 if is_fresh(path) else 1 if "total" in own else 0
    if field == "time" and own & _TIME and not own & _NO_TIME:
        return 1 if own <= _CLOCK else 0
    if field == "model" and own & _MODEL and not own & _NO_MODEL:
        return 0
    if field == "status" and own & _STATUS and not own & _NO_STATUS:
        return 0
    if field == "latency_ms" and not own & _NO_LATENCY and (own & LATENCY or (own & _TIMED and own & {"time"})):
        return 0
    if field == "cache_hit" and own & _CACHE and own & _FOUND and not own & TOKEN:
        return 0
    if field == "cost_usd" and own & COST and not own & _NO_COST:
        return 0
    return None


def part_of_cost(path: Path) -> str | None:
    """Return `input` or `output` when the words of a path name that part of a cost alone; else None."""
    own = frozenset(words_of(path[-1]))
    above = frozenset(words_of(path[-2])) if len(path) > 1 else frozenset()
    if not (own | above) & COST or own & word_set("per rate limit budget unit token tokens cached cache max"):
        return None
    return "input" if own & _IN and not own & _OUT else "output" if own & _OUT and not own & _IN else None


def speaks_of_tokens(path: Path) -> bool:
    """Whether the name, or that of an object around it, says that numbers are tokens, as those of an API do."""
    return any(not (_HOLDERS | _API).isdisjoint(words_of(key)) for key in path)


def is_special(path: Path) -> bool:
    """Whether the words say that a number is no plain number of tokens, but a limit, a part, or a rate of them."""
    own = frozenset(words_of(path[-1]))
    return bool(own & (_NO_COUNT | _CACHE | _REASON | _WRITE)) or "total" in own


def says_nothing(path: Path) -> bool:
    """Whether the name has no word: letters, numbers, or an alphabet of which nothing is known."""
    return all(not word.isascii() or not word.strip("0123456789")[2:] for word in words_of(path[-1]))
