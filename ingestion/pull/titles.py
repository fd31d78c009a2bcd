"""The titles under which pulled columns are kept: the contract's own English names.

Belongs here: from a source's column names to titles, what must be among them. Does not belong here: titles
in files that people make (`ingestion.header`, whose rules are used here).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence

from ingestion.contract import Source
from ingestion.header import Titles, plain
from ingestion.pull.words import refused


def canonical(source: Source, delivered: Sequence[str], constants: Container[str]) -> list[str]:
    """A title for each delivered column; raises PullRefusedError if what is required is not there.

    Money keeps a title that may say its unit. A column that the contract does not know keeps its name.
    """
    titles = Titles(source)
    found = [titles.find([plain(name)]) for name in delivered]
    names = [name if hit is None else hit[0] for name, hit in zip(delivered, found, strict=True)]
    if twice := [f"{name}（{count}）" for name, count in Counter(names).items() if count > 1]:
        raise refused("columns_twice", columns="、".join(twice))
    have = {*names, *(name for name in source.columns if name in constants)}
    missing = [name for name in source.columns if name in source.required_alone and name not in have]
    missing += ["/".join(pair) for pair in source.required_pairs.items() if not have & set(pair)]
    if missing:
        raise refused("missing_column", columns="、".join(missing))
    return [_title(source, titles, name, hit) for name, hit in zip(delivered, found, strict=True)]


def identity(source: Source) -> list[str]:
    """The columns that tell records apart: the key, and the names that stand in for a code of it."""
    return list(
        dict.fromkeys([*source.keys, *(name for code, name in source.links.items() if code in source.keys)])
    )


def _title(source: Source, titles: Titles, delivered: str, hit: tuple[str, str] | None) -> str:
    if hit is None:
        return delivered
    name, title = hit
    if source.columns[name].type != "money":
        return name
    return f"{name}_yuan" if title in titles.in_yuan else delivered
