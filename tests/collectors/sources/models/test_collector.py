from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import Batch, CollectorContext, ModelShutdown, Result, SourceState
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.models import collector as models_collector
from leverwatch.collectors.sources.models.collector import ModelsCollector
from leverwatch.collectors.sources.models.config import ModelsConfig
from tests.collectors.sources.models.server import Answer, Provider, models, provider

TOKEN = "sk-canary-4711"
END = date(2027, 1, 14)


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as served:
        yield served


def collector(server: Provider, folder: Path, **settings: Any) -> ModelsCollector:
    given = {"name": "openai", "type": "models", "url": server.url, "token": TOKEN} | settings
    return ModelsCollector(ModelsConfig.model_validate(given), CollectorContext(folder, folder))


def collect(reader: ModelsCollector, state: dict[str, bytes] | None = None) -> list[Batch]:
    return list(reader.collect(SourceState(0, lambda: state or {})))


def failure(reader: ModelsCollector) -> CollectorError:
    with pytest.raises(CollectorError) as caught:
        collect(reader)
    assert str(caught.value).startswith("source openai: http://127.0.0.1:")
    assert TOKEN not in repr((caught.value, caught.value.__cause__))
    return caught.value


def test_the_collector_is_registered_under_its_type_name() -> None:
    assert source_types()["models"].name == "models"


def test_every_listed_model_is_read_with_its_last_day_or_without(server: Provider, tmp_path: Path) -> None:
    server.answer = lambda _: models(
        {"id": "gpt-4o", "shutdown_date": "2027-01-14"},
        {"id": "gpt-6", "shutdown_date": None},
        {"id": "gpt-7"},
        {"id": "timed", "shutdown_date": "2027-01-14T00:00:00Z"},
    )

    (batch,) = collect(collector(server, tmp_path))

    assert batch.model_shutdowns == (
        ModelShutdown("gpt-4o", END),
        ModelShutdown("gpt-6", None),
        ModelShutdown("gpt-7", None),
        ModelShutdown("timed", END),
    )
    assert batch.tallies == {Result.COUNTED: 4}
    assert server.tokens == [f"Bearer {TOKEN}"]


def test_a_list_that_did_not_change_yields_nothing(server: Provider, tmp_path: Path) -> None:
    server.answer = lambda _: models({"id": "a"}, {"id": "b"})
    reader = collector(server, tmp_path)
    (batch,) = collect(reader)
    state = {key: value for key, value in batch.state.items() if value is not None}
    server.answer = lambda _: models({"id": "b"}, {"id": "a"})
    assert collect(reader, state) == []

    server.answer = lambda _: models({"id": "b", "shutdown_date": "2027-01-14"}, {"id": "a"})
    assert len(collect(reader, state)) == 1


@pytest.mark.parametrize("named", [True, False])
def test_pages_are_followed_to_the_last(server: Provider, tmp_path: Path, named: bool) -> None:
    def answer(query: dict[str, str]) -> Answer:
        assert query.get("after") == query.get("after_id")
        number = int(query.get("after", "m0")[1:]) + 1
        more = {"last_id": f"m{number}"} if named else {}
        return models({"id": f"m{number}"}, has_more=number < 3, **more)

    server.answer = answer

    (batch,) = collect(collector(server, tmp_path))

    assert [model.model for model in batch.model_shutdowns] == ["m1", "m2", "m3"]
    assert len(server.queries) == 3


@pytest.mark.parametrize("endless", [True, False])
def test_a_list_without_an_end_is_given_up(server: Provider, tmp_path: Path, endless: bool) -> None:
    server.answer = lambda query: models(
        {"id": f"m{int(query.get('after', 'm0')[1:]) + 1}" if endless else "m1"}, has_more=True
    )

    reason = "more than 100 pages" if endless else "comes again and again"
    assert reason in str(failure(collector(server, tmp_path)))


def test_pages_in_a_circle_are_given_up(server: Provider, tmp_path: Path) -> None:
    after = {"": "b", "b": "c", "c": "b"}
    server.answer = lambda query: models({"id": after[query.get("after", "")]}, has_more=True)

    assert "comes again and again" in str(failure(collector(server, tmp_path)))
    assert len(server.queries) == 3


