"""A sandbox shop that lives: it is served, its background work is done, its webhooks are posted."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.sandbox.bigcommerce import server as bigcommerce
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.deliveries import WebhookSender
from app.sandbox.serving import RunningShops
from app.sandbox.shopify import server as shopify
from app.sandbox.shopify.shop import SandboxShop

_PAUSE_S = 0.05


@contextmanager
def living(shop: SandboxShop | SandboxStore, *, port: int) -> Iterator[RunningShops]:
    """Run the shop by the real clock on threads of this process, for as long as the block lasts."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    if isinstance(shop, SandboxStore):
        running = bigcommerce.serve([shop], port=port)
    else:
        running = shopify.serve([shop], port=port)
    sender = WebhookSender(shop.webhooks, pause_s=_PAUSE_S)
    stopping = threading.Event()
    background = threading.Thread(target=_tick, args=(shop, stopping), name="background", daemon=True)
    sender.start()
    background.start()
    try:
        yield running
    finally:
        stopping.set()
        background.join()
        sender.stop()
        running.stop()


def _tick(shop: SandboxShop | SandboxStore, stopping: threading.Event) -> None:
    while not stopping.wait(_PAUSE_S):
        with shop.lock:
            shop.tick()


def is_quiet(shop: SandboxShop | SandboxStore) -> bool:
    """Whether the shop has nothing more to do or to say about what happened so far."""
    with shop.lock:
        is_routed = isinstance(shop, SandboxStore) or all(
            order.route_due_at is None for order in shop.orders.values()
        )
        return is_routed and not shop.webhooks.waiting()
