"""The formats of eval results: bytes in, raw results out. Pure."""
