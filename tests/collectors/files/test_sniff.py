from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from collectors.errors import SourceUnavailable
from collectors.files.sniff import Guess, config_of, guess, read_sample, samples, summarise
from collectors.interface import Result
from tests.collectors.files.framing.test_frames import frame
from tests.collectors.files.framing.test_partial import cri, docker

RECORD = json.dumps(
    {
        "id": "c1", "object": "chat.completion", "created": 1773129600, "model": "m",
        "choices": [{"message": {"content": "canary"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
)  # fmt: skip
PRETTY = json.dumps([json.loads(RECORD)], indent=2)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (RECORD.encode(), "openai"),
        (PRETTY.encode(), "openai"),
        (b"garbage\n" + RECORD.encode() + b"\n" + RECORD.encode(), "openai"),
        (b"data: " + RECORD.encode() + b"\n\ndata: [DONE]\n", "openai"),
        (frame(RECORD.encode()), {"type": "openai", "framing": "length-prefixed"}),
        (frame(RECORD.encode(), packed=True), {"type": "openai", "framing": "length-prefixed"}),
        (docker(RECORD), {"type": "openai", "wrap": "docker"}),
        (cri(RECORD[:30], tag="P") + cri(RECORD[30:]), {"type": "openai", "wrap": "cri"}),
        (b"INFO x " + RECORD.encode() + b"\n", {"type": "openai", "wrap": "prefix"}),
        (json.dumps({"message": RECORD}).encode() + b"\n", {"type": "openai", "wrap": "json-string"}),
        (cri(json.dumps({"log": RECORD})), {"type": "openai", "wrap": ["cri", "json-string"]}),
    ],
)
def test_a_guess_reads_the_file_that_it_was_made_of(tmp_path: Path, data: bytes, settings: object) -> None:
    (tmp_path / "a[1].log").write_bytes(data)
    found = guess(*read_sample(tmp_path / "a[1].log"))

    assert found is not None
    assert found.settings == settings
    config = config_of(tmp_path / "a[1].log", found.settings)
    summary = summarise(config)
    assert summary.tallies[Result.COUNTED] == 1
    assert [row.input_tokens for row in summary.usage] == [3]
    (sample,) = list(samples(config.format, data))[:1]
    assert sample.values["model"] == "m"
    assert "canary" not in repr((sample, summary))


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(RECORD.encode()))

    assert guess(*read_sample(tmp_path / "a.gz")) == Guess("openai", "gzip")


@pytest.mark.parametrize("data", [b"", b"hello\n", b'{"a": 1}\n', b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_what_is_no_known_format_is_none(data: bytes) -> None:
    assert guess(data, "plain") is None


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no such file"):
        read_sample(tmp_path / "none")
