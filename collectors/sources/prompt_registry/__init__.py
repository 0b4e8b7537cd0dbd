"""Prompt changes from a registry of prompts: moves of the label that production reads by."""
