"""The processes of Backline on one machine, for `backline up` and `backline demo`."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import requests
from redis import Redis

from app.services import EmbeddedRedis, leashed, open_redis
from app.settings import Settings

PROCESSES = {"web": ["web", "--local"], "worker": ["worker"], "clock": ["clock"]}
_START_S = 30
_STOP_S = 10
_INSIST_S = 2
_LOOK_S = 0.1


class ProcessEndedError(Exception):
    """One of the processes ended by itself; its log says why."""


@contextlib.contextmanager
def running_redis(settings: Settings) -> Iterator[tuple[str, EmbeddedRedis | None]]:
    """The URL of a Redis: the one that is set, else one of our own for as long as this lasts, which
    comes with it. Other commands find it by a file in `BACKLINE_HOME`, which holds its password."""
    if settings.redis_url is not None:
        yield settings.redis_url, None
        return
    with EmbeddedRedis(settings.home / "redis") as embedded:
        address = _address_file(settings)
        address.touch(mode=0o600)
        address.chmod(0o600)
        address.write_text(embedded.url)
        try:
            yield embedded.url, embedded
        finally:
            address.unlink(missing_ok=True)


def find_redis(settings: Settings) -> Redis:
    """The Redis that is set, or that `backline up` runs now. Where there is none the client fails at
    its first use, which every caller survives: Redis is only the doorbell."""
    address = _address_file(settings)
    kept = address.read_text() if address.exists() else None
    return open_redis(settings.redis_url or kept or "redis://127.0.0.1:6379/0")


def _address_file(settings: Settings) -> Path:
    return settings.home / "redis.url"


class Children:
    """Web, worker and clock as children of this process, each with a log in `BACKLINE_HOME`."""

    def __init__(self, settings: Settings, redis_url: str) -> None:
        self._settings = settings
        self._environment = os.environ | {
            "REDIS_URL": redis_url,
            "BACKLINE_HOME": str(settings.home),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start one of them, or start it again."""
        if name in self._running:
            _stop([self._running.pop(name)])
        with self.log_of(name).open("ab") as log:
            words = ["-m", "app.cli", *PROCESSES[name]]
            self._running[name] = _start(words, self._environment, output=log)

    def log_of(self, name: str) -> Path:
        """Where one of them says what it does."""
        return self._settings.home / f"{name}.log"

    def ended(self) -> dict[str, int]:
        """Those that have ended, with their exit codes."""
        codes = {name: child.poll() for name, child in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def check_alive(self) -> None:
        """Raises `ProcessEndedError` if one of them has ended."""
        for name, code in self.ended().items():
            raise ProcessEndedError(f"The {name} process ended with {code}: see {self.log_of(name)}")

    def wait_for_web(self) -> None:
        """Until the web process answers. Raises `ProcessEndedError`."""
        url = local_url(self._settings)
        give_up_at = time.monotonic() + _START_S
        while time.monotonic() < give_up_at:
            self.check_alive()
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{url}/healthz", timeout=1).ok:
                    return
            time.sleep(0.1)
        raise ProcessEndedError(f"The web process does not answer at {url}: see {self.log_of('web')}")

    def stop(self) -> None:
        """End them all, at the same time."""
        _stop(list(self._running.values()))


@contextlib.contextmanager
def running_processes(settings: Settings, redis_url: str) -> Iterator[Children]:
    """Web, worker and clock, once the web process answers; they end with the `with` block, or with
    us."""
    children = Children(settings, redis_url)
    try:
        for name in PROCESSES:
            children.start(name)
        children.wait_for_web()
        yield children
    finally:
        children.stop()


def run_beside(settings: Settings, redis_url: str, children: Children, *words: str) -> int:
    """Run one more Python process, which speaks on our own output, to its end: its exit code. Raises
    `ProcessEndedError` if one of the `children` ends before."""
    environment = os.environ | {"REDIS_URL": redis_url, "BACKLINE_HOME": str(settings.home)}
    guest = _start(words, environment)
    try:
        while (code := guest.poll()) is None:
            children.check_alive()
            time.sleep(_LOOK_S)
        return code
    finally:
        _stop([guest])


def end_like_ctrl_c() -> None:
    """A plain `kill`, and a terminal that closes, end this process as Ctrl-C does: children first."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _start(
    words: Sequence[str], environment: Mapping[str, str], *, output: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """In a session of its own: Ctrl-C reaches us alone, and we end the children in order."""
    return subprocess.Popen(  # noqa: S603 -- our own words alone
        leashed([sys.executable, *words]),
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def _stop(children: Sequence["subprocess.Popen[bytes]"]) -> None:
    """End them all at the same time, and whatever they started. A second Ctrl-C must not leave one
    behind."""
    with _undisturbed():
        for child in children:
            child.terminate()
        give_up_at = time.monotonic() + _STOP_S
        for child in children:
            _wait_until(child, give_up_at)
            if child.poll() is None:
                # A worker that is told twice ends its job as well.
                child.terminate()
                _wait_until(child, time.monotonic() + _INSIST_S)
            _end_group(child)


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    """The watcher of the leash lives until here, so the group's number is still its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin:
        child.stdin.close()


def _wait_until(child: "subprocess.Popen[bytes]", moment: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(max(0.0, moment - time.monotonic()))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def local_url(settings: Settings) -> str:
    """Where this machine reaches its own web process."""
    return f"http://127.0.0.1:{settings.port}"
