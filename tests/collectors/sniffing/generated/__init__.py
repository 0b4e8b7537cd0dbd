"""Logs in sixty styles that nobody showed `leverwatch sniff` while it was written, with the truth about each."""
