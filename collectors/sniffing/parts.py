"""Says where the numbers of a log show that parts of its tokens stand beside the input or output. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.tokens import WHOLES, Stands, Tokens, whole_tokens
from leverwatch.collectors.sniffing.field_names import Scalar, is_called

_TOTALS = ("totaltokens", "totaltokencount", "tokenstotal", "usagetotal", "tokencounttotal")
_FIELDS = {
    "input": "input_tokens", "cached": "cached_input_tokens", "written": "cache_write_tokens",
    "output": "output_tokens", "reasoning": "reasoning_tokens",
}  # fmt: skip
_BESIDE: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "cached_input_tokens": (("inputtokens",), ("cachereadinputtokens",)),
    "cache_write_tokens": (("inputtokens",), ("cachecreationinputtokens",)),
    "reasoning_tokens": (("candidatestokencount",), ("thoughtstokencount",)),
}
"""By part: names of a whole and of the part in the APIs of Anthropic and Google, which count the part beside the
whole."""


def doubts_about_parts(chosen: Mapping[str, Path], records: Sequence[Mapping[Path, Scalar]]) -> list[str]:
    """Return a sentence for each whole that seems to leave out its parts: by totals, by size, or by its names."""
    paths = {path for record in records for path in record}
    total = min(
        (path for path in paths if is_called(_TOTALS, path)), key=lambda path: (len(path), path), default=None
    )
    notes = []
    for whole, parts in WHOLES.items():
        known = [part for part in parts if part in chosen]
        if whole not in chosen or not known:
            continue
        told = [_tokens(record, chosen, total) for record in records]
        if any(_exceeds(it, part, whole) for it in told for part in known):
            notes.append(f"{whole}: must include {_listed(known)}, and is less in some records")
        elif any(_is_beside(it, whole) for it in told):
            notes.append(
                f"{whole}: must include {_listed(known)}, and totals prove that it does not in some records"
            )
        else:
            named = [part for part in known if _is_named_so(chosen, whole, part, records)]
            # A total that fits has answered the question.
            if named and not any(_is_proven(it) for it in told):
                notes.append(
                    f"{whole}: must include {_listed(named)}, and does not in the API that has these names"
                )
    return notes


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts)


def _tokens(record: Mapping[Path, Scalar], chosen: Mapping[str, Path], total: Path | None) -> Tokens:
    numbers = {name: _number(record, chosen.get(field)) for name, field in _FIELDS.items()}
    return Tokens(**numbers, total=_number(record, total))


def _number(record: Mapping[Path, Scalar], path: Path | None) -> float | None:
    if path is None or path not in record or isinstance(record[path], bool):
        return None
    try:
        number = float(record[path])
    except (ValueError, OverflowError):
        return None
    return number if number >= 0 else None


def _of(told: Tokens, field: str) -> float | None:
    number: float | None = getattr(told, next(name for name, known in _FIELDS.items() if known == field))
    return number


def _exceeds(told: Tokens, part: str, whole: str) -> bool:
    some, most = _of(told, part), _of(told, whole)
    return some is not None and most is not None and some > most


def _is_beside(told: Tokens, whole: str) -> bool:
    return told.total is not None and _of(whole_tokens(told, Stands.UNSAID, Stands.UNSAID), whole) != _of(
        told, whole
    )


def _is_proven(told: Tokens) -> bool:
    return told.total is not None and told.total == (told.input or 0) + (told.output or 0)


def _is_named_so(
    chosen: Mapping[str, Path], whole: str, part: str, records: Sequence[Mapping[Path, Scalar]]
) -> bool:
    """Whether whole and part have the names of such an API, side by side, and there is something of the part."""
    names, parts = _BESIDE[part]
    beside = chosen[whole][:-1] == chosen[part][:-1]
    named = is_called(names, chosen[whole][-1:]) and is_called(parts, chosen[part][-1:])
    return beside and named and any(_number(record, chosen[part]) for record in records)
