"""Names the model of requests to the API of a model by the lines before them that tell it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import AT_FIRST
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.started import in_turn

_LABEL = r"(?i:model(?:l|o|e|lo)?|模型|モデル|모델|модель)"
_NAMING = (
    rf"{AT_FIRST}[^\n]{{0,200}}?(?<![^\W_]){_LABEL}[\"']?\s{{0,2}}[:=：]\s{{0,2}}[\"'`]?"  # noqa: RUF001
    r"(?P<model>[\w.:/@+-]{2,100})"
)


def with_models(fields: FieldGuess, texts: Sequence[str]) -> FieldGuess:
    """Return the field map of requests with the model that other lines name: of each request where one line names
    it each time, and else of all where they name but one. The map itself where they name none."""
    pattern = str(fields.extras.get("pattern"))
    if "model" in fields.fields:
        return fields
    requests = {at for at, text in enumerate(texts) if re.search(pattern, text)}
    naming = {
        at: match["model"].rstrip(".:")
        for at, text in enumerate(texts)
        if at not in requests
        and (match := re.search(_NAMING, text))
        and looks_like_model(match["model"].rstrip(".:"))
    }
    names = sorted(set(naming.values()))
    failing = isinstance(fields.fields.get("status"), str) and any(
        (match["status"] or "2")[:1] != "2"
        for at in requests
        if (match := re.search(pattern, texts[at])) is not None
    )
    if not names:
        return fields
    notes = tuple(it for it in fields.notes if not it.startswith("model:") and "no field tells a model" not in it)
    if len(naming) == len(requests) and not failing and in_turn([*naming], sorted(requests)):
        note = (
            f"inferences: each of the {len(naming)} lines that name a model before a request to the API of one is"
            " one call, and that request is it"
        )
        mapped = {"time": "time", "model": "model"}
        return replace(fields, fields=mapped, notes=(note, *notes), extras={"pattern": _NAMING})
    if len(names) > 1:
        return fields
    note = f"model: {len(naming)} other lines name {names[0]}, which is taken for that of all requests. Is it?"
    return replace(fields, fields={**fields.fields, "model": {"constant": names[0]}}, notes=(note, *notes))
