"""`innostat template`: the blank workbook that a data provider fills in."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import contract_of, print_json, refuse_no_folder
from orchestration.home import Home
from orchestration.messages import Stop, say


@make(
    "template",
    "写出某来源的空白填报表（XLSX）：标题、单位、下拉列表、填报说明和示例行。",
    "Write the blank XLSX of a source: titles, units, drop-downs, notes, an example row.",
    ("template enterprise_revenue", "template patent --output 专利库.xlsx"),
    with_json=True,
)
@click.argument("source")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=say("写到此文件（否则 SOURCE.xlsx）", "The file to write (else SOURCE.xlsx)"),
)
def command(home: Path, as_json: bool, source: str, output: Path | None) -> int:
    """Write it, unless a file of that name is there."""
    from ingestion.template import write_template

    contract, path = contract_of(source), output or Path(f"{source}.xlsx")
    Home(home).keep_out(path)
    refuse_no_folder(path)
    if path.exists():
        raise Stop(
            2,
            "file_exists",
            f"文件已存在，未覆盖：{path}。可用 --output 另指定。",
            f"the file exists and is kept: {path}. Name another with --output.",
        )
    write_template(contract, path)
    if as_json:
        print_json({"source": source, "file": str(path.resolve())})
    else:
        click.echo(say(f"已写出 {path}（{contract.title}）", f"wrote {path} ({contract.title})"))
    return 0
