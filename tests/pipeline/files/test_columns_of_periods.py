"""What the names of columns of weeks, days and months leave open, and what stands beside them: what is
not certain is asked."""

import io
from collections import deque
from datetime import date

import openpyxl
import pytest

from app.pipeline.arrivals import Wording
from app.pipeline.files.fold import fold
from app.pipeline.files.lines import read_lines
from app.pipeline.files.options import Options
from app.pipeline.files.spread import Spread
from app.pipeline.files.tally import Tally
from app.pipeline.files.text import MOST_LINES, FileRefused, NeedsAnswer, Record
from tests.pipeline.files.reading import examined, question, rehearsed, says, table

WEEKS = ["PO-1 40 MUG-BLUE 2026-12-04", "PO-1 12 MUG-BLUE 2026-12-11"]


@pytest.mark.parametrize(
    "name", ["Open qty", "Qty on order", "Open", "Offen", "Reste", "Total", "Ordered", "Confirmed qty"]
)
def test_a_total_beside_weeks_is_counted_once(name: str) -> None:
    content = f"PO,SKU,{name},W49,W50\nPO-1,MUG-BLUE,52,40,12\nPO-1,TOWEL,3,,3\n"

    assert says(content) == [*WEEKS, "PO-1 3 TOWEL 2026-12-11"]


@pytest.mark.parametrize("name", ["Open qty", "Qty", "Reste", "Total", "Ordered total"])
def test_a_column_that_is_a_total_in_most_lines_is_asked_about(name: str) -> None:
    """Beyond the first two hundred, too."""
    same = "".join(f"PO-{number},MUG-BLUE,52,40,12\n" for number in range(300))
    asked = question(f"PO,SKU,{name},W49,W50\n{same}PO-X,TOWEL,9,4,3\n")

    assert f'"{name}"' in asked
    assert '"W49" to "W50"' in asked


def test_totals_are_compared_by_either_decimal_sign_and_money_is_none() -> None:
    thousands = 'PO,SKU,Total qty,W49,W50\nPO-1,MUG-BLUE,"1,200",600,600\n'
    money = "PO,SKU,Unit price,W49,W50,Total\nPO-1,MUG-BLUE,4.50,40,12,234.00\n"

    assert says(thousands) == ["PO-1 600 MUG-BLUE 2026-12-04", "PO-1 600 MUG-BLUE 2026-12-11"]
    assert says(money) == WEEKS


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ("PO,SKU,Cartons,W49,W50\nPO-1,MUG-BLUE,4,24,24\n", 'quantity in "Cartons" or in "W49"'),
        ("PO,SKU,Units per case,W49,W50\nPO-1,MUG-BLUE,12,4,4\n", "count packs or single units"),
        ("PO,SKU,Case pack,UOM,W49,W50\nPO-1,MUG-BLUE,12,CS,4,4\n", "count packs or single units"),
        (
            "PO,SKU,Cartons,Outstanding qty,Units per case,ETA\nPO-1,MUG-BLUE,4,48,12,2026-12-04\n",
            'does "Outstanding qty" count packs, too, or single units?',
        ),
    ],
)
def test_packs_that_may_multiply_other_quantities_are_asked_about(content: str, asked: str) -> None:
    assert asked in question(content)


def test_units_beside_cartons_are_not_multiplied() -> None:
    listed = "PO,SKU,Cartons,{},Units per case,ETA\nPO-1,MUG-BLUE,4,{},12,2026-12-04\n"
    single = Options(counts={"outstanding": "units"})

    assert says(listed.format("Open units", "36")) == ["PO-1 36 MUG-BLUE 2026-12-04"]
    assert says(listed.format("Outstanding qty", "36"), single) == ["PO-1 36 MUG-BLUE 2026-12-04"]
    assert says(listed.format("Open cartons", "3")) == ["PO-1 36 MUG-BLUE 2026-12-04"]
    weeks = "PO,SKU,Case pack,W49 pcs,W50 pcs\nPO-1,MUG-BLUE,12,40,12\n"
    assert says(weeks) == WEEKS


