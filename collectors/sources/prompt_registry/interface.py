"""What a registry of prompts has to say of itself: its questions, and what its answers mean. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field


class Question(Struct, frozen=True):
    """One request, a GET."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class Served(Struct, frozen=True):
    """What a label of a prompt points at. Of the prompt itself there is nothing but a hash."""

    digest: str
    version: str
    """The name of the version as the registry has it; empty: it tells none."""
    moved_at: datetime | None = None
    """When the label came to it at the latest, as far as the registry tells."""


class Names(Struct, frozen=True):
    """One page of the names of all prompts."""

    names: Sequence[str]
    after: str | None = None
    """What asks for the next page; None: it is the last one."""


class Registry(Struct, frozen=True):
    """A registry of prompts."""

    title: str
    url: str
    """The address of the provider's own service; empty: everybody runs it at their own."""
    label: str
    """The label that production reads by, unless `label` says another."""
    prompt: Callable[[str, str], Question]
    """Returns the question about what a label of a prompt points at, from the name of the prompt and the label."""
    read: Callable[[bytes], Served]
    """Returns what the answer means. Raises ValueError, which says where it is not as documented, and no value."""
    is_gone: Callable[[int, bytes], bool]
    """Returns whether an error (status, beginning of what came with it) means that there is no such label."""
    list: Callable[[str | None], Question] | None = None
    """Returns the question about a page of names, from what the page before said; None: it has no such list."""
    names: Callable[[bytes, str | None], Names] = lambda _body, _after: Names(())
    """Returns what such a page has, from the answer and what the page before said. Raises ValueError as `read`."""
    needs: str = ""
    """The kind of key that may ask, in words; empty: it may be asked without one."""
    key_header: str | None = None
    """The header that has the key; None: it is a bearer token, or a user and a password."""
