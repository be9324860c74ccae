"""Webhooks in: verify, reduce to facts, record, commit, answer, ring.

The platform gives us five seconds and punishes every other answer than 200, so nothing is worked on
here: one insert, and the doorbell. A served application takes them in `app.web.front`, many in one
transaction; the route here is the same code for one.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import NamedTuple

import structlog
from flask import Blueprint, Response, request
from prometheus_client import Counter
from redis import Redis
from werkzeug.exceptions import RequestEntityTooLarge

from app.db.inbox import Incoming
from app.errors import RejectedWebhook
from app.pipeline import doorbell, intake
from app.pipeline.intake import Outcome
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, PrivacyRequest, WebhookReader
from app.platforms.registry import PLATFORMS, webhook_reader
from app.settings import Settings
from app.web import access

RECEIVED = Counter("backline_webhooks_received", "Webhooks accepted", ["platform", "topic", "outcome"])
REJECTED = Counter("backline_webhooks_rejected", "Webhooks refused", ["platform", "reason"])

log = structlog.get_logger()


class Answer(NamedTuple):
    """What the platform is told, as plain text."""

    status: int
    text: str = ""


def make_readers(settings: Settings) -> dict[str, WebhookReader]:
    """Who verifies and reads the webhooks of each platform."""
    return {name: webhook_reader(name, settings) for name in PLATFORMS}


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`POST /webhooks/<platform>` for every platform there is."""
    blueprint = Blueprint("webhooks", __name__)
    readers = make_readers(runtime.settings)

    @blueprint.post("/webhooks/<platform>")
    @access.machines
    def receive(platform: str) -> Response:
        if platform not in readers:
            return _response(no_such_platform(platform))
        try:
            delivery = readers[platform].read_delivery(dict(request.headers), request.get_data())
        except RequestEntityTooLarge:
            refuse(platform, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
            raise
        except RejectedWebhook as error:
            return _response(refuse(platform, error.status, error.reason, str(error)))
        incoming = Incoming(platform, delivery)
        recorded = intake.record(runtime, [incoming])
        ring(runtime.redis, recorded.to_ring)
        return _response(answer(incoming, recorded.outcomes[0]))

    return blueprint


def no_such_platform(platform: str) -> Answer:
    """Nothing is counted: the name is the caller's."""
    return Answer(HTTPStatus.NOT_FOUND, f"There is no platform called {platform}.")


def refuse(platform: str, status: int, reason: str, text: str = "") -> Answer:
    """Counted, and not logged: whoever likes can send as many as they like."""
    REJECTED.labels(platform, reason).inc()
    return Answer(status, text)


def answer(incoming: Incoming, outcome: Outcome) -> Answer:
    """What the sender is told of a delivery, once its transaction is over; counted."""
    platform, delivery = incoming
    if outcome is Outcome.NOT_KEPT:
        text = "The database can't be reached: send it again."
        return refuse(platform, HTTPStatus.SERVICE_UNAVAILABLE, "database", text)
    if outcome is Outcome.UNKNOWN_SHOP:
        return _answer_unknown_shop(platform, delivery)
    topic = delivery.topic if delivery.facts else "other"
    RECEIVED.labels(platform, topic, _count_as(delivery, outcome)).inc()
    return Answer(HTTPStatus.OK)


def ring(redis: Redis, shop_ids: Collection[int]) -> None:
    """Have the shops looked at whose deliveries are committed: a ring that finds nothing yet would be
    lost."""
    if shop_ids and not doorbell.ring_all(redis, shop_ids):
        log.warning("the doorbell does not ring; the sweep will", shops=len(shop_ids))


def _count_as(delivery: Delivery, outcome: Outcome) -> str:
    if delivery.problem:
        return "failed"
    if delivery.is_ignored or not delivery.facts:
        return "ignored"
    return "new" if outcome is Outcome.NEW else "duplicate"


def _answer_unknown_shop(platform: str, delivery: Delivery) -> Answer:
    """A compliance request about a shop that we hold nothing of is done already."""
    if delivery.facts and all(isinstance(fact, PrivacyRequest) for fact in delivery.facts):
        return Answer(HTTPStatus.OK, "Nothing is held.")
    text = f"{delivery.shop_domain} has not installed Backline"
    return refuse(platform, HTTPStatus.UNAUTHORIZED, "unknown shop", text)


def _response(told: Answer) -> Response:
    return Response(told.text, status=told.status, mimetype="text/plain")