@pytest.mark.parametrize(
    ("ordered", "open_", "size", "counts", "units"),
    [
        ("Cartons", "Open qty", 12, {"outstanding": "units"}, 3),
        ("Cartons", "Open qty", 12, {"outstanding": "packs"}, 36),
        ("Cartons", "Open units", 12, {"outstanding": "packs"}, 36),
        ("Qty", "Open cartons", 12, {"quantity": "units"}, 36),
        ("Qty", "Open qty", 12, {"quantity": "packs", "outstanding": "packs"}, 36),
        ("Cartons", "Open cartons", 12, {"quantity": "units", "outstanding": "units"}, 3),
    ],
)
def test_what_a_column_counts_is_as_a_person_says(
    ordered: str, open_: str, size: int, counts: dict[str, str], units: int
) -> None:
    content = f"PO,SKU,{ordered},{open_},Case Pack,ETA\nPO-1,MUG-BLUE,3,3,{size},2026-12-04\n"
    expected = [f"PO-1 {units} MUG-BLUE 2026-12-04"]

    assert says(content, Options(counts=counts)) == expected
    assert says(content, remembered=Options(counts=counts)) == expected


@pytest.mark.parametrize("name", ["Open qty", "Received"])
def test_a_layout_known_before_counts_were_asked_is_read_as_it_was(name: str) -> None:
    content = f"PO,SKU,Cases Ordered,{name},Case Pack,ETA\nPO-1,MUG-BLUE,10,3,4,2026-12-04\n"
    role = "outstanding" if name == "Open qty" else "received"
    known = Options(columns={role: name})

    (line,) = read_lines(examined(content, remembered=known), Tally())
    assert isinstance(line, Wording)
    assert (line.quantity, line.received) == ((12, None) if role == "outstanding" else (40, 12))
    note = f'"{name}" is read as packs, like "Cases Ordered": if it counts single units, say counts'
    assert any(note in each for each in examined(content, remembered=known).notes)
    assert f'does "{name}" count packs' in question(content, known)
    (line,) = read_lines(examined(content, Options(counts={role: "units"}), remembered=known), Tally())
    assert isinstance(line, Wording)
    assert (line.quantity, line.received) == ((3, None) if role == "outstanding" else (40, 3))


@pytest.mark.parametrize(
    "name", ["W49 (received)", "W49 received", "Received W49", "W49 - delivered", "W49 actual"]
)
def test_what_has_come_is_never_expected_and_asked_about_where_it_is_of_a_week_to_come(
    name: str,
) -> None:
    content = f"PO,SKU,W49,W50,{name}\nPO-1,MUG-BLUE,40,12,{{}}\n"

    assert f'"{name}" tells what has come' in question(content.format(7))
    assert says(content.format(7), Options(columns={"received": ""})) == WEEKS
    assert says(content.format(0)) == WEEKS


@pytest.mark.parametrize(
    "name",
    [
        "W42 (received)",
        "W48 received",
        "W48 landed",
        "W48 actual",
        "W49 (price)",
        "W49 shipped",
        "W49 demand",
        "Lead time (days)",
        "Weeks of cover",
        "Days of supply",
        "Supply days",
        "Transit days",
        "Days in transit",
        "Current inventory",
        "Reichweite W49",
    ],
)
def test_columns_that_say_something_else_of_a_week_are_not_used(name: str) -> None:
    content = f"PO,SKU,{name},W49,W50\nPO-1,MUG-BLUE,7,40,12\n"

    assert says(content) == WEEKS
    assert name in examined(content).unused


@pytest.mark.parametrize("last", [52, 51])
def test_a_column_without_a_name_is_no_delivery_where_it_is_the_sum(last: int) -> None:
    content = f"PO,SKU,W49,W50,\nPO-1,MUG-BLUE,40,12,{last}\nPO-1,TOWEL,3,,3\n"

    if last == 52:
        assert says(content) == [*WEEKS, "PO-1 3 TOWEL 2026-12-04"]
    else:
        assert 'The column after "W50" has no name' in question(content)


@pytest.mark.parametrize(
    ("names", "today"),
    [
        (("W28", "W30", "W32"), date(2026, 11, 29)),
        (("W28", "W30", "W32"), date(2026, 7, 5)),
        (("S 1", "S 2"), date(2026, 11, 29)),
        (("V1", "V2"), date(2026, 11, 29)),
        (("7.5", "8.5", "9.5"), date(2027, 5, 2)),
        (("6/8", "8/10", "10/12"), date(2026, 11, 29)),
        (("1/2", "3/4"), date(2026, 11, 29)),
        (("45001", "45002"), date(2026, 11, 29)),
    ],
)
def test_sizes_waists_and_stores_are_no_days(names: tuple[str, ...], today: date) -> None:
    quantities = ",".join("4" for _ in names)
    listed = f"PO,SKU,Qty,ETA,{','.join(names)}\nPO-1,MUG-BLUE,12,2026-12-05,{quantities}\n"

    assert "sizes, stores, or something else?" in question(table(*names), today=today)
    assert says(listed, today=today) == ["PO-1 12 MUG-BLUE 2026-12-05"]


