"""Webhooks as Shopify would post them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from itertools import count
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db.models import Base, DeliveryRow

DOMAIN = "mugs.myshopify.com"
SECRET = "shopify-client-secret"
ADDRESS = "/webhooks/shopify"
_numbers = count(1)


def signature(body: bytes, secret: str = SECRET) -> str:
    """The body's HMAC as Shopify writes it."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def headers(
    body: bytes,
    topic: str = "orders/create",
    *,
    secret: str = SECRET,
    domain: str = DOMAIN,
    prefix: str = "X-Shopify-",
    **changed: str,
) -> dict[str, str]:
    """All headers of a delivery that was never sent before."""
    number = next(_numbers)
    named = {
        "Topic": topic,
        "Hmac-Sha256": signature(body, secret),
        "Shop-Domain": domain,
        "API-Version": "2026-10",
        "Webhook-Id": f"delivery-{number}",
        "Event-Id": f"event-{number}",
        "Triggered-At": "2026-11-25T09:00:00.123456789Z",
    }
    named |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {f"{prefix}{name}": value for name, value in named.items()}


def post(
    client: FlaskClient, body: bytes | Mapping[str, Any], topic: str = "orders/create", **options: str
) -> TestResponse:
    """Post a signed webhook."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(ADDRESS, data=raw, headers=headers(raw, topic, **options))


def order_body(**changed: object) -> dict[str, Any]:
    """A small order of one mug."""
    return {
        "id": 820982911946154508,
        "name": "#1001",
        "created_at": "2026-11-25T09:00:00Z",
        "updated_at": "2026-11-25T09:00:00Z",
        "line_items": [
            {"id": 866550311766439020, "title": "Blue Mug", "quantity": 1, "variant_id": 808950810}
        ],
        **changed,
    }


def deliveries(engine: sa.Engine) -> list[tuple[str, str, str | None]]:
    """Topic, state and problem of every delivery stored, oldest first."""
    columns = (DeliveryRow.topic, DeliveryRow.state, DeliveryRow.problem)
    with engine.connect() as connection:
        found = connection.execute(sa.select(*columns).order_by(DeliveryRow.id)).all()
    return [(topic, state, problem) for topic, state, problem in found]


def everything_stored(engine: sa.Engine) -> str:
    """Every row of every table as one text."""
    with engine.connect() as connection:
        return "\n".join(
            str(text)
            for table in Base.metadata.sorted_tables
            for text in connection.scalars(sa.text(f'SELECT row_to_json(t)::text FROM "{table.name}" t'))  # noqa: S608 -- our own tables
        )


def counted(client: FlaskClient, metric: str) -> float:
    """The sum of a counter over all its labels."""
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(metric + "{"))
