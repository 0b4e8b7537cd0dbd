"""Sources that read what is stored for them beside each other, for the first time."""

from __future__ import annotations

import subprocess
import sys

_MANY = r"""
import sys, threading
from types import ModuleType
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.records.decode import convert

sys.setswitchinterval(1e-6)
inner = [f"class Inner{n}(msgspec.Struct):\n    a: 'int'\n    b: 'str | None' = None\n" for n in range(8)]
outer = "class Outer(msgspec.Struct):\n" + "".join(f"    f{n}: 'Inner{n}'\n" for n in range(8))
value = {f"f{n}": {"a": n, "b": "x"} for n in range(8)}
found = []
for turn in range(60):
    made = sys.modules[f"made{turn}"] = ModuleType(f"made{turn}")
    exec("import msgspec\n" + "".join(inner) + outer, made.__dict__)
    decode, start = exact_decoder(made.Outer), threading.Barrier(6)
    text = str(value).replace("'", '"').encode()

    def read(number):
        start.wait()
        found.append((decode(text) if number % 2 else convert(value, made.Outer)).f7.a)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(found == [7] * 360)
"""


def test_threads_that_read_values_of_one_type_first_at_once_do_not_meet_it_half_done() -> None:
    done = subprocess.run([sys.executable, "-c", _MANY], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
