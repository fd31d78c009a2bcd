"""Finding the header in the first rows of a sheet. Pure: a small grid in, a layout out.

Belongs here: titles, title and unit rows, merged headers, whose unit is said. Not here: files (`readers`), cells (`cells`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from unicodedata import normalize

from rapidfuzz import fuzz, process

from ingestion.contract import Source
from ingestion.rules import Note, note, refuse
from ingestion.units import UNITS, is_row_of_units, said_alone, said_in_brackets, said_in_line

Grid = Sequence[Sequence[str]]

HEAD_ROWS = 60  # a header further down than this is not looked for
_BAND = 4  # a header merged over more rows than this is not recognised
_LOOKALIKE = 60  # score from which a title is worth naming as a guess

_BRACKETS = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|【[^【】]*】|〔[^〔〕]*〕|《[^《》]*》|「[^「」]*」|〈[^〈〉]*〉"
)
_STEM = re.compile(r"[甲乙丙丁戊己庚辛壬癸]|[-—]")

_Found = dict[int, tuple[str, str]]  # column → (canonical name, the plain title that told it)


@dataclass(frozen=True)
class Layout:
    """Where in a sheet what stands."""

    width: int  # columns of the header
    first: int  # first row of the header, from 0
    data: int  # first row below the header, from 0
    columns: Mapping[str, int]  # canonical name → column
    titles: Mapping[str, tuple[str, ...]]  # canonical name → its cells in the header
    powers: Mapping[str, int]  # money column → power of ten of its unit
    units: tuple[str, ...]  # the units that were said
    notes: tuple[Note, ...]


@lru_cache(maxsize=65536)
def plain(title: str) -> str:
    """A title as it is compared: NFKC, without white space, line breaks and anything in brackets."""
    text = normalize("NFKC", title)
    while (shorter := _BRACKETS.sub("", text)) != text:
        text = shorter
    text = re.sub(r"[\s\u200b\u200c\u200d\ufeff*]+", "", text).casefold().strip(":")
    return text.removeprefix("其中:")


class Titles:
    """All titles by which the columns of a source, and of one delivery of it, may go."""

    def __init__(self, source: Source, mapped: Mapping[str, str] | None = None) -> None:
        self.source = source
        self.known: dict[str, str] = {}
        self.in_yuan: set[str] = set()
        for name, column in source.columns.items():
            for title in (name, *column.headers):
                self.known[plain(title)] = name
            if column.type == "money":
                self.known[f"{name}_yuan"] = name
                self.in_yuan.add(f"{name}_yuan")
        for title, name in (mapped or {}).items():
            self.known[plain(title)] = name

    def find(self, parts: Sequence[str]) -> tuple[str, str] | None:
        """(column, title) for the cells over one column, top to bottom: the lowest that fits, else joined."""
        for part in reversed(parts):
            if part and (name := self.known.get(part)):
                return name, part
        for start in range(len(parts) - 1):
            joined = "".join(dict.fromkeys(parts[start:]))
            if name := self.known.get(joined):
                return name, joined
        return None

    def count(self, grid: Grid) -> int:
        """How many columns the best header would name: tells the right delimiter from the wrong ones."""
        _, _, found = _best_band(_plain_head(grid), self)
        return len({name for name, _ in found.values()})


def find_header(
    grid: Grid,
    titles: Titles,
    *,
    sheet: str = "",
    unit: str | None = None,
    constants: Collection[str] = (),
    keys_only: bool = False,
) -> Layout | None:
    """The layout of a sheet, None if it has no header; raises RefusedError if its header cannot be used."""
    source, place = titles.source, f"“{sheet}”" if sheet else ""
    head = _plain_head(grid)
    first, last, found = _best_band(head, titles)
    names = {name for name, _ in found.values()}
    # One title alone is a header only where nothing else is needed.
    if len(names) < 2 and (not names or _missing(source, {*names, *constants}, keys_only)):
        return None
    shown = _Shown(grid, first, last)
    columns = _unambiguous(source, found, shown, place)
    for name in constants:
        if name in columns:
            raise refuse("constant_present", column=label(source, name))
    width = max(len(_trim(row)) for row in grid[first : last + 1])
    extra = [title for i in range(width) if i not in found and (title := shown.title(i))]
    if missing := _missing(source, {*columns, *constants}, keys_only):
        raise _missing_columns(source, missing, extra, place)
    data = last + 1
    while data < len(head) and (is_numbers(grid[data], len(found)) or is_row_of_units(list(grid[data]))):
        data += 1
    said = _units_said(grid, (first, last, data), found, titles) | {name: [] for name in constants}
    powers = _powers(source, said, _said_in_general(grid, (first, last), found, unit), place)
    return Layout(
        width=width,
        first=first,
        data=data,
        columns=columns,
        titles={name: shown.cells(i) for name, i in columns.items()},
        powers=powers,
        units=tuple(name for name, power in UNITS.items() if power in powers.values()),
        notes=tuple(note("extra_column", sheet=place, title=title) for title in extra),
    )


def _plain_head(grid: Grid) -> list[list[str]]:
    return [[plain(cell) for cell in row] for row in grid[:HEAD_ROWS]]


def _best_band(head: Grid, titles: Titles) -> tuple[int, int, _Found]:
    """The rows that name the most columns; of equals the fewest rows, then the first."""
    best: tuple[int, int, _Found] = (0, 0, {})
    score = (0, -_BAND)
    hits = [any(cell in titles.known for cell in row) for row in head]
    for first in range(len(head)):
        for last in range(first, min(first + _BAND, len(head))):
            if any(hits[first : last + 1]):
                found = _read_band(head[first : last + 1], titles)
                rank = (len({name for name, _ in found.values()}), first - last)
                if found and rank > score:
                    best, score = (first, last, found), rank
    return best


def _read_band(band: Grid, titles: Titles) -> _Found:
    filled = [*(_fill_right(row) for row in band[:-1]), band[-1]]
    found: _Found = {}
    for index in range(max(map(len, band))):
        own = [_cell(row, index) for row in band]
        hit = titles.find(own)
        if hit is None and own[-1]:
            hit = titles.find([_cell(row, index) for row in filled])
        if hit:
            found[index] = hit
    return found


def _fill_right(row: Sequence[str]) -> list[str]:
    """A cell merged to the right holds its text only at its left end."""
    filled: Iterator[str] = accumulate(row, lambda left, cell: cell or left)
    return list(filled)


class _Shown:
    """The header's cells as they stand in the file."""

    def __init__(self, grid: Grid, first: int, last: int) -> None:
        self._rows = grid[first : last + 1]

    def cells(self, index: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cell for row in self._rows if (cell := _cell(row, index).strip())))

    def title(self, index: int) -> str:
        return re.sub(r"\s+", " ", ("", *self.cells(index))[-1])


