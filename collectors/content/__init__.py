"""The bytes of one log: unpacked, with checksums of what was read, and cut into records to be counted."""
