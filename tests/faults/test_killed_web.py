"""A web process killed under load: what was answered 200 stands in the inbox, and stands there once.

SIGKILL to every serving process, twice, while a dozen senders keep commits shared by many.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import DeliveryRow
from app.services import EmbeddedRedis
from tests.builders import installed_shop
from tests.faults.test_slow_strangers import environment
from tests.served import Served, web_process
from tests.web.posting import ADDRESS, DOMAIN, headers, order_body

SENDERS = 12
# A process that ends again within five and a half seconds is taken for one that can't start, and the
# server ends; whoever started it (`backline up`, the host) starts it anew.
BETWEEN_KILLS_S = (0.7, 7.0)
BODY = json.dumps(order_body()).encode()


@pytest.fixture
def served(clean_pg: sa.Engine, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[Served]:
    """Two processes that serve, and a shop."""
    with Session(clean_pg) as session, session.begin():
        installed_shop(session, DOMAIN)
    with web_process(environment(clean_pg, redis_server, processes=2), tmp_path / "home") as served:
        yield served


def post(served: Served, number: str) -> int | None:
    """One delivery; its status, or None where no answer came."""
    sent = headers(BODY, Webhook_Id=number, Event_Id=number)
    try:
        return requests.post(served.url + ADDRESS, data=BODY, headers=sent, timeout=10).status_code
    except requests.RequestException:
        return None


def send_until(is_over: Event, served: Served, sender: int) -> dict[str, int | None]:
    """Deliveries one after the other, each new; what became of each."""
    answered: dict[str, int | None] = {}
    for number in itertools.count():
        if is_over.is_set():
            return answered
        name = f"{sender}-{number}"
        answered[name] = post(served, name)
        if answered[name] is None:
            time.sleep(0.05)
    return answered


def inbox(engine: sa.Engine) -> list[str]:
    """The id of each row."""
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(DeliveryRow.delivery_id)))


def test_what_was_answered_is_kept_once_whenever_the_web_process_is_killed(
    served: Served, clean_pg: sa.Engine
) -> None:
    is_over = Event()
    with ThreadPoolExecutor(SENDERS) as pool:
        sending = [pool.submit(send_until, is_over, served, sender) for sender in range(SENDERS)]
        try:
            for wait_s in BETWEEN_KILLS_S:
                time.sleep(wait_s)
                served.kill()
                wait_until_it_answers(served)
        finally:
            is_over.set()
        answered = {name: status for each in sending for name, status in each.result().items()}

    kept = inbox(clean_pg)
    acknowledged = {name for name, status in answered.items() if status == 200}
    unanswered = {name for name, status in answered.items() if status is None}
    assert len(acknowledged) > SENDERS
    assert unanswered, "nobody was interrupted: the test proves nothing"
    assert acknowledged - set(kept) == set()
    assert len(kept) == len(set(kept))

    again = {post(served, name) for name in [*unanswered, *list(acknowledged)[:50]]}

    assert again == {200}
    assert sorted(inbox(clean_pg)) == sorted(answered)


def wait_until_it_answers(served: Served) -> None:
    """Whoever looks after the processes starts new ones."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        try:
            if requests.get(f"{served.url}/healthz", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    pytest.fail(f"nothing was started again:\n{served.log.read_text()}")


def test_serving_processes_end_with_the_one_that_looks_after_them(served: Served) -> None:
    """They would hold the port against whoever starts Backline again. One answers, and another may be
    loading yet."""
    serving = {number: began_at(number) for number in served.processes()}
    assert len(serving) == 2

    served.kill_the_one_that_looks_after_them()

    give_up_at = time.monotonic() + 120
    while any(began_at(number) == began for number, began in serving.items()):
        assert time.monotonic() < give_up_at, served.log.read_text()
        time.sleep(0.1)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{served.url}/healthz", timeout=5)


def began_at(number: int) -> str | None:
    """When the process of this id began, in ticks: another may be given the id later. None for one that
    has ended, be it that nobody has asked about its end."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def test_processes_that_start_before_the_migrations_go_on_once_they_have_run(
    pg_engine: sa.Engine, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    """A deployment that starts everything at once."""
    with pg_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS not_yet")
        connection.exec_driver_sql("CREATE DATABASE not_yet")
    told = environment(pg_engine, redis_server, processes=2)
    url = pg_engine.url.set(database="not_yet").render_as_string(hide_password=False)
    told = {**told, "DATABASE_URL": url, "BACKLINE_HOME": str(tmp_path / "home")}
    with web_process(told, tmp_path / "home") as served:
        before = requests.get(f"{served.url}/readyz", timeout=10)
        release = [sys.executable, "-m", "app.cli", "release"]
        subprocess.run(release, env={**os.environ, **told}, check=True, capture_output=True)
        after = requests.get(f"{served.url}/readyz", timeout=10)

    assert (before.status_code, before.json()["migrated"]) == (503, False)
    assert (after.status_code, after.json()["migrated"]) == (200, True)
    assert "run `backline release`" in served.log.read_text()
