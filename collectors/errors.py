"""The exception tree of the collectors.

CollectorError
├── SourceUnavailable   the source cannot be reached now; trying again may help
├── SourceRefused       the source must not be used as it is; a person has to act
│   ├── StateFromNewer      a newer version of leverwatch stored how far it was read
│   └── StateUnreadable     what was stored of how far it was read is damaged
└── SourceIncomplete    the run counted what it could, and some parts of the source failed
"""

from __future__ import annotations


class CollectorError(Exception):
    """A collector could not do its work. The message names the source, the place and the reason."""

    reason = "error"


class SourceUnavailable(CollectorError):
    """The source cannot be reached at the moment; a later run may succeed."""

    reason = "unavailable"


class SourceRefused(CollectorError):
    """The source would give wrong figures as it is (a shallow clone, say) and was not used."""

    reason = "refused"


class StateFromNewer(SourceRefused):
    """What is stored of the source is of a version that this program does not know: going on could count twice."""


class StateUnreadable(SourceRefused):
    """What is stored of the source is not what its version looks like: guessing could count twice."""


class SourceIncomplete(CollectorError):
    """Some parts of the source failed; all others were counted and stay counted."""

    reason = "incomplete"
