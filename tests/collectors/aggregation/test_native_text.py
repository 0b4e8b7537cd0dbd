"""The helper counts lines of access logs as Python counts them, whatever is wrong with some of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.known_records import KnownRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.native_counter import NativeCounter
from leverwatch.collectors.aggregation.native_scans import ROLES
from leverwatch.collectors.aggregation.pipeline import assemble
from leverwatch.collectors.records.decoder import Decoder, build_format
from leverwatch.collectors.records.format_config import NamedFormat
from leverwatch.collectors.records.formats.registry import NAMED
from tests.collectors.aggregation.test_native_counter import SPANS, damaged
from tests.collectors.aggregation.test_native_declared import both, expected, told
from tests.collectors.sources.files.logs import NOW, config

PATHS = (
    "/v1/chat/completions", "/t/7/v1/chat/completions/", "/v1/completions?x=/y", "/v2x/messages", "/v/messages",
    "/messages", "/openai/deployments/gpt-4o/chat/completions?api-version=2024", "/engines/a/completions",
    "/deployments/completions",
    "/model/m.titan-embed-v2%3A0/invoke", "/model/arn:x/m/converse-stream", "/model/m/count-tokens",
    "/v1/models/g:generateContent", "/v1/models/:generateContent", "/v1/models/count-tokens:rawPredict",
    "/p/endpoints/7:predict", "/v1/decisions", "/v1/projects/p/locations/l/interactions", "/v1/responses/compact",
    "/v1/models", "/", "/v1/embeddings#x", "/api/chat", "/api/v1/chat", "/a;b/rerank", r"/v1/\x22/messages",
    "/v1-/messages", "/v1//messages", "/v1_/messages?a[]=[1]",
)  # fmt: skip
ODD_PATHS = (
    "//v1/messages",
    "http://h/v1/messages",
    "*",
    "/v\u0661/messages",
    "/v1\u0661/messages",
    "/v1_é/messages",
    "-",
    "/v1/a b/rerank",
)
PLAIN_TAILS = (
    "",
    ' "10.0.0.9"',
    ' "10.0.0.9, 10.0.0.8" 2.858',
    ' "10.123.1.2" 0.123 0.100',
    " - - -",
    " rt=0.512 rid=abc",
    ' rt=0.512 uct="0.001" urt="0.100" us="200"',
    " 512 1.250 [search-80] [] 10.0.0.1:80 99 1.150 200 9b1d",
)
TAILS = (
    ' 0.512 "0.100, 0.200 : 0.200"',
    " 0.512 0.100, 0.400 502, 200", ' rt=0.512 uct="0.001" uht="0.1" urt="0.100, 0.400"', " rt=- rt=1.5 urt=-",
    " request_time=0.512 upstream_status=502 : 200", " us=502,",
    " rt=1e3", " rt=1.2.3", " rt=.5", " rt=007", " rt=9999999999999", ' urt="-" rid=-', ' urt="" us=--',
    ' urt=a"b, c', " rid=abc req_id=x", ' request_id="a.b-c"', " rid=None", " xrt=4 my.rt=2.5", ' "rt=0.7 rid=q"',
    "rt=1", " rt:0.25",
    ' 512 1.250 [] [] 10.0.0.1:80, 10.0.0.2:80 0, 99 0.1 2 x',
    " 512 1.250 [a-80] [] - - - - 9b1d", " 512 1.2 [a] [] 10.0.0.1:80 : 10.0.0.2:80 1 1.1 200 x y", " 7 1.5 [a] x",
    " 512 1.250 [a-80] [b] -- 1 : 2 : 9b1d", " 512 1.250 [a-80] [b] 1 1 1 1 9b1d more", " ", " 200 : 404", " 404",
    " 1.0 0.1234 0.123x 0.125", ' 0.125"0.250"', " é", " 0.100 : 0.200 rt=2",
)  # fmt: skip
TIMES = (
    "10/Mar/2026:08:00:00 +0000", "10/Mar/2026:08:00:59 +0000", "10/Mar/2026:00:30:00 +0100",
    "09/Mar/2026:23:59:59 -0130", "10/Mar/2027:08:00:00 +0000", "10/mar/2026:08:00:00 +0000",
    "31/Feb/2026:08:00:00 +0000", "10/Mar/2026:08:00:60 +0000", "10/Mar/2026:24:00:00 +0000",
    "10/Mar/2026:08:00:00 +2400", "01/Jan/1973:00:00:00 +0100", "01/Jan/1973:01:00:00 +0100",
    "31/Dec/9999:23:59:59 -0100", "29/Feb/2024:08:00:00 +0000", "2026-03-10T08:00:00+00:00", "2026-03-10 08:00:00",
    "-", "10/Mar/2026:08:00:00", "1/Mar/2026:08:00:00 +0000 ",
)  # fmt: skip
ISO = (
    "2026-03-10T08:00:00.123Z",
    "2026-03-10T09:00:00.5+01:00",
    "2026-03-09T08:00:00Z",
    "2027-01-01T00:00:00Z",
    "-",
    "x",
)
METHODS = ("POST", "GET", "post", "-", "")
STATUSES = ("000", "99999999999999999999", "-", "2xx")


def usually(chance: random.Random, values: tuple[str, ...], share: float = 0.95) -> str:
    return values[0] if chance.random() < share else chance.choice(values)


def path_of(chance: random.Random) -> str:
    return usually(chance, (chance.choice(PATHS), *ODD_PATHS))


def status_of(chance: random.Random) -> str:
    return usually(chance, (chance.choice(("200", "200", "200", "499", "404", "0")), *STATUSES))


def of_nginx(chance: random.Random) -> str:
    host = usually(chance, (chance.choice(("", "llm.example.com ")), "- ", "[::1]:80 ", 'a"b ', "a  "))
    client = usually(chance, ("10.0.0.1", "-", "", "::1"))
    user = usually(chance, (chance.choice(("-", "alice", "bob")), "a b", "", "- -", "a[b", "é", 'u"'))
    protocol = usually(chance, (" HTTP/1.1", "", " HTTP/", " x", " HTTP/1 1"))
    request = f"{usually(chance, METHODS)} {path_of(chance)}{protocol}"
    if chance.random() < 0.05:
        request = chance.choice(
            (r"\x16\x03", "-", "", "POST", "POST ", "POST  /v1/messages HTTP/1.1", request + "\\")
        )
    agent = usually(chance, ("curl/8", r"py \"x\"", "é", "", "\\", "a\tb"))
    middle = f'"{request}" {status_of(chance)} {usually(chance, ("804", "-", "x"))} "-" "{agent}"'
    tail = usually(chance, (chance.choice(PLAIN_TAILS), *TAILS), 0.8)
    return f"{host}{client} - {user} [{usually(chance, (chance.choice(TIMES[:4]), *TIMES))}] {middle}{tail}"


def of_envoy(chance: random.Random) -> str:
    flags = usually(chance, (chance.choice(("-", "DC", "UT,URX", "RL")), ""))
    istio = usually(chance, (chance.choice(("", ' via_upstream - "-"', ' - - "a \\" b"')), " a b", ' a "b" "c"'))
    number = usually(chance, (chance.choice(("1526", "-", "0")), "007", "1.5", "9" * 20))
    id_ = usually(chance, (chance.choice(("r1", "r2", "r3", "-", "")), "None", " r1", r"r\"1", "é"))
    host = usually(chance, ("10.0.0.2:443", "-", "", "--"), 0.7)
    end = usually(chance, (chance.choice(("", " outbound|80||vllm", " a b c", " -")), " ", "x"))
    return (
        f'[{usually(chance, (chance.choice(ISO[:3]), *ISO))}] "{usually(chance, METHODS)} {path_of(chance)}'
        f'{usually(chance, (" HTTP/1.1", "", " -", " a b"))}" {status_of(chance)} {flags}{istio} 105 432'
        f' {number} 451 "10.0.0.1" "{usually(chance, ("curl/8", "é", ""))}" "{id_}"'
        f' "{chance.choice(("a", "b", ""))}" "{host}"{end}'
    )


def as_json(name: str, chance: random.Random) -> str:
    record: dict[str, Any] = {
        "status": 200,
        "request_uri": "/v1/messages",
        "request_method": "POST",
        "msec": 1773129600,
    }
    if name == "envoy":
        record = {"response_code": 200, "start_time": ISO[0], "method": "POST", "path": "/v1/messages"}
    return chance.choice((json.dumps(record), "", " ", "\r", "{", "no line"))


def by_rules(path: str, before: str, host: str) -> list[Any]:
    """Rules that look at a path, of which some prefixes begin with others, and some texts with prefixes."""
    first = {"prefix": f"{before}/v1/"}, {"prefix": f"{before}/v"}, [f"{before}/v1/", f"{before}/v1/messages", "-"]
    return [
        {"is": "a", "where": {path: first[2]}},
        {"is": "b", "where": {path: first[0], host: {"prefix": "llm."}}},
        {"is": "c", "where": {path: first[1], host: {"present": True}}},
        {"is": "d", "where": {host: ["llm.example.com", "b"]}},
    ]


OF_NGINX = by_rules("request", "POST ", "host")
OF_ENVOY = by_rules("path", "", "authority")
LOGS: dict[str, tuple[Callable[[random.Random], str], tuple[Any, ...]]] = {
    "nginx": (
        of_nginx,
        (
            "bot", "{user}", "{host}-{user}", "{upstream}", "{remote_addr}", "{request}", "{rest}",
            [*OF_NGINX, "rest"], OF_NGINX, [*OF_NGINX, "{request}"], [OF_NGINX[2], "{user}"],
        ),
    ),
    "envoy": (
        of_envoy,
        (
            "bot", "{authority}", "{cluster}", "{flags}-{authority}", "{path}", "{upstream_host}",
            [*OF_ENVOY, "rest"], OF_ENVOY, [{"is": "cut", "where": {"flags": ["DC", "RL"]}}, "{authority}"],
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
@given(
    seed=st.integers(0, 2**32), window=st.sampled_from(["0s", "1h"]), system=st.integers(0, 10), days=SPANS,
    noted=st.booleans(),
)  # fmt: skip
@example(seed=1, window="1h", system=0, days=None, noted=False)
@settings(max_examples=40)
def test_the_helper_counts_what_python_counts(
    name: str, seed: int, window: str, system: int, days: Days | None, noted: bool
) -> None:
    chance = random.Random(seed)
    make, systems = LOGS[name]
    helped, alone = both(name, systems[system % len(systems)], window)
    for one in (helped, alone):
        one.keep(days)
        one.known = KnownRecords() if noted else None
    first = 1
    for _ in range(chance.randrange(1, 4)):
        texts = [make(chance) for _ in range(chance.randrange(1, 20))]
        if chance.random() < 0.3:
            texts.insert(chance.randrange(len(texts)), as_json(name, chance))
        lines = [text.encode() for text in texts]
        at = chance.randrange(len(lines))
        lines[at] = damaged(lines[at], chance.randrange(12))
        data = b"\n".join(lines) + b"\n"
        for one in (helped, alone):
            one.add(Lines(data, "access.log", first))
        first += data.count(b"\n")

    assert told(helped.drain()) == expected(alone.drain())
    if noted and helped.known is not None and alone.known is not None:
        assert helped.known.stored() == alone.known.stored()


NGINX = '1.1.1.1 - alice [10/Mar/2026:08:00:00 +0100] "POST /v1/messages HTTP/1.1" 200 804 "-" "py \\"x\\""'
ENVOY = (
    '[2026-03-10T08:00:00.123Z] "POST /v1/messages HTTP/1.1" 200 -{} 105 432 1526 451 "10.0.0.1" "curl" "{}"'
    ' "a" "b:1"'
)
PLAIN = [
    ("nginx", NGINX),
    ("nginx", f"llm.example.com {NGINX}"),
    ("nginx", f"{NGINX} 0.512 0.500"),
    ("nginx", f'{NGINX} "10.0.0.9, 10.0.0.8" rt=0.512 uct="0.001" urt="0.500" us="200" rid=r1'),
    ("nginx", f"{NGINX} 512 1.250 [search-80] [] 10.0.0.1:80 99 1.150 200 9b1d"),
    ("envoy", ENVOY.format("", "r1")),
    ("envoy", ENVOY.format(' via_upstream - "-"', "r1") + " outbound|80||vllm inbound 10.0.0.1:1"),
]


@pytest.mark.parametrize(("name", "line"), PLAIN)
def test_a_plain_line_is_not_given_to_python(name: str, line: str) -> None:
    plain = assemble(config(format={"type": name}, system="bot"), lambda: NOW).plain
    assert plain is not None
    others = line.replace("/v1/messages", "/favicon.ico"), line.replace("POST", "GET")
    found = plain.scan("".join(f"{it}\n" for it in (line, *others)).encode())
    assert found is not None
    counted = plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"), notes=False)
    assert (counted.counted, counted.no_calls, counted.passed) == (1, 2, [])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The combinations of names that Python is asked about."""
    found: list[int] = []
    tell = NativeCounter._tell_place

    def watched(counter: NativeCounter, at: int, scanned: Any, index: int) -> None:
        found.append(at)
        tell(counter, at, scanned, index)

    monkeypatch.setattr(NativeCounter, "_tell_place", watched)
    return found


