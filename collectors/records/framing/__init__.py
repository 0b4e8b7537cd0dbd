"""Where the records of a file end, and the wrappers that other programs put around them."""
