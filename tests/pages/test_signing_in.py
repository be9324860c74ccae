"""Signing in, in a real Chromium: invited staff, and a page in the frame of a shop's admin."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, redirect, request
from playwright.sync_api import Browser, Page, expect
from redis import Redis
from werkzeug.wrappers import Response

from app.db import shops, staff
from app.db.models import Event, Order, Shop, StockItem
from app.pipeline.runtime import Runtime
from app.platforms.http import Http
from app.settings import Settings
from app.web import access
from app.web.access import Role
from app.web.application import create_app
from tests.pages.browser import complaints_of, served
from tests.pipeline.stage import open_shop
from tests.world import Clock

DOMAIN = "mugs.myshopify.com"
ANN, PASSWORD = "ann@shop.example", "seven purple mugs waiting"
HTML = """<script>document.title='owned'</script><img src=x onerror="document.title='owned'">"""


@pytest.fixture
def runtime(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Runtime:
    """What the web process works with, reached by http."""
    settings = settings.model_copy(update={"app_url": "http://127.0.0.1"})
    return Runtime(settings, clean_pg, redis, Http(), clock=Clock())


@pytest.fixture
def shop_id(runtime: Runtime) -> int:
    """Our shop; there is another."""
    with runtime.sessions.begin() as session:
        for domain in ("towels.myshopify.com", DOMAIN):
            shop = shops.install_shop(session, platform="shopify", domain=domain, now=runtime.clock())
        return shop.id


def test_from_the_link_to_the_page_and_out_again(
    plain_page: Page, runtime: Runtime, shop_id: int, tmp_path: Path
) -> None:
    with runtime.sessions.begin() as session:
        link = staff.invite(session, shop_id, ANN, role=Role.LOOK, now=runtime.clock())
    page = plain_page
    complaints = complaints_of(page)

    with served(create_app(runtime), "127.0.0.1") as site:
        page.goto(f"{site}/invitations/{link}")
        page.screenshot(path=tmp_path / "invitation.png")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        first = page.inner_text("body")

        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{site}/shops/{shop_id}")
        page.screenshot(path=tmp_path / "sign-in.png")
        page.get_by_label("Email address").fill(ANN)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{site}/shops/{shop_id}")
        second = page.inner_text("body")

    assert DOMAIN in first
    assert DOMAIN in second
    assert "towels" not in first + second
    assert complaints == []


@contextmanager
def embedded(runtime: Runtime, shop_id: int, *, keeps_cookies: bool) -> Iterator[tuple[str, Flask]]:
    """The page of a shop's admin, on another site, with Backline in its frame."""
    admin = Flask("admin")
    with served(admin, "localhost") as admin_site:
        settings = runtime.settings.model_copy(update={"shopify_base_url": f"{admin_site}/{{shop}}"})
        runtime = replace(runtime, settings=settings)
        app = create_app(runtime)

        @app.get("/enter")
        @access.anyone
        def enter() -> Response:
            new = access.begin_session(
                runtime,
                shop_id=request.args.get("shop", shop_id, type=int),
                subject="shopify:1",
                name="Ann",
                role=Role.MANAGE,
                is_embedded=True,
            )
            return new.attach(redirect("/"))

        if not keeps_cookies:
            app.after_request(without_cookies)
        with served(app, "127.0.0.1") as site:
            admin.add_url_rule("/", "page", lambda: framing(site))
            admin.add_url_rule("/<int:shop>", "of", lambda shop: framing(site, f"?shop={shop}"))
            yield admin_site, app


def framing(site: str, of: str = "") -> str:
    """A page with Backline in a frame."""
    return f'<link rel="icon" href="data:,"><iframe name="app" src="{site}/enter{of}"></iframe>'


def without_cookies(response: Response) -> Response:
    """What a browser that blocks cookies in frames makes of an answer."""
    del response.headers["Set-Cookie"]
    return response


@pytest.mark.parametrize("keeps_cookies", [True, False])
def test_in_the_frame_of_the_admin_one_is_signed_in(
    plain_page: Page, runtime: Runtime, shop_id: int, *, keeps_cookies: bool
) -> None:
    """With the cookie that is kept for this frame alone, or with a pass."""
    page = plain_page
    complaints = complaints_of(page)

    with embedded(runtime, shop_id, keeps_cookies=keeps_cookies) as (admin_site, _):
        page.goto(admin_site)
        frame = page.frame("app")
        assert frame is not None
        frame.get_by_role("link", name="Backline").click()
        expect(frame.locator("main")).to_contain_text(DOMAIN)
        text = frame.inner_text("body")
        cookies = page.context.cookies()

    assert DOMAIN in text
    assert "towels" not in text
    assert [cookie["name"] for cookie in cookies] == ["__Host-backline"] * keeps_cookies
    assert complaints == []


