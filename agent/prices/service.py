"""The kind of service that a price is for."""

from __future__ import annotations

from msgspec import Struct

from leverwatch.collectors.records.service_tiers import Tier, parse_tier


class Service(Struct, frozen=True):
    """A service tier, and how long the inputs are."""

    tier: Tier = Tier.STANDARD
    above: int = 0
    """The bound in tokens that the inputs are beyond, the largest there is."""

    @classmethod
    def of(cls, name: str) -> Service:
        """Return the service of a name of a tier. Raises ValueError when there is no such name."""
        return cls(*parse_tier(name))

    @property
    def words(self) -> str:
        """The service in words."""
        tier = f"the service tier {self.tier}" if self.tier else "the standard service tier"
        return f"{tier}, inputs of more than {self.above} tokens" if self.above else tier


STANDARD = Service()
