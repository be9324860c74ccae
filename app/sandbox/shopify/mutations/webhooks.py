"""Webhook subscriptions."""

from collections.abc import Mapping

from graphql import GraphQLError

from app.sandbox.shopify import access
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.refusals import Payload, refused, user_error
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.webhooks import WebhookSubscription


def _topic(enum_value: str) -> str:
    """ORDERS_CREATE -> orders/create; the part before the slash may itself hold underscores."""
    for head in sorted(TOPIC_HEADS, key=len, reverse=True):
        if enum_value.startswith(f"{head.upper()}_"):
            return f"{head}/{enum_value[len(head) + 1 :].lower()}"
    raise GraphQLError(f"the sandbox doesn't send {enum_value}")


TOPIC_HEADS = (*access.TOPICS, "app", "bulk_operations", "shop")


def _subscribe(root: None, call: Call, args: Args) -> Payload:
    topic, wish = _topic(args["topic"]), args["webhookSubscription"]
    wanted = access.TOPICS.get(topic.split("/", maxsplit=1)[0], ())
    if not access.is_open(call.shop.scopes, wanted):
        message = "You cannot create a webhook subscription with the specified topic"
        return refused(user_error(["topic"], message))
    if problem := _subscription_problem(call, topic, wish):
        return refused(problem)
    now = call.books.now()
    made = WebhookSubscription(call.books.new_id("WebhookSubscription"), topic, wish["uri"], now, now)
    _apply(made, wish)
    call.shop.webhooks.subscriptions[made.subscription_id] = made
    return {"webhookSubscription": made, "userErrors": []}


def _subscription_problem(call: Call, topic: str, wish: Args) -> Payload | None:
    if unknown := set(wish) - {"uri", "filter", "includeFields", "name", "format"}:
        raise GraphQLError(f"the sandbox doesn't take a subscription's {', '.join(sorted(unknown))}")
    if wish.get("filter"):
        raise GraphQLError("the sandbox doesn't filter webhooks")
    field = ["webhookSubscription", "uri"]
    if not wish.get("uri", "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return user_error(field, "Address is invalid")
    taken = (
        one
        for one in call.shop.webhooks.subscriptions.values()
        if (one.topic, one.uri) == (topic, wish["uri"])
    )
    if any(taken):
        return user_error(field, "Address for this topic has already been taken")
    return None


def _apply(subscription: WebhookSubscription, wish: Args) -> None:
    subscription.uri = wish.get("uri", subscription.uri)
    subscription.name = wish.get("name", subscription.name)
    if "includeFields" in wish:
        subscription.include_fields = tuple(wish["includeFields"] or ())


def _found_subscription(call: Call, args: Args) -> WebhookSubscription | None:
    return call.shop.webhooks.subscriptions.get(read_gid(args["id"], "WebhookSubscription")[1])


NO_SUBSCRIPTION = user_error(["id"], "Webhook subscription does not exist")


def _resubscribe(root: None, call: Call, args: Args) -> Payload:
    found = _found_subscription(call, args)
    if found is None:
        return refused(NO_SUBSCRIPTION)
    wish = args["webhookSubscription"]
    if wish.get("uri", found.uri) != found.uri and (
        problem := _subscription_problem(call, found.topic, wish)
    ):
        return refused(problem)
    _apply(found, wish)
    found.updated_at = call.books.now()
    return {"webhookSubscription": found, "userErrors": []}


def _unsubscribe(root: None, call: Call, args: Args) -> Payload:
    found = _found_subscription(call, args)
    if found is None:
        return refused(NO_SUBSCRIPTION)
    del call.shop.webhooks.subscriptions[found.subscription_id]
    number = gid("WebhookSubscription", found.subscription_id)
    return {"deletedWebhookSubscriptionId": number, "userErrors": []}


MUTATIONS: Mapping[str, Answer] = {
    "webhookSubscriptionCreate": _subscribe,
    "webhookSubscriptionUpdate": _resubscribe,
    "webhookSubscriptionDelete": _unsubscribe,
}
