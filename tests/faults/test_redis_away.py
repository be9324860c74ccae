"""Redis killed, emptied, full, a replica, out of reach, or the database gone: worker and clock wait, and
come back by themselves.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import migrate
from app.pipeline import doorbell, outages
from app.pipeline.machines import look_at_machines
from app.services import EmbeddedRedis, open_engine, open_redis
from tests.live import environment
from tests.postgres import postgres_server

AT_MOST_S = 90


@dataclass
class Machine:
    """A worker and a clock as processes, on a Redis of their own."""

    server: EmbeddedRedis
    redis: Redis
    children: dict[str, "subprocess.Popen[bytes]"]
    logs: Path

    def wait_for(self, is_so: Callable[[], object]) -> float:
        """Until something is so; how many seconds that took."""
        began = time.monotonic()
        while not is_so():
            assert time.monotonic() - began < AT_MOST_S, self.said()
            time.sleep(0.05)
        return time.monotonic() - began

    def said(self) -> str:
        """The logs of both."""
        return "".join((self.logs / f"{name}.log").read_text() for name in self.children)

    def is_well(self) -> bool:
        """Both run, and Redis knows."""
        machines = look_at_machines(self.redis)
        return machines.workers == 1 and machines.has_clock and not machines.redis_problem

    def works(self) -> bool:
        """A job that is put into the queue now is done."""
        job = doorbell.quick_queue(self.redis).enqueue("os.getpid", result_ttl=600)
        self.wait_for(lambda: job.get_status(refresh=True) == "finished")
        return bool(job.return_value() == self.children["worker"].pid)


@pytest.fixture
def machine(tmp_path: Path, clean_pg: sa.Engine) -> Iterator[Machine]:
    """Both are well when the test begins."""
    with worker_and_clock(tmp_path, clean_pg) as machine:
        yield machine


@contextmanager
def worker_and_clock(tmp_path: Path, engine: sa.Engine) -> Iterator[Machine]:
    """Both at work."""
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedRedis(tmp_path / "redis"))
        told = environment(tmp_path / "home", engine, server.url, "http://127.0.0.1:1")
        client = stack.enter_context(open_redis(server.url))
        children = {}
        for name in ("worker", "clock"):
            with (tmp_path / f"{name}.log").open("wb") as log:
                children[name] = subprocess.Popen(
                    [sys.executable, "-m", "app.cli", name],
                    env=os.environ | told | {"WORKER_THREADS": "2"},
                    stdout=log,
                    stderr=log,
                )
            stack.callback(end, children[name])
        machine = Machine(server, client, children, tmp_path)
        machine.wait_for(machine.is_well)
        yield machine


def end(child: "subprocess.Popen[bytes]") -> None:
    """At once."""
    child.kill()
    child.wait()


def kill(machine: Machine) -> None:
    """It ends at once, with all it held, and somebody starts it again."""
    process = machine.server.process_id
    assert process is not None
    os.kill(process, signal.SIGKILL)
    machine.wait_for(lambda: "can't use Redis" in machine.said())
    assert machine.server.revive()


def empty(machine: Machine) -> None:
    """FLUSHALL: nobody is registered any more, and no queue is known."""
    machine.redis.flushall()


def fill(machine: Machine) -> None:
    """`maxmemory` is reached; then it is raised."""
    machine.redis.config_set("maxmemory", 1)
    machine.wait_for(lambda: look_at_machines(machine.redis).redis_problem.startswith("Redis is full"))
    machine.wait_for(lambda: "can't use Redis" in machine.said())
    machine.redis.config_set("maxmemory", 0)


def fail_over(machine: Machine) -> None:
    """The primary becomes a replica, and is made primary again."""
    machine.redis.replicaof("127.0.0.1", 1)
    machine.wait_for(lambda: look_at_machines(machine.redis).redis_problem)
    machine.wait_for(lambda: "can't use Redis" in machine.said())
    machine.redis.replicaof("NO", "ONE")


def cut(machine: Machine) -> None:
    """Every connection but the one that asks for it ends, as when a router forgets them."""
    machine.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def change_password(machine: Machine) -> None:
    """Somebody sets another one; then the old one again."""
    password = machine.redis.connection_pool.connection_kwargs["password"]
    machine.redis.config_set("requirepass", "another")
    cut(machine)
    machine.wait_for(lambda: machine.said().count("can't use Redis") > 1)
    machine.redis.config_set("requirepass", password)


def take_all_connections(machine: Machine) -> None:
    """No more are allowed than the one that asks for it."""
    machine.redis.config_set("maxclients", 1)
    cut(machine)
    machine.wait_for(lambda: machine.said().count("can't use Redis") > 1)
    machine.redis.config_set("maxclients", 1000)


@pytest.mark.parametrize(
    "happens", [kill, empty, fill, fail_over, cut, change_password, take_all_connections]
)
def test_worker_and_clock_come_back_by_themselves(
    machine: Machine, happens: Callable[[Machine], None]
) -> None:
    happens(machine)

    recovered_s = machine.wait_for(machine.is_well)
    assert machine.works()
    assert {name: child.poll() for name, child in machine.children.items()} == {
        "worker": None, "clock": None,
    }  # fmt: skip
    assert "Traceback" not in machine.said()
    print(f"{happens.__name__}: well after {recovered_s:.1f} s")  # noqa: T201 -- read with -s


def test_the_page_is_told_that_none_runs(machine: Machine) -> None:
    for child in machine.children.values():
        end(child)
    # What Redis keeps of them ends by itself, a minute and a half later; here it is made to.
    machine.redis.flushall()

    machines = look_at_machines(machine.redis)

    assert (machines.workers, machines.has_clock, machines.redis_problem) == (0, False, "")


def test_without_a_database_worker_and_clock_say_so_in_lines_and_come_back(tmp_path: Path) -> None:
    """Jobs that find none are put off and counted; nothing ends, and no traceback is left."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres_server())
        engine = open_engine(database.url)
        stack.callback(engine.dispose)
        migrate.upgrade(engine)
        machine = stack.enter_context(worker_and_clock(tmp_path, engine))
        database.crash()
        doorbell.ring(machine.redis, 1)

        machine.wait_for(lambda: "a job is put off" in machine.said())
        machine.wait_for(lambda: "the clock can't use Redis or the database" in machine.said())
        counted = outages.put_off(machine.redis)["database"]
        database.start()

        assert counted == machine.said().count("a job is put off")
        assert machine.works()
        assert "Traceback" not in machine.said()
        assert [child.poll() for child in machine.children.values()] == [None, None]
