"""The worker and the clock as processes: they last, and end what does not end by itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis import Redis
from rq.timeouts import JobTimeoutException

from app.db import shops
from app.pipeline import doorbell
from app.pipeline.runtime import build_runtime
from app.services import EmbeddedRedis
from app.settings import Settings, load_settings
from tests.live import environment
from workers import deadlines
from workers.clock import run_clock
from workers.deadlines import Deadline

AT_MOST_S = 60


@pytest.fixture
def told(
    tmp_path: Path, clean_pg: sa.Engine, redis_server: EmbeddedRedis, redis: Redis
) -> dict[str, str]:
    """What a process is told by its environment."""
    return environment(tmp_path / "home", clean_pg, redis_server.url, "http://127.0.0.1:1") | {
        "WORKER_THREADS": "2"
    }


@contextmanager
def running_worker(told: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`backline worker`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"],
            env=os.environ | told,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(is_so: Callable[[], object]) -> None:
    """Until something is so."""
    give_up_at = time.monotonic() + AT_MOST_S
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def enqueue(redis: Redis, function: str, *args: object, timeout_s: int = 60) -> None:
    """A job of the test's own, in the queue of the real ones."""
    doorbell.quick_queue(redis).enqueue(function, *args, job_timeout=timeout_s, result_ttl=600)


def results(redis: Redis) -> list[object]:
    """What the jobs that ended have returned."""
    registry = doorbell.quick_queue(redis).finished_job_registry
    jobs = [doorbell.quick_queue(redis).fetch_job(one) for one in registry.get_job_ids()]
    return [job.return_value() for job in jobs if job is not None]


def test_a_worker_forks_for_no_job(told: dict[str, str], tmp_path: Path, redis: Redis) -> None:
    for _ in range(5):
        enqueue(redis, "os.getpid")

    with running_worker(told, tmp_path / "log") as worker:
        wait_for(lambda: len(results(redis)) == 5)

    assert results(redis) == [worker.pid] * 5


def test_a_worker_begins_anew_after_so_many_jobs_under_its_own_id(
    told: dict[str, str], tmp_path: Path, redis: Redis
) -> None:
    log = tmp_path / "log"
    with running_worker(told | {"WORKER_MAX_JOBS": "1"}, log) as worker:
        enqueue(redis, "os.getpid")
        wait_for(lambda: b"begins anew" in log.read_bytes())
        enqueue(redis, "os.getpid")
        wait_for(lambda: len(results(redis)) == 2)

        assert results(redis) == [worker.pid] * 2
        assert worker.poll() is None


def test_a_job_that_takes_too_long_is_ended_and_others_are_worked_on(
    told: dict[str, str], tmp_path: Path, redis: Redis
) -> None:
    queue = doorbell.quick_queue(redis)
    with running_worker(told, tmp_path / "log") as worker:
        # Minutes of counting.
        enqueue(redis, "timeit.repeat", "for _ in range(10**4): pass", timeout_s=1)
        wait_for(lambda: queue.failed_job_registry.count == 1)
        enqueue(redis, "os.getpid")
        wait_for(lambda: worker.pid in results(redis))

    (failed,) = queue.failed_job_registry.get_job_ids()
    job = queue.fetch_job(failed)
    assert job is not None
    assert "JobTimeoutException" in str(job.latest_result().exc_string)


def test_a_worker_that_is_told_to_stop_ends_its_job_first(
    told: dict[str, str], tmp_path: Path, redis: Redis
) -> None:
    queue = doorbell.quick_queue(redis)
    with running_worker(told, tmp_path / "log") as worker:
        enqueue(redis, "time.sleep", 3)
        wait_for(lambda: queue.started_job_registry.count == 1)
        worker.send_signal(signal.SIGTERM)

        assert worker.wait(AT_MOST_S) == 0

    assert queue.finished_job_registry.count == 1


def test_a_job_that_can_not_be_ended_is_told_of_once_its_grace_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It hangs where no exception reaches it. Then the process must begin anew."""
    monkeypatch.setattr(deadlines, "_GRACE_S", 0.2)
    entered, ended = threading.Event(), threading.Event()
    raised: list[type[BaseException]] = []

    def hang() -> None:
        try:
            with Deadline(0, JobTimeoutException):
                entered.set()
                ended.wait()
        except JobTimeoutException as error:
            raised.append(type(error))

    thread = threading.Thread(target=hang)
    thread.start()
    entered.wait()

    first = Deadline.enforce()
    second = Deadline.enforce()
    time.sleep(0.3)
    third = Deadline.enforce()
    ended.set()
    thread.join()

    assert (first, second, third) == ((1, 0), (0, 0), (0, 1))
    assert raised == [JobTimeoutException]
    assert Deadline.enforce() == (0, 0)


def a_shop_with_work(settings: Settings) -> int:
    """It has just been installed: it must be checked first."""
    runtime = build_runtime(settings)
    with runtime.sessions.begin() as session:
        shop = shops.install_shop(session, platform="shopify", domain="a.test", now=runtime.clock())
    runtime.engine.dispose()
    return shop.id


@contextmanager
def running_clock(told: dict[str, str], redis_url: str) -> Iterator[None]:
    """The clock, in a thread."""
    stop = threading.Event()
    runtime = build_runtime(load_settings(told))
    thread = threading.Thread(target=run_clock, args=(runtime, redis_url, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        runtime.engine.dispose()


def test_the_clock_rings_by_itself_however_long_the_queue_is(
    told: dict[str, str], redis: Redis, redis_server: EmbeddedRedis
) -> None:
    """No worker is there to run a sweep, and the queue is full of others."""
    shop_id = a_shop_with_work(load_settings(told))
    for other in range(1000, 1100):
        doorbell.ring(redis, other)

    with running_clock(told, redis_server.url):
        wait_for(lambda: doorbell.quick_queue(redis).count == 101)

    assert doorbell.quick_queue(redis).jobs[-1].args == [shop_id]


def test_the_clock_makes_the_rings_that_were_wished_for(
    told: dict[str, str], redis: Redis, redis_server: EmbeddedRedis
) -> None:
    doorbell.ring(redis, 7, after_s=1)

    with running_clock(told, redis_server.url):
        wait_for(lambda: doorbell.quick_queue(redis).count == 1)

    assert doorbell.quick_queue(redis).jobs[0].args == [7]
