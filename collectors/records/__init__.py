"""Reads single records: framing, formats, fields, vocabulary and timestamps. Pure: no files, no clock."""
