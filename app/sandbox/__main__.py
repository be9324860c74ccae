"""`python -m app.sandbox`: a stand-in for a Shopify shop, to point a Backline at."""

import random
import time

import click
from rich.console import Console

from app.sandbox.demo.stage import living
from app.sandbox.demo.story import open_shop, stock_shelves
from app.sandbox.shopify.shop import SandboxShop

DOMAIN = "sandbox-goods.myshopify.com"
SECRET = "the-sandbox-secret-is-no-secret"  # noqa: S105  # signs nothing but this stand-in's webhooks
_ORDER_EVERY_S = 20


@click.command()
@click.option("--port", default=9100, show_default=True, help="The port on this machine.")
def main(port: int) -> None:
    """Serve a small shop until Ctrl-C. Somebody buys something there every 20 seconds."""
    console = Console(highlight=False)
    shop = open_shop(DOMAIN, client_secret=SECRET)
    stock_shelves(shop)
    try:
        with living(shop, port=port) as running:
            console.print(_introduction(shop, running.base_url), soft_wrap=True)
            _sell(shop, console)
    except KeyboardInterrupt:
        console.print("Stopped.")


def _introduction(shop: SandboxShop, base_url: str) -> str:
    return "\n".join(
        [
            f"The shop {shop.domain} is served at {base_url}/{shop.domain}",
            f"Its access token: {shop.access_token}. The secret that signs its webhooks: {SECRET}",
            "",
            "To point a Backline at it, set",
            f"  SHOPIFY_BASE_URL={base_url}/{{shop}}",
            f"  SHOPIFY_CLIENT_SECRET={SECRET}",
            "and run `backline up`, then, with the same environment,",
            f"  backline shops connect shopify {shop.domain} --access-token {shop.access_token}",
            "",
            f"Somebody buys something every {_ORDER_EVERY_S} seconds. Ctrl-C ends it.",
        ]
    )


def _sell(shop: SandboxShop, console: Console) -> None:
    """Sell without an end: stock is small, so that orders soon have to wait."""
    variants = list(shop.books.variants.values())
    while True:
        time.sleep(_ORDER_EVERY_S)
        variant = random.choice(variants)  # noqa: S311 -- a buyer's whim is no secret
        order_id = shop.place_order([(variant.variant_id, random.choice((1, 1, 2)))])  # noqa: S311
        console.print(f"{shop.orders[order_id].name}: {variant.product_title}")


if __name__ == "__main__":
    main()
