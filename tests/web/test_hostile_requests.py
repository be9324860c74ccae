"""Hostile requests over every route, signed and not, from people and programs: never a 5xx.

Each request follows from its seed alone, so a failure names the seed that plays it again:
`Hostile(seed)`. CI plays a sample; `-m full_histories` plays 100,000, or
those of `BACKLINE_HOSTILE=0:5000`.
"""

import base64
import hashlib
import hmac
import io
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.core.kinds import Kind
from app.db import arrivals, feeds, refunds, saved_views, shops, staff, undo
from app.db.api_tokens import renew_token
from app.db.models import Shop
from app.pipeline.feeds.source import Login, seal_login
from app.pipeline.runtime import Runtime
from app.platforms.base.refunds import RefundLine, RefundQuote
from app.platforms.bigcommerce.secret import HEADER, hook_secret
from app.web.application import create_app
from tests.builders import LOCATION, day, item_stock, pool
from tests.db.stock import known_item, record_stock
from tests.db.waiting import placed
from tests.web.forms_found import Form, forms_from
from tests.web.posting import headers as shopify_headers
from tests.web.posting import order_body
from tests.web.visitors import Browser, form_token, sign_in, stranger

DOMAIN = "mugs.myshopify.com"
STORE = "abc123"
TEXTS = (
    "", " ", "0", "1", "-1", "x" * 3000, "9" * 5000, "\0", "%00", "'", "';--", "<b>", "{{7*7}}", "${x}",
    "..", "../../etc/passwd", "~", "~~1", "9999-12-31", "0000-00-00", "0001-01-01T00:00:00+14:00~1",
    "9999-12-31T23:59:59-12:00~9223372036854775807", "2026-12-05", "nan", "inf", "1e309", "0x10", "true",
    "null", "[]", "{}", "\u0663", "\u202e", "\U0001f600", "\uffff", "é", "//evil.example",
    "https://evil.example", "a\r\nX-Evil: 1", "9223372036854775807", "9223372036854775808", "2147483648",
)  # fmt: skip
# What has broken something, here or elsewhere.
SHARP = ("mug\0s", "9" * 5000, "9999-12-31", "0001-01-01T00:00:00+14:00~1", "9223372036854775808", "-1")
NUMBERS = ("0", "1", "31", "41", "-1", "9223372036854775807", "9223372036854775808", "9" * 400)
_FIELDS = """
    q page after before sort list kind since until units on location quantity received expected_on
    reference release_on lead_time_days priority email role password again quiet_days promise_percent
    handling_days country time_zone locale regime language tag-0 priority-0 backordered date_order file
    shop hmac state code host timestamp id_token embedded signed_payload_jwt next done pass revised_on
    show sku limit act back change column columns decimal day first_day week_day sheet digest
    every_hours host_key private_key mail_to is_complete takes_good_lines keeps_restocks sells_freely
    holds moves restocks selling notifies seen shown url key name order over by says_range supplier
    released po tags_delay_notices most_ahead to gives_back
"""
FIELDS = tuple(_FIELDS.split())
METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
TOPICS = (
    "orders/create", "orders/updated", "inventory_levels/update", "products/update", "app/uninstalled",
    "refunds/create", "customers/redact", "bulk_operations/finish", "nonsense", "",
)  # fmt: skip
HEADERS = (
    "X-Forwarded-For", "Origin", "Referer", "X-Backline-Pass", "Idempotency-Key", "If-None-Match",
    "Range", "Content-Encoding", "Cookie",
)  # fmt: skip
KINDS = (
    "application/json", "multipart/form-data; boundary=x", "text/plain",
    "application/x-www-form-urlencoded", "",
)  # fmt: skip
NAMES = (
    "arrivals", "id", "reference", "sku", "quantity", "expected_on", "line_items", "created_at", "x",
)  # fmt: skip


PERIODS = ("2026-12-05", "W50", "2026-W53", "Dec 2026", "9999-12", "0000-W00", "KW 54", "Main 2026-12")

