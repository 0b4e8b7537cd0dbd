"""When each source is read and when the verdicts are renewed: the runner, the scheduler, backfills."""