@pytest.mark.parametrize(
    "names", [("28", "30", "32"), ("Store 12", "Store 14"), ("W28 L30", "W30 L30"), ("10-12", "12-14")]
)
def test_numbers_alone_are_not_read(names: tuple[str, ...]) -> None:
    assert "No column was found for: quantity ordered" in question(table(*names))


def test_a_list_beside_months_that_have_passed_is_asked_about_with_its_own_date() -> None:
    content = "PO,SKU,Qty,ETA,Jun,Jul\nPO-1,MUG-BLUE,12,2026-12-05,300,400\n"

    assert 'If the expected date is in "ETA", choose expected_on="ETA".' in question(content)
    listed = Options(columns={"expected_on": "ETA"})
    assert says(content, listed) == ["PO-1 12 MUG-BLUE 2026-12-05"]


def test_what_is_said_for_all_lines_is_not_overruled_by_columns() -> None:
    day = Options(values={"expected_on": "2026-12-24"})
    place = Options(values={"location": "Berlin"})

    assert "No column was found for: quantity ordered" in question(table("W49", "W50"), day)
    content = "PO,SKU,ETA,{},Hamburg Store\nPO-1,MUG-BLUE,2026-12-05,40,3\n"
    assert "No column was found for: quantity ordered" in question(content.format("Berlin"), place)


def test_one_column_named_for_a_location_is_asked_about() -> None:
    content = "PO,SKU,ETA,{}\nPO-1,MUG-BLUE,2026-12-05,40\n"
    answer = Options(columns={"quantity": "Berlin"}, values={"location": "Berlin"})

    assert 'Does "Berlin" hold the quantity that comes to Berlin?' in question(content.format("Berlin"))
    assert says(content.format("Berlin"), answer) == ["PO-1 40 MUG-BLUE 2026-12-05 Berlin"]
    assert says(content.format("Qty Berlin")) == ["PO-1 40 MUG-BLUE 2026-12-05 Berlin"]


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (("Sep", "Oct", "Nov", "Dec", "Jan"), ("2026-09-30", "2027-01-31")),
        (("W36", "W40", "W49"), ("2026-09-04", "2026-12-04")),
        (("Aug 31", "Dec 7"), ("2026-08-31", "2026-12-07")),
        (("W52", "W1 2027"), ("2026-12-25", "2027-01-08")),
        (("Dec 2026", "Jan"), ("2026-12-31", "2027-01-31")),
        (("Q4", "Q1"), ("2026-12-31", "2027-03-31")),
        (("W2", "W3"), ("2027-01-15", "2027-01-22")),
    ],
)
def test_one_year_is_chosen_for_all_columns(names: tuple[str, ...], days: tuple[str, str]) -> None:
    found = says(table(*names))

    assert (found[0].split()[3], found[-1].split()[3]) == days


def test_weeks_about_new_year_are_of_the_year_of_their_row() -> None:
    weeks = ("week of Dec 22", "week of Dec 29", "week of Jan 5")

    assert [line.split()[3] for line in says(table(*weeks), today=date(2026, 1, 4))] == [
        "2025-12-26",
        "2026-01-02",
        "2026-01-09",
    ]


@pytest.mark.parametrize(
    ("names", "asked", "first_day", "days"),
    [
        (("KW 40", "KW 41"), "Which year", "2027-10-08", ("2027-10-08", "2027-10-15")),
        (("KW 40", "KW 41"), "Which year", "2026-10-02", ("2026-10-02", "2026-10-09")),
        (("Jun", "Jul"), "Which year", "2027-06-01", ("2027-06-30", "2027-07-31")),
        (("2025-W40", "2025-W41"), "have passed", "2025-10-03", ("2025-10-03", "2025-10-10")),
        (("W49 2025", "W50"), "have passed", "2025-12-05", ("2025-12-05", "2025-12-12")),
        (("Week 1", "Week 2"), "first week of the year", "2027-01-05", ("2027-01-08", "2027-01-15")),
        (("Week 1", "Week 2"), "first week of the year", "2026-11-30", ("2026-12-04", "2026-12-11")),
        # A week that is said by its Sunday begins with it.
        (("Week 1", "Week 2"), "first week of the year", "2026-12-06", ("2026-12-11", "2026-12-18")),
        (("W28", "W30"), "sizes, stores", "2027-07-12", ("2027-07-16", "2027-07-30")),
    ],
)
def test_the_day_of_the_first_column_is_asked_and_decides(
    names: tuple[str, str], asked: str, first_day: str, days: tuple[str, str]
) -> None:
    assert asked in question(table(*names))
    assert says(table(*names), Options(first_day=first_day)) == [
        f"PO-1 40 MUG-BLUE {days[0]}",
        f"PO-1 12 MUG-BLUE {days[1]}",
    ]


