from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.agent.config import Config, Loaded, differences, load_config
from leverwatch.agent.errors import ConfigError
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.collectors.records.format_config import JsonlFormat
from leverwatch.collectors.registry import SourceType, source_types
from leverwatch.collectors.sources.files.config import FilesConfig
from leverwatch.collectors.sources.git.config import GitConfig

Load = Callable[..., Loaded]
Problems = Callable[..., tuple[str, ...]]
Types = Mapping[str, SourceType]


def test_the_example_loads_as_written_without_the_files_it_names(load: Load, example: str) -> None:
    loaded = load(example)

    trace, log, prompts = loaded.config.sources
    assert isinstance(trace, FilesConfig)
    assert trace.declared_systems() == {"code-completion"}
    assert isinstance(log, FilesConfig)
    assert log.declared_systems() == frozenset()
    assert isinstance(log.format, JsonlFormat)
    assert log.format.fields.cached_input_tokens == "usage.prompt_tokens_details.cached_tokens"
    assert isinstance(prompts, GitConfig)
    assert (prompts.repo, prompts.branch) == ("prompts.git", "main")
    assert loaded.config.systems["code-completion"].to_declaration() == Declaration(
        Strategy.PROMPT_ENGINEERING, date(2026, 10, 1), ("JSON schema v3",)
    )
    assert loaded.warnings == ()


def test_the_example_loads_as_written_with_the_files_it_names(load: Load, example: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").touch()
    (tmp_path / "AzureLLMInferenceTrace_code.csv").touch()
    (tmp_path / "prompts.git").mkdir()

    assert len(load(example).config.sources) == 3


def test_a_problem_starts_with_the_file_as_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: Types
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leverwatch.yaml").write_text("log: {}\nlimits: 5\n")

    with pytest.raises(ConfigError) as caught:
        load_config(Path("leverwatch.yaml"), {}, types=types)

    assert str(caught.value) == "leverwatch.yaml:2: limits: must be a mapping (key: value) (got 5)"


def test_a_file_of_defaults_has_the_documented_ones(load: Load, tmp_path: Path) -> None:
    loaded = load("{}")

    config = loaded.config
    assert config.web.address == ("", 9847)
    assert config.evaluation.interval == timedelta(minutes=5)
    assert (config.limits.undeclared_systems, config.limits.models_per_system) == (100, 20)
    assert (config.limits.stored_systems, config.limits.stored_models) == (10_000, 200)
    assert (config.log.level, config.log.format) == ("info", "logfmt")
    assert loaded.store_url.database == str(tmp_path / "leverwatch.db")
    assert loaded.cache_dir == tmp_path / "cache"


def test_the_older_name_of_the_web_section_still_works(load: Load) -> None:
    assert load('server: {listen: ":1"}').config.web.address == ("", 1)


def test_the_probe_listener_is_off_unless_it_has_an_address(load: Load) -> None:
    assert load("{}").config.web.probe_address is None
    assert load('web: {probe_listen: "[::1]:9848"}').config.web.probe_address == ("::1", 9848)


def test_the_web_file_starts_at_the_folder_of_the_configuration(load: Load, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text("{}")

    assert load("web: {config_file: web.yaml}").web_file == tmp_path / "web.yaml"
    assert load("{}").web_file is None


def test_a_missing_file_is_a_configuration_error(tmp_path: Path, types: Types) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file or directory; .*--config"):
        load_config(tmp_path / "none.yaml", {}, types=types)


def test_a_folder_is_a_configuration_error(tmp_path: Path, types: Types) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path, {}, types=types)


def test_a_path_that_no_file_can_have_is_a_configuration_error(types: Types) -> None:
    with pytest.raises(ConfigError, match="cannot be read: not a path"):
        load_config(Path("a\0b"), {}, types=types)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs an endless file")
def test_an_endless_file_is_given_up(types: Types) -> None:
    with pytest.raises(ConfigError, match="too large for a configuration"):
        load_config(Path("/dev/zero"), {}, types=types)


def test_a_byte_order_mark_does_no_harm(load: Load) -> None:
    assert load(b"\xef\xbb\xbflog: {level: debug}").config.log.level == "debug"


def test_relative_paths_start_at_the_folder_of_a_linked_file_not_at_its_target(
    tmp_path: Path, types: Types
) -> None:
    (tmp_path / "data-1").mkdir()
    (tmp_path / "data-1" / "leverwatch.yaml").write_text("{}")
    (tmp_path / "leverwatch.yaml").symlink_to(tmp_path / "data-1" / "leverwatch.yaml")

    loaded = load_config(tmp_path / "leverwatch.yaml", {}, types=types)

    assert loaded.base_dir == tmp_path
    assert loaded.store_url.database == str(tmp_path / "leverwatch.db")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('store: {url: "sqlite:///data/x.db"}', "data/cache"),
        ('store: {url: "postgresql://db/x"}', "cache"),
        ("cache_dir: here/it/is", "here/it/is"),
        ('{cache_dir: far, store: {url: "sqlite:///data/x.db"}}', "far"),
    ],
)
def test_the_cache_lies_beside_the_store_unless_it_is_configured(
    load: Load, tmp_path: Path, text: str, expected: str
) -> None:
    assert load(text).cache_dir == tmp_path / expected


