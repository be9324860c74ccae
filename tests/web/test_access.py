"""Who may look: every page is closed to strangers, and each shop to the people of all others."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask, redirect
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.db import shops, staff
from app.pipeline.runtime import Runtime
from app.web import access
from app.web.access import Role
from app.web.application import create_app
from tests.web.visitors import COOKIE, SITE, Browser, form_token, new_pass, sign_in, stranger
from tests.world import Clock

FOR_STRANGERS = {
    "static",
    "favicon",
    "webhooks.receive",
    "health.healthz",
    "health.readyz",
    "health.metrics",
    "api.tell",
    "api.listing",
    "api.one",
    "api.description",
    "signing_in.sign_in",
    "signing_in.invitation",
    "install_shopify.install",
    "install_shopify.callback",
    "install_shopify.embedded",
    "install_shopify.session",
    "install_bigcommerce.install",
    "install_bigcommerce.load",
    "install_bigcommerce.uninstall",
    "install_bigcommerce.remove_user",
    "alerts.unsubscribe",
}
"""Every endpoint that answers somebody who is not signed in. Each proves in its own tests what it asks
for instead."""

WITHOUT_A_SHOP = {
    "static": "filename",
    "webhooks.receive": "platform",
    "signing_in.invitation": "token",
    # The token that it asks for is one shop's.
    "api.one": "arrival_id",
    # Signed, for one shop and one address.
    "alerts.unsubscribe": "token",
}
"""Endpoints whose address takes something but no shop."""


@dataclass
class House:
    """The production application with two shops that know nothing of each other."""

    app: Flask
    runtime: Runtime
    ours: int
    theirs: int

    def signed_in(self, **options: object) -> Browser:
        """Somebody of our shop."""
        return sign_in(self.app, self.runtime, self.ours, **options)  # type: ignore[arg-type]

    def stranger(self) -> Browser:
        """Somebody of no shop."""
        return stranger(self.app)


@pytest.fixture
def house(runtime: Runtime, install: Callable[[str], int]) -> House:
    """Two shops; and two addresses that say nothing of who may use them."""
    app = create_app(runtime)
    app.add_url_rule("/unmarked", "unmarked", lambda: "open", methods=["GET", "POST"])
    app.add_url_rule("/shops/<int:shop_id>/touch", "touch", lambda shop_id: "done", methods=["POST"])
    return House(app, runtime, install("mugs.myshopify.com"), install("towels.myshopify.com"))


def later(house: House, **time: float) -> None:
    """Let time pass."""
    assert isinstance(house.runtime.clock, Clock)
    house.runtime.clock.now += timedelta(**time)


def calls(app: Flask, shop_id: int) -> Iterator[tuple[Rule, str, str]]:
    """Every address of the application with every method it takes, for one shop."""
    adapter = app.url_map.bind("backline.test", url_scheme="https")
    for rule in app.url_map.iter_rules():
        values = {name: _value(rule, name) for name in rule.arguments} | {"shop_id": shop_id}
        path = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for method in rule.methods or ():
            yield rule, method, path


def _value(rule: Rule, name: str) -> str:
    """One of the words that stand there, or the number 1."""
    words: Iterable[str] = getattr(rule._converters[name], "items", ("1",))
    return min(words)


def touch(browser: Browser, shop_id: int, **options: object) -> TestResponse:
    """Change something in a shop, with a form of ours."""
    token = form_token(browser.get("/sign-in"))
    return browser.post(f"/shops/{shop_id}/touch", data={"csrf_token": token}, **options)  # type: ignore[arg-type]


# Strangers


def test_a_stranger_gets_nothing_but_what_is_listed(house: House) -> None:
    """The list is short, and a page that nobody thought about is not on it."""
    refused = {
        (rule.endpoint, house.stranger().open(path, method=method).status_code)
        for rule, method, path in calls(house.app, house.ours)
        if rule.endpoint not in FOR_STRANGERS
    }

    assert {status for _, status in refused} <= {303, 401, 403}
    assert {"unmarked", "touch", "overview.index"} <= {endpoint for endpoint, _ in refused}


def test_every_listed_endpoint_exists(house: House) -> None:
    assert {rule.endpoint for rule in house.app.url_map.iter_rules()} >= FOR_STRANGERS


def test_a_page_asks_a_stranger_to_sign_in_and_comes_back(house: House) -> None:
    answer = house.stranger().get(f"/shops/{house.ours}?sort=item")

    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next=/shops/{house.ours}?sort%3Ditem"


def test_a_program_without_a_session_is_told_so(house: House) -> None:
    answer = house.stranger().get("/", headers={"Accept": "application/json"})

    assert answer.status_code == 401


# Shops


def test_an_address_that_takes_an_id_takes_its_shop_too(house: House) -> None:
    """Else nothing could be asked before its view runs."""
    without = {
        rule.endpoint: rule.arguments
        for rule in house.app.url_map.iter_rules()
        if rule.arguments and "shop_id" not in rule.arguments
    }

    assert without == {endpoint: {name} for endpoint, name in WITHOUT_A_SHOP.items()}


def test_another_shop_can_not_be_told_from_none(house: House) -> None:
    """On every address that names a shop, with every method."""
    browser = house.signed_in()
    tried = 0
    for shop_id in (house.theirs, 987654321):
        token = form_token(browser.get("/sign-in"))
        for rule, method, path in calls(house.app, shop_id):
            if "shop_id" in rule.arguments:
                answer = browser.open(path, method=method, headers={"X-CSRF-Token": token})
                assert answer.status_code == 404, (method, path)
                tried += 1

    assert tried >= 2 * 4


def test_pages_without_a_shop_show_nothing_of_another(house: House) -> None:
    for rule, method, path in calls(house.app, house.ours):
        if "shop_id" not in rule.arguments and method == "GET":
            assert "towels" not in house.signed_in().get(path).get_data(as_text=True), path


def test_ones_own_shop_is_shown(house: House) -> None:
    browser = house.signed_in()

    assert "mugs.myshopify.com" in browser.get("/").get_data(as_text=True)
    assert browser.get(f"/shops/{house.ours}").status_code == 200


def test_whoever_may_look_may_not_change(house: House) -> None:
    looks, manages = house.signed_in(role=Role.LOOK), house.signed_in(role=Role.MANAGE)

    assert looks.get(f"/shops/{house.ours}").status_code == 200
    assert touch(looks, house.ours).status_code == 403
    assert touch(manages, house.ours).status_code == 200


def test_what_names_no_shop_can_change_nothing_unless_it_says_for_whom(house: House) -> None:
    browser = house.signed_in()
    token = form_token(browser.get("/sign-in"))

    assert browser.get("/unmarked").status_code == 200
    assert browser.post("/unmarked", data={"csrf_token": token}).status_code == 403


# Sessions


def test_a_session_ends_when_its_time_is_over(house: House) -> None:
    browser = house.signed_in()

    later(house, hours=11, minutes=59)
    assert browser.get("/").status_code == 200
    later(house, hours=11, minutes=59)
    assert browser.get("/").status_code == 200
    later(house, hours=12)
    assert browser.get("/").status_code == 303


def test_a_session_ends_after_seven_days_however_busy(house: House) -> None:
    browser = house.signed_in()
    seen = []
    for _ in range(30):
        seen.append(browser.get("/").status_code)
        later(house, hours=6)

    assert seen == [200] * 28 + [303] * 2


def test_a_page_that_keeps_itself_fresh_keeps_nobody_signed_in(house: House) -> None:
    """An unattended screen is signed out after 12 hours too."""
    browser, by_itself = house.signed_in(), {"Sec-Fetch-Dest": "empty"}

    later(house, hours=11)
    assert browser.get("/", headers=by_itself).status_code == 200
    later(house, hours=1)

    assert browser.get("/").status_code == 303


def test_whoever_signs_out_is_out_everywhere_this_cookie_is(house: House) -> None:
    browser, copy = house.signed_in(), house.stranger()
    cookie = browser.get_cookie(COOKIE, domain="backline.test")
    assert cookie is not None
    copy.set_cookie(COOKIE, cookie.value, domain="backline.test")
    assert copy.get("/").status_code == 200

    answer = browser.send("/sign-out", "/")

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert copy.get("/").status_code == 303
    assert browser.get_cookie(COOKIE, domain="backline.test") is None


def test_signing_in_ends_the_session_before(house: House) -> None:
    """Nobody can plant a session of theirs and wait for somebody to sign in over it."""
    browser = house.signed_in()
    old = browser.get_cookie(COOKIE, domain="backline.test")
    assert old is not None

    with house.app.test_request_context(base_url=SITE, headers={"Cookie": f"{COOKIE}={old.value}"}):
        new = access.begin_session(
            house.runtime,
            shop_id=house.theirs,
            subject="Bob",
            name="Bob",
            role=Role.LOOK,
            is_embedded=False,
        )

    assert new.token != old.value
    assert browser.get("/").status_code == 303


def test_a_cookie_is_for_our_own_pages_over_https_alone(house: House) -> None:
    with house.app.test_request_context(base_url=SITE):
        new = access.begin_session(
            house.runtime, shop_id=house.ours, subject="", name="", role=Role.LOOK, is_embedded=False
        )
        cookie = new.attach(redirect("/")).headers["Set-Cookie"]

    assert cookie.startswith("__Host-backline=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_by_http_on_a_plain_address_the_cookie_has_a_plain_name(house: House) -> None:
    plain = house.runtime.settings.model_copy(update={"app_url": "http://backline.lan"})
    runtime = replace(house.runtime, settings=plain)
    app = create_app(runtime)
    with app.test_request_context(base_url="http://backline.lan"):
        new = access.begin_session(
            runtime, shop_id=house.ours, subject="", name="", role=Role.LOOK, is_embedded=False
        )
        cookie = new.attach(redirect("/")).headers["Set-Cookie"]

    assert cookie.startswith("backline=")
    assert "Secure" not in cookie


def test_a_plain_cookie_is_not_believed_over_https(house: House) -> None:
    """A neighbouring host of the same domain, or a network without https, can set one."""
    browser = house.signed_in()
    cookie = browser.get_cookie(COOKIE, domain="backline.test")
    assert cookie is not None
    victim = house.stranger()
    victim.set_cookie("backline", cookie.value, domain="backline.test")

    assert victim.get("/").status_code == 303


def test_an_uninstalled_shop_is_closed_to_everybody(house: House) -> None:
    browser = house.signed_in()
    with house.runtime.sessions.begin() as session:
        shops.remove_shop(shops.get_shop(session, house.ours), problem="uninstalled")

    assert browser.get(f"/shops/{house.ours}").status_code == 303


# In the frame of a shop's admin


def test_in_a_frame_the_cookie_is_kept_for_that_frame_alone(house: House) -> None:
    with house.app.test_request_context(base_url=SITE):
        new = access.begin_session(
            house.runtime, shop_id=house.ours, subject="", name="", role=Role.LOOK, is_embedded=True
        )
        cookie = new.attach(redirect("/")).headers["Set-Cookie"]

    assert {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"} <= set(cookie.split("; "))


def test_without_cookies_a_pass_leads_from_page_to_page(house: House) -> None:
    """Each page's links carry a new one."""
    path, browser = f"/?pass={new_pass(house.app, house.runtime, house.ours)}", house.stranger()
    for _ in range(3):
        page = browser.get(path)
        assert page.status_code == 200
        path = _link(page)
        assert "?pass=" in path
        later(house, minutes=9)


