"""Attacks that were thought of, and what each gets. Those on webhooks' signatures are in
`test_webhooks_in.py`, those on the pages' doors in `test_access.py` and `test_signing_in.py`."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import jwt
import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from itsdangerous import URLSafeSerializer
from redis import Redis
from werkzeug.test import TestResponse

from app.db import staff
from app.db.models import Event, Order, Shop, SignInRow, StockItem
from app.logs import configure_logs
from app.pipeline.runtime import Runtime
from app.services import open_engine
from app.settings import Settings
from app.web.access import Role, anyone
from app.web.application import create_app
from tests.pipeline.stage import Stage, open_shop
from tests.web.posting import post
from tests.web.visitors import COOKIE, SITE, Browser, form_token, new_pass, sign_in, stranger

HTML = """<script>document.title='owned'</script><img src=x onerror="document.title='owned'">"""
HOSTILE = (
    HTML,
    "'; DROP TABLE orders; --",
    '"><svg/onload=alert(1)>',
    "{{ 7*7 }}",
    "&lt;b&gt;",
    "\u202eevil",
)


@pytest.fixture
def ours(install: Callable[[str], int]) -> int:
    """Our shop."""
    return install("mugs.myshopify.com")


@pytest.fixture
def theirs(install: Callable[[str], int]) -> int:
    """Another merchant's."""
    return install("towels.myshopify.com")


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """The production application, and an address that changes something in a shop."""
    app = create_app(runtime)
    app.add_url_rule("/shops/<int:shop_id>/touch", "touch", lambda shop_id: "done", methods=["POST"])
    return app


@pytest.fixture
def ann(app: Flask, runtime: Runtime, ours: int) -> Browser:
    """A manager of our shop."""
    return sign_in(app, runtime, ours)


# Forged, stolen and stale sessions


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "A" * 43,
        "A" * 6000,
        "..%2f..%2f",
        "' OR ''='",
        "%00",
        '{"shop_ids": [1]}',
        "eyJzaG9wX2lkIjoxfQ.ZW4.x",
    ],
)
def test_a_made_up_cookie_is_nobodys(app: Flask, ours: int, cookie: str) -> None:
    answer = stranger(app).get(f"/shops/{ours}", headers={"Cookie": f"{COOKIE}={cookie}"})

    assert answer.status_code == 303


def test_what_the_database_holds_is_no_cookie(
    app: Flask, runtime: Runtime, ours: int, ann: Browser
) -> None:
    assert ann.get("/").status_code == 200
    with runtime.sessions.begin() as session:
        [digest] = session.scalars(sa.select(SignInRow.digest))
    browser = stranger(app)
    browser.set_cookie(COOKIE, digest, domain="backline.test")

    assert browser.get(f"/shops/{ours}").status_code == 303


def test_a_revoked_session_is_over_at_once(
    app: Flask, runtime: Runtime, ours: int, ann: Browser
) -> None:
    assert ann.get(f"/shops/{ours}").status_code == 200
    with runtime.sessions.begin() as session:
        staff.end_sign_ins(session, ours)

    assert ann.get(f"/shops/{ours}").status_code == 303


def forged_passes(runtime: Runtime, shop_id: int, digest: str) -> dict[str, str]:
    """Passes that nobody gave out."""
    far, key = 4_000_000_000, runtime.settings.secret_key
    good = str(URLSafeSerializer(key, salt="backline pass").dumps([digest, shop_id, far]))
    body, _, signature = good.rpartition(".")
    return {
        "another key": str(URLSafeSerializer("x", salt="backline pass").dumps([digest, shop_id, far])),
        "no key": str(URLSafeSerializer("", salt="backline pass").dumps([digest, shop_id, far])),
        "another purpose": str(URLSafeSerializer(key, salt="cookie").dumps([digest, shop_id, far])),
        "changed": f"{body[:-1]}x.{signature}",
        "unsigned": body,
        "no signature": f"{body}.",
        "alg none": jwt.encode({"sub": digest, "exp": far}, None, algorithm="none"),
        "a JWT of ours": jwt.encode({"sub": digest, "exp": far}, key * 3, algorithm="HS256"),
        "another shape": str(URLSafeSerializer(key, salt="backline pass").dumps({"shop": shop_id})),
        "nobody's": str(URLSafeSerializer(key, salt="backline pass").dumps(["0" * 64, shop_id, far])),
        "over": str(URLSafeSerializer(key, salt="backline pass").dumps([digest, shop_id, 1])),
    }