def test_the_environment_of_the_process_is_the_default(
    tmp_path: Path, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LEVERWATCH_TEST_LEVEL", "error")
    (tmp_path / "c.yaml").write_text('log: {level: "${LEVERWATCH_TEST_LEVEL}"}')

    assert load_config(tmp_path / "c.yaml", types=types).config.log.level == "error"


def test_numbers_may_be_written_with_underscores(load: Load) -> None:
    settings = load("framework: {hybrid_from: 50_000_000}").config.framework.to_settings()

    assert settings.hybrid_from == 50_000_000


def test_keys_are_texts_whatever_yaml_would_make_of_them(load: Load) -> None:
    assert set(load("systems: {no: {}, 2024: {}, 1.5: {}, ~: {}}").config.systems) == {"no", "2024", "1.5", "~"}


def test_merge_keys_share_a_declaration(load: Load) -> None:
    loaded = load(
        "systems:\n  a: &common {declared_strategy: hybrid, reviewed: 2026-01-02}\n"
        "  b: {<<: *common, reviewed: 2026-03-04}\n"
    )

    assert loaded.config.systems["b"].declared_strategy is Strategy.HYBRID
    assert loaded.config.systems["b"].reviewed == date(2026, 3, 4)


def test_a_problem_in_an_aliased_value_is_told_where_the_alias_is(problems: Problems) -> None:
    reported = problems("systems:\n  a: &x {reviewed: soon}\n  b: *x\n")

    assert [line.split(":")[0] for line in reported] == ["2", "3"]


def test_the_digest_changes_with_values_and_not_with_comments(load: Load) -> None:
    first = load("log: {level: info}").digest

    assert load("# a comment\nlog:\n  level: info\n").digest == first
    assert load("log: {level: debug}").digest != first
    assert len(first) == 64


def test_the_digest_changes_with_the_environment_and_with_secret_files(load: Load, tmp_path: Path) -> None:
    text = 'store: {url: "postgresql://${USER_NAME}@db/x", password_file: pw}'
    (tmp_path / "pw").write_text("one")
    first = load(text, {"USER_NAME": "a"}).digest
    (tmp_path / "pw").write_text("two")
    second = load(text, {"USER_NAME": "a"}).digest

    assert len({first, second, load(text, {"USER_NAME": "b"}).digest}) == 3


def test_what_was_loaded_does_not_change(load: Load) -> None:
    loaded: Any = load("{}")

    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.digest = ""
    with pytest.raises(ValueError, match="frozen"):
        loaded.config.log = None


def test_the_model_of_a_file_is_a_configuration(load: Load) -> None:
    assert isinstance(load("{}").config, Config)


def test_a_single_kind_of_source_is_enough(tmp_path: Path, types: Types) -> None:
    (tmp_path / "c.yaml").write_text("sources:\n- {name: p, type: git, repo: r, systems: {s: [x]}}")

    loaded = load_config(tmp_path / "c.yaml", {}, types={"git": types["git"]})

    assert isinstance(loaded.config.sources[0], GitConfig)


def test_a_thousand_systems_load(load: Load) -> None:
    text = "systems:\n" + "".join(f"  s{n}: {{reviewed: 2026-01-01}}\n" for n in range(1000))

    assert len(load(text).config.systems) == 1000


EXAMPLES_OF_SOURCES = (
    "{name: logs, type: files, path: a, format: openai, system: s}",
    "{name: prompts, type: git, repo: r, systems: {s: ['*']}}",
)


def test_a_file_needs_only_the_kinds_of_source_in_it_and_loads_the_same(tmp_path: Path) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text("sources: [{name: logs, type: files, path: a, format: openai, system: s}]\n")
    narrow = load_config(file)
    file.write_text(
        file.read_text().replace("]", ", {name: prompts, type: git, repo: r, systems: {s: ['*']}}]", 1)
    )
    wide = load_config(file)

    assert narrow.config.sources[0] == wide.config.sources[0]
    assert differences(narrow, wide) == ("sources.prompts",)


def test_a_filter_is_named_as_the_file_has_it_where_it_is_wrong_and_where_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "leverwatch.yaml"

    def loaded(chosen: str) -> Loaded:
        source = (
            f"{{name: l, type: files, path: '*', system: s, format: {{type: csv, fields: {{time: t}}, {chosen}}}}}"
        )
        file.write_text(f"sources:\n  - {source}\n")
        return load_config(file)

    one, other = loaded("not: {state: skipped}"), loaded("not: {state: [skipped, fallback]}")

    assert differences(one, other) == ("sources.l.format.not.state",)
    with pytest.raises(ConfigError) as error:
        loaded("not: {state: null}")
    assert "leverwatch.yaml:2" in str(error.value)
    assert "format.not.state" in str(error.value)
    assert "{present: false}" in str(error.value)


@pytest.mark.parametrize("entry", ["{}", "text", "{type: [git]}", "{type: nothing}"])
def test_what_is_wrong_with_a_type_is_told_with_all_types(entry: str, tmp_path: Path) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text(f"sources: [{EXAMPLES_OF_SOURCES[0]}, {entry}]\n")

    with pytest.raises(ConfigError) as alone:
        load_config(file)
    with pytest.raises(ConfigError) as given:
        load_config(file, types=dict(source_types()))

    assert alone.value.problems == given.value.problems
