"""Commands that run one process each, and what such a process needs first. A host waits for them at each
start, so they load what they use and no more."""

import os
import signal
import sys
import threading
from functools import partial

import click

from app.db.engine import open_database
from app.explaining import tell_of_missing_tables
from app.logs import configure_logs
from app.settings import Settings, SettingsError, load_settings, make_encryption_key, make_secret_key
from app.starting import need_port
from app.web.serving import environment_of_metrics, host_of, web_command


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
    # No other command of this module needs them.
    from app.pipeline.alerts.sending import keep_telling  # noqa: PLC0415
    from app.pipeline.runtime import build_runtime  # noqa: PLC0415
    from workers.clock import run_clock  # noqa: PLC0415

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
