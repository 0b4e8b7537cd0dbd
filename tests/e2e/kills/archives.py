"""Archives of past days, which come, are copied and packed, and are backfilled in ranges of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tests.e2e.kills.logs import Writer, pack

_SUFFIXES = ("", ".gz", ".zst")
_SPAN = 20
_SINCE = 60


@dataclass
class Archives:
    """A folder of archives that belong to the source of `writer`."""

    folder: Path
    writer: Writer
    number: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._first = datetime.now(UTC).date() - timedelta(days=_SINCE)

    def step(self, records: int) -> None:
        """One more archive, or a copy of one under another name, perhaps packed."""
        chance = self.writer.random
        known = sorted(self.folder.glob("a-*.log"))
        if known and chance.random() < 0.2:
            self._put(chance.choice(known).read_bytes(), "copy", chance.choice(_SUFFIXES))
            return
        days = [self._day() for _ in range(chance.randrange(1, 5))]
        data = b"".join(line for _ in range(records) for line in self.writer.record(self._moment(days)))
        self._put(data, "a", chance.choice(_SUFFIXES))

    def _moment(self, days: list[date]) -> datetime:
        chance = self.writer.random
        return datetime.combine(chance.choice(days), time(chance.randrange(24)), UTC)

    def _put(self, data: bytes, prefix: str, suffix: str) -> None:
        self.number += 1
        hidden = self.folder / ".new"
        hidden.write_bytes(pack(data, suffix))
        hidden.rename(self.folder / f"{prefix}-{self.number}.log{suffix}")

    def _day(self) -> date:
        return self._first + timedelta(days=self.writer.random.randrange(_SPAN))

    def arguments(self, *, ranged: bool) -> list[str]:
        """Of a backfill of these archives, of some days or of all."""
        command = ["backfill", self.writer.name, "--path", str(self.folder / "*.log*")]
        if not ranged:
            return command
        since, until = sorted((self._day(), self._day()))
        return [*command, "--since", str(since), "--until", str(until)]

    def sweep(self) -> None:
        """Delete all but a few archives, which must be known again."""
        for path in sorted(self.folder.iterdir())[6:]:
            path.unlink()
