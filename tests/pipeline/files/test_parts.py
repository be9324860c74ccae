"""Names that nobody wrote down, read by their parts."""

import pytest

from app.pipeline.files.columns import roles_of
from app.pipeline.files.parts import state_by_parts


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Verwachte ontvangstdatum", "expected_on"),
        ("Geplanter Wareneingang", "expected_on"),
        ("Date de réception estimée", "expected_on"),
        ("Bekräftat leveransdatum", "expected_on"),
        ("Data arrivo stimata", "expected_on"),
        ("Estimated receive date", "expected_on"),
        ("Saapunut määrä", "received"),
        ("Qtde recebida", "received"),
        ("Aantal geleverd", "received"),
        ("Menge noch offen", "outstanding"),
        ("Qté restante", "outstanding"),
        ("Quantity not received", "outstanding"),
        ("Bestelde aantal", "quantity"),
        ("Produkt-Code", "sku"),
        ("Lieferanten-Artikel-Nr.", "supplier_sku"),
        ("N° pièce", "reference"),
        ("Zeilenstatus", "status"),
    ],
)
def test_a_name_means_what_its_parts_mean(name: str, role: str) -> None:
    assert roles_of(name)[0][0] == role


@pytest.mark.parametrize(
    "name",
    ["Unit cost of item", "Shipping date", "Invoice date", "Line number", "Delivery address", "Notes"],
)
def test_a_name_about_something_else_is_no_day_and_no_quantity(name: str) -> None:
    assert {role for role, weight in roles_of(name) if weight > 50} == set()


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Placed with supplier", "open"),
        ("Goods received", "closed"),
        ("Cancelled PO", "cancelled"),
        ("Pending delivery", "open"),
        ("Delvis levererad", "open"),
        ("Partially received, rest cancelled", "closed"),
        ("Noch nicht geliefert", "open"),
        ("Awaiting QC", None),
        ("Blue", None),
    ],
)
def test_a_status_says_of_the_goods_what_its_words_agree_on(word: str, state: str | None) -> None:
    assert state_by_parts(word) == state
