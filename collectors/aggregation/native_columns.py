"""The table of counted fields for the compiled helper: `header` returns the text of `native/columns.h`.

`python -m leverwatch.collectors.aggregation.native_columns` writes the file; a test fails when it is out of date.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import starmap
from pathlib import Path

from leverwatch.collectors.aggregation.counting_rule import JUDGES
from leverwatch.collectors.aggregation.identity import FACTORS
from leverwatch.collectors.aggregation.identity import NUMBERS as IDENTIFYING
from leverwatch.collectors.counted_fields import COLUMNS, COUNTED, Adds, CountedField, Unit, amounts
from leverwatch.collectors.records.service_tiers import BOUNDS
from leverwatch.collectors.records.tokens import WHOLES

HEADER = Path(__file__).parent / "native" / "columns.h"
_WHOLE = amounts(Unit.TOKENS)
_AMOUNTS = tuple(name for name in amounts() if name not in _WHOLE)
NUMBERS: tuple[str, ...] = (*_WHOLE, *_AMOUNTS, "inferences", "attempts", "errors", "sample_rate")
"""Fields of a record that the helper reads as numbers, in the order of its roles."""
_NEWLINE = r"\n"
_TEMPLATE = """\
/* The table of counted fields, made of collectors/counted_fields.py by
   `python -m leverwatch.collectors.aggregation.native_columns`: what is changed here is lost. */

#ifndef LEVERWATCH_COLUMNS_H
#define LEVERWATCH_COLUMNS_H

/* Counted fields, in the order of a cell. */
#define COLUMNS {columns}
/* Fields of a record that are whole numbers, and those that are any numbers. */
#define WHOLE_FIELDS {whole}
#define AMOUNT_FIELDS {amounts}
/* Fields of a record that are words, and are judged. */
#define JUDGED_FIELDS {judged}
/* The parts of the fields that are wholes. */
{wholes}
/* The lengths of input beyond which a provider asks another price. */
#define INPUT_BOUNDS {bounds}
/* What a call adds, as it came out. */
#define ON_SUCCESS {success}
#define ON_FAILURE {failure}
#define ON_CACHE_HIT {cache_hit}
/* What the time and the numbers of tokens of a record are multiplied by in its identity. */
#define TIME_FACTOR {time_factor}
#define NUMBER_FACTORS {number_factors}
/* All of it, for the comparison with the table that Python has. */
#define TABLE {table}

#endif
"""


def table_text() -> str:
    """Return the table as text. A helper that was built from another text is not used, as it counts something
    else."""
    return "\n".join(_lines_of_table())


def _lines_of_table() -> list[str]:
    identities = [f"{name}: {factor:#x} in identities" for name, factor in FACTORS.items()]
    wholes = [f"{whole}: holds {' '.join(parts)}" for whole, parts in WHOLES.items()]
    bounds = f"input: bounds {' '.join(map(str, BOUNDS))}"
    return [*map(_text, COUNTED), *identities, *wholes, bounds]


def _text(line: CountedField) -> str:
    calls = [name for name in ("on_success", "on_failure", "on_cache_hit") if getattr(line, name)]
    given = "" if line.given is None else f" given {line.given}"
    lacking = "" if line.lacking is None else f" lacking {line.lacking}"
    return f"{line.name}: {line.adds} of {line.of} in {line.unit} {' '.join(calls)}{given}{lacking}"


def header() -> str:
    """Return the text of the header file."""
    lines = _lines_of_table()
    return _TEMPLATE.format(
        columns=_lines(f"X({name})" for name in COLUMNS),
        whole=_lines(f"X({name})" for name in _WHOLE),
        amounts=_lines(f"X({name})" for name in _AMOUNTS),
        judged=_lines(f"X({name})" for name in JUDGES),
        wholes="\n".join(starmap(_parts, WHOLES.items())),
        bounds=", ".join(map(str, BOUNDS)),
        success=_lines(_rule(line) for line in COUNTED if line.on_success),
        failure=_lines(_rule(line, failed=True) for line in COUNTED if line.on_failure),
        cache_hit=_lines(_rule(line) for line in COUNTED if line.on_cache_hit),
        time_factor=f"{FACTORS['time']:#x}ULL",
        number_factors=", ".join(f"{FACTORS[name]:#x}ULL" for name in IDENTIFYING),
        table=_lines([*(f'"{line}{_NEWLINE}"' for line in lines[:-1]), f'"{lines[-1]}"']),
    )


def _rule(line: CountedField, *, failed: bool = False) -> str:
    """Return the line of a counted field, as a macro call for `native/count.c`; `failed`: of a failed call."""
    if line.of is None:
        return f"{line.adds.name}({line.name})"
    kind = "TRACE_" if line.of == "trace_id" else "JUDGED_" if line.of in JUDGES else ""
    adds = line.adds
    if adds is Adds.AMOUNT_OR_FAILURE:
        adds = Adds.AMOUNT_OR_WEIGHT if failed else Adds.AMOUNT
    conditions = "" if line.given is None else f"GIVEN({line.given}) "
    conditions += "" if line.lacking is None else f"LACKING({line.lacking}) "
    if adds is Adds.AMOUNT and line.of in WHOLES:
        return f"{conditions}WHOLE({line.name}, {line.of}, PARTS_OF_{line.of})"
    return f"{conditions}{kind}{adds.name}({line.name}, {line.of})"


def _parts(whole: str, parts: Iterable[str]) -> str:
    return f"#define PARTS_OF_{whole}(type) ({' + '.join(f'PART(type, {part})' for part in parts)})"


def _lines(entries: Iterable[str]) -> str:
    return "".join(f"\\\n    {entry} " for entry in entries).rstrip()


if __name__ == "__main__":
    HEADER.write_text(header(), encoding="utf-8")
