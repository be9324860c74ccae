"""Which item a line of a supplier's file means, by which of its codes."""

import pytest

from app.core.item_codes import CodeKind, Match, UnclearItem, Words, match_item, spelled, suggestions

MUG, TOWEL = 1, 2
SKUS = {"mug-blue": [MUG], "towel": [TOWEL], "40063813": [TOWEL]}
CODES = {
    (True, "4006381333931"): {MUG},
    (True, "9120000000000"): {MUG, TOWEL},
    (False, "p-1"): {MUG},
    (False, "p-2"): {MUG, TOWEL},
}


def match(sku: str = "", barcode: str = "", supplier_sku: str = "") -> Match:
    return match_item(Words(sku, barcode, supplier_sku), SKUS, CODES)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (("MUG-BLUE",), Match(MUG)),
        (("MUG-BLUE", "4006381333931"), Match(MUG)),
        (("POT-0815", "4006381333931"), Match(MUG, CodeKind.BARCODE)),
        (("", "04006381333931"), Match(MUG, CodeKind.BARCODE)),
        (("4006381333931",), Match(MUG, CodeKind.BARCODE)),
        (("", "40063813"), Match(TOWEL, CodeKind.BARCODE)),
        (("", "", "P-1"), Match(MUG, CodeKind.SUPPLIER_SKU)),
        (("", "N/A", "P-1"), Match(MUG, CodeKind.SUPPLIER_SKU)),
        (("MUG-BLUE", "5901234123457"), Match(MUG)),
        # What stands as a SKU may be that of an item that nobody has ordered yet.
        (("P-1",), Match(None)),
        (("", "5901234123457"), Match(None)),
    ],
)
def test_an_item_is_found_by_its_sku_then_its_barcode_then_its_suppliers_sku(
    line: tuple[str, ...], found: Match
) -> None:
    assert match(*line) == found


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("", "9120000000000"), "2 items have the barcode 9120000000000: say which SKU is meant"),
        (("", "", "P-2"), "2 items have the supplier SKU P-2: say which SKU is meant"),
        (("TOWEL", "4006381333931"), "SKU TOWEL and the barcode 4006381333931 are of different items"),
    ],
)
def test_what_may_mean_two_items_is_asked(line: tuple[str, ...], why: str) -> None:
    with pytest.raises(UnclearItem, match=why):
        match(*line)


def test_a_barcode_tells_two_items_of_one_sku_apart() -> None:
    found = match_item(Words("MUG", "4006381333931"), {"mug": [MUG, TOWEL]}, CODES)

    assert found == Match(MUG, CodeKind.BARCODE)


def test_a_suppliers_sku_in_the_place_of_the_sku_is_suggested() -> None:
    assert suggestions("P-1", CODES) == {MUG}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0 12345 67890 5", "12345678905"),
        ("012345678905", "12345678905"),
        ("00012345678905", "12345678905"),
        ("00123", "00123"),
        ("Does not apply", ""),
        ("0", ""),
        ("00000000", ""),
        ("X00ABC12D3", "x00abc12d3"),
    ],
)
def test_codes_are_compared_as_barcodes_are_scanned(text: str, code: str) -> None:
    assert spelled(text) == code
