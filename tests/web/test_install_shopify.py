"""Installing on Shopify: both ways in, and every attack on them that was thought of."""

import html
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from redis import Redis
from werkzeug.test import TestResponse

from app.db import staff, tokens
from app.db.api_tokens import find_shop_by_token, renew_token
from app.db.models import SignInRow
from app.pipeline.runtime import work_on_shop
from app.platforms.shopify.profile import ASKED_SCOPES
from app.settings import Settings
from app.web.application import create_app
from tests.pipeline.stage import rows
from tests.web.installs import (
    MUGS,
    TOWELS,
    Stage,
    claims_of,
    forged,
    open_stage,
    seconds_ago,
    shops_stored,
)
from tests.web.posting import post
from tests.web.visitors import SITE, form_token


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """Two shops, neither installed."""
    return open_stage(clean_pg, redis, settings)


# The authorization-code grant


def test_a_merchant_is_asked_for_exactly_what_is_needed(stage: Stage) -> None:
    browser = stage.browser()

    asked_at = urlsplit(stage.begin(browser))

    query = parse_qs(asked_at.query)
    assert f"{asked_at.scheme}://{asked_at.netloc}{asked_at.path}" == (
        f"https://{MUGS}/admin/oauth/authorize"
    )
    assert query["scope"] == [",".join(ASKED_SCOPES)]
    assert query["redirect_uri"] == [f"{SITE}/shopify/callback"]
    assert len(query["state"][0]) >= 32


def test_the_state_is_kept_where_no_script_and_no_other_site_reads_it(stage: Stage) -> None:
    answer = stage.browser().get(f"/shopify/install?{stage.mugs.oauth.signed()}")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-backline-install=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600"):
        assert attribute in cookie


def test_whoever_installs_lands_on_the_shops_page_and_a_worker_does_the_rest(stage: Stage) -> None:
    browser = stage.install_mugs()
    shop = stage.shop()
    assert shop is not None

    page = browser.get(f"/shops/{shop.id}")
    assert page.status_code == 200
    assert "Importing open orders" in page.get_data(as_text=True)
    assert shop.import_state == "running"
    stage.work()

    done = stage.shop()
    assert done is not None
    assert (done.status, done.import_state, done.name) == ("active", "done", "Mugs")
    assert len(stage.mugs.webhooks.subscriptions) > 20
    assert shops_stored(stage.runtime.engine) == [MUGS]


def test_the_pair_of_tokens_is_kept_with_both_ends(stage: Stage) -> None:
    stage.install_mugs()

    shop = stage.shop()
    assert shop is not None
    assert shop.token_until is not None
    assert shop.refresh_until is not None
    assert (shop.token_until - stage.clock()).total_seconds() == 3600
    assert (shop.refresh_until - stage.clock()).days == 90


def test_whoever_installs_sees_their_shop_alone(stage: Stage) -> None:
    browser = stage.install_mugs()
    other = stage.browser()
    other.get(stage.agreed(stage.begin(other, stage.towels), stage.towels))
    towels = stage.shop(TOWELS)
    assert towels is not None

    assert browser.get(f"/shops/{towels.id}").status_code == 404
    assert other.get(f"/shops/{towels.id}").status_code == 200


def test_a_second_answer_to_the_same_question_is_refused(stage: Stage) -> None:
    """A replayed callback: the code is used up, and the cookie is gone."""
    browser = stage.browser()
    callback = stage.agreed(stage.begin(browser))
    cookie = browser.get_cookie("__Host-backline-install", domain="backline.test")
    assert cookie is not None
    assert browser.get(callback).status_code == 303

    assert browser.get(callback).status_code == 400
    browser.set_cookie("__Host-backline-install", cookie.value, domain="backline.test")
    answer = browser.get(callback)

    assert answer.status_code == 400
    assert "already used" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("attack", "spoil"),
    [
        ("a forged hmac", lambda path: path.replace("hmac=", "hmac=0")),
        ("no hmac", lambda path: path.replace("&hmac=", "&hm=")),
        ("an hmac that is no text", lambda path: path.replace("hmac=", "hmac=%FF%00")),
        ("another code", lambda path: path.replace("code=", "code=0")),
        ("another shop", lambda path: path.replace(MUGS, TOWELS)),
        ("another state", lambda path: path.replace("state=", "state=0")),
        ("no state", lambda path: path.replace("state=", "stat=")),
        ("a doubled shop", lambda path: f"{path}&shop={TOWELS}"),
        ("something added", lambda path: f"{path}&locale=en"),
        ("an oversized parameter", lambda path: f"{path}&x={'y' * 5000}"),
        ("a list", lambda path: f"{path}&ids[]=1&ids[]=2"),
        ("no timestamp", lambda path: path.replace("timestamp=", "timestam=")),
    ],
)
def test_an_answer_that_was_tampered_with_installs_nothing(
    stage: Stage, attack: str, spoil: Callable[[str], str]
) -> None:
    browser = stage.browser()
    callback = stage.agreed(stage.begin(browser))

    answer = browser.get(spoil(callback))

    assert answer.status_code == 400, attack
    assert shops_stored(stage.runtime.engine) == []


