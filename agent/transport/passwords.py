"""Checks user names and passwords against bcrypt hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from threading import Lock

import bcrypt

_LONGEST = 72
"""bcrypt looks at no byte beyond these."""
_SHORTEST_COST = 10


class Passwords:
    """The users of one web configuration file.

    bcrypt is slow on purpose, and a scraper sends the same password with every request. A password that was right
    is remembered, as a hash under a key that only this process has and only in memory; a wrong one never is.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {user: text.encode() for user, text in hashes.items()}
        cost = max((int(text.split("$")[2]) for text in hashes.values()), default=_SHORTEST_COST)
        # No password fits it, and to find that out takes as long as for a user that exists.
        self._nobody = f"$2b${cost:02}${'.' * 53}".encode()
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        # One at a time: guesses from many connections must not take every core from the agent.
        self._checking = Lock()

    def accept_header(self, authorization: str) -> bool:
        """Whether an Authorization header has the user name and password of somebody (RFC 7617)."""
        scheme, _, encoded = authorization.strip().partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
            name = user.decode("utf-8")
        except (binascii.Error, ValueError):
            return False
        return colon == b":" and self.accept(name, password)

    def accept(self, user: str, password: bytes) -> bool:
        """Whether this is the user's password."""
        known = self._hashes.get(user)
        password = password[:_LONGEST]
        digest = hmac.digest(self._key, password, hashlib.sha256)
        if known is not None and hmac.compare_digest(self._right.get(user, b""), digest):
            return True
        # In C, a password ends at its first zero byte; two that differ after it would be one.
        candidate = password.replace(b"\0", b"?")
        with self._checking:
            fits = bcrypt.checkpw(candidate, self._nobody if known is None else known)
        if not fits or known is None or candidate != password:
            return False
        self._right[user] = digest
        return True
