"""`innostat query`: SQL over the current release."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli.common import command as make
from orchestration.cli.rows import formats, refuse_formats, write_csv, write_parquet
from orchestration.home import Home, open_home
from orchestration.messages import Stop, counted, say
from orchestration.query_log import Asked, note
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
@formats
def command(home: Path, sql: str, as_csv: bool, as_json: bool, parquet: Path | None) -> int:
    """Ask the current release."""
    opened = open_home(home)
    refuse_formats(opened, as_csv, as_json, parquet)
    rows = _ask(opened, sql)
    if parquet is not None:
        write_parquet(rows, parquet, "行", "row")
    elif as_csv:
        write_csv(rows)
    elif as_json:
        from publication.tables import to_json

        sys.stdout.write(to_json(rows))
    else:
        _show(rows)
    return 0


def _ask(home: Home, sql: str) -> pa.Table:
    """The rows; the question is on record before anything of the answer is shown, and so is one that was refused."""
    from publication.errors import QueryError
    from publication.query import run_query

    began, rows, code, asked_of = time.monotonic(), None, 1, None
    try:
        with reading(home) as release:
            asked_of = release.name
            rows = run_query(release, sql)
        code = 0
        return rows
    except QueryError as error:
        code = 2
        raise Stop(code, error.code, error.zh, error.en) from error
    except Stop as stop:
        code = stop.exit_code
        raise
    finally:
        took = round(time.monotonic() - began, 3)
        found = None if rows is None else rows.num_rows
        if problem := note(home.queries, Asked(asked_of, sql, code, found, took)):
            click.echo(
                say(
                    f"注意：查询未能记入 {home.queries}（{problem}）。",
                    f"note: the query could not be noted in {home.queries} ({problem}).",
                ),
                err=True,
            )


def _show(rows: pa.Table) -> None:
    from rich.table import Table
    from rich.text import Text

    from orchestration.terminal import box_for_rows, console, visible

    out = console(whole_width=True)
    table = Table(box=box_for_rows(), header_style="bold", show_edge=False)
    numeric = [
        str(field.type).startswith(("int", "uint", "double", "float", "decimal")) for field in rows.schema
    ]
    for name, right in zip(rows.column_names, numeric, strict=True):
        table.add_column(Text(visible(name)), justify="right" if right else "left")
    for row in rows.slice(0, _SHOWN).to_pylist():
        table.add_row(*(Text("" if value is None else visible(str(value))) for value in row.values()))
    out.print(table)
    more = rows.num_rows - _SHOWN
    if more > 0:
        out.print(
            say(
                f"另有 {more:,} 行；--csv 可得全部。",
                f"{counted(more, 'more row')}; --csv gives all.",
            )
        )
