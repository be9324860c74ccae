"""What the columns of a file leave open: where two would do, or one counts what nobody can count. A
person is asked before a line is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.pipeline.files.amounts import AMOUNTS, IN_PACKS, UNITS, of_unknown_size
from app.pipeline.files.columns import rivals, roles_of
from app.pipeline.files.fold import spellings
from app.pipeline.files.numbers import is_number
from app.pipeline.files.options import Options
from app.pipeline.files.parts import parts_of
from app.pipeline.files.text import Answer, NeedsAnswer
from app.pipeline.files.totals import is_nothing, whole_number
from app.pipeline.files.vocabulary import IN_WORDS, NO_ORDERS, OTHER_THINGS, PACKS

_SHARES = frozenset({"percent", "pct", "percentage", "prozent", "pourcentage", "porcentaje"})
_BACKORDERED = frozenset({"backordered", "backorder", "backorders", "bo"})
# Columns of units that say nothing of what still comes.
_ASIDE = frozenset({"pallet", "layer", "weight", "line", "lines"})
_FEWEST_ROWS, _MOST_UNKNOWN = 2, 8


@dataclass(frozen=True, slots=True)
class _Question:
    text: str
    answers: tuple[Answer, ...] = ()


def _is_column(role: str, name: str) -> Answer:
    return Answer(f"column.{role}", name, f'"{name}" is the {IN_WORDS[role]}')


def _no_column(role: str, label: str) -> Answer:
    return Answer(f"column.{role}", "", label)


def ask_what_is_open(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> None:
    """Raises `NeedsAnswer` with what to say."""
    question = (
        _which_of_two(header, sample, columns, options)
        or _how_many_in_a_pack(header, columns, options)
        or _which_counts_packs(header, sample, columns, options)
        or _whose_backorder(header, columns, options)
        or _share_of_what_came(header, sample, columns, options)
        or _what_else_is_counted(header, sample, columns, options)
    )
    if question:
        used = {role: header[place] for role, place in columns.items()}
        raise NeedsAnswer(question.text, columns=header, used=used, answers=question.answers)


def _which_of_two(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> _Question | None:
    for role, names in rivals(header, sample, columns, options.columns).items():
        listed = " or ".join(f'"{name}"' for name in names)
        return _Question(
            f"Which column is the {IN_WORDS[role]}: {listed}? They say different things. Choose one "
            f'({role}="{names[0]}"). If a line names several deliveries, give each a line of its own.',
            tuple(_is_column(role, name) for name in names),
        )
    return None


def _how_many_in_a_pack(
    header: Sequence[str], columns: Mapping[str, int], options: Options
) -> _Question | None:
    """A column of packs counts packs of a size that must be known."""
    if "pack_size" in columns or options.values.get("pack_size"):
        return None
    for role in ("quantity", "outstanding"):
        place = columns.get(role)
        counted = (options.counts or {}).get(role)
        if place is None or role in options.columns or counted == UNITS:
            continue
        if _words(header[place]) & PACKS or counted == IN_PACKS:
            return _Question(
                f'"{header[place]}" counts packs: say which column is the number of units in a pack '
                f"(pack_size), give it for all lines (pack_size=12), or choose the column anew "
                f'({role}="{header[place]}") if it counts single units.',
                (Answer(f"column.{role}", header[place], "It counts single units"),),
            )
    return None


def _which_counts_packs(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> _Question | None:
    """Beside "Cartons", what is outstanding may be counted in cartons or in units."""
    found = None if options.counts is None else _unclear(header, sample, columns, options)
    if found is None:
        return None
    (_, packs), (role, unclear) = found
    return _Question(
        f'"{packs}" counts packs: does "{unclear}" count packs, too, or single units? Say '
        f"counts {role}={IN_PACKS} or {role}={UNITS}.",
        tuple(
            Answer(f"counts.{role}", kind, f'"{unclear}" counts {words}')
            for kind, words in ((IN_PACKS, "packs"), (UNITS, "single units"))
        ),
    )


def taken_for_packs(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> list[str]:
    """What the rehearsal says of a layout that is remembered from before this was asked, and read as it
    was then."""
    found = None if options.counts is not None else _unclear(header, sample, columns, options)
    if found is None:
        return []
    (_, packs), (role, unclear) = found
    return [
        f'"{unclear}" is read as packs, like "{packs}": if it counts single units, say counts '
        f"{role}={UNITS}."
    ]


def _unclear(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Role and name of a column that counts packs, and of one of which nobody can tell."""
    used = {
        role: header[columns[role]]
        for role in AMOUNTS
        if role in columns
        and any(not is_nothing(row[columns[role]]) for row in sample if columns[role] < len(row))
    }
    found = of_unknown_size(used, options.counts or {})
    if found is None or ("pack_size" in options.columns and not options.columns["pack_size"]):
        return None
    packs, unclear = found
    return (packs, used[packs]), (unclear, used[unclear])


