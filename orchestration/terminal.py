"""The terminal as every screen of this program uses it: 80 columns, thin tables, bars, percentages.

Here: the small parts that screens are made of. Not here: any screen.
"""

from __future__ import annotations

import os
import re

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from publication import words

WIDTH = 80
_BAR = 12


def console(whole_width: bool = False) -> Console:
    """A console of 80 columns: a screen looks the same for everyone; rows of a query take what there is."""
    found = Console(highlight=False)
    if not found.is_terminal:
        found.width = 10_000 if whole_width else WIDTH
    elif not whole_width:
        found.width = min(found.width, WIDTH)
    return found


def box_for_rows() -> Box:
    """Thin lines that survive a copy into a text file."""
    return SIMPLE_HEAD


def plain_table(header: bool = True) -> Table:
    """A table without lines."""
    return Table(box=None, show_header=header, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)


def print_line(out: Console, style: str, text: str) -> None:
    """A line of text within the margin."""
    out.print(Padding(Text(text, style), (0, 1)))


def bar(rate: float | None, path: float | None) -> Text:
    """The rate as a bar, with a mark where the path to the target is."""
    filled = round((rate or 0) * _BAR)
    cells = [("━", "cyan") if place < filled else ("─", "dim") for place in range(_BAR)]
    if path is not None:
        cells[min(_BAR - 1, int(path * _BAR))] = ("┃", "yellow")
    return Text.assemble(*cells)


def percent(rate: float | None) -> str:
    """A rate with one decimal; the rate of nobody is a dash, not 0 %."""
    return "—" if rate is None else words.percent(rate)


def visible(text: str) -> str:
    """The text with its control characters written out: what a provider sent must not steer the terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: repr(found[0])[1:-1], text)


def short(path: str) -> str:
    """A path as one would type it from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
