"""The real web process, as `backline web` starts it, on a free port of this machine."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from app.services import free_port, leashed


@dataclass(frozen=True)
class Served:
    """A web process that answers. `session_id` is that of all its processes, `log` what they wrote."""

    port: int
    session_id: int
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> list[int]:
        """Those that serve, without the one that looks after them: the one that was started."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.session_id and b"granian" in _command(stat):
                    found.append(int(stat.parent.name))
        return found

    def kill_the_one_that_looks_after_them(self) -> None:
        """SIGKILL to the process that was started, and to it alone."""
        os.kill(self.session_id, signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to whoever serves, at once."""
        for number in self.processes():
            os.kill(number, signal.SIGKILL)


def _command(stat: Path) -> bytes:
    return stat.with_name("cmdline").read_bytes()


@contextlib.contextmanager
def web_process(environ: Mapping[str, str], home: Path) -> Iterator[Served]:
    """`backline web` with these settings, for as long as the `with` block lasts."""
    port = free_port()
    home.mkdir(exist_ok=True)
    told = {**os.environ, **environ, "PORT": str(port), "BACKLINE_HOME": str(home)}
    log = home / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed([sys.executable, "-m", "app.cli", "web"]),
            env=told,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    served = Served(port, process.pid, log)
    try:
        _wait_for(served, process)
        yield served
    finally:
        process.terminate()
        process.wait(timeout=30)
        assert process.stdin is not None
        process.stdin.close()


def _wait_for(served: Served, process: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < give_up_at:
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{served.url}/healthz", timeout=5)
            return
        time.sleep(0.05)
    pytest.fail(f"{served.url} does not answer:\n{served.log.read_text()}")
