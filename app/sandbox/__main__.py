"""`python -m app.sandbox`: a Shopify shop and a BigCommerce store to point a Backline at."""

import random
import time
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.demo.stage import living
from app.sandbox.demo.story import open_shop, open_store, stock_shelves
from app.sandbox.shopify.shop import SandboxShop

DOMAIN = "sandbox-goods.myshopify.com"
STORE = "sandboxgoods"
SECRET = "the-sandbox-secret-is-no-secret"  # noqa: S105  # signs nothing but these stand-ins' webhooks
_ORDER_EVERY_S = 20


@click.command()
@click.option("--port", default=9100, show_default=True, help="The shop's port; the store has the next.")
def main(port: int) -> None:
    """Serve a small shop and a small store until Ctrl-C. Somebody buys something every 20 seconds."""
    console = Console(highlight=False)
    shop, store = open_shop(DOMAIN, client_secret=SECRET), open_store(STORE, client_secret=SECRET)
    stock_shelves(shop)
    stock_shelves(store)
    try:
        with living(shop, port=port) as shops, living(store, port=port + 1) as stores:
            words = _introduction(shop, shops.base_url, store, stores.base_url)
            console.print(words, soft_wrap=True)
            _sell((shop, store), console)
    except KeyboardInterrupt:
        console.print("Stopped.")


def _introduction(shop: SandboxShop, shop_url: str, store: SandboxStore, store_url: str) -> str:
    store_at = f"{store_url}/stores/{store.store_hash}"
    connect_store = f"bigcommerce {store.store_hash} --access-token {store.access_token}"
    return "\n".join(
        [
            f"The Shopify shop {shop.domain} is served at {shop_url}/{shop.domain}",
            f"The BigCommerce store {store.store_hash} is served at {store_at}",
            f"Their access tokens: {shop.access_token} and {store.access_token}. "
            f"The secret that signs their webhooks: {SECRET}",
            "",
            "To point a Backline at them, set",
            f"  SHOPIFY_BASE_URL={shop_url}/{{shop}}",
            f"  SHOPIFY_CLIENT_SECRET={SECRET}",
            f"  BIGCOMMERCE_API_URL={store_url}",
            f"  BIGCOMMERCE_CLIENT_SECRET={SECRET}",
            "and run `backline up`, then, with the same environment,",
            f"  backline shops connect shopify {shop.domain} --access-token {shop.access_token}",
            f"  backline shops connect {connect_store}",
            "",
            f"Somebody buys something every {_ORDER_EVERY_S} seconds. Ctrl-C ends it.",
        ]
    )


def _sell(shops: Sequence[SandboxShop | SandboxStore], console: Console) -> None:
    """Sell without an end: stock is small, so that orders soon have to wait."""
    while True:
        time.sleep(_ORDER_EVERY_S)
        shop: Any = random.choice(shops)  # noqa: S311 -- a buyer's whim is no secret
        variant = random.choice(list(shop.books.variants.values()))  # noqa: S311
        order_id = shop.place_order([(variant.variant_id, random.choice((1, 1, 2)))])  # noqa: S311
        console.print(f"{shop.name}: {shop.orders[order_id].name}, {variant.product_title}")


if __name__ == "__main__":
    main()
