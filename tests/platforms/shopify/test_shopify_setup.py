"""What is asked and set once a shop is connected: profile, scopes, subscriptions."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from app.platforms.base import ShopProfile
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.platform import ShopifyPlatform
from app.platforms.shopify.profile import (
    ASKED_SCOPES,
    INBOUND_SCOPES,
    PURCHASE_ORDERS_SCOPE,
    REQUIRED_SCOPES,
)
from app.platforms.shopify.topics import ORDER_FIELDS, TOPICS, enum_name
from tests.platforms.shopify.shapes import nodes
from tests.platforms.shopify.signing import DOMAIN
from tests.platforms.shopify.wire import Wire

ADDRESS = "https://backline.example/webhooks/shopify"
SUBSCRIBED = [name for name, topic in TOPICS.items() if topic.is_wanted(())]


@pytest.fixture
def platform(client: ShopifyClient) -> ShopifyPlatform:
    return ShopifyPlatform(client)


def profile_with(platform: ShopifyPlatform, wire: Wire, scopes: tuple[str, ...]) -> ShopProfile:
    shop = {"name": "Towels", "ianaTimezone": "Europe/Berlin", "myshopifyDomain": DOMAIN}
    shop["currencyCode"] = "EUR"
    handles = [{"handle": scope} for scope in scopes]
    wire.answers["Profile"] = lambda variables: {
        "shop": shop,
        "currentAppInstallation": {"accessScopes": handles},
    }
    wire.answers["Locales"] = lambda variables: {
        "shopLocales": [{"locale": "en", "primary": False}, {"locale": "de", "primary": True}]
    }
    return platform.fetch_profile()


def test_the_profile_says_who_the_shop_is(platform: ShopifyPlatform, wire: Wire) -> None:
    scopes = (*ASKED_SCOPES, "read_locales")

    profile = profile_with(platform, wire, scopes)

    assert profile == ShopProfile(
        DOMAIN,
        "Towels",
        "Europe/Berlin",
        "de",
        tuple(sorted(scopes)),
        (),
        "2026-10",
        currency="EUR",
    )


def test_a_shop_does_without_inbound_shipments_and_says_so(
    platform: ShopifyPlatform, wire: Wire
) -> None:
    scopes = (
        *REQUIRED_SCOPES,
        "read_inventory_shipments",
        "read_draft_orders",
        PURCHASE_ORDERS_SCOPE,
    )
    profile = profile_with(platform, wire, scopes)

    assert profile.missing_scopes == ()
    shipments, reserved = profile.limits
    assert "grant read_inventory_transfers to" in shipments
    assert "reserved for transfers" in reserved


def test_a_shop_does_without_reading_what_drafts_reserve_and_says_so(
    platform: ShopifyPlatform, wire: Wire
) -> None:
    profile = profile_with(platform, wire, (*REQUIRED_SCOPES, *INBOUND_SCOPES))

    assert profile.missing_scopes == ()
    purchase_orders, drafts = profile.limits
    assert "grant read_inventory_purchase_orders" in purchase_orders
    assert "grant read_draft_orders" in drafts


def test_topics_that_need_an_optional_scope_are_subscribed_with_it_alone() -> None:
    for scope in INBOUND_SCOPES:
        wanted = {name for name, topic in TOPICS.items() if topic.is_wanted((scope,))}
        assert {name.partition("/")[0] for name in wanted - set(SUBSCRIBED)} == {
            scope.removeprefix("read_")
        }


def test_without_the_scope_for_it_the_language_is_english(platform: ShopifyPlatform, wire: Wire) -> None:
    assert profile_with(platform, wire, REQUIRED_SCOPES).locale == "en"
    assert wire.names() == ["Profile"]


def test_a_write_scope_covers_its_read_scope(platform: ShopifyPlatform, wire: Wire) -> None:
    scopes = tuple(scope for scope in REQUIRED_SCOPES if scope != "read_orders")

    assert profile_with(platform, wire, scopes).missing_scopes == ()


def test_each_missing_scope_is_named(platform: ShopifyPlatform, wire: Wire) -> None:
    scopes = ("write_orders", "read_inventory", "read_locations", "customer_read_orders")

    assert profile_with(platform, wire, scopes).missing_scopes == (
        "read_products",
        "read_merchant_managed_fulfillment_orders",
        "write_merchant_managed_fulfillment_orders",
        "read_third_party_fulfillment_orders",
        "write_third_party_fulfillment_orders",
    )


class Subscriptions:
    """A shop's subscriptions, as far as registering needs them."""

    def __init__(self, wire: Wire, *existing: dict[str, Any]) -> None:
        self.wire = wire
        self.refusals: dict[str, str] = {}
        wire.answers["Subscriptions"] = lambda variables: {"webhookSubscriptions": nodes(*existing)}
        wire.answers["mutation"] = self.answer

    def answer(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {
            alias: {
                "userErrors": [{"field": None, "message": self.refusals[topic]}]
                if topic in self.refusals
                else []
            }
            for alias, topic in self.topics(variables).items()
        }

    def topics(self, variables: dict[str, Any]) -> dict[str, str]:
        (operation,) = parse(self.wire.asked[-1].document).definitions
        assert isinstance(operation, OperationDefinitionNode)
        found = [field.alias.value for field in operation.selection_set.selections]  # type: ignore[attr-defined]
        return {alias: str(variables.get(f"{alias}_topic")) for alias in found}

    def sent(self) -> dict[str, Any]:
        return self.wire.asked[-1].variables


def existing(topic: str, *, uri: str = ADDRESS, fields: tuple[str, ...] | None = None) -> dict[str, Any]:
    wanted = TOPICS[topic].fields if fields is None else fields
    return {
        "id": f"gid://shopify/WebhookSubscription/{SUBSCRIBED.index(topic) + 1}",
        "topic": enum_name(topic),
        "uri": uri,
        "includeFields": list(wanted),
    }


def outcomes(platform: ShopifyPlatform) -> dict[str, str]:
    return {one.topic: one.outcome for one in platform.register_webhooks(ADDRESS)}


def test_every_topic_is_created_in_one_request(platform: ShopifyPlatform, wire: Wire) -> None:
    shop = Subscriptions(wire)

    assert outcomes(platform) == dict.fromkeys(SUBSCRIBED, "created")
    assert wire.names() == ["Subscriptions", "mutation"]
    assert shop.sent()["w0_topic"] == "ORDERS_CREATE"
    assert shop.sent()["w0_webhookSubscription"] == {
        "uri": ADDRESS,
        "format": "JSON",
        "includeFields": list(ORDER_FIELDS),
    }


def test_what_is_right_is_kept(platform: ShopifyPlatform, wire: Wire) -> None:
    Subscriptions(wire, *(existing(topic) for topic in SUBSCRIBED))

    assert outcomes(platform) == dict.fromkeys(SUBSCRIBED, "kept")
    assert wire.names() == ["Subscriptions"]


@pytest.mark.parametrize(
    "old",
    [
        existing("orders/edited", uri="https://old.example/webhooks/shopify"),
        existing("orders/edited", fields=("id",)),
    ],
)
def test_an_old_address_or_field_list_of_ours_is_updated(
    platform: ShopifyPlatform, wire: Wire, old: dict[str, Any]
) -> None:
    shop = Subscriptions(wire, old)

    assert outcomes(platform)["orders/edited"] == "updated"
    assert old["id"] in shop.sent().values()


@pytest.mark.parametrize(
    ("old", "wrong"),
    [
        (
            existing("orders/edited", uri="https://old.example/webhooks/shopify"),
            "sent to https://old.example/webhooks/shopify",
        ),
        (existing("orders/edited", fields=("id",)), "sent with other fields than this version reads"),
        (existing("orders/edited", uri="https://other.example/hooks"), "not registered"),
    ],
)
def test_what_is_wrong_with_a_subscription_is_said_and_left(
    platform: ShopifyPlatform, wire: Wire, old: dict[str, Any], wrong: str
) -> None:
    right = [existing(topic) for topic in SUBSCRIBED if topic != "orders/edited"]
    Subscriptions(wire, old, *right)

    found = {one.topic: one.outcome for one in platform.check_webhooks(ADDRESS)}

    assert found == dict.fromkeys(SUBSCRIBED, "kept") | {"orders/edited": wrong}
    assert wire.names() == ["Subscriptions"]


def test_a_subscription_of_others_is_not_touched(platform: ShopifyPlatform, wire: Wire) -> None:
    other = existing("orders/edited", uri="https://other.example/hooks")
    shop = Subscriptions(wire, other)

    assert outcomes(platform)["orders/edited"] == "created"
    assert other["id"] not in shop.sent().values()


def test_of_two_of_ours_the_right_one_is_kept(platform: ShopifyPlatform, wire: Wire) -> None:
    old = existing("orders/edited", uri="https://old.example/webhooks/shopify")
    Subscriptions(wire, existing("orders/edited"), old)

    assert outcomes(platform)["orders/edited"] == "kept"


def test_a_refusal_is_said_of_its_topic_alone(platform: ShopifyPlatform, wire: Wire) -> None:
    shop = Subscriptions(wire)
    shop.refusals["LOCATIONS_DELETE"] = "You need read_locations"

    found = outcomes(platform)

    assert found["locations/delete"] == "You need read_locations"
    assert set(found.values()) == {"created", "You need read_locations"}


def test_compliance_topics_are_not_registered() -> None:
    assert not {"customers/redact", "customers/data_request", "shop/redact"} & set(SUBSCRIBED)


def test_every_topic_asks_for_the_time_of_its_change() -> None:
    """Without it Shopify may take two changes for duplicates. Refunds are never changed."""
    without = [
        name for name, topic in TOPICS.items() if topic.fields and "updated_at" not in topic.fields
    ]

    assert without == ["refunds/create"]
