"""One folder for each type of source. None of them knows another."""
