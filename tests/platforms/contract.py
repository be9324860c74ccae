"""Rules that every platform keeps. A platform's test class inherits these and supplies the fixtures."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import pytest

from app.errors import NeedsMerchant, RejectedWebhook, TryLater
from app.platforms.base import (
    Fact,
    ItemStock,
    OrderAsk,
    OrderChange,
    OrderGone,
    OrderSeen,
    Platform,
    WebhookReader,
    WriteResult,
)

Headers = Mapping[str, str]
Deliver = Callable[[str, bytes], tuple[dict[str, str], bytes]]

HOSTILE_BODIES = {
    "empty": b"",
    "not JSON": b"<html>maintenance</html>",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "truncated": b'{"id": 1, "line_items": [{"id": 2, "ti',
    "null": b"null",
    "a list": b"[]",
    "a number": b"1e999",
    "an empty object": b"{}",
    "deeply nested": b'{"a":' + b"[" * 200_000,
    "deeply nested and closed": b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a huge number": b'{"id": ' + b"9" * 20_000 + b"}",
    "an id beyond 64 bits": b'{"id": 9223372036854775808}',
    "a negative id": b'{"id": -1}',
    "a fraction": b'{"id": 1.5}',
    "an id in words": b'{"id": "one"}',
    "a lone surrogate": b'{"id": "\\ud800"}',
}


class WebhookContract:
    """Fixtures a platform supplies: `reader`; `deliver`, headers and body of a genuine delivery of a
    topic that says something; `topics`, those it reads; `order_topic` and `order_body`, what a genuine
    one says of a buyer's order; and `personal`, words of that buyer."""

    def test_a_genuine_delivery_is_read(
        self, reader: WebhookReader, deliver: Deliver, order_topic: str, order_body: bytes
    ) -> None:
        delivery = reader.read_delivery(*deliver(order_topic, order_body))

        assert delivery.facts
        assert delivery.problem is None
        assert not delivery.is_ignored

    def test_a_changed_body_is_rejected(
        self, reader: WebhookReader, deliver: Deliver, order_topic: str, order_body: bytes
    ) -> None:
        headers, body = deliver(order_topic, order_body)

        with pytest.raises(RejectedWebhook) as rejected:
            reader.read_delivery(headers, body + b" ")

        assert rejected.value.status == 401

    def test_an_unsigned_request_is_rejected(
        self, reader: WebhookReader, deliver: Deliver, order_topic: str, order_body: bytes
    ) -> None:
        _, body = deliver(order_topic, order_body)

        with pytest.raises(RejectedWebhook) as rejected:
            reader.read_delivery({}, body)

        assert rejected.value.status == 401

    def test_an_unknown_topic_is_ignored(
        self, reader: WebhookReader, deliver: Deliver, order_body: bytes
    ) -> None:
        delivery = reader.read_delivery(*deliver("carts/forgotten", order_body))

        assert delivery.is_ignored
        assert delivery.facts == ()
        assert delivery.problem is None

    @pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES.keys())
    def test_a_hostile_body_becomes_a_problem_and_never_an_error(
        self, reader: WebhookReader, deliver: Deliver, order_topic: str, body: bytes
    ) -> None:
        delivery = reader.read_delivery(*deliver(order_topic, body))

        assert delivery.facts == ()
        assert delivery.problem

    @pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES.keys())
    def test_no_topic_raises_on_a_hostile_body(
        self, reader: WebhookReader, deliver: Deliver, topics: list[str], body: bytes
    ) -> None:
        for topic in topics:
            delivery = reader.read_delivery(*deliver(topic, body))

            assert delivery.facts or delivery.problem, topic

    def test_a_duplicate_is_known_by_its_id_and_its_body(
        self, reader: WebhookReader, deliver: Deliver, order_topic: str, order_body: bytes
    ) -> None:
        headers, body = deliver(order_topic, order_body)

        first = reader.read_delivery(headers, body)
        second = reader.read_delivery(headers, body)

        assert (first.delivery_id, first.body_hash) == (second.delivery_id, second.body_hash)

    def test_nothing_of_the_buyer_survives(
        self,
        reader: WebhookReader,
        deliver: Deliver,
        order_topic: str,
        order_body: bytes,
        personal: list[str],
    ) -> None:
        assert all(word.encode() in order_body for word in personal)

        stored = msgspec.json.encode(reader.read_delivery(*deliver(order_topic, order_body)))

        assert not [word for word in personal if word.encode() in stored]

    def test_facts_come_back_from_storage_as_they_were(
        self, reader: WebhookReader, deliver: Deliver, order_topic: str, order_body: bytes
    ) -> None:
        facts = reader.read_delivery(*deliver(order_topic, order_body)).facts

        stored = msgspec.json.encode(facts)

        assert msgspec.json.decode(stored, type=tuple[Fact, ...]) == facts


