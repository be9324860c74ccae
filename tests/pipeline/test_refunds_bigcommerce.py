"""The same on BigCommerce, which knows no keys of requests: what was made is found by its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis
from werkzeug.test import TestResponse

from app.db import items, variants
from app.db.items import ItemTerms
from app.db.models import RefundRow, Shop
from app.errors import NeedsMerchant
from app.pipeline.refunds import Refunds
from app.platforms.base.refunds import Made, Refunder, RefundLine, RefundQuote, RefundRequest
from app.settings import Settings
from tests.beginnings import begin
from tests.web.visitors import form_token
from tests.world import StoreWorld, make_store_world


@dataclass
class Store:
    """A store with an order of which two robes can't be served."""

    world: StoreWorld
    order_id: int

    def post(self, path: str = "", **fields: str) -> TestResponse:
        """Send a form of the page that cancels units."""
        order = f"/shops/{self.world.shop_id}/orders/{self.order_id}"
        token = form_token(self.world.web.get(order))
        return self.world.web.post(f"{order}/cancel-units{path}", data={"csrf_token": token, **fields})

    def prepared(self) -> str:
        """Prepare it; returns the key of what is shown."""
        answer = self.post("/prepare")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        with self.world.runtime.sessions.begin() as session:
            return session.scalars(sa.select(RefundRow.key).order_by(RefundRow.id)).all()[-1]

    def page(self) -> str:
        """The text of the page."""
        address = f"/shops/{self.world.shop_id}/orders/{self.order_id}/cancel-units"
        return self.world.web.get(address).get_data(as_text=True)

    @property
    def refunds(self) -> list[str]:
        """What was refunded through the API."""
        return [one.detail for one in self.world.shop.journal if one.kind == "refund created"]


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    machine = (clean_pg, redis, settings)
    world, order_id = begin(machine, "store with too many robes sold", lambda: oversell(*machine))
    return Store(world, order_id)


def oversell(engine: sa.Engine, redis: Redis, settings: Settings) -> tuple[StoreWorld, int]:
    """Three robes are sold of the last one."""
    world = make_store_world(engine, redis, settings, quota_requests=100_000)
    main = world.shop.add_location("Main")
    robe = world.shop.add_product("Robe", sku="ROBE", stock={main: 1})
    world.connect()
    order_id = world.shop.place_order([(robe.variant_id, 3)])
    world.quiet()
    with world.runtime.sessions.begin() as session:
        item = variants.find_items(session, world.shop_id, "ROBE")[0]
        terms = ItemTerms("discontinued", None, None)
        items.change_terms(session, item, terms, by="ann", now=world.clock())
    world.quiet()
    return world, order_id


def test_exactly_the_units_that_are_short_are_refunded(store: Store) -> None:
    key = store.prepared()
    shown = store.page()

    answer = store.post(key=key)
    store.world.quiet()

    line = store.world.shop.orders[store.order_id].lines[0]
    assert "20.00 EUR" in shown
    assert answer.status_code == 303
    assert (line.refunded, line.outstanding) == (2, 1)
    assert len(store.refunds) == 1
    assert store.world.shop.answer_problems == []


BY_HAND = "BigCommerce only records this refund. Pay the buyer yourself."
SOME_BY_HAND = "BigCommerce only records 15.00 EUR of this refund. Pay that to the buyer yourself."


@pytest.mark.parametrize(
    ("provider", "credit", "parts", "told"),
    [
        ("testgateway", 0, [("testgateway", 20, False)], ""),
        ("testgateway", 5, [("testgateway", 15, False), ("storecredit", 5, False)], ""),
        ("testgateway", 20, [("storecredit", 20, False)], ""),
        ("bankdeposit", 0, [("bankdeposit", 20, True)], BY_HAND),
        ("bankdeposit", 5, [("bankdeposit", 15, True), ("storecredit", 5, False)], SOME_BY_HAND),
        ("custom", 0, [("custom", 20, True)], BY_HAND),
        ("custom", 5, [("custom", 15, True), ("storecredit", 5, False)], SOME_BY_HAND),
    ],
)
def test_the_money_goes_back_as_it_was_paid_and_what_is_only_recorded_is_told(
    store: Store, provider: str, credit: float, parts: list[tuple[str, float, bool]], told: str
) -> None:
    order = store.world.shop.orders[store.order_id]
    order.provider, order.store_credit = provider, credit
    key = store.prepared()
    before = store.page()

    store.post(key=key)

    sent = order.refunds[0]["payments"]
    assert [(one["provider_id"], one["amount"], one["offline"]) for one in sent] == parts
    assert all((told or "only records") in text for text in (before, store.page())) == bool(told)


def refunded(store: Store, *, ago: timedelta, reason: str = "", credit: float = 0) -> None:
    """Two units were refunded, for some credit."""
    order = store.world.shop.orders[store.order_id]
    item = {"item_type": "PRODUCT", "item_id": order.lines[0].line_id, "quantity": 2, "reason": reason}
    payments = [{"provider_id": "storecredit", "amount": credit, "is_declined": False}] if credit else []
    made_at = (store.world.clock() - ago).isoformat()
    order.refunds.append({"created": made_at, "items": [item], "payments": payments})


