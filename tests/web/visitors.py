"""Browsers that come to the production application: strangers, and people who are signed in."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.pipeline.runtime import Runtime
from app.web import access
from app.web.access import Role

SITE = "https://backline.test"
COOKIE = "__Host-backline"


class Browser(FlaskClient):
    """Asks for pages at our public address, and sends forms as a browser does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """One request."""
        kwargs.setdefault("base_url", SITE)
        headers = {"Accept": "text/html", **dict(kwargs.pop("headers", None) or {})}
        return super().open(*args, headers=headers, **kwargs)

    def send(self, path: str, form_on: str | None = None, /, **fields: str) -> TestResponse:
        """Fill in the form on a page (by default that at the same path) and send it."""
        token = form_token(self.get(form_on or path))
        return self.post(
            path, data={"csrf_token": token, **fields}, headers={"Sec-Fetch-Site": "same-origin"}
        )


def form_token(page: TestResponse) -> str:
    """The token in the page's form."""
    found = re.search(r'name="csrf_token" value="(\w+)"', page.get_data(as_text=True))
    assert found is not None
    return found[1]


def stranger(app: Flask) -> Browser:
    """A browser that was never here."""
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


def sign_in(
    app: Flask,
    runtime: Runtime,
    shop_id: int,
    *,
    role: Role = Role.MANAGE,
    name: str = "Ann",
    is_embedded: bool = False,
) -> Browser:
    """A browser that came from the admin of a shop."""
    browser = stranger(app)
    browser.set_cookie(
        COOKIE,
        new_token(app, runtime, shop_id, role=role, name=name, is_embedded=is_embedded),
        domain="backline.test",
    )
    return browser


def new_token(
    app: Flask,
    runtime: Runtime,
    shop_id: int,
    *,
    role: Role = Role.MANAGE,
    name: str = "Ann",
    is_embedded: bool = False,
) -> str:
    """What the cookie of such a browser holds."""
    with app.test_request_context(base_url=SITE):
        return access.begin_session(
            runtime, shop_id=shop_id, subject=name, name=name, role=role, is_embedded=is_embedded
        ).token


def new_pass(app: Flask, runtime: Runtime, shop_id: int) -> str:
    """A pass of a browser that came from the admin and keeps no cookies in frames."""
    with app.test_request_context(base_url=SITE):
        new = access.begin_session(
            runtime, shop_id=shop_id, subject="Ann", name="Ann", role=Role.MANAGE, is_embedded=True
        )
        location = new.attach(app.redirect("/")).location
    return location.partition("pass=")[2]
