"""The formats of eval results: bytes in, raw results out; pure, so that the same bytes give the same results."""
