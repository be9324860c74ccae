"""`backline doctor`: what is well, what is not, and an exit code for scripts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import responses
import sqlalchemy as sa
from click.testing import CliRunner
from redis import Redis

from app import doctor
from app.cli import main
from app.db.models import DeliveryRow, Shop
from app.pipeline import doorbell
from app.services import open_engine, open_redis
from app.settings import Settings
from app.shared_clock import SharedClock
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with a mug, whose address answers."""
    return open_shop(clean_pg, redis, settings)


def findings(
    stage: Stage, *, health: str | Exception = '{"status": "ok"}'
) -> dict[str, tuple[str, str]]:
    """Tone and text of each finding, by name."""
    with responses.RequestsMock() as wire:
        wire.get(f"{stage.world.runtime.settings.app_url}/healthz", body=health)
        found = list(doctor.examine(stage.world.runtime))
    assert all(one.advice for one in found if one.tone in ("check", "fix"))
    return {one.name: (one.tone, one.text) for one in found}


def change(stage: Stage, act: Callable[[Shop], None]) -> None:
    """Something of the shop is otherwise."""
    with stage.world.runtime.sessions.begin() as session:
        act(session.get_one(Shop, stage.world.shop_id))


def test_where_all_is_well_nothing_is_to_do_but_starting_worker_and_clock(
    stage: Stage, redis: Redis
) -> None:
    doorbell.show_clock(redis)
    domain = stage.world.shop.domain

    found = findings(stage)

    assert {name for name, (tone, _) in found.items() if tone in ("check", "fix")} == {"Workers"}
    assert {
        f"{domain}, scopes", f"{domain}, webhooks at the platform", f"{domain}, webhooks waiting"
    } <= found.keys()  # fmt: skip


@pytest.mark.parametrize(
    "health",
    ["<html>", "[]", '{"status": "no"}', requests.ConnectionError("no"), requests.Timeout("no")],
)
def test_an_address_that_leads_elsewhere_is_named(stage: Stage, health: str | Exception) -> None:
    tone, text = findings(stage, health=health)["Address"]

    assert (tone, text.startswith("https://backline.test ")) == ("fix", True)


@pytest.mark.parametrize(
    ("ahead_s", "tone", "text"),
    [
        (0, "fine", "This machine and the database agree."),
        (300, "check", "This machine's clock is 300 seconds ahead of the database's."),
        (-7200, "check", "This machine's clock is 7,200 seconds behind the database's."),
    ],
)
def test_a_machine_whose_clock_is_off_is_named(
    stage: Stage, ahead_s: float, tone: str, text: str
) -> None:
    now = stage.world.clock().timestamp()
    clock = SharedClock(wall=lambda: now + ahead_s)
    clock.hear(now)
    stage.world.runtime = replace(stage.world.runtime, clock=clock)

    assert findings(stage)["Time"] == (tone, text)


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [
        (0, None),
        (300, ("fix", "Backline's clock is 300 seconds ahead of the platform's.")),
        (-7200, ("fix", "Backline's clock is 7,200 seconds behind the platform's.")),
    ],
)
def test_a_clock_that_is_off_the_platforms_is_named(
    stage: Stage, ahead_s: int, told: tuple[str, str] | None
) -> None:
    right = stage.world.runtime.clock
    runtime = replace(stage.world.runtime, clock=lambda: right() + timedelta(seconds=ahead_s))
    stage.world.runtime = runtime

    assert findings(stage).get(f"{stage.world.shop.domain}, time at the platform") == told


def test_without_a_database_the_rest_is_still_looked_at(stage: Stage) -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/x")
    stage.world.runtime = replace(stage.world.runtime, engine=engine)

    found = findings(stage)

    assert found["Database"][0] == "fix"
    assert found["Redis"][0] == "fine"


def test_without_redis_the_rest_is_still_looked_at(stage: Stage) -> None:
    with open_redis("redis://127.0.0.1:1/0") as dead:
        stage.world.runtime = replace(stage.world.runtime, redis=dead)
        found = findings(stage)

    assert found["Redis"][0] == "fix"
    assert found["Database"][0] == "fine"


@pytest.mark.parametrize(
    ("act", "name", "tone"),
    [
        (lambda shop: setattr(shop, "status", "needs_merchant"), "connection", "fix"),
        (lambda shop: setattr(shop, "status", "removed"), "connection", "check"),
        (
            lambda shop: setattr(shop, "subscriptions", {"orders/create": "no"}),
            "webhooks registered",
            "fix",
        ),
        (lambda shop: setattr(shop, "subscribed_at", None), "webhooks registered", "check"),
        (
            lambda shop: setattr(shop, "subscribed_at", shop.subscribed_at - timedelta(hours=15)),
            "webhooks registered",
            "fix",
        ),
    ],
)
def test_what_is_wrong_with_a_shop_is_said(
    stage: Stage, act: Callable[[Shop], None], name: str, tone: str
) -> None:
    change(stage, act)

    assert findings(stage)[f"{stage.world.shop.domain}, {name}"][0] == tone


def test_access_that_was_withdrawn_is_found_by_asking(stage: Stage) -> None:
    stage.world.shop.faults.is_token_revoked = True

    tone, _ = findings(stage)[f"{stage.world.shop.domain}, access"]

    assert tone == "fix"


def test_a_webhook_that_somebody_took_away_at_the_platform_is_found_by_asking(stage: Stage) -> None:
    """Of a shop that says itself that all are registered."""
    gone = stage.world.shop.webhooks.subscriptions.popitem()[1]

    found = findings(stage)

    tone, text = found[f"{stage.world.shop.domain}, webhooks at the platform"]
    assert tone == "fix"
    assert text.startswith("1 of ")
    assert text.endswith(f"{gone.topic}: not registered.")
    assert found[f"{stage.world.shop.domain}, webhooks registered"][0] == "fine"


def test_a_scope_that_was_taken_back_is_found_by_asking(stage: Stage) -> None:
    shop = stage.world.shop
    shop.scopes = [scope for scope in shop.scopes if scope != "read_locations"]

    assert findings(stage)[f"{shop.domain}, scopes"] == ("fix", "Not granted: read_locations.")


def test_webhooks_that_wait_or_failed_are_counted(stage: Stage) -> None:
    name = f"{stage.world.shop.domain}, webhooks waiting"
    stage.order()
    stage.world.deliver()
    stage.world.clock.sleep(300)
    assert findings(stage)[name][0] == "fix"
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(DeliveryRow).values(state="failed", problem="x"))
    name = f"{stage.world.shop.domain}, webhooks failed"
    assert findings(stage)[name][0] == "check"


def test_whoever_left_is_asked_for_nothing(stage: Stage) -> None:
    change(stage, lambda shop: setattr(shop, "status", "removed"))
    domain = stage.world.shop.domain

    assert [name for name in findings(stage) if domain in name] == [f"{domain}, connection"]


def test_the_command_ends_with_one_where_somebody_must_act(tmp_path: Path) -> None:
    told = {"BACKLINE_HOME": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "redis://127.0.0.1:1/0"}

    result = CliRunner().invoke(main, ["doctor"], env=told | {"APP_URL": "http://127.0.0.1:1"})

    assert result.exit_code == 1
    assert "fix    Migrations: Some have not run.\n       Run `backline release`" in result.output
    assert "fix    Redis: Redis can't be reached" in result.output
