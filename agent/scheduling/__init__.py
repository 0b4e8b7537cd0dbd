"""Decides when sources are read and verdicts renewed: the runner, the scheduler, backfills."""