def test_slow_pages_together_have_one_deadline(server: Provider, tmp_path: Path) -> None:
    def answer(query: dict[str, str]) -> Answer:
        page = models({"id": f"m{int(query.get('after', 'm0')[1:]) + 1}"}, has_more=True)
        return Answer(page.body, delay=0.1)

    server.answer = answer

    said = str(failure(collector(server, tmp_path, deadline="450ms")))

    assert "was not complete when the time for it was over" in said or "no answer within" in said
    assert len(server.queries) < 10


def test_a_list_of_very_many_models_is_cut_off_and_said_to_be(server: Provider, tmp_path: Path) -> None:
    server.answer = lambda _: models(*({"id": f"model-{number}"} for number in range(20_000)), has_more=True)

    (batch,) = collect(collector(server, tmp_path))

    assert len(batch.model_shutdowns) == 10_000
    assert batch.tallies == {Result.COUNTED: 10_000, Result.INVALID_LINE: 10_000}
    (problem,) = batch.problems
    assert problem.detail == "the list has more than 10_000 models; the others are left out"
    assert len(server.queries) == 1


def test_the_bound_on_models_holds_over_all_pages(
    server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models_collector, "MOST_MODELS", 3)

    def answer(query: dict[str, str]) -> Answer:
        start = int(query.get("after", "-1")) + 1
        return models({"id": str(start)}, {"id": str(start + 1)}, has_more=True)

    server.answer = answer

    (batch,) = collect(collector(server, tmp_path))

    assert [model.model for model in batch.model_shutdowns] == ["0", "1", "2"]
    assert batch.tallies == {Result.COUNTED: 3, Result.INVALID_LINE: 1}
    assert len(server.queries) == 2


def test_a_slow_provider_does_not_hold_an_agent_that_stops(server: Provider, tmp_path: Path) -> None:
    asked = threading.Event()

    def answer(_: dict[str, str]) -> Answer:
        asked.set()
        return Answer(b"", delay=2.0)

    server.answer = answer
    config = ModelsConfig.model_validate({"name": "openai", "url": server.url})
    reader = ModelsCollector(config, CollectorContext(tmp_path, tmp_path, stopping=asked.is_set))

    with pytest.raises(SourceUnavailable, match="since the agent stops"):
        collect(reader)


def test_an_unreadable_date_is_counted_and_costs_no_other_model(server: Provider, tmp_path: Path) -> None:
    server.answer = lambda _: models(
        {"id": "a", "shutdown_date": "soon"},
        {"id": "b", "shutdown_date": "2027-01-14"},
        {"id": "c", "shutdown_date": 20270114},
        {"id": "d\n"},
    )

    (batch,) = collect(collector(server, tmp_path))

    assert batch.model_shutdowns == (ModelShutdown("b", END),)
    assert batch.tallies == {Result.COUNTED: 1, Result.MISTYPED_FIELD: 3}
    assert [problem.detail for problem in batch.problems] == ["3 models have an unreadable name or date"]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (Answer(TOKEN.encode(), 401), SourceRefused, "the token was refused (status 401)"),
        (Answer(b"", 403), SourceRefused, "the token was refused (status 403)"),
        (Answer(b"", 404), SourceRefused, "there is no model list (status 404)"),
        (Answer(b"", 302, {"Location": "http://127.0.0.1:1/"}), SourceRefused, "leads to another address"),
        (Answer(b"", 429), SourceUnavailable, "answered with status 429"),
        (Answer(b"", 500), SourceUnavailable, "answered with status 500"),
        (Answer(b"<html>"), SourceUnavailable, "the answer is no model list"),
        (Answer(b'{"data": {}}'), SourceUnavailable, "the answer is no model list"),
        (Answer(b'{"data": [', headers={"Content-Length": "500"}), SourceUnavailable, "cannot be reached"),
        (Answer(b" " * (17 << 20)), SourceUnavailable, "the answer is larger than 16 MiB"),
    ],
)
def test_an_answer_that_is_no_list_says_what_it_is(
    server: Provider, tmp_path: Path, answer: Answer, kind: type[CollectorError], reason: str
) -> None:
    server.answer = lambda _: answer

    error = failure(collector(server, tmp_path))

    assert type(error) is kind
    assert reason in str(error)


