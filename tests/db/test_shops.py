"""Who may work on a shop, its token, and whether it has work."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.db import due_orders, due_work, inbox, shops
from app.db.models import Shop
from tests.builders import NOW, delivery, installed_shop, order_item, order_seen, seconds
from tests.db.stock import known_item, see


def test_two_shops_of_one_name_on_two_platforms_are_two_shops(session: Session) -> None:
    one = shops.install_shop(session, platform="shopify", domain="a", now=NOW)
    other = shops.install_shop(session, platform="bigcommerce", domain="a", now=NOW)

    assert one.id != other.id
    assert shops.find_shop(session, "bigcommerce", "a") is other
    assert shops.find_shop(session, "bigcommerce", "b") is None


def test_a_reinstalled_shop_finds_its_data_again(session: Session, shop: Shop) -> None:
    shops.pause_shop(session, shop.id, "reconnect", now=NOW)
    shops.wait(session, shop.id, until=seconds(60))

    again = shops.install_shop(session, platform=shop.platform, domain=shop.domain, now=seconds(9))

    assert again is shop
    assert (again.status, again.problem, again.wait_until) == ("active", None, None)
    assert again.installed_at == seconds(9)


def test_one_worker_at_a_time_works_on_a_shop(session: Session, shop: Shop) -> None:
    assert shops.take_lease(session, shop.id, "ann", now=NOW)

    assert not shops.take_lease(session, shop.id, "bob", now=seconds(59))
    assert shops.take_lease(session, shop.id, "ann", now=seconds(59))


def test_the_lease_of_a_killed_worker_runs_out(session: Session, shop: Shop) -> None:
    shops.take_lease(session, shop.id, "ann", now=NOW)

    assert shops.take_lease(session, shop.id, "bob", now=seconds(60))


def test_a_worker_that_works_keeps_its_lease(session: Session, shop: Shop) -> None:
    shops.take_lease(session, shop.id, "ann", now=NOW)

    shops.keep_lease(session, shop.id, "ann", now=seconds(50))

    assert not shops.take_lease(session, shop.id, "bob", now=seconds(109))
    assert shops.take_lease(session, shop.id, "bob", now=seconds(110))


def test_a_worker_that_lost_its_lease_is_told(session: Session, shop: Shop) -> None:
    shops.take_lease(session, shop.id, "ann", now=NOW)
    shops.take_lease(session, shop.id, "bob", now=seconds(61))

    with pytest.raises(shops.LeaseLostError, match=str(shop.id)):
        shops.keep_lease(session, shop.id, "ann", now=seconds(62))
    shops.end_lease(session, shop.id, "ann")

    assert not shops.take_lease(session, shop.id, "cyd", now=seconds(63))


def test_a_finished_worker_lets_go_at_once(session: Session, shop: Shop) -> None:
    shops.take_lease(session, shop.id, "ann", now=NOW)

    shops.end_lease(session, shop.id, "ann")

    assert shops.take_lease(session, shop.id, "bob", now=NOW)


def test_a_lease_is_of_one_shop_alone(session: Session, shop: Shop) -> None:
    other = installed_shop(session, "b.myshopify.com")

    shops.take_lease(session, shop.id, "ann", now=NOW)

    assert shops.take_lease(session, other.id, "bob", now=NOW)
    assert not shops.take_lease(session, -1, "bob", now=NOW)


def test_an_order_waits_for_its_items_without_ringing(session: Session, shop: Shop) -> None:
    item = known_item(session, shop)
    see(session, shop, order_seen(order_item(1)))
    due_orders.judge_orders(session, shop.id, [1], at=NOW)

    item.stock_due_at = seconds(20)

    _assert_next_work(session, shop, at=seconds(20))


def test_a_shop_at_rest_has_work_again_at_its_hourly_check(session: Session, shop: Shop) -> None:
    _assert_next_work(session, shop, at=seconds(3600))


Cause = Callable[[Session, Shop, datetime], None]


def _told(session: Session, shop: Shop, at: datetime) -> None:
    inbox.record_delivery(session, shop.id, delivery(), now=NOW)


def _importing(session: Session, shop: Shop, at: datetime) -> None:
    shop.import_state = "running"


def _check_due(session: Session, shop: Shop, at: datetime) -> None:
    shop.hourly_check_at = at


def _variant_unknown(session: Session, shop: Shop, at: datetime) -> None:
    see(session, shop, order_seen(order_item(1)))


def _item_due(session: Session, shop: Shop, at: datetime) -> None:
    known_item(session, shop).stock_due_at = at


def _order_due(session: Session, shop: Shop, at: datetime) -> None:
    see(session, shop, order_seen())
    due_orders.judge_orders(session, shop.id, [1], at=at)


def _erasing(session: Session, shop: Shop, at: datetime) -> None:
    shops.ask_to_erase(shop)


CAUSES = [_told, _importing, _check_due, _variant_unknown, _item_due, _order_due, _erasing]
AT_A_TIME = [_check_due, _item_due, _order_due]
NEED_THE_PLATFORM = [cause for cause in CAUSES if cause not in (_told, _erasing)]
name_of: Callable[[Cause], str] = lambda cause: cause.__name__.strip("_")  # noqa: E731


@pytest.mark.parametrize("cause", CAUSES, ids=name_of)
def test_every_kind_of_work_rings_the_shop_now(session: Session, shop: Shop, cause: Cause) -> None:
    cause(session, shop, NOW)

    _assert_next_work(session, shop, at=NOW)


@pytest.mark.parametrize("cause", AT_A_TIME, ids=name_of)
def test_work_of_later_rings_the_shop_later(session: Session, shop: Shop, cause: Cause) -> None:
    cause(session, shop, seconds(20))

    _assert_next_work(session, shop, at=seconds(20))


@pytest.mark.parametrize("cause", AT_A_TIME, ids=name_of)
def test_work_of_earlier_is_due_now(session: Session, shop: Shop, cause: Cause) -> None:
    cause(session, shop, seconds(-20))

    _assert_next_work(session, shop, at=NOW)


@pytest.mark.parametrize("cause", NEED_THE_PLATFORM, ids=name_of)
def test_a_throttled_shop_waits_for_its_platform(session: Session, shop: Shop, cause: Cause) -> None:
    cause(session, shop, NOW)

    shops.wait(session, shop.id, until=seconds(30))

    _assert_next_work(session, shop, at=seconds(30))


@pytest.mark.parametrize("cause", [_told, _erasing], ids=name_of)
def test_what_needs_no_platform_waits_for_nobody(session: Session, shop: Shop, cause: Cause) -> None:
    cause(session, shop, NOW)

    shops.wait(session, shop.id, until=seconds(30))

    _assert_next_work(session, shop, at=NOW)


@pytest.mark.parametrize("cause", NEED_THE_PLATFORM, ids=name_of)
@pytest.mark.parametrize("status", ["needs_merchant", "removed"])
def test_a_shop_that_we_may_not_call_has_no_work(
    session: Session, shop: Shop, cause: Cause, status: str
) -> None:
    cause(session, shop, NOW)

    shop.status = status

    _assert_next_work(session, shop, at=None)


@pytest.mark.parametrize("status", ["needs_merchant", "removed"])
def test_a_webhook_of_a_paused_shop_is_heard(session: Session, shop: Shop, status: str) -> None:
    """It may be the one that asks for the shop to be erased."""
    shop.status = status

    _told(session, shop, NOW)

    _assert_next_work(session, shop, at=NOW)


def test_an_unknown_shop_has_no_work(session: Session) -> None:
    assert due_work.read(session, -1, now=NOW) is None


def _assert_next_work(session: Session, shop: Shop, *, at: datetime | None) -> None:
    """Both ways of asking agree: at that moment, and not a moment earlier."""
    session.flush()

    due = due_work.read(session, shop.id, now=NOW)
    assert due is not None
    assert due.next_at(NOW) == at
    for moment in (-1, 0, 19, 20, 29, 30, 3600):
        is_due = at is not None and (at == NOW or seconds(moment) >= at)
        if at != NOW or moment >= 0:
            assert (shop.id in due_work.shops_with_work(session, now=seconds(moment))) is is_due


def test_hourly_checks_that_are_all_due_are_begun_a_few_at_a_time(session: Session) -> None:
    """As after a stop of an hour; a shop with other work is rung all the same."""
    late = [installed_shop(session, f"late-{number}.myshopify.com") for number in range(50)]
    for shop in late:
        shop.hourly_check_at = NOW
    busy = late[49]
    busy.poll_due_at = NOW
    session.flush()

    rung = due_work.shops_with_work(session, now=NOW)

    assert busy.id in rung
    assert 20 <= len(set(rung) & {shop.id for shop in late}) <= 21


def test_what_is_of_an_earlier_install_is_told_by_the_platforms_clock(session: Session) -> None:
    """Ours is an hour ahead of it: a farewell of a minute after the install is no old one."""
    told = {"platform": "shopify", "domain": "b.myshopify.com"}
    shop = shops.install_shop(session, **told, now=NOW, skew_s=-3600)

    assert shop.changed_since == shop.installed_at == NOW - timedelta(hours=1)
    assert shop.hourly_check_at == NOW
    assert not shops.is_of_earlier_install(shop, NOW - timedelta(minutes=59))
    assert shops.is_of_earlier_install(shop, NOW - timedelta(minutes=61))


def test_a_skew_that_no_answer_told_stays_as_it_was(session: Session) -> None:
    told = {"platform": "shopify", "domain": "b.myshopify.com"}
    shops.install_shop(session, **told, now=NOW, skew_s=40)

    again = shops.install_shop(session, **told, now=NOW)

    assert (again.skew_s, again.installed_at) == (40, NOW + timedelta(seconds=40))
