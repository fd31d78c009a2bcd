"""Rows as a command gives them: the options for CSV, JSON and Parquet, and writing the formats that all share.

Here: what `query` and `diff` have in common. Not here: their screens, and JSON, which each has its own way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.common import refuse_no_folder, write_for_user
from orchestration.cli.usage import BothError
from orchestration.home import Home
from orchestration.messages import counted, say

if TYPE_CHECKING:
    import pyarrow as pa


def formats(function: Callable[..., int]) -> Callable[..., int]:
    """Add --csv, --json and --parquet FILE."""
    for option in (
        click.option(
            "--parquet",
            type=click.Path(path_type=Path, dir_okay=False),
            help=say("写入 Parquet 文件", "Into a Parquet file"),
        ),
        click.option("--json", "as_json", is_flag=True, help=say("以 JSON 输出", "As JSON")),
        click.option("--csv", "as_csv", is_flag=True, help=say("以 CSV 输出", "As CSV")),
    ):
        function = option(function)
    return function


def refuse_formats(home: Home, as_csv: bool, as_json: bool, parquet: Path | None) -> None:
    """Before any work: one format at most, and a file that may be written."""
    if as_csv + as_json + (parquet is not None) > 1:
        raise BothError("--csv、--json、--parquet 只能选一个", "only one of --csv, --json and --parquet")
    if parquet is not None:
        home.keep_out(parquet)
        refuse_no_folder(parquet)


def write_csv(rows: pa.Table) -> None:
    """Rows on standard output."""
    from publication.tables import to_csv

    # A file made with `>` opens in Excel with its mark; a pipe must not find one in its first cell.
    sys.stdout.buffer.write(to_csv(rows, bom=False))


def write_parquet(rows: pa.Table, path: Path, zh: str, noun: str) -> None:
    """Rows as a file of the user's, and how many of what they are."""
    from publication.tables import to_parquet

    write_for_user(path, to_parquet(rows, "", {}))
    click.echo(say(f"{rows.num_rows:,} {zh} → {path}", f"{counted(rows.num_rows, noun)} → {path}"))