def test_a_provider_that_does_not_answer_is_not_waited_for(server: Provider, tmp_path: Path) -> None:
    server.answer = lambda _: Answer(b"", delay=1.0)

    assert "no answer within 0.1 s" in str(failure(collector(server, tmp_path, timeout="100ms")))


def test_a_provider_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    gone = Provider(url="http://127.0.0.1:1/v1/models?key=secret")

    error = failure(collector(gone, tmp_path))

    assert "cannot be reached: nothing listens there" in str(error)
    assert "secret" not in str(error)


def test_the_token_may_lie_in_a_file_that_is_read_at_each_run(server: Provider, tmp_path: Path) -> None:
    reader = collector(server, tmp_path, token=None, token_file="token")
    assert "the token file" in str(failure(reader))
    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        collect(reader)
    (tmp_path / "token").write_text("\n")
    assert "is empty" in str(failure(reader))

    assert server.tokens == ["Bearer first", "Bearer second"]


def test_a_proxy_of_the_environment_is_asked_unless_the_host_is_excepted(
    server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda _: models({"id": "m"})
    elsewhere = Provider(url="http://localhost:1/v1/models")
    monkeypatch.setenv("http_proxy", server.url.rpartition("/v1")[0])
    monkeypatch.delenv("no_proxy", raising=False)

    assert len(collect(collector(elsewhere, tmp_path))) == 1
    monkeypatch.setenv("no_proxy", "localhost")
    assert "cannot be reached" in str(_failure_of(elsewhere, tmp_path))
    assert len(server.queries) == 1


def _failure_of(provider: Provider, folder: Path) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        collect(collector(provider, folder))
    return caught.value


@pytest.mark.parametrize("token", [f"{TOKEN}\nb", f"{TOKEN}\N{EURO SIGN}", f"{TOKEN}\0b"])
@pytest.mark.parametrize("setting", ["token", "token_file"])
def test_a_token_that_no_header_can_hold_is_refused(
    server: Provider, tmp_path: Path, setting: str, token: str
) -> None:
    (tmp_path / "secret").write_text(token)
    given = {"token": token} if setting == "token" else {"token": None, "token_file": "secret"}

    error = failure(collector(server, tmp_path, **given))

    assert isinstance(error, SourceRefused)
    assert "has characters that no token can have" in str(error)
    assert server.queries == []


def test_without_a_token_none_is_sent_not_even_that_of_the_machine(
    server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    collect(collector(server, tmp_path, token=None))

    assert server.tokens == [None]


@pytest.mark.parametrize(
    "change",
    [{"url": "ftp://x/"}, {"url": "http://user:word@x/"}, {"url": "x"}, {"token": "a", "token_file": "b"}],
)
def test_settings_that_cannot_be_meant_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelsConfig.model_validate({"name": "a", "type": "models", "url": "http://x/v1/models"} | change)


def test_the_settings_do_not_show_the_token() -> None:
    config = ModelsConfig.model_validate({"name": "a", "url": "http://x/", "token": TOKEN})

    assert TOKEN not in repr(config)
    assert config.declared_systems() == frozenset()


@pytest.mark.parametrize("mark", ["?key=", "#", ";key="])
def test_what_stands_behind_the_path_of_the_address_is_never_said(tmp_path: Path, mark: str) -> None:
    config = {"name": "openai", "type": "models", "url": f"http://127.0.0.1:9/models{mark}hunter2", "token": TOKEN}

    with pytest.raises(SourceUnavailable) as caught:
        collect(ModelsCollector(ModelsConfig.model_validate(config), CollectorContext(tmp_path, tmp_path)))
    assert "http://127.0.0.1:9/models" in str(caught.value)
    assert "hunter2" not in repr((caught.value, caught.value.__cause__))


def test_a_pipe_as_the_file_of_a_token_is_refused_and_not_waited_for(server: Provider, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert "cannot be read" in str(failure(collector(server, tmp_path, token=None, token_file="pipe")))
