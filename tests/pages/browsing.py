"""A real Chromium, and a world's web application for it to look at."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from tests.world import World

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# What a browser itself says of a form that came back with what is wrong with it, and of a page that was
# still loading when its server stopped.
_IS_RIGHT = ("422 (UNPROCESSABLE", "net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET")


@contextmanager
def tab(*, runs_scripts: bool = True) -> Iterator[Page]:
    """A tab of a browser; whatever its console complains of fails the test."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(
            viewport={"width": 1200, "height": 800}, java_script_enabled=runs_scripts
        )
        opened.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        browser.close()
    assert [text for text in complaints if not any(part in text for part in _IS_RIGHT)] == []


@contextmanager
def served(world: World) -> Iterator[str]:
    """The world's web application on a port of this machine."""
    server = make_server("127.0.0.1", 0, world.web.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/shops/{world.shop_id}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def what_axe_finds(page: Page) -> list[str]:
    """Every rule of accessibility that the page breaks, and where."""
    return [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in Axe().run(page).response["violations"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    measured: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return measured
