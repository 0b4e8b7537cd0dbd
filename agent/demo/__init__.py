"""A small invented company in a scratch folder, on which the real agent runs."""
