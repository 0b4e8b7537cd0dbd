"""`leverwatch metrics`: prints the metrics without a scrape."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from threading import Thread

import click

from leverwatch import __version__
from leverwatch.agent.cli.common import load, opened, reported
from leverwatch.agent.cli.options import PASSWORD_VARIABLE, Exit, fail
from leverwatch.agent.config import Loaded
from leverwatch.agent.config.secrets import SecretUnreadable, read_secret
from leverwatch.agent.errors import CommandError
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan, decide, last_complete_day, narrowed
from leverwatch.agent.evaluation.evaluate import picture
from leverwatch.agent.exporter.render import Exposition, Format
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.snapshot import AgentSnapshot
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import utc_now

_TIMEOUT_SECONDS = 30


def metrics(config_path: Path, output: str, url: str | None, user: str | None, password_file: Path | None) -> None:
    """Carry out `leverwatch metrics`, whose options are in `commands`."""
    chosen = Format.OPENMETRICS if output == "openmetrics" else Format.TEXT
    with reported():
        if url is not None:
            click.echo(_fetch(url, chosen, _credentials(url, user, password_file)), nl=False)
            return
        loaded = load(config_path)
        with opened(loaded, reading=True) as store:
            click.echo(_from_store(loaded, store, chosen), nl=False)


def _credentials(url: str, user: str | None, password_file: Path | None) -> tuple[str, str] | None:
    if user is None:
        if "@" in url.partition("://")[2].split("/", 1)[0]:
            click.echo(
                "leverwatch: warning: every user of the machine can read a password in --url;"
                " use --user and --password-file",
                err=True,
            )
        return None
    if password_file is None:
        if PASSWORD_VARIABLE not in os.environ:
            fail(f"--user needs --password-file, or {PASSWORD_VARIABLE} in the environment", Exit.UNUSABLE)
        return user, os.environ[PASSWORD_VARIABLE]
    try:
        return user, read_secret(password_file)
    except SecretUnreadable as error:
        fail(f"--password-file {password_file}: {error}", Exit.UNUSABLE)


def _fetch(url: str, output: Format, credentials: tuple[str, str] | None) -> str:
    """Return the response of a running agent.

    Raises:
        CommandError: there was no complete response within 30 s.
    """
    answers: list[str | CommandError] = []
    # The library's time-out is for each part of an answer: a server that sends a byte now and then never ends.
    asking = Thread(target=lambda: answers.append(_answer(url, output, credentials)), daemon=True)
    asking.start()
    asking.join(_TIMEOUT_SECONDS)
    if not answers:
        raise CommandError(f"{_without_user(url)}: the agent does not answer (not within {_TIMEOUT_SECONDS} s)")
    if isinstance(answers[0], CommandError):
        raise answers[0]
    return answers[0]


def _answer(url: str, output: Format, credentials: tuple[str, str] | None) -> str | CommandError:
    from leverwatch.collectors.requests_library import requests

    try:
        answer = requests.get(
            f"{url.rstrip('/')}/metrics",
            headers={"Accept": output.value},
            auth=credentials,
            timeout=_TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        return answer.content.decode()
    except (requests.RequestException, UnicodeDecodeError) as error:
        # The URL may hold a password, and so may the text of the error.
        status = getattr(getattr(error, "response", None), "status_code", None) or type(error).__name__
        return CommandError(f"{_without_user(url)}: the agent does not answer ({status})")


def _without_user(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark:
        scheme, rest = "", url
    # Up to the last @: a password may hold one, and what is behind the host may hold a secret.
    return scheme + mark + re.split(r"[?#;]", rest.rpartition("@")[2], maxsplit=1)[0]


def _from_store(loaded: Loaded, store: Store, output: Format) -> str:
    now = utc_now()
    plan = narrowed(store, Plan.of(loaded.config))
    decided = decide(store, plan, last_complete_day(now))
    exposition = Exposition()
    exposition.set_systems(picture(store, plan, decided, now, Assessor.of(loaded)))
    exposition.set_agent(
        AgentSnapshot(
            version=__version__,
            python=platform.python_version(),
            sources=tuple(source_runner(source, loaded, store).view() for source in loaded.config.sources),
            config_reload_successful=True,
            config_reload_success_time=now,
            evaluation_interval_seconds=loaded.config.evaluation.interval.total_seconds(),
        )
    )
    return exposition.body(output).plain.decode()
