"""What each API is asked, and what its answers mean; one file for each, pure."""
