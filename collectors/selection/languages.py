"""The languages of code and documents, by the ending of a file's name, and the packages that parse them."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import NamedTuple


class Grammar(NamedTuple):
    """A grammar of tree-sitter."""

    name: str
    function: str = "language"

    @property
    def package(self) -> str:
        """The name under which it is imported."""
        return f"tree_sitter_{self.name}"


GRAMMARS = {
    "python": Grammar("python"),
    "javascript": Grammar("javascript"),
    "typescript": Grammar("typescript", "language_typescript"),
    "tsx": Grammar("typescript", "language_tsx"),
    "go": Grammar("go"),
    "java": Grammar("java"),
    "csharp": Grammar("c_sharp"),
    "ruby": Grammar("ruby"),
    "rust": Grammar("rust"),
}
"""The programming languages in which texts are selected by name."""
DOCUMENTS = ("yaml", "json", "toml")
"""The languages in which texts are selected by keys."""
INSTALL = "pip install 'leverwatch[prompts]'"

_SUFFIXES = {
    "python": ("py", "pyi", "pyw"),
    "javascript": ("js", "jsx", "mjs", "cjs"),
    "typescript": ("ts", "mts", "cts"),
    "tsx": ("tsx",),
    "go": ("go",),
    "java": ("java",),
    "csharp": ("cs", "csx"),
    "ruby": ("rb", "rake"),
    "rust": ("rs",),
    "yaml": ("yaml", "yml"),
    "json": ("json",),
    "toml": ("toml",),
}
_LANGUAGES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes}


@lru_cache(maxsize=4096)
def language_of(path: str) -> str | None:
    """Return the language of a file by the ending of its name; None when it has none that is known."""
    _, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return _LANGUAGES.get(suffix.lower()) if dot else None


def is_code(path: str) -> bool:
    """Return whether a name, or the pattern of one, is that of a file in a programming language."""
    return language_of(path) in GRAMMARS


def missing(language: str) -> bool:
    """Return whether a package is missing that parses a programming language."""
    return any(find_spec(package) is None for package in ("tree_sitter", GRAMMARS[language].package))


def no_regular_expressions() -> bool:
    """Return whether the package is missing that searches in time that grows with the text alone."""
    return find_spec("re2") is None