@pytest.mark.parametrize(
    ("today", "first_day", "last"),
    [
        (date(2026, 1, 26), "2026-01-26", "2026-02-27"),
        (date(2026, 1, 26), "2025-12-29", "2026-01-30"),
        (date(2026, 1, 12), "2026-01-12", "2026-02-13"),
    ],
)
def test_week_1_may_be_counted_from_a_file_that_is_younger_than_the_year(
    today: date, first_day: str, last: str
) -> None:
    weeks = table(*(f"Week {number}" for number in range(1, 6)))

    assert "are weeks counted from the day of the file" in question(weeks, today=today)
    told = says(weeks, Options(first_day=first_day), today=today)
    assert told[-1] == f"PO-1 6 MUG-BLUE {last}"


@pytest.mark.parametrize(
    ("names", "today"),
    [
        (("Week 1", "Week 2"), date(2026, 1, 5)),
        (("KW 1", "KW 2", "KW 3", "KW 4"), date(2026, 1, 19)),
        (("ISO week 1", "ISO week 2", "ISO week 3", "ISO week 4"), date(2026, 1, 19)),
        (("W1 2026", "W2 2026", "W3 2026", "W4 2026"), date(2026, 1, 19)),
    ],
)
def test_week_1_is_that_of_the_year_where_its_name_or_the_day_says_so(
    names: tuple[str, ...], today: date
) -> None:
    assert says(table(*names), today=today)[0] == "PO-1 40 MUG-BLUE 2026-01-02"


@pytest.mark.parametrize(
    ("names", "week_day", "first"),
    [
        (("Dec 6", "Dec 13"), "friday", "2026-12-11"),
        (("week of Dec 6", "week of Dec 13"), "friday", "2026-12-11"),
        (("Dec 5", "Dec 12"), "friday", "2026-12-11"),
        (("Dec 6", "Dec 13"), "sunday", "2026-12-06"),
        (("Dec 7", "Dec 14"), "friday", "2026-12-11"),
        (("Dec 7", "Dec 14"), "sunday", "2026-12-13"),
        (("Dec 9", "Dec 16"), "monday", "2026-12-14"),
        (("12-06-2026", "12-13-2026"), "friday", "2026-12-11"),
        (("w/e Dec 6", "w/e Dec 13"), "friday", "2026-12-04"),
        (("week ending 12/12/2026", "week ending 12/19/2026"), "sunday", "2026-12-06"),
        (("Nov 30 - Dec 6", "Dec 7 - Dec 13"), "friday", "2026-12-04"),
    ],
)
def test_a_day_names_the_week_that_begins_with_it_unless_it_says_that_it_ends(
    names: tuple[str, str], week_day: str, first: str
) -> None:
    assert says(table(*names), Options(week_day=week_day))[0] == f"PO-1 40 MUG-BLUE {first}"


def test_the_rehearsal_says_which_week_a_day_names() -> None:
    def notes(*names: str) -> tuple[str, ...]:
        return examined(table(*names), Options(week_day="friday")).notes

    assert 'A week begins with the day that names it: "Dec 6" means 2026-12-11.' in notes(
        "Dec 6", "Dec 13"
    )
    assert 'A week ends with the day that names it: "w/e Dec 6" means 2026-12-04.' in notes(
        "w/e Dec 6", "w/e Dec 13"
    )


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (("Dec 26", "Jan 27", "Feb 27"), ("2026-12-31", "2027-02-28")),
        (("DEC 26", "JAN 27"), ("2026-12-31", "2027-01-31")),
        (("Dec. 26", "Mar. 27"), ("2026-12-31", "2027-03-31")),
        (("Dez 26", "Jän 27"), ("2026-12-31", "2027-01-31")),
        (("December '26", "January '27"), ("2026-12-31", "2027-01-31")),
        (("Qty Nov 26", "Qty Dec 26", "Qty Jan 27"), ("2026-11-30", "2027-01-31")),
        (("Jan 27", "Feb 27", "Mar 27"), ("2027-01-31", "2027-03-31")),
        # days, for the numbers are no years of months in a row
        (("Dec 26", "Dec 27"), ("2026-12-26", "2026-12-27")),
        (("Dec 26", "Jan 2"), ("2026-12-26", "2027-01-02")),
        (("Dec 26", "Jan 26"), ("2026-12-26", "2027-01-26")),
        (("Nov 30", "Dec 31"), ("2026-11-30", "2026-12-31")),
        (("Dec 26",), ("2026-12-26", "2026-12-26")),
    ],
)
def test_months_in_a_row_with_the_numbers_of_their_years_are_no_days(
    names: tuple[str, ...], days: tuple[str, str]
) -> None:
    found = says(table(*names))

    assert (found[0].split()[3], found[-1].split()[3]) == days


