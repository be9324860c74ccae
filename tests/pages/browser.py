"""A real Chromium, our pages at an address of this machine, and what to look at in them."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize
from werkzeug.serving import make_server

from tests.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WINDOW: ViewportSize = {"width": 1200, "height": 800}

# What a browser itself says of a form that came back with what is wrong with it, and of a page that was
# still loading when its server stopped.
_IS_RIGHT = (
    "status of 422",
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_CONNECTION_RESET",
    "net::ERR_SOCKET_NOT_CONNECTED",
)
# The script of the Shopify admin is theirs; no test loads it.
_THEIRS = "https://cdn.shopify.com/"


@contextmanager
def served(app: Flask, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The application at a port of this machine. Once this has ended it answers nobody, and its database
    is not read any more: a page's last question would meet the emptying of the tables."""
    door = _Door(app)
    server = make_server(host, port, door, threaded=True)
    # It looks so often whether it is to stop, and each test waits for that.
    often = {"poll_interval": 0.02}
    thread = threading.Thread(target=server.serve_forever, kwargs=often, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        door.close()


class _Door:
    """Counts who is being answered. Werkzeug's server leaves its threads to themselves when it stops,
    and cannot wait for them: a browser holds connections open that ask for nothing."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._changed = threading.Condition()
        self._inside = 0
        self._is_closed = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        with self._changed:
            if self._is_closed:
                start_response("204 No Content", [])
                return []
            self._inside += 1
        try:
            # Werkzeug's server leaves the file of an answer open where the browser has gone away.
            with closing(self._app(environ, start_response)) as answer:  # type: ignore[type-var]
                return list(answer)
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more, and wait for those who are."""
        with self._changed:
            self._is_closed = True
            assert self._changed.wait_for(lambda: self._inside == 0, timeout=60), "no end of answers"


@contextmanager
def served_shop(world: World) -> Iterator[str]:
    """The address of the overview of a world's shop."""
    with served(world.web.application) as site:
        yield f"{site}/shops/{world.shop_id}"


@contextmanager
def tab(browser: Browser, *, runs_scripts: bool = True) -> Iterator[Page]:
    """A tab that shares no cookies; whatever its console complains of fails the test."""
    context = browser.new_context(viewport=WINDOW, locale="en-US", java_script_enabled=runs_scripts)
    opened = context.new_page()
    complaints = complaints_of(opened)
    yield opened
    context.close()
    assert not complaints, complaints


@contextmanager
def kept_tab(browser: Browser) -> Iterator[Callable[[], AbstractContextManager[Page]]]:
    """Lends one tab to many tests, one at a time, and each finds it as if it were new: one of its own
    costs half a second of processor time. What a page stores is of its address, port included, and
    cookies are taken away. Scripts, routes and a clock are not: who adds those wants a tab of their own.
    """
    context = browser.new_context(viewport=WINDOW, locale="en-US")
    kept = context.new_page()
    complaints = complaints_of(kept)

    @contextmanager
    def lend() -> Iterator[Page]:
        complaints.clear()
        kept.set_viewport_size(WINDOW)
        kept.emulate_media(color_scheme="light", reduced_motion="no-preference")
        yield kept
        for other in context.pages[1:]:
            other.close()
        kept.goto("about:blank")
        context.clear_cookies()
        assert not complaints, complaints

    yield lend
    context.close()


def complaints_of(page: Page) -> list[str]:
    """What the page's console complains of, from now on."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        is_right = any(part in message.text for part in _IS_RIGHT)
        if message.type == "error" and not is_right and not message.location["url"].startswith(_THEIRS):
            said.append(f"{message.text} ({message.location['url']})")

    page.route(f"{_THEIRS}**", lambda route: route.fulfill(body=""))
    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


# What passes is not told: naming where it stands takes longer than looking at it.
_RUN_AXE = "options => axe.run({resultTypes: ['violations'], ...options}).then(one => one.violations)"


def axe_violations(page: Page, **options: object) -> list[dict[str, Any]]:
    """What axe-core finds, as https://www.deque.com/axe/core-documentation/api-documentation describes
    violations and options. A document that has its script already needs not read it again."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(_RUN_AXE, options)
    return found


def what_axe_finds(page: Page) -> list[str]:
    """Every rule of accessibility that the page breaks, and where, once it has its style."""
    page.wait_for_load_state("networkidle")
    return [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in axe_violations(page)
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    measured: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return measured


def in_both_schemes(page: Page, picture: Path) -> list[str]:
    """What axe finds, and whether the page is wider than its window, in light and in dark colors; with a
    picture of each in which something is wrong."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        wrong = what_axe_finds(page)
        if (pixels := overflow(page)) > 0:
            wrong.append(f"{pixels} pixels too wide")
        if wrong:
            page.screenshot(path=f"{picture}-{scheme}.png", full_page=True)
        found += [f"{scheme}: {line}" for line in wrong]
    return found