def test_a_forged_pass_opens_nothing(app: Flask, runtime: Runtime, ours: int, ann: Browser) -> None:
    assert ann.get("/").status_code == 200
    with runtime.sessions.begin() as session:
        [digest] = session.scalars(sa.select(SignInRow.digest))

    for name, forged in forged_passes(runtime, ours, digest).items():
        answer = stranger(app).get(f"/shops/{ours}", query_string={"pass": forged})
        assert answer.status_code in (303, 401), name


def test_a_pass_for_one_shop_opens_no_other(
    app: Flask, runtime: Runtime, ours: int, theirs: int
) -> None:
    given = new_pass(app, runtime, ours)

    assert stranger(app).get(f"/shops/{theirs}?pass={given}").status_code == 404


# Forms from elsewhere


def forms(app: Flask, runtime: Runtime, ours: int, ann: Browser) -> dict[str, dict[str, object]]:
    """What a page elsewhere could have Ann's browser send."""
    good = form_token(ann.get("/sign-in"))
    bobs = form_token(sign_in(app, runtime, ours, name="Bob").get("/sign-in"))
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    return {
        "no token": {},
        "an empty token": {"data": {"csrf_token": ""}},
        "a wrong token": {"data": {"csrf_token": "0" * 64}},
        "a token that is no text": {
            "data": b"csrf_token=%ff%e2%82%ac",
            "content_type": "application/x-www-form-urlencoded",
        },
        "Bob's own token": {"data": {"csrf_token": bobs}},
        "a stranger's token": {"data": {"csrf_token": form_token(stranger(app).get("/sign-in"))}},
        "a token in the address": {"query_string": {"csrf_token": good}},
        "sent from another site": {"data": {"csrf_token": good}, "headers": elsewhere},
        "sent from a neighbour": {
            "data": {"csrf_token": good},
            "headers": {"Sec-Fetch-Site": "same-site"},
        },
        "another origin": {
            "data": {"csrf_token": good},
            "headers": {"Origin": "https://evil.example"},
        },
        "no origin that can be named": {"data": {"csrf_token": good}, "headers": {"Origin": "null"}},
        "our name inside another": {
            "data": {"csrf_token": good},
            "headers": {"Origin": "https://backline.test.evil.example"},
        },
        "JSON as plain text": {
            "data": json.dumps({"csrf_token": good}),
            "headers": {"Content-Type": "text/plain"},
        },
    }


def test_only_our_own_forms_change_anything(
    app: Flask, runtime: Runtime, ours: int, ann: Browser
) -> None:
    for name, form in forms(app, runtime, ours, ann).items():
        assert ann.post(f"/shops/{ours}/touch", **form).status_code == 403, name  # type: ignore[arg-type]

    good = form_token(ann.get("/sign-in"))
    for headers in (
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": SITE},
    ):
        answer = ann.post(f"/shops/{ours}/touch", data={"csrf_token": good}, headers=headers)
        assert answer.status_code == 200, headers


def test_nobody_is_signed_in_by_a_page_elsewhere(app: Flask) -> None:
    """Else somebody would work in a stranger's account without noticing."""
    data = {"email": "mallory@shop.example", "password": "known to mallory"}

    assert stranger(app).post("/sign-in", data=data).status_code == 403