def test_what_came_in_such_a_month_is_asked_about() -> None:
    content = "PO,SKU,Dec 26,Jan 27,Dec 26 received\nPO-1,MUG-BLUE,40,12,7\n"

    assert '"Dec 26 received" tells what has come' in question(content)


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (("Jan", "Feb", "Nov", "Dec"), "do not follow each other"),
        (("W50", "W49"), "do not follow each other"),
        (("W49", "W49"), 'Two columns are named "W49"'),
        (("W49 ordered", "W49 open"), 'Two columns are named "W49"'),
        (("W49", "W50", "W51 tentative"), 'What does "W51 tentative" hold'),
        (("Current", "Next week", "Week 3"), 'What does "Current" hold'),
        (("W49", "W50", "W51 in transit"), 'What does "W51 in transit" hold'),
        (("W49", "", "W50", ""), 'The column after "W49" has no name'),
        (("12/14", "16/18"), 'What does "16/18" hold'),
        (("Dec", "Dec LY"), 'What does "Dec LY" hold'),
    ],
)
def test_columns_that_are_no_row_of_days_are_asked_about(names: tuple[str, ...], asked: str) -> None:
    assert asked in question(table(*names))


@pytest.mark.parametrize(
    "names", [("Jan 2027", "Feb 2027"), ("Jan", "Feb"), ("01/2027", "02/2027"), ("Jan 27", "Feb 27")]
)
def test_months_are_no_weeks(names: tuple[str, str]) -> None:
    assert says(table(*names), Options(week_day="friday")) == [
        "PO-1 40 MUG-BLUE 2027-01-31",
        "PO-1 12 MUG-BLUE 2027-02-28",
    ]
    assert not any("weeks apart" in note for note in rehearsed(table(*names)))


def test_months_by_their_first_days_have_not_passed_before_their_last() -> None:
    months = table("2026-11-01", "2026-12-01")

    assert says(months, today=date(2026, 12, 2))[1] == "PO-1 12 MUG-BLUE 2026-12-31"


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
FISCAL = [*MONTHS[3:], *MONTHS[:3]]


def year_of(months: list[str]) -> str:
    quantities = ",".join(str(number) for number in range(1, 13))
    return f"PO,SKU,{','.join(months)}\nPO-1,MUG-BLUE,{quantities}\n"


@pytest.mark.parametrize(
    ("months", "today", "first"),
    [
        (MONTHS, date(2026, 6, 15), "2026-01-31"),
        (MONTHS, date(2026, 7, 15), "2026-01-31"),
        (MONTHS, date(2026, 2, 15), "2026-01-31"),
        (FISCAL, date(2026, 9, 15), "2026-04-30"),
        (FISCAL, date(2026, 5, 15), "2026-04-30"),
        # The next begins soon: either may be meant.
        (MONTHS, date(2026, 11, 29), None),
        (FISCAL, date(2027, 1, 15), None),
    ],
)
def test_the_year_that_has_begun_is_meant_unless_the_next_is_near(
    months: list[str], today: date, first: str | None
) -> None:
    if first is None:
        assert "Which year" in question(year_of(months), today=today)
    else:
        assert says(year_of(months), today=today)[0] == f"PO-1 1 MUG-BLUE {first}"


def test_a_year_of_months_that_is_nearly_over_is_asked_about() -> None:
    months = ("Jan", "Mar", "May", "Aug", "Dec")

    assert "Which year" in question(table(*months))
    assert says(table(*months), today=date(2027, 1, 2))[0] == "PO-1 40 MUG-BLUE 2027-01-31"


@pytest.mark.parametrize("part", ["13/02-X", "02-13-X", "13-02", "13/02/11-X"])
def test_part_numbers_tell_nothing_of_days(part: str) -> None:
    content = f"PO,SKU,Part,05/12,06/12\nPO-1,MUG-BLUE,{part},40,12\n"

    assert "day first or month first" in question(content)
    assert says(content, Options(date_order="dmy"))[0] == "PO-1 40 MUG-BLUE 2026-12-05"


