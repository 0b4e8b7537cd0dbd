"""Configuration of the prompts of a system: a pattern, and what to select within the files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from leverwatch.collectors.config import Apart, Model
from leverwatch.collectors.selection.languages import (
    DOCUMENTS,
    GRAMMARS,
    INSTALL,
    language_of,
    missing,
    no_regular_expressions,
)
from leverwatch.collectors.selection.selector import Selector
from leverwatch.collectors.sources.git.patterns import check_pattern

Pattern = Annotated[str, AfterValidator(check_pattern)]
Language = Literal[
    "python", "javascript", "typescript", "tsx", "go", "java", "csharp", "ruby", "rust", "yaml", "json", "toml"
]
_WILDCARDS = frozenset("*?[\\")


# What selects is imported where something is to be selected: most sources take whole files.
def _check_name(name: str) -> str:
    from leverwatch.collectors.selection.names import parse_name

    parse_name(name)
    return name


def _check_keys(path: str) -> str:
    from leverwatch.collectors.selection.documents import key_steps

    key_steps(path)
    return path


def _check_regex(expression: str) -> str:
    if no_regular_expressions():
        raise ValueError(f"the package google-re2 is missing: {INSTALL}")
    from leverwatch.collectors.selection.expressions import check_expression

    check_expression(expression)
    return expression


_Keys = tuple[Annotated[str, AfterValidator(_check_keys)], ...]


class Select(Model):
    """What of a file is the prompt; everything that is given."""

    names: tuple[Annotated[str, AfterValidator(_check_name)], ...] = Field(
        default=(),
        description="Texts in code, by the name of their constant, variable, keyword argument, property, function"
        " or call. `*` is any part of a name; of a dotted name, the names before the last one enclose the text.",
        examples=[["SYSTEM_PROMPT", "*_PROMPT", "Agent.instructions"]],
    )
    keys: _Keys = Field(
        default=(),
        description="Values in YAML, JSON or TOML, by the path of their keys. `*` is any key or element, `**` any"
        " number of them.",
        examples=[["prompts.*.system"]],
    )
    body: bool = Field(default=False, description="The text after the front matter.")
    front_matter: _Keys = Field(
        default=(),
        description="Values in the front matter (YAML between lines of `---`, TOML between lines of `+++`), by the"
        " path of their keys.",
        examples=[["description"]],
    )
    regex: Annotated[str, AfterValidator(_check_regex)] | None = Field(
        default=None,
        description="The last resort: the text in the groups of a regular expression (RE2), wherever it matches.",
        examples=["(?s)BEGIN PROMPT(.*?)END PROMPT"],
    )

    @model_validator(mode="after")
    def _selects(self) -> Select:
        if not (self.names or self.keys or self.body or self.front_matter or self.regex):
            raise ValueError("selects nothing: give names, keys, body, front_matter or regex")
        if self.names and self.keys:
            raise ValueError("names are of code and keys of documents: give each pattern its own")
        return self


class PromptFiles(Model):
    """Files with prompts, and what of them is the prompt; a text alone is a pattern of whole files."""

    files: Pattern = Field(
        description="A glob pattern from the top of the repository.", examples=["src/agents/**/*.py"]
    )
    select: Apart[Select] | None = Field(
        default=None, description="What of each file is the prompt; by default all of it, code included."
    )
    language: Language | None = Field(
        default=None,
        description="The language of the files for `names` and `keys`; by default by the ending of their names.",
    )

    @property
    def known_language(self) -> str | None:
        """The language of all the files; None: that of each one, by its name, or unknown."""
        return self.language or language_of(self.files)

    @model_validator(mode="after")
    def _can_be_read(self) -> PromptFiles:
        select = self.select
        if select is None:
            return self
        for what, wanted, languages in (
            ("names", select.names, tuple(GRAMMARS)),
            ("keys", select.keys, DOCUMENTS),
        ):
            if not wanted:
                continue
            if self.known_language is None and (ending := _ending(self.files)) is not None:
                raise ValueError(
                    f"select.{what}: no language is known for files that end in {ending!r}; set `language`"
                    f" to one of {', '.join(languages)}"
                )
            if self.known_language and self.known_language not in languages:
                raise ValueError(
                    f"select.{what} is for files in {', '.join(languages)}, and not in {self.known_language}"
                )
        needed = (self.known_language,) if self.known_language else tuple(GRAMMARS)
        if select.names and (lacking := [each for each in needed if missing(each)]):
            raise ValueError(f"select.names: the parser of {lacking[0]} is missing: {INSTALL}")
        return self

    def selector_of(self, path: str) -> Selector | None:
        """Return what to select in a file that the pattern matches; None: it has no language in which to select.

        Without `select` it is not asked.
        """
        select = self.select or Select.model_construct()
        language = ""
        if select.names or select.keys:
            language = self.language or language_of(path) or ""
            if language not in (GRAMMARS if select.names else DOCUMENTS):
                return None
        return Selector(
            names=select.names,
            keys=select.keys,
            body=select.body,
            front_matter=select.front_matter,
            regex=select.regex or "",
            language=language,
        )


def _ending(pattern: str) -> str | None:
    """Return the ending that the names of all files of a pattern share; None when it does not say."""
    name = pattern.rpartition("/")[2]
    _, dot, suffix = name.rpartition(".")
    return f".{suffix}" if dot and suffix and not _WILDCARDS & set(suffix) else None


def _from_text(value: Any) -> Any:
    return {"files": check_pattern(value)} if isinstance(value, str) else value


Prompts = Annotated[PromptFiles, BeforeValidator(_from_text, json_schema_input_type=str | PromptFiles)]
"""A pattern, or one with what to select."""
