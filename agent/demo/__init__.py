"""A small invented company in a scratch folder, for the real agent to run over."""