def _link(page: TestResponse) -> str:
    """Where the name of the app leads."""
    return page.get_data(as_text=True).partition('class="brand" href="')[2].partition('"')[0]


def test_a_pass_may_come_in_a_header(house: House) -> None:
    given = {"X-Backline-Pass": new_pass(house.app, house.runtime, house.ours)}

    assert house.stranger().get(f"/shops/{house.ours}", headers=given).status_code == 200
    assert house.stranger().get(f"/shops/{house.theirs}", headers=given).status_code == 404


def test_an_open_page_renews_its_pass(house: House) -> None:
    given, browser = new_pass(house.app, house.runtime, house.ours), house.stranger()
    for _ in range(3):
        later(house, minutes=9)
        answer = browser.get("/pass", headers={"X-Backline-Pass": given})
        given = answer.get_json()["pass"]

    assert answer.headers["Cache-Control"] == "no-store"
    assert house.stranger().get(f"/?pass={given}").status_code == 200
    assert house.signed_in().get("/pass").get_json() == {"pass": ""}


def test_a_pass_runs_out_and_says_so_inside_the_frame(house: House) -> None:
    given = new_pass(house.app, house.runtime, house.ours)
    later(house, minutes=10)

    answer = house.stranger().get(f"/?pass={given}")

    assert answer.status_code == 401
    assert "Open Backline again" in answer.get_data(as_text=True)
    assert "frame-ancestors https://mugs.myshopify.com " in answer.headers["Content-Security-Policy"]