def test_no_more_goes_back_as_store_credit_than_was_paid_with_it(store: Store) -> None:
    order = store.world.shop.orders[store.order_id]
    order.store_credit = 20
    refunded(store, ago=timedelta(days=7), credit=15)

    store.post(key=store.prepared())

    sent = {one["provider_id"]: one["amount"] for one in order.refunds[-1]["payments"]}
    assert sent == {"testgateway": 15, "storecredit": 5}


def test_what_can_be_given_back_in_no_way_is_not_canceled(store: Store) -> None:
    store.world.shop.orders[store.order_id].provider = ""

    answer = store.post("/prepare")

    assert answer.status_code == 409
    assert "offers no way to give the money back" in answer.get_data(as_text=True)


def test_a_second_click_refunds_nothing_more(store: Store) -> None:
    key = store.prepared()

    answers = [store.post(key=key).status_code for _ in range(3)]

    assert answers == [303, 303, 303]
    assert len(store.refunds) == 1


def lose_the_answer(store: Store) -> None:
    """The refund is made, and its answer gets lost on the way."""

    def lose() -> None:
        if store.refunds:
            store.world.after_request = lambda: None
            raise ConnectionResetError

    store.world.after_request = lose


def asked(store: Store) -> None:
    """It was confirmed, and nobody knows whether that has reached the store."""
    with store.world.runtime.sessions.begin() as session:
        row = session.scalars(sa.select(RefundRow)).one()
        row.state, row.asked_at = "asked", store.world.clock()
    store.world.clock.sleep(120)


@pytest.mark.parametrize("is_listed", [True, False], ids=["reasons", "no reasons"])
def test_a_refund_whose_answer_was_lost_is_found(store: Store, is_listed: bool) -> None:
    """By its reason; if the store does not tell it, by its units, which the order lacks."""
    key = store.prepared()
    lose_the_answer(store)
    lost = store.post(key=key)
    order = store.world.shop.orders[store.order_id]
    if not is_listed:
        order.refunds[0]["items"][0]["reason"] = ""
    store.world.clock.sleep(120)

    later = store.post(key=key)

    assert [lost.status_code, later.status_code] == [409, 303]
    assert "Whether this was done is not known yet." in lost.get_data(as_text=True)
    assert len(store.refunds) == 1


ANOTHER = "Canceled by ann in Backline (3c9bb2a8-5b0e-4f0c-8d7a-7c9f0e5ad001)"


@pytest.mark.parametrize(
    ("ago", "reason"), [(timedelta(days=7), ""), (timedelta(), ANOTHER)], ids=["older", "another"]
)
def test_a_refund_of_as_many_units_that_is_not_this_one_does_not_count(
    store: Store, ago: timedelta, reason: str
) -> None:
    """Staff have edited the units out of the order meanwhile; no money has moved for them."""
    key = store.prepared()
    asked(store)
    refunded(store, ago=ago, reason=reason)
    line = store.world.shop.orders[store.order_id].lines[0]
    store.world.shop.edit_order(store.order_id, {line.line_id: 1})

    unclear = store.post(key=key)

    assert unclear.status_code == 409
    assert "no refund by Backline" in unclear.get_data(as_text=True)


class OnceDone:
    """A refund that was made; the answer to it was lost, and no list of refunds can be read now."""

    def __init__(self, real: Refunder) -> None:
        self.real = real
        self.made_there = [Made.NO]

    def quote(self, order_id: int, lines: Sequence[RefundLine]) -> RefundQuote:
        return self.real.quote(order_id, lines)

    def refund(self, request: RefundRequest) -> str:
        return "These units were refunded."

    def made(self, request: RefundRequest) -> Made:
        if self.made_there:
            return self.made_there.pop()
        raise NeedsMerchant("the token was revoked")


def test_what_is_refused_the_second_time_and_can_not_be_looked_up_is_not_said_to_be_undone(
    store: Store,
) -> None:
    key = store.prepared()
    asked(store)
    runtime = store.world.runtime

    def connect(shop: Shop) -> Any:
        platform = runtime.connect(shop)
        assert platform.refunder is not None
        return SimpleNamespace(refunder=OnceDone(platform.refunder), fetch_stock=platform.fetch_stock)

    acts = Refunds(runtime.sessions, connect, runtime.clock)
    problem = acts.confirm(store.world.shop_id, store.order_id, key, by="ann", notifies=False)

    assert problem == "These units were refunded."
    with runtime.sessions.begin() as session:
        assert session.scalars(sa.select(RefundRow.state)).all() == ["asked"]


def test_what_never_reached_the_store_is_asked_once_more(store: Store) -> None:
    key = store.prepared()
    asked(store)

    assert store.post(key=key).status_code == 303
    assert len(store.refunds) == 1


def test_what_the_store_does_not_tell_is_not_done_again(store: Store) -> None:
    """The units are gone, and no refund of just these is listed."""
    key = store.prepared()
    lose_the_answer(store)
    store.post(key=key)
    store.world.shop.orders[store.order_id].refunds.clear()
    store.world.clock.sleep(120)

    unclear = store.post(key=key)
    closed = store.post("/close", key=key)

    assert [unclear.status_code, closed.status_code] == [409, 303]
    assert "no refund by Backline" in unclear.get_data(as_text=True)
    assert len(store.refunds) == 1


def test_what_has_changed_since_it_was_shown_is_not_done(store: Store) -> None:
    key = store.prepared()
    line = store.world.shop.orders[store.order_id].lines[0]
    store.world.shop.edit_order(store.order_id, {line.line_id: 2})

    assert store.post(key=key).status_code == 409
    assert store.refunds == []
