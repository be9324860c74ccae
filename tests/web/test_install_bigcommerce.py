"""Installing on BigCommerce, visiting, leaving; and every attack on them that was thought of."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import tokens
from app.db.models import SignInRow
from app.settings import Settings
from app.web.application import create_app
from tests.pipeline.stage import rows
from tests.web.installs import (
    STORE,
    Stage,
    claims_of,
    everything,
    forged,
    open_stage,
    seconds_ago,
    shops_stored,
)
from tests.web.visitors import SITE


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A store that has not installed us."""
    return open_stage(clean_pg, redis, settings)


def sign_ins(stage: Stage) -> list[str]:
    """Who is signed in."""
    with stage.runtime.sessions.begin() as session:
        return list(session.scalars(sa.select(SignInRow.subject)))


def shop_id(stage: Stage) -> int:
    """Our number of the store."""
    shop = stage.shop(STORE)
    assert shop is not None
    return shop.id


def test_whoever_installs_lands_on_the_stores_page_and_a_worker_does_the_rest(stage: Stage) -> None:
    browser = stage.browser()

    answer = stage.install_store(browser)
    page = browser.get(answer.location)
    stage.work(STORE)

    shop = stage.shop(STORE)
    assert shop is not None
    assert urlsplit(answer.location).path == f"/shops/{shop.id}"
    assert "Importing open orders" in page.get_data(as_text=True)
    assert (
        "frame-ancestors https://store-abc123.mybigcommerce.com"
        in (page.headers["Content-Security-Policy"])
    )
    assert (shop.status, shop.import_state) == ("active", "done")
    assert stage.store.webhooks.subscriptions


def test_a_new_token_replaces_the_old_one(stage: Stage) -> None:
    stage.install_store()
    stage.work(STORE)
    first = stage.store.access_token

    stage.install_store()
    stage.work(STORE)

    shop = stage.shop(STORE)
    assert shop is not None
    token = tokens.open_token(shop, stage.runtime.settings.encryption_keys)
    assert token == stage.store.access_token != first
    assert shop.status == "active"


def test_every_user_of_the_store_is_a_person_of_their_own(stage: Stage) -> None:
    stage.install_store()

    other = {"user": {"id": 8, "email": "bob@store.example"}}
    assert stage.load(stage.store.oauth.visit(**other)).status_code == 303

    assert sorted(sign_ins(stage)) == ["bigcommerce:7", "bigcommerce:8"]


def test_a_user_who_is_removed_is_signed_out_at_once_and_the_others_stay(stage: Stage) -> None:
    ann, bob = stage.browser(), stage.browser()
    stage.install_store(ann)
    other = {"user": {"id": 8, "email": "bob@store.example"}}
    stage.load(stage.store.oauth.visit(**other), bob)

    token = stage.store.oauth.visit(**other)
    answer = stage.browser().get(f"/bigcommerce/remove_user?signed_payload_jwt={token}")

    assert answer.status_code == 200
    page = f"/shops/{shop_id(stage)}"
    assert (ann.get(page).status_code, bob.get(page).status_code) == (200, 303)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"code": "0" * 32},
        {"code": ""},
        {"code": "x" * 5000},
        {"context": "stores/other"},
        {"context": "stores/../evil"},
        {"context": "stores/abc123/../x"},
        {"context": "evil.com"},
        {"context": "stores/ABC123"},
        {"context": "stores/abc123\r\nX: y"},
        {"context": ""},
    ],
)
def test_an_install_that_bigcommerce_did_not_begin_installs_nothing(
    stage: Stage, spoiled: dict[str, str]
) -> None:
    code = stage.store.oauth.install_query().partition("code=")[2].partition("&")[0]
    query = {"code": code, "scope": "x", "context": f"stores/{STORE}"} | spoiled

    answer = stage.browser().get(f"/bigcommerce/auth?{urlencode(query)}")

    assert answer.status_code == 400
    assert shops_stored(stage.runtime.engine) == []


