"""The demo, and the platform stand-ins alone."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from app.cli.common import console, fail, open_runtime
from app.local import ProcessEndedError, end_like_ctrl_c, run_beside, running_processes, running_redis
from app.services import free_port
from app.settings import load_settings
from app.starting import demo_folder

_INTERRUPTED = 130
_SANDBOX = ("app.sandbox", "graphql", "openapi_core", "yaml")


@click.command()
@click.option(
    "--once",
    is_flag=True,
    help="Play to the end, check every order, and exit 0 only if all are right.",
)
def demo(*, once: bool) -> None:
    """Play a demo on two sandbox shops. Everything runs on this machine."""
    _need_sandbox()
    end_like_ctrl_c()
    with demo_folder(load_settings().home) as home:
        _play_demo(home, once=once)


def _play_demo(home: Path, *, once: bool) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    os.environ |= _demo_environment(home)
    # A Redis of its own, whatever the environment or a file .env says.
    settings = load_settings().model_copy(update={"redis_url": None})
    story = ["-m", "app.sandbox.demo", *(["--once"] if once else [])]
    try:
        with open_runtime():
            pass  # the database is there now
        with (
            running_redis(settings) as (redis_url, _),
            running_processes(settings, redis_url) as children,
        ):
            sys.exit(run_beside(settings, redis_url, children, *story))
    except ProcessEndedError as error:
        fail(str(error))
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(_INTERRUPTED)


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