# What JSON can write, or Python's writer does though JSON can't.
NO_JSON: tuple[Any, ...] = (
    -1, -0.0, 10**30, -(10**30), 2**63, 10**400, 1e308, 1e-320, 0.1, float("nan"), float("inf"),
    "\ud800", "\udfffx", "a\0b",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-12-31T23:59:60Z", "2026-02-30T00:00:00Z",
    "2026-12-05T00:00:00+24:00", "2026-12-05T00:00:00-23:59", "2026-12-05T24:00:00Z",
    "\u0663", "\uff12\uff10\uff12\uff16-12-05",
)  # fmt: skip
ARRIVALS = {
    "arrivals": [
        {
            "reference": "PO-1", "sku": "MUG", "quantity": 5, "expected_on": "2026-12-05",
            "location": "Main", "supplier": "Kiln", "ordered_on": "2026-11-01",
            "received": 0, "received_on": None,
        },
    ]
}  # fmt: skip


@dataclass
class House:
    """A shop and a store, the doors to them, and what opens the shop's."""

    app: Flask
    runtime: Runtime
    shop_id: int = field(init=False)
    nobody: Browser = field(init=False)
    ann: Browser = field(init=False)
    csrf: str = field(init=False)
    token: str = field(init=False)
    forms: list[Form] = field(init=False)

    def __post_init__(self) -> None:
        """Whoever is nobody stays so."""
        self.nobody = stranger(self.app)
        self.open()

    @property
    def secret_key(self) -> str:
        """What BigCommerce's webhooks are told."""
        return self.runtime.settings.secret_key

    @cached_property
    def rules(self) -> list[Rule]:
        """Every route."""
        return sorted(
            self.app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))
        )

    def open(self) -> None:
        """Ann comes from the shop's admin: some requests sign her out, make a new token, or uninstall.
        Nobody has tried too often yet."""
        self.runtime.redis.flushdb()
        with self.runtime.sessions.begin() as session:
            now = self.runtime.clock()
            shops.install_shop(session, platform="bigcommerce", domain=STORE, now=now)
            shop = shops.install_shop(session, platform="shopify", domain=DOMAIN, now=now)
            session.flush()
            self.shop_id, self.token = shop.id, renew_token(shop)
        self.ann = sign_in(self.app, self.runtime, self.shop_id)
        self.csrf = form_token(self.ann.get(f"/shops/{self.shop_id}/settings"))
        self.forms = list(forms_from(self.ann, f"/shops/{self.shop_id}"))


def furnish(session: Session, shop: Shop, keys: Sequence[str], *, now: datetime) -> None:
    """One of each thing that a page can show, so that it has a form."""
    item = known_item(session, shop, has_queue=True)
    item.sku, item.title = "MUG-BLUE", "Blue Mug"
    record_stock(session, shop.id, item_stock(pool(-1)), {})
    shop.regime = "eu"
    item.kind = Kind.DISCONTINUED
    asked = placed(session, shop, 1, short=1, item=item.item_id)
    placed(session, shop, 2, short=1, item=item.item_id)
    told = refunds.prepare(
        session,
        asked,
        [RefundLine(1, LOCATION, 1, 1)],
        RefundQuote("9.00", "EUR", ordered=(1,)),
        why=["It is not restocked"],
        by="Ann",
        now=now,
    )
    assert told is not None
    refunds.take(session, told, by="Ann", notifies=False, now=now)
    for reference, is_received in (("PO-1", False), ("PO-2", True)):
        row = arrivals.add_arrival(
            session, item, location_id=LOCATION, quantity=5, expected_on=day("2026-12-20"),
            reference=reference, supplier="Kiln", now=now,
        )  # fmt: skip
        if is_received:
            undo.change_for_now(session, row, received=5, now=now)
    login = seal_login(Login("https://kiln.example/po.csv"), keys)
    feeds.add_feed(session, shop.id, now=now, name="Kiln", kind="https", address="kiln", sealed=login)
    staff.invite(session, shop.id, "bob@shop.example", role=staff.Role.LOOK, now=now)
    saved_views.save_view(session, shop.id, "Late", [("show", "late")])


@pytest.fixture
def house(runtime: Runtime, install: Callable[[str], int]) -> House:
    """A shop in which somebody waits for mugs, and a store."""
    shop_id = install(DOMAIN)
    with runtime.sessions.begin() as session:
        furnish(
            session,
            session.get_one(Shop, shop_id),
            runtime.settings.encryption_keys,
            now=runtime.clock(),
        )
    app = create_app(runtime)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return House(app, runtime)