def test_a_replayed_install_is_refused(stage: Stage) -> None:
    query = stage.store.oauth.install_query()
    assert stage.browser().get(f"/bigcommerce/auth?{query}").status_code == 303

    assert stage.browser().get(f"/bigcommerce/auth?{query}").status_code == 400


def test_a_doubled_parameter_is_refused(stage: Stage) -> None:
    query = stage.store.oauth.install_query()

    answer = stage.browser().get(f"/bigcommerce/auth?{query}&context=stores/other")

    assert answer.status_code == 400


def bad_visits(stage: Stage) -> dict[str, str]:
    """Tokens that must open nothing."""
    good, secret = stage.store.oauth.visit, stage.store.client_secret
    claims = claims_of(good())
    required = ("aud", "iss", "sub", "exp", "iat", "jti", "user")
    without = {f"without {one}": {k: v for k, v in claims.items() if k != one} for one in required}
    return {
        "nothing": "",
        "no token": "x.y.z",
        "another secret": forged(claims),
        "the other platform's secret": forged(claims, stage.mugs.client_secret),
        "alg none": forged(claims, "", "none"),
        "another algorithm": forged(claims, secret + "0" * 40, "HS512"),
        "another app's aud": good(aud="somebody-else"),
        "another issuer": good(iss="bigcommerce"),
        "over": good(exp=seconds_ago(60)),
        "not yet": good(nbf=seconds_ago(-300)),
        "no store": good(sub="users/7"),
        "a path as store": good(sub="stores/../abc123"),
        "user is a list": good(user=[[[[]]]]),
        "a number that is none": good(user={"id": "7; DROP TABLE shops"}),
        "an endless jti": good(jti="j" * 300),
        "an empty jti": good(jti=""),
        "a time beyond time": good(iat=10**18),
        "oversized": "A" * 100_000,
        **{name: forged(those, secret) for name, those in without.items()},
    }


@pytest.mark.parametrize("attack", list(range(25)))
@pytest.mark.parametrize("path", ["load", "uninstall", "remove_user"])
def test_a_visit_that_bigcommerce_did_not_sign_for_us_does_nothing(
    stage: Stage, attack: int, path: str
) -> None:
    stage.install_store()
    before = sign_ins(stage)
    name, token = list(bad_visits(stage).items())[attack]

    answer = stage.browser().get(f"/bigcommerce/{path}?signed_payload_jwt={token}")

    shop = stage.shop(STORE)
    assert shop is not None
    assert answer.status_code == 400, name
    assert (shop.status, sign_ins(stage)) == ("active", before)


def test_a_secret_that_is_being_changed_is_still_believed(stage: Stage) -> None:
    """BigCommerce signs with the one before; the store's processes were started anew."""
    stage.install_store()
    changed = stage.runtime.settings.model_copy(
        update={
            "bigcommerce_client_secret": "n" * 64,
            "bigcommerce_client_secret_previous": stage.store.client_secret,
        }
    )
    runtime = replace(stage.runtime, settings=changed)
    later = replace(stage, runtime=runtime, app=create_app(runtime))

    assert later.load(stage.store.oauth.visit()).status_code == 303


def test_a_replayed_visit_is_refused(stage: Stage) -> None:
    stage.install_store()
    token = stage.store.oauth.visit()
    assert stage.load(token).status_code == 303

    answer = stage.load(token)

    assert answer.status_code == 400
    assert "made before" in answer.get_data(as_text=True)


