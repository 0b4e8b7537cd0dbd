"""Forecasts when a system's volume reaches a threshold, and scores past forecasts. Pure."""
