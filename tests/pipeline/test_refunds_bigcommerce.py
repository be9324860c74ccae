"""The same on BigCommerce, which knows no keys of requests: what was made is found by its reason."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from redis import Redis
from werkzeug.test import TestResponse

from app.db import items, variants
from app.db.items import ItemTerms
from app.db.models import RefundRow
from app.settings import Settings
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

    @property
    def refunds(self) -> list[str]:
        """What was refunded through the API."""
        return [one.detail for one in self.world.shop.journal if one.kind == "refund created"]


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    world = make_store_world(clean_pg, redis, settings, quota_requests=100_000)
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
    return Store(world, order_id)


def test_exactly_the_units_that_are_short_are_refunded(store: Store) -> None:
    key = store.prepared()
    address = f"/shops/{store.world.shop_id}/orders/{store.order_id}/cancel-units"
    shown = store.world.web.get(address).get_data(as_text=True)

    answer = store.post(key=key)
    store.world.quiet()

    line = store.world.shop.orders[store.order_id].lines[0]
    assert "20.00 EUR" in shown
    assert answer.status_code == 303
    assert (line.refunded, line.outstanding) == (2, 1)
    assert len(store.refunds) == 1
    assert store.world.shop.answer_problems == []


def test_a_second_click_refunds_nothing_more(store: Store) -> None:
    key = store.prepared()

    answers = [store.post(key=key).status_code for _ in range(3)]

    assert answers == [303, 303, 303]
    assert len(store.refunds) == 1


def test_a_refund_whose_answer_was_lost_is_found_by_its_reason(store: Store) -> None:
    key = store.prepared()

    def lose() -> None:
        if store.refunds:
            store.world.after_request = lambda: None
            raise ConnectionResetError

    store.world.after_request = lose
    lost = store.post(key=key)
    store.world.clock.sleep(120)
    later = store.post(key=key)

    assert [lost.status_code, later.status_code] == [500, 303]
    assert len(store.refunds) == 1


def test_what_has_changed_since_it_was_shown_is_not_done(store: Store) -> None:
    key = store.prepared()
    line = store.world.shop.orders[store.order_id].lines[0]
    store.world.shop.edit_order(store.order_id, {line.line_id: 2})

    assert store.post(key=key).status_code == 409
    assert store.refunds == []