@pytest.mark.parametrize("timestamp", ["0", "-1", "1e9", "99999999999", "9" * 400, "١٢٣", "x"])
def test_a_signed_address_is_good_for_a_moment(stage: Stage, timestamp: str) -> None:
    stage.mugs.oauth._now = lambda: 0  # type: ignore[method-assign]
    browser = stage.browser()

    answer = browser.get(f"/shopify/install?{stage.mugs.oauth.signed()}")
    other = browser.get(f"/shopify/install?shop={MUGS}&hmac=0&timestamp={quote(timestamp)}")

    assert (answer.status_code, other.status_code) == (400, 400)
    assert "too old" in answer.get_data(as_text=True)


def test_an_answer_that_waited_too_long_is_refused(stage: Stage) -> None:
    browser = stage.browser()
    callback = stage.agreed(stage.begin(browser))
    stage.clock.sleep(91)

    assert browser.get(callback).status_code == 400
    assert shops_stored(stage.runtime.engine) == []


def test_an_answer_in_another_browser_is_refused(stage: Stage) -> None:
    """Somebody sends a merchant a link to end an installation that they themselves began."""
    callback = stage.agreed(stage.begin(stage.browser()))

    assert stage.browser().get(callback).status_code == 400
    assert shops_stored(stage.runtime.engine) == []


def test_an_answer_of_one_shop_does_not_install_another(stage: Stage) -> None:
    """Both are signed by Shopify; the browser was sent to the other one."""
    browser = stage.browser()
    asked_at = stage.begin(browser, stage.mugs)

    answer = browser.get(stage.agreed(asked_at, stage.towels))

    assert answer.status_code == 400
    assert shops_stored(stage.runtime.engine) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "mugs",
        "evil.com",
        "evil.com#.myshopify.com",
        "evil.com/.myshopify.com",
        "evil.com?.myshopify.com",
        "evil.com\\.myshopify.com",
        "evil.com@mugs.myshopify.com",
        "user:pass@mugs.myshopify.com",
        "mugs.myshopify.com@evil.com",
        "mugs.myshopify.com.evil.com",
        "mugs.myshopify.com:8443",
        "mugs.myshopify.com.",
        "mugs.myshopify.com/admin",
        "https://mugs.myshopify.com",
        "MUGS.myshopify.com",
        " mugs.myshopify.com",
        "mugs.myshopify.com\n",
        "mugs.myshopify.com\r\nSet-Cookie: a=b",
        "mugs.myshopify.com\x00",
        "mügs.myshopify.com",
        "mugs.myshopify。com",
        "ⓜugs.myshopify.com",
        "-mugs.myshopify.com",
        "mugs_1.myshopify.com",
        "a.mugs.myshopify.com",
        "mugsmyshopify.com",
        f"{'m' * 300}.myshopify.com",
        "127.0.0.1",
        "[::1].myshopify.com",
    ],
)
def test_nothing_but_a_shops_own_name_is_a_shop(stage: Stage, name: str) -> None:
    for path in ("install", "callback", "app"):
        answer = stage.browser().get(f"/shopify/{path}?embedded=1&shop={quote(name, safe='')}")

        assert answer.status_code == 400, path
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers or "install" not in answer.headers["Set-Cookie"]


