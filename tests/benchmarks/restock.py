"""A restock that releases 1,000 orders of one item, in the build whose checkout this is run from.

    cd CHECKOUT
    PYTHONPATH=. .venv/bin/python PATH/restock.py DATABASE_URL REDIS_URL '{"plan": "standard"}'

Prints the shop's time that it took, the points that were charged, and whether all were released, as
JSON. It imports only what the builds to be compared have in common.
"""

import json
import sys

from cryptography.fernet import Fernet

from app.db import migrate
from app.services import open_engine, open_redis
from app.settings import load_settings
from tests.world import World, make_world

ORDERS = 1000
NEEDED = {
    "APP_URL": "https://backline.test",
    "SECRET_KEY": "a-key-for-benchmarks-alone-0123456789",
    "SHOPIFY_CLIENT_ID": "shopify-client-id",
    "SHOPIFY_CLIENT_SECRET": "shopify-client-secret",
}


def play(world: World) -> dict[str, float]:
    """Orders come and are tagged; then all of their units come in at once, and webhooks while the worker
    works."""
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Mug", sku="MUG", stock={place: 0})
    world.connect()
    world.quiet()
    placed = []
    for _ in range(ORDERS):
        placed.append(world.shop.place_order([(mug.variant_id, 1)]))
        world.clock.sleep(0.5)
    world.quiet(at_most_s=3600)
    assert all(world.tags(order_id) == {"backordered"} for order_id in placed)
    world.clock.sleep(60)
    since, began = len(world.shop.requests), world.clock()
    world.shop.before_request = world.deliver
    world.shop.adjust_stock(mug.item_id, place, ORDERS)
    world.quiet(at_most_s=3600)
    return {
        "released": sum(world.tags(order_id) == {"backorder-released"} for order_id in placed),
        "seconds": (max(entry.at for entry in world.shop.journal) - began).total_seconds(),
        "points": sum(int(request.actual_cost or 0) for request in world.shop.requests[since:]),
    }


def main(database_url: str, redis_url: str, options: str) -> None:
    """One run."""
    settings = load_settings(NEEDED | {"ENCRYPTION_KEYS": Fernet.generate_key().decode()})
    engine = open_engine(database_url)
    migrate.upgrade(engine)
    with open_redis(redis_url) as redis:
        redis.flushall()
        found = play(make_world(engine, redis, settings, **json.loads(options)))
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
