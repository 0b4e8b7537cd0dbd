"""Selects the texts of prompts within files: constants of code, keys of documents, front matter. Pure."""
