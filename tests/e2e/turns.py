"""Two agents on one PostgreSQL, killed and revived in turn: exact totals, one that decides, one alert."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import requests
import yaml
from sqlalchemy.engine import make_url

from leverwatch.agent.scheduling import leadership
from tests.e2e.forked import Forked
from tests.e2e.servers import Webhook, alertmanager, free_port, prometheus, wait_until, webhook_receiver
from tests.e2e.test_alert_chain import shortened_rules
from tests.e2e.test_mismatch_alert import ALERT, SYSTEM, write_days, write_prompts

_LEASE, _MARGIN, _RENEWAL = 0.6, 0.2, 0.15
_PATIENCE = 180
_PAUSE = 0.4
_DECIDED = 0.7
"""In which part of the rounds an agent is killed only after it has decided once."""
_AUDIT = """
CREATE TABLE audited_terms (term bigint, holder text, app text, at timestamp, expires_at timestamp);
CREATE TABLE audited_verdicts (term bigint, app text);
CREATE FUNCTION note_term() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audited_terms VALUES (NEW.term, NEW.holder, current_setting('application_name'),
        clock_timestamp() AT TIME ZONE 'UTC', NEW.expires_at);
    RETURN NEW; END $$;
CREATE FUNCTION note_verdict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audited_verdicts SELECT term, current_setting('application_name') FROM leases;
    RETURN NEW; END $$;
