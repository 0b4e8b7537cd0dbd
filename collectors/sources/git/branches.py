"""Decides which branch of a repository to follow when the configuration names none. Pure.

It is the repository's default branch, and never what somebody has checked out at the moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

LOCAL, REMOTE = "refs/heads/", "refs/remotes/origin/"
_REMOTE_HEAD = f"{REMOTE}HEAD"
_USUAL = ("main", "master", "trunk")


class Branches(Struct, frozen=True):
    """The branches of a repository, by full names."""

    names: frozenset[str]
    """Local branches and those of the remote `origin`."""
    default_of_remote: str = ""
    """What the remote `origin` had as its default branch when it was cloned; empty: not known."""
    checked_out: str = ""
    """The branch that HEAD names; empty: none, or one without a commit."""
    tips: Mapping[str, str] = field(default_factory=dict)
    """The newest commit of each branch."""


def parse_branches(listing: str) -> Branches:
    """Read lines of name, target of a symbolic name, `*` for what is checked out, and commit, with tabs between
    them."""
    tips: dict[str, str] = {}
    remote = checked_out = ""
    for line in listing.splitlines():
        name, target, here, commit = line.split("\t")
        if name == _REMOTE_HEAD:
            remote = target
            continue
        tips[name] = commit
        if here == "*":
            checked_out = name
    return Branches(frozenset(tips), remote if remote in tips else "", checked_out, tips)


def followed(branches: Branches, *, bare: bool, remembered: str, usual: str = "") -> str | None:
    """Return the full name of the branch to follow; None when nothing tells it.

    Args:
        branches: what there is.
        bare: whether the repository has no working tree, so that its HEAD names its default branch.
        remembered: the branch that was followed before; empty: none.
        usual: the name of the first branch of new repositories (`init.defaultBranch`); empty: not set.
    """
    if bare and branches.checked_out:
        return branches.checked_out
    local = {name for name in branches.names if name.startswith(LOCAL)}
    default = branches.default_of_remote.removeprefix(REMOTE)
    for name in (default,) if default else (usual, *_USUAL):
        if name and f"{LOCAL}{name}" in local:
            return f"{LOCAL}{name}"
    if branches.default_of_remote:
        return branches.default_of_remote
    if remembered in branches.names:
        return remembered
    if len(local) == 1:
        return next(iter(local))
    if branches.checked_out:
        return branches.checked_out
    return _of_remote(branches.names - local)


def _of_remote(names: Iterable[str]) -> str | None:
    known = sorted(names)
    usual = [f"{REMOTE}{name}" for name in _USUAL if f"{REMOTE}{name}" in known]
    return next(iter(usual or (known if len(known) == 1 else [])), None)
