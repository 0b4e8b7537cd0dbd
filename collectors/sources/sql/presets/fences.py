"""What keeps PostgreSQL from working out a value of a SELECT within another one more than once. Pure."""

from __future__ import annotations

FENCE = "clock_timestamp()"
"""A column of a SELECT that is not merged into the one around it, which would write each expression out wherever
its name stands: of a document, dozens of times. Conditions on other columns still reach the index of the table."""