class Store(Protocol):
    """A sandbox store with one item on sale, as the contract needs it."""

    variant_id: int
    item_id: int

    def place(self, quantity: int) -> int:
        """Order some units; returns the order's id once it is routed."""

    def ship(self, order_id: int) -> None:
        """Ship all of an order."""

    def cancel(self, order_id: int) -> None:
        """Cancel an order."""

    def fail_once(self) -> None:
        """Answer the next request with a server error."""

    def lose_answer_once(self) -> None:
        """Do what the next request asks, and break the connection before answering."""

    def revoke_token(self) -> None:
        """Refuse the token from now on."""


UNKNOWN = 999_999_999


class PlatformContract:
    """Fixtures a platform supplies: `store`, with 5 units on hand; `platform`, connected to it; and
    `address`, where its webhooks are to go."""

    def read(self, platform: Platform, order_id: int) -> OrderSeen:
        (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=True)
        assert isinstance(order, OrderSeen)
        return order

    def test_an_order_is_read_with_its_items(self, platform: Platform, store: Store) -> None:
        order = self.read(platform, store.place(2))

        assert order.items is not None
        assert [(one.variant_id, one.ordered, one.outstanding) for one in order.items] == [
            (store.variant_id, 2, 2)
        ]
        assert not order.is_cancelled

    def test_what_was_shipped_is_no_longer_outstanding(self, platform: Platform, store: Store) -> None:
        order_id = store.place(2)
        store.ship(order_id)

        order = self.read(platform, order_id)

        assert [one.outstanding for one in order.items or ()] == [0]
        assert order.routing is None or order.routing.lines == ()

    def test_a_cancelled_order_is_cancelled(self, platform: Platform, store: Store) -> None:
        order_id = store.place(2)
        store.cancel(order_id)

        assert self.read(platform, order_id).is_cancelled

    def test_an_order_that_does_not_exist_is_gone(self, platform: Platform, store: Store) -> None:
        order_id = store.place(1)

        answers = platform.fetch_orders([OrderAsk(UNKNOWN), OrderAsk(order_id)], with_items=False)

        assert answers[0] == OrderGone(UNKNOWN)
        assert answers[1].order_id == order_id

    def test_a_variant_tells_its_item(self, platform: Platform, store: Store) -> None:
        known, unknown = platform.fetch_variants([store.variant_id, UNKNOWN])

        assert (known.variant_id, known.item_id, known.is_tracked) == (
            store.variant_id,
            store.item_id,
            True,
        )
        assert (unknown.variant_id, unknown.item_id) == (UNKNOWN, None)

    def test_what_is_sold_beyond_stock_lies_below_zero(self, platform: Platform, store: Store) -> None:
        store.ship(store.place(1))
        store.place(7)

        (stock,) = platform.fetch_stock([store.item_id])

        assert stock.is_tracked
        assert [pool.available for pool in stock.pools] == [-3]

    def test_an_item_that_does_not_exist_is_untracked(self, platform: Platform, store: Store) -> None:
        unknown, known = platform.fetch_stock([UNKNOWN, store.item_id])

        assert unknown == ItemStock(UNKNOWN, is_tracked=False, pools=())
        assert known.item_id == store.item_id

    def test_what_changed_since_a_moment_is_found(self, platform: Platform, store: Store) -> None:
        first = store.place(1)
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)

        changed = platform.fetch_changed_orders(long_ago)
        later = platform.fetch_changed_orders(changed.seen_until)

        assert list(changed.updated_at) == [first]
        assert changed.is_complete
        assert later.seen_until == changed.seen_until

    def test_all_open_orders_are_imported_with_their_items(
        self, platform: Platform, store: Store
    ) -> None:
        placed = [store.place(1) for _ in range(60)]
        store.cancel(placed.pop())
        store.ship(placed.pop())

        found = []
        page = platform.fetch_open_orders(None)
        while page.cursor is not None:
            found += page.orders
            page = platform.fetch_open_orders(page.cursor)
        found += page.orders

        assert sorted(order.order_id for order in found) == sorted(placed)
        assert all(order.items for order in found)
        assert all(item.unit_price for order in found for item in order.items or ())

    def test_a_look_shows_what_was_written(self, platform: Platform, store: Store) -> None:
        order_id = store.place(7)

        assert list(platform.write([OrderChange(order_id, note="Expected in May")])) == [
            [WriteResult(order_id)]
        ]

        look = platform.look([OrderAsk(order_id)], [store.item_id])
        assert [(one.order.order_id, one.note) for one in look.orders] == [(order_id, "Expected in May")]
        assert [stock.item_id for stock in look.stock] == [store.item_id]

    def test_a_look_leaves_out_orders_that_do_not_exist(self, platform: Platform, store: Store) -> None:
        order_id = store.place(1)

        look = platform.look([OrderAsk(UNKNOWN), OrderAsk(order_id)], [])

        assert [one.order.order_id for one in look.orders] == [order_id]

    def test_an_order_that_can_not_be_written_leaves_the_others_alone(
        self, platform: Platform, store: Store
    ) -> None:
        order_id = store.place(1)
        changes = [OrderChange(UNKNOWN, note="x"), OrderChange(order_id, note="x")]

        results = [result for batch in platform.write(changes) for result in batch]

        assert [result.order_id for result in results] == [UNKNOWN, order_id]
        assert results[0].error
        assert results[1].error is None

    def test_writing_twice_shows_the_same(self, platform: Platform, store: Store) -> None:
        change = OrderChange(store.place(1), note="Expected in May")

        for _ in range(2):
            assert list(platform.write([change])) == [[WriteResult(change.order_id)]]

        (now,) = platform.look([OrderAsk(change.order_id)], []).orders
        assert now.note == "Expected in May"

    def test_a_write_whose_answer_is_lost_shows_in_the_next_look(
        self, platform: Platform, store: Store
    ) -> None:
        order_id = store.place(1)
        store.lose_answer_once()

        with pytest.raises(TryLater):
            list(platform.write([OrderChange(order_id, note="x")]))

        (now,) = platform.look([OrderAsk(order_id)], []).orders
        assert now.note == "x"

    def test_a_failing_platform_is_tried_later(self, platform: Platform, store: Store) -> None:
        store.fail_once()

        with pytest.raises(TryLater):
            platform.fetch_stock([store.item_id])

    def test_a_void_token_is_the_merchants(self, platform: Platform, store: Store) -> None:
        store.revoke_token()

        with pytest.raises(NeedsMerchant, match="connect"):
            platform.fetch_stock([store.item_id])

    def test_registering_webhooks_twice_keeps_them(self, platform: Platform, address: str) -> None:
        first = platform.register_webhooks(address)
        second = platform.register_webhooks(address)

        assert first
        assert [one.topic for one in second] == [one.topic for one in first]
        assert {one.outcome for one in first} == {"created"}
        assert {one.outcome for one in second} == {"kept"}

    def test_how_webhooks_stand_is_told_without_registering_any(
        self, platform: Platform, address: str
    ) -> None:
        before = [platform.check_webhooks(address) for _ in range(2)]
        registered = platform.register_webhooks(address)
        after = platform.check_webhooks(address)
        elsewhere = platform.check_webhooks(address.replace("https://", "https://elsewhere."))

        topics = [one.topic for one in registered]
        assert [[one.topic for one in told] for told in (*before, after, elsewhere)] == [topics] * 4
        assert not any(one.is_right for told in (*before, elsewhere) for one in told)
        assert all(one.is_right for one in after)

    def test_the_profile_names_the_shop_and_lacks_no_scope(self, platform: Platform) -> None:
        profile = platform.fetch_profile()

        assert profile.domain
        assert profile.time_zone
        assert profile.missing_scopes == ()
