"""What the columns of a file leave open: where two would do, or one counts what nobody can count. A
person is asked before a line is read."""

from collections.abc import Mapping, Sequence

from app.pipeline.files.amounts import AMOUNTS, IN_PACKS, UNITS, of_unknown_size
from app.pipeline.files.columns import rivals
from app.pipeline.files.fold import spellings
from app.pipeline.files.options import Options
from app.pipeline.files.parts import parts_of
from app.pipeline.files.text import NeedsAnswer
from app.pipeline.files.totals import is_nothing
from app.pipeline.files.vocabulary import IN_WORDS, PACKS

_SHARES = frozenset({"percent", "pct", "percentage", "prozent", "pourcentage", "porcentaje"})
_BACKORDERED = frozenset({"backordered", "backorder", "backorders", "bo"})


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
    )
    if question:
        used = {role: header[place] for role, place in columns.items()}
        raise NeedsAnswer(question, columns=header, used=used)


def _which_of_two(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> str:
    for role, names in rivals(header, sample, columns, options.columns).items():
        listed = " or ".join(f'"{name}"' for name in names)
        return (
            f"Which column is the {IN_WORDS[role]}: {listed}? They say different things. Choose one "
            f'({role}="{names[0]}"). If a line names several deliveries, give each a line of its own.'
        )
    return ""


def _how_many_in_a_pack(header: Sequence[str], columns: Mapping[str, int], options: Options) -> str:
    """A column of packs counts packs of a size that must be known."""
    if "pack_size" in columns or options.values.get("pack_size"):
        return ""
    for role in ("quantity", "outstanding"):
        place = columns.get(role)
        counted = (options.counts or {}).get(role)
        if place is None or role in options.columns or counted == UNITS:
            continue
        if _words(header[place]) & PACKS or counted == IN_PACKS:
            return (
                f'"{header[place]}" counts packs: say which column is the number of units in a pack '
                f"(pack_size), give it for all lines (pack_size=12), or choose the column anew "
                f'({role}="{header[place]}") if it counts single units.'
            )
    return ""


def _which_counts_packs(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> str:
    """Beside "Cartons", what is outstanding may be counted in cartons or in units."""
    found = None if options.counts is None else _unclear(header, sample, columns, options)
    if found is None:
        return ""
    (_, packs), (role, unclear) = found
    return (
        f'"{packs}" counts packs: does "{unclear}" count packs, too, or single units? Say '
        f"counts {role}={IN_PACKS} or {role}={UNITS}."
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


def _whose_backorder(header: Sequence[str], columns: Mapping[str, int], options: Options) -> str:
    """What a buyer calls backordered is still to come; what a supplier does is what it can't send with
    the rest, and the date may be that of the one or of the other."""
    place = columns.get("outstanding")
    if place is None or "outstanding" in options.columns or not _words(header[place]) & _BACKORDERED:
        return ""
    others = [name for at, name in enumerate(header) if at != place and _is_of_the_sender(name)]
    others += [header[columns["accepted"]]] if "accepted" in columns else []
    if not others:
        return ""
    return (
        f'What does "{header[place]}" mean beside "{others[0]}"? If the date is that of these units, '
        f'choose outstanding="{header[place]}"; if it is that of the others, outstanding=none.'
    )


def _share_of_what_came(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Mapping[str, int],
    options: Options,
) -> str:
    """Where only a share tells what has come, nobody knows how many units still do."""
    if "outstanding" in columns or "received" in columns or "received" in options.columns:
        return ""
    for place, name in enumerate(header):
        told = [row[place].strip("% ") for row in sample if place < len(row)]
        if _is_share(name) and any(cell.strip("0.,") for cell in told):
            return (
                f'"{name}" tells what was received as a share: add a column of the units received or '
                "outstanding, or set received=none if the quantities are those that still come."
            )
    return ""


def _is_share(name: str) -> bool:
    words = _words(name) | ({"percent"} if "%" in name else set())
    parts = {part for spelled in spellings(name) for part in parts_of(spelled)}
    return bool(words & _SHARES and parts & {"landed", "done"})


def _is_of_the_sender(name: str) -> bool:
    parts = {part for spelled in spellings(name) for part in parts_of(spelled)}
    return "shipped" in parts and not parts & {"date", "place", "expected", "code"}


def _words(name: str) -> set[str]:
    return {word for spelled in spellings(name) for word in spelled.split()}
