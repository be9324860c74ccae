"""How a web process is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from app.web.serving import environment_of_metrics, how_many_processes, web_command


def on_postgresql(settings: Settings, **changed: object) -> Settings:
    """Settings of a production host."""
    url = "postgresql+psycopg://localhost/backline"
    return settings.model_copy(update={"database_url": url, **changed})


def test_there_is_a_process_for_each_core_but_not_for_dozens(settings: Settings) -> None:
    assert how_many_processes(on_postgresql(settings), local=False) == min(
        len(os.sched_getaffinity(0)), 4
    )


@pytest.mark.parametrize("local", [True, False])
def test_sqlite_has_one_writer_and_one_process(settings: Settings, *, local: bool) -> None:
    assert how_many_processes(settings, local=local) == 1


def test_whoever_runs_it_may_say_another_number(settings: Settings) -> None:
    told = on_postgresql(settings, web_concurrency=3)

    command = web_command(told, local=False)

    assert command[command.index("--workers") + 1] == "3"


def test_the_counts_of_a_run_before_are_not_told_again(settings: Settings) -> None:
    several = on_postgresql(settings, web_concurrency=2)
    folder = Path(environment_of_metrics(several, local=False)["PROMETHEUS_MULTIPROC_DIR"])
    (folder / "counter_1.db").write_bytes(b"")

    again = environment_of_metrics(several, local=False)

    assert again == {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    assert list(folder.iterdir()) == []


def test_a_home_that_is_not_writable_is_no_hindrance(settings: Settings) -> None:
    """With PostgreSQL nothing else is kept there."""
    nowhere = on_postgresql(settings, web_concurrency=2, home=Path("/dev/null"))

    folder = Path(environment_of_metrics(nowhere, local=False)["PROMETHEUS_MULTIPROC_DIR"])

    assert folder.is_dir()
    folder.rmdir()


_AN_ORPHAN_LOADS = """
import multiprocessing, os, time
from app.web.serving import end_with_parent

def serve():
    while os.getppid() == multiprocessing.parent_process().pid:
        time.sleep(0.01)
    end_with_parent()
    time.sleep(120)

multiprocessing.get_context("fork").Process(target=serve).start()
os._exit(0)
"""


def test_a_process_that_loads_while_its_parent_is_killed_ends_too() -> None:
    """Its pipe is open for as long as it lives, and the time is far more than it has to end in."""
    command = [sys.executable, "-c", _AN_ORPHAN_LOADS]

    said = subprocess.run(command, capture_output=True, check=True, timeout=90)

    assert b"is gone: it ends as well" in said.stdout + said.stderr
