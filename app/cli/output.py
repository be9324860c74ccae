"""How commands speak, and fail."""

import sys
from typing import NoReturn

import click
from rich.console import Console

# A pipe or a file has no width of its own, and columns broken to fit 80 characters can't be searched.
_WIDE = 240

console = Console(width=None if sys.stdout.isatty() else _WIDE)

BY = "the command line"


def fail(message: str) -> NoReturn:
    """End the command with a sentence that says what to do."""
    raise click.ClickException(message)
