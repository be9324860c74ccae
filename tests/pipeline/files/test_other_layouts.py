"""Layouts that were once read otherwise than a person reads them: what each gives, or what is asked."""

import io
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.pipeline.arrivals import Bad
from app.pipeline.files.days import Calendar, UnreadableDay, is_vague, read_day
from app.pipeline.files.layout import Layout, examine
from app.pipeline.files.lines import Tally, read_lines
from app.pipeline.files.options import Options
from app.pipeline.files.text import FileRefused
from tests.pipeline.files.test_orders import in_words

BERLIN, TODAY = ZoneInfo("Europe/Berlin"), date(2026, 11, 29)


def examined(*lines: str, options: Options = Options()) -> Layout:  # noqa: B008 -- frozen
    """How a file of these lines is to be read, in a shop that sells mugs and towels."""
    content = "\n".join(lines).encode()
    return examine(
        lambda: io.BytesIO(content),
        options=options,
        known_skus={"mug-blue", "towel"},
        zone=BERLIN,
        today=TODAY,
    )


def gives(*lines: str, options: Options = Options()) -> list[str]:  # noqa: B008 -- as above
    """What each line gives; "ask" where a person has to be asked."""
    found = sorted(read_lines(examined(*lines, options=options), Tally()), key=lambda one: one.line)
    return ["ask" if isinstance(one, Bad) else in_words(one) for one in found]


@pytest.mark.parametrize(
    ("lines", "question"),
    [
        (("PO,SKU,Qty,Original ETA,New ETA,Updated ETA",
          "PO-1,MUG-BLUE,40,2026-12-01,2026-12-15,2026-12-16"), "Which column is the expected date"),
        (("PO,SKU,Total Qty,1st Ship Qty,1st Ship ETA,2nd Ship Qty,2nd Ship ETA",
          "PO-1,MUG-BLUE,30,10,2026-12-15,20,2027-01-15"), "Which column is the expected date"),
        (("PO,SKU,ETA,Location 41 Qty,Location 42 Qty", "PO-1,MUG-BLUE,2026-12-15,10,20"),
         "Which column is the quantity ordered"),
        (("PO,SKU,Qty,Due date,Delivery date", "PO-1,MUG-BLUE,40,2026-12-01,2026-12-15"),
         "Which column is the expected date"),
        ((",,Order,,Delivery,", "PO,SKU,Qty,Date,Qty,Expected date",
          "PO-1,MUG-BLUE,40,2026-11-20,25,2026-12-15"), "Which column is the quantity ordered"),
        (("PO,SKU,Qty (cartons),ETA", "PO-1,MUG-BLUE,4,2026-12-15"), "counts packs"),
        (("PO,SKU,Ordered,Shipped,Backordered,Backorder ETA", "PO-1,MUG-BLUE,40,24,16,2026-12-15"),
         'What does "Backordered" mean beside "Shipped"'),
        (("PO,SKU,Qty Ordered,Qty Confirmed,Qty Backordered,ETA", "PO-1,MUG-BLUE,40,24,16,2026-12-15"),
         'What does "Qty Backordered" mean'),
        (("PO,SKU,Qty,% received,ETA", "PO-1,MUG-BLUE,40,50%,2026-12-15"), "received as a share"),
        (("PO,SKU,Qty,Ship date", "PO-1,MUG-BLUE,40,2026-12-15"), "expected date"),
        (("PO,SKU,Qty,Payment due date", "PO-1,MUG-BLUE,40,2027-01-15"), "expected date"),
        (("PO,SKU,Minimum order quantity,ETA", "PO-1,MUG-BLUE,100,2026-12-15"), "quantity ordered"),
        (("PO,SKU,Qty on hand,ETA", "PO-1,MUG-BLUE,3,2026-12-15"), "quantity ordered"),
        (("PO,SKU,Suggested qty,ETA", "PO-1,MUG-BLUE,55,2026-12-15"), "quantity ordered"),
    ],
)  # fmt: skip
def test_what_the_columns_leave_open_is_asked(lines: tuple[str, ...], question: str) -> None:
    with pytest.raises(FileRefused, match=question.replace("(", r"\(")):
        examined(*lines)


def test_how_many_are_in_a_pack_may_be_said_for_all_lines() -> None:
    lines = ("PO,SKU,Qty (cartons),ETA", "PO-1,MUG-BLUE,4,2026-12-15")

    said = Options(values={"pack_size": "10"})

    assert gives(*lines, options=said) == ["PO-1: 40 × MUG-BLUE, 2026-12-15"]


