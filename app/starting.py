"""What keeps a command from starting, in one sentence with what to do, and its exit code.

The codes are those of BSD's sysexits, which hosts and scripts know: 69 something that must answer does
not, 73 a file or folder can't be written, 78 a setting is wrong. `app.explaining` has the sentences for
errors of libraries.
"""

import contextlib
import errno
import fcntl
import socket
from collections.abc import Iterator
from pathlib import Path

import click

_MOST_DEMOS = 20


class Unavailable(click.ClickException):
    """Something that must answer does not."""

    exit_code = 69


class CanNotCreate(click.ClickException):
    """A file or folder can't be written."""

    exit_code = 73


class WrongSetting(click.ClickException):
    """The environment must be put right."""

    exit_code = 78


def need_port(host: str, port: int) -> None:
    """Refuses where another program listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = (
                    f"Port {port} is taken by another program, perhaps another Backline: stop that, or "
                    "set PORT to a free one."
                )
            else:
                message = f"Port {port} can't be listened on: {error.strerror}. Set PORT to another."
            raise Unavailable(message) from error


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Refuses where another `backline up` uses the folder."""
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home / "up.lock") as is_ours:
        if not is_ours:
            message = (
                f"Another `backline up` runs with {home}: stop it, or set other BACKLINE_HOME and PORT."
            )
            raise Unavailable(message)
        yield


@contextlib.contextmanager
def demo_folder(home: Path) -> Iterator[Path]:
    """A folder that no other demo uses, for as long as this lasts: `demo`, else `demo-2` and so on."""
    home.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MOST_DEMOS + 1):
        folder = home / ("demo" if number == 1 else f"demo-{number}")
        with _locked(folder.with_suffix(".lock")) as is_ours:
            if is_ours:
                yield folder
                return
    message = f"{_MOST_DEMOS} demos run in {home} already: stop some."
    raise Unavailable(message)


def running_demo(home: Path) -> Path | None:
    """The folder of a demo that runs now, the first of several; None where none does."""
    for lock in sorted(home.glob("demo*.lock"), key=lambda each: (len(each.name), each.name)):
        with _locked(lock) as is_ours:
            if not is_ours:
                return lock.with_suffix("")
    return None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether the lock is ours; the system lets go of it when we end, however that happens."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
