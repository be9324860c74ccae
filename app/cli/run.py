"""Commands that run processes."""

import os
import signal
import sys
import threading
import time
from functools import partial

import click

from app.cli.common import console, fail, open_runtime
from app.db import shops, tokens
from app.db.engine import open_database
from app.db.migrate import upgrade
from app.local import ProcessEndedError, end_like_ctrl_c, local_url, running_processes, running_redis
from app.logs import configure_logs
from app.pipeline.alerts.sending import keep_telling
from app.pipeline.runtime import Runtime, build_runtime
from app.services import open_redis
from app.settings import Settings, SettingsError, load_settings, make_encryption_key, make_secret_key
from app.starting import need_port, only_one, tell_of_missing_tables
from app.tending import Keeper
from app.web.serving import environment_of_metrics, host_of, web_command


@click.command()
def release() -> None:
    """Update the database (the Procfile's release process)."""
    with open_runtime() as runtime:
        is_newer = not upgrade(runtime.engine)
        click.echo(
            "A newer Backline has been here: the database is left as it is."
            if is_newer
            else "The database is up to date."
        )
        _reseal_tokens(runtime)


def _reseal_tokens(runtime: Runtime) -> None:
    """With the newest key, so that older ones can be taken out of ENCRYPTION_KEYS."""
    with runtime.sessions.begin() as session:
        shop_ids = [shop.id for shop in shops.list_shops(session)]
    for shop_id in shop_ids:
        with runtime.sessions.begin() as session:
            if not tokens.reseal(session, shop_id, runtime.settings.encryption_keys):
                domain = shops.get_shop(session, shop_id).domain
                click.echo(f"No key in ENCRYPTION_KEYS opens the tokens of {domain}.", err=True)


@click.command(name="secrets")
def print_secrets() -> None:
    """Print new values for SECRET_KEY and ENCRYPTION_KEYS. They are not stored."""
    click.echo(f"SECRET_KEY={make_secret_key()}")
    click.echo(f"ENCRYPTION_KEYS={make_encryption_key()}")


@click.command()
@click.option(
    "--local",
    is_flag=True,
    help="Listen on this machine only, without sign-in.",
)
def web(*, local: bool) -> None:
    """Serve webhooks and pages."""
    settings = load_settings()
    _need_redis()
    need_port(host_of(local=local), settings.port)
    _tell_of_missing_tables(settings)
    os.environ |= environment_of_metrics(settings, local=local)
    os.execv(sys.executable, web_command(settings, local=local))  # noqa: S606 -- our own interpreter


@click.command()
def worker() -> None:
    """Run background jobs."""
    settings = load_settings()
    _need_redis()
    _tell_of_missing_tables(settings)
    # What threads let go of the C library keeps for each of them, unless it is told to share.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    # A program of its own: what commands are made of takes a quarter of a worker's memory.
    os.execv(sys.executable, [sys.executable, "-m", "workers"])  # noqa: S606 -- our own interpreter


@click.command()
def clock() -> None:
    """Start work that is due, every few seconds."""
    configure_logs(as_json=False)
    settings = load_settings()
    url = _need_redis()
    _tell_of_missing_tables(settings)
    from workers.clock import run_clock  # noqa: PLC0415 -- no other command needs it

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    runtime = build_runtime(settings)
    threading.Thread(target=keep_telling, args=(runtime, stop), name="alerts", daemon=True).start()
    run_clock(runtime, url, stop)


def _tell_of_missing_tables(settings: Settings) -> None:
    engine = open_database(settings.database_url, connections=1)
    try:
        tell_of_missing_tables(engine, partial(click.echo, err=True))
    finally:
        engine.dispose()


def _need_redis() -> str:
    url = load_settings().redis_url
    if url is None:
        raise SettingsError(
            "REDIS_URL is not set. `backline up` starts a Redis of its own; this process needs one."
        )
    return url


@click.command()
def up() -> None:
    """Run web, worker and clock for real shops on this machine, until Ctrl-C."""
    end_like_ctrl_c()
    settings = load_settings()
    with only_one(settings.home):
        need_port("127.0.0.1", settings.port)
        _run_all()


def _run_all() -> None:
    with open_runtime() as runtime, running_redis(runtime.settings) as (redis_url, redis):
        settings = runtime.settings
        try:
            with running_processes(settings, redis_url) as children:
                console.print(f"Backline is up. Open {local_url(settings)}   Logs: {settings.home}")
                keeper = Keeper(children, open_redis(redis_url), console.print, own_redis=redis)
                while True:
                    keeper.tend()
                    time.sleep(1)
        except ProcessEndedError as error:
            fail(str(error))
        except KeyboardInterrupt:
            console.print("Stopped.")
