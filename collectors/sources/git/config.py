"""Configuration of a git source."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from leverwatch.collectors.config import Duration, Name, SourceConfig
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.selection.languages import is_code
from leverwatch.collectors.sources.git.address import is_remote, local_path
from leverwatch.collectors.sources.git.credentials import refusal
from leverwatch.collectors.sources.git.prompt_files import Pattern, Prompts
from leverwatch.collectors.stored_state import place_of

CODE_AS_PROMPT = (
    "matches source code, of which every edit is a change of the prompt; say with `select` what the prompt is"
)
_NO_BRANCH = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock$")


def _check_repo(repo: str) -> str:
    if not repo.strip() or repo.startswith("-") or any(ord(character) < ord(" ") for character in repo):
        raise ValueError("a path or a URL of a git repository")
    if "::" in repo.split("/", 1)[0]:
        raise ValueError("transport helpers (`name::address`) run programs and are not supported")
    if is_remote(repo) and (reason := refusal(repo)):
        raise ValueError(f"must not be {reason}")
    return repo


def _check_branch(branch: str) -> str:
    if not branch or _NO_BRANCH.search(branch):
        raise ValueError("not the name of a branch")
    return branch


class GitConfig(SourceConfig):
    """A git repository with prompts in it."""

    type: Literal["git"] = "git"
    interval: Duration = Field(
        default=timedelta(minutes=5), description="Pause between two runs of the collector.", examples=["5m"]
    )
    # Left out of repr(): the address may carry a token.
    repo: Annotated[str, AfterValidator(_check_repo)] = Field(
        repr=False,
        description="A working tree, a bare repository, or a remote URL. A relative path starts at the folder of"
        " the configuration file.",
        examples=["/srv/prompts.git", "https://git.example.com/team/prompts.git"],
    )
    branch: Annotated[str, AfterValidator(_check_branch)] | None = Field(
        default=None,
        description="The branch whose landings count; by default the default branch of the repository, whatever is"
        " checked out.",
    )
    systems: dict[Name, Annotated[tuple[Prompts, ...], Field(min_length=1)]] = Field(
        min_length=1,
        description="The prompts of each system, as glob patterns from the top of the repository. `*` stays within"
        " a folder, `**/` is any number of folders. In place of a pattern, a mapping also says what of the files"
        " is the prompt.",
        examples=[{"support-bot": ["prompts/support/**"]}],
    )
    exclude: tuple[Pattern, ...] = Field(
        default=(), description="Files that are no prompts, whatever matches them."
    )
    bulk_above: int = Field(
        default=20, ge=1, description="A landing that touches more prompts of one system than this is bulk."
    )
    timeout: Duration = Field(
        default=timedelta(minutes=5), description="Longest run of one git command.", examples=["5m"]
    )
    largest_copy_mib: int = Field(
        default=2048, ge=1, description="Largest copy of a remote repository, in MiB; a larger one is refused."
    )
    collapse_whitespace: bool = Field(
        default=False, description="Ignore every difference in white space, indentation and line breaks included."
    )

    def declared_systems(self) -> frozenset[str]:
        """The names of the systems that have patterns."""
        return frozenset(self.systems)

    def watches_prompts(self) -> bool:
        """Whether the source reports prompt changes: always."""
        return True

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each pattern that matches code, all of which is then a prompt."""
        for system, entries in self.systems.items():
            for number, entry in enumerate(entries):
                if entry.select is None and is_code(entry.files):
                    yield ("systems", system, number), CODE_AS_PROMPT

    def absences(self, base_dir: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the repository when it is to be in a folder of this machine, and is not there."""
        if is_remote(self.repo):
            return
        from leverwatch.collectors.paths import is_folder

        folder = local_path(self.repo, base_dir)
        if not is_folder(folder):
            yield ("repo",), f"there is no folder {folder}"
        elif os.access(folder, os.X_OK) and not (folder / ".git").exists() and not (folder / "HEAD").is_file():
            yield ("repo",), f"{folder} is no git repository; folders above it are not searched"

    def remarks(self, system: str, stored: Mapping[str, bytes]) -> Iterator[str]:
        """Yield the share of landings on code without a selector that changed no text of a prompt's length."""
        # Imported here: most commands only read the configuration.
        from leverwatch.collectors.sources.git.history import HISTORY

        # What cannot be read is reported where the source is run.
        with suppress(CollectorError):
            if HISTORY.key in stored:
                history = HISTORY.loads(place_of(self.name, HISTORY.key), stored[HISTORY.key])
                yield from (text for name, text in history.unselected.items() if name == system)

    def waits_for_others(self) -> bool:
        """Whether a run may wait for another machine: when the repository is remote."""
        return is_remote(self.repo)
