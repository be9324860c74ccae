"""The demo, and the platform stand-ins alone."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import click

from app.cli.output import console, fail
from app.local import ProcessEndedError, end_like_ctrl_c, run_beside, running_processes, running_redis
from app.services import free_port
from app.settings import load_settings
from app.starting import demo_folder, running_demo

_INTERRUPTED = 130
_ENVIRONMENT = "environment.json"
_SANDBOX = ("app.sandbox", "graphql", "openapi_core", "yaml")


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--once",
    is_flag=True,
    help="Play to the end, check every order, and exit 0 only if all are right.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def demo(command: tuple[str, ...], *, once: bool) -> None:
    """Play a demo on two sandbox shops. Everything runs on this machine.

    With a COMMAND, such as `backline demo shops list`: run it against the demo that is playing in
    another terminal."""
    _need_sandbox()
    if command:
        _run_in_demo(load_settings().home, command)
    end_like_ctrl_c()
    with demo_folder(load_settings().home) as home:
        _play_demo(home, once=once)


def _run_in_demo(home: Path, command: Sequence[str]) -> NoReturn:
    """Become that command, in the environment of the demo that runs."""
    folder = running_demo(home)
    try:
        kept = "" if folder is None else (folder / _ENVIRONMENT).read_text()
    except FileNotFoundError:
        kept = ""
    if not kept:
        fail("No demo is running. Start one with `backline demo` in another terminal.")
    os.environ |= json.loads(kept)
    os.execv(sys.executable, [sys.executable, "-m", "app.cli", *command])  # noqa: S606


def _play_demo(home: Path, *, once: bool) -> None:
    from app.cli.common import open_runtime  # noqa: PLC0415 -- a command of another terminal needs none

    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    environment = _demo_environment(home)
    os.environ |= environment
    # A Redis of its own, whatever the environment or a file .env says.
    settings = load_settings().model_copy(update={"redis_url": None})
    story = ["-m", "app.sandbox.demo", "--called", f"{_called_as()} demo", *(["--once"] if once else [])]
    try:
        with open_runtime():
            pass  # the database is there now
        with (
            running_redis(settings) as (redis_url, _),
            running_processes(settings, redis_url) as children,
        ):
            _keep(home / _ENVIRONMENT, environment | {"REDIS_URL": redis_url})
            sys.exit(run_beside(settings, redis_url, children, *story))
    except ProcessEndedError as error:
        fail(str(error))
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(_INTERRUPTED)


def _keep(path: Path, environment: Mapping[str, str]) -> None:
    """For commands of another terminal; it holds a password."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(environment))


def _called_as() -> str:
    """What was typed to start this program, so that its commands can be typed like that again."""
    program = Path(sys.argv[0])
    if program.name != "backline":
        return "python -m app.cli"
    found = shutil.which("backline")
    if found is not None and program.exists() and Path(found).samefile(program):
        return "backline"
    return str(program)


def _demo_environment(home: Path) -> dict[str, str]:
    """Nothing of the real environment reaches the demo, and none of its ports can clash."""
    port, shop_port, store_port = free_port(), free_port(), free_port()
    return {
        "BACKLINE_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{home / 'backline.sqlite3'}",
        "PORT": str(port),
        "APP_URL": f"http://127.0.0.1:{port}",
        "SHOPIFY_CLIENT_ID": "demo",
        "SHOPIFY_CLIENT_SECRET": "the-demo-secret-is-no-secret",
        "SHOPIFY_BASE_URL": f"http://127.0.0.1:{shop_port}/{{shop}}",
        "BIGCOMMERCE_CLIENT_ID": "demo",
        "BIGCOMMERCE_CLIENT_SECRET": "the-demo-secret-is-no-secret",
        "BIGCOMMERCE_API_URL": f"http://127.0.0.1:{store_port}",
        # The stand-in's stock figures lag by a second instead of a minute.
        "BIGCOMMERCE_QUIET_SECONDS": "3",
        "BIGCOMMERCE_NEWS_SECONDS": "1",
    }


def _need_sandbox() -> None:
    """Production has neither the stand-ins nor their libraries."""
    if not all(map(find_spec, _SANDBOX)):
        fail(
            "The sandbox is not installed. In a checkout of Backline: "
            "pip install -c constraints.txt -e '.[demo]'"
        )


@click.command()
@click.option("--port", default=9100, show_default=True, help="Port on this machine.")
def sandbox(port: int) -> None:
    """Run sandbox versions of Shopify and BigCommerce, for trying things out."""
    _need_sandbox()
    os.execv(sys.executable, [sys.executable, "-m", "app.sandbox", "--port", str(port)])  # noqa: S606
