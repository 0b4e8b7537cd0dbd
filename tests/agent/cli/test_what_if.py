"""`explain --with`, on a store of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from leverwatch.agent.cli.suppose import KEYS, completions, pairs_of, supposed_of
from leverwatch.agent.errors import CommandError
from leverwatch.agent.framework.model import Settings

PRICES = "prices:\n  - {model: m, input: 2, output: 8}\n"
CONFIG = {
    "store": {"url": "sqlite:///store.db"},
    "prices": {"file": "prices.yaml", "public": False},
    "sources": [
        {
            "name": "gateway",
            "type": "files",
            "path": "*.jsonl",
            "format": {
                "type": "jsonl",
                "fields": {
                    "time": "ts", "inferences": "n", "model": "m", "input_tokens": "i", "output_tokens": "o",
                },
            },
            "system": "{app}",
        }
    ],
    "systems": {"bot": {"declared_strategy": "prompt_engineering"}},
}  # fmt: skip


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty days of one priced system at 152.2M a month, collected and decided."""
    line = {"app": "bot", "m": "m", "n": 5_000_000, "i": 2_000_000_000, "o": 300_000_000}
    days = [datetime.now(UTC) - timedelta(days=age) for age in range(1, 41)]
    lines = [json.dumps({**line, "ts": day.isoformat()}) for day in days]
    (tmp_path / "usage.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "prices.yaml").write_text(PRICES)
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.chdir(tmp_path)
    assert call("collect").exit_code == 0
    assert call("evaluate").exit_code == 0
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.usefixtures("company")
class TestWhatIf:
    def test_now_stands_beside_what_is_supposed(self) -> None:
        done = call("explain", "bot", "--with", "volume=2G,price.input=10%", "--with", "declared=hybrid")
        rows = {line[:26].strip(): line[26:].split() for line in done.stdout.splitlines()}

        assert done.exit_code == 0, done.stderr
        assert "volume=2G, price.input=10%, declared_strategy=hybrid" in done.stdout
        assert "Hypothetical: nothing is stored" in done.stdout
        assert rows["verdict"] == ["hybrid", "*", "fine", "tuning"]
        assert rows["rule"] == ["volume_mid", "*", "volume_high"]
        assert rows["volume a month"] == ["152.2M", "*", "2.00B"]
        assert rows["declared"] == ["prompt", "engineering", "*", "hybrid"]
        assert rows["status"] == ["decided", "decided"]
        assert len(done.stdout.splitlines()) <= 24
        assert all(len(line) <= 80 for line in done.stdout.splitlines())

    def test_nothing_is_stored_and_no_metric_changes(self) -> None:
        day = str((datetime.now(UTC) - timedelta(days=1)).date())
        before = call("metrics").stdout, call("explain", "bot", "--as-of", day, "--format", "json").stdout
        call("explain", "bot", "--with", "volume=2G,hybrid_from=1k,training_usd=7")
        after = call("metrics").stdout, call("explain", "bot", "--as-of", day, "--format", "json").stdout

        def steady(text: str) -> list[str]:
            return [line for line in text.splitlines() if "_seconds" not in line and "_timestamp" not in line]

        assert 'system="bot"' in before[0]
        assert steady(before[0]) == steady(after[0])
        assert before[1] == after[1]

    def test_json_has_both_whole(self) -> None:
        told = json.loads(call("explain", "bot", "--with", "volume=50M", "--format", "json").stdout)
        alone = json.loads(call("explain", "bot", "--format", "json").stdout)

        assert told["hypothetical"] == {"volume": "50M"}
        assert told["now"] == alone
        assert told["supposed"]["strategy"] == "prompt_engineering"
        assert told["supposed"]["assessment"]["economics"]["bill"] > 0

    @pytest.mark.parametrize(
        ("pair", "told"),
        [
            ("hybrd_from=1M", "--with hybrd_from: unknown key; did you mean hybrid_from"),
            ("zzzz=1", "unknown key; the keys are volume, changes_per_week, "),
            ("volume", "write it as KEY=VALUE"),
            ("volume=", "write it as KEY=VALUE"),
            ("volume=lots", "--with volume=lots: must be a number such as 300000000, 300M, 1.5k or 10%"),
            ("volume=-1", "must be from 0 to 1e+18"),
            ("changes_per_week=8", "must be from 0 to 7"),
            ("declared=both", "must be one of prompt_engineering, hybrid, fine_tuning"),
            ("locked_in=perhaps", "must be true or false"),
            ("static_share=2", "--with static_share: "),
            ("leave_ratio=2", "--with leave_ratio: "),
            ("hybrid_from=2G", "--with fine_tuning_above: must not be below framework.hybrid_from"),
        ],
    )
    def test_what_cannot_be_supposed_is_refused_with_a_hint(self, pair: str, told: str) -> None:
        done = call("explain", "bot", "--with", pair)

        assert done.exit_code == 2
        assert told in done.stderr
        assert done.stdout == ""


def test_every_key_can_be_supposed() -> None:
    words = {"declared_strategy": "hybrid", "locked_in_behavior": "true", "hosting": "dedicated"}
    whole = {name: f"{value:g}" for name, value in zip(Settings.__struct_fields__, values(), strict=True)}

    for key in KEYS:
        pairs = pairs_of([f"{key}={words.get(key, whole.get(key, '1'))}"])
        assert supposed_of(pairs, Settings()) is not None


def values() -> list[float]:
    return [getattr(Settings(), name) for name in Settings.__struct_fields__]


def test_a_decimal_comma_is_told_as_what_it_is() -> None:
    with pytest.raises(CommandError, match=r"price\.input=0,15: a comma ends a pair; .* price\.input=0\.15"):
        pairs_of(["volume=300M,price.input=0,15"])
    with pytest.raises(CommandError, match=r"--with 15: write it as KEY=VALUE"):
        pairs_of(["hosting=tokens,15"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("vol", ["volume="]),
        ("volume=300M,price.in", ["volume=300M,price.input="]),
        ("volume=300M,declared=pro", ["volume=300M,declared=prompt_engineering"]),
        ("locked_in_behavior=", ["locked_in_behavior=true", "locked_in_behavior=false"]),
        ("volume=3", []),
    ],
)
def test_a_shell_completes_the_last_pair(typed: str, expected: list[str]) -> None:
    assert completions(typed) == expected


def test_a_shell_asks_the_command_for_every_key() -> None:
    environment = {
        "_LEVERWATCH_COMPLETE": "bash_complete",
        "COMP_WORDS": "leverwatch explain --with ",
        "COMP_CWORD": "3",
    }
    shown = CliRunner().invoke(main, [], prog_name="leverwatch", env=environment).output

    assert [f"plain,{key}=" for key in KEYS] == shown.split()