def _whose_backorder(
    header: Sequence[str], columns: Mapping[str, int], options: Options
) -> _Question | None:
    """What a buyer calls backordered is still to come; what a supplier does is what it can't send with
    the rest, and the date may be that of the one or of the other."""
    place = columns.get("outstanding")
    if place is None or "outstanding" in options.columns or not _is_backordered(header[place]):
        return None
    others = [name for at, name in enumerate(header) if at != place and _is_of_the_sender(name)]
    others += [header[columns["accepted"]]] if "accepted" in columns else []
    if not others:
        return None
    mine = header[place]
    return _Question(
        f'What does "{mine}" mean beside "{others[0]}"? If the date is that of these units, '
        f'choose outstanding="{mine}"; if it is that of the others, outstanding=none.',
        (
            Answer("column.outstanding", mine, f'The date is that of "{mine}"'),
            _no_column("outstanding", f'The date is that of "{others[0]}"'),
        ),
    )


def _is_backordered(name: str) -> bool:
    words = _words(name)
    return bool(words & _BACKORDERED) or {"b", "o"} <= words


def _share_of_what_came(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> _Question | None:
    """Where only a share tells what has come, nobody knows how many units still do."""
    if "outstanding" in columns or "received" in columns or "received" in options.columns:
        return None
    for place, name in enumerate(header):
        told = [row[place].strip("% ") for row in sample if place < len(row)]
        if _is_share(name) and any(cell.strip("0.,") for cell in told):
            return _Question(
                f'"{name}" tells what was received as a share: add a column of the units received or '
                "outstanding, or set received=none if the quantities are those that still come.",
                (_no_column("received", "The quantities are those that still come"),),
            )
    return None


def _what_else_is_counted(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> _Question | None:
    """A column of part of the units that is not understood ("Qty cleared") may hold what has come, or
    what still does."""
    if "quantity" not in columns or {"received", "outstanding", "accepted"} & columns.keys():
        return None
    if {"quantity", "received", "outstanding"} & options.columns.keys():
        return None
    whole = header[columns["quantity"]]
    taken = {*columns.values()}
    unknown = [at for at, name in enumerate(header) if at not in taken and name and not _is_aside(name)]
    for place in _parts_of_the_whole(sample, columns["quantity"], unknown, header):
        name = header[place]
        return _Question(
            f'What does "{name}" hold beside "{whole}"? Choose received="{name}" if these units have '
            f'come, outstanding="{name}" if they are what still comes, or quantity="{whole}" if '
            f'"{whole}" is what comes, whatever "{name}" says.',
            (
                Answer("column.received", name, f'"{name}" has come'),
                Answer("column.outstanding", name, f'"{name}" is what still comes'),
                Answer("column.quantity", whole, f'"{whole}" is what comes'),
            ),
        )
    return None


def _is_aside(name: str) -> bool:
    words = _words(name)
    is_other = any(role != "quantity" for role, _ in roles_of(name))
    return is_other or bool(words & ((_ASIDE | OTHER_THINGS | NO_ORDERS | PACKS) - {"shipped"}))


def _parts_of_the_whole(
    sample: Sequence[Sequence[str]], whole: int, others: Sequence[int], header: Sequence[str]
) -> Iterator[int]:
    """Columns that count part of the units of lines: by their names, or because two of them add up."""
    rows = [(row, units) for row in sample if (units := _units(row, whole))]
    told = [at for at in others if all(_units(row, at) is not None for row, _ in rows)]
    told = [at for at in told if any(0 < (_units(row, at) or 0) <= units for row, units in rows)]
    for at in told:
        held = [(_units(row, at) or 0, units) for row, units in rows]
        is_part = any(0 < part < units for part, units in held)
        is_all = all(part <= units for part, units in held) and any(part < units for part, units in held)
        named = {part for spelled in spellings(header[at]) for part in parts_of(spelled)}
        if "quantity" in named and "date" not in named and (is_part if "shipped" in named else is_all):
            yield at
    for one, other in combinations(told[:_MOST_UNKNOWN], 2):
        sums = [(_units(row, one) or 0) + (_units(row, other) or 0) == units for row, units in rows]
        if len(sums) >= _FEWEST_ROWS and all(sums):
            yield one


def _units(row: Sequence[str], place: int) -> int | None:
    """Whole units of a cell, 0 of an empty one; None where it holds something else."""
    cell = row[place].strip() if place < len(row) else ""
    if is_nothing(cell):
        return 0
    return whole_number(cell, ".") if is_number(cell) else None


def _is_share(name: str) -> bool:
    words = _words(name) | ({"percent"} if "%" in name else set())
    parts = {part for spelled in spellings(name) for part in parts_of(spelled)}
    return bool(words & _SHARES and parts & {"landed", "done"})


def _is_of_the_sender(name: str) -> bool:
    parts = {part for spelled in spellings(name) for part in parts_of(spelled)}
    return "shipped" in parts and not parts & {"date", "place", "expected", "code"}


def _words(name: str) -> set[str]:
    return {word for spelled in spellings(name) for word in spelled.split()}
