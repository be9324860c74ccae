"""What most commands share: the way to the database, to shops and items."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.cli.output import fail
from app.db import shops, variants
from app.db.migrate import upgrade
from app.db.models import Shop, StockItem
from app.errors import BacklineError
from app.local import find_redis
from app.pipeline.runtime import Runtime, open_with
from app.settings import load_settings


@contextmanager
def open_runtime() -> Iterator[Runtime]:
    """The database, brought up to date, and whatever Redis runs."""
    settings = load_settings()
    runtime = open_with(settings, find_redis(settings))
    upgrade(runtime.engine)
    try:
        yield runtime
    except BacklineError as error:
        fail(str(error))
    finally:
        runtime.engine.dispose()


def find_shop(session: Session, domain: str) -> Shop:
    """The shop with that domain or hash; fails where there is none."""
    found = [shop for shop in shops.list_shops(session) if shop.domain == domain.lower()]
    if len(found) != 1:
        names = ", ".join(shop.domain for shop in shops.list_shops(session)) or "none yet"
        fail(f"There is no shop {domain}. Connected: {names}.")
    return found[0]


def find_item(session: Session, shop: Shop, sku: str) -> StockItem:
    """The only item with that SKU that open orders name; fails where there is none, or several."""
    found = variants.find_items(session, shop.id, sku)
    if not found:
        fail(
            f"No open order of {shop.domain} has an item with SKU {sku}. Check the SKU, or run "
            f"`backline shops sync {shop.domain}`."
        )
    if len(found) > 1:
        fail(f"{len(found)} items have the SKU {sku}. Give each its own SKU on the platform.")
    return found[0]