@pytest.mark.parametrize(
    ("names", "ordered", "days"),
    [
        (("05/12", "12/12"), "", ("2026-12-05", "2026-12-12")),
        (("05/12", "06/12"), "25/11/2026", ("2026-12-05", "2026-12-06")),
        (("12/1/2026", "1/1/2027"), "", ("2026-12-31", "2027-01-31")),
        (("01/12/2026", "01/01/2027"), "", ("2026-12-31", "2027-01-31")),
        (("01/02", "01/03", "01/04"), "", None),
        # They can only be weeks day first, and the file's other dates are month first.
        (("05/12", "12/12"), "11/25/2026", None),
    ],
)
def test_which_number_is_the_day_is_decided_for_all_columns(
    names: tuple[str, ...], ordered: str, days: tuple[str, str] | None
) -> None:
    quantities = ",".join(["40", "12", "7"][: len(names)])
    content = f"PO,SKU,Order date,{','.join(names)}\nPO-1,MUG-BLUE,{ordered},{quantities}\n"

    if days is None:
        assert "day first or month first" in question(content)
    else:
        assert says(content) == [f"PO-1 40 MUG-BLUE {days[0]}", f"PO-1 12 MUG-BLUE {days[1]}"]


@pytest.mark.parametrize(
    "names",
    [
        ("W49 (12/1/2026)", "W50 (12/7/2026)"),
        ("week of 11/30/2026", "week of 12/7/2026"),
        ("w/e 12/4/2026", "w/e 12/11/2026"),
        ("12/1/2026 - 12/4/2026", "12/7/2026 - 12/11/2026"),
        ("12/4/2026 00:00", "12/11/2026 00:00"),
        ("KW 49/26", "KW 50/26"),
    ],
)
def test_a_date_within_a_name_is_in_the_order_of_all(names: tuple[str, str]) -> None:
    assert says(table(*names)) == WEEKS


@pytest.mark.parametrize("cell", ["week of 3/4/2027", "Mon 3/4/2027", "by 3/4/2027"])
def test_a_date_within_a_cell_may_be_in_either_order_too(cell: str) -> None:
    content = f"PO,SKU,Qty,ETA\nPO-1,MUG-BLUE,40,{cell}\n"

    assert "day first or month first" in question(content)


def test_rows_without_units_and_without_a_sku_are_counted() -> None:
    content = "PO,SKU,W49,W50\nPO-1,MUG-BLUE,40,12\nPO-2,TOWEL,0,\nPO-3,,3,4\n"

    assert says(content) == [*WEEKS, "PO-2 0 TOWEL 2026-12-04", "line 4: no SKU"]
    assert "1 row without units in any of these columns: nothing comes of it." in rehearsed(content)


@pytest.mark.parametrize(
    ("name", "wanted", "other"),
    [
        ("Measure", "Ordered", "Received"),
        ("Type", "Ordered", "Demand"),
        ("Key figure", "Open qty", "Stock on hand"),
        ("Kennzahl", "Bestellt", "Bedarf"),
        ("Indicateur", "Commandé", "Prévision"),
        ("区分", "発注", "在庫"),
    ],
)
def test_rows_of_several_figures_are_not_added_up(name: str, wanted: str, other: str) -> None:
    figures = (
        f"PO,SKU,{name},Status,Noted,W49,W50\nPO-1,MUG-BLUE,{wanted},Approved,2026-11-01,40,12\n"
        f"PO-1,MUG-BLUE,{other},Approved,2026-11-02,10,\nPO-1,TOWEL,{wanted},Canceled,2026-11-03,3,\n"
        f"PO-1,TOWEL,{other},Canceled,,,\n"
    )
    said = Options(columns={"row_figure": name})
    told = Options(columns={"row_figure": name}, states={fold(wanted): "open", fold(other): "cancelled"})

    assert f'differ in "{name}" ({wanted}, {other})' in question(figures)
    assert set(examined(figures, said).unknown_states) == {wanted, other}
    assert f"kind of figure in the row '{wanted}' is not known" in says(figures, said)[0]
    assert [line for line in says(figures, told) if " 0 " not in line] == WEEKS


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("Container", "MSKU1", "MSKU2"),
        ("Lot", "A", "B"),
        ("Ship mode", "Sea", "Air"),
        ("Factory", "Ningbo", "Yiwu"),
        ("Comment", "fragile", "ordered by phone from the new supplier"),
        ("Description", "Blue mug", "Mug blue"),
        ("Release", "Order 1", "Order 2"),
        ("Delivery status", "Ordered", "Confirmed"),
    ],
)
@pytest.mark.parametrize("state", ["Open", "Canceled"])
def test_rows_of_one_figure_are_added_up(name: str, one: str, other: str, state: str) -> None:
    rows = f"PO-1,MUG-BLUE,Open,{one},40,5\nPO-1,MUG-BLUE,{state},{other},1,2\n"
    total = ("41", "7") if state == "Open" else ("40", "5")

    assert says(f"PO,SKU,Status,{name},W49,W50\n{rows}") == [
        f"PO-1 {total[0]} MUG-BLUE 2026-12-04",
        f"PO-1 {total[1]} MUG-BLUE 2026-12-11",
    ]


