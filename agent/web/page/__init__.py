"""What the status page shows of a snapshot, apart from its HTML."""
