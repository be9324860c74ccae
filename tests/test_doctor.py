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
    assert all(one.advice for one in found if one.tone != "well")
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

    assert {name for name, (tone, _) in found.items() if tone != "well"} == {"Workers"}
    assert {f"{domain}, scopes", f"{domain}, webhooks", f"{domain}, inbox"} <= found.keys()


@pytest.mark.parametrize(
    "health",
    ["<html>", "[]", '{"status": "no"}', requests.ConnectionError("no"), requests.Timeout("no")],
)
def test_an_address_that_leads_elsewhere_is_named(stage: Stage, health: str | Exception) -> None:
    tone, text = findings(stage, health=health)["Address"]

    assert (tone, text.startswith("https://backline.test ")) == ("act", True)


def test_without_a_database_the_rest_is_still_looked_at(stage: Stage) -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/x")
    stage.world.runtime = replace(stage.world.runtime, engine=engine)

    found = findings(stage)

    assert found["Database"][0] == "act"
    assert found["Redis"][0] == "well"


def test_without_redis_the_rest_is_still_looked_at(stage: Stage) -> None:
    with open_redis("redis://127.0.0.1:1/0") as dead:
        stage.world.runtime = replace(stage.world.runtime, redis=dead)
        found = findings(stage)

    assert found["Redis"][0] == "act"
    assert found["Database"][0] == "well"


@pytest.mark.parametrize(
    ("act", "name", "tone"),
    [
        (lambda shop: setattr(shop, "status", "needs_merchant"), "connection", "act"),
        (lambda shop: setattr(shop, "status", "removed"), "connection", "look"),
        (lambda shop: setattr(shop, "subscriptions", {"orders/create": "no"}), "webhooks", "act"),
        (lambda shop: setattr(shop, "subscribed_at", None), "webhooks", "look"),
        (
            lambda shop: setattr(shop, "subscribed_at", shop.subscribed_at - timedelta(hours=9)),
            "webhooks",
            "act",
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

    assert tone == "act"


def test_webhooks_that_wait_or_failed_are_counted(stage: Stage) -> None:
    name = f"{stage.world.shop.domain}, inbox"
    stage.order()
    stage.world.deliver()
    stage.world.clock.sleep(300)
    assert findings(stage)[name][0] == "act"
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(DeliveryRow).values(state="failed", problem="x"))
    assert findings(stage)[name][0] == "look"


def test_the_command_ends_with_one_where_somebody_must_act(tmp_path: Path) -> None:
    told = {"BACKLINE_HOME": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "redis://127.0.0.1:1/0"}

    result = CliRunner().invoke(main, ["doctor"], env=told | {"APP_URL": "http://127.0.0.1:1"})

    assert result.exit_code == 1
    assert "act   Migrations: Some have not run.\n      Run `backline release`." in result.output
    assert "act   Redis: Redis can't be reached" in result.output