def test_no_more_quantities_are_read_than_lines() -> None:
    spread = Spread("expected_on", {2: "2026-12-04", 3: "2026-12-11"}, ("PO", "SKU", "W49", "W50"))
    rows = (Record(line, ["PO-1", "MUG-BLUE", "40", "12"]) for line in range(MOST_LINES))

    with pytest.raises(FileRefused, match="more than 200,000 quantities: split it"):
        deque(spread.lines(rows, [1]), maxlen=0)


def test_months_in_a_workbook_are_their_last_days() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["PO", "SKU", date(2026, 12, 1), date(2027, 1, 1)])
    sheet.append(["PO-1", "MUG-BLUE", 40, 12])
    content = io.BytesIO()
    book.save(content)

    assert says(content.getvalue()) == ["PO-1 40 MUG-BLUE 2026-12-31", "PO-1 12 MUG-BLUE 2027-01-31"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("2026-12-06", "2026-12-13"), '"2026-12-06" is read as that Sunday: if they name weeks'),
        (("2026-12-07", "2026-12-14"), '"2026-12-07" is read as that Monday: if they name weeks'),
        (("2026-12-01", "2027-01-01"), '"2026-12-01" means 2026-12-31'),
        (("W47", "W48", "W49"), '"W47" to "W48" have passed: these quantities are late'),
        (("W49", "W50", "Munich"), '"Munich" holds numbers and is not used'),
    ],
)
def test_the_rehearsal_says_which_day_was_taken(names: tuple[str, ...], sentence: str) -> None:
    assert any(sentence in note for note in rehearsed(table(*names)))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        # SAP, a scheduling agreement with what is late already
        (
            "Purchasing Document;Material;Order Quantity;Past due;W 49.2026;W 50.2026;Total\n"
            "4500;MUG-BLUE;60;5;40;15;60\n",
            ["4500 40 MUG-BLUE 2026-12-04", "4500 15 MUG-BLUE 2026-12-11", "4500 5 MUG-BLUE None"],
        ),
        (
            "Purchasing Document;Material;M 12/2026;M 01/2027\n4500;MUG-BLUE;40;12\n",
            ["4500 40 MUG-BLUE 2026-12-31", "4500 12 MUG-BLUE 2027-01-31"],
        ),
        # NetSuite, by the first days of weeks
        (
            "Purchase Order,Item,11/30/2026,12/7/2026,12/14/2026\nPO1,MUG-BLUE,40,,7\n",
            ["PO1 40 MUG-BLUE 2026-11-30", "PO1 7 MUG-BLUE 2026-12-14"],
        ),
        # Cin7, a pivot by month
        (
            "PO Number,Product Code,Supplier,Dec-26,Jan-27,Grand Total\nPO1,MUG-BLUE,Pott,40,12,52\n",
            ["PO1 40 MUG-BLUE 2026-12-31", "PO1 12 MUG-BLUE 2027-01-31"],
        ),
        # Inventory Planner, windows beside figures of demand
        (
            "PO,SKU,On hand,Sales velocity,Dec 1 - Dec 7,Dec 8 - Dec 14\nPO1,MUG-BLUE,3,1.5,40,12\n",
            ["PO1 40 MUG-BLUE 2026-12-07", "PO1 12 MUG-BLUE 2026-12-14"],
        ),
        # Katana
        (
            "PO #,Variant code / SKU,Ordered,Received,2026-12-07,2026-12-14\nPO1,MUG-BLUE,52,0,40,12\n",
            ["PO1 40 MUG-BLUE 2026-12-07", "PO1 12 MUG-BLUE 2026-12-14"],
        ),
        # Odoo, a pivot
        (
            "Order Reference,Product,W49 2026,W50 2026,Total\nP21,[MUG-BLUE] Blue mug,40,12,52\n",
            ["P21 40 MUG-BLUE 2026-12-04", "P21 12 MUG-BLUE 2026-12-11"],
        ),
        # by hand
        (
            "PO,SKU,W49,W50,Later\nPO1,MUG-BLUE,40,12,7\n",
            ["PO1 40 MUG-BLUE 2026-12-04", "PO1 12 MUG-BLUE 2026-12-11", "PO1 7 MUG-BLUE None"],
        ),
        (
            "PO,SKU,Ordered W49,Ordered W50,Received W49,Received W50\nPO1,MUG-BLUE,40,12,0,0\n",
            ["PO1 40 MUG-BLUE 2026-12-04", "PO1 12 MUG-BLUE 2026-12-11"],
        ),
        (
            "PO,SKU,Week 1 (Nov 30),Week 2 (Dec 7)\nPO1,MUG-BLUE,40,12\n",
            ["PO1 40 MUG-BLUE 2026-12-04", "PO1 12 MUG-BLUE 2026-12-11"],
        ),
        (
            "PO,SKU,week of Dec 6,week of Dec 13\nPO1,MUG-BLUE,40,12\n",
            ["PO1 40 MUG-BLUE 2026-12-11", "PO1 12 MUG-BLUE 2026-12-18"],
        ),
        (
            "PO,SKU,20261207,20261214\nPO1,MUG-BLUE,40,12\n",
            ["PO1 40 MUG-BLUE 2026-12-07", "PO1 12 MUG-BLUE 2026-12-14"],
        ),
    ],
)
def test_planning_tables_of_the_fields_tools(content: str, lines: list[str]) -> None:
    assert says(content) == lines


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def said_before(day: str, on: str) -> Options:
    """What a layout remembers of a file whose first column was asked about."""
    return Options(first_day=day).lasting(date.fromisoformat(on))