def test_paths_with_the_same_end_are_asked_about_once(asked: list[int]) -> None:
    plain = assemble(config(format={"type": "nginx"}, system="bot"), lambda: NOW).plain
    assert plain is not None
    paths = [f"/tenants/{at}/v1/messages?key={at}" for at in range(50)] + [f"/files/{at}" for at in range(50)]
    found = plain.scan("".join(NGINX.replace("/v1/messages", path) + "\n" for path in paths).encode())
    assert found is not None
    counted = plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"))

    assert (counted.counted, len(counted.passed), len(asked)) == (50, 50, 1)


def test_rules_that_look_at_a_path_are_asked_about_once_for_each_of_their_answers(asked: list[int]) -> None:
    rules = [{"is": "a", "where": {"request": {"prefix": "POST /a/"}}}, "rest"]
    plain = assemble(config(format={"type": "nginx"}, system=rules), lambda: NOW).plain
    assert plain is not None
    paths = [f"/{team}/{at}/v1/messages" for at in range(50) for team in "abc"]
    found = plain.scan("".join(NGINX.replace("/v1/messages", path) + "\n" for path in paths).encode())
    assert found is not None
    plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"))

    usage, _, _ = plain.take()
    assert {key[0]: sums[0] for key, sums in usage} == {"a": 50, "rest": 100}
    assert len(asked) == 2


