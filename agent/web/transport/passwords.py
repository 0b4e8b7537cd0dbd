"""Checks user names and passwords against bcrypt hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

import bcrypt

from leverwatch.agent.web.transport.turns import Turns

_LONGEST = 72
"""Bytes of a password that bcrypt uses; it ignores further ones."""
_SHORTEST_COST = 10


class Passwords:
    """The users of one web configuration file.

    bcrypt is slow on purpose, and a scraper sends the same password with every request. So a correct password is
    cached, in memory only, as a hash with a key that only this process has; a wrong one is not. Requests whose
    password is cached do not wait. All others are checked one at a time from a short queue, so that guesses from
    many connections cannot occupy all cores.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {user: text.encode() for user, text in hashes.items()}
        self._costs = {user: int(text.split("$")[2]) for user, text in hashes.items()}
        self._dearest = max(self._costs.values(), default=_SHORTEST_COST)
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        self._turns = Turns()

    def accept_header(self, authorization: str, client: str = "") -> bool:
        """Whether an Authorization header (RFC 7617) has a valid user name and password.

        Raises:
            TooManyWaiting: it was not checked, as the queue is full.
        """
        scheme, _, encoded = authorization.strip().partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
            name = user.decode("utf-8")
        except (binascii.Error, ValueError):
            return False
        return colon == b":" and self.accept(name, password, client)

    def accept(self, user: str, password: bytes, client: str = "") -> bool:
        """Whether this is the user's password.

        Raises:
            TooManyWaiting: it was not checked, as the queue is full.
        """
        known = self._hashes.get(user)
        password = password[:_LONGEST]
        digest = hmac.digest(self._key, password, hashlib.sha256)
        if known is not None and hmac.compare_digest(self._right.get(user, b""), digest):
            return True
        with self._turns.turn(client):
            if not self._check(user, password):
                return False
        self._right[user] = digest
        return True

    def _check(self, user: str, password: bytes) -> bool:
        # In C, a password ends at its first zero byte; two that differ after it would be one.
        candidate = password.replace(b"\0", b"?")
        known = self._hashes.get(user)
        if known is None:
            bcrypt.checkpw(candidate, _nobody(self._dearest))
            return False
        fits = bcrypt.checkpw(candidate, known)
        if fits and candidate == password:
            return True
        # A step of cost doubles the time: with all steps up to the dearest, a wrong password takes as long as that
        # one, and nobody can tell from the time whose hash is cheap, or who exists.
        for cost in range(self._costs[user], self._dearest):
            bcrypt.checkpw(candidate, _nobody(cost))
        return False


def _nobody(cost: int) -> bytes:
    """A hash that no password matches, for unknown users, so that their check takes as long as that of known
    ones."""
    return f"$2b${cost:02}${'.' * 53}".encode()
