"""`python -m app.sandbox.demo`: the story, played by the process that is both sandbox shops."""

import io
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape

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
from app.sandbox.demo.telling import Teller, make_console
from app.settings import Settings, load_settings

DOMAIN = "tidewater-goods.myshopify.com"
STORE = "tidewater"
_BEGINS = {
    "shopify": (
        "Tidewater Goods sells mugs, lamps, and trays, and keeps selling when stock runs out. Chapters "
        "show what happens, and then what Backline writes on the orders."
    ),
    "bigcommerce": (
        "The same days at a BigCommerce store. Its orders have no tags, so the status is the first line "
        "of the staff notes."
    ),
}


class Held(io.TextIOBase):
    """Keeps what is written until `release`, so that two shops at once are told one after the other."""

    def __init__(self, out: IO[str]) -> None:
        super().__init__()
        self._out, self._kept, self._lock = out, list[str](), threading.Lock()
        self._is_held = True

    def write(self, text: str) -> int:
        """Now if released, else later."""
        with self._lock:
            if self._is_held:
                self._kept.append(text)
            else:
                self._out.write(text)
                self._out.flush()
        return len(text)

    def release(self) -> None:
        """Write what was kept, and whatever comes at once from here on."""
        with self._lock:
            self._out.writelines(self._kept)
            self._out.flush()
            self._is_held = False


@dataclass
class Telling:
    """A story being played, and where it is told."""

    story: Story
    file: Held
    problem: str = ""
    ended_s: float = 0

    def play(self) -> None:
        """To its end; runs on a thread of its own."""
        began = time.monotonic()
        self.story.teller.begins(_BEGINS[self.story.platform])
        try:
            self.story.play()
        except StoryError as error:
            self.problem = str(error)
        self.ended_s = time.monotonic() - began
        self.story.teller.table(self.story.oracle)
        self.story.teller.ends(self.problem, after_s=self.ended_s)


@click.command()
@click.option("--once", is_flag=True, help="End with the story; exit 0 only if every order is right.")
@click.option("--called", default="backline", help="What the merchant types before a command's words.")
def main(*, once: bool, called: str) -> None:
    """Play the demo on sandbox shops at SHOPIFY_BASE_URL and BIGCOMMERCE_API_URL, against the Backline
    at APP_URL."""
    settings, console = load_settings(), make_console()
    console.print("Two sandbox shops run on this machine, and nothing leaves it. About a minute.")
    tellings = [_shopify(settings, called), _bigcommerce(settings, called)]
    urls = (settings.shopify_base_url, settings.bigcommerce_api_url)
    with ExitStack() as stack:
        for telling, url in zip(tellings, urls, strict=True):
            stack.enter_context(living(telling.story.shop, port=urlsplit(url).port or 0))
        _play_all(tellings)
        is_right = not any(telling.problem for telling in tellings)
        if not once:
            _stay_up(console, settings.app_url, called)
    sys.exit(0 if is_right else 1)


def _shopify(settings: Settings, called: str) -> Telling:
    shop = open_shop(DOMAIN, client_secret=settings.shopify_client_secret)
    file, teller = _teller("Shopify", called)
    return Telling(Story(shop, Oracle(shop), teller, stock_shelves(shop), folder=settings.home), file)


def _bigcommerce(settings: Settings, called: str) -> Telling:
    store = open_store(STORE, client_secret=settings.bigcommerce_client_secret)
    file, teller = _teller("BigCommerce", called)
    goods = stock_shelves(store)
    return Telling(
        StoreStory(
            store, StoreOracle(store), teller, goods, folder=settings.home, platform="bigcommerce"
        ),
        file,
    )


def _teller(name: str, called: str) -> tuple[Held, Teller]:
    file = Held(sys.stdout)
    console = make_console(file, is_terminal=sys.stdout.isatty())
    return file, Teller(console, name=name, command=called)


def _play_all(tellings: list[Telling]) -> None:
    """At the same time, told one after the other."""
    players = [threading.Thread(target=telling.play, daemon=True) for telling in tellings]
    for player in players:
        player.start()
    for telling, player in zip(tellings, players, strict=True):
        telling.file.release()
        player.join()


def _stay_up(console: Console, page: str, called: str) -> None:
    """What there is to see now; the address comes last."""
    words = [
        "",
        "[bold]Look around[/bold]",
        "   Orders       a dozen wait; each page explains its date",
        "   Late orders  the delay notice that is due today, with text to send",
        "   Incoming     PO-31, which is late, and the orders that PO-32 serves",
        "In another terminal, for example",
        *(
            f"[dim]   $ {escape(called)} {command} {DOMAIN}[/dim]"
            for command in ("supply list", "notices due")
        ),
        "Press Ctrl-C here to end the demo.",
        "",
        f"[bold]Open {page}/[/bold]",
    ]
    for line in words:
        console.print(line, soft_wrap=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Stopped.")


if __name__ == "__main__":
    main()
