"""What is written on a store's orders, and what never is."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import request

from app.errors import TryLater
from app.platforms.base import OrderAsk, OrderChange, Platform, WriteResult
from tests.platforms.bigcommerce.towels import Towels

WAITING = {"status": "backordered", "eta": date(2026, 12, 5)}
AWAITING_FULFILLMENT, MANUAL_VERIFICATION = 11, 12


def write(platform: Platform, *changes: OrderChange) -> list[WriteResult]:
    return [result for some in platform.write(changes) for result in some]


def ours(store: Towels, order_id: int) -> dict[str, str]:
    return {key: value for (space, key), value in store.shop.metafields(order_id).items()}


def kinds(store: Towels) -> list[str]:
    return [entry.kind for entry in store.shop.journal]


def metafield_id(store: Towels, key: str) -> int:
    return next(one.metafield_id for one in store.shop.books.metafields.values() if one.key == key)


class TestNotes:
    def test_only_the_note_is_sent(self, platform: Platform, store: Towels) -> None:
        order_id = store.shop.place_order(
            [(store.variant_id, 1)], message="Please wrap it", discount="2.5000", note="by staff"
        )

        assert write(platform, OrderChange(order_id, note="ours")) == [WriteResult(order_id)]

        order = store.shop.orders[order_id]
        assert (order.staff_notes, order.customer_message, order.discount) == (
            "ours",
            "Please wrap it",
            "2.5000",
        )
        assert kinds(store) == ["note written"]

    def test_a_note_may_be_emptied(self, platform: Platform, store: Towels) -> None:
        order_id = store.shop.place_order([(store.variant_id, 1)], note="[backorder]")

        write(platform, OrderChange(order_id, note=""))

        assert store.shop.orders[order_id].staff_notes == ""

    def test_nothing_to_write_sends_nothing(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(1)

        assert write(platform, OrderChange(order_id)) == [WriteResult(order_id)]
        assert store.shop.requests == []

    def test_a_status_is_set_only_where_asked(self, platform: Platform, store: Towels) -> None:
        first, second = store.place(1), store.place(1)

        write(platform, OrderChange(first, note="x"), OrderChange(second, status_id=MANUAL_VERIFICATION))

        assert store.shop.orders[first].status_id == AWAITING_FULFILLMENT
        assert store.shop.orders[second].status_id == MANUAL_VERIFICATION
        assert store.shop.orders[second].staff_notes == ""
        assert kinds(store) == ["note written", "status set"]

    def test_a_status_that_there_is_not_is_refused_in_words(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(1)

        (result,) = write(platform, OrderChange(order_id, status_id=99, metafields=WAITING))

        assert "99" in (result.error or "")
        assert ours(store, order_id) == {}

    def test_a_full_history_never_writes_what_is_the_buyers_or_the_shops(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(7)
        for note in ("a", "b"):
            write(platform, OrderChange(order_id, note=note, metafields=WAITING, status_id=12))
        write(platform, OrderChange(order_id, note="", remove_metafields=tuple(WAITING), status_id=11))

        assert not {"buyer's message overwritten", "discounts lost", "fees replaced"} & set(kinds(store))


class TestMetafields:
    def test_they_are_created_for_several_orders_in_one_request(
        self, platform: Platform, store: Towels
    ) -> None:
        placed = [store.place(1) for _ in range(5)]

        results = write(platform, *(OrderChange(one, metafields=WAITING) for one in placed))

        assert results == [WriteResult(one) for one in placed]
        for order_id in placed:
            assert store.shop.metafields(order_id) == {
                ("backorder", "status"): "backordered",
                ("backorder", "eta"): "2026-12-05",
            }
        assert [one.operation for one in store.shop.requests] == ["POST /v3/orders/metafields"]

    def test_the_storefront_may_read_them(self, platform: Platform, store: Towels) -> None:
        write(platform, OrderChange(store.place(1), metafields=WAITING))

        made = store.shop.books.metafields.values()
        assert {one.permission_set for one in made} == {"read_and_sf_access"}

    def test_those_that_stand_are_updated_and_the_new_ones_created(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(1)
        write(platform, OrderChange(order_id, metafields={"status": "backordered"}))

        results = write(platform, OrderChange(order_id, metafields=WAITING | {"status": "released"}))

        assert results == [WriteResult(order_id)]
        assert ours(store, order_id) == {"status": "released", "eta": "2026-12-05"}
        assert kinds(store).count("metafield created") == 2
        assert kinds(store).count("metafield updated") == 1

    def test_those_of_others_are_left_alone(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(1)
        write(platform, OrderChange(order_id, metafields={"status": "backordered"}))
        next(iter(store.shop.books.metafields.values())).namespace = "another app"

        write(platform, OrderChange(order_id, metafields={"eta": "x"}, remove_metafields=("status",)))

        assert store.shop.metafields(order_id) == {
            ("another app", "status"): "backordered",
            ("backorder", "eta"): "x",
        }

    def test_they_are_deleted(self, platform: Platform, store: Towels) -> None:
        order_id, other_id = store.place(1), store.place(1)
        for one in (order_id, other_id):
            write(platform, OrderChange(one, metafields=WAITING))

        results = write(platform, OrderChange(order_id, remove_metafields=("eta", "status", "lines")))

        assert results == [WriteResult(order_id)]
        assert ours(store, order_id) == {}
        assert set(ours(store, other_id)) == {"eta", "status"}

    def test_one_that_somebody_deletes_meanwhile_is_gone_as_well(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(1)
        write(platform, OrderChange(order_id, metafields=WAITING))
        self.at_request(store, "DELETE", lambda: self.drop(store, "eta"))

        results = write(platform, OrderChange(order_id, remove_metafields=("eta", "status")))

        assert results == [WriteResult(order_id)]
        assert ours(store, order_id) == {}

    def test_one_that_is_deleted_between_reading_and_updating_is_refused_alone(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id, other_id = store.place(1), store.place(1)
        changes = [OrderChange(one, metafields=WAITING) for one in (order_id, other_id)]
        write(platform, *changes)
        self.at_request(store, "PUT", lambda: self.drop(store, "eta"))

        first, second = write(platform, *changes)

        assert first == WriteResult(order_id, "the metafield eta could not be updated")
        assert second == WriteResult(other_id)
        assert write(platform, *changes) == [WriteResult(order_id), WriteResult(other_id)]
        assert ours(store, order_id) == {"eta": "2026-12-05", "status": "backordered"}

    def test_an_order_that_is_gone_is_refused_alone(self, platform: Platform, store: Towels) -> None:
        gone, there = store.place(1), store.place(1)
        store.shop.delete_order(gone)

        results = write(platform, *(OrderChange(one, metafields=WAITING) for one in (gone, there)))

        assert results == [
            WriteResult(gone, "the order does not exist any more"),
            WriteResult(there),
        ]
        assert set(ours(store, there)) == {"eta", "status"}

    def test_an_order_whose_note_is_refused_gets_no_metafields(
        self, platform: Platform, store: Towels
    ) -> None:
        gone = store.place(1)
        store.shop.delete_order(gone)

        (result,) = write(platform, OrderChange(gone, note="x", metafields=WAITING))

        assert "404" in (result.error or "")
        assert [one.operation for one in store.shop.requests] == [f"PUT /v2/orders/{gone}"]

    def test_a_write_whose_answer_is_lost_succeeds_when_it_is_repeated(
        self, platform: Platform, store: Towels
    ) -> None:
        change = OrderChange(store.place(1), metafields=WAITING)
        store.lose_answer_once()
        with pytest.raises(TryLater):
            write(platform, change)

        assert write(platform, change) == [WriteResult(change.order_id)]
        assert set(ours(store, change.order_id)) == {"eta", "status"}

    def drop(self, store: Towels, key: str) -> None:
        """Another app deletes the first metafield of that key."""
        store.shop.books.metafields.pop(metafield_id(store, key), None)

    def at_request(self, store: Towels, method: str, act: Callable[[], None]) -> None:
        """Do something once, just before the next request of a method on metafields is looked at."""

        def slip_in() -> None:
            if request.method == method and request.path.endswith("/metafields"):
                store.shop.before_request = None
                act()

        store.shop.before_request = slip_in


def test_results_come_in_the_order_asked_a_few_orders_at_a_time(
    platform: Platform, store: Towels
) -> None:
    placed = [store.place(1) for _ in range(11)][::-1]

    batches = list(platform.write([OrderChange(one, note="x") for one in placed]))

    assert [result.order_id for some in batches for result in some] == placed
    assert [len(some) for some in batches] == [8, 3]


def test_a_failure_in_the_middle_keeps_what_was_written_before(
    platform: Platform, store: Towels
) -> None:
    placed = [store.place(1) for _ in range(9)]
    results = platform.write([OrderChange(one, note="x") for one in placed])

    assert len(next(results)) == 8
    store.fail_once()
    with pytest.raises(TryLater):
        next(results)

    look = platform.look([OrderAsk(one) for one in placed], [])
    assert [one.note for one in look.orders] == ["x"] * 8 + [""]
