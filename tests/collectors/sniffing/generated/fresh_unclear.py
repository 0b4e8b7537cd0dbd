"""Logs whose truth nobody could tell from the file, and files that are no usage logs."""

from __future__ import annotations

from random import Random

from .spreadsheets import table
from .style import Truth, iso, lines, style, truth
from .traffic import PRICES, by_day_and_model, traffic


@style("samples-with-usage-by-model", "samples.jsonl", expected="doubt", calls="model_usage calls messages")
def samples(rng: Random, number: int) -> tuple[str, Truth]:
    """Each sample of an evaluation has the tokens of its models, and not how many calls they were."""
    calls = traffic(rng, number, failing=0)
    records = []
    for position in range(0, len(calls), 3):
        group = calls[position : position + 3]
        usage = {
            model: {
                "input_tokens": sum(c.input or 0 for c in group if c.model == model),
                "output_tokens": sum(c.output or 0 for c in group if c.model == model),
            }
            for model in sorted({c.model for c in group})
        }
        records.append(
            {
                "id": f"sample-{position}",
                "epoch": 1,
                "started_at": iso(group[0], "seconds"),
                "scores": {"match": rng.choice(("C", "I"))},
                "model_usage": usage,
                "total_time": rng.randrange(20, 900) / 10,
            }
        )
    return lines(records), truth(calls, "input output")


@style("one-sum-of-tokens", "tokens.jsonl", expected="doubt", input="tokens", output="tokens")
def one_sum(rng: Random, number: int) -> tuple[str, Truth]:
    """There is one number of tokens; what of it was asked and what was answered, nobody can see."""
    calls = traffic(rng, number, failing=0)
    records = [
        {
            "date": iso(call),
            "user": call.session,
            "model": call.model,
            "tokens": (call.input or 0) + (call.output or 0),
        }
        for call in calls
    ]
    return lines(records), truth(calls, "")


@style("letters-of-an-outcome", "host.csv", expected="doubt", errors="st")
def letters(rng: Random, number: int) -> tuple[str, Truth]:
    """What the letters of a column mean, and whether one of them is a failure, stands in another book."""
    calls = traffic(rng, number, failing=0)
    rows = [
        (iso(c, "seconds"), c.model, c.input, c.output, rng.choice(("A", "A", "A", "K", "Q")), c.app)
        for c in calls
    ]
    header = ("ts", "model", "tok_in", "tok_out", "st", "dept")
    return table(header, rows, delimiter=";"), truth(calls, "input output")


@style("budget-by-month", "Budget 2026.csv", expected="doubt", day="Month", cost="EUR Spend currency")
def budget(rng: Random, number: int) -> tuple[str, Truth]:
    """A row a month in euros: no day, and no dollar."""
    calls = traffic(rng, number, days=88, failing=0)
    groups: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for day, model, group in by_day_and_model(calls):
        groups.setdefault((day[:7], model), []).extend((c.input or 0, c.output or 0, c.cost or 0) for c in group)
    rows = (
        (month, model, len(some), sum(s[0] for s in some), sum(s[1] for s in some),
         f"{sum(s[2] for s in some) * 0.86:.2f}", "IT")
        for (month, model), some in sorted(groups.items())
    )  # fmt: skip
    header = ("Month", "Model", "Calls", "Input tokens", "Output tokens", "Spend (EUR)", "Cost centre")
    return table(header, rows), truth(calls, "input output")


@style("limits-of-models", "model-limits.csv", expected="refused")
def limits(rng: Random, number: int) -> tuple[str, Truth]:
    """What each team may use of each model from which day on, and what it would cost."""
    rows = (
        (f"{c.at:%Y-%m-%d}", c.model, team, rng.choice((8192, 32768, 128000)), rng.choice((1024, 4096)),
         *PRICES[c.model], rng.choice(("approved", "pending")))
        for c, team in zip(traffic(rng, number), ["sales", "support", "legal"] * number, strict=False)
    )  # fmt: skip
    header = ("Valid from", "Model", "Team", "Max input tokens", "Max output tokens", "USD per 1M input",
              "USD per 1M output", "State")  # fmt: skip
    return table(header, rows), {}


@style("training-run", "trainer_log.jsonl", expected="refused")
def training(rng: Random, number: int) -> tuple[str, Truth]:
    """The steps of a training: there is a model, a time and a number of tokens, and no call."""
    records = [
        {
            "timestamp": iso(call, "seconds"),
            "model": "house-7b-sft",
            "step": 10 * index,
            "epoch": round(index / 50, 2),
            "loss": round(2.1 - index / 200 + rng.random() / 10, 4),
            "grad_norm": round(rng.random() * 3, 4),
            "learning_rate": 2e-05,
            "num_input_tokens_seen": 65536 * index,
            "tokens_per_sec": rng.randrange(8000, 9000),
        }
        for index, call in enumerate(traffic(rng, number))
    ]
    return lines(records), {}
