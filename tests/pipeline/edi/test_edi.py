"""What suppliers send by EDI: which units come, for which order, when."""

import io
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.db import arrivals
from app.pipeline.edi.document import EdiDocument, read_stamp
from app.pipeline.edi.reading import read_edi
from app.pipeline.files.options import Options
from app.pipeline.files.text import FileRefused
from tests.builders import ITEM, LOCATION, day
from tests.pipeline.purchase_orders import THERE, Buyer, a_buyer

ISA = (
    "ISA*00*          *00*          *ZZ*POTTERS        *ZZ*NORTHWIND      *261111*1045*U*00401*"
    "000000101*0*P*>~"
)


def x12(kind: str, *segments: str) -> bytes:
    """An interchange with one message of this kind."""
    body = "~".join((f"ST*{kind}*0001", *segments, f"SE*{len(segments) + 2}*0001"))
    group = "SH" if kind == "856" else "PR"
    head = f"GS*{group}*POTTERS*NORTHWIND*20261111*1045*1*X*004010~"
    return f"{ISA}{head}{body}~GE*1*1~IEA*1*000000101~".encode()


def edifact(kind: str, *segments: str) -> bytes:
    """The same in EDIFACT."""
    body = "'".join((f"UNH+1+{kind}:D:96A:UN", *segments, f"UNT+{len(segments) + 2}+1"))
    return f"UNA:+.? 'UNB+UNOC:3+40:14+41:14+261111:1045+1'{body}'UNZ+1+1'".encode()


def asn(
    shipment: str = "SHIP-1", order: str = "PO-17", units: str = "24", on: str = "20261205"
) -> bytes:
    """A ship notice of mugs for Location 41."""
    return x12(
        "856", f"BSN*00*{shipment}*20261111*1045", "HL*1**S", "TD5**2*UPSN", "REF*BM*9",
        "DTM*011*20261111", f"DTM*017*{on}", "N1*SF*Potters*92*POT1", "N1*ST*Location 41*92*W1",
        "HL*2*1*O", "PRF*PO-17***20261102", "HL*3*2*P", "MAN*GM*1", "HL*4*3*I",
        "LIN*1*BP*MUG-BLUE*VP*P-1*UP*012345678905", f"SN1*1*{units}*EA", "CTT*1",
    )  # fmt: skip


def acknowledgment(*lines: str, kind: str = "AD") -> bytes:
    """A purchase order acknowledgment."""
    return x12("855", f"BAK*00*{kind}*PO-17*20261102", "N1*SU*Potters", "N1*ST**92*41", *lines, "CTT*1")


def desadv(units: str = "24", on: str = "20261205") -> bytes:
    """A despatch advice of mugs for Location 41."""
    return edifact(
        "DESADV", "BGM+351+SHIP-1+9", "DTM+137:20261111:102", f"DTM+17:{on}:102", "RFF+ON:PO-17",
        "NAD+SU+4012345000009::9++Potters", "NAD+DP+41::92", "CPS+1", "LIN+1++4012345678901:EN",
        "PIA+1+MUG-BLUE:BP", f"QTY+12:{units}:PCE",
    )  # fmt: skip


def ordrsp(*lines: str, answer: str = "29") -> bytes:
    """An order response."""
    return edifact(
        "ORDRSP", f"BGM+231+R-1+{answer}", "RFF+ON:PO-17", "DTM+69:20261205:102", "NAD+SU+++Potters",
        "NAD+DP+41", *lines, "UNS+S",
    )  # fmt: skip


def read(content: bytes, *, known: frozenset[str] = frozenset({"mug-blue"})) -> EdiDocument:
    """The document, for a shop in Berlin."""
    found = read_edi(
        lambda: io.BytesIO(content), options=Options(), known_skus=known, zone=ZoneInfo("Europe/Berlin")
    )
    assert found is not None
    return found


def told(content: bytes) -> list[tuple[str, str, int, date | None]]:
    """What a file says: order, SKU, units, day."""
    lines = read(content).wordings({"location 41", "41"})
    return [(one.reference, one.sku, one.quantity, one.expected_on) for one in lines]  # type: ignore[union-attr]


ONE = ("PO-17", "MUG-BLUE", 24, day("2026-12-05"))


