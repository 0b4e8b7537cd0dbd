"""The settings of one entry of a field map: a path, several, a sum of several, or a mapping that says more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema, core_schema

from leverwatch.collectors.config import PART, Model
from leverwatch.collectors.records.field_specs import PLUS, FieldSpec
from leverwatch.collectors.records.field_values import Words, form_fault
from leverwatch.collectors.records.fields import text_of
from leverwatch.collectors.records.service_tiers import Tier, tier_of
from leverwatch.collectors.records.vocabulary import operation_of, status_of

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue

Unit = Literal["s", "ms", "us", "ns"]
Scalar = str | int | bool
_SUM = (
    "a list is of paths of which the first that tells is taken, or of one path and others that are added to it,"
    " which begin with +"
)
_NO_SUM = "only numbers are added up, and a date with the time of day behind it"


def several(paths: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the paths of a list without their signs, and whether they are added up.

    Raises:
        ValueError: some are to be added, and others are not.
    """
    added = [path.startswith(PLUS) for path in paths]
    if not any(added):
        return paths, False
    if added[0] or not all(added[1:]):
        raise ValueError(_SUM)
    first, *others = paths
    others = [path.removeprefix(PLUS).strip() for path in others]
    if not all(others):
        raise ValueError("a + is followed by a path")
    return (first, *others), True


class Matching(Model):
    """Words of a producer that are not listed one by one."""

    prefix: str | None = Field(default=None, min_length=1, description="Every word that begins with it.")
    present: bool | None = Field(default=None, description="`true`: any value that has no other meaning.")

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.prefix is None) is (self.present is None) or self.present is False:
            raise ValueError("needs prefix or present: true")
        return self


_Listed = Scalar | Matching | tuple[Scalar | Matching, ...] | None
_WORDS = "Words that mean it."


def _words(description: str = _WORDS) -> Any:
    return Field(default=None, description=description)


