"""Units of money as tables say them: in a line, in a title's brackets, in a row of units.

Belongs here: recognising a unit in text. Does not belong here: whose unit it is (`header`), amounts
(`cells`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from unicodedata import normalize

UNITS: Mapping[str, int] = {"元": 0, "千元": 3, "万元": 4, "百万元": 6, "亿元": 8}  # name → power of ten

# What a table may count besides money: a unit line names them together (单位：个、人、万元).
_OTHER = "人月|人年|人|个|件|项|篇|家|台|户|套|年|月|日|天|%|‰"
# Units of money that nobody here knows (十万元, 万美元) are told apart too: passed over, another's word would hold for them.
_UNIT = f"(?:(?:人民币)?[十百千万亿]*[美欧港日]?元|{_OTHER})"
_LIST = f"{_UNIT}(?:[,、/;和及]{_UNIT})*"
_IN_LINE = re.compile(rf"单位:({_LIST})(?!\w)")  # 填报单位：元琛科技 says no unit
_IN_BRACKETS = re.compile(r"[(\[【〔]([^()\[\]【】〔〕]*)[)\]】〕]")
_NOTHING = "-—/"


def said_in_line(cell: str) -> list[str]:
    """`计量单位：千元`, `单位：万元`, alone or after a title."""
    text = re.sub(r"\s+(?=:)|(?<=:)\s+", "", normalize("NFKC", cell))
    return [unit for match in _IN_LINE.finditer(text) for unit in _money(match[1])]


def said_in_brackets(cell: str) -> list[str]:
    """`营业收入（千元）`, alone or among other words: `（不含税，千元）`."""
    parts = [part for match in _IN_BRACKETS.finditer(_bare(cell)) for part in re.split("[,;:、]", match[1])]
    return [unit for part in parts if re.fullmatch(_LIST, part) for unit in _money(part)]


def said_alone(cell: str) -> list[str]:
    """A cell of a row of units."""
    text = _bare(cell)
    return _money(text) if re.fullmatch(_LIST, text) else []


def is_row_of_units(cells: list[str]) -> bool:
    """Whether the cells hold units and nothing else."""
    bare = [text for cell in cells if (text := _bare(cell).strip("()"))]
    return any(text not in _NOTHING for text in bare) and all(
        text in _NOTHING or re.fullmatch(_LIST, text) for text in bare
    )


def units_text(powers: Mapping[str, int]) -> str:
    """The unit of each money column in one word, as `revenue=千元`; `read_units` takes it apart."""
    names = {power: name for name, power in UNITS.items()}
    return ";".join(f"{column}={names[power]}" for column, power in sorted(powers.items()))


def read_units(text: str) -> dict[str, str]:
    """Column → unit."""
    return dict(pair.split("=") for pair in text.split(";") if pair)


def _bare(cell: str) -> str:
    return re.sub(r"\s", "", normalize("NFKC", cell))


def _money(units: str) -> list[str]:
    return [unit.removeprefix("人民币") for unit in re.split(r"[,、/;和及]", units) if unit.endswith("元")]
