"""`python -m app.sandbox.demo`: the story, played by the process that is the sandbox shop."""

import sys
import time
from urllib.parse import urlsplit

import click

from app.sandbox.demo.oracle import Oracle
from app.sandbox.demo.stage import living
from app.sandbox.demo.story import Story, StoryError, open_shop, stock_shelves
from app.sandbox.demo.telling import Teller
from app.settings import load_settings

DOMAIN = "tidewater-goods.myshopify.com"


@click.command()
@click.option("--once", is_flag=True, help="End with the story; exit 0 only if every order is right.")
def main(*, once: bool) -> None:
    """Play the demo on a sandbox shop at SHOPIFY_BASE_URL, against the Backline at APP_URL."""
    settings = load_settings()
    teller = Teller()
    shop = open_shop(DOMAIN, client_secret=settings.shopify_client_secret)
    with living(shop, port=urlsplit(settings.shopify_base_url).port or 0) as running:
        teller.console.print(f"The shop {DOMAIN} is served at {running.base_url}/{DOMAIN}")
        teller.console.print(f"Backline's status page:  {settings.app_url}/")
        story = Story(shop, Oracle(shop), teller, stock_shelves(shop))
        is_right = _play(story)
        if not once:
            _stay_up(teller, settings.app_url)
    sys.exit(0 if is_right else 1)


def _play(story: Story) -> bool:
    """Whether it ended well."""
    began, problem = time.monotonic(), ""
    try:
        story.play()
    except StoryError as error:
        problem = str(error)
    story.teller.table(story.oracle)
    story.teller.ends(problem, after_s=time.monotonic() - began)
    return not problem


def _stay_up(teller: Teller, page: str) -> None:
    teller.console.print(f"Everything stays up. Look around at {page}/ and press Ctrl-C to end it.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        teller.console.print("Stopped.")


if __name__ == "__main__":
    main()