class FieldEntry(Model):
    """What all entries have in common."""

    adds: ClassVar[bool] = False
    path: str | tuple[str, ...] | None = Field(
        default=None,
        description="A path; several, of which the first that tells is taken; or one path and others that are"
        " added to it, which begin with `+`.",
        examples=["a", ["a", "b"], ["a", "+b"]],
    )

    @field_validator("path")
    @classmethod
    def _is_sound(cls, path: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        return path if path is None else sound_paths(path, adds=cls.adds)

    @model_validator(mode="after")
    def _has_a_value(self) -> Self:
        constant = getattr(self, "constant", None)
        others = self.model_fields_set - {"constant"}
        if constant is not None and others:
            raise ValueError(f"constant is the value of every record: {min(others)} has no effect")
        if constant is None and self.path is None:
            raise ValueError("needs path or constant" if "constant" in type(self).model_fields else "needs path")
        return self

    def spec(self, name: str) -> FieldSpec:
        """Return what is said of the field of this name.

        Raises:
            ValueError: the field cannot be that.
        """
        paths, is_sum = ((self.path,), False) if isinstance(self.path, str) else several(self.path or ())
        return FieldSpec(paths, is_sum, **self._further(name))

    def _further(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - for others
        return {}


def sound_paths(path: str | tuple[str, ...], *, adds: bool) -> str | tuple[str, ...]:
    """Return one path or several.

    Raises:
        ValueError: there is none, or they are to be added where nothing can be.
    """
    if not path or not all(path):
        raise ValueError("needs a path")
    if not isinstance(path, str) and several(path)[1] and not adds:
        raise ValueError(_NO_SUM)
    return path


class TimeEntry(FieldEntry):
    """How times are written."""

    adds = True
    format: str | None = Field(
        default=None,
        description="The signs of `strptime` of Python; without `%z` the time is in `timezone`.",
        examples=["%d.%m.%Y %H:%M:%S"],
    )
    unit: Unit | None = Field(default=None, description="The time is a number of these since 1970.")

    @field_validator("format")
    @classmethod
    def _is_a_format(cls, form: str | None) -> str | None:
        if form is not None and (fault := form_fault(form)):
            raise ValueError(fault)
        return form

    def _further(self, name: str) -> dict[str, Any]:
        if self.format is not None and self.unit is not None:
            raise ValueError(f"{name}: a time has a format or a unit, not both")
        return {"form": self.format, "unit": self.unit}


class IdEntry(FieldEntry):
    """Where an id is."""


class _Constant(FieldEntry):
    constant: Scalar | None = Field(default=None, description="The value of every record.")


class NameEntry(_Constant):
    """Where a name is, or the same one for every record."""

    def _further(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - a name is a name
        return {"constant": None if self.constant is None else text_of(self.constant)}


class _WordEntry(_Constant):
    meanings: ClassVar[dict[str, str]] = {}
    """By key that lists words, what is written in their place."""

    def _further(self, name: str) -> dict[str, Any]:
        words = tuple(
            _listed(meaning, getattr(self, key))
            for key, meaning in self.meanings.items()
            if getattr(self, key) is not None
        )
        seen: set[str] = set()
        for entry in words:
            if twice := seen.intersection(entry.exact):
                raise ValueError(f"{name}: {min(twice)} has two meanings")
            seen |= entry.exact
        if sum(entry.present for entry in words) > 1:
            raise ValueError(f"{name}: present is a word of two meanings")
        constant = self.constant
        if constant is not None:
            constant = self.meanings.get(text_of(constant), constant)
            if not _means_something(name, constant):
                raise ValueError(f"{name}: its constant is a word of no known meaning")
        return {"words": words, "constant": constant}


def _listed(meaning: str, listed: _Listed) -> Words:
    entries = listed if isinstance(listed, tuple) else (listed,)
    return Words(
        meaning,
        frozenset(text_of(it).lower() for it in entries if not isinstance(it, Matching)),
        tuple(it.prefix.lower() for it in entries if isinstance(it, Matching) and it.prefix is not None),
        any(isinstance(it, Matching) and bool(it.present) for it in entries),
    )


def _means_something(name: str, constant: Scalar) -> bool:
    if name == "status":
        return status_of(constant) is not None
    if name == "operation":
        return isinstance(constant, str) and operation_of(constant) is not None
    return name != "tier" or tier_of(constant) is not Tier.OTHER


class StatusEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {"success": "success", "error": "error"}
    success: _Listed = _words()
    error: _Listed = _words()


class OperationEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {
        name: name
        for name in ("generation", "embedding", "rerank", "image", "audio", "moderation", "tool", "agent", "other")
    }
    generation: _Listed = _words()
    embedding: _Listed = _words()
    rerank: _Listed = _words()
    image: _Listed = _words()
    audio: _Listed = _words()
    moderation: _Listed = _words()
    tool: _Listed = _words()
    agent: _Listed = _words()
    other: _Listed = _words()


class CacheHitEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {"hit": "hit", "miss": "miss"}
    hit: _Listed = _words()
    miss: _Listed = _words()


class TierEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {name: name for name in ("standard", "batch", "flex", "priority", "fast")}
    standard: _Listed = _words()
    batch: _Listed = _words()
    flex: _Listed = _words()
    priority: _Listed = _words()
    fast: _Listed = _words()


class ValidEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {"valid": "valid", "invalid": "invalid"}
    valid: _Listed = _words()
    invalid: _Listed = _words()


class SchemaModeEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {"structured": "structured", "text": "text"}
    structured: _Listed = _words()
    text: _Listed = _words("Words that mean none.")


class FinishReasonEntry(_WordEntry):
    """What the words of a producer mean; any other word means what it means without a mapping."""

    meanings: ClassVar = {"length": "length", "stop": "stop"}
    length: _Listed = _words("Words that mean a limit of length.")
    stop: _Listed = _words("Words that mean any other reason.")


class Entry:
    """Takes a path, a list of paths, or a mapping of a model for an entry of a field map."""

    def __init__(self, model: type[FieldEntry], *, short: bool = True) -> None:
        self.model, self._short = model, short

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            partial(_validated, self.model, self._short), metadata={PART: self.model}
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        self.model.model_rebuild()
        built: dict[str, Any] = {**self.model.__pydantic_core_schema__}
        shared = built["definitions"] if built["type"] == "definitions" else []
        part: Any = built["schema"] if built["type"] == "definitions" else built
        named: Any = {**part, "ref": f"{self.model.__module__}.{self.model.__qualname__}:{id(self.model)}"}
        mapping = handler(core_schema.definitions_schema(named, shared))
        text = {"type": "string", "minLength": 1}
        short = [text, {"type": "array", "items": text, "minItems": 1}] if self._short else []
        return {"anyOf": [*short, mapping]}


def _validated(model: type[FieldEntry], short: bool, value: Any) -> Any:
    if isinstance(value, model):
        return value
    if isinstance(value, dict):
        return model.model_validate(value)
    if not short:
        raise ValueError("needs a unit: {path: ..., unit: s}")
    if isinstance(value, str):
        return sound_paths(value, adds=model.adds)
    if isinstance(value, list | tuple) and all(isinstance(path, str) for path in value):
        return sound_paths(tuple(value), adds=model.adds)
    raise ValueError("must be a path (a text), a list of paths, or a mapping")
