"""What a source stores: what each label pointed at when it was last looked at. No text, only hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from leverwatch.collectors.prompts.history import Prompt, SystemHistory
from leverwatch.collectors.stored_state import Kind, same

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Watched(msgspec.Struct, forbid_unknown_fields=True):
    """The prompts of one system, by name."""

    present: dict[str, Prompt]
    """Those whose label points at something."""
    removed: dict[str, Prompt]
    """Those whose label is gone."""
    patterns: list[str]
    """The names and patterns all of whose prompts were looked at: a prompt that turns up later is new."""
    found: list[str]
    """Prompts that were found, and whose text has not been read yet: the first one is no change."""

    @classmethod
    def begun(cls) -> Watched:
        """Return what is known before the first look."""
        return cls({}, {}, [], [])

    @property
    def history(self) -> SystemHistory:
        """The prompts as the rule of what a change is follows them: what it changes is changed here."""
        return SystemHistory(self.present, self.removed)


class Look(msgspec.Struct, forbid_unknown_fields=True):
    """The last look at one prompt."""

    at: Moment
    version: str
    """The version that the label was at, a number or a hash; empty: at none, or the registry tells none."""


class Labels(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that was seen."""

    settings: str
    """Digest of the settings that say which label of which registry is looked at."""
    systems: dict[str, Watched]
    looks: dict[str, Look]
    """By the name of the prompt."""


LABELS: Kind[Labels] = Kind(
    name="labels of prompts",
    key="labels",
    encode=msgspec.json.Encoder().encode,
    decode=msgspec.json.Decoder(Labels).decode,
    upgrades=(same,),
    is_json=True,
)
KINDS = (LABELS,)
"""What a source stores."""
