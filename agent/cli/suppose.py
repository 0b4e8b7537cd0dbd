"""`explain --with`: reads what is to be supposed, each name being that of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec.structs import asdict
from pydantic import ValidationError

from leverwatch.agent.config.economics import EconomicsConfig
from leverwatch.agent.config.models import FrameworkConfig
from leverwatch.agent.config.numbers import number_of
from leverwatch.agent.errors import CommandError
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin
from leverwatch.agent.framework.economics.assumptions import BY_NAME
from leverwatch.agent.framework.model import Settings, Strategy
from leverwatch.agent.framework.supposed import Supposed

_PRICES = ("input", "output", "cached_input", "cache_write")
_TUNED = (*_PRICES, "training", "hosting_per_hour")
_ALIASES = {
    "declared": "declared_strategy",
    "locked_in": "locked_in_behavior",
    "price.cached": "price.cached_input",
    "tuned_price.cached": "tuned_price.cached_input",
}
_THRESHOLDS = frozenset(Settings.__struct_fields__)
_WORDS = {
    "declared_strategy": tuple(Strategy),
    "locked_in_behavior": ("true", "false"),
    "hosting": tuple(Hosting),
}
"""The values of the keys that are no numbers."""
_MOST_PER_WEEK = 7
KEYS = (
    "volume",
    "changes_per_week",
    "declared_strategy",
    "locked_in_behavior",
    *(f"price.{name}" for name in _PRICES),
    *(f"tuned_price.{name}" for name in _TUNED),
    "hosting",
    *BY_NAME,
    *Settings.__struct_fields__,
)
"""Everything that may be supposed."""
_NUMBERS = frozenset(KEYS) - _WORDS.keys()


def pairs_of(texts: Sequence[str]) -> dict[str, str]:
    """Return the pairs of texts such as `volume=300M,price.input=0.1`; a later value of a key replaces an earlier.

    Raises:
        CommandError: a pair has no value, or a key is unknown; the message has the nearest keys.
    """
    found: dict[str, str] = {}
    for pair in (part.strip() for text in texts for part in text.split(",")):
        if found and pair.isdecimal() and (before := list(found)[-1]) in _NUMBERS:
            said = f"{before}={found[before]}"
            raise CommandError(f"--with {said},{pair}: a comma ends a pair; write a fraction as {said}.{pair}")
        key, equals, value = (part.strip() for part in pair.partition("="))
        key = _ALIASES.get(key, key)
        if not equals or not key or not value:
            raise CommandError(f"--with {pair}: write it as KEY=VALUE, such as volume=300M")
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"the keys are {', '.join(KEYS)}"
            raise CommandError(f"--with {key}: unknown key; {hint}")
        found[key] = value
    return found


def completions(typed: str) -> list[str]:
    """Return what a shell may complete the value of `--with` to: the pairs before the last comma stay."""
    before, comma, begun = typed.rpartition(",")
    key, equals, value = begun.partition("=")
    if not equals:
        return [f"{before}{comma}{name}=" for name in KEYS if name.startswith(begun)]
    values = _WORDS.get(_ALIASES.get(key, key), ())
    return [f"{before}{comma}{key}={word}" for word in values if word.startswith(value)]


def supposed_of(pairs: Mapping[str, str], settings: Settings) -> Supposed:
    """Return what pairs suppose, on top of the configured thresholds.

    Raises:
        CommandError: a value is none that its key can have.
    """
    thresholds = {key: _number(key, value) for key, value in pairs.items() if key in _THRESHOLDS}
    inputs = {key: _number(key, value) for key, value in pairs.items() if key in BY_NAME}
    volume = pairs.get("volume")
    per_week = pairs.get("changes_per_week")
    return Supposed(
        volume=None if volume is None else _number("volume", volume),
        changes_per_week=None if per_week is None else _number("changes_per_week", per_week, _MOST_PER_WEEK),
        declared=_choice(pairs, "declared_strategy", Strategy),
        locked_in=_yes(pairs, "locked_in_behavior"),
        price=_fields(pairs, "price."),
        tuned_price=_fields(pairs, "tuned_price."),
        hosting=_choice(pairs, "hosting", Hosting),
        costs=_inputs(inputs),
        settings=_settings(settings, thresholds) if thresholds else None,
    )


def _fields(pairs: Mapping[str, str], prefix: str) -> dict[str, float]:
    return {
        key.removeprefix(prefix): _number(key, value) for key, value in pairs.items() if key.startswith(prefix)
    }


def _number(key: str, value: str, most: float = 1e18) -> float:
    try:
        number = number_of(value)
    except ValueError as error:
        raise CommandError(f"--with {key}={value}: {error}") from error
    if not 0 <= number <= most:
        raise CommandError(f"--with {key}={value}: must be from 0 to {most:g}")
    return number


def _choice(pairs: Mapping[str, str], key: str, choices: Any) -> Any:
    if key not in pairs:
        return None
    try:
        return choices(pairs[key].lower().replace("-", "_"))
    except ValueError as error:
        raise CommandError(f"--with {key}={pairs[key]}: must be one of {', '.join(choices)}") from error


def _yes(pairs: Mapping[str, str], key: str) -> bool | None:
    if key not in pairs:
        return None
    words = {"true": True, "yes": True, "false": False, "no": False}
    try:
        return words[pairs[key].lower()]
    except KeyError as error:
        raise CommandError(f"--with {key}={pairs[key]}: must be true or false") from error


def _inputs(values: Mapping[str, float]) -> dict[str, Amount]:
    try:
        EconomicsConfig.model_validate(dict(values))
    except ValidationError as error:
        raise CommandError(_refused(error)) from error
    return {name: Amount.exactly(value, Origin.CONFIGURED) for name, value in values.items()}


def _settings(settings: Settings, changed: Mapping[str, float]) -> Settings:
    try:
        found: Settings = FrameworkConfig.model_validate({**asdict(settings), **changed}).to_settings()
    except ValidationError as error:
        raise CommandError(_refused(error)) from error
    return found


def _refused(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"--with {first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}"