def test_a_pass_ends_with_its_session(house: House) -> None:
    given = new_pass(house.app, house.runtime, house.ours)
    with house.runtime.sessions.begin() as session:
        staff.end_sign_ins(session, house.ours)

    assert house.stranger().get(f"/?pass={given}").status_code == 401


def test_a_pass_outlives_a_change_of_the_key(house: House) -> None:
    given = new_pass(house.app, house.runtime, house.ours)
    old = house.runtime.settings
    rotated = old.model_copy(update={"secret_key": "new", "secret_key_previous": old.secret_key})
    forgotten = old.model_copy(update={"secret_key": "new"})

    statuses = [
        stranger(create_app(replace(house.runtime, settings=each))).get(f"/?pass={given}").status_code
        for each in (rotated, forgotten)
    ]

    assert statuses == [200, 303]


@pytest.mark.parametrize(
    ("platform", "domain", "ancestors"),
    [
        ("shopify", "mugs.myshopify.com", "https://mugs.myshopify.com https://admin.shopify.com"),
        (
            "bigcommerce",
            "abc123",
            "https://store-abc123.mybigcommerce.com https://login.bigcommerce.com",
        ),
    ],
)
def test_a_page_stands_in_the_frame_of_its_own_shop_alone(
    house: House, platform: str, domain: str, ancestors: str
) -> None:
    with house.runtime.sessions.begin() as session:
        shop = shops.install_shop(session, platform=platform, domain=domain, now=house.runtime.clock())
        shop_id = shop.id
    browser = sign_in(house.app, house.runtime, shop_id, is_embedded=True)

    page = browser.get("/")

    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == ancestors
    assert "X-Frame-Options" not in page.headers
    assert ("https://cdn.shopify.com" in policy["script-src"]) is (platform == "shopify")


