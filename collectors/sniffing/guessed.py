"""How a log can be read, and the format that reads it so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.formats.interface import Format
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.loading import config_of


@dataclass(frozen=True, slots=True)
class Guess:
    """The settings with which a file can be read."""

    format: str
    compression: str
    """`plain`, `gzip` or `zstd`."""
    framing: str | None = None
    """The framing; None: that of the format."""
    wrap: tuple[str, ...] = ()
    fields: FieldGuess | None = None
    """The field map when the format is not a named one."""
    delimiter: str = ","

    @property
    def settings(self) -> str | dict[str, Any]:
        """The value of `format` for the configuration."""
        extras: dict[str, Any] = {}
        if self.fields is not None:
            extras |= self.fields.settings
        if self.delimiter != ",":
            extras["delimiter"] = self.delimiter
        if self.framing is not None:
            extras["framing"] = self.framing
        if self.wrap:
            extras["wrap"] = self.wrap[0] if len(self.wrap) == 1 else list(self.wrap)
        return {"type": self.format, **extras} if extras else self.format


def format_of(guessed: Guess) -> Format:
    """Return the format that reads a log as it was guessed."""
    # A named format is tried on one log after the other, and takes longer to make than to read a few records.
    return _made(guessed) if guessed.fields is not None else _made_once(guessed)


@lru_cache(maxsize=64)
def _made_once(named: Guess) -> Format:
    return _made(named)


def _made(guessed: Guess) -> Format:
    return build_format(config_of(Path("sniffed"), guessed.settings).format, ())