@pytest.mark.parametrize("keeps_cookies", [True, False])
def test_two_shops_are_open_in_two_tabs_of_the_admin(
    browser_at_large: Browser, runtime: Runtime, shop_id: int, *, keeps_cookies: bool
) -> None:
    """The browser keeps one cookie for both, for all shops have one admin."""
    context = browser_at_large.new_context()
    ours, theirs = context.new_page(), context.new_page()
    with runtime.sessions.begin() as session:
        others = [shop.id for shop in shops.list_shops(session) if shop.id != shop_id]

    with embedded(runtime, shop_id, keeps_cookies=keeps_cookies) as (admin_site, _):
        ours.goto(admin_site)
        theirs.goto(f"{admin_site}/{others[0]}")
        expect(theirs.frame_locator("iframe").locator("main")).to_contain_text("towels")
        for page, domain in ((ours, DOMAIN), (theirs, "towels")):
            frame = page.frame_locator("iframe")
            frame.get_by_role("link", name=domain).click()
            expect(frame.get_by_role("heading", level=1)).to_have_text("Overview")
        again = ours.frames[1].goto(ours.frames[1].url)
    assert again is not None
    assert again.status == 200
    context.close()


def test_an_open_page_in_a_frame_keeps_its_pass_fresh(
    plain_page: Page, runtime: Runtime, shop_id: int
) -> None:
    """Its links work an hour later, without a cookie."""
    page = plain_page
    page.clock.install()
    with embedded(runtime, shop_id, keeps_cookies=False) as (admin_site, _):
        page.goto(admin_site)
        frame = page.frame("app")
        assert frame is not None
        link = frame.get_by_role("link", name="Backline")
        for _ in range(15):
            before = link.get_attribute("href") or ""
            assert isinstance(runtime.clock, Clock)
            runtime.clock.sleep(4 * 60)
            page.clock.run_for(4 * 60 * 1000)
            expect(link).not_to_have_attribute("href", before)
        link.click()
        expect(frame.locator("main")).to_contain_text(DOMAIN)
        text = frame.inner_text("body")

    assert DOMAIN in text


def test_no_other_site_can_frame_us(plain_page: Page, runtime: Runtime, shop_id: int) -> None:
    """Neither somebody's own session nor the embedded page of a shop."""
    evil = Flask("evil")
    page = plain_page
    complaints = complaints_of(page)
    with (
        embedded(runtime, shop_id, keeps_cookies=True) as (_, app),
        served(app, "127.0.0.1") as site,
        served(evil, "localhost") as evil_site,
    ):
        evil.add_url_rule("/", "page", lambda: framing(site))
        page.goto(evil_site)
        page.wait_for_timeout(500)
        frame = page.frame("app")
        shown = "" if frame is None else frame.content()

    assert DOMAIN not in shown
    assert any("frame-ancestors" in complaint for complaint in complaints)


def test_no_script_in_what_people_type_ever_runs(
    plain_page: Page, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """On every page of a shop in which every name is hostile; the policy is never even asked."""
    stage = open_shop(clean_pg, redis, settings, stock=0)
    stage.order(2)
    stage.settle_down()
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(Order).values(name=HTML, problem=HTML))
        session.execute(sa.update(StockItem).values(title=HTML, sku=HTML, problem=HTML))
        session.execute(sa.update(Event).values(before=HTML, after=HTML, why=HTML, cause=HTML))
        session.execute(sa.update(Shop).values(name=HTML, problem=HTML))
    app = create_app(stage.world.runtime, has_open_pages=True)
    adapter = app.url_map.bind("127.0.0.1")
    paths = [
        adapter.build(rule.endpoint, {"shop_id": stage.world.shop_id} if rule.arguments else {})
        for rule in app.url_map.iter_rules()
        if rule.arguments <= {"shop_id"}
        and "GET" in (rule.methods or ())
        and not rule.endpoint.startswith("install_")  # whose own tests send what they are answered for
    ]
    page = plain_page
    complaints = complaints_of(page)

    titles, shown = [], ""
    with served(app, "127.0.0.1") as site:
        for address in (f"{site}{path}" for path in paths):
            if "text/html" in page.request.get(address).headers["content-type"]:
                page.goto(address)
                titles.append(page.title())
                shown += page.inner_text("body")

    assert HTML in shown
    assert "owned" not in titles
    assert complaints == []
