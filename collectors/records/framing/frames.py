"""Length-prefixed records, as the file exporter of the OpenTelemetry Collector writes them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import zstandard

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import MAX_RECORD, Units
from leverwatch.collectors.unpacking import FREE_FRAME, MOST_RATIO, MOST_WINDOW, asks_for_too_much, most_text

_HEADER = 4
_ZSTD = b"\x28\xb5\x2f\xfd"
_MESSAGE = b"\x0a"
# A length below 32 MiB, and the start of a JSON object, of zstd data or of a protobuf message with one field.
_START = re.compile(rb"[\0\x01]...(?:\{[\"\s}]|\x28\xb5\x2f\xfd|\x0a)", re.DOTALL)
_SURE = re.compile(rb"[\0\x01]...(?:\{[\"\s}]|\x28\xb5\x2f\xfd)", re.DOTALL)
_LOOK = 8
"""The length in bytes of the longest start that the patterns match."""


def _frames(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield start, end and validity of each frame, and of each invalid stretch before the next likely frame."""
    at = 0
    while len(data) - at > _HEADER:
        length = int.from_bytes(data[at : at + _HEADER], "big")
        end = at + _HEADER + length
        sound = 0 < length <= MAX_RECORD
        if sound and end > len(data) and (len(data) - at < _LOOK or _START.match(data, at)):
            return
        if not sound or not _START.match(data, at):
            found = _SURE.search(data, at + 1)
            if not found:
                return
            sound, end = False, found.start()
        yield at, end, sound
        at = end


class FrameFraming:
    """Frames of a length (4 bytes, big-endian) and a JSON object, plain or compressed with zstd."""

    by_newline = False
    documents = False

    def complete(self, data: bytes, final: bool) -> int:  # noqa: ARG002 an open frame may always go on
        """Return the end of the last whole frame."""
        end = 0
        for _, end, _sound in _frames(data):  # noqa: B007 the last end is used below
            pass
        return end

    def skip(self, data: bytes) -> tuple[int, bool]:
        """Drop everything up to the next bytes that look like a frame."""
        found = _SURE.search(data)
        return (found.start(), True) if found else (max(0, len(data) - _LOOK + 1), False)

    def split(self, data: bytes) -> Units:
        """Return the decompressed contents of the frames."""
        units, lines, number, end = Units([], []), [], 0, 0
        for start, end, sound in _frames(data):
            content = data[start + _HEADER : end] if sound else b""
            reason = None if sound else "no frame of a known kind"
            if content.startswith(_MESSAGE):
                reason = "a protobuf frame; set the exporter's format to json"
            elif content.startswith(_ZSTD):
                content, reason = _decompress(content)
            if reason is None:
                units.units.append(content)
                lines.append(number)
            else:
                units.refused.append((number, Result.INVALID_LINE, reason))
            number += 1
        if end < len(data):
            units.refused.append((number, Result.INVALID_LINE, "not a whole frame"))
        units.lines = lines
        return units

    def count(self, data: bytes) -> int:
        """Return the number of frames."""
        return sum(1 for _ in _frames(data))


def _decompress(content: bytes) -> tuple[bytes, str | None]:
    try:
        with zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW).stream_reader(io.BytesIO(content)) as reader:
            text = reader.read(min(MAX_RECORD, most_text(len(content), FREE_FRAME)) + 1)
    except zstandard.ZstdError as error:
        return b"", "needs too much memory to be unpacked" if asks_for_too_much(error) else "damaged zstd data"
    if len(text) > MAX_RECORD:
        return b"", f"longer than {MAX_RECORD >> 20} MiB"
    if len(text) > most_text(len(content), FREE_FRAME):
        return b"", f"unpacks to more than {MOST_RATIO} times its size"
    if text.startswith(_MESSAGE):
        return b"", "a protobuf frame; set the exporter's format to json"
    return text, None


FRAMES = FrameFraming()
