"""Passes the credentials of an address to git separately from the address, neither as arguments nor in a file.

Every user of a machine can read the arguments of a process, and only its own user its environment. So git gets an
address without user name and password, and, in its environment, a credential helper for that server only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from leverwatch.collectors.sources.git.address import user_info

_WEB = re.compile(r"(?:https?|ftps?)://", re.IGNORECASE)
_USER, _PASSWORD = "LEVERWATCH_GIT_USER", "LEVERWATCH_GIT_PASSWORD"
_HELPER = f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${_USER}" "${_PASSWORD}"; }}; f"""
"""The credential helper. Its text is an argument of the shell that git runs it with; the values of the variables
are in no argument."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote repository as it is passed to git."""

    url: str
    """The address without credentials; the user name of an SSH address stays, as it is no secret."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables to add to git's environment."""


def refusal(repo: str) -> str | None:
    """Return why an address cannot be used without exposing its credentials; None when it can."""
    bare = repo.replace(f"{user_info(repo)}@", "", 1)
    if _WEB.match(repo):
        if "?" in bare or "#" in bare:
            return "an address with a query or a fragment, to which git would add; write a token before the host"
        if any(ord(character) < ord(" ") for character in unquote(user_info(repo))):
            return "a user name or a password with control characters in it"
    elif ":" in user_info(repo):
        return "a password in an address that is not http:// or https://; git has no use for it"
    return None


def remote(repo: str, environ: Mapping[str, str]) -> Remote:
    """Split an address into an argument for git and variables for its environment.

    With a password in the address, the user's own credential helpers are not used. With a user name alone they
    are, and without a result from them the name is used as a token.
    """
    found = user_info(repo) if _WEB.match(repo) else ""
    if not found:
        return Remote(repo)
    url = repo.replace(f"{found}@", "", 1)
    scope = "/".join(url.split("/", 3)[:3])
    user, colon, password = found.partition(":")
    settings = [("username", unquote(user)), *([("helper", "")] if colon else []), ("helper", _HELPER)]
    before = environ.get("GIT_CONFIG_COUNT", "")
    first = int(before) if before.isdecimal() else 0
    added = {_USER: unquote(user), _PASSWORD: unquote(password), "GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (name, value) in enumerate(settings, first):
        added[f"GIT_CONFIG_KEY_{number}"] = f"credential.{scope}.{name}"
        added[f"GIT_CONFIG_VALUE_{number}"] = value
    return Remote(url, added)
