"""A file of expected deliveries by way of the pages: uploaded, rehearsed, asked about, imported."""

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from app.db import uploads
from app.db.models import ArrivalRow, Shop, UploadRow
from app.db.statements import delete_some
from app.pipeline.runtime import Runtime
from app.web.access import Role
from app.web.application import create_app
from app.web.pages.import_arrivals import LARGEST_FILE
from tests.builders import item_stock, pool
from tests.db.stock import known_item, record_stock
from tests.web.visitors import Browser, form_token, sign_in

TABLE = "reference,sku,quantity,expected_on\nPO-1,MUG-BLUE,40,2026-12-05\nPO-2,MUG-BLUE,<b>,2026-12-05\n"


class Merchant:
    """Somebody signed in to one shop."""

    def __init__(self, runtime: Runtime, shop_id: int, *, role: Role = Role.MANAGE) -> None:
        self.runtime, self.shop_id = runtime, shop_id
        self.browser: Browser = sign_in(create_app(runtime), runtime, shop_id, role=role)
        self.at = f"/shops/{shop_id}/arrivals/import"

    def upload(self, content: str | bytes, *, name: str = "po.csv", order: str = "") -> TestResponse:
        """Choose a file."""
        raw = content.encode() if isinstance(content, str) else content
        token = form_token(self.browser.get(f"/shops/{self.shop_id}/arrivals/import"))
        fields = {"csrf_token": token, "file": (io.BytesIO(raw), name), "date_order": order}
        return self.browser.post(self.at, data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    def upload_raw(self, content: str) -> TestResponse:
        """The same with a body made by hand: Werkzeug's client leaves a large one's file open."""
        token = form_token(self.browser.get(self.at))
        head = (
            f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--x\r\n'
            'Content-Disposition: form-data; name="file"; filename="po.csv"\r\n\r\n'
        )
        return self.browser.post(
            self.at,
            data=f"{head}{content}\r\n--x--\r\n".encode(),
            headers={"Sec-Fetch-Site": "same-origin", "Content-Type": "multipart/form-data; boundary=x"},
        )

    def send(self, path: str) -> TestResponse:
        """Press a button on the page of an upload."""
        token = form_token(self.browser.get(self.at))
        return self.browser.post(
            path, data={"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
        )

    def count(self, table: type[ArrivalRow | UploadRow]) -> int:
        """Rows of the shop."""
        with self.runtime.sessions.begin() as session:
            where = table.shop_id == self.shop_id
            return session.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0


@pytest.fixture
def merchant(runtime: Runtime, shop_id: int) -> Merchant:
    """Of a shop that sells mugs at one place."""
    stock(runtime, shop_id)
    return Merchant(runtime, shop_id)


def stock(runtime: Runtime, shop_id: int) -> None:
    """Mugs at one place."""
    with runtime.sessions.begin() as session:
        known_item(session, session.get_one(Shop, shop_id), has_queue=True)
        record_stock(session, shop_id, item_stock(pool(0)), {})


def path_of(answer: TestResponse) -> str:
    """Where an upload led."""
    assert answer.status_code == 303
    return answer.headers["Location"].partition("?")[0]


def test_a_file_is_shown_before_it_is_taken_and_then_forgotten(merchant: Merchant) -> None:
    path = path_of(merchant.upload(TABLE))
    first, reloaded = (merchant.browser.get(path).get_data(as_text=True) for _ in range(2))

    assert "the quantity ordered &#39;&lt;b&gt;&#39; is not a number" in first
    assert "Import 1 valid line" in first
    assert "Import 1 valid line" in reloaded
    assert merchant.count(ArrivalRow) == 0
    taken = merchant.send(path)
    assert path_of(taken) == merchant.at
    assert (merchant.count(ArrivalRow), merchant.count(UploadRow)) == (1, 0)
    assert merchant.browser.get(path).status_code == 404
    assert merchant.send(path).status_code == 404


def test_a_file_that_is_dropped_changes_nothing(merchant: Merchant) -> None:
    path = path_of(merchant.upload(TABLE))

    merchant.send(f"{path}/drop")

    assert (merchant.count(ArrivalRow), merchant.count(UploadRow)) == (0, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04", "The workbook is damaged"),
        (b"%PDF-1.7", "This is a PDF, not a table"),
        ("hello\n", "No column was found for: purchase order number"),
    ],
)
def test_a_file_that_can_t_be_used_is_refused_in_words(
    merchant: Merchant, content: str | bytes, reason: str
) -> None:
    answer = merchant.upload(content)

    assert answer.status_code == 422
    assert reason in answer.get_data(as_text=True)
    assert merchant.count(UploadRow) == 0


def answer(merchant: Merchant, path: str, **said: str) -> str:
    """Say how a file is to be read; returns the page that shows it."""
    token = form_token(merchant.browser.get(path))
    told = merchant.browser.post(
        f"{path}/options",
        data={"csrf_token": token, **{name.replace("__", "."): text for name, text in said.items()}},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert path_of(told) == path
    return merchant.browser.get(path).get_data(as_text=True)


def test_what_a_file_does_not_tell_is_asked_on_the_page(merchant: Merchant) -> None:
    path = path_of(merchant.upload(TABLE.replace("2026-12-05", "3/4/2026")))
    asked = merchant.browser.get(path).get_data(as_text=True)
    assert "may be day first or month first" in asked
    assert "Import 1" not in asked

    answered = answer(merchant, path, date_order="mdy")

    assert "Import 1 valid line" in answered
    merchant.send(path)
    with merchant.runtime.sessions.begin() as session:
        assert session.scalars(sa.select(ArrivalRow)).one().expected_on.isoformat() == "2026-03-04"


def test_the_page_names_which_column_is_used_for_what_and_each_can_be_changed(
    merchant: Merchant,
) -> None:
    content = "PO,Master,Style,Qty,ETA,Color\nPO-1,MUG-BLUE,MUG-BLUE,40,2026-12-05,blue\n"
    path = path_of(merchant.upload(content))
    assert "No column was found for: SKU" in merchant.browser.get(path).get_data(as_text=True)

    answered = answer(merchant, path, column__sku="Master")

    assert "PO (found)" in answered
    assert "Columns not used: Style, Color." in answered
    assert "Import 1 valid line" in answered


def test_an_answer_is_kept_for_the_next_file_with_the_same_header(merchant: Merchant) -> None:
    content = "PO,Master,Qty,ETA\nPO-{},MUG-BLUE,40,2026-12-05\n"
    first = path_of(merchant.upload(content.format(1)))
    answer(merchant, first, column__sku="Master")
    merchant.send(first)

    later = path_of(merchant.upload(content.format(2)))

    assert "Import 1 valid line" in merchant.browser.get(later).get_data(as_text=True)


def test_a_suggested_sku_is_accepted_by_a_click(merchant: Merchant) -> None:
    path = path_of(merchant.upload(TABLE.replace("MUG-BLUE", "MUG BLUE")))
    assert "MUG BLUE means mug-blue" in merchant.browser.get(path).get_data(as_text=True)

    answered = answer(merchant, path, **{"sku.mug blue": "mug-blue"})

    assert "means mug-blue" not in answered
    assert "SKUs that have not been ordered yet" not in answered


def test_a_status_is_explained_on_the_page(merchant: Merchant) -> None:
    content = "PO,SKU,Qty,ETA,Status\nPO-1,MUG-BLUE,40,2026-12-05,Awaiting QC\n"
    path = path_of(merchant.upload(content))

    answered = answer(merchant, path, **{"state.awaiting qc": "open"})

    assert "Import 1 valid line" in answered


def test_the_order_of_dates_can_be_said(merchant: Merchant) -> None:
    path = path_of(merchant.upload(TABLE.replace("2026-12-05", "3/4/2026"), order="mdy"))

    merchant.send(path)

    with merchant.runtime.sessions.begin() as session:
        assert session.scalars(sa.select(ArrivalRow)).one().expected_on.isoformat() == "2026-03-04"


def test_a_file_may_be_larger_than_any_other_form(merchant: Merchant) -> None:
    large = TABLE + ("\n" + " " * 9999) * 320

    assert merchant.upload_raw(large).status_code == 303
    assert merchant.upload_raw("x" * LARGEST_FILE).status_code == 413


def test_a_shop_keeps_one_file_and_none_for_long(merchant: Merchant) -> None:
    first, second = path_of(merchant.upload(TABLE)), path_of(merchant.upload(TABLE))

    assert merchant.browser.get(first).status_code == 404
    assert merchant.browser.get(second).status_code == 200
    with merchant.runtime.sessions.begin() as session:
        later = merchant.runtime.clock() + timedelta(seconds=1)
        delete_some(session, uploads.old_uploads(merchant.shop_id, before=later))
    assert merchant.count(UploadRow) == 0


def test_nobody_imports_into_another_shop_or_without_the_right(
    merchant: Merchant, runtime: Runtime, install: Callable[[str], int]
) -> None:
    theirs = install("other.myshopify.com")
    stock(runtime, theirs)
    other = Merchant(runtime, theirs)
    path = path_of(other.upload(TABLE))
    upload_id = path.rpartition("/")[2]

    assert merchant.browser.get(path).status_code == 404
    assert merchant.send(path).status_code == 404
    assert merchant.browser.get(f"{merchant.at}/{upload_id}").status_code == 404
    assert merchant.send(f"{merchant.at}/{upload_id}").status_code == 404
    assert (other.count(ArrivalRow), merchant.count(ArrivalRow)) == (0, 0)
    looking = Merchant(runtime, theirs, role=Role.LOOK)
    assert looking.browser.get(looking.at).status_code == 403
    assert looking.browser.get(path).status_code == 403


def test_the_day_of_a_week_is_chosen_on_the_page(merchant: Merchant) -> None:
    path = path_of(merchant.upload("PO,SKU,2026-W49,2026-W50\nPO-1,MUG-BLUE,40,12\n"))
    shown = merchant.browser.get(path).get_data(as_text=True)
    assert "hold quantities by date, 2026-12-04 to 2026-12-11" in shown
    assert 'name="first_day"' in shown

    answered = answer(merchant, path, week_day="monday")

    assert "A week means its Monday" in answered
    merchant.send(path)
    with merchant.runtime.sessions.begin() as session:
        days = session.scalars(sa.select(ArrivalRow.expected_on).order_by(ArrivalRow.expected_on))
        assert [str(day) for day in days] == ["2026-11-30", "2026-12-07"]


def test_the_day_of_the_first_of_several_columns_is_asked_on_the_page_and_remembered(
    merchant: Merchant,
) -> None:
    weeks = "PO,SKU,Week 1,Week 2\nPO-1,MUG-BLUE,40,12\n"
    path = path_of(merchant.upload(weeks))
    asked = merchant.browser.get(path).get_data(as_text=True)
    assert "Is &#34;Week 1&#34; the first week of the year" in asked
    assert 'name="first_day"' in asked

    answered = answer(merchant, path, first_day="2026-11-30")

    assert "hold quantities by date, 2026-12-04 to 2026-12-11" in answered
    merchant.send(path)
    again = merchant.browser.get(path_of(merchant.upload(weeks))).get_data(as_text=True)
    assert "&#34;Week 1&#34; is read as 2026-12-04, by what you said of an earlier file" in again


@pytest.mark.parametrize("pressed", [0, 1])
def test_a_question_is_answered_by_one_click(merchant: Merchant, pressed: int) -> None:
    path = path_of(
        merchant.upload("PO,SKU,Qty,Due date,Delivery date\nPO-1,MUG-BLUE,4,2026-12-01,2026-12-15\n")
    )
    asked = merchant.browser.get(path).get_data(as_text=True)
    buttons = re.findall(r'name="answer" value="([^"]*)"', asked)

    given = answer(merchant, path, answer=html.unescape(buttons[pressed]))

    assert buttons == ["column.expected_on=Due date", "column.expected_on=Delivery date"]
    assert "What would change" in given
    merchant.send(path)
    with merchant.runtime.sessions.begin() as session:
        expected = str(session.scalar(sa.select(ArrivalRow.expected_on)))
    assert expected == ["2026-12-01", "2026-12-15"][pressed]


@pytest.mark.parametrize("said", ["", "first_day=soon", "column.nothing=Qty", "counts.quantity=dozens"])
def test_an_answer_that_nobody_offered_changes_nothing(merchant: Merchant, said: str) -> None:
    path = path_of(
        merchant.upload("PO,SKU,Qty,Due date,Delivery date\nPO-1,MUG-BLUE,4,2026-12-01,2026-12-15\n")
    )

    assert "One answer is needed" in answer(merchant, path, answer=said)


def test_what_a_column_counts_is_asked_on_the_page_and_kept(merchant: Merchant) -> None:
    cartons = "PO,SKU,Cartons,Open qty,Case Pack,ETA\nPO-1,MUG-BLUE,4,36,12,2026-12-04\n"
    path = path_of(merchant.upload(cartons))
    asked = merchant.browser.get(path).get_data(as_text=True)
    assert "does &#34;Open qty&#34; count packs, too, or single units?" in asked
    assert 'name="counts.outstanding"' in asked

    answer(merchant, path, **{"counts.outstanding": "units"})

    merchant.send(path)
    with merchant.runtime.sessions.begin() as session:
        assert [*session.scalars(sa.select(ArrivalRow.quantity))] == [36]
    again = merchant.browser.get(path_of(merchant.upload(cartons))).get_data(as_text=True)
    assert "One answer is needed" not in again
