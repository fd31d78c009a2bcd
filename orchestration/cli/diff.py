"""`innostat diff`: what changed from one release to another."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json, refuse_no_folder, write_for_user
from orchestration.cli.usage import BothError
from orchestration.home import open_home
from orchestration.messages import counted, say


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
@click.option("--csv", "as_csv", is_flag=True, help=say("逐格以 CSV 输出", "Every cell, as CSV"))
@click.option("--json", "as_json", is_flag=True, help=say("以 JSON 输出结果", "The result as JSON"))
@click.option(
    "--parquet",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("逐格写入 Parquet 文件", "Every cell, into a Parquet file"),
)
def command(
    home: Path, old: str, new: str, table: str | None, as_csv: bool, as_json: bool, parquet: Path | None
) -> int:
    """Compare them, then show, or write, what differs."""
    if as_csv + as_json + (parquet is not None) > 1:
        raise BothError("--csv、--json、--parquet 只能选一个", "only one of --csv, --json and --parquet")
    opened = open_home(home)
    if parquet is not None:
        opened.keep_out(parquet)
        refuse_no_folder(parquet)

    from orchestration.comparison import compare
    from publication.tables import to_csv, to_parquet

    told, cells = compare(opened, old, new, table)
    if parquet is not None:
        write_for_user(parquet, to_parquet(cells, "", {}))
        click.echo(
            say(
                f"{cells.num_rows:,} 处差异 → {parquet}",
                f"{counted(cells.num_rows, 'difference')} → {parquet}",
            )
        )
    elif as_csv:
        sys.stdout.buffer.write(to_csv(cells, bom=False))
    elif as_json:
        print_json(told | ({"cells": cells.to_pylist()} if table else {}))
    else:
        from orchestration.diff_screen import show

        show(told, cells.to_pylist() if table else None)
    return 0
