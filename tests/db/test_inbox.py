"""Every delivery is a row, once."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import inbox, statements
from app.db.models import DeliveryRow, Shop
from app.platforms.base import Delivery, OrderGone, RoutingChanged, StockMoved
from tests.builders import NOW, delivery, installed_shop, order_item, order_seen, routed, seconds


def keep(session: Session, shop: Shop, told: Delivery, *, at: float = 0) -> bool:
    """Record a delivery so many seconds after now."""
    return inbox.record_delivery(session, shop.id, told, now=seconds(at))


def count(session: Session, shop: Shop) -> int | None:
    """How many rows there are."""
    return session.scalar(sa.select(sa.func.count()).where(DeliveryRow.shop_id == shop.id))


def test_a_delivery_sent_again_is_kept_once(session: Session, shop: Shop) -> None:
    assert keep(session, shop, delivery("d-1", body="b-1"))

    assert not keep(session, shop, delivery("d-1", body="b-2"))
    assert count(session, shop) == 1


def test_an_event_sent_again_under_a_new_id_is_kept_once(session: Session, shop: Shop) -> None:
    assert keep(session, shop, delivery("d-1", event="e-1"))

    assert not keep(session, shop, delivery("d-2", event="e-1"))
    assert count(session, shop) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(delivery("d-1", event="e-1"), delivery("d-2", event="e-2"), id="another event"),
        pytest.param(
            delivery("d-1", event="e-1"), delivery("d-2", event="e-1", body="b-2"), id="another body"
        ),
        pytest.param(delivery("d-1"), delivery("d-2"), id="no event to tell by"),
    ],
)
def test_what_may_be_something_else_is_kept(
    session: Session, shop: Shop, first: Delivery, second: Delivery
) -> None:
    assert keep(session, shop, first)
    assert keep(session, shop, second)


def test_two_shops_may_be_sent_the_same_id(session: Session, shop: Shop) -> None:
    other = installed_shop(session, "b.myshopify.com")

    assert keep(session, shop, delivery("d-1", event="e-1"))
    assert keep(session, other, delivery("d-1", event="e-1"))


def test_facts_survive_the_database(session: Session, shop: Shop) -> None:
    facts = (
        order_seen(order_item(2), routing=routed(2)),
        order_seen(order=2, knows_items=False),
        OrderGone(3),
        RoutingChanged((4, 5)),
        StockMoved(6, -7),
    )

    keep(session, shop, delivery("d-1", *facts))

    session.expire_all()
    (row,) = inbox.due_deliveries(session, shop.id, limit=9)
    assert tuple(row.read_facts()) == facts


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (delivery(), "due"),
        (delivery(is_ignored=True), "ignored"),
        (Delivery("a", "t", "d", None, "b", None), "ignored"),
        (delivery(problem="no JSON"), "failed"),
    ],
)
def test_only_what_can_be_used_is_due(session: Session, shop: Shop, told: Delivery, state: str) -> None:
    assert keep(session, shop, told) is (state == "due")

    row = session.scalars(sa.select(DeliveryRow).where(DeliveryRow.shop_id == shop.id)).one()
    assert (row.state, row.problem) == (state, told.problem)
    assert len(inbox.due_deliveries(session, shop.id, limit=9)) == (state == "due")
    assert len(inbox.failed_deliveries(session, shop.id)) == (state == "failed")


def test_deliveries_are_taken_in_the_order_they_came(session: Session, shop: Shop) -> None:
    for number in ("d-3", "d-1", "d-2"):
        keep(session, shop, delivery(number, OrderGone(int(number[-1]))))

    taken = [row.read_facts() for row in inbox.due_deliveries(session, shop.id, limit=2)]

    assert taken == [[OrderGone(3)], [OrderGone(1)]]


def test_what_is_absorbed_or_set_aside_is_due_no_more(session: Session, shop: Shop) -> None:
    for number in ("d-1", "d-2", "d-3"):
        keep(session, shop, delivery(number))
    first, second, third = inbox.due_deliveries(session, shop.id, limit=9)

    inbox.mark_absorbed(session, [first])
    inbox.quarantine(session, second, "it is broken")

    assert inbox.due_deliveries(session, shop.id, limit=9) == [third]
    (failed,) = inbox.failed_deliveries(session, shop.id)
    assert (failed.id, failed.problem) == (second.id, "it is broken")


def test_old_deliveries_that_are_done_with_go_and_failed_and_due_ones_stay(
    session: Session, shop: Shop
) -> None:
    for number in ("done", "due", "young"):
        keep(session, shop, delivery(number), at=0 if number != "young" else 10)
    keep(session, shop, delivery("failed", problem="no JSON"))
    keep(session, shop, delivery("ignored", is_ignored=True))
    done = (
        sa.update(DeliveryRow).where(DeliveryRow.delivery_id.in_(["done", "young"])).values(state="done")
    )
    session.execute(done)

    assert statements.delete_some(session, inbox.old_deliveries(shop.id, before=seconds(10))) == 2

    left = session.scalars(sa.select(DeliveryRow.delivery_id).where(DeliveryRow.shop_id == shop.id))
    assert set(left) == {"due", "young", "failed"}


def test_failed_deliveries_go_later_and_only_so_many_at_once(
    session: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "AT_ONCE", 2)
    for number in range(3):
        keep(session, shop, delivery(f"old-{number}", problem="no JSON"))
    keep(session, shop, delivery("young", problem="no JSON"), at=10)
    keep(session, shop, delivery("due"))

    old = inbox.old_failed_deliveries(shop.id, before=seconds(10))
    gone = [statements.delete_some(session, old) for _ in range(3)]

    left = session.scalars(sa.select(DeliveryRow.delivery_id).where(DeliveryRow.shop_id == shop.id))
    assert (gone, set(left)) == ([2, 1, 0], {"young", "due"})


def test_the_inbox_is_counted(session: Session, shop: Shop) -> None:
    assert inbox.count_deliveries(session, shop.id) == inbox.DeliveryCounts(0, 0, None)

    keep(session, shop, delivery("d-1"))
    keep(session, shop, delivery("d-2", problem="no JSON"), at=5)

    counts = inbox.count_deliveries(session, shop.id)
    assert counts == inbox.DeliveryCounts(1, 1, seconds(5))
    assert counts.last_at is not None
    assert counts.last_at.tzinfo is not None
    assert counts.last_at > NOW


def test_a_delivery_can_be_replayed_by_its_number(session: Session, shop: Shop) -> None:
    keep(session, shop, delivery())
    (row,) = inbox.due_deliveries(session, shop.id, limit=1)
    inbox.quarantine(session, row, "a defect of ours")

    found = inbox.find_delivery(session, row.id)
    assert found is not None
    inbox.replay(found)

    session.flush()
    assert inbox.due_deliveries(session, shop.id, limit=9) == [row]
    assert found.problem is None
    assert inbox.find_delivery(session, -1) is None


def test_a_delivery_that_nobody_could_read_is_not_due_by_a_replay(session: Session, shop: Shop) -> None:
    keep(session, shop, Delivery("a", "t", "d", None, "b", None, problem="no JSON"))
    (row,) = inbox.failed_deliveries(session, shop.id)

    inbox.replay(row)

    session.flush()
    assert inbox.due_deliveries(session, shop.id, limit=9) == []
    assert row.problem == "no JSON"
