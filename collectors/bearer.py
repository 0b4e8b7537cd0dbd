"""A bearer token for HTTP sources: from the configuration or a file, and how it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.regular import open_regular

if TYPE_CHECKING:
    from requests import PreparedRequest

_LARGEST_TOKEN = 65_536


class Bearer:
    """Authentication with a token. Without one nothing is sent, not even credentials of `.netrc`."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def read_token(place: str, token: str | None, file: Path | None) -> str | None:
    """Return a configured token, or the one in a file; None when there is neither.

    Args:
        place: the source, for messages, which never contain the token.
        token: the value of the setting `token`.
        file: the file that `token_file` names; it is read each time, as tokens are renewed.

    Raises:
        SourceRefused: the file cannot be read or is empty, or the token has characters that no header can have.
    """
    found, where = token, "`token`"
    if token is None and file is not None:
        found, where = read_secret(place, file, "token"), f"the token file {file}"
    if found is not None and not (found.isascii() and found.isprintable()):
        raise SourceRefused(f"{place}: {where} has characters that no token can have")
    return found


def read_secret(place: str, file: Path, kind: str) -> str:
    """Return the secret in a file, without the white space around it. `kind` is what it is, for messages.

    Raises:
        SourceRefused: the file cannot be read, or is empty.
    """
    where = f"the {kind} file {file}"
    try:
        with open_regular(file) as opened:
            secret = opened.read(_LARGEST_TOKEN).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SourceRefused(f"{place}: {where} cannot be read") from None
    if not secret:
        raise SourceRefused(f"{place}: {where} is empty")
    return secret
