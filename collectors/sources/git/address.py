"""Addresses of repositories, local and remote, and their form without credentials."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_USER_INFO = re.compile(r"(?<=://)[^/\s'\"]*@")
_QUERY = re.compile(r"(://[^\s'\"?#]*)[?#][^\s'\"]*")
_SHORTEST_BARE_SECRET = 6
"""A user name without a password, as in https://TOKEN@host, is taken for a secret from this length on; shorter
ones are names such as `git`."""


def is_remote(repo: str) -> bool:
    """Whether git takes the text for a remote: `scheme://...`, or `host:path` without a slash before the colon."""
    if _SCHEME.match(repo):
        return True
    return ":" in repo.split("/", 1)[0]


def local_path(repo: str, base_dir: Path) -> Path:
    """Return the folder of a local repository; a relative path starts at `base_dir`."""
    return (base_dir / Path(repo).expanduser()).resolve()


def user_info(address: str) -> str:
    """Return the user info of an address (what precedes the `@` of the host), undecoded; empty without one."""
    scheme = _SCHEME.match(address)
    rest = address[scheme.end() :] if scheme else address
    if scheme is None:
        return re.split(r"[/:](?!.*@)", rest, maxsplit=1)[0].rpartition("@")[0]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    _, colon, port = authority.partition(":")
    if "@" not in authority and colon and not port.isdigit():
        # A token with a raw slash in it: no valid URL, and still nothing to show.
        authority = rest
    return authority.rpartition("@")[0]


def shown(repo: str) -> str:
    """Return the address without user info, query and fragment."""
    if not is_remote(repo):
        return repo
    found = user_info(repo)
    bare = repo.replace(f"{found}@", "", 1) if found else repo
    return re.split(r"[?#]", bare, maxsplit=1)[0] if _SCHEME.match(bare) else bare


def redactor(repo: str) -> Callable[[str], str]:
    """Return a function that removes from a text the credentials of `repo`, and user info and query of any URL."""
    if not is_remote(repo):
        return _plain
    found = user_info(repo)
    user, _, password = found.partition(":")
    secrets = {repo: shown(repo)}
    if found:
        secrets[f"{found}@"] = ""
    secret = password or (user if len(user) >= _SHORTEST_BARE_SECRET else "")
    if secret:
        secrets[secret] = secrets[unquote(secret)] = "[redacted]"

    def redact(text: str) -> str:
        for secret, replacement in sorted(secrets.items(), key=lambda item: -len(item[0])):
            text = text.replace(secret, replacement)
        return _plain(text)

    return redact


def _plain(text: str) -> str:
    return _QUERY.sub(r"\1", _USER_INFO.sub("", text))


def cache_name(source: str, repo: str, branch: str | None) -> str:
    """Return the folder name of a fetched copy. It does not depend on credentials, so that a new token uses it
    too."""
    key = "\0".join((source, shown(repo), branch or ""))
    return f"{source.replace('/', '_')}-{blake2b(key.encode(), digest_size=6).hexdigest()}"
