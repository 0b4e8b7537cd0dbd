"""Values from outside the configuration file: `${NAME}` from the environment, and files with a single secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from leverwatch.agent.config.problem import Problem, Steps
from leverwatch.collectors.regular import open_regular

_REFERENCE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>[^}]*)\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST_SECRET = 65_536


class SecretUnreadable(ValueError):
    """A secret file cannot be used. The message never holds its content."""


class Expanded(Struct, frozen=True):
    """A document whose references `${NAME}` are replaced."""

    data: Any
    secrets: Mapping[Steps, tuple[str, ...]]
    """The texts that came from the environment, by the path of the value that they became part of."""
    problems: tuple[Problem, ...]

    def secrets_at(self, steps: Steps) -> tuple[str, ...]:
        """Return all such texts in the value at a path, and in the values inside it."""
        return tuple(
            text for path, texts in self.secrets.items() if path[: len(steps)] == steps for text in texts if text
        )

    def is_secret(self, steps: Steps) -> bool:
        """Whether a part of the value at a path came from the environment."""
        return steps in self.secrets


class _Expander:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.secrets: dict[Steps, tuple[str, ...]] = {}
        self.problems: list[Problem] = []

    def value(self, value: Any, steps: Steps) -> Any:
        if isinstance(value, dict):
            return {key: self.value(part, (*steps, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [self.value(part, (*steps, index)) for index, part in enumerate(value)]
        return self._text(value, steps) if isinstance(value, str) and "$" in value else value

    def _text(self, text: str, steps: Steps) -> str:
        found: list[str] = []

        def replace(match: re.Match[str]) -> str:
            if match["escaped"]:
                return "$"
            name = match["name"]
            if not match[0].endswith("}") or not _NAME.fullmatch(name):
                self.problems.append(
                    Problem(steps, "holds ${ without a variable name and }; write $${ for a literal ${")
                )
                return match[0]
            if name not in self.environ:
                self.problems.append(Problem(steps, f"the environment variable {name} is not set"))
                found.append(match[0])
                return match[0]
            found.append(self.environ[name])
            return self.environ[name]

        result = _REFERENCE.sub(replace, text)
        if found:
            self.secrets[steps] = (result, *found)
        return result


def expand(data: Any, environ: Mapping[str, str]) -> Expanded:
    """Replace `${NAME}` in every text value, but not in keys; `$$` becomes `$`, and any other `$` stays.

    Values of variables are not expanded again.
    """
    expander = _Expander(environ)
    return Expanded(expander.value(data, ()), expander.secrets, tuple(expander.problems))


def read_secret(path: Path) -> str:
    """Return the content of a file with a single secret, without the newline at its end.

    Raises:
        SecretUnreadable: the file is missing, unreadable, empty, too large or not UTF-8 text.
    """
    try:
        with open_regular(path) as file:
            content = file.read(_LARGEST_SECRET + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise SecretUnreadable(f"cannot be read: {reason}") from error
    if len(content) > _LARGEST_SECRET:
        raise SecretUnreadable(f"is larger than {_LARGEST_SECRET} bytes, too large for a secret")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # Without a cause: the error would carry the content.
        raise SecretUnreadable("is not UTF-8 text") from None
    text = re.sub(r"\r?\n\Z", "", text)
    if not text:
        raise SecretUnreadable("is empty")
    return text


def scrub(text: str, secrets: tuple[str, ...], replacement: str) -> str:
    """Return `text` with every occurrence of a secret replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        for form in sorted({secret, repr(secret)[1:-1]}, key=len, reverse=True):
            text = re.sub(re.escape(form), replacement, text, flags=re.IGNORECASE)
    return text
