"""The library `requests`, without what it guesses the encoding of a text with.

That is loaded with it wherever it is installed, and is 4 MB. Every text here says its encoding, or is JSON.
"""

from __future__ import annotations

import sys
import warnings

_GUESSING = ("chardet", "charset_normalizer")


def _load() -> None:
    # None says that a package is not there, and without one the library warns and takes texts for UTF-8.
    hidden = [name for name in _GUESSING if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import requests  # noqa: F401 - loaded for below
    finally:
        for name in hidden:
            # Whoever else asks for it gets it.
            sys.modules.pop(name, None)


_load()
import requests  # noqa: E402

__all__ = ["requests"]
