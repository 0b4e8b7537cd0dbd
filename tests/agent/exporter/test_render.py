"""The rendered exposition: golden files, a linter and parsers of others, and swapping under readers."""

from __future__ import annotations

import gzip
import subprocess
import threading
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.exporter.render import Exposition, Format, choose_format
from leverwatch.agent.snapshot import SystemsSnapshot
from tests.agent.exporter import samples
from tests.agent.exporter.golden import assert_golden


@pytest.fixture
def exposition() -> Exposition:
    shown = Exposition()
    shown.set_systems(samples.systems())
    shown.set_agent(samples.agent())
    return shown


def parsed(exposition: Exposition, output: Format) -> list[Metric]:
    text = exposition.body(output).plain.decode()
    if output is Format.OPENMETRICS:
        return list(parse_openmetrics(text))  # type: ignore[no-untyped-call]  # untyped in the library
    return list(parse_text(text))


@pytest.mark.parametrize(
    ("output", "name"), [(Format.TEXT, "metrics.txt"), (Format.OPENMETRICS, "metrics.openmetrics.txt")]
)
def test_the_exposition_is_the_golden_one(exposition: Exposition, output: Format, name: str) -> None:
    assert_golden(name, exposition.body(output).plain)


def test_promtool_finds_nothing_to_complain_about(exposition: Exposition) -> None:
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=exposition.body(Format.TEXT).plain,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize("output", Format)
def test_parsers_read_every_family_and_every_awkward_label(exposition: Exposition, output: Format) -> None:
    families = parsed(exposition, output)

    assert len(families) == len(SYSTEMS) + len(AGENT)
    labels = {sample.labels.get("system") for family in families for sample in family.samples}
    assert samples.AWKWARD in labels
    assert 'model "x"\\' in {s.labels.get("model") for family in families for s in family.samples}


def test_both_formats_say_the_same(exposition: Exposition) -> None:
    text, openmetrics = (
        {(s.name, tuple(sorted(s.labels.items()))): s.value for f in parsed(exposition, o) for s in f.samples}
        for o in Format
    )

    assert text == openmetrics


def test_there_is_one_end_mark_and_only_in_openmetrics(exposition: Exposition) -> None:
    assert exposition.body(Format.TEXT).plain.count(b"# EOF") == 0
    assert exposition.body(Format.OPENMETRICS).plain.count(b"# EOF") == 1
    assert exposition.body(Format.OPENMETRICS).plain.endswith(b"\n# EOF\n")


def test_nothing_to_show_is_an_empty_exposition() -> None:
    assert Exposition().body(Format.TEXT).plain == b""
    assert Exposition().body(Format.OPENMETRICS).plain == b"# EOF\n"
    assert Exposition().snapshots == (None, None)


def test_a_vanished_system_leaves_no_series(exposition: Exposition) -> None:
    assert b"checkout-helper" in exposition.body(Format.TEXT).plain

    exposition.set_systems(samples.systems(samples.agreeing()))

    for output in Format:
        assert b"checkout-helper" not in exposition.body(output).plain
        assert b'system="answer-bot"' in exposition.body(output).plain


def test_one_part_changes_without_the_other(exposition: Exposition) -> None:
    before = exposition.body(Format.TEXT).plain

    exposition.set_agent(replace(samples.agent(), version="9.9.9"))

    assert exposition.body(Format.TEXT).plain == before.replace(b'version="1.2.3"', b'version="9.9.9"')
    assert exposition.snapshots == (samples.systems(), replace(samples.agent(), version="9.9.9"))


def test_the_same_snapshot_is_rendered_once(exposition: Exposition) -> None:
    assert exposition.body(Format.TEXT) is exposition.body(Format.TEXT)
    assert exposition.body(Format.TEXT).gzip() is exposition.body(Format.TEXT).gzip()


def test_an_evaluation_renders_before_it_is_shown() -> None:
    exposition = Exposition()
    exposition.body(Format.TEXT)
    rendering: list[bool] = []
    watched = replace(samples.systems(), systems=_Watched(rendering))  # counts reads

    exposition.set_systems(watched)
    read_before_the_scrape = len(rendering)
    for output in Format:
        exposition.body(output)

    assert read_before_the_scrape > 0
    assert len(rendering) == read_before_the_scrape


class _Watched:
    """No systems, and a note of each time somebody looks."""

    def __init__(self, reads: list[bool]) -> None:
        self._reads = reads

    def __iter__(self) -> Iterator[object]:
        self._reads.append(True)
        return iter(())


def test_gzip_holds_the_same_bytes(exposition: Exposition) -> None:
    payload = exposition.body(Format.TEXT)

    assert gzip.decompress(payload.gzip()) == payload.plain
    assert len(payload.gzip()) < len(payload.plain) / 4


def test_a_lone_surrogate_in_a_name_does_not_break_the_scrape() -> None:
    exposition = Exposition()
    exposition.set_systems(samples.systems(replace(samples.agreeing(), system="half \ud83d")))

    assert 'system="half ?"' in exposition.body(Format.TEXT).plain.decode()


PROMETHEUS = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4"


@pytest.mark.parametrize(
    ("accept", "output"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/html,application/xhtml+xml;q=0.9", Format.TEXT),
        ("text/plain;version=1.0.0;escaping=dots", Format.TEXT),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; escaping=values", Format.OPENMETRICS),
        (PROMETHEUS, Format.OPENMETRICS),
        ("application/openmetrics-text;version=none", Format.TEXT),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", Format.TEXT),
    ],
)
def test_the_accept_header_chooses_the_format(accept: str, output: Format) -> None:
    assert choose_format(accept) is output


def _one(name: str) -> SystemsSnapshot:
    return samples.systems(replace(samples.agreeing(), system=name))


def test_readers_see_whole_snapshots_while_they_are_swapped() -> None:
    exposition = Exposition()
    exposition.set_systems(_one("first"))
    exposition.set_agent(samples.agent())
    whole = {}
    for name in ("first", "second"):
        alone = Exposition()
        alone.set_systems(_one(name))
        alone.set_agent(samples.agent())
        whole[alone.body(Format.TEXT).plain] = name
    stop = threading.Event()
    torn: list[bytes] = []

    def read() -> None:
        while not stop.is_set():
            body = exposition.body(Format.TEXT)
            if body.plain not in whole or gzip.decompress(body.gzip()) != body.plain:
                torn.append(body.plain)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(40):
        exposition.set_systems(_one(("second", "first")[turn % 2]))
        exposition.set_agent(samples.agent())
    stop.set()
    for reader in readers:
        reader.join()

    assert torn == []


def test_what_an_evaluation_did_not_change_is_the_same_text_in_memory() -> None:
    shown = Exposition()
    shown.set_systems(samples.systems())
    before = shown.body(Format.OPENMETRICS).pieces
    shown.set_systems(samples.systems())
    same = shown.body(Format.OPENMETRICS).pieces
    shown.set_systems(replace(samples.systems(), overflow_inferences=123456.0))
    other = shown.body(Format.OPENMETRICS).pieces

    assert len(before) > 50
    assert [id(piece) for piece in same] == [id(piece) for piece in before]
    changed = [new for new, old in zip(other, before, strict=True) if new is not old]
    assert len(changed) == 1
    assert b"123456" in changed[0]