def test_a_form_survives_a_change_of_the_key(runtime: Runtime, ours: int) -> None:
    before = create_app(runtime)
    before.add_url_rule("/shops/<int:shop_id>/touch", "t", lambda shop_id: "done", methods=["POST"])
    ann = sign_in(before, runtime, ours)
    token = form_token(ann.get("/sign-in"))
    old = runtime.settings
    rotated = old.model_copy(update={"secret_key": "new", "secret_key_previous": old.secret_key})
    after = create_app(replace(runtime, settings=rotated))
    after.add_url_rule("/shops/<int:shop_id>/touch", "t", lambda shop_id: "done", methods=["POST"])
    ann.application = after

    assert ann.post(f"/shops/{ours}/touch", data={"csrf_token": token}).status_code == 200


# Frames, paths, methods, numbers, headers


def test_every_answer_says_what_a_browser_may_do_with_it(app: Flask, ours: int, ann: Browser) -> None:
    """Errors and files too."""
    for path in ("/", f"/shops/{ours}", "/sign-in", "/shops/9999", "/static/backline.css", "/healthz"):
        answer = ann.get(path, buffered=True)
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["X-Frame-Options"] == "DENY", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000", path
        assert "camera=()" in answer.headers["Permissions-Policy"], path
        assert (answer.headers.get("Cache-Control") == "no-store") is ("/static" not in path), path
        if answer.mimetype == "text/html":
            assert "style=" not in answer.get_data(as_text=True), path


@pytest.mark.parametrize(
    "path",
    [
        "/shops/{ours}/../{theirs}",
        "/shops/{ours}/%2e%2e/{theirs}",
        "/shops/{ours}%2f..%2f{theirs}",
        "//shops/{theirs}",
        "/./shops/{theirs}",
        "/shops//{theirs}",
        "/shops/{theirs}/",
        "/shops/{theirs}%00",
        "/shops/{theirs}%20",
        "/shops/{theirs};a=b",
        "/shops/{theirs}?shop_id={ours}",
        "/shops/0{theirs}",
        "/shops/+{theirs}",
        "/shops/{theirs}.0",
        "/SHOPS/{theirs}",
        "/shops/٢",
        "/shops/-1",
        "/shops/0",
        "/shops/9223372036854775808",
        "/shops/99999999999999999999999999999999999999",
        "/shops/{theirs} OR 1=1",
        "/shops/{theirs};DROP TABLE shops",
        "/shops/{ours},{theirs}",
        "/static/../../settings.py",
        "/static/..%2f..%2fsettings.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static/....//....//settings.py",
        "/static//etc/passwd",
        "/static/..\\..\\settings.py",
        "/static/../templates/base.html",
        "/invitations/../shops/{theirs}",
        "/.env",
        "/.git/config",
    ],
)
def test_no_spelling_of_a_path_leads_elsewhere(ann: Browser, ours: int, theirs: int, path: str) -> None:
    answer = ann.get(path.format(ours=ours, theirs=theirs), follow_redirects=True)

    assert answer.status_code == 404
    text = answer.get_data(as_text=True)
    assert "towels" not in text
    assert "pydantic" not in text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GETS", "post "])
def test_an_unknown_method_does_nothing(ann: Browser, ours: int, method: str) -> None:
    assert ann.open(f"/shops/{ours}", method=method).status_code in (403, 405)


@pytest.mark.parametrize(
    "trick",
    [
        {"headers": {"X-HTTP-Method-Override": "POST"}},
        {"headers": {"X-Method-Override": "POST"}},
        {"query_string": {"_method": "POST"}},
        {"method": "HEAD"},
    ],
)
def test_a_link_can_not_pose_as_a_form(ann: Browser, ours: int, trick: dict[str, object]) -> None:
    answer = ann.open(f"/shops/{ours}/touch", **({"method": "GET"} | trick))

    assert answer.status_code == 405