def test_these_are_the_formats_of_lines_that_the_helper_counts() -> None:
    made = {name: build_format(NamedFormat(type=name), ()) for name in NAMED}
    plans = {name: it.plan() for name, it in made.items() if isinstance(it, Decoder)}
    assert {name for name, plan in plans.items() if plan is not None and plan.lines is not None} == LOGS.keys()


@pytest.mark.parametrize(
    "form",
    [
        (),
        ((), (), (), (), 0, ()),
        ((((1, b"", (99,), 0, 1.0),),), (), (), (), 0, ()),
        ((((1, b"", (), 2, 1.0),),), (), (), (), 0, ()),
        ((((99, b"", (), 0, 1.0),),), (), (), (), 0, ()),
        ((((13, b"", (), 0, 1.0),),), ((),), (), (), 0, ()),
        ((((13, b"", (), 0, 1.0),),), (((("x",), 0, ()),),), (), (), 0, ()),
        ((((13, b"", (), 0, 1.0),),), (), ((b"rt", 0),), (), 0, ()),
        ((((13, b"", (), 0, 1.0),),), (), (), (), 99, ()),
        ((((13, b"", (), 0, 1.0),) * 65,), (), (), (), 0, ()),
        ((((13, b"", (), 0, 1.0),),), (), (), (), 0, ((99, (), ()),)),
        ((((13, b"", (), 0, 1.0),),), (), (), (), 0, ((0, ("x",), ()),)),
    ],
)
def test_a_form_that_the_helper_does_not_know_is_refused(form: tuple[Any, ...]) -> None:
    scan = _native.Scan((((b"time",), 0, 0), ((b"name",), len(ROLES) + 12, 1)))
    scan.as_text(((((13, b"", (), 0, 1.0),),), (), (), (), 0, ()))
    with pytest.raises((TypeError, ValueError)):
        scan.as_text(form)
