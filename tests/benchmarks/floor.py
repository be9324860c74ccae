"""The yardstick: what anybody gets from plain Flask and gunicorn, one INSERT and one commit a webhook.

gunicorn -k gthread --workers 2 --threads 8 tests.benchmarks.floor:app
"""

import base64
import hmac
import os
import threading
from typing import Any

import psycopg
from flask import Flask, Response, request

app = Flask(__name__)
_mine = threading.local()


def connection() -> psycopg.Connection[Any]:
    """One for each thread, for as long as it lives."""
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg.connect(os.environ["FLOOR_DATABASE"])
    found: psycopg.Connection[Any] = _mine.connection
    return found


@app.post("/webhooks/shopify")
def receive() -> Response:
    """Verify, insert, commit, answer."""
    body = request.get_data()
    digest = hmac.digest(os.environ["SHOPIFY_CLIENT_SECRET"].encode(), body, "sha256")
    given = request.headers.get("X-Shopify-Hmac-Sha256", "").encode()
    if not hmac.compare_digest(base64.b64encode(digest), given):
        return Response(status=401)
    mine = connection()
    # Not `with mine`, which would close it.
    with mine.transaction():
        mine.execute(
            "INSERT INTO floor (delivery_id, topic, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (request.headers["X-Shopify-Webhook-Id"], request.headers["X-Shopify-Topic"], body),
        )
    return Response(status=200)