@pytest.mark.parametrize(
    "given",
    [
        {"path": "/", "headers": {"Host": "evil.example"}},
        {"path": "/", "headers": {"X-Forwarded-Host": "evil.example"}},
        {"path": "//evil.example/%2e%2e"},
        {"path": "//evil.example//"},
        {"path": "/shops/1%0d%0aSet-Cookie:%20a=b"},
        {"path": "/", "query_string": "a=%0d%0aSet-Cookie:%20a=b"},
        {"path": "/", "query_string": "next=https://evil.example"},
    ],
)
def test_no_redirect_leads_to_another_host_or_carries_a_header_of_the_callers(
    app: Flask, given: dict[str, object]
) -> None:
    answer = stranger(app).get(**given)  # type: ignore[arg-type]

    location = answer.headers.get("Location", "/")
    ours = ("/", f"{SITE}/")
    assert location.startswith(ours)
    assert not location.startswith("//")
    assert "a=b" not in [value[:3] for value in answer.headers.getlist("Set-Cookie")]


# Bodies


def nested(depth: int) -> bytes:
    """JSON that is nothing but brackets."""
    return b'{"id":' * depth + b"1" + b"}" * depth


def bodies() -> Iterator[tuple[str, dict[str, object], set[int]]]:
    """Bodies that ought to cost the sender more than us, and the statuses they may get."""
    kind = "application/x-www-form-urlencoded"
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n1\r\n'
    yield "3 MiB", {"data": b"a=" + b"x" * 3 * 2**20, "content_type": kind}, {413}
    yield "one field of 1 MiB", {"data": b"csrf_token=" + b"x" * 2**20, "content_type": kind}, {403, 413}
    yield "50,000 fields", {"data": b"a=1&" * 50_000, "content_type": kind}, {403, 413}
    yield (
        "5,000 parts",
        {
            "data": "".join(part.format(number) for number in range(5_000)) + "--x--",
            "content_type": "multipart/form-data; boundary=x",
        },
        {403, 413},
    )
    yield "no boundary", {"data": b"x", "content_type": "multipart/form-data"}, {403}
    yield "brackets", {"data": nested(100_000), "content_type": "application/json"}, {403}
    yield "not text", {"data": b"\xff\xfe\x00", "content_type": kind}, {403}


def test_a_hostile_body_is_refused(app: Flask, ours: int, ann: Browser) -> None:
    for name, body, statuses in bodies():
        for browser, path in ((stranger(app), "/sign-in"), (ann, f"/shops/{ours}/touch")):
            assert browser.post(path, **body).status_code in statuses, name  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [10, 1_000, 100_000])
def test_nested_json_in_a_webhook_is_unreadable_and_no_more(app: Flask, ours: int, depth: int) -> None:
    """Signed, so it is answered with 200; the process lives."""
    assert ours
    browser = app.test_client()

    assert post(browser, nested(depth)).status_code == 200
    assert browser.get("/healthz").status_code == 200


