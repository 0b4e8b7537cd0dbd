"""Spreadsheets of people in several countries."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from .style import Truth, iso, style, truth, whole_seconds
from .traffic import by_day_and_model, traffic


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], **options: Any) -> str:
    """Return rows below a header, as the csv module writes them."""
    out = io.StringIO()
    writer = csv.writer(out, **({"lineterminator": "\n"} | options))
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _grouped(number: int | None, sign: str) -> str:
    return "" if number is None else f"{number:,}".replace(",", sign)


def _comma(number: float | None, digits: int) -> str:
    return "" if number is None else f"{number:.{digits}f}".replace(".", ",")


@style("german-sheet", "Auswertung.csv", time="Zeitpunkt", ms="Dauer", errors="Ergebnis", cost="Kosten")
def german(rng: Random, number: int) -> tuple[str, Truth]:
    calls = whole_seconds(traffic(rng, number))
    header = ("Zeitpunkt", "Modell", "Eingabe-Token", "Ausgabe-Token", "Kosten (USD)", "Dauer (Sek.)", "Ergebnis")
    rows = (
        (
            f"{c.at:%d.%m.%Y %H:%M:%S}",
            c.model,
            _grouped(c.input, "."),
            _grouped(c.output, "."),
            _comma(c.cost, 6),
            _comma((c.ms or 0) / 1000, 3),
            "Erfolg" if c.ok else "Fehler",
        )
        for c in calls
    )
    return "\ufeff" + table(header, rows, delimiter=";", lineterminator="\r\n"), truth(
        calls, "input output cost ms"
    )


@style(
    "french-sheet", "suivi.csv", time="Horodatage", errors="Résultat", cost="Coût", input="entrée", output="sortie"
)
def french(rng: Random, number: int) -> tuple[str, Truth]:
    calls = whole_seconds(traffic(rng, number, models=("mistral-large-2512", "gpt-4.1")))
    header = ("Horodatage", "Modèle", "Jetons en entrée", "Jetons en sortie", "Coût (USD)", "Résultat")
    rows = (
        (
            f"{c.at:%d/%m/%Y %H:%M:%S}",
            c.model,
            _grouped(c.input, "\u202f"),
            _grouped(c.output, "\u202f"),
            _comma(c.cost, 6),
            "succès" if c.ok else "échec",
        )
        for c in calls
    )
    return table(header, rows, delimiter=";"), truth(calls, "input output cost")


@style("us-sheet", "usage export.csv", time="Time", errors="Result", cost="Cost", input="Input", output="Output")
def american(rng: Random, number: int) -> tuple[str, Truth]:
    calls = whole_seconds(traffic(rng, number))
    header = ("Time", "Model", "Input Tokens", "Output Tokens", "Cost", "Result")
    rows = (
        (
            f"{c.at.month}/{c.at.day}/{c.at.year} {c.at.hour % 12 or 12}:{c.at:%M:%S %p}",
            c.model,
            _grouped(c.input, ","),
            _grouped(c.output, ","),
            f"${c.cost:.6f}" if c.ok else "",
            "Success" if c.ok else "Failure",
        )
        for c in calls
    )
    return table(header, rows, quoting=csv.QUOTE_ALL), truth(calls, "input output cost")


@style(
    "japanese-sheet",
    "利用状況.csv",
    time="日時",
    errors="結果",
    cost="料金",
    input="入力トークン",
    output="出力トークン",
)
def japanese(rng: Random, number: int) -> tuple[str, Truth]:
    calls = whole_seconds(traffic(rng, number))
    header = ("日時", "モデル", "入力トークン", "出力トークン", "料金(USD)", "結果")
    rows = (
        (
            f"{c.at:%Y/%m/%d %H:%M:%S}",
            c.model,
            c.input,
            c.output,
            f"{c.cost:.6f}" if c.ok else "",
            "成功" if c.ok else "失敗",
        )
        for c in calls
    )
    return "\ufeff" + table(header, rows), truth(calls, "input output cost")


@style("daily-sheet", "summary.csv", calls="Requests Successful", errors="Failed", ms="latency", number=900)
def daily(rng: Random, number: int) -> tuple[str, Truth]:
    """A row a day and model: requests, successes and failures; the latency is an average and no sum."""
    calls = traffic(rng, number)
    header = (
        "Date",
        "Model",
        "Requests",
        "Successful",
        "Failed",
        "Input tokens",
        "Output tokens",
        "Avg latency (ms)",
        "Cost (USD)",
    )
    rows = []
    for day, model, group in by_day_and_model(calls):
        good = [c for c in group if c.ok]
        rows.append(
            (
                day,
                model,
                len(group),
                len(good),
                len(group) - len(good),
                sum(c.input or 0 for c in good),
                sum(c.output or 0 for c in good),
                round(sum(c.ms or 0 for c in good) / max(1, len(good))),
                round(sum(c.cost or 0 for c in good), 6),
            )
        )
    return table(header, rows), truth(calls, "input output cost")


@style(
    "editor-export", "usage-events-2026-10-15.csv", input="Cache Input", cached="Cache", errors="Kind", cost="Cost"
)
def editor(rng: Random, number: int) -> tuple[str, Truth]:
    """The export of an editor: four parts of tokens beside each other, and their total."""
    calls = traffic(rng, number, models=("claude-4.5-sonnet", "gpt-5", "auto"), written=True)
    header = (
        "Date",
        "Kind",
        "Model",
        "Max Mode",
        "Input (w/ Cache Write)",
        "Input (w/o Cache Write)",
        "Cache Read",
        "Output Tokens",
        "Total Tokens",
        "Cost",
    )
    rows = []
    for c in calls:
        if c.ok:
            fresh = (c.input or 0) - (c.cached or 0) - (c.written or 0)
            rows.append(
                (
                    iso(c),
                    "Included",
                    c.model,
                    "No",
                    c.written,
                    fresh,
                    c.cached,
                    c.output,
                    (c.input or 0) + (c.output or 0),
                    f"{c.cost:.6f}",
                )
            )
        else:
            rows.append((iso(c), "Errored, No Charge", c.model, "No", 0, 0, 0, 0, 0, "0"))
    return table(header, rows, quoting=csv.QUOTE_ALL), truth(calls, "input cached output cost")
