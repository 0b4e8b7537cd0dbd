"""Model lists of providers, for the days on which models are shut down."""
