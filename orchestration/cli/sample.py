"""`innostat sample`: a synthetic province in the inbox."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import click

from orchestration.cli.common import Date, print_json
from orchestration.cli.common import command as make
from orchestration.cli.usage import BadValueError
from orchestration.clock import today
from orchestration.environment import SEEDS
from orchestration.home import open_home
from orchestration.messages import Stop, counted, say


class Years(click.ParamType[tuple[int, int]]):
    """Years such as 2023-2026, or one year."""

    name = "years"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """First and last year."""
        match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", str(value))
        years = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if years[0] > years[1]:
            raise BadValueError(
                f"“{value}”不是 2023-2026 这样的年份",
                f"'{value}' is no span of years like 2023-2026",
                param,
                ctx,
            )
        return years


@make(
    "sample",
    "在收件夹中放入一个虚构省份的全部来源文件，规模与差错都如真实交付。同一种子，逐字节相同。",
    "A synthetic province in the inbox: all sources, realistic sizes and messiness. Same seed, same bytes.",
    ("sample", "sample --enterprises 2000 --years 2024-2026 --seed 7"),
    with_json=True,
)
@click.option(
    "--enterprises",
    type=click.IntRange(min=1),
    default=24_000,
    show_default=True,
    help=say(
        "在库企业数（最后一个完整年度的名录）", "Active enterprises, in the register of the last full year"
    ),
)
@click.option("--years", type=Years(), default="2023-2026", show_default=True, help=say("年份", "Years"))
@click.option("--seed", type=int, default=1, show_default=True, help=say("随机种子", "Seed"))
@click.option(
    "--as-of",
    type=Date(),
    help=say("此日之后的交付不生成（否则今天）", "Nothing is delivered after this date (else today)"),
)
def command(
    home: Path, as_json: bool, enterprises: int, years: tuple[int, int], seed: int, as_of: date | None
) -> int:
    """Write it."""
    from ingestion.contract import load_contracts
    from ingestion.sample import TakenError, write_sample

    opened = open_home(home)
    try:
        written = write_sample(
            opened.inbox,
            load_contracts(),
            SEEDS,
            enterprises=enterprises,
            years=years,
            seed=seed,
            as_of=as_of or today(),
        )
    except TakenError as error:
        raise Stop(2, "file_exists", error.zh, error.en) from error
    size = sum(path.stat().st_size for path in written)
    if as_json:
        print_json({"files": [str(path) for path in written], "bytes": size})
        return 0
    click.echo(
        say(
            f"虚构省份（在库企业 {enterprises:,} 家）的 {len(written)} 个文件，{size / 1e6:.1f} MB，已放入 {opened.inbox}",
            f"a made-up province of {counted(enterprises, 'active enterprise')}: "
            f"{counted(len(written), 'file')}, {size / 1e6:.1f} MB, in {opened.inbox}",
        )
    )
    click.echo(say(f"下一步：innostat run --home {home}", f"Next: innostat run --home {home}"))
    return 0
