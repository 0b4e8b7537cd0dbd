"""The databases that can be read, one file for each; `registry` finds them by name."""
