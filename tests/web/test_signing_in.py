"""Invited staff: the link, the password, the form, and how often it may be tried."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Literal

import pytest
from argon2 import PasswordHasher
from flask import Flask
from redis import Redis

from app.db import staff
from app.pipeline.runtime import Runtime
from app.services import open_redis
from app.web.access import Role
from app.web.application import create_app
from app.web.passwords import Passwords, what_is_wrong
from tests.web.visitors import COOKIE, Browser, form_token, stranger

ANN, PASSWORD = "ann@shop.example", "seven purple mugs waiting"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def shop_id(install: Callable[[str], int]) -> int:
    """The shop that Ann is invited to."""
    install("towels.myshopify.com")
    return install("mugs.myshopify.com")


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """The production application."""
    return create_app(runtime)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A stranger's browser."""
    return stranger(app)


@pytest.fixture
def hasty(runtime: Runtime) -> Browser:
    """A stranger's browser, where a password is compared in no time: of how often it may be tried."""
    return stranger(create_app(runtime, passwords=CHEAP))


def invite(runtime: Runtime, shop_id: int, role: Role = Role.LOOK) -> str:
    """Where Ann's link leads."""
    with runtime.sessions.begin() as session:
        return f"/invitations/{staff.invite(session, shop_id, ANN, role=role, now=runtime.clock())}"


@cache
def kept() -> str:
    """What is stored of her password."""
    return Passwords().make_hash(PASSWORD)


@pytest.fixture
def ann(runtime: Runtime, shop_id: int) -> None:
    """Ann has chosen her password."""
    with runtime.sessions.begin() as session:
        token = staff.invite(session, shop_id, ANN, role=Role.LOOK, now=runtime.clock())
        staff.use_link(session, token, kept(), now=runtime.clock())


def accept(browser: Browser, link: str, password: str = PASSWORD, again: str | None = None) -> int:
    """Fill in the link's form; the status of the answer."""
    return browser.send(link, password=password, again=password if again is None else again).status_code


def test_the_link_sets_a_password_and_signs_in(
    runtime: Runtime, shop_id: int, browser: Browser, app: Flask
) -> None:
    link = invite(runtime, shop_id)

    assert accept(browser, link) == 303

    page = browser.get("/").get_data(as_text=True)
    assert "mugs.myshopify.com" in page
    assert "towels" not in page
    again = stranger(app)
    assert again.send("/sign-in", email=" Ann@Shop.example", password=PASSWORD).status_code == 303
    assert again.get("/").status_code == 200


def test_a_mail_program_that_looks_at_the_link_does_not_use_it_up(
    runtime: Runtime, shop_id: int, browser: Browser, app: Flask
) -> None:
    link = invite(runtime, shop_id)

    assert stranger(app).get(link).status_code == 200
    assert stranger(app).head(link).status_code == 200
    assert accept(browser, link) == 303
    assert stranger(app).get(link).status_code == 404


@pytest.mark.parametrize(
    ("password", "again"),
    [
        ("short", "short"),
        (PASSWORD, "another thing entirely"),
        ("ann@shop.example", "ann@shop.example"),
    ],
)
def test_a_bad_password_does_not_use_up_the_link(
    runtime: Runtime, shop_id: int, browser: Browser, password: str, again: str
) -> None:
    link = invite(runtime, shop_id)

    assert accept(browser, link, password, again) == 400
    assert accept(browser, link) == 303


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "1234567890123",
        "098765432109",
        "qwertyuiopasdfg",
        "abcdefghijklm",
        "Password1234!",
        "backline2026!",
        "annabella.smith",
        "annabella.smith1",
        "x" * 1025,
        "ab" * 600,
    ],
)
def test_the_most_obvious_passwords_are_refused(password: str) -> None:
    assert what_is_wrong(password, email="annabella.smith@shop.example")


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery",
        "пароль из слов",
        "猫と犬と鳥と魚と馬と牛と兎",
        "4711-0815-1234-9876",
    ],
)
def test_any_other_long_password_will_do(password: str) -> None:
    assert what_is_wrong(password, email=ANN) is None


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    passwords = Passwords()

    kept = passwords.make_hash("cafe\u0301 au lait, twice")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_right(kept, "caf\u00e9 au lait, twice")
    assert not passwords.is_right(kept, "cafe au lait, twice")