class Hostile:
    """One request."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 -- it must be played again

    def send(self, house: House) -> TestResponse:
        """By a route of ours, one of webhooks, or an address that nobody serves."""
        kind = self.dice.random()
        if kind < 0.2:
            return self._webhook(house)
        if kind < 0.25:
            return self._tell_of_arrivals(house)
        if kind < 0.5:
            return self._fill_in(house)
        rule = self.dice.choice(house.rules)
        path = self._path(house, rule) if kind < 0.95 else "/" + self._text()[:200]
        mostly = sorted(rule.methods or METHODS) if self.dice.random() < 0.7 else METHODS
        browser = house.ann if self.dice.random() < 0.8 else house.nobody
        headers = {"Sec-Fetch-Site": self.dice.choice(("same-origin", "cross-site"))}
        headers |= {"Authorization": f"Bearer {house.token}"} if self.dice.random() < 0.3 else {}
        headers |= {"Accept": self.dice.choice(("text/html", "*/*", ""))}
        headers |= {"HX-Request": "true"} if self.dice.random() < 0.1 else {}
        return browser.open(
            path,
            method=self.dice.choice(mostly),
            query_string=self._fields(),
            headers={**headers, **self._odd_header()},
            **self._body(house),
        )

    def _fill_in(self, house: House) -> TestResponse:
        """A form of a page as it stands there, with hostile words in a field or two."""
        form = self.dice.choice(house.forms)
        told: dict[str, Any] = dict(form.fields)
        for name in self.dice.sample(sorted(told), min(len(told), self.dice.randrange(3))):
            if name != "csrf_token":
                told[name] = self._text()
        if form.method == "GET":
            return house.ann.get(form.action, query_string=told)
        told |= {name: (io.BytesIO(self._file()), "po.csv") for name in form.files}
        return house.ann.post(form.action, data=told, headers={"Sec-Fetch-Site": "same-origin"})

    def _file(self) -> bytes:
        """Purchase orders, one of which is odd; or columns of weeks; or bytes."""
        if self.dice.random() < 0.1:
            return self.dice.randbytes(300)
        odd = self._text()[:400].replace('"', "")
        if self.dice.random() < 0.4:
            head = f"SKU,Location,{self.dice.choice(PERIODS)},{odd},2026-W52"
            return f'{head}\nMUG-BLUE,Main,"{odd}",5,-3\n{odd},Main,1,,2'.encode()
        cells = ["MUG-BLUE", "5", "2026-12-05", "PO-9", "Main"]
        cells[self.dice.randrange(5)] = f'"{odd}"'
        return ("sku,quantity,expected_on,reference,location\n" + ",".join(cells)).encode()

    def _path(self, house: House, rule: Rule) -> str:
        path = rule.rule
        for name in rule.arguments:
            own = str(house.shop_id) if name == "shop_id" and self.dice.random() < 0.8 else ""
            value = own or self.dice.choice((*NUMBERS, *TEXTS[:20]))
            for converter in ("int:", "path:", ""):
                path = path.replace(f"<{converter}{name}>", value)
        return path

    def _text(self) -> str:
        return self.dice.choice(SHARP if self.dice.random() < 0.6 else TEXTS)

    def _fields(self) -> dict[str, str]:
        if self.dice.random() < 0.6:  # one edge, wherever it may cut
            return dict.fromkeys(FIELDS, self._text())
        some = self.dice.sample(FIELDS, self.dice.randrange(6))
        return {name: self._text() for name in some}

    def _odd_header(self) -> dict[str, str]:
        name = self.dice.choice(HEADERS)
        return {name: self._header_text()} if self.dice.random() < 0.3 else {}

    def _body(self, house: House) -> dict[str, Any]:
        kind = self.dice.randrange(5)
        if kind == 0:
            return {}
        if kind == 1:
            told = self._json(3) if self.dice.random() < 0.5 else self._spoiled(ARRIVALS)
            return {"data": json.dumps(told), "content_type": "application/json"}
        if kind == 2:
            return {"data": self.dice.randbytes(200), "content_type": self.dice.choice(KINDS)}
        return {"data": {"csrf_token": house.csrf, **self._fields(), **self._fields()}}

    def _json(self, depth: int) -> Any:
        simple = (*NO_JSON, None, True, 0, self._text(), self._text())
        if depth == 0 or self.dice.random() < 0.2:
            return self.dice.choice(simple)
        if self.dice.random() < 0.5:
            return [self._json(depth - 1) for _ in range(self.dice.randrange(4))]
        return {self.dice.choice(NAMES): self._json(depth - 1) for _ in range(self.dice.randrange(5))}

    def _spoiled(self, value: Any) -> Any:
        """The same with one hostile value, somewhere in it."""
        if not isinstance(value, dict | list) or not value or self.dice.random() < 0.1:
            return self._json(1)
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        chosen = self.dice.choice([key for key, _ in parts])
        changed = value.copy()
        changed[chosen] = self._spoiled(value[chosen])
        return changed

    def _webhook(self, house: House) -> TestResponse:
        body = order_body()
        for _ in range(self.dice.randrange(4)):
            body = self._spoiled(body)
        raw = json.dumps(body).encode() if self.dice.random() < 0.9 else self.dice.randbytes(50)
        is_signed = self.dice.random() < 0.8
        if self.dice.random() < 0.6:
            options = {"Triggered_At": self._header_text()} if self.dice.random() < 0.3 else {}
            secret = "shopify-client-secret" if is_signed else "another"
            named = shopify_headers(raw, self.dice.choice(TOPICS), secret=secret, **options)
            return house.nobody.post("/webhooks/shopify", data=raw, headers=named)
        return self._callback(house, is_signed=is_signed)

    def _callback(self, house: House, *, is_signed: bool) -> TestResponse:
        told = {
            "scope": self.dice.choice(("store/order/created", "store/order/updated", "x")),
            "producer": f"stores/{STORE}",
            "data": self._json(2),
            "created_at": self.dice.choice((0, -1, 2**62, 1764000000)),
            "hash": self._text(),
        }
        raw = json.dumps(told).encode()
        digest = hmac.digest(b"bigcommerce-client-secret", b"1.1." + raw, hashlib.sha256)
        headers = {HEADER: hook_secret(house.secret_key, STORE), "webhook-id": "1"}
        if is_signed:
            headers["webhook-timestamp"] = self._header_text()
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return house.nobody.post("/webhooks/bigcommerce", data=raw, headers=headers)

    def _tell_of_arrivals(self, house: House) -> TestResponse:
        headers = {"Authorization": f"Bearer {house.token}", "Content-Type": "application/json"}
        told = json.dumps(self._spoiled(ARRIVALS))
        return house.nobody.post(
            "/api/v1/arrivals", data=told, headers={**headers, **self._odd_header()}
        )

    def _header_text(self) -> str:
        text = self._text().replace("\r", "").replace("\n", "")
        return text.encode("latin-1", "replace").decode("latin-1")


_OPENED_EVERY = 100


def play(house: House, seeds: range) -> Counter[int]:
    """The statuses of the answers; fails with the seeds whose answer was a fault of ours."""
    statuses: Counter[int] = Counter()
    failed: list[tuple[int, int, str]] = []
    for seed in seeds:
        if seed % _OPENED_EVERY == 0:
            house.open()
        with Hostile(seed).send(house) as answer:
            statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                failed.append((seed, answer.status_code, answer.request.path))
    assert failed == []
    return statuses


@pytest.mark.parametrize("part", range(3))
def test_a_sample_of_hostile_requests_meets_no_fault(house: House, part: int) -> None:
    statuses = play(house, range(part * 200, (part + 1) * 200))

    # They get through the doors, too: what is refused at once tries nothing.
    assert statuses[200] > 20
    assert {"file", "key", "url", "selling"} <= {
        name for form in house.forms for name in (*form.fields, *form.files)
    }
    assert len(statuses) > 5


@pytest.mark.full_histories
def test_a_hundred_thousand_hostile_requests_meet_no_fault(house: House) -> None:
    first, _, end = os.environ.get("BACKLINE_HOSTILE", "0:100000").partition(":")
    statuses = play(house, range(int(first), int(end)))
    print(f"seeds {first} to {end}: {sorted(statuses.items())}")  # noqa: T201 -- read with -s