def test_a_visit_of_one_store_is_none_of_another(stage: Stage) -> None:
    """Both are signed with the app's secret: the subject alone says whose visit it is."""
    stage.install_store()
    browser = stage.browser()
    assert stage.load(stage.store.oauth.visit(sub="stores/other9"), browser).status_code == 400

    assert browser.get(f"/shops/{shop_id(stage)}").status_code == 303


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("/shops/{id}/orders", True),
        ("/shops/{id}/orders?page=2", True),
        ("/", False),
        ("", False),
        ("https://evil.example/", False),
        ("//evil.example/", False),
        ("/\\evil.example", False),
        ("\\\\evil.example", False),
        ("/%09/evil.example", True),
        ("javascript:alert(1)", False),
        ("/shops\r\nSet-Cookie: a=b", False),
        ("/shops/\u202eevil", False),
        ("evil.example", False),
        (None, False),
        (["/x"], False),
    ],
)
def test_a_deep_link_never_leads_elsewhere(stage: Stage, url: object, *, is_ours: bool) -> None:
    stage.install_store()
    number = shop_id(stage)
    wanted = url.replace("{id}", str(number)) if isinstance(url, str) else url

    answer = stage.load(stage.store.oauth.visit(url=wanted))

    parts = urlsplit(answer.location)
    assert (parts.scheme, parts.netloc) == ("", "")
    assert answer.location.startswith("/")
    assert not answer.location.startswith("//")
    if is_ours and isinstance(wanted, str):
        assert parts.path == urlsplit(wanted).path
    else:
        assert parts.path == f"/shops/{number}"


def test_an_uninstalled_store_stops_at_once_and_is_erased_two_days_later(stage: Stage) -> None:
    """Every table is counted. A store that was never told of its end may come back until then."""
    browser = stage.browser()
    stage.install_store(browser)
    stage.work(STORE)
    number = shop_id(stage)

    token = stage.store.oauth.visit()
    answer = stage.browser().get(f"/bigcommerce/uninstall?signed_payload_jwt={token}")

    left = stage.shop(STORE)
    assert answer.status_code == 200
    assert left is not None
    assert (left.status, left.token_encrypted) == ("removed", None)
    assert browser.get(f"/shops/{number}").status_code == 303
    assert stage.load(stage.store.oauth.visit()).status_code == 400

    stage.clock.sleep(timedelta(hours=47).total_seconds())
    stage.work(STORE)
    assert rows(stage.runtime.engine, shop_id=number)
    stage.clock.sleep(timedelta(hours=1).total_seconds())
    stage.work(STORE)
    assert everything(stage.runtime.engine) == {}


def test_a_store_that_comes_back_within_two_days_finds_its_data_again(stage: Stage) -> None:
    stage.install_store()
    stage.work(STORE)
    number = shop_id(stage)
    goodbye = stage.store.oauth.visit()
    stage.browser().get(f"/bigcommerce/uninstall?signed_payload_jwt={goodbye}")

    stage.clock.sleep(3600)
    stage.install_store()
    stage.work(STORE)
    stage.clock.sleep(timedelta(hours=48).total_seconds())
    stage.work(STORE)

    shop = stage.shop(STORE)
    assert shop is not None
    assert (shop.id, shop.status, shop.erase_at) == (number, "active", None)


def test_an_old_farewell_does_not_end_a_new_install(stage: Stage) -> None:
    """It was signed before the merchant came back, and is not yet over."""
    stage.install_store()
    earlier = int(stage.clock().timestamp()) - 60
    token = stage.store.oauth.visit(iat=earlier)

    stage.browser().get(f"/bigcommerce/uninstall?signed_payload_jwt={token}")

    shop = stage.shop(STORE)
    assert shop is not None
    assert shop.status == "active"


def test_the_install_is_answered_at_our_own_address_alone(stage: Stage) -> None:
    """`redirect_uri` is what the app's page at BigCommerce says, whatever `Host` a caller writes."""
    query = stage.store.oauth.install_query()

    answer = stage.browser().get(f"/bigcommerce/auth?{query}", headers={"Host": "evil.example"})

    assert stage.store.oauth.app_url == SITE
    assert answer.status_code == 303
    assert answer.location.startswith("/shops/")
