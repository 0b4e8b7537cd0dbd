"""Says where records tell the tokens of a second call beside those that are taken. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.name_words import TOKEN, token_field, word_set, words_of

_SIDES = word_set("input output prompt completion in out sent received generated response answer tok tk")
_NO_CALL = word_set(
    "total totals sum cumulative session running overall all so far daily monthly weekly today day month"
    " estimated estimate expected budget limit max min avg average mean saved billed remaining raw cached cache"
    " previous last delta uncompressed compressed original before after"
)
"""Words of tokens that are those of the same call in another way, or of several calls."""
_OFTEN = 0.2


def doubt_second_calls(draft: Draft) -> None:
    """Say that records have both sides of another call, in an object or under a name of its own, that differ from
    those that are taken."""
    taken = {path for name in ("input_tokens", "output_tokens") for path in draft.paths.get(name, ())}
    if not taken or "inferences" in draft.paths:
        return
    sides: dict[tuple[Path, frozenset[str]], dict[str, Path]] = {}
    for path, column in draft.columns.of.items():
        field = token_field(path)
        if field in {"input_tokens", "output_tokens"} and column.counts:
            sides.setdefault(_about(path), {}).setdefault(field, path)
    own = {_about(path) for path in taken}
    for (above, words), pair in sides.items():
        if len(pair) < 2 or (above, words) in own or taken & {*pair.values()}:
            continue
        named = words.union(*(words_of(key) for key in above))
        if named & _NO_CALL or any(it in draft.others.get(name, ()) for name, it in pair.items()):
            continue
        given = draft.columns.of[pair["output_tokens"]].counts
        before = draft.counts("output_tokens")
        other = [at for at, number in given.items() if number > 0 and before.get(at, 0) not in (0, number)]
        if len(other) >= _OFTEN * len(draft.columns):
            both = " and ".join(draft.spell(pair[name]) for name in ("input_tokens", "output_tokens"))
            draft.doubt(
                "inferences",
                f"{len(other)} records have {both} beside the tokens that are taken, and count as one call each;"
                f" were these of another call, there would be {len(other)} more",
            )


def _about(path: Path) -> tuple[Path, frozenset[str]]:
    """Return what tells whose tokens are at a path: the keys above, and the words that tell neither side."""
    return path[:-1], frozenset(words_of(path[-1])) - _SIDES - TOKEN - {"count", "num", "n"}
