"""Packed logs of Inspect (`.eval`): a ZIP whose members are compressed with Zstandard.

`zipfile` reads the directory of such an archive, and its members only from Python 3.14 on.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import BinaryIO

import zstandard

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.sources.evals.formats.interface import NotFinished
from leverwatch.collectors.unpacking import MOST_WINDOW

_HEADER = "header.json"
_LARGEST = 64 << 20
_ZSTANDARD = 93
_LOCAL = struct.Struct("<26xHH")
"""Of the header before a member: the lengths of its name and of its extra field, which vary from the directory."""


def header_of(file: BinaryIO) -> BinaryIO:
    """Return the log without its samples: its member `header.json`, unpacked.

    Raises:
        BadInput: it is no such archive, is damaged, or the member is too large.
        NotFinished: it has no such member, as the run has not ended.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            member = archive.NameToInfo.get(_HEADER)
            if member is None:
                raise NotFinished("the run has not ended, or was killed")
            if member.file_size > _LARGEST:
                raise BadInput(Result.INVALID_LINE, f"{_HEADER} is larger than {_LARGEST >> 20} MiB")
            if member.compress_type != _ZSTANDARD:
                return io.BytesIO(archive.read(member))
        file.seek(member.header_offset)
        name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        file.seek(name + extra, io.SEEK_CUR)
        packed = io.BytesIO(file.read(member.compress_size))
        with zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW).stream_reader(packed) as reader:
            content = reader.read(member.file_size + 1)
    except (zipfile.BadZipFile, zstandard.ZstdError, struct.error, NotImplementedError, ValueError) as error:
        raise BadInput(Result.INVALID_LINE, "is no packed log of Inspect, or is damaged") from error
    if len(content) != member.file_size:
        raise BadInput(Result.INVALID_LINE, "is damaged: its header is incomplete")
    return io.BytesIO(content)
