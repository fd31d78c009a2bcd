"""`innostat diff`: what changed from one release to another."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.cli.rows import formats, refuse_formats, write_csv, write_parquet
from orchestration.home import open_home
from orchestration.messages import say


@make(
    "diff",
    "两个发布之间的变化：输入、决定、设置的不同，以及各表逐格的差异。",
    "What changed between two releases: in what they were made of, and cell by cell in every table.",
    (
        "diff r000011-2026-11-22 current",
        "diff r000011-2026-11-22 r000012-2026-11-23 --table coverage",
        "diff r000011-2026-11-22 current --csv > changes.csv",
        "diff r000011-2026-11-22 current --parquet changes.parquet",
    ),
)
@click.argument("old")
@click.argument("new")
@click.option("--table", help=say("只看这一张表，并逐格列出", "This table alone, cell by cell"))
@formats
def command(
    home: Path, old: str, new: str, table: str | None, as_csv: bool, as_json: bool, parquet: Path | None
) -> int:
    """Compare them, then show, or write, what differs."""
    opened = open_home(home)
    refuse_formats(opened, as_csv, as_json, parquet)

    from orchestration.comparison import compare

    told, cells = compare(opened, old, new, table)
    if parquet is not None:
        write_parquet(cells, parquet, "处差异", "difference")
    elif as_csv:
        write_csv(cells)
    elif as_json:
        print_json(told | ({"cells": cells.to_pylist()} if table else {}))
    else:
        from orchestration.diff_screen import show

        show(told, cells.to_pylist() if table else None)
    return 0
