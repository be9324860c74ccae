"""What the page tests themselves stand on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import Flask

from tests.pages.browser import served


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
