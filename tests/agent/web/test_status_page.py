"""The page for people: what it says, in which order, and what it must never let through."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.model import Status, Strategy
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.listing import PAGE_SIZE, View
from leverwatch.agent.web.status_page import Links, clock, headline, render, since
from leverwatch.agent.web.style import style_source
from leverwatch.collectors.interface import Problem
from tests.agent.exporter import samples

ROOT = Path(__file__).parents[3]
VOID = {"meta", "path", "br", "link", "input"}


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
    targets = [a["href"] for tag, a in outline.tags if tag == "a"]
    assert [target for target in targets if not (target or "").startswith(("runbooks/", "?", "#"))] == [
        "metrics",
        "api/v1/systems",
    ]


def test_the_policy_allows_exactly_the_style_sheet_of_the_page() -> None:
    style = re.search(r"<style>(.*?)</style>", render(samples.systems(), samples.agent()), re.DOTALL)

    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" == style_source()


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


def test_a_source_that_waits_says_for_what_and_is_not_red() -> None:
    waits = replace(
        samples.agent().sources[0], success=True, error=None, concerns={}, waits="it goes on at 10:05 UTC"
    )
    page = render(samples.systems(), replace(samples.agent(), sources=(waits,)))

    assert "… Waits" in Outline(page).text()
    assert "waits: it goes on at 10:05 UTC" in Outline(page).text()
    assert '<tr class="red">' not in page


def test_flags_lead_to_runbooks_and_systems_to_dashboards_where_their_places_are_known() -> None:
    agent = replace(samples.agent(), runbook_url="https://wiki.example/r", grafana_url="https://g.example/x")
    outline = Outline(render(samples.systems(samples.grown(), samples.discovered()), agent))
    targets = [attributes["href"] for tag, attributes in outline.tags if tag == "a"]

    assert "https://wiki.example/r/LeverwatchStrategyMismatch.md" in targets
    assert "https://g.example/x/d/leverwatch-fleet" in targets
    assert "https://g.example/x/d/leverwatch-system?var-system=checkout-helper" in targets
    assert Links(None, "https://g.example").dashboard("system", samples.AWKWARD) == (
        "https://g.example/d/leverwatch-system?var-system="
        "quote%20%22%20slash%20%5C%20line%0Abreak%20%3Cb%3E%C3%A9%E6%BC%A2%E2%80%A8"
    )


def test_every_flag_with_a_runbook_names_an_alert_that_exists() -> None:
    everything = [samples.grown(), samples.conflicting(), samples.stale(), samples.agreeing()]
    page = render(samples.systems(*everything), replace(samples.agent(), runbook_url="R", grafana_url=None))
    alerts = set(re.findall(r'href="R/(\w+)\.md"', page))

    assert len(alerts) >= 6
    assert alerts <= {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")}


def test_the_first_reason_is_in_sight_and_the_others_one_click_away() -> None:
    page = render(samples.systems(samples.grown()), None)
    first, second = samples.grown().verdict.reasons
    inside = page[page.index("<details>") : page.index("</details>")]

    assert first.text in page
    assert first.text not in inside
    assert second.text in inside
    for words in ("Cost:", "Baseline:", "Prompt:", "Review:", "Prompt changes:</span> seen in git"):
        assert words in inside


def test_what_changes_next_is_told_with_its_dates() -> None:
    text = Outline(render(samples.systems(samples.grown()), None)).text()

    assert "2026-04-20 small-1 is shut down" in text
    assert "2026-05-11 volume reaches 1.00B: Fine-tuning 2026-04-20 to 2026-06-08, 75% likely" in text


def test_the_chart_says_in_words_what_it_shows() -> None:
    view = replace(samples.grown(), weekly_inferences=(20_000_000.0, None, 23_500_000.0))
    page = Outline(render(samples.systems(view), None))

    (drawn,) = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert drawn["role"] == "img"
    assert drawn["aria-label"] == "3 weeks as months: from 87.0M to 102.2M, largest 102.2M, 1 unknown"


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

    for words in (
        "Prompt engineering",
        "Hybrid",
        "since 2026-03-10",
        "112.4M",
        "mid band",
        "0.5 against 1 days/week",
    ):
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
    assert (
        "gateway files ! Refuses records 2026-03-31 00:04 2026-03-31 00:04 1,234,567 5 invalid_line: 3 bad_time: 2"
        in text
    )


def test_a_source_that_counts_and_tells_no_time_of_a_record_is_not_said_to_have_none() -> None:
    known, *_ = samples.agent().sources
    counting = replace(known, newest_record=None)
    silent = replace(counting, records={})
    texts = [Outline(render(None, replace(samples.agent(), sources=(it,)))).text() for it in (counting, silent)]

    assert "2026-03-31 00:04 not told 1,234,567" in texts[0]
    assert "2026-03-31 00:04 never 0" in texts[1]


def test_a_configuration_that_could_not_be_loaded_is_said_at_the_top() -> None:
    assert "could not be loaded" in Outline(render(None, samples.agent(reloaded=False))).text()
    assert "could not be loaded" not in Outline(render(None, samples.agent(reloaded=True))).text()


def test_a_store_that_cannot_be_trusted_is_said_at_the_top() -> None:
    lost = "the file was deleted while it was open"

    assert lost in Outline(render(None, replace(samples.agent(), store_trouble=lost))).text()
    assert "cannot be trusted" not in Outline(render(None, samples.agent())).text()


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


def test_a_source_that_counts_little_is_red_and_says_why_with_places_by_reason() -> None:
    page = render(samples.systems(), samples.agent())
    rows = re.findall(r"<tr[^>]*>\s*<th scope=\"row\">(?:batch|gateway|prompts)<small>.*?</tr>", page, re.DOTALL)
    text = {row.split('scope="row">')[1].partition("<")[0]: Outline(row).text() for row in rows}
    red = {row.split('scope="row">')[1].partition("<")[0] for row in rows if row.startswith('<tr class="red">')}

    assert red == {"batch", "prompts"}
    assert "✗ Mostly refused" in text["batch"]
    assert "most of what the last day read was refused" in text["batch"]
    assert "nothing matches late/*.log" in text["batch"]
    assert (
        "bad_time /var/log/batch.log:3: not a time"
        " missing_field /var/log/batch.log:9: no time /var/log/batch.log:12: no model"
    ) in text["batch"]
    assert "none" in text["gateway"]


def test_what_a_source_tells_of_bad_input_cannot_bring_markup_along() -> None:
    attack = "<script>alert(1)</script>"
    source = replace(
        samples.agent().sources[3],
        concerns={"matches_nothing": attack},
        samples=(Problem(attack, attack, attack),),
    )

    assert "<script" not in render(None, replace(samples.agent(), sources=(source,)))


def test_a_source_says_what_calls_have_that_name_no_system() -> None:
    text = Outline(render(samples.systems(), samples.agent())).text()

    assert "Names no system : ledger" in text
    assert "api_key_id: key_7: 1,200 calls api_key_id: (none): 3 calls other values: 2 calls" in text
    assert text.count("Names no system") == 1


def test_a_few_systems_are_shown_without_anything_to_find_them_by() -> None:
    tags = {tag for tag, _ in Outline(render(samples.systems(), samples.agent())).tags}

    assert tags.isdisjoint({"form", "input", "nav"})


def test_many_systems_are_paged_and_every_page_links_to_its_neighbours() -> None:
    named = [replace(samples.grown(), system=f"system-{number:03}") for number in range(2 * PAGE_SIZE + 1)]
    outline = Outline(render(samples.systems(*named), samples.agent(), View("system", page=2)))

    assert f"Page 2 of 3: 51 to 100 of {len(named)} systems" in outline.text()
    links = {attributes.get("rel"): attributes["href"] for tag, attributes in outline.tags if tag == "a"}
    assert links["prev"] == "?q=system&page=1#systems"
    assert links["next"] == "?q=system&page=3#systems"
    assert outline.open == []


def test_what_is_searched_for_cannot_bring_markup_along() -> None:
    attack = '"><script>alert(1)</script>'
    page = render(samples.systems(), samples.agent(), View(attack))

    assert "<script" not in page
    assert f"No system has “{attack}” in its name or its flags." in Outline(page).text()


def test_each_system_has_an_address_of_its_own_that_shows_it_alone_and_whole() -> None:
    views = [samples.grown(), samples.agreeing(), samples.discovered()]
    page = Outline(render(samples.systems(*views), samples.agent()))
    addresses = [attributes["href"] or "" for _, attributes in page.tags if attributes.get("class") == "name"]
    alone = [Outline(render(samples.systems(*views), None, View.of(address[1:]))) for address in addresses]

    assert len(alone) == 3
    for one in alone:
        assert [tag for tag, _ in one.tags].count("tbody") == 1
        assert ("details", {"open": None}) in one.tags
        assert "All 3 systems" in one.text()
    assert {samples.AWKWARD.split()[0] in one.text() for one in alone} == {True, False}


def test_a_name_that_no_system_has_is_said() -> None:
    text = Outline(render(samples.systems(), None, View.of("system=gone"))).text()

    assert "No system has the name “gone”." in text


def test_the_page_begins_with_the_money_and_what_alerts_are_about() -> None:
    text = Outline(render(samples.systems(samples.grown(), samples.agreeing()), samples.agent())).text()

    assert "What is recommended would likely save $4,250 a month in 1 system." in text
    assert "≠ Differs 1" in text
    assert "✗ Failed 1 source" in text
    assert "declared: Prompt engineering differs for 21 days" in text
    assert "saves $4,250 78% likely to save" in text
