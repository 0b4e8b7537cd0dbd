"""What the demo has no data for, and why: queries and marks of the dashboards that are empty there."""

from __future__ import annotations

_STEADY = "no system of the demo is on its way to a threshold"
_YOUNG = "the history of the demo is too short for twelve past forecasts with a known outcome"
_NO_TRACE = "no log of the demo names a trace"
CROSSINGS = "When volume is expected to reach a threshold"
DECLARED_ONCE = "no declaration of the demo changes"
ALONE = "no system of the demo is seen by two sources"
NO_DAYS = "the demo has no source that is asked for days"
_NO_ALERT = "no alert of the demo has been pending for as long as it must to fire"
NO_BILL = "the demo has no source that is told a bill, or tokens without calls"
EMPTY = {
    ("leverwatch-fleet", "At stake a month", "A"): "no recommendation of the demo is known to save money",
    ("leverwatch-fleet", "Alerts firing", "A"): _NO_ALERT,
    ("leverwatch-fleet", "Firing alerts about systems", "A"): _NO_ALERT,
    ("leverwatch-system", "Firing alerts", "A"): _NO_ALERT,
    ("leverwatch-system", "What comes next", "A"): _STEADY,
    ("leverwatch-agent", "Billed, and what tokens cost", "A"): NO_BILL,
    ("leverwatch-agent", "Billed, and what tokens cost", "B"): NO_BILL,
    ("leverwatch-agent", "Tokens without calls", "A"): NO_BILL,
    ("leverwatch-agent", "Days by what is known of them", "A"): NO_DAYS,
    ("leverwatch-agent", "Share of the history that has an answer", "A"): NO_DAYS,
    ("leverwatch-system", "Dates of the review", "D"): DECLARED_ONCE,
    ("leverwatch-system", "Divergence by day", "A"): ALONE,
    ("leverwatch-system", "Inferences of the compared day", "A"): ALONE,
    ("leverwatch-system", "Inferences of the compared day", "B"): ALONE,
    ("leverwatch-system", "Days that can be compared", "A"): ALONE,
    **{("leverwatch-system", "Sources that diverge", target): ALONE for target in "ABCD"},
    ("leverwatch-agent", "Unreadable values an hour", "A"): "no log of the demo has a value that cannot be read",
    ("leverwatch-system", "Other operations", "A"): "the demo makes nothing but generations",
    ("leverwatch-system", CROSSINGS, "A"): _STEADY,
    ("leverwatch-system", CROSSINGS, "B"): _STEADY,
    ("leverwatch-system", CROSSINGS, "C"): _STEADY,
    ("leverwatch-system", CROSSINGS, "D"): _YOUNG,
    ("leverwatch-system", "Probability of a crossing within the horizon", "A"): _YOUNG,
    ("leverwatch-system", "Past outcomes within their interval", "A"): _YOUNG,
    ("leverwatch-system", "Past outcomes within their interval", "B"): _YOUNG,
    ("leverwatch-system", "Beside the verdict", "E"): _STEADY,
    ("leverwatch-system", "Days on which git and traffic differ", "A"): "no log of the demo tells the prompt",
    ("leverwatch-system", "Inferences for each trace", "A"): _NO_TRACE,
    ("leverwatch-system", "Inferences for each trace", "B"): _NO_TRACE,
    ("leverwatch-fleet", "Every system, reviews that are due first", "E"): _STEADY,
    ("leverwatch-agent", "Failed assessments an hour", "A"): "no assessment of the demo fails",
    ("leverwatch-agent", "Warnings an hour, by event", "B"): "no line of the demo's log is one too many",
}
"""Queries that must be empty on the demo, by dashboard, panel and letter, with the reason."""
EMPTY_ANNOTATIONS = {
    "Declaration changes": "a replay has the declarations of today on every day",
    "Prompt changes settled": "the frequency of every prompt of the demo settled before these weeks",
}
