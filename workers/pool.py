"""The worker process: several RQ workers side by side, one a thread.

They fork nothing and share one engine and one client a platform, so that a job costs what it does and no
more. A process that has grown, has run many jobs, or holds a job that nothing could end, becomes a new
program under the same process id: whoever watches over it notices nothing. Killed at any instruction it
loses nothing, for each next step is a row in the database.
"""

import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.worker import DequeueStrategy

from app.logs import first_line
from app.pipeline.doorbell import LONG, QUICK, SERIALIZER, leave_long_place, take_long_place
from app.pipeline.runtime import Runtime
from workers import jobs
from workers.deadlines import Deadline

# How often a worker without a job looks whether it must stop.
_LOOK_S = 2
_WATCH_S = 1.0
# How long the jobs of a process that is to begin anew have to end by themselves.
_DRAIN_S = 60
# A worker that is silent for so long is dead (RQ takes it off its list a minute later).
_SILENT_S = 30
_LONGEST_PAUSE_S = 30.0

log = structlog.get_logger()


class Shares:
    """How a worker divides its time between quick jobs and long ones: after a long one it takes quick
    ones for as long, if there are any. Where they took turns job by job, a quick one would wait for as
    many long ones as quick ones stand before it. Moments are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._began_s = 0.0
        self._is_long = False
        self._quick_until_s = 0.0

    def begin(self, *, is_long: bool, now_s: float) -> None:
        """A job begins."""
        self._began_s, self._is_long = now_s, is_long

    def is_quick_first(self, *, now_s: float) -> bool:
        """Whether quick jobs come before long ones, now that the last job has ended."""
        if self._is_long:
            self._quick_until_s = now_s + (now_s - self._began_s)
            self._is_long = False
        return now_s < self._quick_until_s


class ShopWorker(SimpleWorker):
    """RQ's worker that runs jobs in its own thread, which need not be the main one."""

    death_penalty_class = Deadline
    max_connection_wait_time = _LONGEST_PAUSE_S

    def __init__(self, connection: Redis, stop: threading.Event) -> None:
        self._quick, self._long = queues = [
            Queue(name, connection=connection, serializer=SERIALIZER) for name in (QUICK, LONG)
        ]
        super().__init__(queues, connection=connection, serializer=SERIALIZER, worker_ttl=_SILENT_S)
        self._stop = stop
        self._shares = Shares()
        self.begun = 0

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """As RQ's, but asks now and then whether to stop."""
        if timeout is None:
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        while not self._stop.is_set():
            self._ordered_queues = self._next_queues()
            found = super().dequeue_job_and_maintain_ttl(_LOOK_S, max_idle_time=_LOOK_S)
            if found is not None:
                self._begin(found[1])
                return found
        leave_long_place(self.connection, self.name)
        raise StopRequested

    def _begin(self, queue: Queue) -> None:
        """A worker that has a quick job leaves its place at the long queue to another one meanwhile."""
        self.begun += 1
        is_long = queue == self._long
        self._shares.begin(is_long=is_long, now_s=time.monotonic())
        if not is_long and len(self._ordered_queues) > 1:
            leave_long_place(self.connection, self.name)

    def _next_queues(self) -> list[Queue]:
        """Where to look now: at both queues, if there is room at the long one."""
        is_quick_first = self._shares.is_quick_first(now_s=time.monotonic())
        if not take_long_place(self.connection, self.name):
            return [self._quick]
        return [self._quick, self._long] if is_quick_first else [self._long, self._quick]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """As RQ's; a Redis that was emptied, or came back without its data, is told again that we are
        here."""
        if not self.connection.sismember(self.redis_workers_keys, self.key):
            self.connection.delete(self.key)
            self.register_birth()  # type: ignore[no-untyped-call]  # RQ is published half typed
        super().heartbeat(timeout, pipeline)

    def _install_signal_handlers(self) -> None:
        """They are the process's, not a thread's."""

    def subscribe(self) -> None:
        """RQ's remote commands would take a thread and a connection more for each worker."""

    def unsubscribe(self) -> None:
        """See `subscribe`."""


class Pool:
    """The workers of this process, and what ends them."""

    def __init__(self, runtime: Runtime, redis_url: str) -> None:
        self._runtime = runtime
        self._redis_url = redis_url
        self._stop = threading.Event()
        self._workers: dict[int, ShopWorker] = {}
        self._ended_jobs = 0
        self._is_told_to_stop = False

    def run(self) -> None:
        """Work until told to stop (SIGTERM, SIGINT: jobs end first; once more: now). Does not return
        where the process begins anew."""
        jobs.keep(self._runtime)
        logging.getLogger("rq.worker").addFilter(_is_news)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        threads = [
            threading.Thread(target=self._work, args=(place,), name=f"worker-{place}", daemon=True)
            for place in range(self._runtime.settings.worker_threads)
        ]
        for thread in threads:
            thread.start()
        is_worn = False
        while not is_worn and any(thread.is_alive() for thread in threads):
            time.sleep(_WATCH_S)
            is_worn = self._watch()
        if is_worn:
            self._drain(threads)
            if not self._is_told_to_stop:
                begin_anew()

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self._is_told_to_stop:
            os._exit(1)
        self._is_told_to_stop = True
        self._stop.set()

    def _watch(self) -> bool:
        """Whether the process must begin anew. What an ended job was in the middle of nobody knows, so
        its connections are not used again."""
        told, deaf = Deadline.enforce()
        if deaf:
            log.error("a job does not end: the process begins anew", jobs=deaf)
            begin_anew()
        settings = self._runtime.settings
        begun = self._ended_jobs + sum(worker.begun for worker in self._workers.values())
        return not self._stop.is_set() and (
            told > 0 or begun >= settings.worker_max_jobs or memory_mib() >= settings.worker_max_mib
        )

    def _drain(self, threads: Sequence[threading.Thread]) -> None:
        log.info("the process begins anew", memory_mib=round(memory_mib()))
        self._stop.set()
        until = time.monotonic() + _DRAIN_S
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self, place: int) -> None:
        """One RQ worker after another, for RQ's ends when Redis goes away."""
        pause_s = 1.0
        while not self._stop.is_set():
            began = time.monotonic()
            self._work_until_it_breaks(place)
            pause_s = 1.0 if time.monotonic() - began > _SILENT_S else min(2 * pause_s, _LONGEST_PAUSE_S)
            self._stop.wait(pause_s)

    def _work_until_it_breaks(self, place: int) -> None:
        try:
            # A client of its own: a worker that waits for its next job holds its connection.
            with Redis.from_url(self._redis_url) as connection:
                worker = self._workers[place] = ShopWorker(connection, self._stop)
                worker.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.DEFAULT)
        except RedisError as error:
            log.warning("a worker can't use Redis", error=first_line(error))
        except Exception:
            log.exception("a worker broke down")
        finally:
            self._ended_jobs += self._workers[place].begun if place in self._workers else 0
            self._workers.pop(place, None)


def _is_news(record: logging.LogRecord) -> bool:
    """What Redis did RQ tells with a traceback; we say it in a line."""
    return record.exc_info is None or not isinstance(record.exc_info[1], RedisError)


def memory_mib() -> float:
    """What this process holds in memory now; where the system does not tell, the most it ever held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def begin_anew() -> NoReturn:
    """Run the same command in this process: its threads end, its sockets close, its id stays."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 -- our own command
