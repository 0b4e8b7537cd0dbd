"""The rendered exposition: golden files, a linter and parsers of others, and swapping under readers."""

from __future__ import annotations

import gzip
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from leverwatch.agent.exporter.collector import SnapshotCollector
from leverwatch.agent.exporter.families import AGENT, SYSTEMS
from leverwatch.agent.exporter.family import Family, Sample
from leverwatch.agent.exporter.lines import chunks, head
from leverwatch.agent.exporter.packed import Packed, Piece
from leverwatch.agent.exporter.payload import whole
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
    assert exposition.body(Format.TEXT).packed() is exposition.body(Format.TEXT).packed()


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
    assert b"123456" in whole(changed[0])


@pytest.mark.parametrize("output", Format)
def test_the_text_is_that_of_the_client_library(output: Format) -> None:
    snapshot = samples.systems()
    shown = Exposition()
    shown.set_systems(snapshot)
    collector = SnapshotCollector(SYSTEMS, snapshot)

    library = generate_latest(collector) if output is Format.TEXT else generate_openmetrics(collector)  # type: ignore[no-untyped-call]  # untyped in the library

    assert shown.body(output).plain == library


@given(st.lists(st.tuples(st.text(), st.text(), st.floats()), max_size=4))
def test_any_label_and_any_value_is_written_as_the_client_library_does(
    given_samples: list[tuple[str, str, float]],
) -> None:
    family = Family("calls_total", "counter", "Calls.", ("system", "model"), "", _of_both)

    written = b"".join(chunks(family, given_samples))

    library = generate_latest(SnapshotCollector((family,), given_samples))
    assert head(family, Format.TEXT) * bool(given_samples) + written == library


def _of_both(given_samples: list[tuple[str, str, float]]) -> list[Sample]:
    return [((system, model), value) for system, model, value in given_samples]


@pytest.mark.parametrize("output", Format)
def test_what_is_too_large_is_kept_packed_and_is_the_same_to_every_reader(output: Format) -> None:
    # So that some families come before they turn out to be too many, and some after it.
    plain, large = Exposition(), Exposition(most=10_000)
    for shown in (plain, large):
        shown.set_systems(samples.systems())
        shown.set_agent(samples.agent())

    body = large.body(output)

    assert body.plain == plain.body(output).plain
    assert gzip.decompress(body.gzip()) == body.plain
    assert sum(isinstance(piece, Packed) for piece in body.pieces) == 1
    kept = b"".join(piece for piece in body.pieces if isinstance(piece, bytes))
    assert kept == _agent_only().body(output).plain


def _agent_only() -> Exposition:
    shown = Exposition()
    shown.set_agent(samples.agent())
    return shown


def test_both_formats_and_the_next_evaluation_share_the_lines_of_samples() -> None:
    for most in (0, 1 << 30):
        shown = Exposition(most)
        shown.set_systems(samples.systems())
        kept = [_large(shown, output) for output in Format]
        shown.set_systems(samples.systems())
        kept += [_large(shown, output) for output in Format]

        assert len(kept[0]) >= len(SYSTEMS)
        assert kept[0] == kept[1] == kept[2] == kept[3]


def _large(shown: Exposition, output: Format) -> set[int]:
    """What is kept of samples, which have no comment, by identity."""
    pieces = shown.body(output).pieces
    found = [block for piece in pieces for block in (piece.blocks if isinstance(piece, Packed) else (piece,))]
    heads = {head(family, output) for family in SYSTEMS}
    heads |= {block for one in heads for block in Packed.of((one,)).blocks} | {b"# EOF\n", b""}
    return {id(block) for block in found if block not in heads}


def test_what_is_too_large_is_never_whole_in_memory() -> None:
    views = samples.systems().systems
    names = (replace(views[number % len(views)], system=f"system-{number}") for number in range(200))
    snapshot = samples.systems(*names)
    # The help of each family is kept apart, and is not what this is about.
    Exposition(most=0).set_systems(samples.systems())
    tracemalloc.start()
    try:
        shown = Exposition(most=100_000)
        shown.set_systems(snapshot)
        for output in Format:
            size = sum(len(part) for piece in shown.body(output).pieces for part in _unpacked(piece))
            shown.body(output).packed()
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size > 750_000
    assert kept < size / 4
    assert most < size * 3 / 4


def _unpacked(piece: Piece) -> Iterator[bytes]:
    return piece.unpacked() if isinstance(piece, Packed) else iter((piece,))
