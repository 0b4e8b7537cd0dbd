"""The running agent: sources and the evaluation on their schedules, the server, reload and shutdown."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread

from msgspec.structs import replace

from leverwatch import __version__
from leverwatch.agent.clock import Clock, steady_seconds
from leverwatch.agent.config import Loaded, differences, needs_restart
from leverwatch.agent.errors import ConfigError, LeverwatchError, StoreFenced
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan, last_complete_day
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.evaluation.stored import stored_picture
from leverwatch.agent.exporter.render import Exposition
from leverwatch.agent.limited_log import lines_left_out
from leverwatch.agent.log import configure, get_logger, warnings_logged
from leverwatch.agent.memory import give_back_freed
from leverwatch.agent.scheduling import leadership
from leverwatch.agent.scheduling.leadership import Leadership
from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.scheduling.scheduler import Pool, Scheduler
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.snapshot import AgentSnapshot, SystemsSnapshot
from leverwatch.agent.store.lease import Leases
from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.store import Store
from leverwatch.agent.web.application import SECURITY_HEADERS, State, create_app, create_probe_app
from leverwatch.agent.web.server import Server
from leverwatch.agent.web.transport.auth import Authentication, Protection
from leverwatch.agent.web.transport.limits import PROBE_LIMITS, Drop, Limits
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import Result, utc_now

log = get_logger(__name__)

_EVALUATION, _CLOCK, _LEASE = "(evaluation)", "(clock)", "(lease)"
"""Names of further jobs, which no source can have."""
_CLOCK_INTERVAL = timedelta(seconds=15)
_FINISH_SECONDS, _INTERRUPTED_SECONDS, _SERVER_SECONDS, _RESIGN_SECONDS = 8.0, 4.0, 3.0, 2.0
STOP_SECONDS = 20.0
"""Seconds from SIGTERM to the end of the process in any case: all of the above, and some time to spare. The
unit file and the chart wait 60 s."""


_MANY_RECORDS = 100_000
"""After a run that read that many, memory is given back to the system, which takes some tens of milliseconds."""


def _same_prices(old: Loaded, new: Loaded) -> bool:
    return old.config.prices == new.config.prices and old.base_dir == new.base_dir


class Agent:
    """All parts of `leverwatch run`. `load` reads the configuration again, for a reload."""

    def __init__(
        self,
        loaded: Loaded,
        load: Callable[[], Loaded],
        now: Callable[[], datetime] = utc_now,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._loaded, self._load, self._now, self._steady = loaded, load, now, steady
        self._clock: Clock | None = None
        self._plan = Plan.of(loaded.config)
        self._assessor = Assessor.of(loaded)
        self.store = Store(loaded.store_url, now, NameLimits.of(loaded.config))
        self.exposition = Exposition()
        self._runners: dict[str, SourceRunner] = {}
        self._ran: set[str] = set()
        self._give_back = False
        """Whether the next evaluation ends with giving memory back: what reading everything for the first time and
        deciding on it take is more than what the agent needs from then on."""
        self._stopping = threading.Event()
        self._reloading = threading.Lock()
        self._publishing = threading.Lock()
        web, file = loaded.config.web, loaded.web_file
        shared = loaded.store_url.get_backend_name() == "postgresql"
        leases = Leases(loaded.store_url) if shared else None
        self._leadership = Leadership(leases, f"{platform.node()}:{web.address[1]}", now, steady)
        current = None
        if file is not None:
            # Only who has such a file needs what reads it.
            from leverwatch.agent.web.transport.current import CurrentWebFile

            current = CurrentWebFile(file)
        self._state = AgentSnapshot(
            version=__version__,
            python=platform.python_version(),
            sources=(),
            config_reload_successful=True,
            config_reload_success_time=now(),
            evaluation_interval_seconds=loaded.config.evaluation.interval.total_seconds(),
            runbook_url=web.runbook_url,
            grafana_url=web.grafana_url,
            external_url=web.external_url,
            tls=current is not None and current.uses_tls,
            shared=self._leadership.shared,
        )
        self._scheduler = Scheduler()
        state = State(self.exposition, self.ready, self.reload if web.enable_reload else None)
        protection = current.protection if current else Protection
        self._gate = Authentication(create_app(state), protection, SECURITY_HEADERS)
        self.server = Server(
            *web.address,
            self._gate,
            tls=current.context if current and current.uses_tls else None,
            headers=self._gate.headers,
            limits=Limits(connections=web.max_connections),
        )
        self.probe_server = (
            None
            if web.probe_address is None
            else Server(*web.probe_address, create_probe_app(state), limits=PROBE_LIMITS)
        )

    def start(self) -> None:
        """Migrate the store, serve, and start every job.

        Raises:
            LeverwatchError: the store cannot be used, or an address is in use.
        """
        self.store.verify()
        self.store.migrate()
        self._clock = Clock(self._now, self.store.newest_moment(), self._steady)
        self._publish()
        self.server.start()
        if self.probe_server is not None:
            self.probe_server.start()
        # Whoever cannot start keeps the lease from nobody.
        self._keep_lease()
        for source in self._loaded.config.sources:
            self._add(source, self._runner(source, self._loaded))
        self._schedule_evaluation()
        look = _CLOCK_INTERVAL
        if self._leadership.shared:
            self._scheduler.add(_LEASE, leadership.RENEWAL, self._lease_job, lambda: None, Pool.OWN)
            # So that no metric says that this agent leads once another one may.
            look = min(look, timedelta(seconds=leadership.MARGIN_SECONDS))
        self._scheduler.add(_CLOCK, look, self._look_at_clock, lambda: None, Pool.OWN)
        self._scheduler.start()
        log.info("started", version=__version__, port=self.server.port, sources=len(self._loaded.config.sources))

    def ask_to_stop(self) -> None:
        """Ask every source to end after its batch, and git to end at once; safe from any thread, also during
        `start`."""
        self._stopping.set()

    def stop(self) -> frozenset[str]:
        """Finish the current transactions and end all jobs. Returns the names of the jobs that could not be ended.

        Running jobs get 8 s; then the statements of the store are cancelled, and jobs get 4 s more.
        """
        self.ask_to_stop()
        closing = [Thread(target=server.stop, name="stop", daemon=True) for server in self._servers()]
        for thread in closing:
            thread.start()
        running = self._scheduler.stop(_FINISH_SECONDS)
        if running:
            log.warning("stop_delayed", jobs=",".join(sorted(running)))
            self.store.interrupt()
            running = self._scheduler.stop(_INTERRUPTED_SECONDS)
        for thread in closing:
            thread.join(_SERVER_SECONDS)
        resigning = Thread(target=self._leadership.resign, name="resign", daemon=True)
        resigning.start()
        resigning.join(_RESIGN_SECONDS)
        self._leadership.close()
        if not running:
            self.store.close()
            log.info("stopped")
        return running

    def ready(self) -> tuple[bool, str]:
        """Return whether the agent is ready, and why not.

        It is when the clock and the store are trusted and a first evaluation has finished.
        """
        if doubt := self._doubt():
            return False, doubt
        if trouble := self.store.trouble():
            return False, f"the store cannot be trusted: {trouble}"
        if self.exposition.snapshots.systems is None:
            return False, "no evaluation has finished yet"
        return True, ""

    def reload(self) -> None:
        """Read the configuration again. An invalid one changes nothing but the metric that reports it.

        Raises:
            LeverwatchError: the new configuration is invalid; the old one stays in use.
        """
        with self._reloading:
            try:
                loaded = self._load()
                changed = differences(self._loaded, loaded)
                self._use(loaded)
            except LeverwatchError as error:
                problems = error.problems if isinstance(error, ConfigError) else (str(error),)
                for problem in problems:
                    log.error("config_reload_failed", problem=problem)  # noqa: TRY400 - the problem is all there is
                self._publish(config_reload_successful=False)
                raise
            for name in needs_restart(changed):
                log.warning("config_needs_restart", setting=name)
            for warning in loaded.warnings:
                log.warning("config_warning", problem=warning)
            if "log.level" in changed or "log.format" in changed:
                configure(loaded.config.log.level, loaded.config.log.format)
            log.info("config_reloaded", changed=",".join(changed))
            self._publish(
                config_reload_successful=True,
                config_reload_success_time=self._now(),
                evaluation_interval_seconds=loaded.config.evaluation.interval.total_seconds(),
                runbook_url=loaded.config.web.runbook_url,
                grafana_url=loaded.config.web.grafana_url,
                external_url=loaded.config.web.external_url,
            )

    def _use(self, loaded: Loaded) -> None:
        before = {source.name: source for source in self._loaded.config.sources}
        after = {source.name: source for source in loaded.config.sources}
        moved = loaded.base_dir != self._loaded.base_dir or loaded.cache_dir != self._loaded.cache_dir
        interval_changed = loaded.config.evaluation.interval != self._loaded.config.evaluation.interval
        gone = [name for name, source in before.items() if after.get(name) != source or moved]
        # Whatever may fail comes before the first change, so that a failure leaves everything as it was.
        added = {
            name: self._runner(source, loaded)
            for name, source in after.items()
            if name in gone or name not in self._runners
        }
        # The one in use has a large cache, so it is replaced only for other prices.
        assessor = self._assessor if _same_prices(self._loaded, loaded) else Assessor.of(loaded)
        self._plan, self._assessor, self._loaded = Plan.of(loaded.config), assessor, loaded
        self.store.limits = NameLimits.of(loaded.config)
        for name in gone:
            self._scheduler.remove(name)
            self._runners.pop(name, None)
        for name, runner in added.items():
            self._add(after[name], runner)
        if interval_changed:
            self._schedule_evaluation()
        else:
            self._scheduler.soon(_EVALUATION)

    def _schedule_evaluation(self) -> None:
        interval = self._loaded.config.evaluation.interval
        self._scheduler.add(_EVALUATION, interval, self._evaluate, self._evaluation_missed, Pool.OWN)

    def _runner(self, source: SourceConfig, loaded: Loaded) -> SourceRunner:
        # Asked at each use, and not only before the run: the clock may be set in between.
        clock = self._now if self._clock is None else self._clock.now
        return source_runner(source, loaded, self.store, self._now, self._stopping.is_set, clock=clock)

    def _add(self, source: SourceConfig, runner: SourceRunner) -> None:
        self._runners[source.name] = runner

        def run() -> bool:
            if self._doubt():
                # What is not read now is read later, with a clock that is trusted.
                return True
            report = runner.run()
            self._publish()
            if source.name not in self._ran:
                self._ran.add(source.name)
                if self._ran >= self._runners.keys():
                    self._give_back = True
                    # The first evaluation ran beside the first reading; the verdicts should not wait an interval.
                    self._scheduler.soon(_EVALUATION)
            elif report.read >= _MANY_RECORDS:
                give_back_freed()
            elif source.type == "evals" and report.tallies.get(Result.COUNTED, 0):
                # Somebody waits for what they came to, and they are few.
                self._scheduler.soon(_EVALUATION)
            return report.success

        pool = Pool.REMOTE if source.waits_for_others() else Pool.LOCAL
        self._scheduler.add(source.name, source.interval, run, runner.missed, pool)

    def _evaluate(self) -> bool:
        if self._doubt():
            return True
        started, now = time.monotonic(), self._now()
        try:
            snapshot = self._decided(now)
        except StoreFenced as error:
            # What this agent would have said, the one that leads now says.
            log.warning("evaluation_fenced", reason=str(error))
            self._leadership.step_down()
            return True
        except Exception as error:  # noqa: BLE001 - the next evaluation may succeed, and the old verdicts stand
            detail = str(error) if isinstance(error, LeverwatchError) else type(error).__name__
            log.error("evaluation_failed", error=detail)  # noqa: TRY400 - a trace may quote data
            self._publish(
                evaluation_runs=self._state.evaluation_runs + 1,
                evaluation_failures=self._state.evaluation_failures + 1,
            )
            return False
        if snapshot is None:
            # The leading agent has not evaluated yet; once it has, this one is told.
            return True
        self.exposition.set_systems(snapshot)
        seconds = time.monotonic() - started
        log.info("evaluated", systems=len(snapshot.systems), seconds=round(seconds, 3))
        self._publish(
            evaluation_runs=self._state.evaluation_runs + 1,
            evaluation_duration_seconds=seconds,
            # What another agent decided is as of then: so a leader that cannot decide is seen everywhere.
            evaluation_last_success=snapshot.evaluated_at,
        )
        if self._give_back:
            self._give_back = False
            give_back_freed()
        return True

    def _decided(self, now: datetime) -> SystemsSnapshot | None:
        """Evaluate, or where another agent does, return what that one stored; None: nothing yet.

        Raises:
            StoreError: the database refused or cannot be reached; a StoreFenced, when another agent took over.
        """
        fence = self._leadership.fence()
        if self._leadership.shared and fence is None:
            evaluated = self._leadership.evaluated_at
            if evaluated is None:
                return None
            return stored_picture(self.store, self._plan, evaluated, self._assessor)
        self.store.fence = fence
        self._mend(now)
        snapshot = evaluate(self.store, self._plan, now, self._assessor)
        if fence is not None:
            self._leadership.evaluated(fence, now)
        return snapshot

    def _keep_lease(self) -> bool:
        """Ask for the lease, or leave it to others while the clock is not trusted. Returns whether there is
        something new to show."""
        if self._doubt():
            self._leadership.resign()
            return False
        return self._leadership.ask()

    def _lease_job(self) -> bool:
        if self._keep_lease():
            self._scheduler.soon(_EVALUATION)
        self._publish()
        return True

    def _evaluation_missed(self) -> None:
        log.warning("evaluation_missed")
        self._publish(evaluation_missed_runs=self._state.evaluation_missed_runs + 1)

    def _servers(self) -> list[Server]:
        return [server for server in (self.server, self.probe_server) if server is not None]

    def _dropped(self) -> dict[str, int]:
        return {reason.value: sum(server.dropped[reason] for server in self._servers()) for reason in Drop}

    def _doubt(self) -> str | None:
        return self._clock.doubt() if self._clock is not None else None

    def _look_at_clock(self) -> bool:
        self._publish()
        return True

    def _mend(self, now: datetime) -> None:
        """Delete the verdicts of days that are not over yet, which were decided while the clock was ahead."""
        if self._clock is not None and self._clock.was_set_back:
            removed = self.store.forget_after(last_complete_day(now), now)
            self._clock.mended()
            log.warning("clock_mended", removed_verdicts=removed)

    def _publish(self, **changes: object) -> None:
        refused = self.store.refused_rows()
        with self._publishing:
            self._state = replace(
                self._state,
                sources=tuple(
                    replace(self._runners[name].view(), rows_refused=refused.get(name, 0))
                    for name in sorted(self._runners)
                ),
                leader=self._leadership.view(),
                clock_believed=self._doubt() is None,
                store_trouble=self.store.trouble(),
                http_password_refusals=self._gate.refusals,
                http_connections_dropped=self._dropped(),
                warnings=warnings_logged.counts(),
                log_lines_left_out=lines_left_out.counts(),
                **changes,
            )
            self.exposition.set_agent(self._state)
