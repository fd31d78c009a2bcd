"""`innostat query`: SQL over the current release."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.common import command as make
from orchestration.home import open_home
from orchestration.messages import Stop, say
from orchestration.standing import reading

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 100


@make(
    "query",
    "对现行发布执行只读 SQL：屏幕表格、CSV、JSON 或 Parquet。",
    "SQL over the current release, read-only: a table on the screen, CSV, JSON or Parquet.",
    (
        "query \"FROM coverage WHERE dimension='province'\"",
        'query "SHOW TABLES"',
        'query "SELECT * FROM gap_list" --csv > gap.csv',
        'query "FROM indicator_value" --parquet values.parquet',
    ),
)
@click.argument("sql")
@click.option("--csv", "form", flag_value="csv", help=say("以 CSV 输出", "As CSV"))
@click.option("--json", "form", flag_value="json", help=say("以 JSON 输出", "As JSON"))
@click.option(
    "--parquet",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("写入 Parquet 文件", "Into a Parquet file"),
)
def command(home: Path, sql: str, form: str | None, parquet: Path | None) -> int:
    """Ask the current release."""
    from publication.errors import QueryError
    from publication.query import run_query
    from publication.tables import to_csv, to_json, to_parquet

    opened = open_home(home)
    if parquet is not None:
        opened.keep_out(parquet)
    try:
        with reading(opened) as release:
            rows = run_query(release, sql)
    except QueryError as error:
        raise Stop(2, error.code, error.zh, error.en) from error
    if parquet is not None:
        parquet.write_bytes(to_parquet(rows, "", {}))
        click.echo(say(f"{rows.num_rows:,} 行 → {parquet}", f"{rows.num_rows:,} rows → {parquet}"))
    elif form == "csv":
        # A file made with `>` opens in Excel with its mark; a pipe must not find one in its first cell.
        sys.stdout.buffer.write(to_csv(rows, bom=False))
    elif form == "json":
        sys.stdout.write(to_json(rows))
    else:
        _show(rows)
    return 0


def _show(rows: pa.Table) -> None:
    from rich.table import Table
    from rich.text import Text

    from orchestration.terminal import box_for_rows, console

    out = console(whole_width=True)
    table = Table(box=box_for_rows(), header_style="bold", show_edge=False)
    numeric = [
        str(field.type).startswith(("int", "uint", "double", "float", "decimal")) for field in rows.schema
    ]
    for name, right in zip(rows.column_names, numeric, strict=True):
        table.add_column(Text(name), justify="right" if right else "left")
    for row in rows.slice(0, _SHOWN).to_pylist():
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    out.print(table)
    more = rows.num_rows - _SHOWN
    if more > 0:
        out.print(say(f"另有 {more:,} 行；--csv 可得全部。", f"{more:,} more rows; --csv gives all."))
