"""The settled vocabulary of what can be wrong with a source that is asked for days. Each says what to fix.

SourceUnavailable
├── Unreachable         nobody answers at the address
├── TimedOut            the answer takes longer than the settings allow
│   └── Locked          because somebody else has it locked
└── RateLimited         the source asks for fewer questions
    └── BudgetSpent         our own settings allow no further one within this hour
SourceRefused
├── CredentialsRefused  the user or the secret is not accepted
├── PermissionRefused   the user may not read what is configured
└── SchemaDiffers       what is configured is not there: a table, a column, a field
"""

from __future__ import annotations

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable


class Unreachable(SourceUnavailable):
    """Nobody answers at the address of the source."""

    reason = "unreachable"


class TimedOut(SourceUnavailable):
    """The answer takes longer than the settings allow."""

    reason = "timeout"


class Locked(TimedOut):
    """Somebody else has what is asked for locked: it may be free in a moment."""


class RateLimited(SourceUnavailable):
    """The source asks for fewer questions."""

    reason = "rate_limit"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until it may be asked again, as far as it says so."""


class BudgetSpent(RateLimited):
    """The settings allow no further question within this hour; `retry_after` is known."""

    retry_after: float

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message, retry_after)


class CredentialsRefused(SourceRefused):
    """The user or the secret is not accepted."""

    reason = "credentials"


class PermissionRefused(SourceRefused):
    """The user may not read what is configured."""

    reason = "permission"


class SchemaDiffers(SourceRefused):
    """What is configured is not there: a table, a column, a field."""

    reason = "schema"


VOCABULARY = (Unreachable, TimedOut, RateLimited, CredentialsRefused, PermissionRefused, SchemaDiffers)
"""All of them."""
