from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.collectors.sources.prompt_registry.registries import KEY
from tests.collectors.sources.prompt_registry.world import APIS, START, World, world
from tests.collectors.sources.usage_api.server import Reply

ALL = sorted(APIS)
LISTED = ["langfuse", "langsmith", "mlflow"]


def begun(here: World) -> None:
    """A prompt whose label is at the first of two versions, after one look at 9 o'clock."""
    here.prompts.create("answer", "Be kind.")
    here.prompts.create("answer", "Be brief.")
    here.move("answer", 1)
    here.run()


@pytest.mark.parametrize("api", ALL)
def test_a_label_that_moves_there_and_back_is_two_changes(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        begun(here)
        here.run()
        here.move("answer", 2)
        here.run()
        here.run()
        here.move("answer", 1)
        here.run()

        assert here.changes() == [
            ("bot", "09:00", "first_seen", 1),
            ("bot", "11:00", "modified", 1),
            ("bot", "13:00", "reverted", 1),
        ]


@pytest.mark.parametrize("api", ALL)
def test_versions_without_the_label_and_the_same_text_again_are_no_change(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        begun(here)
        here.prompts.create("answer", "A draft.")
        here.run()
        here.move("answer", here.prompts.create("answer", "Be kind. \r\n"))
        here.run()

        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen"]


@pytest.mark.parametrize("api", ["langfuse", "promptlayer"])
def test_another_model_beside_the_same_text_is_no_change(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        begun(here)
        here.move("answer", here.prompts.create("answer", "Be kind.", {"temperature": 0.9}))
        here.run()

        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen"]


@pytest.mark.parametrize("api", ["langfuse", "http"])
def test_a_change_is_of_the_time_that_the_registry_tells(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        begun(here)
        here.move("answer", 2, at=START + timedelta(minutes=20))
        here.run()

        assert here.changes()[1:] == [("bot", "09:20", "modified", 1)]


@pytest.mark.parametrize("api", ALL)
def test_a_label_that_is_taken_away_is_no_active_day_until_it_is_back(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        begun(here)
        here.prompts.unlabel("answer", here.label)
        here.run()
        here.move("answer", 1)
        here.run()

        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen", "removed", "reverted"]


@pytest.mark.parametrize("api", LISTED)
def test_a_pattern_finds_the_prompts_of_every_page(api: str, tmp_path: Path) -> None:
    with world(api, tmp_path) as here:
        here.settings = {"systems": {"bot": ["a*"], "other": ["other"]}}
        for name in ("a1", "a2", "a3", "a4", "a5", "other"):
            here.prompts.create(name, f"Of {name}.")
            here.move(name, 1)
        here.run()
        here.prompts.create("a6", "Of a6.")
        here.move("a6", 1)
        here.move("a5", here.prompts.create("a5", "New."))
        here.run()

        assert here.changes() == [
            ("bot", "09:00", "first_seen", 5),
            ("other", "09:00", "first_seen", 1),
            ("bot", "10:00", "modified", 2),
        ]
        collector = here.collector()
        assert [batch.prompt_changes for batch in collector.collect(here.store.source_state("registry"))] == [()]
        assert (found := collector.matched()) is not None
        assert (found.files, found.nothing) == (7, ())


def test_messages_are_compared_as_what_they_say(tmp_path: Path) -> None:
    with world("mlflow", tmp_path) as here:
        first = [{"role": "system", "content": "Be kind."}]
        here.prompts.create("answer", first)
        here.prompts.create("answer", [{"content": "Be kind.  ", "role": "system"}])
        here.prompts.create("answer", [*first, {"role": "user", "content": "{{question}}"}])
        for version in (1, 2, 3):
            here.move("answer", version)
            here.run()

        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen", "modified"]


def test_names_are_sent_as_they_are(tmp_path: Path) -> None:
    with world("langfuse", tmp_path) as here:
        here.settings = {"systems": {"bot": ["team/Réponse 100% & more"]}}
        here.prompts.create("team/Réponse 100% & more", "Be kind.")
        here.move("team/Réponse 100% & more", 1)
        here.run()

        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen"]


def test_a_prompt_of_another_owner_is_named_with_the_owner(tmp_path: Path) -> None:
    with world("langsmith", tmp_path) as here:
        here.settings = {"systems": {"bot": ["team/answer"]}}
        here.prompts.create("team/answer", "Be kind.")
        here.move("team/answer", 1)
        here.run()

        assert here.served.paths() == ["/api/v1/commits/team/answer/production"]
        assert len(here.changes()) == 1


def test_a_name_without_a_prompt_is_told(tmp_path: Path) -> None:
    with world("mlflow", tmp_path) as here:
        here.settings = {"systems": {"bot": ["answer", "answr"]}}
        begun(here)
        collector = here.collector()
        list(collector.collect(here.store.source_state("registry")))

        assert (found := collector.matched()) is not None
        assert (found.files, found.nothing) == (1, ("bot: answr",))


@pytest.mark.parametrize("change", [{"label": "staging"}, {"systems": {"bot": ["answer"], "new": ["answer"]}}])
def test_another_label_or_system_begins_anew_and_is_no_change(change: dict[str, object], tmp_path: Path) -> None:
    with world("langfuse", tmp_path) as here:
        begun(here)
        here.prompts.move("answer", 2, "staging")
        here.settings = change
        here.run()

        assert {kind for _, _, kind, _ in here.changes()} == {"first_seen"}
        assert len(here.changes()) == 2


def test_several_labels_that_are_all_gone_are_taken_for_another_key(tmp_path: Path) -> None:
    with world("langfuse", tmp_path) as here:
        here.settings = {"systems": {"bot": ["answer"], "other": ["other"]}}
        here.prompts.create("other", "Of another.")
        here.move("other", 1)
        begun(here)
        held, here.prompts.held = here.prompts.held, {}

        report = here.run(fails=True)

        assert "2 prompts had the label 'production', and none has it now" in str(report.error)
        here.prompts.held = held
        here.run()
        assert {kind for _, _, kind, _ in here.changes()} == {"first_seen"}


@pytest.mark.parametrize(
    ("reply", "reason", "says"),
    [
        (Reply({"error": "x"}, 401), "credentials", "the key is not accepted"),
        (Reply({"error": "x"}, 403), "permission", "the key may not read this"),
        (Reply({}, 429, {"Retry-After": "600"}), "rate_limit", "asked again in 600 s"),
        (Reply({}, 302, {"Location": "/login"}), "refused", "the address leads elsewhere"),
    ],
)
def test_a_refusal_ends_the_run_says_why_and_loses_nothing(
    reply: Reply, reason: str, says: str, tmp_path: Path
) -> None:
    with world("langfuse", tmp_path) as here:
        begun(here)
        here.move("answer", 2)
        here.prompts.refuse = [reply]
        report = here.run(fails=True)

        assert (report.reason, len(here.changes())) == (reason, 1)
        assert says in str(report.error)
        assert KEY not in str(report.error)
        here.run()
        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen", "modified"]


def test_a_short_wait_that_the_registry_asks_for_is_waited_for(tmp_path: Path) -> None:
    with world("langfuse", tmp_path) as here:
        here.prompts.refuse = [Reply({}, 429, {"Retry-After": "0"})]
        begun(here)

        assert len(here.changes()) == 1
        assert len(here.served.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<h1>not here</h1>", 404),
        Reply(b"{not json", 200),
        Reply([], 200),
        Reply({"version": 1}, 200),
        Reply({"prompt": "A secret text.", "version": ["x"]}, 200),
        Reply({"prompt": "A secret text.", "version": 2, "updatedAt": "someday"}, 200),
        Reply(b'{"prompt":' * 50_000, 200),
        Reply(b'{"a":' * 60 + b"1" + b"}" * 60, 200),
    ],
)
def test_an_answer_that_is_not_as_documented_is_one_prompt_that_could_not_be_looked_at(
    reply: Reply, tmp_path: Path
) -> None:
    with world("langfuse", tmp_path) as here:
        here.settings = {"systems": {"bot": ["answer", "other"]}}
        here.prompts.create("other", "Of another.")
        here.move("other", 1)
        begun(here)
        here.move("other", here.prompts.create("other", "Another."))
        here.prompts.refuse = [reply]
        report = here.run(fails=True)

        assert report.reason == "incomplete"
        assert "prompt 'answer': " in str(report.error)
        assert "secret" not in str(report.error)
        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen", "modified"]


def test_what_could_not_be_asked_within_the_budget_is_asked_first_by_the_next_run(tmp_path: Path) -> None:
    with world("mlflow", tmp_path) as here:
        names = [f"p{number}" for number in range(5)]
        here.settings = {"systems": {"bot": names}, "queries_per_hour": 2}
        for name in names:
            here.prompts.create(name, "Be kind.")
            here.move(name, 1)
        for _ in range(3):
            assert here.run(fails=True).reason == "rate_limit"

        asked = [one.first("name") for one in here.served.asked]
        assert asked == ["p0", "p1", "p2", "p3", "p4", "p0"]


def test_a_list_without_an_end_is_an_error_and_what_is_known_stays(tmp_path: Path) -> None:
    with world("mlflow", tmp_path) as here:
        here.settings = {"systems": {"bot": ["a*"]}}
        begun(here)
        here.prompts.refuse = [
            Reply({"registered_models": [{"name": "answer"}], "next_page_token": "x"}) for _ in range(2)
        ]

        assert "it does not end" in str(here.run(fails=True).error)
        here.run()
        assert [kind for _, _, kind, _ in here.changes()] == ["first_seen"]


def test_a_list_that_breaks_off_removes_nothing_and_what_is_known_is_looked_at(tmp_path: Path) -> None:
    with world("langfuse", tmp_path) as here:
        here.settings = {"systems": {"bot": ["a*"]}}
        for name in ("a1", "a2", "a3"):
            here.prompts.create(name, f"Of {name}.")
            here.move(name, 1)
        here.run()
        here.move("a3", here.prompts.create("a3", "New."))
        here.prompts.create("a4", "Of a4.")
        here.move("a4", 1)
        here.prompts.refuse = [
            Reply({"data": [{"name": "a1"}], "meta": {"totalPages": 2}}), Reply(b'{"data": [{"na'),
        ]  # fmt: skip

        assert "list of prompts: the answer is no JSON" in str(here.run(fails=True).error)
        assert here.changes()[1:] == [("bot", "10:00", "modified", 1)]
        here.run()
        assert here.changes()[2:] == [("bot", "11:00", "added", 1)]


def test_a_model_that_is_no_prompt_says_so(tmp_path: Path) -> None:
    with world("mlflow", tmp_path) as here:
        here.prompts.refuse = [Reply({"model_version": {"name": "answer", "version": "1"}})]

        assert "no text of a prompt: it is the version of a model" in str(here.run(fails=True).error)
