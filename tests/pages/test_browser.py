"""What the page tests themselves stand on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
import requests
from flask import Flask, Response, request
from playwright.sync_api import Page

from tests.pages.browser import WINDOW, served

Lend = Callable[[], AbstractContextManager[Page]]


def test_an_app_that_is_not_served_any_more_is_answering_nobody() -> None:
    app, asked, goes_on, answered = Flask("slow"), threading.Event(), threading.Event(), []

    @app.get("/")
    def slow() -> str:
        asked.set()
        goes_on.wait(10)
        answered.append(True)
        return ""

    with ThreadPoolExecutor() as pool:
        with served(app) as site:
            answer = pool.submit(requests.get, site, timeout=30)
            assert asked.wait(10)
            threading.Timer(0.3, goes_on.set).start()
        assert answered
    assert answer.result().status_code == 200


def test_a_tab_that_is_lent_again_is_as_if_it_were_new(tab_on_loan: Lend) -> None:
    app = Flask("jar")

    @app.get("/")
    def jar() -> Response:
        answer = Response(f'<link rel="icon" href="data:,"><body>{len(request.cookies)}')
        answer.content_type = "text/html"
        answer.set_cookie("left", "behind")
        return answer

    is_dark = "matchMedia('(prefers-color-scheme: dark)').matches"
    with served(app) as site:
        with tab_on_loan() as first:
            first.emulate_media(color_scheme="dark")
            first.set_viewport_size({"width": 320, "height": 320})
            first.goto(site)
            first.goto(site)
            left = first.inner_text("body"), first.viewport_size, first.evaluate(is_dark)
        with tab_on_loan() as second:
            second.goto(site)
            found = second.inner_text("body"), second.viewport_size, second.evaluate(is_dark)

    assert left == ("1", {"width": 320, "height": 320}, True)
    assert found == ("0", WINDOW, False)


def test_what_the_console_complains_of_fails_whoever_has_the_tab_and_nobody_after(
    tab_on_loan: Lend,
) -> None:
    with pytest.raises(AssertionError, match="broken"), tab_on_loan() as first:
        first.goto("data:text/html,<script>throw new Error('broken')</script>")
    with tab_on_loan() as second:
        second.goto("data:text/html,fine")
