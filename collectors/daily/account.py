"""Who answers a source that is asked for days: another account would replace the days of the first one."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import msgspec
from msgspec import Struct

from leverwatch.collectors.daily.errors import CredentialsRefused
from leverwatch.collectors.stored_state import Kind, entries, same


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose days are stored."""

    settings: str
    """A digest of the settings with which they were asked for."""
    digest: str
    """Of what the source calls the account."""


ACCOUNT: Kind[Account] = Kind(
    name="account that answers",
    key="account",
    encode=msgspec.json.encode,
    decode=msgspec.json.Decoder(Account).decode,
    upgrades=(same,),
    is_json=True,
)


def digest_of(name: str) -> str:
    """Return a digest of what a source calls an account, which is kept instead of the name."""
    return blake2b(name.encode(), digest_size=8).hexdigest()


def stored_account(source: str, stored: Mapping[str, bytes], settings: str) -> str:
    """Return the digest of the account whose days are stored; empty: nobody knows, or the settings changed since.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    found = dict(entries(source, stored, ACCOUNT)).get(ACCOUNT.key)
    return found.digest if found is not None and found.settings == settings else ""


def check_account(source: str, answered: str, stored: str) -> None:
    """Check that an account is the one whose days are stored, as far as both are known.

    Raises:
        CredentialsRefused: it is another one.
    """
    if answered and stored and answered != stored:
        raise CredentialsRefused(
            f"source {source}: the key is of another organisation or project than the one whose days are counted"
            " here; what was counted stays: use a key of the first one, or give the source another name"
        )
