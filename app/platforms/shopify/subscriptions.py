"""Our webhook subscriptions on a shop."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from app.platforms.base import Registered, Subscription
from app.platforms.shopify import aliases, queries
from app.platforms.shopify.aliases import Mutation, Part
from app.platforms.shopify.answers import Nodes, PageInfo, typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.topics import TOPICS, Topic, enum_name

OUR_PATH = "/webhooks/shopify"

CREATE = Mutation(
    "webhookSubscriptionCreate",
    {"topic": "WebhookSubscriptionTopic!", "webhookSubscription": "WebhookSubscriptionInput!"},
)
UPDATE = Mutation(
    "webhookSubscriptionUpdate", {"id": "ID!", "webhookSubscription": "WebhookSubscriptionInput!"}
)


class _Existing(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    topic: str
    uri: str
    include_fields: tuple[str, ...] = ()


def register_webhooks(
    client: ShopifyClient, address: str, *, scopes: Sequence[str] = ()
) -> list[Subscription]:
    """Make the shop send every topic in `TOPICS` to `address`, those that need an optional scope only
    where it is among `scopes`.

    A subscription is ours if its path ends in /webhooks/shopify; those of others are not touched.
    Compliance topics are set in the app's configuration, so they are not listed here.
    """
    ours = _ours_by_topic(client, address)
    parts = {
        name: _part(f"w{index}", name, ours.get(enum_name(name)), address=address)
        for index, name in enumerate(_wanted(scopes))
    }
    sent = [part for part in parts.values() if part is not None]
    refusals = aliases.send(client, sent) if sent else {}
    return [Subscription(name, _outcome(part, refusals)) for name, part in parts.items()]


def check_webhooks(
    client: ShopifyClient, address: str, *, scopes: Sequence[str] = ()
) -> list[Subscription]:
    """How the subscriptions stand that `register_webhooks` would see to."""
    ours = _ours_by_topic(client, address)
    return [
        Subscription(name, _wrong(name, ours.get(enum_name(name)), address) or Registered.KEPT)
        for name in _wanted(scopes)
    ]


def _wanted(scopes: Sequence[str]) -> list[str]:
    return [name for name, topic in TOPICS.items() if topic.is_wanted(scopes)]


def _wrong(name: str, existing: _Existing | None, address: str) -> str:
    """What is wrong with a topic's subscription; nothing if it is right."""
    if existing is None:
        return "not registered"
    if existing.uri != address:
        return f"sent to {existing.uri}"
    if set(existing.include_fields) != set(TOPICS[name].fields):
        return "sent with other fields than this version reads"
    return ""


def _outcome(part: Part | None, refusals: dict[str, str]) -> str:
    if part is None:
        return Registered.KEPT
    return refusals.get(part.alias) or _DONE[part.mutation.field]


_DONE = {CREATE.field: Registered.CREATED, UPDATE.field: Registered.UPDATED}


def _part(alias: str, name: str, existing: _Existing | None, *, address: str) -> Part | None:
    """What is to be done for a topic: nothing, an update or a new subscription."""
    wanted = _input(TOPICS[name], address)
    if existing is None:
        return Part(alias, CREATE, {"topic": enum_name(name), "webhookSubscription": wanted})
    if not _wrong(name, existing, address):
        return None
    return Part(alias, UPDATE, {"id": existing.id, "webhookSubscription": wanted})


def _input(topic: Topic, address: str) -> dict[str, Any]:
    return {"uri": address, "format": "JSON", "includeFields": list(topic.fields)}


def _ours_by_topic(client: ShopifyClient, address: str) -> dict[str, _Existing]:
    """Our subscription of each topic; of several the one with the right address."""
    ours = [one for one in _existing(client) if urlsplit(one.uri).path.endswith(OUR_PATH)]
    ours.sort(key=lambda one: one.uri == address)
    return {one.topic: one for one in ours}


def _existing(client: ShopifyClient) -> list[_Existing]:
    found: list[_Existing] = []
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        variables = {"after": page.end_cursor}
        data = client.execute(queries.SUBSCRIPTIONS, variables, cost=queries.SUBSCRIPTIONS_COST)
        answer = typed(data["webhookSubscriptions"], Nodes[_Existing])
        found += answer.nodes
        page = answer.page_info
    return found