@pytest.mark.parametrize("content", [asn(), desadv()], ids=["856", "DESADV"])
def test_a_ship_notice_says_what_is_on_its_way_under_an_order(content: bytes) -> None:
    (line,) = read(content).wordings({"location 41", "41"})

    assert told(content) == [ONE]
    assert (line.shipment, line.supplier) == ("SHIP-1", "Potters")  # type: ignore[union-attr]
    assert line.location in ("Location 41", "41")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("PO1*1*24*EA***BP*MUG-BLUE", "ACK*IA*24*EA*067*20261205"), [ONE]),
        (("PO1*1*40*EA***BP*MUG-BLUE", "ACK*IQ*24*EA*067*20261205"), [ONE]),
        (("DTM*067*20261205", "PO1*1*24*EA***BP*MUG-BLUE", "ACK*IA*24*EA"), [ONE]),
        (("PO1*1*24*EA***BP*MUG-BLUE", "ACK*IA*24*EA", "DTM*069*20261205"), [ONE]),
        (("PO1*1*24*EA***BP*MUG-BLUE", "ACK*IR*24*EA"), [("PO-17", "MUG-BLUE", 0, None)]),
        (("PO1*1*24*EA***BP*MUG-BLUE", "ACK*IA*24*EA*068*20261130"), [("PO-17", "MUG-BLUE", 24, None)]),
        (
            ("PO1*1*24*EA***BP*MUG-BLUE", "ACK*IA*4*EA*067*20261201", "ACK*IB*20*EA*067*20261205"),
            [("PO-17", "MUG-BLUE", 4, day("2026-12-01")), ("PO-17", "MUG-BLUE", 20, day("2026-12-05"))],
        ),
        (("PO1*1*24*EA***BP*MUG-BLUE", "ACK*IA*4*EA", "ACK*ID*20*EA"), [("PO-17", "MUG-BLUE", 4, None)]),
    ],
)
def test_an_acknowledgment_says_what_of_an_order_comes_and_when(
    lines: tuple[str, ...], expected: list[tuple[str, str, int, date | None]]
) -> None:
    assert told(acknowledgment(*lines)) == expected


def test_an_order_that_is_refused_does_not_come() -> None:
    assert told(acknowledgment("PO1*1*24*EA***BP*MUG-BLUE", kind="RD")) == [
        ("PO-17", "MUG-BLUE", 0, None)
    ]
    line = ("LIN+1++1:EN", "PIA+1+MUG-BLUE:BP", "QTY+21:24")
    assert told(ordrsp(*line, answer="27"))[0][2] == 0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("LIN+1+5+1:EN", "PIA+1+MUG-BLUE:IN", "QTY+21:24"), [ONE]),
        (("LIN+1+3", "PIA+1+MUG-BLUE:SA", "QTY+21:40", "QTY+113:24"), [ONE]),
        # Either sign is a decimal sign in EDIFACT; thousands have none.
        (("LIN+1+3", "PIA+1+MUG-BLUE:SA", "QTY+21:24,000"), [ONE]),
        (
            ("LIN+1+3", "PIA+1+MUG-BLUE:BP", "QTY+21:24", "DTM+67:20261212:102"),
            [("PO-17", "MUG-BLUE", 24, day("2026-12-12"))],
        ),
        (
            ("LIN+1+7", "PIA+1+MUG-BLUE:BP", "QTY+21:24"),
            [("PO-17", "MUG-BLUE", 0, day("2026-12-05"))],
        ),
    ],
)
def test_an_order_response_says_what_of_an_order_comes_and_when(
    lines: tuple[str, ...], expected: list[tuple[str, str, int, date | None]]
) -> None:
    assert told(ordrsp(*lines)) == expected


@pytest.mark.parametrize(
    ("stamp", "on"),
    [
        ("20261205:102", "2026-12-05"),
        ("202612051030:203", "2026-12-05"),
        ("202612042300UTC:303", "2026-12-05"),
        ("202649:616", "2026-12-04"),
        ("202612:610", "2026-12-31"),
    ],
)
def test_a_day_is_that_of_the_shop_in_whichever_form_it_is_written(stamp: str, on: str) -> None:
    line = ("LIN+1", "PIA+1+MUG-BLUE:BP", "QTY+21:24", f"DTM+67:{stamp}")

    assert told(ordrsp(*line))[0][3] == day(on)