def test_where_to_go_after_an_install_is_not_for_the_address_to_say(stage: Stage) -> None:
    """Open redirects: neither `host` nor anything else in the signed address leads elsewhere."""
    browser = stage.browser()
    elsewhere = "https://evil.example/"
    asked_at = stage.begin(browser)
    callback = stage.agreed(asked_at, return_to=elsewhere, redirect_uri=elsewhere, url=elsewhere)

    answer = browser.get(callback)

    shop = stage.shop()
    assert shop is not None
    assert answer.location == f"/shops/{shop.id}"


def test_a_secret_that_is_being_changed_is_still_believed(stage: Stage) -> None:
    """The app knows the new one; Shopify signs with the old one and takes either."""
    old = stage.mugs.client_secret
    new = stage.runtime.settings.model_copy(
        update={"shopify_client_secret": "n" * 40, "shopify_client_secret_previous": old}
    )
    stage = _with_settings(stage, new)

    stage.install_mugs()
    stage.work()

    shop = stage.shop()
    assert shop is not None
    assert shop.status == "active"


def _with_settings(stage: Stage, settings: Settings) -> Stage:
    """The same shops, and processes that were started anew with other settings."""
    runtime = replace(stage.runtime, settings=settings)
    return replace(stage, runtime=runtime, app=create_app(runtime))


def test_keys_are_changed_without_a_shop_noticing(stage: Stage) -> None:
    """The merchant is on the way to Shopify and back while every key of ours is replaced."""
    settings = stage.runtime.settings
    stage.install_mugs()
    browser = stage.browser()
    asked_at = stage.begin(browser)
    new_key = Fernet.generate_key().decode()
    changed = settings.model_copy(
        update={
            "secret_key": "another-key-for-tests-alone-0123456789",
            "secret_key_previous": settings.secret_key,
            "encryption_keys": (new_key, *settings.encryption_keys),
        }
    )
    later = _with_settings(stage, changed)
    later_browser = later.browser()
    cookie = browser.get_cookie("__Host-backline-install", domain="backline.test")
    assert cookie is not None
    later_browser.set_cookie("__Host-backline-install", cookie.value, domain="backline.test")

    later.work()
    assert later_browser.get(later.agreed(asked_at)).status_code == 303
    later.work()

    shop = later.shop()
    assert shop is not None
    assert shop.status == "active"
    assert tokens.open_token(shop, [new_key]).startswith("shpat_")


# Embedded


def test_the_first_visitor_of_an_embedded_app_takes_the_shop_up(stage: Stage) -> None:
    stage.mugs.oauth.install()
    browser = stage.browser()

    answer = stage.enter(browser, stage.mugs.oauth.session_token())
    stage.work()

    shop = stage.shop()
    assert shop is not None
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == f"/shops/{shop.id}"
    assert (shop.status, shop.import_state) == ("active", "done")
    page = browser.get(f"/shops/{shop.id}")
    assert page.status_code == 200
    assert (
        f"frame-ancestors https://{MUGS} https://admin.shopify.com;"
        in (page.headers["Content-Security-Policy"])
    )


