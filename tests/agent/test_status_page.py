"""The page for people: what it says, in which order, and what it must never let through."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, sync_playwright

from agent.exporter.render import Exposition
from agent.framework.model import Settings, Status, Strategy
from agent.server import Server, State, create_app
from agent.snapshot import SystemView
from agent.status_page import (
    STYLE_SOURCE,
    by_attention,
    clock,
    decimal,
    flags,
    full,
    headline,
    render,
    since,
    volume_bar,
)
from tests.agent.exporter import samples

VOID = {"meta", "rect", "br", "link"}


class Outline(HTMLParser):
    """Collects tags and text, and notes tags that do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_is_well_formed_and_tells_its_language() -> None:
    outline = Outline(render(samples.systems(), samples.agent()))

    assert outline.open == []
    assert ("html", {"lang": "en"}) in outline.tags
    assert [tag for tag, _ in outline.tags if tag == "h1"] == ["h1"]
    assert all("scope" in attributes for tag, attributes in outline.tags if tag == "th")


def test_the_page_has_no_script_no_inline_style_and_nothing_from_elsewhere() -> None:
    outline = Outline(render(samples.systems(), samples.agent()))

    assert "script" not in {tag for tag, _ in outline.tags}
    names = {name for _, attributes in outline.tags for name in attributes}
    assert "style" not in names
    assert not any(name.startswith("on") for name in names)
    assert [a["href"] for tag, a in outline.tags if tag == "a"] == ["metrics", "api/v1/systems"]


def test_the_policy_allows_exactly_the_style_sheet_of_the_page() -> None:
    style = re.search(r"<style>(.*?)</style>", render(samples.systems(), samples.agent()), re.DOTALL)

    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" == STYLE_SOURCE


def test_a_name_cannot_bring_markup_along() -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    grown = samples.grown()
    reason = replace(grown.verdict.reasons[0], text=attack)
    evidence = tuple(replace(one, text=attack, unit=attack) for one in grown.verdict.evidence)
    verdict = replace(grown.verdict, reasons=(reason,), evidence=evidence)
    source = replace(samples.agent().sources[1], name=attack, type=attack, error=attack)
    page = render(
        samples.systems(replace(grown, system=attack, verdict=verdict)),
        replace(samples.agent(), sources=(source,), version=attack, python=attack),
    )

    assert "<script" not in page
    assert "<img" not in page
    # The name twice, one reason, five rules with text and unit, three cells of the source, and two versions.
    assert Outline(page).text().count("<script>alert(1)</script>") == 2 + 1 + 10 + 3 + 2


def test_what_needs_attention_comes_first() -> None:
    assert [view.system for view in by_attention(samples.systems().systems)] == [
        "checkout-helper",
        "contract-writer",
        "mail-sorter",
        samples.AWKWARD,
        "voice-notes",
        "answer-bot",
    ]


def test_equals_are_in_the_order_of_their_names() -> None:
    views = [replace(samples.grown(), system=name) for name in ("c", "a", "b")]

    assert [view.system for view in by_attention(views)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (samples.grown(), ["Differs"]),
        (samples.conflicting(), ["Conflict"]),
        (samples.stale(), ["Held"]),
        (samples.discovered(), ["Provisional"]),
        (samples.unseen(), ["Undecided"]),
        (samples.agreeing(), ["As declared"]),
    ],
    ids=lambda value: value.system.split()[0] if isinstance(value, SystemView) else None,
)
def test_the_status_is_in_words(view: SystemView, words: list[str]) -> None:
    assert [flag.word for flag in flags(view.verdict)] == words


def test_a_system_can_need_attention_for_several_reasons() -> None:
    verdict = replace(samples.grown().verdict, status=Status.PROVISIONAL, held=True)

    assert [flag.word for flag in flags(verdict)] == ["Differs", "Held", "Provisional"]


def test_an_undeclared_system_is_decided_and_neither_agrees_nor_differs() -> None:
    verdict = replace(samples.agreeing().verdict, declared=None, mismatch=None)

    assert [flag.word for flag in flags(verdict)] == ["Decided"]


def differing(count: int, provisional: int = 0) -> list[SystemView]:
    firm, soft = samples.grown(), samples.grown()
    soft = replace(soft, verdict=replace(soft.verdict, status=Status.PROVISIONAL))
    return [*[firm] * (count - provisional), *[soft] * provisional]


@pytest.mark.parametrize(
    ("views", "sentence"),
    [
        ([samples.agreeing()], "None of 1 system differs from its declared strategy"),
        ([samples.agreeing()] * 3, "None of 3 systems differs from its declared strategy"),
        ([samples.agreeing(), *differing(1)], "1 of 2 systems differs from its declared strategy"),
        (
            [samples.agreeing(), *differing(2, provisional=1)],
            "2 of 3 systems differ from their declared strategy (1 provisionally)",
        ),
    ],
)
def test_the_headline_counts_what_differs(views: list[SystemView], sentence: str) -> None:
    assert headline(samples.systems(*views)) == sentence