def test_an_answer_is_taken() -> None:
    lines = ("PO,SKU,Qty,Due date,Delivery date", "PO-1,MUG-BLUE,40,2026-12-01,2026-12-15")

    said = Options(columns={"expected_on": "Delivery date"})

    assert gives(*lines, options=said) == ["PO-1: 40 × MUG-BLUE, 2026-12-15"]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # The date that was said last, and the one before it where none is.
        (("PO,SKU,Qty,Original ETA,Revised ETA", "PO-1,MUG-BLUE,40,2026-12-01,2026-12-15",
          "PO-2,TOWEL,12,2026-12-10,"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-2: 12 × TOWEL, 2026-12-10"]),
        (("PO,SKU,Original qty,Revised qty,ETA", "PO-1,MUG-BLUE,40,30,2026-12-15"),
         ["PO-1: 30 × MUG-BLUE, 2026-12-15"]),
        (("Blanket PO,SKU,Blanket Qty,Release Qty,Need By", "B-1,MUG-BLUE,400,40,2026-12-15"),
         ["B-1: 40 × MUG-BLUE, 2026-12-15"]),
        (("Numero ordine;Codice articolo;Quantità;Data consegna richiesta;Data consegna confermata",
          "17;MUG-BLUE;40;01/12/2026;15/12/2026"), ["17: 40 × MUG-BLUE, 2026-12-15"]),
        (("PO,SKU,Qty,ETD,ETA port,ETA warehouse", "PO-1,MUG-BLUE,40,2026-12-01,2026-12-12,2026-12-15"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15"]),
        # What still comes.
        (("Purchase order,Item number,Quantity,Deliver remainder,Confirmed receipt date",
          "17,MUG-BLUE,40,25,2026-12-15"), ["17: 25 × MUG-BLUE, 2026-12-15"]),
        (("Pedido,Código do produto,Quantidade pedida,Quantidade aceita,Previsão de entrega",
          "17,MUG-BLUE,40,30,2026-12-15"), ["17: 30 × MUG-BLUE, 2026-12-15"]),
        (("Numer zamówienia;Symbol;Ilość;Zrealizowano;Termin dostawy",
          "17;MUG-BLUE;40 szt.;15;15.12.2026"),
         ["17: 40 × MUG-BLUE, 2026-12-15, 15 received"]),
        (("PO,SKU,Qty,ETA,Received date", "PO-1,MUG-BLUE,40,2026-12-15,",
          "PO-2,TOWEL,12,2026-11-15,2026-11-20"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-2: TOWEL is not incoming"]),
        # What does not.
        (("Purchasing Document\tMaterial\tOrder Quantity\tDelivery Date\tDeletion Indicator",
          "45\tMUG-BLUE\t40\t15.12.2026\t", "45\tTOWEL\t12\t15.12.2026\tL"),
         ["45: 40 × MUG-BLUE, 2026-12-15", "45: TOWEL is not incoming"]),
        (("PO,SKU,Qty,ETA,Cancelled on", "PO-1,MUG-BLUE,40,2026-12-15,",
          "PO-2,TOWEL,12,2026-12-15,2026-11-20"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-2: TOWEL is not incoming"]),
        (("PO,SKU,Qty,ETA,Date closed", "PO-1,TOWEL,12,2026-12-15,2026-11-20"),
         ["PO-1: TOWEL is not incoming"]),
        (("Order No.,Product Code,Qty Order,Due Date,On Order Status,Delivery Status",
          "17,MUG-BLUE,40,15/12/2026,ON-ORDER,PART", "19,TOWEL,5,16/12/2026,CANCEL,"),
         ["17: 40 × MUG-BLUE, 2026-12-15", "19: TOWEL is not incoming"]),
        (("PO,SKU,Qty,ETA,Status", "PO-1,TOWEL,12,2026-12-15,Purchase Order:Pending Bill",
          "PO-2,TOWEL,5,2026-12-15,RFQ Sent", "PO-3,TOWEL,5,2026-12-15,Billed",
          "PO-4,TOWEL,5,2026-12-15,Acknowledged by supplier"),
         ["PO-1: TOWEL is not incoming", "PO-2: TOWEL is not incoming", "ask",
          "PO-4: 5 × TOWEL, 2026-12-15"]),
        # What is counted.
        (("PO,SKU,Qty (cases),Units per case,Qty (each),ETA", "PO-1,MUG-BLUE,4,10,40,2026-12-15"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15"]),
        (("PO,SKU,Qty,Unit,ETA", "PO-1,MUG-BLUE,4,carton of 10,2026-12-15",
          "PO-1,TOWEL,12,each,2026-12-15"),
         ["ask", "PO-1: 12 × TOWEL, 2026-12-15"]),
        (("PO,SKU,Qty,UOM,ETA", "PO-1,MUG-BLUE,4,DZ,2026-12-15"), ["ask"]),
        (("PO,SKU,Qty,UOM,Case pack,ETA", "PO-1,MUG-BLUE,4,CASE,10,2026-12-15",
          "PO-1,TOWEL,12,EA,10,2026-12-15"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15", "PO-1: 12 × TOWEL, 2026-12-15"]),
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40 €,2026-12-15", "PO-2,MUG-BLUE,40%,2026-12-15",
          "PO-3,TOWEL,5-,2026-12-15"), ["ask", "ask", "ask"]),
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,2026-12-15", "PO-1,MUG-BLUE,-10,2026-12-15"),
         ["ask", "ask"]),
        (("Type,Order number,SKU,Qty,Date required", "Purchase,PO-1,MUG-BLUE,40,2026-12-15",
          "Sale,SO-1,MUG-BLUE,2,2026-12-16"), ["PO-1: 40 × MUG-BLUE, 2026-12-15", "ask"]),
        # Which goods, and which lines are none.
        (("N° commande;Référence;Qté;Date de livraison", "C-1;MUG-BLUE;40;15/12/2026"),
         ["C-1: 40 × MUG-BLUE, 2026-12-15"]),
        (("N° BC;Réf. article;Qté cdée;Reste à livrer;Livraison prévue le",
          "17;MUG-BLUE;40;25;15/12/2026"),
         ["17: 25 × MUG-BLUE, 2026-12-15"]),
        (("PO,SKU,Qty,ETA", "Open", "PO-1,MUG-BLUE,40,2026-12-15", "Cancelled lines:",
          "PO-2,TOWEL,12,2026-12-15"), ["PO-1: 40 × MUG-BLUE, 2026-12-15", "ask"]),
        (("PO,SKU,Qty,ETA", "Closed", "PO-1,MUG-BLUE,40,2026-12-15"), ["ask"]),
        (("発注No.,品番,発注数,納期", "H-1,MUG-BLUE,40,2026/12/15"), ["H-1: 40 × MUG-BLUE, 2026-12-15"]),
        (("PO,SKU,Qty,ETA", "PO-1,4.00638E+12,40,2026-12-15", "PO-2,#N/A,12,2026-12-15",
          "PO-4,TOWEL,12,########"), ["ask", "ask", "ask"]),
        (("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,2026-12-15", "PO-1,MUG-BLUE Total,40,"),
         ["PO-1: 40 × MUG-BLUE, 2026-12-15"]),
        (("PO Number,EAN,Qty,ETA", "PO-1,4006381333931,40,2026-12-15"),
         ["PO-1: 40 × , 2026-12-15"]),
    ],
)  # fmt: skip
def test_a_layout_gives_what_a_person_would_say(lines: tuple[str, ...], found: list[str]) -> None:
    assert gives(*lines) == found


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Dec 5-9", "2026-12-09"),
        ("Dec 5 - Dec 9", "2026-12-09"),
        ("2026-12-05 - 2026-12-09", "2026-12-09"),
        ("2026-12-05/2026-12-09", "2026-12-09"),
        ("5-9 Dec 2026", "2026-12-09"),
        ("December 5 to 9, 2026", "2026-12-09"),
        ("du 5 au 9 décembre 2026", "2026-12-09"),
        ("05.-09.12.2026", "2026-12-09"),
        ("5.12. bis 9.12.2026", "2026-12-09"),
        ("Dec 28 - Jan 4", "2027-01-04"),
        ("KW 50-51", "2026-12-18"),
        ("50. KW 2026", "2026-12-11"),
        ("S50 2026", "2026-12-11"),
        ("vko 50", "2026-12-11"),
        ("settimana 50", "2026-12-11"),
        ("tydzień 50", "2026-12-11"),
        ("2026年第50週", "2026-12-11"),
        ("week of Dec 7", "2026-12-11"),
        ("W/C 07/12/2026", "2026-12-11"),
        ("Q1 2027", "2027-03-31"),
        ("2027-Q1", "2027-03-31"),
        ("4. Quartal 2026", "2026-12-31"),
        ("12/2026", "2026-12-31"),
        ("Dec-26", "2026-12-31"),
        ("End of December", "2026-12-31"),
        ("Ende Dezember 2026", "2026-12-31"),
    ],
)
def test_a_stretch_of_time_is_its_last_day(text: str, day: str) -> None:
    calendar = Calendar("dmy", BERLIN, TODAY)

    assert str(read_day(text, calendar)) == day
    assert is_vague(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("ca. 15.12.2026", "2026-12-15"),
        ("15DEC2026", "2026-12-15"),
        ("15.12.", "2026-12-15"),
        ("26-12-15", "2026-12-15"),
        ("15.12.2026 klo 10.00", "2026-12-15"),
        ("2026-12-15 (confirmed)", "2026-12-15"),
    ],
)
def test_a_day_is_read_however_it_is_written(text: str, day: str) -> None:
    assert str(read_day(text, Calendar("dmy", BERLIN, TODAY))) == day
    assert not is_vague(text)


@pytest.mark.parametrize(
    "text",
    ["2-3 weeks", "10 days", "mid December", "not before 2026-12-15", "2026-12-15 or later", "########"],
)
def test_what_names_no_last_day_is_asked(text: str) -> None:
    with pytest.raises(UnreadableDay):
        read_day(text, Calendar("dmy", BERLIN, TODAY))
