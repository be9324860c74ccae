"""Access that ends: renewed early, and once when it is refused; what happens when it can't be."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from redis import Redis

from app.db import shops, tokens
from app.db.models import Shop
from app.errors import NeedsMerchant, TryLater
from app.pipeline.connecting import connect_shop, install_shop
from app.settings import Settings
from tests.world import World, granted, make_world


@pytest.fixture
def world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """A shop that was installed and is at rest."""
    world = make_world(clean_pg, redis, settings, client_id=settings.shopify_client_id)
    world.shop_id = install_shop(world.runtime, "shopify", world.shop.domain, granted(world.shop))
    world.quiet()
    return world


def row(world: World) -> Shop:
    """The shop as the database has it."""
    with world.runtime.sessions.begin() as session:
        return shops.get_shop(session, world.shop_id)


def token(world: World) -> str:
    """The token that is kept."""
    return tokens.open_token(row(world), world.runtime.settings.encryption_keys)


def call(world: World) -> None:
    """One request of a worker that begins now."""
    world.runtime.connect(row(world)).fetch_profile()


def test_a_token_is_used_until_five_minutes_before_its_end(world: World) -> None:
    first = token(world)

    world.clock.sleep(3600 - 301)
    call(world)
    assert (token(world), world.shop.oauth.renewals) == (first, 0)

    world.clock.sleep(2)
    call(world)
    assert token(world) != first
    assert world.shop.oauth.renewals == 1


def test_a_token_that_ends_under_way_is_renewed_once_and_the_request_sent_again(world: World) -> None:
    platform = world.runtime.connect(row(world))
    world.shop.oauth.tokens.clear()

    platform.fetch_profile()
    platform.fetch_profile()

    assert world.shop.oauth.renewals == 1


def test_a_token_that_somebody_else_renewed_is_taken_over(world: World) -> None:
    mine, theirs = world.runtime.connect(row(world)), world.runtime.connect(row(world))
    world.shop.oauth.tokens.clear()
    theirs.fetch_profile()

    mine.fetch_profile()

    assert world.shop.oauth.renewals == 1


def test_while_shopify_renews_nothing_the_old_token_serves_to_its_end(world: World) -> None:
    world.clock.sleep(3600 - 60)
    world.shop.client_secret = "known-to-shopify-alone"

    call(world)

    assert row(world).renewing_owner is None
    world.clock.sleep(61)
    with pytest.raises(TryLater, match="SHOPIFY_CLIENT_SECRET"):
        call(world)
    assert row(world).status == "active"


def test_an_answer_that_was_never_kept_is_asked_for_again(world: World) -> None:
    """A process died between the answer and its commit; Shopify takes the old refresh token until the
    new one is used."""
    kept = row(world)
    with world.runtime.sessions.begin() as session:
        assert tokens.begin_renewal(session, world.shop_id, "ann", now=world.clock())
    refresh = tokens.open_refresh_token(kept, world.runtime.settings.encryption_keys)
    world.runtime.fetch_access(kept.platform, kept.domain, refresh)
    world.clock.sleep(3600)

    call(world)

    assert world.shop.oauth.renewals == 2
    assert row(world).status == "active"


def test_while_another_one_renews_nobody_asks_and_nobody_waits_long(world: World) -> None:
    world.clock.sleep(3600)
    with world.runtime.sessions.begin() as session:
        tokens.begin_renewal(session, world.shop_id, "ann", now=world.clock())
    before = world.clock()

    with pytest.raises(TryLater, match="is being renewed"):
        call(world)

    assert world.shop.oauth.renewals == 0
    assert world.clock() - before < timedelta(seconds=4)


def test_withdrawn_access_needs_the_merchant_and_a_new_install_is_enough(world: World) -> None:
    world.shop.oauth.forget()
    world.clock.sleep(3601)
    world.work()
    assert row(world).status == "needs_merchant"
    assert "open Backline from the shop's admin" in (row(world).problem or "")

    install_shop(world.runtime, "shopify", world.shop.domain, granted(world.shop))
    world.quiet()

    assert (row(world).status, row(world).problem) == ("active", None)


def test_an_idle_shop_keeps_its_access_for_months(world: World) -> None:
    """The hourly check renews it; the refresh token alone would have ended after 90 days."""
    world.shop.oauth.token_life_s = 24 * 3600
    for _ in range(110):
        world.clock.sleep(24 * 3600)
        world.work()

    assert row(world).status == "active"
    call(world)


def test_a_new_install_while_a_worker_is_refused_does_not_stop_the_shop(world: World) -> None:
    """It was refused with what the merchant has just replaced."""
    world.shop.faults.is_token_revoked = True
    world.clock.sleep(3600)

    def reinstall() -> None:
        world.shop.before_request = None
        install_shop(world.runtime, "shopify", world.shop.domain, granted(world.shop))
        world.shop.oauth.refresh_tokens.clear()
        world.shop.faults.is_token_revoked = True

    world.shop.before_request = reinstall
    world.work()
    assert row(world).status == "active"


@pytest.mark.parametrize("is_ended", [False, True])
def test_a_token_given_by_hand_is_never_renewed(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, *, is_ended: bool
) -> None:
    world = make_world(clean_pg, redis, settings)
    world.shop_id = connect_shop(
        world.runtime, "shopify", world.shop.domain, world.shop.access_token
    ).shop_id
    world.clock.sleep(timedelta(days=400).total_seconds())
    world.shop.faults.is_token_revoked = is_ended

    if is_ended:
        with pytest.raises(NeedsMerchant, match="connect the shop again"):
            call(world)
    else:
        call(world)
    assert world.shop.oauth.renewals == 0


def test_an_app_of_the_shops_own_organisation_needs_no_token(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    world = make_world(clean_pg, redis, settings, client_id=settings.shopify_client_id)
    with pytest.raises(NeedsMerchant, match="same organization"):
        connect_shop(world.runtime, "shopify", world.shop.domain)
    world.shop.oauth.is_own_app = True

    world.shop_id = connect_shop(world.runtime, "shopify", world.shop.domain).shop_id
    first = token(world)
    world.clock.sleep(24 * 3600)
    call(world)

    assert token(world) != first
    assert row(world).status == "active"


def test_uninstalling_deletes_every_token_before_it_is_answered(world: World) -> None:
    """No worker has come yet."""
    world.shop.uninstall()

    world.deliver()

    assert (row(world).status, row(world).token_encrypted, row(world).refresh_token_encrypted) == (
        "removed",
        None,
        None,
    )


def test_an_uninstall_that_is_told_after_the_reinstall_changes_nothing(world: World) -> None:
    world.shop.uninstall()
    world.clock.sleep(5)
    install_shop(world.runtime, "shopify", world.shop.domain, granted(world.shop))

    world.deliver()
    world.work()

    assert row(world).status == "active"


def test_without_a_key_for_the_token_the_page_says_what_to_set_and_the_shop_goes_on_later(
    world: World,
) -> None:
    right = world.runtime
    keys = (Fernet.generate_key().decode(),)
    world.runtime = replace(right, settings=right.settings.model_copy(update={"encryption_keys": keys}))
    world.clock.sleep(3601)
    world.work()

    page = world.web.get(f"/shops/{world.shop_id}").get_data(as_text=True)
    assert "No key in ENCRYPTION_KEYS opens the token" in page
    assert "API rate limit reached" not in page
    assert row(world).status == "active"

    world.runtime = right
    world.clock.sleep(3600)
    world.quiet()
    page = world.web.get(f"/shops/{world.shop_id}").get_data(as_text=True)
    assert "Responding normally." in page
