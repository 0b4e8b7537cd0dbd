"""The page in a real browser: widths, colours, paper, and what assistive technology is told."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, sync_playwright

from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.web.page.listing import PAGE_SIZE, View
from leverwatch.agent.web.server import Server, State, create_app
from leverwatch.agent.web.status_page import render
from tests.agent.exporter import samples
from tests.agent.web.browsing import CHROMIUM, FLAGS

pytestmark = pytest.mark.e2e


def shown() -> SystemsSnapshot:
    """One system of each kind, with charts: with lines, with an unknown week, far from any threshold."""
    growing = tuple(1e6 * week for week in (14, 15, 15.5, 17, 18, 19, 20, 20, 21, 23, 24, 25.5, 26))
    return samples.systems(
        replace(samples.grown(), weekly_inferences=growing),
        replace(samples.conflicting(), weekly_inferences=(6.1e8, None, 7e8, 7.4e8)),
        samples.stale(),
        samples.discovered(),
        samples.unseen(),
        replace(samples.agreeing(), weekly_inferences=(1e5, 0.0, 1.4e5)),
    )


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    exposition = Exposition()
    exposition.set_systems(shown())
    exposition.set_agent(
        replace(samples.agent(), runbook_url="https://wiki.example", grafana_url="https://grafana.example")
    )
    server = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(f"http://127.0.0.1:{server.port}/")
            yield page
            assert complaints == []
            browser.close()
    finally:
        server.stop()


@pytest.mark.parametrize("width", [1280, 861, 768, 360, 320])
def test_the_page_never_scrolls_sideways(browser_page: Page, width: int) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})

    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_narrow_page_shows_cards_with_their_labels(browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 390, "height": 900})

    assert browser_page.locator("thead").first.is_hidden()
    label = "getComputedStyle(document.querySelector('td[data-label=Recommended]'), '::before').content"
    assert browser_page.evaluate(label) == '"Recommended"'


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
    .filter(e => e.checkVisibility())
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => {
      const [a, b] = [light(rgb(getComputedStyle(e)[e.tagName === 'text' ? 'fill' : 'color'])), light(behind(e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(browser_page: Page, scheme: str) -> None:
    """4.5 to 1 is level AA of the accessibility guidelines (WCAG 2.2, 1.4.3)."""
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    browser_page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    ratios: list[float] = browser_page.evaluate(_CONTRAST)

    assert len(ratios) > 50
    assert min(ratios) >= 4.5


_GRAPHICS = _CONTRAST.replace(
    ".filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))",
    ".filter(e => e.matches('.chart path'))",
).replace("e.tagName === 'text' ? 'fill' : 'color'", "e.matches('.week') ? 'fill' : 'stroke'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_have_enough_contrast(browser_page: Page, scheme: str) -> None:
    """3 to 1 is level AA for graphics (WCAG 2.2, 1.4.11)."""
    browser_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ratios: list[float] = browser_page.evaluate(_GRAPHICS)

    # Three paths of weeks, one of gaps, and the lines of 100M and of 1.00B.
    assert len(ratios) == 3 + 1 + 2
    assert min(ratios) >= 3


def test_the_page_fits_on_paper_as_a_table_without_colours(browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 718, "height": 1000})
    browser_page.emulate_media(media="print", color_scheme="dark")

    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 718
    assert browser_page.locator("thead").first.is_visible()
    assert browser_page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    browser_page.emulate_media(media="screen", color_scheme="light")


@pytest.mark.parametrize("width", [1280, 360])
def test_assistive_technology_is_told_of_a_table_at_every_width(browser_page: Page, width: int) -> None:
    """Cards are the same table laid out otherwise; browsers may drop the roles of a table that is no table box."""
    browser_page.set_viewport_size({"width": width, "height": 900})
    session = browser_page.context.new_cdp_session(browser_page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"] and "role" in node]
    names = {node["name"]["value"] for node in nodes if "name" in node and not node["ignored"]}

    assert roles.count("table") == 2
    assert roles.count("rowheader") == len(shown().systems) + len(samples.agent().sources)
    assert {"Systems", "Sources"} <= names


def test_everything_that_opens_or_leads_somewhere_is_reached_by_keyboard(browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    expected = browser_page.locator("a, summary").count()
    browser_page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached = set()
    for _ in range(expected):
        browser_page.keyboard.press("Tab")
        reached.add(browser_page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    browser_page.locator("summary").first.focus()
    browser_page.keyboard.press("Enter")

    assert len(reached) == expected
    assert browser_page.locator("details").first.get_attribute("open") is not None


_AXE = """async () => {
  const found = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
  return [found.passes.length, found.violations.map(each => [each.id, each.nodes.map(node => node.html)])];
}"""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (360, "light")])
def test_axe_finds_nothing_against_level_aa(browser_page: Page, width: int, scheme: str) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    browser_page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    browser_page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    passed, violations = browser_page.evaluate(_AXE)

    assert violations == []
    assert passed > 15


def test_axe_would_find_a_picture_without_words(browser_page: Page) -> None:
    """What the test above relies on."""
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    browser_page.evaluate(
        "window.words = document.querySelector('.chart').getAttribute('aria-label');"
        "document.querySelector('.chart').removeAttribute('aria-label')"
    )
    _, violations = browser_page.evaluate(_AXE)
    browser_page.evaluate("document.querySelector('.chart').setAttribute('aria-label', window.words)")

    assert [name for name, _ in violations] == ["svg-img-alt"]


def test_a_phone_shows_the_verdicts_of_ten_systems_in_four_screens(browser_page: Page) -> None:
    kinds = shown().systems
    ten = [replace(kinds[number % len(kinds)], system=f"system-{number}") for number in range(10)]
    browser = browser_page.context.browser
    assert browser is not None
    phone = browser.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.set_content(render(samples.systems(*ten), samples.agent()))
    bottoms: list[float] = phone.evaluate(
        "[...document.querySelectorAll('.systems tbody')].map(each => each.getBoundingClientRect().bottom)"
    )
    phone.set_content(render(samples.systems(*ten), samples.agent(), View(system="system-0")))
    told = phone.locator(".chart").is_visible(), phone.locator(".evidence").first.is_visible()
    phone.close()

    assert len(bottoms) == 10
    assert bottoms[-1] <= 4 * 844
    assert told == (True, True), "what a list leaves out is on the page of the system"


def test_more_is_laid_out_in_columns_on_a_wide_page(browser_page: Page) -> None:
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    lefts = browser_page.evaluate(
        "[...document.querySelector('.more .evidence').children].map(each => each.getBoundingClientRect().left)"
    )

    assert len(set(lefts)) == 3


@pytest.fixture(scope="module")
def page_of_many(browser_page: Page) -> Iterator[Page]:
    """The page of more systems than one page shows, in a tab of its own."""
    exposition = Exposition()
    named = (replace(samples.agreeing(), system=f"system-{number:03}") for number in range(PAGE_SIZE + 11))
    exposition.set_systems(samples.systems(*named))
    server = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    server.start()
    browser = browser_page.context.browser
    assert browser is not None
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    try:
        page.goto(f"http://127.0.0.1:{server.port}/")
        yield page
        assert complaints == []
    finally:
        page.close()
        server.stop()


def test_one_of_many_systems_is_found_with_the_keyboard_alone(page_of_many: Page) -> None:
    page_of_many.keyboard.press("Tab")
    page_of_many.keyboard.type("SYSTEM-05")
    with page_of_many.expect_navigation():
        page_of_many.keyboard.press("Enter")

    assert page_of_many.locator("tbody th[scope=row]").count() == 10
    assert page_of_many.get_by_label("Name or flag").input_value() == "SYSTEM-05"
    page_of_many.get_by_role("link", name="Show all 61").click()
    page_of_many.get_by_role("link", name="Next").click()
    assert page_of_many.locator("tbody th[scope=row]").count() == 11


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_finds_a_system_has_enough_contrast_and_fits_a_phone(page_of_many: Page, scheme: str) -> None:
    page_of_many.set_viewport_size({"width": 320, "height": 900})
    page_of_many.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page_of_many.evaluate(
        "document.querySelectorAll('.systems tbody:nth-of-type(n+3)').forEach(each => each.remove())"
    )

    assert min(page_of_many.evaluate(_CONTRAST)) >= 4.5
    assert page_of_many.evaluate("document.documentElement.scrollWidth") <= 320