def _unambiguous(source: Source, found: _Found, shown: _Shown, place: str) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, (name, _) in sorted(found.items()):
        if name in columns:
            both = f"{shown.title(columns[name])}、{shown.title(index)}"
            raise refuse("duplicate_header", sheet=place, column=label(source, name), titles=both)
        columns[name] = index
    return columns


def _missing(source: Source, present: Collection[str], keys_only: bool) -> list[tuple[str, ...]]:
    """Required columns that are not there; of a link either column will do."""
    groups = [(name,) for name in source.columns if name in source.required_alone]
    wanted: list[tuple[str, ...]] = [*groups, *source.required_pairs.items()]
    if keys_only:
        wanted = [group for group in wanted if any(source.columns[name].key for name in group)]
    return [group for group in wanted if not set(group) & set(present)]


def _missing_columns(
    source: Source, missing: list[tuple[str, ...]], extra: list[str], place: str
) -> Exception:
    """The refusal, with titles of the file that look like what is missing."""
    near = [
        f"{title} ≈ {label(source, name)}"
        for group in missing
        for name in group
        for title in extra
        if process.extractOne(
            plain(title),
            [plain(wanted) for wanted in (name, *source.columns[name].headers)],
            scorer=fuzz.ratio,
            score_cutoff=_LOOKALIKE,
        )
    ]
    return refuse(
        "missing_column",
        sheet=place,
        columns="、".join("/".join(label(source, name) for name in group) for group in missing),
        guess_zh=f"文件中相近的列名：{'；'.join(near)}。" if near else "",
        guess_en=f"Titles that look alike: {'; '.join(near)}. " if near else "",
    )


