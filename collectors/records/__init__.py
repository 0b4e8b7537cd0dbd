"""What one record says: its format, its framing, its fields, words and times. Pure: no files, no clock."""
