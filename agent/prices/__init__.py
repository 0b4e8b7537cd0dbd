"""What a model costs: the user's price file, then the data of genai-prices, else unknown."""
