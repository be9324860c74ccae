"""How a web process is started: granian, and what it serves in how many processes."""

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import structlog

from app.settings import Settings

# A host that shows a small container all of its cores must not start a process for each.
_MOST_BY_DEFAULT = 4

# For the headers alone: bodies have a time of their own.
_HEADERS_MS = 10_000

# Connections of strangers that say nothing cost a file each, and no thread.
_CONNECTIONS = 2048

# How often a serving process looks whether its parent lives, and what it then has to end in.
_LOOK_S = 0.5
_GRACE_S = 5

log = structlog.get_logger()


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


def end_with_parent() -> None:
    """Have this serving process end when the one that looks after it is gone, even by SIGKILL: it would
    go on holding the port, with nobody to tell it to end or to start it again. That holds as well for
    one whose parent was gone before this is called: loading takes seconds on a busy machine."""
    begun_by = multiprocessing.parent_process()
    parent = os.getppid() if begun_by is None or begun_by.pid is None else begun_by.pid
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    log.warning("the process that looks after this one is gone: it ends as well")
    # As when told to: what is being answered is answered first.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


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