def is_numbers(row: Sequence[str], titled: int) -> bool:
    """甲 乙 1 2 3: stems, then numbers that rise (form 107-2 prints its field codes, so they may leap)."""
    cells = [text for cell in row if (text := re.sub(r"[\s()]", "", normalize("NFKC", cell)))]
    numbers = [int(cell) for cell in cells if re.fullmatch(r"[0-9]{1,3}", cell)]
    stems = [cell for cell in cells if _STEM.fullmatch(cell)]
    if len(cells) < max(2, titled) or len(numbers) + len(stems) < len(cells):
        return False
    return numbers == sorted(set(numbers)) and bool(stems or numbers[0] == 1)


def _units_said(
    grid: Grid, rows: tuple[int, int, int], found: _Found, titles: Titles
) -> dict[str, list[str]]:
    """What each column's own cells say: brackets in its titles and captions, a row of units, `_yuan`."""
    first, last, data = rows
    said: dict[str, list[str]] = {}
    for index, (name, title) in found.items():
        cells = [_cell(row, index) for row in grid[first:data]]
        cells += [_caption(row, index, titles) for row in grid[first:last]]
        units = [unit for cell in cells for unit in (*said_in_brackets(cell), *said_alone(cell))]
        said[name] = units + ["元"] * (title in titles.in_yuan)
    return said


def _said_in_general(grid: Grid, rows: tuple[int, int], found: _Found, sidecar: str | None) -> list[str]:
    """What is said for the whole sheet: a unit line above the header or beside its titles, the sidecar."""
    first, last = rows
    above = [cell for row in grid[:first] for cell in row]
    beside = [cell for row in grid[first : last + 1] for i, cell in enumerate(row) if i not in found]
    said = [unit for cell in above + beside for unit in said_in_line(cell)]
    said += [unit for cell in above for unit in said_in_brackets(cell)]
    return said + ([sidecar] if sidecar else [])


def _caption(row: Sequence[str], index: int, titles: Titles) -> str:
    """The caption merged over this column, unless it is the title of a neighbour."""
    left = next((i for i in range(min(index, len(row) - 1), -1, -1) if row[i].strip()), None)
    if left is None or (left != index and plain(row[left]) in titles.known):
        return ""
    return row[left]


def _powers(source: Source, own: Mapping[str, list[str]], general: list[str], place: str) -> dict[str, int]:
    """The unit of each money column: everything that is said must agree, and something must be said."""
    powers: dict[str, int] = {}
    for name, units in own.items():
        if source.columns[name].type != "money":
            continue
        said = list(dict.fromkeys(units + general))
        column = label(source, name)
        if len(said) > 1:
            raise refuse("unit_contradiction", sheet=place, column=column, units="、".join(said))
        if not said:
            raise refuse("unit_not_said", sheet=place, column=column, title=source.columns[name].headers[0])
        if said[0] not in UNITS:
            raise refuse("unit_unknown", sheet=place, column=column, unit=said[0], units="、".join(UNITS))
        powers[name] = UNITS[said[0]]
    return powers


def label(source: Source, name: str) -> str:
    """A column as people are told of it."""
    return f"{source.columns[name].headers[0]} {name}"


def _cell(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _trim(row: Sequence[str]) -> Sequence[str]:
    return row[: max((index + 1 for index, cell in enumerate(row) if cell.strip()), default=0)]