def test_shops_that_are_open_in_two_tabs_of_the_admin_do_not_shut_each_other_out(stage: Stage) -> None:
    """The admin of all shops is one site: the browser keeps one cookie there, that of the shop which was
    opened last."""
    browser, given = stage.browser(), []
    for shop in (stage.mugs, stage.towels):
        shop.oauth.install()
        given.append(stage.enter(browser, shop.oauth.session_token(), shop.domain).location)
    mugs, towels = (address.partition("?")[0] for address in given)
    pass_of_mugs = parse_qs(urlsplit(given[0]).query)["pass"][0]

    opened = browser.get(f"{mugs}/settings?pass={pass_of_mugs}")
    saved = browser.post(
        f"{mugs}/orders/views?pass={pass_of_mugs}",
        data={"csrf_token": form_token(opened), "name": "Mine", "shown": "list=all&q=mug"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    renewed = browser.get("/pass", headers={"X-Backline-Pass": pass_of_mugs}).get_json()["pass"]
    led = browser.get(f"{mugs}/orders?embedded=1&shop={MUGS}")
    refused = browser.get(f"{mugs}/orders")

    assert (opened.status_code, saved.status_code) == (200, 303)
    assert "Mine" in browser.get(f"{mugs}/orders?list=all&pass={renewed}").text
    assert led.location.startswith(f"/shopify/app?embedded=1&shop={MUGS}")
    assert refused.status_code == 404
    assert browser.get(towels).status_code == 200


def test_a_tab_of_another_shop_whose_pass_is_over_says_so(stage: Stage) -> None:
    browser, given = stage.browser(), []
    for shop in (stage.mugs, stage.towels):
        shop.oauth.install()
        given.append(stage.enter(browser, shop.oauth.session_token(), shop.domain).location)
    stage.clock.sleep(601)

    answer = browser.get(given[0])

    assert answer.status_code == 401
    assert "Open Backline again" in answer.text


def test_an_embedded_visitor_of_one_shop_sees_no_other(stage: Stage) -> None:
    for shop in (stage.mugs, stage.towels):
        shop.oauth.install()
    browser, other = stage.browser(), stage.browser()
    stage.enter(browser, stage.mugs.oauth.session_token())
    stage.enter(other, stage.towels.oauth.session_token(), TOWELS)
    towels = stage.shop(TOWELS)
    assert towels is not None

    assert browser.get(f"/shops/{towels.id}").status_code == 404
    assert other.get(f"/shops/{towels.id}").status_code == 200


def bad_session_tokens(stage: Stage) -> dict[str, str]:
    """Tokens that must open nothing."""
    good = stage.mugs.oauth.session_token
    claims = claims_of(good())
    secret = stage.mugs.client_secret
    other = stage.runtime.settings.bigcommerce_client_secret
    without = {name: {k: v for k, v in claims.items() if k != name} for name in claims}
    return {
        "nothing": "",
        "no token": "x.y.z",
        "another secret": forged(claims),
        "the other platform's secret": forged(claims, other),
        "alg none": forged(claims, "", "none"),
        "another algorithm": forged(claims, secret + "0" * 40, "HS512"),
        "another app's aud": good(aud="somebody-else"),
        "over": good(exp=seconds_ago(60), nbf=seconds_ago(120)),
        "not yet": good(nbf=seconds_ago(-300)),
        "without an end": forged(without["exp"], secret),
        "without aud": forged(without["aud"], secret),
        "without sub": forged(without["sub"], secret),
        "iss and dest differ": good(iss=f"https://{TOWELS}/admin"),
        "iss elsewhere": good(iss="https://evil.com/admin", dest="https://evil.com"),
        "dest with userinfo": good(dest=f"https://evil.com@{MUGS}"),
        "dest by http": good(dest=f"http://{MUGS}"),
        "dest is a list": good(dest=[f"https://{MUGS}"]),
        "nested": good(dest={"a": [[[[[[]]]]]]}),
        "oversized": "A" * 100_000,
    }


@pytest.mark.parametrize("attack", list(range(19)))
def test_a_session_token_that_shopify_did_not_make_for_us_now_opens_nothing(
    stage: Stage, attack: int
) -> None:
    stage.mugs.oauth.install()
    name, token = list(bad_session_tokens(stage).items())[attack]
    browser = stage.browser()

    page = stage.enter(browser, token)
    called = browser.post("/shopify/session", headers={"Authorization": f"Bearer {token}"})

    assert page.status_code == 200, name
    assert "Opening Backline" in page.get_data(as_text=True)
    assert (called.status_code, called.headers["X-Shopify-Retry-Invalid-Session-Request"]) == (401, "1")
    assert shops_stored(stage.runtime.engine) == []
    with stage.runtime.sessions.begin() as session:
        assert session.scalars(sa.select(SignInRow)).all() == []


def test_a_session_token_of_another_shop_does_not_open_the_shop_in_the_address(stage: Stage) -> None:
    stage.towels.oauth.install()

    answer = stage.enter(stage.browser(), stage.towels.oauth.session_token(), shop=MUGS)

    assert answer.status_code == 200
    assert "Opening Backline" in answer.get_data(as_text=True)
    assert shops_stored(stage.runtime.engine) == []


def test_a_page_whose_token_ran_out_gets_in_with_a_fresh_one(stage: Stage) -> None:
    """App Bridge sends it; the answer says where to go, and who is there from now on."""
    stage.mugs.oauth.install()
    browser = stage.browser()
    token = stage.mugs.oauth.session_token()

    answer = browser.post("/shopify/session", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    assert browser.get(answer.json["location"]).status_code == 200


def test_opened_outside_the_admin_the_other_way_in_is_taken(stage: Stage) -> None:
    answer = stage.browser().get(f"/shopify/app?{stage.mugs.oauth.signed()}")

    assert answer.status_code == 303
    assert answer.location.startswith("/shopify/install?")


def test_while_shopify_gives_no_tokens_a_working_shop_still_opens(stage: Stage) -> None:
    stage.mugs.oauth.install()
    stage.enter(stage.browser(), stage.mugs.oauth.session_token())
    stage.work()
    stage.mugs.client_secret = "changed-at-shopify-and-not-here-0123456789"
    settings = stage.runtime.settings
    claims = claims_of(stage.mugs.oauth.session_token())

    answer = stage.enter(stage.browser(), forged(claims, settings.shopify_client_secret))

    assert answer.status_code == 303


# Scopes, leaving, coming back


def tell(stage: Stage, topic: str, body: dict[str, object], *, at: str = "") -> TestResponse:
    """A webhook of the shop, of the present moment or another."""
    at = at or f"{stage.clock():%Y-%m-%dT%H:%M:%SZ}"
    secret = stage.mugs.client_secret
    return post(stage.browser(), body, topic, secret=secret, domain=MUGS, Triggered_At=at)


GONE = {"id": 1, "myshopify_domain": MUGS}
REDACT = {"shop_id": 1, "shop_domain": MUGS}


def test_an_uninstalled_shop_stops_at_once_and_nobody_is_signed_in_any_more(stage: Stage) -> None:
    browser = stage.install_mugs()
    stage.work()
    before = len(stage.mugs.requests)
    stage.clock.sleep(3600)

    answer = tell(stage, "app/uninstalled", GONE)
    stage.work()

    shop = stage.shop()
    assert shop is not None
    assert answer.status_code == 200
    assert (shop.status, shop.token_encrypted, shop.refresh_token_encrypted) == ("removed", None, None)
    assert len(stage.mugs.requests) == before
    assert browser.get(f"/shops/{shop.id}").status_code == 303


def test_an_uninstall_ends_invitations_passwords_and_the_token_for_other_systems(stage: Stage) -> None:
    """Whoever comes back invites people anew."""
    stage.install_mugs()
    shop = stage.shop()
    assert shop is not None
    with stage.runtime.sessions.begin() as session:
        link = staff.invite(session, shop.id, "ann@a.test", role=staff.Role.MANAGE, now=stage.clock())
        staff.invite(session, shop.id, "bob@a.test", role=staff.Role.LOOK, now=stage.clock())
        assert staff.use_link(session, link, "a hash", now=stage.clock())
        token = renew_token(session.merge(shop))
    stage.clock.sleep(3600)

    tell(stage, "app/uninstalled", GONE)
    stage.work()
    stage.install_mugs()

    with stage.runtime.sessions.begin() as session:
        assert staff.memberships(session, "ann@a.test") == []
        assert staff.list_staff(session, shop.id) == []
        assert find_shop_by_token(session, token) is None


def test_a_shop_that_is_to_be_erased_leaves_no_row_and_the_other_one_every_row(stage: Stage) -> None:
    """Every table is counted."""
    stage.install_mugs()
    other = stage.browser()
    other.get(stage.agreed(stage.begin(other, stage.towels), stage.towels))
    for domain in (MUGS, TOWELS):
        stage.work(domain)
    mugs, towels = stage.shop(), stage.shop(TOWELS)
    assert mugs is not None
    assert towels is not None
    kept = rows(stage.runtime.engine, shop_id=towels.id)
    stage.clock.sleep(5)
    tell(stage, "app/uninstalled", GONE)
    assert rows(stage.runtime.engine, shop_id=mugs.id)

    stage.clock.sleep(timedelta(hours=48).total_seconds())
    tell(stage, "shop/redact", REDACT)
    work_on_shop(stage.runtime, mugs.id)

    assert rows(stage.runtime.engine, shop_id=mugs.id) == {}
    assert rows(stage.runtime.engine, shop_id=towels.id) == kept


def test_a_shop_that_came_back_is_not_erased_by_what_was_asked_before(stage: Stage) -> None:
    stage.install_mugs()
    stage.clock.sleep(60)
    asked_at = f"{stage.clock():%Y-%m-%dT%H:%M:%SZ}"
    stage.clock.sleep(60)
    stage.install_mugs()

    tell(stage, "app/uninstalled", GONE, at=asked_at)
    tell(stage, "shop/redact", REDACT, at=asked_at)
    stage.work()

    shop = stage.shop()
    assert shop is not None
    assert shop.status == "active"


def test_a_reinstalled_shop_finds_its_data_again(stage: Stage) -> None:
    stage.install_mugs()
    stage.work()
    first = stage.shop()
    stage.clock.sleep(5)
    tell(stage, "app/uninstalled", GONE)
    stage.clock.sleep(5)

    stage.install_mugs()
    stage.work()

    again = stage.shop()
    assert first is not None
    assert again is not None
    assert (again.id, again.status, again.import_state) == (first.id, "active", "done")


def test_a_scope_that_is_not_granted_is_named_and_granting_it_is_enough(stage: Stage) -> None:
    everything = stage.mugs.scopes
    stage.mugs.scopes = [scope for scope in everything if scope != "read_locations"]
    stage.install_mugs()
    stage.work()
    lacking = stage.shop()
    assert lacking is not None
    assert lacking.status == "needs_merchant"
    assert "read_locations" in (lacking.problem or "")

    stage.mugs.scopes = everything
    body = {"id": 1, "previous": [], "current": list(everything), "updated_at": "2026-11-25T09:00:00Z"}
    answer = tell(stage, "app/scopes_update", body)
    stage.work()

    shop = stage.shop()
    assert shop is not None
    assert answer.status_code == 200
    assert (shop.status, shop.problem) == ("active", None)


def test_no_token_stands_in_a_log_or_on_a_page(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    browser = stage.install_mugs()
    stage.work()

    shop = stage.shop()
    assert shop is not None
    page = browser.get(f"/shops/{shop.id}").get_data(as_text=True)
    token = tokens.open_token(shop, stage.runtime.settings.encryption_keys)
    refresh = tokens.open_refresh_token(shop, stage.runtime.settings.encryption_keys)
    secrets = [token, refresh or "", stage.mugs.client_secret]
    assert [one for one in secrets if one in caplog.text or one in page] == []


def test_parameters_of_ours_are_never_written_into_a_page_unescaped(stage: Stage) -> None:
    query = urlencode({"shop": "<script>alert(1)</script>.myshopify.com", "host": "<b>"})

    page = stage.browser().get(f"/shopify/install?{query}").get_data(as_text=True)

    assert "<script>alert" not in page


@pytest.fixture
def entered(stage: Stage) -> int:
    """The shop's number, once somebody opened Backline in its admin."""
    stage.mugs.oauth.install()
    stage.enter(stage.browser(), stage.mugs.oauth.session_token())
    shop = stage.shop()
    assert shop is not None
    return shop.id


def test_whom_the_admin_leads_to_a_page_is_let_in_and_led_on(stage: Stage, entered: int) -> None:
    """A link of its navigation, or its own address loaded anew, after our pass is over: the browser may
    keep no cookie."""
    page, token = stage.browser(), stage.mugs.oauth.session_token()

    asked = page.get(f"/shops/{entered}/orders?list=all&embedded=1&shop={MUGS}&pass=over")
    opening = page.get(asked.location)
    back = re.search(r'data-to="([^"]+)"', opening.text)
    assert back is not None
    led = page.post(html.unescape(back[1]), headers={"Authorization": f"Bearer {token}"})
    signed = stage.browser().get(
        f"/shops/{entered}/orders?embedded=1&shop={MUGS}&id_token={token}&host=x&hmac=x"
    )

    assert led.json is not None
    assert led.json["location"].startswith(f"/shops/{entered}/orders?list=all&pass=")
    assert stage.browser().get(signed.location).location.startswith(f"/shops/{entered}/orders?pass=")


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "/shops/99/orders", "/shopify"]
)
def test_nobody_is_led_out_of_their_shop(stage: Stage, entered: int, to: str) -> None:
    token = stage.mugs.oauth.session_token()

    query = urlencode({"embedded": "1", "shop": MUGS, "id_token": token, "to": to})
    answer = stage.browser().get(f"/shopify/app?{query}")

    assert answer.location.startswith(f"/shops/{entered}?pass=")