# On this machine


@pytest.fixture
def local(house: House) -> Browser:
    """A browser beside the local commands."""
    return stranger(create_app(house.runtime, has_open_pages=True))


def test_on_this_machine_nobody_signs_in(house: House, local: Browser) -> None:
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        page = local.get("/", base_url=f"http://{host}").get_data(as_text=True)
        assert "mugs.myshopify.com" in page
        assert "towels.myshopify.com" in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example:8000"},
        {"Host": "evil.example@127.0.0.1"},
        {"Host": "127.0.0.1:8000", "X-Forwarded-For": "203.0.113.9"},
        {"Host": "127.0.0.1:8000", "X-Forwarded-Host": "backline.test"},
    ],
)
def test_whoever_comes_by_another_name_or_through_a_tunnel_must_sign_in(
    local: Browser, headers: dict[str, str]
) -> None:
    """A page elsewhere can give its own name this machine's address (DNS rebinding)."""
    answer = local.get("/", base_url="http://127.0.0.1:8000", headers=headers)

    assert answer.status_code in (303, 400)
    assert "mugs" not in answer.get_data(as_text=True)


# Counts


@pytest.mark.parametrize(
    ("token", "sent", "status"),
    [
        ("", None, 401),
        ("", "Bearer ", 401),
        ("a-token", None, 401),
        ("a-token", "Bearer another", 401),
        ("a-token", "a-token", 401),
        ("a-token", "Bearer a-token", 200),
    ],
)
def test_counts_are_for_whoever_has_the_token(
    house: House, token: str, sent: str | None, status: int
) -> None:
    settings = house.runtime.settings.model_copy(update={"metrics_token": token})
    browser = stranger(create_app(replace(house.runtime, settings=settings)))

    answer = browser.get("/metrics", headers={"Authorization": sent} if sent else {})

    assert answer.status_code == status
    assert ("backline_webhooks" in answer.get_data(as_text=True)) is (status == 200)