# What merchants and their buyers type


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with one order that waits, in which everything a person can type is hostile."""
    return open_shop(clean_pg, redis, settings, stock=0, then=type_what_is_hostile)


def type_what_is_hostile(stage: Stage) -> None:
    """In an order, its item, its history and its shop."""
    stage.order(2)
    stage.settle_down()
    text = " ".join(HOSTILE)
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(Order).values(name=text, problem=text))
        session.execute(sa.update(StockItem).values(title=text, sku=text, problem=text))
        session.execute(sa.update(Event).values(before=text, after=text, why=text, cause=text))
        session.execute(sa.update(Shop).values(name=text, problem=text))


def test_nothing_that_is_typed_becomes_markup(stage: Stage) -> None:
    """On every page that shows anything of a shop."""
    runtime = stage.world.runtime
    app = create_app(runtime)
    browser = sign_in(app, runtime, stage.world.shop_id, name=HTML)
    shown = 0
    for path in pages(app, stage.world.shop_id):
        answer = browser.get(path)
        text = answer.get_data(as_text=True)
        if answer.mimetype != "text/html":
            # Nothing else can be markup to a browser that is told not to guess.
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            continue
        assert "<script>document" not in text, path
        assert "<img src=x" not in text, path
        assert "<svg/" not in text, path
        shown += "&lt;script&gt;document" in text

    assert shown >= 2
    with runtime.sessions.begin() as session:
        assert session.scalars(sa.select(Order.name)).all() == [" ".join(HOSTILE)]


def pages(app: Flask, shop_id: int) -> list[str]:
    """Every page that needs no more than a shop."""
    adapter = app.url_map.bind("backline.test", url_scheme="https")
    return [
        adapter.build(rule.endpoint, {"shop_id": shop_id} if rule.arguments else {})
        for rule in app.url_map.iter_rules()
        if rule.arguments <= {"shop_id"} and "GET" in (rule.methods or ())
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_into_the_sign_in_form_becomes_no_markup(app: Flask, text: str) -> None:
    answer = stranger(app).send("/sign-in", email=text, password=text)

    assert answer.status_code == 401
    assert "<script>document" not in answer.get_data(as_text=True)
    assert "<svg/" not in answer.get_data(as_text=True)
    assert "49" not in answer.get_data(as_text=True).partition("Email")[2].partition(">")[0]


# Secrets


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, by us and by the libraries, at the lowest level."""
    root = logging.getLogger()
    before, stream = (root.handlers[:], root.level), io.StringIO()
    configure_logs(as_json=True, level=logging.DEBUG)
    root.handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield stream
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def test_no_secret_is_ever_said(runtime: Runtime, ours: int, redis: Redis, logged: io.StringIO) -> None:
    """A whole journey, with everything that can go wrong on it: no log line and no page holds a
    password, a token of any kind, or a key."""
    app, browser = create_app(runtime), Browser(create_app(runtime))
    password, said = "seven purple mugs waiting", []
    with runtime.sessions.begin() as session:
        link = staff.invite(session, ours, "ann@shop.example", role=Role.LOOK, now=runtime.clock())

    def keep(answer: TestResponse) -> TestResponse:
        said.append(answer.get_data(as_text=True))
        return answer

    address = f"/invitations/{link}"
    keep(browser.send(address, password="short", again="short"))
    keep(browser.send(address, password=password, again=password))
    cookie = browser.get_cookie(COOKIE, domain="backline.test")
    assert cookie is not None
    for path in (*pages(app, ours), "/nothing", "/shops/999", address):
        keep(browser.get(path))
    given = new_pass(app, runtime, ours)
    keep(stranger(app).get("/", headers={"X-Backline-Pass": given}))
    keep(stranger(app).get(f"/shops/999?pass={given}"))
    keep(post(browser, b"{}", "orders/create", secret="wrong"))
    keep(post(browser, b"{broken", "orders/create"))
    keep(browser.send("/sign-out", "/"))
    keep(stranger(app).send("/sign-in", email="ann@shop.example", password=password + "!"))
    broken = create_app(
        replace(runtime, engine=open_engine("postgresql+psycopg://u:pw-1a2b@127.0.0.1:1/x"))
    )
    broken.config["PROPAGATE_EXCEPTIONS"] = False
    broken.add_url_rule("/defect", "defect", anyone(lambda: str(1 // 0)))
    victim = stranger(broken)
    victim.set_cookie(COOKIE, cookie.value, domain="backline.test")
    for path in (f"/?pass={quote(given)}", address):
        assert keep(victim.get(path)).status_code == 503
    assert keep(stranger(broken).get(f"/defect?pass={quote(given)}")).status_code in (500, 503)
    victim.delete_cookie(COOKIE, domain="backline.test")
    assert keep(victim.get("/defect")).status_code == 500

    settings = runtime.settings
    secrets = {
        "password": password,
        "link": link,
        "cookie": cookie.value,
        "the database's password": "pw-1a2b",
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": settings.encryption_keys[0],
        "SHOPIFY_CLIENT_SECRET": settings.shopify_client_secret,
        "BIGCOMMERCE_CLIENT_SECRET": settings.bigcommerce_client_secret,
    }
    assert "Traceback" in logged.getvalue()
    assert len(said) > 10
    for name, secret in secrets.items():
        assert secret not in logged.getvalue(), name
        assert [text for text in said if secret in text] == [], name
    assert given not in logged.getvalue()
