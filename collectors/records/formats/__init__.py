"""How the lines of a usage log become rows of values."""
