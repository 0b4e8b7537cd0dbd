"""A repository of code in several languages: 300 landings, 3 of which change what a prompt says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.collectors.sources.git.repo import Files, Repo, fast_import, git, watch

LANDINGS = 300
TOUCHING = (20, 140, 260)
"""The landings that add a prompt, and change it twice."""
WORDS = ("You answer questions", 'You answer "short" questions', "You answer every question\nwith care")


def python(number: int, text: str) -> str:
    """A module of which everything but the text changes: quotes, line width, indentation, comments."""
    inner = text.replace("\n", "\\n")
    literal = (
        f'"{inner}"'.replace('"short"', '\\"short\\"'),
        f"'{inner}'",
        f'"""{text}"""' if not text.endswith('"') else f"'{inner}'",
        "(\n    "
        + "\n    ".join(repr(part + " ") for part in inner.replace("\\n", "\n").split(" ")[:-1])
        + f"\n    # comment {number}\n    {text.split(' ')[-1]!r}\n)",
    )[number % 4]
    if number % 8 == 2 and "\n" in text:
        literal = '"""' + text.replace("\n", "\n    ") + '"""'
        return f"LIMIT = {number}\nclass Bot:\n    SYSTEM_PROMPT = {literal}\n"
    return f'import os\n\n\ndef run_{number}(x):\n    return "log {number}"\n\n\nSYSTEM_PROMPT = {literal}\n'


def typescript(number: int, text: str) -> str:
    inner = text.replace("\n", "\\n")
    literal = (
        f"'{inner}'",
        "`" + text + "`",
        f'"{inner}"'.replace('"short"', '\\"short\\"'),
        f"'{inner[:5]}' + // {number}\n      `{inner[5:]}`",
        "`" + text.replace("\n", "\n      ") + "`",
    )[number % 5]
    return (
        f"import {{ a{number} }} from './a';\n\nexport const agent = new Agent({{\n"
        f"  name: 'bot-{number}',\n  instructions: {literal},\n  temperature: 0.{number},\n}});\n"
    )


def go(number: int, text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    literal = (f'"{inner}"', f"`{text}`", f'"{inner[:6]}" + // {number}\n\t\t"{inner[6:]}"')[number % 3]
    declared = (
        f"const SystemPrompt = {literal}" if number % 2 else f"const (\n\tSystemPrompt string = {literal}\n)"
    )
    return f'package bot\n\n{declared}\n\nfunc run{number}() string {{ return "log {number}" }}\n'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _split(text: str, between: str) -> str:
    return f"{_quoted(text[:6])}{between}{_quoted(text[6:])}"


def java(number: int, text: str) -> str:
    block = '"""\n        ' + text.replace("\n", "\n        ") + '"""'
    literal = (_quoted(text), _split(text, f" + // {number}\n      "), _quoted(text) if '"' in text else block)[
        number % 3
    ]
    return (
        f"class Bot {{\n  static final String SYSTEM_PROMPT = {literal};\n"
        f'  String run() {{ return "log {number}"; }}\n}}\n'
    )


def csharp(number: int, text: str) -> str:
    verbatim = '@"' + text.replace('"', '""') + '"'
    literal = (_quoted(text), _split(text, f" + // {number}\n      "), verbatim)[number % 3]
    return f'class Bot {{\n  const string SystemPrompt = {literal};\n  string Log() => "log {number}";\n}}\n'


def ruby(number: int, text: str) -> str:
    heredoc = "<<~TEXT\n" + "".join(f"  {line}\n" for line in text.split("\n")) + "TEXT"
    literal = (_quoted(text), _split(text, " \\\n  "), heredoc)[number % 3]
    return f'def run_{number}\n  "log {number}"\nend\n\nSYSTEM_PROMPT = {literal}\n'


def rust(number: int, text: str) -> str:
    literal = (_quoted(text), f'r#"{text}"#', f"concat!({_split(text, ', ')})")[number % 3]
    return f'const SYSTEM: &str = {literal};\nfn run_{number}() -> &\'static str {{ "log {number}" }}\n'


def javascript(number: int, text: str) -> str:
    literal = (_quoted(text), "`" + text + "`", f"[{_split(text, ', ')}].join('')")[number % 3]
    return f"const log{number} = 'log {number}';\nmodule.exports.systemPrompt = {literal};\n"


def landings(path: str, code: Callable[[int, str], str]) -> list[Files]:
    """Every landing edits the file of the prompt; some move it. Two changes come back to no earlier text."""
    ending = path.rpartition(".")[2]
    places = [path, f"pkg/{path}", f"pkg/core/{path}"]
    found: list[Files] = []
    place = ""
    for number in range(LANDINGS):
        said = sum(number >= each for each in TOUCHING)
        wanted = places[number // 50 % 3]
        files: dict[str, str | None] = {
            wanted: code(number, WORDS[said - 1]) if said else f"{_COMMENT.get(ending, '//')} {number}\n"
        }
        if place and place != wanted:
            files[place] = None
        if number % 7 == 0:
            files[f"other_{number % 5}.{ending}"] = f"{_COMMENT.get(ending, '//')} {number}\n"
        place = wanted
        found.append(files)
    return found


_COMMENT = {"py": "#", "rb": "#", "go": "package bot //"}


@pytest.mark.parametrize(
    ("path", "code", "name"),
    [
        ("bot.py", python, "SYSTEM_PROMPT"),
        ("agent.ts", typescript, "Agent.instructions"),
        ("bot.go", go, "SystemPrompt"),
        ("Bot.java", java, "SYSTEM_PROMPT"),
        ("Bot.cs", csharp, "SystemPrompt"),
        ("bot.rb", ruby, "SYSTEM_PROMPT"),
        ("bot.rs", rust, "SYSTEM"),
        ("bot.js", javascript, "systemPrompt"),
    ],
)
def test_of_three_hundred_landings_in_code_the_three_that_touch_the_prompt_are_changes(
    path: str, code: Callable[[int, str], str], name: str, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "repo")
    ending = path.rpartition(".")[2]
    git(repo.path, "fast-import", "--quiet", data=fast_import(landings(path, code)))
    source = watch(
        repo.path, tmp_path, systems={"bot": [{"files": f"**/*.{ending}", "select": {"names": [name]}}]}
    )

    source.collect()

    changes = sorted(source.changes.values(), key=lambda change: change.landed_at)
    assert [str(change.kind) for change in changes] == ["added", "modified", "modified"]
    commits = git(repo.path, "log", "--first-parent", "--reverse", "--format=%ct").split("\n")
    assert len(commits) == LANDINGS
    assert [int(change.landed_at.timestamp()) for change in changes] == [int(commits[each]) for each in TOUCHING]
    assert source.tallies == {"counted": 3}


def test_without_a_selector_every_landing_on_the_same_code_is_a_change(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    git(repo.path, "fast-import", "--quiet", data=fast_import(landings("bot.py", python)))
    source = watch(repo.path, tmp_path, systems={"bot": ["**/bot.py"]})

    source.collect()

    assert len(source.changes) > LANDINGS * 0.9
