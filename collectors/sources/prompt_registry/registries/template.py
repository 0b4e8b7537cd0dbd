"""A registry whose answers the settings describe: an address with the name in it, and paths into the answer."""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from leverwatch.collectors.prompts.normalise import value_hash
from leverwatch.collectors.selection.documents import key_steps
from leverwatch.collectors.sources.prompt_registry.answers import at, moment_at, parsed, says, text_at
from leverwatch.collectors.sources.prompt_registry.interface import Question, Registry, Served

PROMPT, LABEL = "{prompt}", "{label}"


class Template(Struct, frozen=True):
    """How to ask for a prompt, and where its answer has what."""

    path: str
    """Below the address of the registry, with the name of the prompt, and the label, where they belong."""
    content: str
    version: str | None = None
    moved_at: str | None = None

    def prompt(self, name: str, label: str) -> Question:
        """Return the question about a prompt."""
        # What is put in has no braces left, so that neither is taken for the other.
        path = self.path.replace(PROMPT, quote(name, safe=""))
        return Question(path.replace(LABEL, quote(label, safe="")))

    def read(self, body: bytes) -> Served:
        """Return what the answer means.

        Raises:
            ValueError: it has no content where the settings say.
        """
        answer = parsed(body)
        return Served(
            value_hash(at(answer, *key_steps(self.content))),
            "" if self.version is None else text_at(answer, *key_steps(self.version)),
            None if self.moved_at is None else moment_at(answer, *key_steps(self.moved_at)),
        )

    def registry(self) -> Registry:
        """Return the registry that is asked so."""
        return Registry(
            title="the registry",
            url="",
            label="production",
            prompt=self.prompt,
            read=self.read,
            is_gone=lambda status, _said: status == 404,
        )


_PROMPTLAYER = Template(
    path=f"/prompt-templates/{PROMPT}?label={LABEL}", content="prompt_template", version="version"
)
PROMPTLAYER = Registry(
    title="PromptLayer",
    url="https://api.promptlayer.com",
    label="prod",
    prompt=_PROMPTLAYER.prompt,
    read=_PROMPTLAYER.read,
    is_gone=lambda status, said: status == 404 and bool(says(said)),
    needs="it needs an API key of the workspace (pl_...) as `token` or `token_file`",
    key_header="X-API-KEY",
)
"""Its answer has the model and its parameters in `metadata`, which is no part of the prompt."""
