"""What all commands share: the way to the database, to shops and items, and how to fail."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from rich.console import Console
from sqlalchemy.orm import Session

from app.db import shops, variants
from app.db.migrate import upgrade
from app.db.models import Shop, StockItem
from app.errors import BacklineError
from app.local import find_redis
from app.pipeline.runtime import Runtime, open_with
from app.settings import load_settings

# A pipe or a file has no width of its own, and columns broken to fit 80 characters can't be searched.
_WIDE = 240

console = Console(width=None if sys.stdout.isatty() else _WIDE)

BY = "the command line"


def fail(message: str) -> NoReturn:
    """End the command with a sentence that says what to do."""
    raise click.ClickException(message)


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
