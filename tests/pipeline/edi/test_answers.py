"""What suppliers answer by EDI beyond yes and no: parts, waits, packs, periods, tests."""

import pytest

from app.pipeline.arrivals import Bad
from app.pipeline.files.text import FileRefused
from tests.pipeline.edi.test_edi import acknowledgment, asn, desadv, edifact, ordrsp, read, x12

PLACES = {"41", "location 41"}
MUG = ("LIN+1++4012345678901:EN", "PIA+1+MUG-BLUE:BP")


def gives(content: bytes) -> list[tuple[int, str] | str]:
    """Units and day of each line, or what is wrong with it."""
    return [
        one.reason.partition(": ")[2]
        if isinstance(one, Bad)
        else (one.quantity, str(one.expected_on or "no date"))
        for one in read(content).wordings(PLACES)
    ]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (("ACK*IE*40*EA*067*20261205",), [(40, "2026-12-05")]),
        (("DTM*067*20261205", "ACK*IA*24*EA", "ACK*IB*16*EA"), [(24, "2026-12-05"), (16, "no date")]),
        (("ACK*BP*24*EA*067*20261205",), [(24, "2026-12-05"), (16, "no date")]),
        (("ACK*IB*40*EA*067*20261205",), [(40, "2026-12-05")]),
        (("DTM*067*20261205", "ACK*IH*40*EA"), [(40, "no date")]),
        (("ACK*IH*40*EA*067*20261205",), [(40, "no date")]),
        (("DTM*067*20261205", "ACK*SP*40*EA"), [(40, "no date")]),
        (("ACK*R7*40*EA",), [(0, "no date")]),
        (("ACK*IQ*0*EA",), [(0, "no date")]),
        # The day on which all of it leaves, and the one on which it comes.
        (("ACK*IA*40*EA*068*20261201", "ACK*IA*40*EA*067*20261205"), [(40, "2026-12-05")]),
        (("ACK*IA*40*EA*067*20261205", "ACK*IA*40*EA*068*20261201"), [(40, "2026-12-05")]),
        (("ACK*IS*40*EA*067*20261205**BP*TOWEL",),
         ["the supplier sends TOWEL instead: add that line yourself"]),
    ],
)  # fmt: skip
def test_a_line_is_answered_in_many_ways(answers: tuple[str, ...], found: list[object]) -> None:
    assert gives(acknowledgment("PO1*1*40*EA***BP*MUG-BLUE", *answers)) == found


def test_an_order_on_hold_has_no_date() -> None:
    line = ("PO1*1*40*EA***BP*MUG-BLUE", "DTM*067*20261205")

    assert gives(acknowledgment(*line, kind="AH")) == [(40, "no date")]


@pytest.mark.parametrize(
    "content",
    [
        acknowledgment("PO1*1*4*CA***BP*MUG-BLUE", "ACK*IA*4*CA*067*20261205"),
        asn().replace(b"SN1*1*24*EA", b"SN1*1*4*DZ"),
        ordrsp(*MUG, "QTY+113:4:CT"),
        desadv().replace(b"QTY+12:24:PCE", b"QTY+12:40:KGM"),
    ],
)
def test_packs_and_weights_are_asked(content: bytes) -> None:
    assert "not in single units" in str(gives(content)[0])


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("DTM+67:2026120520261209:718", "2026-12-09"),
        ("DTM+67:202612051200202612091200:719", "2026-12-09"),
        ("DTM+67:2612:609", "2026-12-31"),
        ("DTM+67:2650:615", "2026-12-11"),
        ("DTM+191:20261212:102", "2026-12-12"),
        ("DTM+2:20261201:102", "2026-12-05"),
    ],
)
def test_the_nearest_firm_date_counts_in_whatever_form(date: str, day: str) -> None:
    assert gives(ordrsp(*MUG, "QTY+113:40:PCE", date)) == [(40, day)]


def test_a_line_that_comes_in_parts_is_as_many_deliveries() -> None:
    parts = ("QTY+113:24:PCE", "DTM+67:20261205:102", "QTY+113:16:PCE", "DTM+67:20270115:102")

    found = gives(ordrsp(*MUG, "QTY+21:40:PCE", *parts))

    assert found == [(24, "2026-12-05"), (16, "2027-01-15")]
    schedules = ("SCC+1", *parts[:2], "SCC+1", *parts[2:])
    assert gives(ordrsp(*MUG, "QTY+113:40:PCE", *schedules)) == found


def test_what_is_backordered_still_comes_on_no_day() -> None:
    found = gives(ordrsp(*MUG, "QTY+21:40:PCE", "QTY+113:24:PCE", "QTY+83:16:PCE"))

    assert found == [(24, "2026-12-05"), (16, "no date")]


def test_a_level_may_name_0_where_it_is_within_none() -> None:
    assert gives(asn().replace(b"HL*1**S", b"HL*1*0*S")) == [(24, "2026-12-05")]


def test_a_level_within_itself_is_within_none() -> None:
    assert gives(asn().replace(b"HL*1**S", b"HL*1*1*S")) == [(24, "2026-12-05")]


@pytest.mark.parametrize(("level", "other"), [(b"HL*1**S", b"HL***S"), (b"HL*4*3*I", b"HL*2*3*I")])
def test_a_level_without_a_number_of_its_own_is_refused(level: bytes, other: bytes) -> None:
    with pytest.raises(FileRefused, match=r"\(HL\*.*its number is missing, or an earlier HL has it"):
        gives(asn().replace(level, other))


def test_a_shipment_that_is_called_off_brings_nothing() -> None:
    assert gives(asn().replace(b"BSN*00", b"BSN*01")) == [(0, "2026-12-05")]
    assert gives(desadv().replace(b"BGM+351+SHIP-1+9", b"BGM+351+SHIP-1+1")) == [(0, "2026-12-05")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (asn().replace(b"*0*P*>", b"*0*T*>"), "marked as a test"),
        (desadv().replace(b"1045+1'UNH", b"1045+1++++++1'UNH"), "marked as a test"),
        (x12("855", "BAK*01*AD*PO-17*20261102"), "cancels an earlier acknowledgment"),
        (edifact("ORDRSP", "BGM+231+R-1+1"), "cancels an earlier response"),
    ],
)
def test_tests_and_withdrawn_answers_are_refused(content: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        read(content)
