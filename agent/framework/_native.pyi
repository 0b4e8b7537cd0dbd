from array import array

VERSION: int

_Week = tuple[float, float, float, float]
_Terms = tuple[bool, bool, bool, bool, float, float, float, float]

def drawn(
    columns: tuple[tuple[float, ...], ...],
    start: int,
    step: int,
    scale: float,
    terms: _Terms,
    inputs: tuple[float | array[float], ...],
    before: int,
    after: int,
    hair: float,
    /,
) -> tuple[float, float, float, float, float | None, float | None, float | None, float, float, float] | None: ...
def swings(
    each: tuple[float, ...],
    terms: _Terms,
    volume: float,
    likely: tuple[float, ...],
    ends: list[tuple[int, float]],
    /,
) -> list[float] | None: ...
