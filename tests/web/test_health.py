"""What the platform that runs us is told: alive, ready, counted."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from redis import Redis

from app.pipeline import doorbell, outages
from app.pipeline.machines import look_at_machines
from app.pipeline.runtime import Runtime
from app.services import EmbeddedRedis, open_engine, open_redis
from app.web.application import create_app
from tests.web.posting import counted, order_body, post


@pytest.fixture
def without_database(runtime: Runtime) -> FlaskClient:
    """The application while nobody answers for the database."""
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    return create_app(replace(runtime, engine=engine)).test_client()


@pytest.fixture
def without_redis(runtime: Runtime) -> FlaskClient:
    """The application while nobody answers for Redis."""
    return create_app(replace(runtime, redis=open_redis("redis://127.0.0.1:1/0"))).test_client()


def test_a_process_with_both_is_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (
        200,
        {"database": True, "migrated": True, "redis": True},
    )


def test_a_process_without_a_database_is_alive_but_not_ready(without_database: FlaskClient) -> None:
    alive, ready = without_database.get("/healthz"), without_database.get("/readyz")

    assert (alive.status_code, alive.json) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json) == (
        503,
        {"database": False, "migrated": False, "redis": True},
    )


def test_a_process_without_redis_is_ready(without_redis: FlaskClient) -> None:
    """Webhooks are still taken, and the sweep rings later."""
    answer = without_redis.get("/readyz")

    assert (answer.status_code, answer.json) == (
        200,
        {"database": True, "migrated": True, "redis": False},
    )


@pytest.mark.usefixtures("shop_id", "clean_pg")
def test_webhooks_are_counted_by_what_became_of_them(client: FlaskClient) -> None:
    metric = 'backline_webhooks_received_total{outcome="%s",platform="shopify",topic="%s"}'
    before = counted(client, "backline_webhooks_received_total")

    post(client, {"inventory_item_id": 1}, "inventory_levels/update")
    post(client, b"", "orders/create")
    post(client, b"{}", "made/up")
    text = client.get("/metrics").get_data(as_text=True)

    assert counted(client, "backline_webhooks_received_total") == before + 3
    assert metric % ("new", "inventory_levels/update") in text
    assert metric % ("failed", "other") in text
    assert metric % ("ignored", "other") in text


@pytest.mark.usefixtures("shop_id", "clean_pg")
def test_a_made_up_topic_makes_no_series_of_its_own(client: FlaskClient) -> None:
    """Else anybody's typing would grow the metrics without end."""
    post(client, b"{}", "made/up-12345")

    assert "made/up-12345" not in client.get("/metrics").get_data(as_text=True)


def test_metrics_say_their_format(client: FlaskClient) -> None:
    answer = client.get("/metrics")

    assert answer.content_type.startswith("text/plain")
    assert "backline_webhooks_rejected" in answer.get_data(as_text=True)


def test_an_engine_is_not_connected_before_it_is_needed(runtime: Runtime) -> None:
    """A web process starts although the database does not yet (style: nothing happens at import)."""
    dead = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    assert create_app(replace(runtime, engine=dead)).test_client().get("/healthz").status_code == 200


def test_several_processes_are_counted_together(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each leaves its counts in a file; the libraries' way, so one that has ended still counts."""
    count = (
        "from prometheus_client import Counter;"
        "Counter('backline_tries', 'Tries', ['of']).labels('us').inc()"
    )
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], check=True)

    told = create_app(runtime, has_open_pages=True).test_client().get("/metrics").get_data(as_text=True)

    assert 'backline_tries_total{of="us"} 2.0' in told


def measured(client: FlaskClient) -> dict[str, float]:
    """What `/metrics` measures, by name; labels are left out."""
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith("backline_")]
    return {line.partition("{")[0].partition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


@pytest.mark.usefixtures("shop_id")
def test_metrics_tell_how_much_waits_and_who_is_at_work(client: FlaskClient, runtime: Runtime) -> None:
    runtime.redis.flushdb()
    before = measured(client)

    post(client, order_body())
    doorbell.show_clock(runtime.redis)
    outages.count_put_off(runtime.redis, "database")
    runtime.clock.sleep(90)  # type: ignore[attr-defined]
    after = measured(client)

    names = ("webhooks_waiting", "oldest_webhook_seconds", "workers_alive", "clock_alive", "redis_up")
    assert [before[f"backline_{name}"] for name in names] == [0, 0, 0, 0, 1]
    assert [after[f"backline_{name}"] for name in names] == [1, 90, 0, 1, 1]
    assert after["backline_jobs_put_off_total"] == 1
    assert after["backline_database_up"] == 1


def test_metrics_are_told_without_database_and_redis(runtime: Runtime) -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    nothing = replace(runtime, engine=engine, redis=open_redis("redis://127.0.0.1:1/0"))

    told = measured(create_app(nothing, has_open_pages=True).test_client())

    assert (told["backline_database_up"], told["backline_redis_up"]) == (0, 0)
    assert "backline_workers_alive" not in told


@pytest.mark.parametrize("of_whom", [":wrong@", "", "limited:limited@"])
def test_a_redis_that_refuses_us_is_told_from_one_that_is_away(
    redis_server: EmbeddedRedis, redis: Redis, of_whom: str
) -> None:
    """A wrong password, none, and a user who may do nothing."""
    redis.acl_setuser("limited", enabled=True, passwords=["+limited"], categories=["-@all"])
    try:
        with open_redis(f"redis://{of_whom}{redis_server.url.rpartition('@')[2]}") as refused:
            found = look_at_machines(refused)
    finally:
        redis.acl_deluser("limited")

    assert found.workers is None
    assert found.redis_problem.startswith("Redis refuses us: ")
    assert found.redis_problem.endswith("Correct the user and password in REDIS_URL.")


def test_a_redis_that_answers_with_an_error_is_told_from_one_that_is_away(
    redis_server: EmbeddedRedis,
) -> None:
    """A database number that it does not have, for one."""
    with open_redis(f"{redis_server.url.rpartition('/')[0]}/9999") as wrong:
        found = look_at_machines(wrong)

    assert found.workers is None
    assert found.redis_problem.startswith("Redis answers with an error: ")
    assert found.redis_problem.endswith("Correct REDIS_URL, or look at the server.")
