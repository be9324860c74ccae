"""Groups of commands that load a command when it is called, not before: `backline --version` must not
wait for SQLAlchemy, nor a host's start of `backline worker` for what edits shops."""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import click


@dataclass(frozen=True)
class Elsewhere:
    """A command that another module holds."""

    target: str
    """`package.module:name`."""

    line: str
    """What lists of commands say of it: the first sentence of its own help."""


class Group(click.Group):
    """Some of its commands are `Elsewhere`."""

    def __init__(self, *args: Any, elsewhere: Mapping[str, Elsewhere], **options: Any) -> None:
        super().__init__(*args, **options)
        self._elsewhere = elsewhere
        for name, command in elsewhere.items():
            self.add_command(click.Command(name, help=command.line))  # what the lists show

    def load(self, name: str) -> click.Command:
        """The command of that name itself."""
        found = self._elsewhere.get(name)
        if found is None:
            return self.commands[name]
        return cast(click.Command, pkgutil.resolve_name(found.target))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the command itself."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else self.load(name), rest


class ExplainingGroup(Group):
    """Commands whose surroundings may be missing: no database, no Redis, no room to write."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. What is no fault of its surroundings is a defect: it keeps its traceback."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from app.explaining import explain  # noqa: PLC0415 -- it loads every library

            refusal = explain(error)
            if refusal is None:
                raise
            raise refusal from error
