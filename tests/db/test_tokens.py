"""Tokens at rest, who may renew them, and signed tokens that work once."""

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from app.db import shops, tokens
from app.db.models import Shop, UsedTokenRow
from app.errors import NeedsMerchant, TryLater
from app.platforms.base import Grant
from tests.builders import NOW, installed_shop, seconds

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PAIR = Grant("shpat_one", expires_in_s=3600, refresh_token="shprt_one", refresh_expires_in_s=7776000)


def keep(shop: Shop, grant: Grant = PAIR, *keys: str) -> None:
    """The shop has let us in."""
    tokens.keep_grant(shop, grant, keys or [NEW_KEY], now=NOW)


def test_tokens_are_stored_encrypted(session: Session, shop: Shop) -> None:
    keep(shop)
    session.flush()

    stored = str(session.execute(sa.select(Shop.__table__).where(Shop.id == shop.id)).one())

    assert "shpat_one" not in stored
    assert "shprt_one" not in stored
    assert tokens.open_token(shop, [NEW_KEY]) == "shpat_one"
    assert tokens.open_refresh_token(shop, [NEW_KEY]) == "shprt_one"
    assert (shop.token_until, shop.refresh_until) == (seconds(3600), seconds(7776000))


def test_a_token_given_by_hand_never_ends(shop: Shop) -> None:
    keep(shop)
    keep(shop, Grant("shpat_by_hand"))

    assert (shop.token_until, shop.refresh_token_encrypted, shop.refresh_until) == (None, None, None)


def test_an_old_key_still_opens_tokens_and_the_newest_one_seals_them(shop: Shop) -> None:
    keep(shop, PAIR, OLD_KEY)
    assert tokens.open_token(shop, [NEW_KEY, OLD_KEY]) == "shpat_one"

    keep(shop, PAIR, NEW_KEY, OLD_KEY)
    assert tokens.open_token(shop, [NEW_KEY]) == "shpat_one"


def test_a_process_with_the_wrong_keys_waits_and_sends_no_merchant_away(shop: Shop) -> None:
    keep(shop, PAIR, OLD_KEY)

    with pytest.raises(TryLater, match=f"ENCRYPTION_KEYS opens the token of {shop.domain}") as caught:
        tokens.open_token(shop, [NEW_KEY])

    assert "shpat_one" not in str(caught.value)


def test_resealed_tokens_need_the_newest_key_alone(session: Session, shop: Shop) -> None:
    keep(shop, PAIR, OLD_KEY)

    assert tokens.reseal(session, shop.id, [NEW_KEY, OLD_KEY])

    assert tokens.open_token(shop, [NEW_KEY]) == "shpat_one"
    assert tokens.open_refresh_token(shop, [NEW_KEY]) == "shprt_one"


def test_a_token_that_no_key_opens_is_left_as_it_is(session: Session, shop: Shop) -> None:
    keep(shop, PAIR, OLD_KEY)

    assert not tokens.reseal(session, shop.id, [NEW_KEY])

    assert tokens.open_token(shop, [OLD_KEY]) == "shpat_one"


def test_a_shop_without_a_token_needs_the_merchant(shop: Shop) -> None:
    with pytest.raises(NeedsMerchant, match="no access token"):
        tokens.open_token(shop, [NEW_KEY])


def test_an_uninstalled_shop_keeps_its_data_and_loses_every_token(shop: Shop) -> None:
    keep(shop)

    shops.remove_shop(shop, problem="The app was uninstalled.")

    assert (shop.status, shop.token_encrypted, shop.refresh_token_encrypted) == ("removed", None, None)


def test_one_at_a_time_renews(session: Session, shop: Shop) -> None:
    other = installed_shop(session, "b.myshopify.com")

    assert tokens.begin_renewal(session, shop.id, "ann", now=NOW)

    assert not tokens.begin_renewal(session, shop.id, "bob", now=seconds(29))
    assert tokens.begin_renewal(session, other.id, "bob", now=NOW)


def test_the_claim_of_a_process_that_died_runs_out(session: Session, shop: Shop) -> None:
    tokens.begin_renewal(session, shop.id, "ann", now=NOW)

    assert tokens.begin_renewal(session, shop.id, "bob", now=seconds(30))
    assert not tokens.keep_renewed(session, shop.id, "ann", PAIR, [NEW_KEY], now=NOW)
    assert tokens.keep_renewed(session, shop.id, "bob", PAIR, [NEW_KEY], now=NOW)


def test_whoever_got_no_answer_lets_the_next_one_try(session: Session, shop: Shop) -> None:
    tokens.begin_renewal(session, shop.id, "ann", now=NOW)

    tokens.end_renewal(session, shop.id, "ann")

    assert tokens.begin_renewal(session, shop.id, "bob", now=NOW)


@pytest.mark.parametrize("farewell", [False, True])
def test_an_answer_that_comes_after_an_install_or_a_farewell_is_not_kept(
    session: Session, shop: Shop, *, farewell: bool
) -> None:
    keep(shop)
    tokens.begin_renewal(session, shop.id, "ann", now=NOW)
    session.refresh(shop)
    if farewell:
        shops.remove_shop(shop, problem="The app was uninstalled.")
    else:
        keep(shop, Grant("shpat_installed"))
    session.flush()

    assert not tokens.keep_renewed(session, shop.id, "ann", Grant("shpat_late"), [NEW_KEY], now=NOW)

    assert (shop.token_encrypted is None) is farewell


def test_a_signed_token_works_once_until_it_is_over_anyway(session: Session, shop: Shop) -> None:
    other = installed_shop(session, "b.myshopify.com")
    once = {"until": seconds(60), "now": NOW}

    assert tokens.use_once(session, shop.id, "visit", **once)
    assert not tokens.use_once(session, shop.id, "visit", **once)
    assert tokens.use_once(session, other.id, "visit", **once)

    tokens.use_once(session, shop.id, "later", until=seconds(90), now=seconds(60))
    kept = session.scalars(sa.select(UsedTokenRow.jti).where(UsedTokenRow.shop_id == shop.id)).all()
    assert kept == ["later"]
