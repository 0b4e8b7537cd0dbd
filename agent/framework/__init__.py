"""The decision framework: pure functions from facts and settings to a verdict. No clock, no I/O, no logging."""
