"""leverwatch watches LLM systems and says, for each one, now: prompt engineering, hybrid, or fine-tuning.

In the source tree `agent` and `collectors` are links to the folders beside this one: a Python started there uses
the names that an installed one does.
"""

__version__ = "0.1.0"
