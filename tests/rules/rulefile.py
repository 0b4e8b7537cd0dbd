"""The shipped alert rules as data, promtool, and small faults to put into a rule."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULE_FILE = ROOT / "helm/leverwatch/rules/leverwatch.rules.yaml"
RUNBOOKS = ROOT / "docs/runbooks"
UNIT_TESTS = sorted(Path(__file__).parent.glob("*.test.yaml"))

Rule = dict[str, Any]

_FAULTS = (
    (r"(?<![!><=])==", "!="),
    (r">=", "<"),
    (r">=", ">"),
    (r"(?<=\s)>(?=\s)", "<"),
    (r"\band\b", "or"),
    (r"\bunless\b", "and"),
    (r"\bor\b", "and"),
    (r"\[10m\]", "[5m]"),
    (r"(?<![\w.$\"])2 \*", "1 *"),
    (r"(?<![\w.$\"])2 \*", "3 *"),
    (r"\+ 300", "+ 0"),
    (r"\+ 300", "+ 600"),
    (r">= 2", ">= 1"),
    (r">= 2", ">= 3"),
    (r"\b(instance|pod|container|node)(, |(?=\)))", ""),
    (r'"decided"', '"provisional"'),
    (r'job="leverwatch"', 'job=~".+"'),
    (r"<=", "<"),
    (r"<=", ">"),
    (r"\bmin\b", "max"),
    (r">= 0\.8", ">= 0.79"),
    (r">= 0\.8", ">= 0.81"),
    (r"\b90 \*", "89 *"),
    (r"\b90 \*", "91 *"),
    (r"missing\|", ""),
    (r"\|too_small", ""),
    (r"\|not_comparable", ""),
    (r'"worse"', '"better"'),
    (r'"disagrees"', '"outranked"'),
    (r'"disagrees"', '"agrees"'),
    (r'"counted"', '"duplicate"'),
    (r"> 10\b", "> 9"),
    (r"> 10\b", "> 250"),
    (r"\[1d\]", "[30m]"),
    (r"> 0\.5\b", "> 0.49"),
    (r"> 0\.5\b", "> 0.51"),
    (r"0\.01 \*", "0.009 *"),
    (r"0\.01 \*", "0.03 *"),
    (r"\|unattributed", ""),
    (r"\|unknown_status", ""),
    (r'!~"ignored\|filtered"', '!~"part|filtered"'),
    (r'!~"ignored\|filtered"', '!="ignored"'),
    (r'"likely"', '"high"'),
)
"""A pattern in an expression and what takes its place; one place at a time."""

_IN_TEMPLATES = (("2592000.0", "2505600.0"), ("2592000.0", "2678400.0"), ("gt $value 0.0", "gt $value 60.0"))
"""Words of templates in labels and annotations, and what takes their place."""


def tool(name: str) -> str:
    """The path of a program of the Prometheus packages.

    Raises:
        RuntimeError: it is not installed. The tests need it, and skipping them would hide that.
    """
    path = shutil.which(name)
    if path is None:
        raise RuntimeError(f"{name} is missing; `make servers` installs prometheus and prometheus-alertmanager")
    return path


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """One of these programs, run to its end."""
    command = [tool(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def rules(group: str | None = None) -> list[Rule]:
    """Every rule of one group, or of all groups, as written."""
    groups = yaml.safe_load(RULE_FILE.read_text())["groups"]
    return [rule for each in groups if group in (None, each["name"]) for rule in each["rules"]]


def unit_test_of(alert: str) -> Path:
    """`LeverwatchUsageStale` is tested by `usage_stale.test.yaml`."""
    words = re.findall(r"[A-Z][a-z]+", alert.removeprefix("Leverwatch"))
    return Path(__file__).parent / f"{'_'.join(words).lower()}.test.yaml"


def faulty(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Copies of a rule with one fault each, and what the fault is."""
    for key in ("for", "keep_firing_for"):
        if key in rule:
            amount = int(rule[key][:-1]) * {"m": 1, "h": 60, "d": 1440}[rule[key][-1]]
            for other in (amount // 2, amount * 2):
                yield f"{key}: {other}m", {**rule, key: f"{other}m"}
    if "keep_firing_for" in rule:
        yield "no keep_firing_for", {key: value for key, value in rule.items() if key != "keep_firing_for"}
    expression = rule["expr"]
    for pattern, instead in _FAULTS:
        for found in re.finditer(pattern, expression):
            if instead == "[5m]" and re.search(r"unless[^\[]*$", expression[: found.start()]):
                # What is missing here for minutes makes the alert pending for minutes: `for` outlasts it.
                continue
            changed = expression[: found.start()] + instead + expression[found.end() :]
            yield f"{found.group()} -> {instead} at {found.start()}", {**rule, "expr": changed.replace(", )", ")")}
    if "[10m]" in expression:
        yield "every [10m] -> [30m]", {**rule, "expr": expression.replace("[10m]", "[30m]")}
    for where in ("labels", "annotations"):
        for key, value in rule[where].items():
            changes = {f"{value}!"} | {value.replace(was, now) for was, now in _IN_TEMPLATES}
            for changed in changes - {value}:
                yield f"{where}.{key}: {changed}", {**rule, where: {**rule[where], key: changed}}


def only(rule: Rule) -> str:
    """A rule file with nothing but this rule."""
    return yaml.safe_dump({"groups": [{"name": "only", "rules": [rule]}]})
