"""The page for people: every system's verdict, what needs attention first, and how the sources are doing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from leverwatch.agent.framework.coverage import WINDOW_DAYS
from leverwatch.agent.framework.humanise import days as in_days
from leverwatch.agent.framework.model import RuleEvidence, Status
from leverwatch.agent.snapshot import AgentSnapshot, SystemsSnapshot, SystemView
from leverwatch.agent.source_view import SourceView
from leverwatch.agent.web.page.attention import alerts_now, flags
from leverwatch.agent.web.page.chart import FLOOR, HEIGHT, WEEKS, WIDTH, chart, position
from leverwatch.agent.web.page.context import context
from leverwatch.agent.web.page.labels import RULE_NAMES, STRATEGY_NAMES, decimal, full, quantity, volume_text
from leverwatch.agent.web.page.leader import who_decides
from leverwatch.agent.web.page.listing import FEW, ORDER_NAMES, View, listing
from leverwatch.agent.web.page.money import at_stake, differs, money
from leverwatch.agent.web.page.sources import days, refusals, samples, source_alerts, source_flag, unattributed
from leverwatch.agent.web.page.upcoming import unforeseen, upcoming
from leverwatch.agent.web.style import style
from leverwatch.collectors.interface import MALFORMED, Result


class Links(NamedTuple):
    """Addresses that the page links to."""

    runbooks: str | None
    """None: the agent's own, beside the page."""
    grafana: str | None

    def runbook(self, alert: str | None) -> str | None:
        """The address of the runbook of an alert; None without an alert."""
        if alert is None:
            return None
        return f"runbooks/{alert}" if self.runbooks is None else f"{self.runbooks}/{alert}.md"

    def dashboard(self, name: str, system: str | None = None) -> str | None:
        """The URL of a dashboard, showing a system if one is given; None when no address of Grafana is
        configured."""
        if self.grafana is None:
            return None
        chosen = "" if system is None else f"?var-system={quote(system.encode('utf-8', 'replace'), safe='')}"
        return f"{self.grafana}/d/leverwatch-{name}{chosen}"


def headline(snapshot: SystemsSnapshot | None) -> str:
    """Return a one-sentence summary of the page."""
    if snapshot is None:
        return "No evaluation has finished yet"
    total = len(snapshot.systems)
    if total == 0:
        return "No system has been seen or declared yet"
    systems = f"{total:,} system{'' if total == 1 else 's'}"
    differing = [view.verdict for view in snapshot.systems if view.verdict.mismatch]
    if not differing:
        return f"None of {systems} differs from its declared strategy"
    verb, whose = ("differs", "its") if len(differing) == 1 else ("differ", "their")
    sentence = f"{len(differing):,} of {systems} {verb} from {whose} declared strategy"
    provisional = sum(verdict.status is Status.PROVISIONAL for verdict in differing)
    return f"{sentence} ({provisional:,} provisionally)" if provisional else sentence


def evidence_value(evidence: RuleEvidence) -> str:
    """Return the measured value of a rule as text that can be compared with the threshold."""
    return "unknown" if evidence.value is None else quantity(evidence.value)


def since(view: SystemView) -> date | None:
    """The first day of the present recommendation; None when it is unknown."""
    if view.verdict.changed_on is not None:
        return view.verdict.changed_on
    return None if view.recommendation_changed is None else view.recommendation_changed.date()


def clock(moment: datetime) -> Markup:
    """Return an HTML `time` element, in UTC and to the minute."""
    moment = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), f"{moment:%Y-%m-%d %H:%M}"
    )


def malformed(source: SourceView) -> int:
    """How many records of a source were bad input, since the store exists."""
    return sum(source.records.get(result, 0) for result in MALFORMED)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("leverwatch.agent.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        full=full,
        decimal=decimal,
        in_days=in_days,
        clock=clock,
        evidence_value=evidence_value,
        quantity=quantity,
    )
    environment.globals.update(
        strategies=STRATEGY_NAMES,
        rules=RULE_NAMES,
        flags=flags,
        alerts_now=alerts_now,
        source_alerts=source_alerts,
        refusals=refusals,
        money=money,
        at_stake=at_stake,
        who_decides=who_decides,
        differs=differs,
        since=since,
        malformed=malformed,
        source_flag=source_flag,
        samples=samples,
        days=days,
        unattributed=unattributed,
        upcoming=upcoming,
        unforeseen=unforeseen,
        context=context,
        chart=chart,
        chart_size=(WIDTH, HEIGHT, FLOOR),
        position=position,
        volume_text=volume_text,
        weeks=WEEKS,
        window_days=WINDOW_DAYS,
        counted=Result.COUNTED,
        orders=ORDER_NAMES,
        few=FEW,
    )
    return environment


ENVIRONMENT = _environment()
"""The templates of every page."""
_PAGE = ENVIRONMENT.get_template("status.html.j2")


def render(systems: SystemsSnapshot | None, agent: AgentSnapshot | None, view: View = View()) -> str:  # noqa: B008 - frozen
    """Return the page as HTML. Times are absolute and no script is used, so it only changes with a snapshot.

    `view` says which systems are shown; whatever else is on the page is about all of them.
    """
    return _PAGE.render(
        headline=headline(systems),
        snapshot=systems,
        listed=listing(() if systems is None else systems.systems, view),
        agent=agent,
        bills={} if systems is None else {bill.source: bill.texts for bill in systems.bills},
        links=Links(None, None) if agent is None else Links(agent.runbook_url, agent.grafana_url),
        style=Markup(style()),  # noqa: S704 - the package's own style sheet, not input
    )
