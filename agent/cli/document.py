"""The reference of all commands in Markdown, generated from the commands."""

from __future__ import annotations

import click

from leverwatch.agent.config.generated_part import with_part

BEGIN = "<!-- commands: generated, do not edit -->"
END = "<!-- commands: end -->"


def render_commands(group: click.Group) -> str:
    """Return a section for each command, with its help as on the terminal."""
    sections = []
    for name, command in group.commands.items():
        context = click.Context(
            command,
            info_name=f"leverwatch {name}",
            terminal_width=100,
            max_content_width=100,
            help_option_names=["-h", "--help"],
        )
        sections.append(f"### `leverwatch {name}`\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(sections) + "\n"


def with_commands(page: str, group: click.Group) -> str:
    """Return the page `docs/cli.md` with its generated part replaced.

    Raises:
        ValueError: the page lacks the marks of the generated part.
    """
    return with_part(page, BEGIN, END, render_commands(group))
