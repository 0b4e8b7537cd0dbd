"""The exception tree of the collectors.

CollectorError
├── SourceUnavailable   the source cannot be reached now; trying again may help
├── SourceRefused       the source must not be used as it is; a person has to act
│   ├── StateFromNewer      a newer version of leverwatch stored how far it was read
│   └── StateUnreadable     what was stored of how far it was read is damaged
├── SourceIncomplete    the run counted what it could, and some parts of the source failed
└── SourceWaits         nothing is wrong: its own settings have it wait, and a later run goes on
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMED_FAILURES = 10


class CollectorError(Exception):
    """The base of all errors of collectors. The message names the source, the place and the reason."""

    reason = "error"


class SourceUnavailable(CollectorError):
    """The source cannot be reached now; a later run may succeed."""

    reason = "unavailable"


class SourceRefused(CollectorError):
    """The source was not used, as it would give wrong counts (a shallow clone, say); a person has to act."""

    reason = "refused"


class StateFromNewer(SourceRefused):
    """The stored state of the source has a version that this program does not know; going on could count twice."""


class StateUnreadable(SourceRefused):
    """The stored state of the source has not the layout of its version; guessing could count twice."""


class SourceIncomplete(CollectorError):
    """Some parts of the source failed; all others were counted and stay counted."""

    reason = "incomplete"

    @classmethod
    def of(cls, source: str, failures: Mapping[str, str]) -> SourceIncomplete:
        """Names the first ten paths that failed, each with its reason, and how many more there are."""
        named = [
            reason if path in reason else f"{path}: {reason}"
            for path, reason in sorted(failures.items())[:_NAMED_FAILURES]
        ]
        more = len(failures) - len(named)
        return cls(f"source {source}: {'; '.join(named)}{f'; and {more} more' if more > 0 else ''}")


class SourceWaits(CollectorError):
    """The settings of the source have it wait, and a later run goes on: no failure of the source. The message says
    what it waits for, and until when."""

    reason = "waits"
