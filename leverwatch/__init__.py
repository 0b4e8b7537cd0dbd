"""leverwatch watches LLM systems and says, for each one, now: prompt engineering, hybrid, or fine-tuning.

In the source tree `agent` and `collectors` are links to the folders beside this one, so that imports have the same
names there as in an installation.
"""

__version__ = "0.1.0"
