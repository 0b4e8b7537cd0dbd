"""Logs in a hundred styles that nobody showed `leverwatch sniff` while it was written, with the truth of each."""
