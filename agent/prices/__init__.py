"""Prices of models: from the user's price file, else from the data of the package genai-prices, else unknown."""
