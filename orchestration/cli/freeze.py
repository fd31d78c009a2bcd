"""`innostat freeze`: the figures of a finished year become final."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json, signed
from orchestration.home import open_home
from orchestration.messages import say


@make(
    "freeze",
    "将某一已结束年份的数字定稿，以现行发布为准；此后的变动作为修订扣留，经 approve 批准才发布。",
    "Make a finished year's figures final, as the current release has them. What changes them later is held as"
    " an amendment for approve.",
    (
        "freeze 2025 --by 张三 --reason 年报已审定",
        'freeze 2025 --by "Li Si" --reason "annual report adopted"',
    ),
    with_json=True,
)
@click.argument("year", type=click.IntRange(1990, 2100))
@signed
def command(home: Path, as_json: bool, year: int, by: str, reason: str) -> int:
    """Record it, and say what follows."""
    from orchestration.approvals import freeze

    done = freeze(open_home(home), year, by, reason)
    if as_json:
        print_json(done)
        return 0
    release = done["release"]
    click.echo(
        say(
            f"✓ {year} 年的数字已定稿，以发布 {release} 为准。",
            f"✓ {year} is final, as release {release} has it.",
        )
    )
    click.echo(
        say(
            "下一次 innostat run 起标为 F（最终）；此后不同的数字标为 C（修订），须经 innostat approve 批准。",
            "From the next innostat run on its vintage is F; a figure that differs later is C and needs innostat approve.",
        )
    )
    return 0
