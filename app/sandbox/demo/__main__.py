"""`python -m app.sandbox.demo`: the story, played by the process that is both sandbox shops."""

import sys
import threading
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import click
from rich.console import Console

from app.sandbox.demo.oracle import Oracle, StoreOracle
from app.sandbox.demo.stage import living
from app.sandbox.demo.story import (
    StoreStory,
    Story,
    StoryError,
    open_shop,
    open_store,
    stock_shelves,
)
from app.sandbox.demo.telling import Teller
from app.settings import Settings, load_settings

DOMAIN = "tidewater-goods.myshopify.com"
STORE = "tidewater"


@click.command()
@click.option("--once", is_flag=True, help="End with the story; exit 0 only if every order is right.")
def main(*, once: bool) -> None:
    """Play the demo on sandbox shops at SHOPIFY_BASE_URL and BIGCOMMERCE_API_URL, side by side, against
    the Backline at APP_URL."""
    settings, console = load_settings(), Console(highlight=False)
    stories = [_shopify(settings, console), _bigcommerce(settings, console)]
    with ExitStack() as stack:
        for story, url in zip(
            stories, (settings.shopify_base_url, settings.bigcommerce_api_url), strict=True
        ):
            running = stack.enter_context(living(story.shop, port=urlsplit(url).port or 0))
            console.print(f"{story.shop.domain} is served at {running.base_url}")
        console.print(f"Backline's status page:  {settings.app_url}/")
        is_right = _play_both(stories)
        if not once:
            _stay_up(console, settings.app_url)
    sys.exit(0 if is_right else 1)


def _shopify(settings: Settings, console: Console) -> Story:
    shop = open_shop(DOMAIN, client_secret=settings.shopify_client_secret)
    return Story(shop, Oracle(shop), Teller(console, name="Shopify"), stock_shelves(shop))


def _bigcommerce(settings: Settings, console: Console) -> Story:
    store = open_store(STORE, client_secret=settings.bigcommerce_client_secret)
    teller = Teller(console, name="BigCommerce")
    return StoreStory(store, StoreOracle(store), teller, stock_shelves(store))


def _play_both(stories: list[Story]) -> bool:
    """Whether all ended well. They are played at the same time, and their tables printed at the end."""
    began, problems = time.monotonic(), dict[str, str]()

    def play(story: Story) -> None:
        try:
            story.play()
        except StoryError as error:
            problems[story.platform] = str(error)

    players = [threading.Thread(target=play, args=(story,), daemon=True) for story in stories]
    for player in players:
        player.start()
    for player in players:
        player.join()
    for story in stories:
        story.teller.table(story.oracle)
        story.teller.ends(problems.get(story.platform, ""), after_s=time.monotonic() - began)
    return not problems


def _stay_up(console: Console, page: str) -> None:
    console.print(f"Everything stays up. Look around at {page}/ and press Ctrl-C to end it.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Stopped.")


if __name__ == "__main__":
    main()
