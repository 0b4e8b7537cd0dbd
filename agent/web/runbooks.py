"""The agent's own copies of the runbooks, one for each alert, as pages."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from leverwatch.agent.web.style import style

if TYPE_CHECKING:
    from markdown_it.token import Token

PATH = "/runbooks"
"""Where the application serves them: the list at this path, and each at `PATH/ALERT` and at `PATH/ALERT.md`."""


@lru_cache(maxsize=1)
def alerts() -> tuple[str, ...]:
    """The names of the alerts that have a runbook, sorted."""
    folder = files("leverwatch.agent.web") / "templates" / "runbooks"
    return tuple(sorted(file.name.removesuffix(".md") for file in folder.iterdir() if file.name.endswith(".md")))


@lru_cache(maxsize=32)
def page(alert: str) -> str:
    """The runbook of one of `alerts` as an HTML page."""
    text = (files("leverwatch.agent.web") / "templates" / "runbooks" / f"{alert}.md").read_text("utf-8")
    return _page(alert, _html(text))


@lru_cache(maxsize=1)
def index() -> str:
    """The list of all runbooks as an HTML page."""
    return _page("Runbooks", None)


def _page(title: str, body: str | None) -> str:
    # Markdown without its HTML, made into HTML by the parser, is not escaped again.
    from markupsafe import Markup

    from leverwatch.agent.web.status_page import ENVIRONMENT

    template = ENVIRONMENT.get_template("runbook.html.j2")
    return template.render(title=title, body=body, alerts=alerts(), style=Markup(style()))  # noqa: S704 - our own


def _html(text: str) -> str:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.children:
            token.children = _served(token.children)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _served(tokens: list[Token]) -> list[Token]:
    """Tokens whose links lead to what the agent serves. Of the documentation that is runbooks alone."""
    found, dropped = [], False
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrGet("href"))
            alert = target.partition("#")[0].removesuffix(".md")
            dropped = alert not in alerts() and not target.startswith(("https://", "http://", "#"))
            if alert in alerts():
                token.attrSet("href", alert)
        if dropped and token.type in {"link_open", "link_close"}:
            dropped = token.type == "link_open"
            continue
        found.append(token)
    return found
