"""What the configuration says that the store has to know when it is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, field

from leverwatch.agent.framework.model import Declaration, PromptOrigin
from leverwatch.agent.store.source_life import name_of


class Scope(Struct, frozen=True):
    """What the configuration says about systems and sources."""

    declarations: Mapping[str, Declaration] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    """Systems whose prompts a source tracks."""
    telling: frozenset[str] = frozenset()
    """Sources whose records tell the version of the prompt."""
    counting: Mapping[str, frozenset[str]] | None = None
    """The sources that count usage, each with the systems that it feeds; no system: its records name them. None:
    which sources there are is not known."""
    naming: frozenset[str] = frozenset()
    """Those of them whose records may name other systems as well."""
    authoritative: frozenset[str] = frozenset()
    """Sources that count alone for the systems that they feed."""
    systems: frozenset[str] | None = None
    """The systems to read; None: all that have a name of their own in the store."""
    labelled: frozenset[str] = frozenset()
    """Those of the watched ones that a registry of prompts alone tracks."""
    both: frozenset[str] = frozenset()
    """Those of the watched ones that git and a registry track."""

    def counting_for(self, system: str, feeding: Collection[str]) -> frozenset[str]:
        """Return the sources that count for a system, of those that feed it, with all their parts.

        An authoritative one counts alone, and the others compare. Where it names the system itself, they count
        nothing before its first answer either: what they counted would be taken away by it.
        """
        if not self.authoritative:
            return frozenset(feeding)
        alone = self.authoritative_of(feeding)
        return alone if alone or self._naming(system) else frozenset(feeding)

    def authoritative_of(self, sources: Collection[str]) -> frozenset[str]:
        """Return the authoritative ones of some sources, with all their parts."""
        return _with_parts(self.authoritative, sources)

    def telling_of(self, sources: Collection[str]) -> frozenset[str]:
        """Return those of some sources whose records tell the version of the prompt, with all their parts."""
        return _with_parts(self.telling, sources)

    def prompt_origin(self, system: str, told: Collection[PromptOrigin]) -> PromptOrigin:
        """Return whose changes of prompts count for a system, of git and a registry: never both, as one change
        would count twice.

        `told` is which of them has told anything: for a system that no source tracks any longer, one that has.
        """
        if system in self.labelled or (system not in self.watched and {*told} == {PromptOrigin.REGISTRY}):
            return PromptOrigin.REGISTRY
        return PromptOrigin.GIT

    def may_count(self, system: str) -> Mapping[str, frozenset[str]]:
        """Return the sources that could count a system without any usage, each with the systems that it feeds."""
        counting = self.counting or {}
        naming = self._naming(system)
        return {source: counting[source] for source in naming} if naming else counting

    def _naming(self, system: str) -> list[str]:
        """Return the authoritative sources that name a system in the configuration."""
        counting = self.counting or {}
        return sorted(source for source in self.authoritative if system in counting.get(source, ()))


def _with_parts(chosen: Collection[str], sources: Collection[str]) -> frozenset[str]:
    """Return the sources that are chosen, or are read by another agent as a part of what is chosen."""
    names = frozenset(map(name_of, chosen))
    return frozenset(source for source in sources if name_of(source) in names)
