"""`--help` in the project's language: docstrings and Typer's own words go through `t`, too."""

from collections.abc import Callable
from typing import Any

import typer
from inngest_devtools.words import later, t
from typer.core import TyperCommand, TyperGroup

# Typer's own: names in `typer.rich_utils`, which draws the pages.
DRAWN = {
    "ARGUMENTS_PANEL_TITLE": later("Arguments"),
    "OPTIONS_PANEL_TITLE": later("Options"),
    "COMMANDS_PANEL_TITLE": later("Commands"),
    "DEFAULT_STRING": later("[default: {{}}]"),
    "REQUIRED_LONG_STRING": later("[required]"),
}
USAGE = later("Usage: ")
HELP_OPTION = later("Show this message and exit.")


class Cli(typer.Typer):
    """A command line, each page of whose `--help` is in the project's language."""

    def __init__(self, *, no_args_is_help: bool = False) -> None:
        super().__init__(
            cls=Group,
            no_args_is_help=no_args_is_help,
            add_completion=False,
            pretty_exceptions_enable=False,
        )

    def command(self, name: str | None = None) -> Callable[[Any], Any]:  # type: ignore[override]
        return super().command(name, cls=Command)


class Translated:
    """What a page of a command, or of a group of them, shows."""

    def get_usage(self, ctx: Any) -> str:
        usage: str = super().get_usage(ctx)  # type: ignore[misc]
        return usage.replace(USAGE, t(USAGE))

    def get_params(self, ctx: Any) -> list[Any]:
        return [_translate(param) for param in super().get_params(ctx)]  # type: ignore[misc]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _translate_drawn()
        for command in (self, *getattr(self, "commands", {}).values()):
            _translate(command)
        super().format_help(ctx, formatter)  # type: ignore[misc]


class Command(Translated, TyperCommand):
    pass


class Group(Translated, TyperGroup):
    pass


def _translate(part: Any) -> Any:
    """A command or one of its parameters, with the help in the project's language."""
    part.help = t(part.help)
    return part


def _translate_drawn() -> None:
    from typer import rich_utils  # here: it takes long to import

    for name, english in DRAWN.items():
        setattr(rich_utils, name, t(english))
