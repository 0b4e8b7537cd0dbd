from __future__ import annotations

from leverwatch.collectors.selection.selector import Selector
from leverwatch.collectors.sources.git.contents import portions


def test_the_newest_contents_are_asked_for_first() -> None:
    names = [f"{number:03}" for number in range(150)]
    some = Selector(names=(), keys=(), body=True, front_matter=(), regex="", language="")

    assert list(portions({name: {None: None} for name in names})) == [names[::-1]]
    assert list(portions({name: {some: None} for name in names})) == [names[:49:-1], names[49::-1]]
