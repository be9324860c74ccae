"""Shopify's webhooks: who is believed, and what is read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.core.note import digest_of
from app.errors import RejectedWebhook
from app.platforms.base import (
    Fact,
    ItemChanged,
    LineItem,
    LocationGone,
    OrderGone,
    OrderSeen,
    OrderTouched,
    PrivacyKind,
    PrivacyRequest,
    RoutingChanged,
    ScopesChanged,
    ShopGone,
    StockMoved,
    VariantSeen,
)
from app.platforms.shopify.topics import TOPICS
from app.platforms.shopify.webhooks import ShopifyWebhooks
from tests.platforms.contract import Deliver, WebhookContract
from tests.platforms.shopify.signing import DOMAIN, SECRET, signature, signed

PAYLOADS = Path(__file__).parent / "payloads"
SHARED = Path(__file__).parents[4] / "shared" / "payloads" / "shopify"
SHARED_BODIES = sorted(SHARED.glob("docs-*/*.json"))
ORDER = 820982911946154508
ITEM = 271878346596884015


def payload(topic: str) -> bytes:
    return (PAYLOADS / f"{topic.replace('/', '__')}.json").read_bytes()


def changed(topic: str, **values: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(payload(topic)) | values)


def facts_of(topic: str, body: bytes | None = None) -> tuple[Fact, ...]:
    body = payload(topic) if body is None else body
    delivery = ShopifyWebhooks(SECRET, None).read_delivery(signed(topic, body), body)
    assert delivery.problem is None
    return delivery.facts


def problem_of(topic: str, body: bytes) -> str:
    return ShopifyWebhooks(SECRET, None).read_delivery(signed(topic, body), body).problem or ""


class TestShopifyKeepsTheContract(WebhookContract):
    @pytest.fixture
    def reader(self) -> ShopifyWebhooks:
        return ShopifyWebhooks(SECRET, None)

    @pytest.fixture
    def deliver(self) -> Deliver:
        return lambda topic, body: (signed(topic, body), body)

    @pytest.fixture
    def topics(self) -> list[str]:
        return list(TOPICS)

    @pytest.fixture
    def order_topic(self) -> str:
        return "orders/updated"

    @pytest.fixture
    def order_body(self) -> bytes:
        return payload("orders/updated")

    @pytest.fixture
    def personal(self) -> list[str]:
        return ["Ada", "Byron", "ada@example.com", "12 St James Square", "+44 20", "engraving"]


class TestWhoIsBelieved:
    def refused(self, reader: ShopifyWebhooks, headers: dict[str, str], body: bytes) -> RejectedWebhook:
        with pytest.raises(RejectedWebhook) as rejected:
            reader.read_delivery(headers, body)
        return rejected.value

    def test_the_previous_secret_is_believed_while_secrets_rotate(self) -> None:
        reader, body = ShopifyWebhooks("new", "old"), payload("orders/delete")

        for secret in ("new", "old"):
            assert reader.read_delivery(signed("orders/delete", body, secret=secret), body).facts

    def test_any_other_secret_is_not_believed(self) -> None:
        body = payload("orders/delete")

        refusal = self.refused(ShopifyWebhooks("new", "old"), signed("orders/delete", body), body)

        assert (refusal.status, refusal.reason) == (401, "signature")

    def test_without_a_secret_nothing_is_believed(self) -> None:
        body = payload("orders/delete")
        headers = signed("orders/delete", body) | {"X-Shopify-Hmac-Sha256": signature(body, secret="")}

        assert self.refused(ShopifyWebhooks("", None), headers, body).status == 401

    @pytest.mark.parametrize("given", ["", "não", "\udcff", "=" * 10_000])
    def test_a_malformed_signature_is_refused(self, given: str) -> None:
        body = payload("orders/delete")
        headers = signed("orders/delete", body) | {"X-Shopify-Hmac-Sha256": given}

        assert self.refused(ShopifyWebhooks(SECRET, None), headers, body).status == 401

    def test_headers_are_read_in_any_case(self) -> None:
        body = payload("orders/delete")
        headers = {name.upper(): value for name, value in signed("orders/delete", body).items()}

        assert ShopifyWebhooks(SECRET, None).read_delivery(headers, body).facts

    def test_headers_without_the_x_are_read_too(self) -> None:
        body = payload("orders/delete")
        headers = {name.lower()[2:]: value for name, value in signed("orders/delete", body).items()}

        delivery = ShopifyWebhooks(SECRET, None).read_delivery(headers, body)

        assert delivery.shop_domain == DOMAIN
        assert delivery.facts == (OrderGone(ORDER),)

    @pytest.mark.parametrize(
        "domain",
        [
            "",
            "evil.com",
            "evil.com/.myshopify.com",
            "-a.myshopify.com",
            "a.myshopify.com\n",
            "a.myshopify.com.evil",
        ],
    )
    def test_a_header_that_names_no_shopify_shop_is_refused(self, domain: str) -> None:
        body = payload("orders/delete")
        headers = signed("orders/delete", body, domain=domain)

        assert self.refused(ShopifyWebhooks(SECRET, None), headers, body).reason == "shop"

    def test_the_domain_is_lowered(self) -> None:
        body = payload("orders/delete")
        headers = signed("orders/delete", body, domain="Towels.MyShopify.com")

        assert ShopifyWebhooks(SECRET, None).read_delivery(headers, body).shop_domain == DOMAIN

    @pytest.mark.parametrize("topic", ["app/uninstalled", "shop/redact", "customers/redact"])
    def test_a_body_of_another_shop_is_refused(self, topic: str) -> None:
        body = payload(topic)
        headers = signed(topic, body, domain="other.myshopify.com")

        assert self.refused(ShopifyWebhooks(SECRET, None), headers, body).reason == "shop"

    @pytest.mark.parametrize("missing", ["X-Shopify-Topic", "X-Shopify-Webhook-Id"])
    def test_a_delivery_without_topic_or_id_is_refused(self, missing: str) -> None:
        body = payload("orders/delete")
        headers = signed("orders/delete", body)
        del headers[missing]

        assert self.refused(ShopifyWebhooks(SECRET, None), headers, body).status == 400

    def test_an_unreadable_moment_is_left_out(self) -> None:
        body = payload("orders/delete")
        headers = signed("orders/delete", body) | {"X-Shopify-Triggered-At": "yesterday"}

        assert ShopifyWebhooks(SECRET, None).read_delivery(headers, body).triggered_at is None

    def test_the_moment_is_read_to_the_microsecond(self) -> None:
        body = payload("orders/delete")

        delivery = ShopifyWebhooks(SECRET, None).read_delivery(signed("orders/delete", body), body)

        assert delivery.triggered_at == datetime(2026, 11, 22, 10, 0, 0, 123457, tzinfo=UTC)


PRICE = 100_000
"""10.00 in ten-thousandths."""


class TestOrders:
    def order(self, **values: Any) -> OrderSeen:
        (order,) = facts_of("orders/updated", changed("orders/updated", **values))
        assert isinstance(order, OrderSeen)
        return order

    def test_an_order_is_read_with_its_items(self) -> None:
        assert self.order() == OrderSeen(
            order_id=ORDER,
            name="#1001",
            placed_at=datetime(2026, 11, 20, 13, 59, 58, tzinfo=UTC),
            updated_at=datetime(2026, 11, 20, 15, 0, 0, tzinfo=UTC),
            is_cancelled=False,
            items=(
                LineItem(866550311766439020, 808950810, 2, 1, "Blue Mug - Large", "MUG-BLUE", 0, PRICE),
                LineItem(866550311766439021, 808950810, 1, 1, "Blue Mug - Large", "MUG-BLUE", 0, PRICE),
                LineItem(866550311766439023, 808950811, 4, 4, "Tea Towel", "", 0, PRICE),
            ),
            tags=("gift", "vip"),
            blocks="",
        )

    def test_of_the_note_only_a_digest_of_our_blocks_is_kept(self) -> None:
        block = "[backorder]\nReleased Nov 25, 2026: the stock has arrived\n[/backorder]"
        note = f"for Ann, 5 High Street\n\n{block}"
        told = facts_of("orders/updated", changed("orders/updated", note=note))

        assert isinstance(told[0], OrderSeen)
        assert told[0].blocks == digest_of(block)
        assert b"Ann" not in msgspec.json.encode(told)
        assert b"arrived" not in msgspec.json.encode(told)

    def test_tags_are_parted_by_commas(self) -> None:
        assert self.order(tags="vip, Gift wrap,b2b").tags == ("vip", "Gift wrap", "b2b")
        assert self.order(tags="").tags == ()

    @pytest.mark.parametrize(
        "topic", ["orders/create", "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled"]
    )
    def test_every_order_topic_reads_the_order(self, topic: str) -> None:
        assert facts_of(topic, payload("orders/updated")) == facts_of("orders/updated")

    def test_an_order_without_processing_time_was_placed_when_created(self) -> None:
        assert self.order(processed_at=None).placed_at == datetime(2026, 11, 20, 14, tzinfo=UTC)

    def test_a_cancelled_order_is_cancelled(self) -> None:
        assert self.order(cancelled_at="2026-11-20T10:00:00-05:00").is_cancelled

    def test_without_a_current_quantity_the_ordered_one_counts(self) -> None:
        line = {"id": 1, "variant_id": 2, "title": "Mug", "quantity": 3, "fulfillable_quantity": 3}

        assert self.order(line_items=[line]).items == (LineItem(1, 2, 3, 3, "Mug"),)

    def test_without_a_fulfillable_quantity_everything_is_outstanding(self) -> None:
        line = {"id": 1, "variant_id": 2, "title": "Mug", "quantity": 3, "current_quantity": 2}

        assert self.order(line_items=[line]).items == (LineItem(1, 2, 2, 2, "Mug"),)

    def test_an_order_that_does_not_tell_its_items_has_none_to_tell(self) -> None:
        assert self.order(line_items=None).items is None

    def test_a_nul_in_a_title_is_dropped(self) -> None:
        line = {"id": 1, "variant_id": 2, "title": "M\0ug", "quantity": 1}

        assert self.order(line_items=[line]).items == (LineItem(1, 2, 1, 1, "Mug"),)

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"id": "820982911946154508"}, "id"),
            ({"updated_at": None}, "updated_at"),
            ({"updated_at": "2026-11-20T10:00:00"}, "updated_at"),
            ({"processed_at": "soon"}, "processed_at"),
            ({"line_items": [{"id": 1, "title": "Mug", "quantity": "3"}]}, "line_items[0].quantity"),
            ({"line_items": [{"id": 1, "title": "Mug", "quantity": 2**40}]}, "line_items[0].quantity"),
            ({"line_items": {}}, "line_items"),
        ],
    )
    def test_a_wrong_value_is_a_problem_that_names_its_field(
        self, values: dict[str, Any], field: str
    ) -> None:
        assert field in problem_of("orders/updated", changed("orders/updated", **values))

    def test_a_purchase_outside_the_calendar_is_as_old_as_can_be(self) -> None:
        body = changed("orders/updated", processed_at="0001-01-01T00:00:00+14:00")

        (order,) = facts_of("orders/updated", body)

        assert isinstance(order, OrderSeen)
        assert order.placed_at == datetime(2000, 1, 1, tzinfo=UTC)

    def test_a_change_outside_the_calendar_is_a_problem(self) -> None:
        """It would make every later word about the order an old one."""
        body = changed("orders/updated", updated_at="9999-12-31T23:59:59-12:00")

        assert "updated_at" in problem_of("orders/updated", body)


@pytest.mark.parametrize(
    ("topic", "fact"),
    [
        ("orders/edited", OrderTouched(ORDER)),
        ("orders/delete", OrderGone(ORDER)),
        ("refunds/create", OrderTouched(ORDER)),
        ("fulfillments/create", OrderTouched(ORDER)),
        ("inventory_levels/update", StockMoved(ITEM, available_hint=-3, location_id=24826418)),
        ("inventory_levels/disconnect", StockMoved(ITEM, available_hint=None, location_id=24826418)),
        ("inventory_items/update", ItemChanged(ITEM)),
        ("inventory_items/delete", ItemChanged(ITEM)),
        ("fulfillment_orders/moved", RoutingChanged((1, 2), moved_to=71)),
        ("fulfillment_orders/merged", RoutingChanged((1, 2, 3))),
        ("fulfillment_orders/placed_on_hold", RoutingChanged((1, 2), hold="")),
        ("locations/deactivate", LocationGone(866550311766439020)),
        ("app/uninstalled", ShopGone()),
        ("app/scopes_update", ScopesChanged(("read_orders", "write_orders"))),
        ("customers/data_request", PrivacyRequest(PrivacyKind.DATA_REQUEST, (299938, 280263))),
        ("customers/redact", PrivacyRequest(PrivacyKind.REDACT_CUSTOMER, (299938,))),
        ("shop/redact", PrivacyRequest(PrivacyKind.REDACT_SHOP)),
    ],
)
def test_each_topic_becomes_its_fact(topic: str, fact: Fact) -> None:
    assert facts_of(topic) == (fact,)


def test_a_product_tells_what_each_variant_sells() -> None:
    assert facts_of("products/update") == (
        VariantSeen(808950810, ITEM, "Blue Mug - Large", "MUG-BLUE", is_tracked=True),
        VariantSeen(808950812, ITEM + 1, "Blue Mug - Digital", "", is_tracked=False),
        VariantSeen(808950813, ITEM + 2, "Blue Mug", "M", is_tracked=True),
    )


def test_a_routing_topic_that_names_no_fulfillment_order_is_a_problem() -> None:
    body = b'{"fulfillment_order": {"id": "gid://shopify/Order/1"}}'

    assert "fulfillment order" in problem_of("fulfillment_orders/split", body)


def test_the_fields_asked_for_are_enough_for_the_reader() -> None:
    """What a subscription with `includeFields` sends reads to the same facts as the whole body."""
    for topic in ("orders/updated", "products/update", "refunds/create", "locations/deactivate"):
        whole = msgspec.json.decode(payload(topic))

        assert facts_of(topic, msgspec.json.encode(_only(whole, TOPICS[topic].fields))) == facts_of(
            topic
        )


def _only(body: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    kept = {field: body[field] for field in fields if "." not in field and field in body}
    for parent in {field.split(".")[0] for field in fields if "." in field}:
        inner = {field.split(".")[1] for field in fields if field.startswith(f"{parent}.")}
        kept[parent] = [{key: one[key] for key in inner if key in one} for one in body[parent]]
    return kept


@pytest.mark.skipif(not SHARED_BODIES, reason="Shopify's documented bodies are not beside this checkout")
def test_every_documented_body_is_read() -> None:
    """Shopify's own examples, with the shop's name filled in."""
    problems = {}
    for path in SHARED_BODIES:
        topic = path.stem.replace("__", "/")
        body = path.read_bytes().replace(b"{shop}.myshopify.com", DOMAIN.encode())
        delivery = ShopifyWebhooks(SECRET, None).read_delivery(signed(topic, body), body)
        if not delivery.is_ignored and not delivery.facts:
            problems[topic] = delivery.problem

    assert problems == {}
