"""Columns that speak of a whole line beside those that hold a quantity each: totals say the same again,
others must be asked about."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from app.pipeline.files.column_days import says_open
from app.pipeline.files.columns import OTHER_CODES, roles_of
from app.pipeline.files.figures import figures
from app.pipeline.files.fold import fold
from app.pipeline.files.header import Header
from app.pipeline.files.options import Options
from app.pipeline.files.rows import begins_a_total, is_total_word
from app.pipeline.files.spread import Spread, half_understood, holds_numbers_or_days, unnamed_after
from app.pipeline.files.text import NeedsAnswer, Record
from app.pipeline.files.totals import Beside, beside
from app.pipeline.files.vocabulary import IN_WORDS, NO_ORDERS, OTHER_THINGS, PIECES

_TOTALS = ("quantity", "outstanding", "accepted")
_OF_THE_WHOLE_LINE = (*_TOTALS, "received", "cancelled", "rejected")
_SHORTLY = {"quantity": "quantity", "expected_on": "expected date", "location": "location"}


def settled(
    spread: Spread,
    header: Header,
    columns: Mapping[str, int],
    options: Options,
    rows: Callable[[], Iterable[Record]],
) -> dict[str, int]:
    """The columns of each role where quantities stand in `spread`; `rows` gives all that stand under the
    header. Raises `NeedsAnswer` where another column may say what they do."""
    codes = [columns[role] for role in ("sku", *OTHER_CODES) if role in columns]
    named = _named_totals(header, spread, columns, options)
    asked = (*_OF_THE_WHOLE_LINE, spread.role, "pack_size")
    unnamed = unnamed_after(spread, header)
    places = {*named, *unnamed, *spread.came, *(columns[role] for role in asked if role in columns)}
    seen = beside(rows(), [*spread.means], places, codes, options.decimal) if places else {}
    question = (
        _on_what_came(spread, header, options, seen)
        or _of_roles(spread, header, columns, seen)
        or _of_totals(spread, header, named, seen)
        or _of_packs(spread, header, columns, options, seen)
        or _of_neighbors(spread, header, options, [at for at in unnamed if not seen[at].adds_up])
        or _of_figures(spread, header, columns, options, rows)
    )
    if question:
        used = {role: header.cells[place] for role, place in columns.items()}
        raise NeedsAnswer(question, columns=header.cells, used=used)
    dropped = {*_OF_THE_WHOLE_LINE, "expected_before" if spread.role == "expected_on" else ""}
    dropped |= {"pack_size"} if _names_pieces(spread) else set()
    return {role: place for role, place in columns.items() if role not in dropped} | spread.places


def _named_totals(
    header: Header, spread: Spread, columns: Mapping[str, int], options: Options
) -> list[int]:
    """Columns called a total, or what is open, that have no role; a total of money or weight is none of
    units."""
    if "quantity" in options.columns:
        return []
    taken = {*columns.values(), *spread.means, *spread.came}
    return [
        place
        for place, name in enumerate(header.cells)
        if place not in taken
        and (is_total_word(name) or begins_a_total(name) or says_open(name))
        and not roles_of(name)
        and not {*fold(name).split()} & (OTHER_THINGS - {"total"} | NO_ORDERS)
    ]


def _on_what_came(spread: Spread, header: Header, options: Options, seen: Mapping[int, Beside]) -> str:
    came = [place for place, is_expected in spread.came.items() if is_expected]
    names = [header.cells[place] for place in came if seen[place].is_filled]
    if not names or "received" in options.columns:
        return ""
    return (
        f'"{names[0]}" tells what has come: is it part of what {spread.words} hold? If these hold what '
        "still comes, choose received=none; else leave out of them what has come."
    )


def _of_roles(
    spread: Spread, header: Header, columns: Mapping[str, int], seen: Mapping[int, Beside]
) -> str:
    for role in (*_OF_THE_WHOLE_LINE, spread.role):
        place = columns.get(role)
        if place is None or not seen[place].is_filled or (role in _TOTALS and seen[place].adds_up):
            continue
        name = header.cells[place]
        if role in _SHORTLY:
            return (
                f'Is the {_SHORTLY[role]} in "{name}" or in {spread.words}? Choose {role}="{name}" or '
                f"{role}=none."
            )
        return (
            f'"{name}" tells the {IN_WORDS[role]} of a whole line, and not of which of {spread.words}: '
            f"choose {role}=none if these hold what still comes, or correct them."
        )
    return ""


def _of_totals(spread: Spread, header: Header, named: Iterable[int], seen: Mapping[int, Beside]) -> str:
    for place in named:
        column = seen[place]
        if column.is_filled and column.is_count and column.differs and not column.adds_up:
            return (
                f'"{header.cells[place]}" is not the sum of {spread.words} ({column.example}). Choose '
                f'quantity=none if these hold all that comes, or quantity="{header.cells[place]}".'
            )
    return ""


def _of_packs(
    spread: Spread,
    header: Header,
    columns: Mapping[str, int],
    options: Options,
    seen: Mapping[int, Beside],
) -> str:
    """Units per case stand in many tables whose quantities are single units."""
    place = columns.get("pack_size")
    if place is None or not seen[place].is_filled or _names_pieces(spread):
        return ""
    if "pack_size" in {**options.columns, **options.values}:
        return ""
    name = header.cells[place]
    return (
        f'Do {spread.words} count packs or single units? Choose pack_size="{name}" for packs, '
        "pack_size=none for single units."
    )


def _of_neighbors(spread: Spread, header: Header, options: Options, unnamed: Sequence[int]) -> str:
    """A column of another week that is not understood ("Next week" beside "Week 3"), or has no name and
    is no sum of the others."""
    if "quantity" in options.columns or spread.role != "expected_on":
        return ""
    if unnamed:
        return (
            f'The column after "{header.cells[unnamed[0] - 1]}" has no name and holds numbers: name it '
            "after what it holds, or choose quantity=none, and it is not used."
        )
    name = half_understood(spread, header)
    return name and (
        f'What does "{name}" hold beside {spread.words}? If goods are expected of it, name it as the '
        "others are; if not, choose quantity=none, and it is not used."
    )


def _of_figures(
    spread: Spread,
    header: Header,
    columns: Mapping[str, int],
    options: Options,
    rows: Callable[[], Iterable[Record]],
) -> str:
    """Rows of one line that hold different figures of it."""
    if "row_figure" in options.columns:
        return ""
    keys = [columns[role] for role in ("reference", "sku", *OTHER_CODES, "location") if role in columns]
    codes = [columns[role] for role in ("sku", *OTHER_CODES) if role in columns]
    taken = {*columns.values(), *spread.means, *spread.came} - {columns.get("kind", -1)}
    places = [
        place
        for place, name in enumerate(header.cells)
        if name
        and place not in taken
        and not _is_status(name)
        and not holds_numbers_or_days(header, place)
    ]
    for place, words in figures(rows(), keys, codes, places).items():
        name, listed = header.cells[place], ", ".join(words)
        return (
            f'The rows of one SKU differ in "{name}" ({listed}): which of them hold what is expected? '
            f'Choose row_figure="{name}" and say what each means (open for what is expected, canceled '
            "for others), or row_figure=none if all of them do."
        )
    return ""


def _is_status(name: str) -> bool:
    return any(role == "status" for role, _ in roles_of(name))


def _names_pieces(spread: Spread) -> bool:
    return all({*fold(spread.header[place]).split()} & PIECES for place in spread.means)
