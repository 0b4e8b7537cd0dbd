"""Opens values of a record that are texts of JSON objects, as loggers write answers into their records. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from leverwatch.collectors.records.formats.cell_objects import object_of
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.shapes.inner_units import InnerUnits

_record = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str).decode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Opened:
    """Of each record the same, with the objects in place of the texts that are them.

    A text that is none stays as it is, so that what the map reads in it is unknown.

    Args:
        keys: the keys of the record that may have such texts.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def unwrap(self, outer: Units) -> Units:
        """Return the records; what is no JSON object is refused."""
        inner = InnerUnits(outer)
        for index, made in inner.each(self._read):
            inner.add(index, made)
        return inner.units()

    def _read(self, text: bytes) -> bytes:
        """Return a record with its texts opened.

        Raises:
            DecodeError, UnicodeDecodeError, RecursionError: it is no JSON object.
        """
        record = _record.decode(text)
        found = {key: opened for key in self._keys if (opened := _opened(bytes(record.get(key, b"")))) is not None}
        return text if not found else msgspec.json.encode({**record, **found})


def _opened(raw: bytes) -> msgspec.Raw | None:
    """Return the object that a text is; None where it is something else."""
    if not raw.startswith(b'"'):
        return None
    text = _text(raw).strip()
    if not text.startswith("{"):
        return None
    try:
        _object(text)
    except (msgspec.DecodeError, RecursionError):
        found = object_of(text)
        return msgspec.Raw(json.dumps(found).encode()) if found else None
    return msgspec.Raw(text.encode(errors="surrogatepass"))
