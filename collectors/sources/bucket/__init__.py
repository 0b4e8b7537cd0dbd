"""Usage logs in object storage: new objects under dated prefixes, each counted once."""