def test_the_page_speaks_before_there_is_anything_to_show() -> None:
    assert "No evaluation has finished yet" in Outline(render(None, None)).text()
    nothing = replace(samples.systems(), systems=())
    text = Outline(render(nothing, replace(samples.agent(), sources=()))).text()
    assert "No system has been seen or declared yet" in text
    assert "No source is configured" in text


def test_the_page_says_what_it_knows_of_a_system() -> None:
    text = Outline(render(samples.systems(samples.grown()), None)).text()

    for words in ("Prompt engineering", "Hybrid", "since 2026-03-10", "112.4M", "mid band", "0.5", "days a week"):
        assert words in text
    assert samples.grown().verdict.reasons[0].text in text
    assert "100,000,000 inferences a month" in text


def test_the_page_says_unknown_and_not_zero() -> None:
    text = Outline(render(samples.systems(samples.unseen(), dropped=0), None)).text()

    assert text.count("unknown") >= 2
    assert "0 of 28 days covered" in text
    assert "none yet" in text


def test_the_page_shows_how_the_sources_are_doing() -> None:
    text = Outline(render(None, samples.agent())).text()

    for words in (
        "1,234,567",
        "2026-03-31 00:04",
        "Failed",
        "Not yet",
        "Succeeded",
        "cannot reach the repository",
    ):
        assert words in text
    assert "gateway files ✓ Succeeded 2026-03-31 00:04 2026-03-31 00:04 1,234,567 5 none" in text


def test_a_configuration_that_could_not_be_loaded_is_said_at_the_top() -> None:
    assert "could not be loaded" in Outline(render(None, samples.agent(reloaded=False))).text()
    assert "could not be loaded" not in Outline(render(None, samples.agent(reloaded=True))).text()


@given(volume=st.floats(min_value=0, max_value=1e15))
def test_a_bar_stays_inside_and_on_the_right_side_of_its_ticks(volume: float) -> None:
    settings = Settings()
    bar = volume_bar(volume, settings)

    assert 0 <= bar.length <= 100
    assert 0 < bar.hybrid < bar.fine_tuning < 100
    if volume >= settings.hybrid_from:
        assert bar.length >= bar.hybrid
    if volume <= settings.fine_tuning_above:
        assert bar.length <= bar.fine_tuning


def test_figures_are_cut_and_never_rounded_up_to_a_threshold() -> None:
    assert full(99_999_999.9) == "99,999,999"
    assert full(0) == "0"
    assert [decimal(n) for n in (0, 0.5, 1, 2.25)] == ["0", "0.5", "1", "2.25"]


def test_times_are_shown_in_utc() -> None:
    moment = datetime(2026, 3, 31, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert clock(moment) == '<time datetime="2026-03-30T23:30:00+00:00">2026-03-30 23:30</time>'


def test_a_recommendation_stands_since_the_day_the_verdict_names() -> None:
    view = samples.grown()
    unnamed = replace(view, verdict=replace(view.verdict, changed_on=None))

    assert since(view) == date(2026, 3, 10)
    assert since(replace(unnamed, recommendation_changed=datetime(2026, 2, 1, 7, tzinfo=UTC))) == date(2026, 2, 1)
    assert since(replace(unnamed, recommendation_changed=None)) is None


def test_every_strategy_has_a_name_on_the_page() -> None:
    for strategy in Strategy:
        view = samples.agreeing()
        shown = replace(view, verdict=replace(view.verdict, strategy=strategy))
        assert "Recommended" in Outline(render(samples.systems(shown), None)).text()


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    exposition = Exposition()
    exposition.set_systems(samples.systems())
    exposition.set_agent(samples.agent())
    server = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
            )
            page = browser.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(f"http://127.0.0.1:{server.port}/")
            yield page
            assert complaints == []
            browser.close()
    finally:
        server.stop()


@pytest.mark.e2e
@pytest.mark.parametrize("width", [1200, 860, 390, 320])
def test_the_page_never_scrolls_sideways(browser_page: Page, width: int) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})

    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.e2e
def test_a_narrow_page_shows_cards_with_their_labels(browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 390, "height": 900})

    assert browser_page.locator("thead").first.is_hidden()
    label = "getComputedStyle(document.querySelector('td[data-label=Declared]'), '::before').content"
    assert browser_page.evaluate(label) == '"Declared"'


_CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = rgb(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
}"""


@pytest.mark.e2e
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(browser_page: Page, scheme: str) -> None:
    """4.5 to 1 is level AA of the accessibility guidelines (WCAG 2.2, 1.4.3)."""
    browser_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ratios: list[float] = browser_page.evaluate(_CONTRAST)

    assert len(ratios) > 50
    assert min(ratios) >= 4.5
