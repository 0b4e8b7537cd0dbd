"""The bands of volume, and which of them has settled."""

from __future__ import annotations

from datetime import date

from leverwatch.agent.framework.model import Band, Crossing, Settings, VolumeState

LEVELS = (Band.LOW, Band.MID, Band.HIGH)
"""All bands in ascending order; a level is an index in it, and -1 is none."""


def band_of(volume: float, settings: Settings) -> Band:
    """The band a volume lies in, without hysteresis. Both thresholds belong to the middle band."""
    if volume < settings.hybrid_from:
        return Band.LOW
    return Band.HIGH if volume > settings.fine_tuning_above else Band.MID


class Bands:
    """The settled band, and for each boundary how many days in a row volume has been beyond it.

    Only covered days with a known volume count; other days neither add to a run nor end it. Runs are kept for each
    boundary instead of each band: a day in the high band is also a day above the hybrid threshold, so that a rise
    from low through mid to high loses no day of dwell.
    """

    def __init__(self, settings: Settings) -> None:
        self.settled = -1
        self.first = self.since = 0
        self.crossings: list[Crossing] = []
        self._dwell = max(settings.dwell_days, 1)
        self._enter_mid, self._enter_high = settings.hybrid_from, settings.fine_tuning_above
        self._leave_mid = settings.hybrid_from * settings.leave_ratio
        self._leave_high = settings.fine_tuning_above * settings.leave_ratio
        self._in_mid = self._in_high = self._below_mid = self._below_high = 0
        self._settings = settings

    @property
    def limits(self) -> tuple[int, float, float, float, float]:
        """How long a band must last, and the limits of the bands, as the compiled helper takes them."""
        return self._dwell, self._enter_mid, self._enter_high, self._leave_mid, self._leave_high

    def step(self, ordinal: int, volume: float) -> None:
        """Add the volume of one day; days must be given in ascending order."""
        self._in_mid = self._in_mid + 1 if volume >= self._enter_mid else 0
        self._in_high = self._in_high + 1 if volume > self._enter_high else 0
        self._below_mid = self._below_mid + 1 if volume < self._leave_mid else 0
        self._below_high = self._below_high + 1 if volume < self._leave_high else 0
        if self.settled < 0:
            self.settle(LEVELS.index(band_of(volume, self._settings)), ordinal)
            return
        level, run = self._next()
        if run >= self._dwell:
            self.crossings.append(Crossing(date.fromordinal(ordinal), LEVELS[self.settled], LEVELS[level]))
            self.settled, self.since = level, ordinal

    def settle(self, level: int, ordinal: int) -> None:
        """Take a level as the first one that is settled."""
        self.settled, self.first, self.since = level, ordinal, ordinal

    def known_since(self, before: VolumeState) -> None:
        """Begin the first band when it was settled by the state of the day before, if that is the same band."""
        first = self.crossings[0].previous if self.crossings else LEVELS[self.settled]
        if before.band is not first or before.first_settled is None or before.band_since is None:
            return
        self.first = before.band_since.toordinal()
        if not self.crossings:
            self.since = self.first

    def candidate(self) -> tuple[Band | None, int]:
        """The band that would settle next (None: none), and for how many days volume has been in it."""
        level, run = self._next() if self.settled >= 0 else (0, 0)
        return (LEVELS[level], run) if run else (None, 0)

    def _next(self) -> tuple[int, int]:
        """The band that the longest run leads to (the furthest, of several), and the length of that run."""
        if self.settled == 0:
            near, far = (1, self._in_mid), (2, self._in_high)
        elif self.settled == 2:
            near, far = (1, self._below_high), (0, self._below_mid)
        else:
            return (2, self._in_high) if self._in_high else (0, self._below_mid)
        return far if far[1] >= near[1] else near
