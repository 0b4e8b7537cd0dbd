"""The journal of systemd, as `journalctl -o json` exports it: an object for each entry, its text in `MESSAGE`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Raw

from leverwatch.collectors.records.fields import parse_path
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.partial import Part, Wrapping

_OBJECT = "journal"
"""The object that a record seems to have, with what the journal knows of it."""
_UNIT = "unit"
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def journal_fields(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of the journal that some of these paths lead to, such as `journal._SYSTEMD_UNIT`.

    Raises:
        ValueError: one of them is no path.
    """
    steps = (parse_path(path) for path in paths if path.startswith(f"{_OBJECT}."))
    return tuple(dict.fromkeys(path[1] for path in steps))


class Journal(Wrapping):
    """Entries of the journal; lines that journald has split (at 48 KiB, by default) are joined.

    `fields` are those that a record gets as `journal`; `unit` is the name of the service. A text that is not JSON
    is an ordinary message and ignored, unless `any_text` says that another wrapper follows.
    """

    _invalid = "no entry as journalctl -o json --all writes it"
    _decoder = msgspec.json.Decoder(dict[str, Raw])
    _bytes = msgspec.json.Decoder(list[int])

    def __init__(self, fields: Sequence[str] = (), *, any_text: bool = False) -> None:
        self._fields, self._any_text = tuple(fields), any_text

    def part(self, line: bytes) -> Part | None:
        """Read one line."""
        try:
            entry = self._decoder.decode(line.lstrip(b"\0"))
            text = self._text(bytes(entry.get("MESSAGE", b'""')))
            time, stream = (_string(entry, name) for name in ("__REALTIME_TIMESTAMP", "_STREAM_ID"))
        except (*_BAD, ValueError):
            return None
        if time is None:
            return None
        # A line of exactly the longest length is marked like a part, and nothing of it follows.
        ends = _string(entry, "_LINE_BREAK") != "line-max" or _is_object(text)
        if ends and self._fields:
            text = _with(text, self._known(entry))
        return Part(stream or "", text, ends, time)

    def unwrap(self, outer: Units) -> Units:
        """Return the texts of the entries; ordinary messages are ignored."""
        found = super().unwrap(outer)
        if self._any_text:
            return found
        kept = [index for index, text in enumerate(found.units) if text.lstrip().startswith(b"{")]
        if len(kept) < len(found.units):
            found.ignored += len(found.units) - len(kept)
            found.lines = [found.line_of(index) for index in kept]
            found.times = None if found.times is None else [found.times[index] for index in kept]
            found.units = [found.units[index] for index in kept]
        return found

    def _is_whole(self, data: bytes) -> bool:
        return b'"line-max"' not in data

    def _text(self, raw: bytes) -> bytes:
        # What is not plain text is an array of bytes; what is too long without `--all` is null.
        if raw.startswith(b"["):
            return bytes(self._bytes.decode(raw))
        return msgspec.json.decode(raw, type=str).encode(errors="surrogatepass")

    def _known(self, entry: Mapping[str, Raw]) -> dict[str, str]:
        known = {name: value for name in self._fields if (value := _string(entry, name)) is not None}
        # Services of a user are all in that user's own unit.
        unit = _string(entry, "_SYSTEMD_USER_UNIT") or _string(entry, "_SYSTEMD_UNIT")
        if _UNIT in self._fields and unit:
            known[_UNIT] = unit.removesuffix(".service")
        return known


def _is_object(text: bytes) -> bool:
    if not text.startswith(b"{") or not text.endswith(b"}"):
        return False
    try:
        msgspec.json.decode(text, type=dict[str, Raw])
    except _BAD:
        return False
    return True


def _string(entry: Mapping[str, Raw], name: str) -> str | None:
    raw = bytes(entry.get(name, b""))
    if not raw.startswith(b'"'):
        return None
    try:
        return msgspec.json.decode(raw, type=str)
    except _BAD:
        return None


def _with(text: bytes, known: Mapping[str, str]) -> bytes:
    """Return the text of an object with another one behind all it has, which outweighs what is called alike."""
    whole = text.rstrip()
    if not known or not whole.endswith(b"}"):
        return text
    rest = whole[:-1].rstrip()
    return b'%s%s"%s":%s}' % (rest, b"" if rest == b"{" else b",", _OBJECT.encode(), msgspec.json.encode(known))