def test_nobody_has_an_empty_hash() -> None:
    """An address that nobody has costs the same work, and no password is right for it."""
    passwords = Passwords()

    assert not passwords.is_right(None, PASSWORD)
    assert not passwords.is_right("", PASSWORD)
    assert not passwords.is_right("damaged", PASSWORD)


@pytest.mark.usefixtures("ann")
def test_the_answer_does_not_say_whether_an_account_exists(app: Flask) -> None:
    """Nor does it matter whether the address is one at all."""
    answers = []
    for email in (ANN, "nobody@shop.example", "no address", ""):
        browser = stranger(app)
        answer = browser.send("/sign-in", email=email, password="a wrong password")
        text = answer.get_data(as_text=True).replace(f'value="{email}"', "")
        text = text.replace(form_token(answer), "")
        answers.append((answer.status_code, text, answer.headers.get("Set-Cookie")))

    assert answers[0][0] == 401
    assert [answer for answer in answers if answer != answers[0]] == []


def test_a_refusal_is_the_same_work_for_every_address() -> None:
    """Counted, not timed: one password is compared, with the same parameters, whoever is named."""
    compared: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            compared.append(str(hash).rpartition("p=")[0])
            return super().verify(hash, password)

    passwords = Passwords(Counting())
    kept = passwords.make_hash(PASSWORD)

    assert not passwords.is_right(kept, "a wrong password")
    assert not passwords.is_right(None, "a wrong password")
    assert len(compared) == 2
    assert compared[0] == compared[1]


