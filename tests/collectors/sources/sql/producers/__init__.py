"""The tables of producers: their definitions, made by the producers' own packages, and rows such as they write."""