@pytest.mark.parametrize(
    ("names", "before", "today", "first"),
    [
        # A plan of the next year, sent every week.
        (("Jan", "Feb"), ("2027-01-31", "2026-07-20"), "2026-08-03", "2027-01-31"),
        (("Oct", "Nov"), ("2026-10-31", "2026-11-29"), "2026-12-03", "2026-10-31"),
        # Columns that move on with the weeks.
        (("KW 41", "KW 42"), ("2026-10-02", "2026-11-29"), "2026-12-06", "2026-10-09"),
        (("W29", "W31"), ("2027-07-16", "2026-11-29"), "2026-12-06", "2027-07-23"),
        # Weeks that are counted from that of each file, or by the calendar.
        (("Week 1", "Week 2"), ("2026-12-04", "2026-11-29"), "2026-12-07", "2026-12-18"),
        (("Week 1", "Week 2"), ("2027-01-08", "2026-11-29"), "2026-12-07", "2027-01-08"),
        (("W+1", "W+2"), ("2026-12-04", "2026-11-29"), "2026-12-07", "2026-12-18"),
    ],
)
def test_what_was_said_of_the_first_column_tells_what_the_next_file_s_means(
    names: tuple[str, str], before: tuple[str, str], today: str, first: str
) -> None:
    told = says(table(*names), said_before(*before), today=date.fromisoformat(today))

    assert told[0] == f"PO-1 40 MUG-BLUE {first}"


@pytest.mark.parametrize(
    ("names", "before", "today"),
    [
        # A year later both may be meant again.
        (("Jun", "Jul"), ("2026-06-30", "2025-11-29"), "2026-11-29"),
        # A week that was late, of a file that is older than that one.
        (("2025-W39", "2025-W40"), ("2025-10-10", "2026-11-29"), "2026-12-06"),
    ],
)
def test_what_was_said_before_is_asked_again_where_it_does_not_tell(
    names: tuple[str, ...], before: tuple[str, str], today: str
) -> None:
    assert question(table(*names), said_before(*before), today=date.fromisoformat(today))


def test_the_week_after_this_is_asked_once_with_its_likely_days() -> None:
    with pytest.raises(NeedsAnswer, match=r'Is "W\+1" counted from this week') as asked:
        examined(table("W+1", "W+2"))

    assert [one.value for one in asked.value.answers] == ["2026-11-27", "2026-12-04"]
    assert says(table("W+1", "W+3"), Options(first_day="2026-12-04")) == [
        "PO-1 40 MUG-BLUE 2026-12-04", "PO-1 12 MUG-BLUE 2026-12-18",
    ]  # fmt: skip


def test_the_title_above_the_table_names_the_year() -> None:
    plan = f"Plan 2027\nPO,SKU,{','.join(MONTHS)}\nPO-1,MUG-BLUE,40{',' * 11}\n"

    assert says(plan) == ["PO-1 40 MUG-BLUE 2027-01-31"]
    for other in ("as of 28 Nov 2026", "Nov 2026", "Plan 2025", "2026 and 2027"):
        assert "Which year" in question(plan.replace("Plan 2027", other))
