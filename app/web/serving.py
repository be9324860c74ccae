"""How a web process is started: granian, and what it serves in how many processes."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from app.settings import Settings

# A host that shows a small container all of its cores must not start a process for each.
_MOST_BY_DEFAULT = 4

# For the headers alone: bodies have a time of their own.
_HEADERS_MS = 10_000

# Connections of strangers that say nothing cost a file each, and no thread.
_CONNECTIONS = 2048


def host_of(*, local: bool) -> str:
    """The address to listen at."""
    return "127.0.0.1" if local else "0.0.0.0"  # noqa: S104 -- a server behind the host's router


def web_command(settings: Settings, *, local: bool) -> list[str]:
    """The command that serves Backline; it ends when told to, and starts again what of it ends by
    itself."""
    options = {
        "interface": "asgi",
        # Webhooks come by HTTP/1.1 from every platform and proxy; the rest would be open to strangers.
        "http": "1",
        "http1-header-read-timeout": _HEADERS_MS,
        "host": host_of(local=local),
        "port": settings.port,
        "workers": how_many_processes(settings, local=local),
        # Bodies are given a time by cancelling what reads them, which granian's own tasks do not know.
        "task-impl": "asyncio",
        "backlog": _CONNECTIONS,
        "backpressure": _CONNECTIONS,
        "workers-kill-timeout": 10,
        "respawn-interval": 1,
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    factory = "create_local_front" if local else "create_front"
    served = ["--no-ws", "--respawn-failed-workers", "--factory", f"app.web.front:{factory}"]
    return [sys.executable, "-m", "granian", *flags, *served]


def how_many_processes(settings: Settings, *, local: bool) -> int:
    """One for each core, unless `WEB_CONCURRENCY` says how many. SQLite has one writer at a time, and
    gains nothing by a second."""
    if settings.web_concurrency:
        return settings.web_concurrency
    if local or settings.database_url.startswith("sqlite"):
        return 1
    return min(_cores(), _MOST_BY_DEFAULT)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    may_use = getattr(os, "sched_getaffinity", None)
    return len(may_use(0)) if may_use is not None else os.cpu_count() or 1


def environment_of_metrics(settings: Settings, *, local: bool) -> dict[str, str]:
    """Where several processes leave their counts, so that `/metrics` tells the sum of all, whichever of
    them is asked."""
    if how_many_processes(settings, local=local) == 1:
        return {}
    folder = settings.home / "metrics" / str(settings.port)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError:
        # With PostgreSQL nothing else is kept in BACKLINE_HOME, so it need not be writable.
        folder = Path(tempfile.mkdtemp(prefix="backline-metrics-"))
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
