"""Parts of the file that most files do not have: built only where a file has them, and otherwise no different."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import Field, ValidationError, field_validator, model_validator

from leverwatch.agent.config.models import Config, SystemConfig
from leverwatch.collectors.config import Apart, Model


class Kettle(Model):
    litres: int = 2

    @field_validator("litres")
    @classmethod
    def _fits(cls, value: int) -> int:
        if value > 9:
            raise ValueError("must fit the stove")
        return value


class Stove(Model):
    kettle: Apart[Kettle] = Field(default={}, validate_default=True)


class Kitchen(Model):
    stove: Apart[Stove] = Field(default={}, validate_default=True)
    stoves: dict[str, Apart[Stove]] = Field(default_factory=dict)
    chairs: int = 4


def test_a_part_that_a_file_does_not_have_is_not_built_and_has_its_defaults() -> None:
    kitchen = Kitchen.model_validate({"stove": {}})

    assert kitchen.stove.kettle.litres == 2
    assert not Stove.__pydantic_complete__
    assert not Kettle.__pydantic_complete__


def test_what_is_wrong_in_a_part_is_told_at_its_place_beside_all_else_that_is_wrong() -> None:
    wrong = {"kettle": {"litres": 40, "lid": True}}
    with pytest.raises(ValidationError) as raised:
        Kitchen.model_validate({"stove": wrong, "stoves": {"left": wrong, "right": 3}, "chairs": "some"})

    assert {(error["loc"], error["type"]) for error in raised.value.errors()} == {
        (("stove", "kettle", "litres"), "value_error"),
        (("stove", "kettle", "lid"), "extra_forbidden"),
        (("stoves", "left", "kettle", "litres"), "value_error"),
        (("stoves", "left", "kettle", "lid"), "extra_forbidden"),
        (("stoves", "right"), "model_type"),
        (("chairs",), "int_parsing"),
    }


class Choice(Model):
    tea: bool = False
    coffee: bool = False

    @model_validator(mode="after")
    def _chooses(self) -> Choice:
        if not (self.tea or self.coffee):
            raise ValueError("chooses nothing")
        return self


class Guest(Model):
    choice: Apart[Choice] | None = None


def test_an_empty_part_is_refused_where_the_part_as_a_whole_is_checked() -> None:
    with pytest.raises(ValidationError, match="chooses nothing"):
        Guest.model_validate({"choice": {}})
    assert Guest.model_validate({}).choice is None


def parts(model: Model) -> Iterator[Model]:
    for name in type(model).model_fields:
        part = getattr(model, name)
        if isinstance(part, Model):
            yield part
            yield from parts(part)


@pytest.mark.parametrize("model", [Config, SystemConfig])
def test_a_part_that_is_left_out_is_what_an_empty_one_would_be(model: type[Model]) -> None:
    found = list(parts(model.model_validate({})))

    assert found
    for part in found:
        # Older releases of pydantic cannot write out a part within a part before that was needed for itself.
        type(part).model_rebuild()
    for part in found:
        validated = type(part).model_validate({})
        assert part == validated
        assert part.model_fields_set == validated.model_fields_set
        # The defaults are valid: they were not validated.
        assert type(part).model_validate(part.model_dump()) == part