def test_what_stands_for_nobody_is_hashed_once() -> None:
    """However many applications a process has; nobody knows a password for it."""
    hashed: list[str] = []

    class Counting(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            hashed.append(str(password))
            return super().hash(password, salt=salt)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    both = Passwords(hasher), Passwords(hasher)

    assert len(hashed) == 1
    assert [each.is_right(None, hashed[0]) for each in both] == [False, False]


def test_an_older_hash_is_renewed_at_the_next_sign_in(
    runtime: Runtime, shop_id: int, browser: Browser
) -> None:
    with runtime.sessions.begin() as session:
        token = staff.invite(session, shop_id, ANN, role=Role.LOOK, now=runtime.clock())
        old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        staff.use_link(session, token, old, now=runtime.clock())

    assert browser.send("/sign-in", email=ANN, password=PASSWORD).status_code == 303

    with runtime.sessions.begin() as session:
        [row] = staff.memberships(session, ANN)
    assert (row.password_hash or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert browser.get("/").status_code == 200


def test_a_password_opens_the_shops_that_know_it(
    runtime: Runtime, shop_id: int, app: Flask, install: Callable[[str], int]
) -> None:
    """The same in two shops opens both; whoever used a link of a third has that shop alone."""
    second, third = install("cups.myshopify.com"), install("thiefs.myshopify.com")
    stolen = "chosen by who manages the third"
    for shop, password in ((shop_id, PASSWORD), (second, PASSWORD), (third, stolen)):
        browser = stranger(app)
        assert accept(browser, invite(runtime, shop), password) == 303
        assert shops_on(browser) == {shop}

    for password, opened in (
        (PASSWORD, {shop_id, second}),
        (stolen, {third}),
        (PASSWORD, {shop_id, second}),
    ):
        browser = stranger(app)
        assert browser.send("/sign-in", email=ANN, password=password).status_code == 303
        assert shops_on(browser) == opened

    with runtime.sessions.begin() as session:
        kept = [row.password_hash for row in staff.memberships(session, ANN)]
    assert len(set(kept)) == 2


def shops_on(browser: Browser) -> set[int]:
    """Every shop that a browser may see."""
    return {number for number in range(1, 9) if browser.get(f"/shops/{number}").status_code != 404}


# How often


@pytest.mark.usefixtures("ann")
def test_an_account_is_tried_ten_times_and_no_more(app: Flask, browser: Browser) -> None:
    """From wherever: the eleventh is not looked at, though it is right."""
    statuses = []
    for attempt in range(11):
        headers = {"Sec-Fetch-Site": "same-origin"}
        token = form_token(browser.get("/sign-in"))
        data = {
            "csrf_token": token,
            "email": ANN.upper(),
            "password": PASSWORD * (attempt == 10) or "no",
        }
        statuses.append(
            browser.post(
                "/sign-in",
                data=data,
                headers=headers,
                environ_base={"REMOTE_ADDR": f"203.0.113.{attempt}"},
            ).status_code
        )

    assert statuses == [401] * 10 + [429]
    assert stranger(app).get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    ("addresses", "last"),
    [
        (["203.0.113.9"] * 51, 429),
        ([f"2001:db8::{number}" for number in range(51)], 429),
        ([f"2001:db8:{number}::1" for number in range(51)], 401),
    ],
    ids=["one address", "one network of IPv6", "many networks"],
)
def test_an_address_tries_fifty_accounts_and_no_more(
    hasty: Browser, shop_id: int, addresses: list[str], last: int, redis: Redis
) -> None:
    assert shop_id
    token = form_token(hasty.get("/sign-in"))
    statuses = [
        hasty.post(
            "/sign-in",
            data={"csrf_token": token, "email": f"{number}@shop.example", "password": "no"},
            environ_base={"REMOTE_ADDR": address},
        ).status_code
        for number, address in enumerate(addresses)
    ]

    assert statuses == [401] * 50 + [last]
    assert not any(b"shop.example" in key for key in redis.scan_iter())


def test_a_made_up_forwarding_header_makes_no_new_address(hasty: Browser, shop_id: int) -> None:
    assert shop_id
    token = form_token(hasty.get("/sign-in"))
    statuses = [
        hasty.post(
            "/sign-in",
            data={"csrf_token": token, "email": f"{number}@shop.example", "password": "no"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        ).status_code
        for number in range(51)
    ]

    assert statuses[-1] == 429


def test_behind_a_router_the_address_it_names_counts(runtime: Runtime, shop_id: int) -> None:
    """And not what the caller wrote before it."""
    assert shop_id
    settings = runtime.settings.model_copy(update={"trusted_proxies": 1})
    browser = stranger(create_app(replace(runtime, settings=settings), passwords=CHEAP))
    token = form_token(browser.get("/sign-in"))

    def attempt(number: int, forwarded: str) -> int:
        data = {"csrf_token": token, "email": f"{number}@shop.example", "password": "no"}
        return browser.post("/sign-in", data=data, headers={"X-Forwarded-For": forwarded}).status_code

    statuses = [attempt(number, f"198.51.100.{number}, 203.0.113.9") for number in range(51)]

    assert statuses == [401] * 50 + [429]
    assert attempt(99, "203.0.113.10") == 401


@pytest.mark.usefixtures("ann")
def test_without_redis_nobody_signs_in_and_everything_else_goes_on(
    runtime: Runtime, browser: Browser
) -> None:
    """Attempts could not be counted, so none is allowed."""
    assert browser.send("/sign-in", email=ANN, password=PASSWORD).status_code == 303
    without = stranger(create_app(replace(runtime, redis=open_redis("redis://127.0.0.1:1/0"))))

    answer = without.send("/sign-in", email=ANN, password=PASSWORD)

    assert answer.status_code == 503
    assert "Try again in a minute" in answer.get_data(as_text=True)
    cookie = browser.get_cookie(COOKIE, domain="backline.test")
    assert cookie is not None
    without.set_cookie(COOKIE, cookie.value, domain="backline.test")
    assert without.get("/").status_code == 200


# Where it leads


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/shops/2?sort=item", "/shops/2?sort=item"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        ("/%0d%0aSet-Cookie: a=b", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/x\r\nSet-Cookie:a=b", "/"),
        ("/x\x00", "/"),
        ("/caf\u00e9", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(browser: Browser, wanted: str, location: str) -> None:
    token = form_token(browser.get("/sign-in"))

    answer = browser.post(
        "/sign-in",
        query_string={"next": wanted},
        data={"csrf_token": token, "email": ANN, "password": PASSWORD},
    )

    assert (answer.status_code, answer.location) == (303, location)
    assert [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("a=")] == []
