"""What producers call their tables and columns, one file for each producer; `registry` finds them by name."""
