"""Histories of versions and chunks, in any batches and with restarts, against what each call says in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.open_calls import OPEN_CALL, OpenCalls
from tests.collectors.aggregation.restarting import Restarting
from tests.examples import examples

NAMES = ("inferences", "errors", "input_tokens", "output_tokens", "unknown_output", "finish_known")
MINUTES = ("2026-03-09T23:59:58Z", "2026-03-10T00:00:01Z", "2026-03-10T00:20:00Z")
EPOCHS = (1773100798, 1773100801, 1773102000)


@dataclass(frozen=True)
class Told:
    """What one record of a call says."""

    call: int
    at: int
    """The index of its time."""
    model: str
    output: int | None
    last: bool
    failed: bool = False

    def message(self) -> dict[str, Any]:
        """As a version of a message of Anthropic."""
        usage = {} if self.output is None else {"input_tokens": 2, "output_tokens": self.output}
        return {
            "id": f"msg{self.call}", "type": "message", "timestamp": MINUTES[self.at], "model": self.model,
            "stop_reason": "end_turn" if self.last else None, "usage": usage,
        }  # fmt: skip

    def observation(self) -> dict[str, Any]:
        """As a version of an observation of Langfuse."""
        usage = {} if self.output is None else {"input": 2, "output": self.output}
        return {
            "id": f"ob{self.call}", "traceId": "t", "type": "GENERATION", "startTime": MINUTES[self.at],
            "endTime": MINUTES[2] if self.last else None, "model": self.model, "usageDetails": usage,
            "level": "ERROR" if self.failed else "DEFAULT",
        }  # fmt: skip

    def chunk(self) -> dict[str, Any]:
        """As a chunk of a stream of OpenAI."""
        usage = None if self.output is None else {"prompt_tokens": 2, "completion_tokens": self.output}
        choice = {"index": 0, "delta": {}, "finish_reason": "stop" if self.last else None}
        return {
            "id": f"c{self.call}", "object": "chat.completion.chunk", "created": EPOCHS[0] + self.call,
            "model": self.model, "choices": [choice], "usage": usage,
        }  # fmt: skip


def counts(told: Told, output: int | None, *, finish: bool) -> Counter[str]:
    if told.failed:
        return Counter(errors=1)
    known = {"unknown_output": 1} if output is None else {"input_tokens": 2, "output_tokens": output}
    return Counter({"inferences": 1, "finish_known": int(finish), **known})


Cells = dict[tuple[str, str], Counter[str]]


def of_versions(delivered: Sequence[Told], *, finish: bool) -> Cells:
    """The last version counts, else that of the latest time, the largest output and the latest reading."""
    cells: Cells = {}
    for call in {told.call for told in delivered}:
        own = [told for told in delivered if told.call == call]
        best = next((told for told in own if told.last), None)
        for told in own if best is None or not best.last else ():
            rank = (told.at, -1 if told.output is None else told.output)
            if best is None or rank >= (best.at, -1 if best.output is None else best.output):
                best = told
        assert best is not None
        cell = cells.setdefault((best.model, MINUTES[best.at][:10]), Counter())
        cell.update(counts(best, best.output, finish=finish and best.last))
    return cells


def of_chunks(delivered: Sequence[Told]) -> Cells:
    """The cell of the first chunk, the largest usage, and whether the end was read."""
    cells: Cells = {}
    for call in {told.call for told in delivered}:
        own = [told for told in delivered if told.call == call]
        output = max((told.output for told in own if told.output is not None), default=None)
        day = MINUTES[0 if EPOCHS[0] + call < 1773100800 else 1][:10]
        cell = cells.setdefault((own[0].model, day), Counter())
        cell.update(counts(own[0], output, finish=any(told.last for told in own)))
    return cells


def told(call: int, *, last: bool) -> st.SearchStrategy[Told]:
    output = st.none() | st.integers(1, 9)
    failed = st.booleans() if last else st.just(False)
    return st.builds(Told, st.just(call), st.integers(0, 2), st.sampled_from("ab"), output, st.just(last), failed)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Told]]:
    """Batches of versions of some calls in any order, some of them delivered several times."""
    known = [
        draw(told(call, last=last))
        for call in range(draw(st.integers(1, 4)))
        for last in [False] * draw(st.integers(0, 3)) + [True] * draw(st.booleans())
    ]
    order = draw(st.lists(st.sampled_from(known), max_size=14)) if known else []
    return draw(batches(order))


@st.composite
def batches(draw: st.DrawFn, order: Sequence[Told]) -> list[list[Told]]:
    cuts = sorted(draw(st.sets(st.integers(0, max(len(order), 1)), max_size=4)))
    ends = [*cuts, len(order)]
    return [list(order[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


@st.composite
def streams(draw: st.DrawFn) -> list[list[Told]]:
    """Batches of chunks of some calls that interleave; each stream begins with two of its own, and one may come
    again."""
    waiting: list[list[Told]] = []
    for call in range(draw(st.integers(1, 4))):
        growing = sorted(draw(st.lists(st.integers(1, 9), max_size=3)))
        outputs = [None, None, *growing]
        ends = draw(st.booleans())
        models = [draw(st.sampled_from("ab")) for _ in outputs]
        waiting.append(
            [
                Told(call, 0, model, output, ends and number == len(outputs) - 1)
                for number, (output, model) in enumerate(zip(outputs, models, strict=True))
            ]
        )
    order: list[Told] = []
    while any(waiting):
        own = draw(st.sampled_from([own for own in waiting if own]))
        order.append(own.pop(0))
        if draw(st.integers(0, 3)) == 0:
            order.append(draw(st.sampled_from(order)))
    return draw(batches(order))


def read(format_: str, history: Sequence[Sequence[Mapping[str, Any]]]) -> tuple[Restarting, Cells]:
    """What was counted, and the cells with the counts that are compared."""
    found = Restarting(format_)
    for batch in history:
        found.read(*batch)
    cells = {
        key: Counter({name: int(count) for name, count in counted.items() if name in NAMES})
        for key, counted in found.cells.items()
    }
    for counted in cells.values():
        assert min(counted.values(), default=0) >= 0
    return found, {key: counted for key, counted in cells.items() if counted}


def plain(cells: Cells) -> Cells:
    return {key: Counter({name: count for name, count in cell.items() if count}) for key, cell in cells.items()}


@given(histories())
@settings(max_examples=examples(80))
def test_messages_count_as_their_last_version_says(history: list[list[Told]]) -> None:
    history = [[Told(it.call, it.at, it.model, it.output, it.last) for it in batch] for batch in history]
    _, cells = read("anthropic", [[it.message() for it in batch] for batch in history])

    assert cells == plain(of_versions([it for batch in history for it in batch], finish=True))


@given(histories())
@settings(max_examples=examples(80))
def test_observations_count_as_their_last_version_says(history: list[list[Told]]) -> None:
    _, cells = read("langfuse", [[it.observation() for it in batch] for batch in history])

    assert cells == plain(of_versions([it for batch in history for it in batch], finish=False))


@given(streams())
@settings(max_examples=examples(80))
def test_chunks_count_once_where_their_call_began(history: list[list[Told]]) -> None:
    _, cells = read("openai", [[it.chunk() for it in batch] for batch in history])

    assert cells == plain(of_chunks([it for batch in history for it in batch]))


@given(histories(), st.data())
@settings(max_examples=examples(30))
def test_a_batch_that_is_lost_with_its_state_and_read_again_counts_once(
    history: list[list[Told]], data: st.DataObject
) -> None:
    batches_ = [[it.observation() for it in batch] for batch in history]
    lost = data.draw(st.integers(0, max(len(batches_) - 1, 0)))
    found = Restarting("langfuse")
    for number, batch in enumerate(batches_):
        before = dict(found.state)
        found.read(*batch)
        if number == lost:
            found.batches.pop()
            found.state = before
            found.read(*batch)
    whole = Restarting("langfuse")
    for batch in batches_:
        whole.read(*batch)

    assert found.cells == whole.cells
    assert found.state.keys() == whole.state.keys()


def test_what_is_stored_is_what_was_known() -> None:
    found, _ = read("anthropic", [[Told(call, 0, "a", call, False).message()] for call in range(1, 4)])
    made = OpenCalls()
    made.load(found.state, "gateway")

    assert len(made) == made.versions == 3
    assert made.changes() == {}
    stored = [OPEN_CALL.loads("x", value) for key, value in found.state.items() if key.startswith("open/")]
    assert sorted(call.usage for call in stored) == [(1,), (2,), (3,)]
