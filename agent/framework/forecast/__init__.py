"""When a system's volume will reach a boundary, and how well that was foretold so far. Pure."""
