"""Webhooks in: verify, reduce to facts, record, commit, answer, ring.

The platform gives us five seconds and punishes every other answer than 200, so nothing is worked on
here: one insert, and the doorbell.
"""

import sqlalchemy as sa
import structlog
from flask import Blueprint, Response, request
from prometheus_client import Counter
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from app.db import inbox, shops
from app.db.models import Shop
from app.errors import RejectedWebhook
from app.pipeline import doorbell, leaving
from app.pipeline.runtime import Runtime
from app.platforms.base import Delivery, PrivacyRequest, ShopGone
from app.platforms.registry import PLATFORMS, webhook_reader
from app.web import access

RECEIVED = Counter("backline_webhooks_received", "Webhooks accepted", ["platform", "topic", "outcome"])
REJECTED = Counter("backline_webhooks_rejected", "Webhooks refused", ["platform", "reason"])

# Gone, shut down, read-only after a failover, or every connection in use.
_NO_DATABASE = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.TimeoutError,
)

log = structlog.get_logger()


def make_blueprint(runtime: Runtime) -> Blueprint:
    """`POST /webhooks/<platform>` for every platform there is."""
    blueprint = Blueprint("webhooks", __name__)
    readers = {name: webhook_reader(name, runtime.settings) for name in PLATFORMS}

    @blueprint.post("/webhooks/<platform>")
    @access.machines
    def receive(platform: str) -> Response:
        if platform not in readers:
            return _answer(404, f"There is no platform called {platform}.")
        try:
            delivery = readers[platform].read_delivery(dict(request.headers), request.get_data())
            return _record(runtime, platform, delivery)
        except RequestEntityTooLarge:
            REJECTED.labels(platform, "too large").inc()
            raise
        except RejectedWebhook as error:
            REJECTED.labels(platform, error.reason).inc()
            return _answer(error.status, str(error))
        except _NO_DATABASE:
            log.exception("the database can't be reached")
            return _answer(503, "The database can't be reached: send it again.")

    return blueprint


def _record(runtime: Runtime, platform: str, delivery: Delivery) -> Response:
    """Commit first, ring after: a ring that finds nothing committed would be lost."""
    with runtime.sessions.begin() as session:
        shop = shops.find_shop(session, platform, delivery.shop_domain)
        if shop is None:
            return _answer_unknown_shop(platform, delivery)
        is_new = inbox.record_delivery(session, shop.id, delivery, now=runtime.clock())
        if is_new and any(isinstance(fact, ShopGone) for fact in delivery.facts):
            _leave(session, shop, delivery, runtime)
        shop_id = shop.id
    if is_new and not doorbell.ring(runtime.redis, shop_id):
        log.warning("the doorbell does not ring; the sweep will", shop=shop_id)
    RECEIVED.labels(
        platform, delivery.topic if delivery.facts else "other", _outcome(delivery, is_new)
    ).inc()
    return _answer(200, "")


def _leave(session: Session, shop: Shop, delivery: Delivery, runtime: Runtime) -> None:
    """The one thing that is done before the answer: no worker may go on with a shop that is gone."""
    if shop.status in ("active", "needs_merchant"):
        leaving.uninstall(
            session, shop, told_at=delivery.triggered_at, now=runtime.clock(), cause=delivery.topic
        )


def _outcome(delivery: Delivery, is_new: bool) -> str:
    if delivery.problem:
        return "failed"
    if delivery.is_ignored or not delivery.facts:
        return "ignored"
    return "new" if is_new else "duplicate"


def _answer_unknown_shop(platform: str, delivery: Delivery) -> Response:
    """A compliance request about a shop that we hold nothing of is done already."""
    if delivery.facts and all(isinstance(fact, PrivacyRequest) for fact in delivery.facts):
        return _answer(200, "Nothing is held.")
    raise RejectedWebhook(f"{delivery.shop_domain} has not installed Backline", reason="unknown shop")


def _answer(status: int, text: str) -> Response:
    return Response(text, status=status, mimetype="text/plain")