CREATE TRIGGER note_term AFTER INSERT OR UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION note_term();
CREATE TRIGGER note_verdict AFTER INSERT OR UPDATE ON verdicts FOR EACH ROW EXECUTE FUNCTION note_verdict();
"""
"""What is told of a transaction that is rolled back is rolled back as well."""
_SHOWN = ("system", "as_of", "status", "recommended_strategy", "changed_on", "rule", "reasons", "mismatch")


def hurry() -> None:
    """Have a lease of a part of a second, as a thousand of half a minute take a night."""
    leadership.LEASE_SECONDS, leadership.MARGIN_SECONDS = _LEASE, _MARGIN
    leadership.RENEWAL = timedelta(seconds=_RENEWAL)


class Agent:
    """One of the two, which reads a log of its own and one that both see."""

    def __init__(self, name: str, base: Path, database: str) -> None:
        self.name, self.port, self._base, self._database = name, free_port(), base, database
        self.log, self._config = base / name / "node.jsonl", base / name / "leverwatch.yaml"
        self.log.parent.mkdir()
        self._lives = 0
        self._life: Forked | None = None

    def revive(self) -> None:
        """Start it; the database knows each of its lives by a name."""
        self._lives += 1
        url = make_url(self._database).update_query_dict({"application_name": f"{self.name}-{self._lives}"})
        fields = {"time": "ts", "inferences": "n", "request_id": "id"}
        usage = {"type": "files", "format": {"type": "jsonl", "fields": fields}, "interval": "200ms"}
        sources: list[dict[str, Any]] = [
            {**usage, "name": f"node@{self.name}", "path": str(self.log), "system": SYSTEM},
            {**usage, "name": "shared", "path": str(self._base / "shared.jsonl"), "system": "shared-bot"},
            {
                "name": "prompts",
                "type": "git",
                "repo": str(self._base / "prompts"),
                "branch": "main",
                "systems": {SYSTEM: ["**/system.md"]},
                "interval": "1s",
            },
        ]
        declared = {"declared_strategy": "prompt_engineering", "reviewed": "2026-01-01"}
        config = {
            "store": {"url": url.render_as_string(hide_password=False)},
            "web": {"listen": f"127.0.0.1:{self.port}"},
            "evaluation": {"interval": "1s"},
            "sources": sources,
            "systems": {SYSTEM: declared},
        }
        self._config.write_text(yaml.safe_dump(config))
        self._life = Forked(self._config, ["run"], {}, hurry)

    def kill(self) -> None:
        """Send SIGKILL; it must not have ended before."""
        if self._life is not None:
            assert self._life.code() is None, (self._config.parent / "agent.log").read_text()[-3000:]
            self._life.kill()
            self._life = None

    def verdicts(self) -> list[dict[str, Any]]:
        """What it shows of each system; nothing while it does not answer."""
        try:
            shown = requests.get(f"http://127.0.0.1:{self.port}/api/v1/systems", timeout=10).json()["systems"]
        except requests.ConnectionError:
            return []
        return [{key: view[key] for key in _SHOWN} for view in shown]


class Turns:
    """Both agents, what they are to count, and what the database saw them do."""

    def __init__(self, base: Path, database: str, webhook: Webhook, seed: int) -> None:
        self._webhook, self._random = webhook, random.Random(seed)
        self._url = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
        self._shared = base / "shared.jsonl"
        self.agents = [Agent(name, base, database) for name in ("one", "two")]
        self.expected: Counter[str] = Counter()
        self.waited: list[float] = []
        """Seconds from each kill until the other agent had the lease."""
        self._verdicts = 0

    def begin(self) -> None:
        """Start both, and wait until everything there is was decided and notified of."""
        for agent in self.agents:
            write_days(agent.log, 1, 45, inferences=3_000_000)
            self.expected[f"node@{agent.name}"] += 45 * 3_000_000
        self._write()
        self.agents[0].revive()
        wait_until(lambda: bool(self.agents[0].verdicts()), _PATIENCE, "the first agent decides")
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_AUDIT.encode())
        self.agents[1].revive()
        self._settle()
        wait_until(lambda: bool(self._notified("firing")), _PATIENCE, "the alert")
        self._verdicts = self._number_of_verdicts()

    def round(self, number: int) -> None:
        """Kill one agent while both count, and revive it once the other one has the lease."""
        victim, other = self.agents if number % 2 else self.agents[::-1]
        self._write()
        if self._random.random() < _DECIDED:
            decided = self._decided()
            wait_until(lambda: self._decided() != decided, _PATIENCE, f"{victim.name} decides", pause=0.02)
        time.sleep(self._random.uniform(0, _PAUSE))
        victim.kill()
        killed = time.monotonic()
        self._write()
        wait_until(lambda: self._leads(other), _PATIENCE, f"{other.name} leads", pause=0.02)
        self.waited.append(time.monotonic() - killed)
        victim.revive()

    def check(self) -> None:
        """Compare everything."""
        self._settle()
        assert self._number_of_verdicts() == self._verdicts, "a verdict changed although no complete day did"
        self._assert_one_leader()
        assert len(self._notified("firing")) == 1, self._notified("firing")
        assert not self._notified("resolved"), self._notified("resolved")

    def _settle(self) -> None:
        wait_until(lambda: self._counted() == self.expected, _PATIENCE, f"{self.expected} is counted")
        one, two = self.agents
        wait_until(lambda: len(one.verdicts()) == 2, _PATIENCE, "verdicts on both systems")
        wait_until(lambda: one.verdicts() == two.verdicts(), _PATIENCE, "the same verdicts of both agents")

    def _write(self) -> None:
        for source, path in (*((f"node@{each.name}", each.log) for each in self.agents), ("shared", self._shared)):
            lines = []
            for _ in range(self._random.randrange(1, 30)):
                self.expected[source] += 1
                moment = datetime.now(UTC).isoformat()
                lines.append(json.dumps({"ts": moment, "n": 1, "id": f"{source}-{self.expected[source]}"}))
            with path.open("a") as log:
                log.write("\n".join(lines) + "\n")

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            return connection.execute(query.encode()).fetchall()

    def _counted(self) -> Counter[str]:
        return Counter(dict(self._ask("SELECT source, sum(inferences) FROM usage_daily GROUP BY source")))

    def _number_of_verdicts(self) -> int:
        return int(self._ask("SELECT count(*) FROM verdicts")[0][0])

    def _leads(self, agent: Agent) -> bool:
        found = self._ask("SELECT agent FROM leases WHERE expires_at > clock_timestamp() AT TIME ZONE 'UTC'")
        return bool(found) and found[0][0].endswith(f":{agent.port}")

    def _decided(self) -> object:
        return self._ask("SELECT evaluated_at FROM leases")

    def _assert_one_leader(self) -> None:
        many = "SELECT term FROM audited_terms GROUP BY term HAVING count(DISTINCT (holder, app)) > 1"
        assert not self._ask(many), "a term has two agents"
        early = """
            SELECT next.term FROM audited_terms next JOIN audited_terms last ON last.term = next.term - 1
            GROUP BY next.term HAVING min(next.at) < max(last.expires_at)
        """
        assert not self._ask(early), "a lease was taken before it had expired"
        foreign = """
            SELECT term, app FROM audited_verdicts EXCEPT SELECT term, app FROM audited_terms
        """
        assert not self._ask(foreign), "an agent wrote a verdict while another one had the lease"

    def deciders(self) -> int:
        """How many lives of agents wrote a verdict or confirmed one."""
        return int(self._ask("SELECT count(DISTINCT app) FROM audited_verdicts")[0][0])

    def _notified(self, status: str) -> set[tuple[str, ...]]:
        """The alerts that a receiver would take for different ones."""
        return {
            (alert["startsAt"], *(f"{name}={value}" for name, value in sorted(alert["labels"].items())))
            for alert in self._webhook.alerts(ALERT, status)
        }


@contextmanager
def turns(base: Path, database: str, seed: int) -> Iterator[Turns]:
    """Two agents on an empty database, with a Prometheus that scrapes both, and what it notifies."""
    write_prompts(base / "prompts")
    rules = base / "leverwatch.rules.yaml"
    rules.write_text(yaml.safe_dump(shortened_rules()))
    with ExitStack() as running:
        webhook = running.enter_context(webhook_receiver())
        found = Turns(base, database, webhook, seed)
        route = {"receiver": "webhook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
        receiver = {"name": "webhook", "webhook_configs": [{"url": webhook.url, "send_resolved": True}]}
        notifier = running.enter_context(
            alertmanager(base / "alertmanager", {"route": route, "receivers": [receiver]})
        )
        targets = [f"127.0.0.1:{agent.port}" for agent in found.agents]
        scraping = {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
            "rule_files": [str(rules)],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [notifier.url.removeprefix("http://")]}]}]
            },
            "scrape_configs": [{"job_name": "leverwatch", "static_configs": [{"targets": targets}]}],
        }
        running.enter_context(prometheus(base / "prometheus", scraping))
        for agent in found.agents:
            running.callback(agent.kill)
        found.begin()
        yield found