def test_the_code_that_the_shop_sells_by_is_found_among_all_of_an_item_s() -> None:
    content = x12(
        "855", "BAK*00*AD*PO-17*20261102", "PO1*1*24*EA***BP*4711*VP*MUG-BLUE*UP*012345678905",
        "ACK*IA*24*EA*067*20261205",
    )  # fmt: skip

    assert told(content) == [ONE]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (x12("850", "BEG*00*NE*PO-17**20261102"), r"\(ST\*850\*0001\): Backline reads 855"),
        (edifact("INVOIC", "BGM+380+1+9"), r"UNH\+1\+INVOIC.*Backline reads ORDRSP"),
        (asn(on="20261399"), r"DTM\*017\*20261399\): '20261399' is not a date"),
        (desadv(on="2026"), r"DTM\+17:2026:102\): '2026' is not a date"),
        (b"ISA*00*", "not an X12 file that can be read"),
        (b"UNB+UNOC:3", "not an EDIFACT file that can be read"),
        (x12("856", "BSN*00*S*20261111", "SN1*1*4*EA"), r"\(SN1\*1\*4\*EA\): SN1 without a LIN"),
    ],
    ids=range(7),
)
def test_what_is_not_read_is_refused_with_its_segment(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        read(content)


def test_a_file_of_another_kind_is_no_edi() -> None:
    content = b"reference,sku,quantity,expected_on\n"
    utc = ZoneInfo("UTC")

    assert read_edi(lambda: io.BytesIO(content), options=Options(), known_skus=(), zone=utc) is None


@pytest.fixture
def buyer(clean_pg: sa.Engine) -> Buyer:
    """Whoever buys mugs for Location 41 and 42."""
    return a_buyer(clean_pg)


def expected(buyer: Buyer) -> dict[int, list[tuple[int, date]]]:
    """Units and days that promises may stand on, by location."""
    with buyer.sessions.begin() as session:
        found = arrivals.expected_arrivals(session, buyer.shop_id, ITEM)
    return {at: [(each.quantity, each.expected_on) for each in coming] for at, coming in found.items()}


def test_a_shipment_is_counted_once_with_the_order_it_is_for(buyer: Buyer) -> None:
    buyer.send("PO-17,MUG-BLUE,40,2026-12-20,Location 41")

    buyer.send_bytes(asn())

    assert expected(buyer) == {LOCATION: [(24, day("2026-12-05")), (16, day("2026-12-20"))]}


def test_two_shipments_of_one_order_are_both_on_their_way(buyer: Buyer) -> None:
    buyer.send_bytes(asn(units="10"))

    buyer.send_bytes(asn("SHIP-2", units="14", on="20261212"))

    assert expected(buyer) == {LOCATION: [(10, day("2026-12-05")), (14, day("2026-12-12"))]}


def test_a_notice_sent_again_changes_its_own_shipment(buyer: Buyer) -> None:
    buyer.send_bytes(asn())

    again, moved = buyer.send_bytes(asn()), buyer.send_bytes(asn(on="20261207"))

    assert (again.unchanged, moved.changed) == (1, 1)
    assert expected(buyer) == {LOCATION: [(24, day("2026-12-07"))]}


def test_an_acknowledgment_changes_the_order_and_cancels_no_line_it_does_not_name(buyer: Buyer) -> None:
    buyer.send("PO-17,MUG-BLUE,40,2026-12-20,Location 41", "PO-17,MUG-BLUE,5,2026-12-20,Location 42")

    report = buyer.send_bytes(acknowledgment("PO1*1*40*EA***BP*MUG-BLUE", "ACK*IQ*24*EA*067*20261205"))

    assert (report.changed, report.cancelled) == (1, 0)
    assert expected(buyer) == {
        LOCATION: [(24, day("2026-12-05"))], THERE: [(5, day("2026-12-20"))],
    }  # fmt: skip


def test_a_line_that_is_put_off_in_part_is_two_deliveries_until_it_is_one_again(buyer: Buyer) -> None:
    line = "PO1*1*40*EA***BP*MUG-BLUE"
    buyer.send("PO-17,MUG-BLUE,40,2026-12-20,Location 41", "PO-18,MUG-BLUE,5,2026-12-20,Location 41")

    buyer.send_bytes(acknowledgment(line, "ACK*IA*25*EA*067*20261205", "ACK*IB*15*EA*067*20270110"))
    parts = expected(buyer)
    buyer.send_bytes(acknowledgment(line, "ACK*IA*40*EA*067*20261212"))

    other = (5, day("2026-12-20"))
    assert parts == {LOCATION: [(25, day("2026-12-05")), other, (15, day("2027-01-10"))]}
    assert expected(buyer) == {LOCATION: [(40, day("2026-12-12")), other]}


@pytest.mark.parametrize("make", [asn, desadv], ids=["856", "DESADV"])
def test_a_line_without_a_number_of_units_is_named_with_its_segment(
    buyer: Buyer, make: Callable[..., bytes]
) -> None:
    report = buyer.send_bytes(make(units="few"))

    assert report.bad == 1
    assert "the quantity 'few' is not a number" in buyer.bad[0].reason
    assert buyer.bad[0].reason.startswith("segment ")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        *(("102", "00000000"), ("102", "00010101"), ("102", "99991231"), ("203", "000000000000")),
        *(("610", "999912"), ("616", "999952")),
        *(("303", "000101010000UTC"), ("303", "999912312359-05")),
    ],
)
def test_what_systems_write_for_no_date_is_none_in_every_form(form: str, text: str) -> None:
    assert read_stamp(text, form, ZoneInfo("America/New_York")) is None
