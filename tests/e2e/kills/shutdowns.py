"""A provider on a real socket whose list of models changes, and which now and then answers badly."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from tests.collectors.sources.models.server import Answer, models

_PAGE = 7


class Shutdowns:
    """What it lists: models come and never go, as a model that is gone keeps its day."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._days: dict[str, date | None] = {}
        self.written: dict[str, set[str]] = defaultdict(set)
        """Every day that was ever listed."""
        self.healthy = True
        self.step()

    @property
    def expected(self) -> dict[str, str]:
        """The day of each model that has one."""
        return {model: str(day) for model, day in self._days.items() if day is not None}

    def step(self) -> None:
        """A model comes, or its day changes."""
        model = f"model-{self._random.randrange(30)}"
        day = date(2027, 1, 1) + timedelta(days=self._random.randrange(365))
        self._days = {**self._days, model: day if self._random.random() < 0.8 else None}
        self.written[model].add(str(day))

    def answer(self, query: dict[str, str]) -> Answer:
        """For a request, in a thread of the server."""
        listed = self._days
        chance = random.random() if not self.healthy else 1.0
        if chance < 0.05:
            return Answer(b"", status=500)
        if chance < 0.1:
            return Answer(b'{"data": [')
        if chance < 0.2:
            time.sleep(0.3)
        names = list(listed)
        start = names.index(query["after"]) + 1 if query.get("after") in listed else 0
        page: list[dict[str, Any]] = [
            {"id": name, "shutdown_date": None if (day := listed[name]) is None else str(day)}
            for name in names[start : start + _PAGE]
        ]
        return models(*page, has_more=start + _PAGE < len(names))
