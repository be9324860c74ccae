"""`backline release` and `backline shops connect`: keys that change, and apps without a token."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from app.cli import main
from app.core.desired import Shown, Status
from app.db import shops, showing, tokens
from app.db.models import Order, Shop
from app.platforms.base import Grant
from app.services import open_engine
from tests.builders import NOW

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
DOMAINS = ("mugs.myshopify.com", "towels.myshopify.com")


@pytest.fixture
def environment(tmp_path: Path, migrated_file: Path) -> dict[str, str]:
    """A machine with two shops, whose tokens are encrypted with the old key."""
    environment = {
        "BACKLINE_HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'backline.sqlite3'}",
        "ENCRYPTION_KEYS": f"{NEW_KEY},{OLD_KEY}",
        "SHOPIFY_CLIENT_ID": "",
        "SHOPIFY_CLIENT_SECRET": "",
    }
    shutil.copy(migrated_file, tmp_path / "backline.sqlite3")
    engine = open_engine(environment["DATABASE_URL"])
    with engine.begin() as connection, Session(connection) as session:
        for domain in DOMAINS:
            shop = shops.install_shop(session, platform="shopify", domain=domain, now=NOW)
            tokens.keep_grant(shop, Grant(domain, refresh_token=f"r {domain}"), [OLD_KEY], now=NOW)
        session.commit()
    engine.dispose()
    return environment


def run(environment: dict[str, str], *words: str) -> Result:
    """The command as typed."""
    return CliRunner().invoke(main, list(words), env=environment)


def kept(environment: dict[str, str]) -> list[Shop]:
    """The shops as stored."""
    engine = open_engine(environment["DATABASE_URL"])
    with Session(engine) as session:
        found = list(shops.list_shops(session))
    engine.dispose()
    return found


def test_a_release_encrypts_every_token_with_the_newest_key(environment: dict[str, str]) -> None:
    result = run(environment, "release")

    assert result.exit_code == 0, result.output
    opened = [
        (tokens.open_token(s, [NEW_KEY]), tokens.open_refresh_token(s, [NEW_KEY]))
        for s in kept(environment)
    ]
    assert opened == [(domain, f"r {domain}") for domain in DOMAINS]


def test_a_release_without_the_old_key_names_the_shops_and_breaks_nothing(
    environment: dict[str, str],
) -> None:
    result = run(environment | {"ENCRYPTION_KEYS": NEW_KEY}, "release")

    assert result.exit_code == 0
    assert all(f"opens the tokens of {domain}" in result.output for domain in DOMAINS)
    assert [tokens.open_token(shop, [OLD_KEY]) for shop in kept(environment)] == list(DOMAINS)


@pytest.mark.parametrize("platform", ["shopify", "bigcommerce"])
def test_without_token_and_credentials_it_is_said_what_to_give(
    environment: dict[str, str], platform: str
) -> None:
    result = run(environment, "shops", "connect", platform, "mugs.myshopify.com")

    assert result.exit_code == 1
    assert "--access-token" in result.output


def test_selling_is_switched_on_before_the_permission_as_on_the_page(
    environment: dict[str, str],
) -> None:
    result = run(environment, "shops", "set", DOMAINS[0], "--selling", "dated")

    assert (result.exit_code, kept(environment)[0].selling) == (0, "dated"), result.output
    assert "grant write_products" in " ".join(result.output.split())


def test_everything_is_taken_back_by_a_command_until_that_is_stopped(
    environment: dict[str, str],
) -> None:
    begun = run(environment, "shops", "give-back", DOMAINS[0])
    gives_back = kept(environment)[0].gives_back
    ended = run(environment, "shops", "give-back", DOMAINS[0], "--stop")

    assert (begun.exit_code, gives_back) == (0, True), begun.output
    assert "Nothing of Backline is left" in begun.output
    assert (ended.exit_code, kept(environment)[0].gives_back) == (0, False), ended.output


def test_what_is_still_to_be_taken_back_is_counted(environment: dict[str, str]) -> None:
    show_something(environment, order_id=7)

    result = run(environment, "shops", "give-back", DOMAINS[0])

    assert "1 order with Backline's tags or notes" in " ".join(result.output.split())


def show_something(environment: dict[str, str], *, order_id: int) -> None:
    """An order of the first shop shows that it waits."""
    shown = Shown(status=Status.BACKORDERED, tags=frozenset({"backordered"}))
    engine = open_engine(environment["DATABASE_URL"])
    with Session(engine) as session:
        shop_id = shops.list_shops(session)[0].id
        order = Order(shop_id=shop_id, order_id=order_id, name="#7", placed_at=NOW, updated_at=NOW)
        order.first_seen_at = order.seen_at = NOW
        session.add(order)
        session.flush()
        showing.record_shown(session, shop_id, order_id, shown, now=NOW)
        session.commit()
    engine.dispose()
