"""Every template of a prompt that the docs name works with the records of its format, and no text gets out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted
from tests.collectors.sources.files.logs import config, count
from tests.fuzz.records import TEXTS

CANARY = "Ocelot-vermouth: you are the porter of a small hotel and greet every guest by name."
OTHER = CANARY.replace("greet", "welcome")
Make = Callable[[str], Any]


def base(name: str) -> Any:
    text = TEXTS[name].replace("@ID@", "b7ad6b7169203331").replace("@MODEL@", "m")
    return json.loads(text)


def messages(prompt: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": prompt}, {"role": "user", "content": "Is there a room?"}]


def at(name: str, path: str, value: Callable[[str], Any] = str) -> Make:
    """Records of a format with the prompt at a path, whose keys are separated by blanks."""

    def make(prompt: str) -> Any:
        record = base(name)
        inner: Any = record
        *keys, last = path.split()
        for key in keys:
            inner = inner[int(key)] if isinstance(inner, list) else inner.setdefault(key, {})
        inner[last] = value(prompt)
        return record

    return make


def attribute(*named: tuple[str, Callable[[str], Any]], resource: bool = False) -> Make:
    """Batches of spans with attributes; values are those of OTLP as JSON."""

    def make(prompt: str) -> Any:
        record = copy.deepcopy(base("otlp"))
        batch = record["resourceSpans"][0]
        span = batch["scopeSpans"][0]["spans"][0]
        place = batch["resource"] if resource else span
        place["attributes"] += [{"key": key, "value": value(prompt)} for key, value in named]
        return record

    return make


def text(prompt: str) -> Any:
    return {"stringValue": prompt}


def as_json(make: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda prompt: text(json.dumps(make(prompt)))


def parts(prompt: str) -> Any:
    return [{"type": "text", "content": prompt}]


def as_values(prompt: str) -> Any:
    pairs = [{"key": "type", "value": text("text")}, {"key": "content", "value": text(prompt)}]
    return {"arrayValue": {"values": [{"kvlistValue": {"values": pairs}}]}}


def named(prompt: str) -> str:
    return f"v{len(prompt)}"


INSTRUCTIONS = "gen_ai.system_instructions"
CASES: list[tuple[str, str, Make]] = [
    ("openai", "{request.messages}", at("openai", "request messages", messages)),
    ("openai", "{request.instructions}", at("openai", "request instructions")),
    ("openai", "{instructions}", at("openai", "instructions")),
    ("openai", "{messages}", at("openai", "messages", messages)),
    (
        "openai",
        "{request.prompt.id}@{request.prompt.version}",
        at("openai", "request prompt", lambda prompt: {"id": "pmpt_7", "version": named(prompt)}),
    ),
    ("anthropic", "{request.system}", at("anthropic", "request system")),
    (
        "anthropic",
        "{request.system}",
        at("anthropic", "request system", lambda it: [{"type": "text", "text": it}]),
    ),
    (
        "bedrock",
        "{input.inputBodyJson.system}",
        at("bedrock", "input inputBodyJson system", lambda it: [{"text": it}]),
    ),
    ("bedrock", "{input.inputBodyJson.system}", at("bedrock", "input inputBodyJson system")),
    (
        "vertex",
        "{full_request.systemInstruction}",
        at("vertex", "full_request systemInstruction", lambda it: {"role": "user", "parts": [{"text": it}]}),
    ),
    ("litellm", "{messages}", at("litellm", "messages", messages)),
    ("litellm", "{messages}", at("litellm", "messages", lambda it: json.dumps(messages(it)))),
    ("litellm", "{metadata.prompt_version}", at("litellm", "metadata prompt_version", named)),
    (
        "langfuse",
        "{promptName}@{promptVersion}",
        lambda it: {**base("langfuse"), "promptName": "g", "promptVersion": len(it)},
    ),
    ("langfuse", "{promptId}", at("langfuse", "promptId", named)),
    ("langfuse", "{input}", at("langfuse", "input", messages)),
    ("langfuse", "{input}", at("langfuse", "input", lambda it: json.dumps({"messages": messages(it)}))),
    ("apisix", "{llm_request.messages}", at("apisix", "llm_request messages", messages)),
    (
        "kong",
        "{ai.payload.request}",
        at("kong", "ai payload request", lambda it: json.dumps({"messages": messages(it)})),
    ),
    (
        "azure-apim",
        "{properties.requestBody}",
        at("azure-apim", "properties requestBody", lambda it: json.dumps({"messages": messages(it)})),
    ),
    ("ollama", "{request.messages}", at("ollama", "request messages", messages)),
    ("ollama", "{request.system}", at("ollama", "request system")),
    ("otlp", rf"{{{INSTRUCTIONS}}}".replace(".", r"\."), attribute((INSTRUCTIONS, as_json(parts)))),
    ("otlp", rf"{{{INSTRUCTIONS}}}".replace(".", r"\."), attribute((INSTRUCTIONS, as_values))),
    (
        "otlp",
        r"{gen_ai\.input\.messages}",
        attribute(("gen_ai.input.messages", as_json(lambda it: [{"role": "system", "parts": parts(it)}]))),
    ),
    (
        "otlp",
        r"{langfuse\.observation\.prompt\.name}@{langfuse\.observation\.prompt\.version}",
        attribute(
            ("langfuse.observation.prompt.name", lambda _: text("greet")),
            ("langfuse.observation.prompt.version", lambda it: {"intValue": str(len(it))}),
        ),
    ),
    (
        "otlp",
        r"{llm\.prompt_template\.version}",
        attribute(("llm.prompt_template.version", lambda it: text(named(it)))),
    ),
    ("otlp", r"{gen_ai\.prompt\.name}", attribute(("gen_ai.prompt.name", lambda it: text(named(it))))),
    (
        "otlp",
        r"{app\.prompt\.version}",
        attribute(("app.prompt.version", lambda it: text(named(it))), resource=True),
    ),
]


def counted(name: str, template: str, record: Any) -> Counted:
    data = json.dumps(record).encode() + b"\n"
    return count(data, config(format=name, system="bot", prompt=template))


def version(found: Counted) -> str | None:
    assert sum(row.inferences for row in found.usage) == 1
    return found.prompts[0].version if found.prompts else None


@pytest.mark.parametrize(("name", "template", "make"), CASES)
def test_a_prompt_has_a_version_that_changes_with_it(name: str, template: str, make: Make) -> None:
    first = counted(name, template, make(CANARY))

    assert version(first) is not None
    assert version(counted(name, template, make(CANARY))) == version(first)
    assert version(counted(name, template, make(OTHER))) not in {None, version(first)}
    assert "Ocelot" not in repr(first)
    assert "greet" not in repr(first)


SYSTEM = attribute((INSTRUCTIONS, as_values))


def test_of_several_parts_of_a_prompt_each_one_makes_another_version() -> None:
    def of(*prompts: str) -> str | None:
        many = attribute((INSTRUCTIONS, lambda _: {"arrayValue": {"values": [*map(text, prompts)]}}))
        return version(counted("otlp", r"{gen_ai\.system_instructions}", many("")))

    assert len({of(CANARY), of(CANARY, "Be brief."), of(CANARY, "Be kind.")}) == 3


@pytest.mark.parametrize(
    "value", [{"stringValue": 5}, {"arrayValue": 5}, {"kvlistValue": {"values": [5]}}, {}, None, 5]
)
def test_a_prompt_that_cannot_be_read_loses_no_call(value: Any) -> None:
    found = counted("otlp", r"{gen_ai\.system_instructions}", attribute((INSTRUCTIONS, lambda _: value))(""))

    assert sum(row.inferences for row in found.usage) == 1


def test_an_attribute_that_is_no_prompt_is_read_as_before() -> None:
    data = json.dumps(SYSTEM(CANARY)).encode() + b"\n"

    assert count(data, config(format="otlp", system=r"{gen_ai\.system_instructions}")).usage == ()


@pytest.mark.parametrize(("name", "template"), sorted({case[:2] for case in CASES}))
def test_a_record_without_the_prompt_counts_and_has_no_version(name: str, template: str) -> None:
    record = base(name)
    if name == "kong":
        record["ai"]["payload"]["request"] = json.dumps({"messages": [{"role": "user", "content": "A room?"}]})

    assert version(counted(name, template, record)) is None
