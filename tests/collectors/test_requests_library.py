from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, warnings
warnings.simplefilter("error")
from leverwatch.collectors.requests_library import requests
print(sorted({"chardet", "charset_normalizer"} & sys.modules.keys()))
answer = requests.Response()
answer._content = "\u00fc".encode()
print(ascii(answer.text))
import charset_normalizer
print(charset_normalizer.__name__)
"""


def test_http_guesses_no_encoding_and_warns_of_nothing_and_others_still_can() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines() == ["[]", r"'\xfc'", "charset_normalizer"]
