"""`innostat approve`: publish a candidate that the gate held, after a person has looked at it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from orchestration.cli.common import command as make
from orchestration.cli.common import print_json, signed
from orchestration.cli.usage import BadValueError
from orchestration.home import open_home
from orchestration.messages import say

_SHA = "5f2c…(64)"


class Sha256(click.ParamType[str]):
    """A SHA-256 as 64 hexadecimal digits."""

    name = "sha256"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The hash in lower case, or a word about what is none."""
        if not re.fullmatch(r"[0-9a-fA-F]{64}", str(value)):
            raise BadValueError(
                f"“{value}”不是 64 位十六进制的 SHA-256", f"'{value}' is no SHA-256 of 64 digits", param, ctx
            )
        return str(value).lower()


@make(
    "approve",
    "批准一个被关口扣留的候选发布：恰是清单哈希相符的那一个。也可恢复被回退的发布。",
    "Publish a candidate that the gate held: exactly the one whose manifest has this hash."
    " A release that was rolled back is brought back the same way.",
    (
        f"approve r000012 --manifest {_SHA} --by 张三 --reason 已与企业核实",
        f'approve r000012-2026-11-23 --manifest {_SHA} --by "Li Si" --reason "checked with the city"',
    ),
    with_json=True,
)
@click.argument("candidate")
@click.option(
    "--manifest",
    "sha256",
    required=True,
    type=Sha256(),
    metavar="SHA256",
    help=say("候选清单 manifest.json 的 SHA-256", "SHA-256 of the candidate's manifest.json"),
)
@signed
def command(home: Path, as_json: bool, candidate: str, sha256: str, by: str, reason: str) -> int:
    """Approve it, and say which release stands now."""
    from orchestration.approvals import approve

    done = approve(open_home(home), candidate, sha256, by, reason)
    if as_json:
        print_json(done)
        return 0
    release = done["release"]
    click.echo(
        say(
            f"✓ 已批准并发布 {release}（{by}：{reason}）",
            f"✓ approved and published {release} ({by}: {reason})",
        )
    )
    if done["aside"]:
        click.echo(
            say("其参考日较早，现行发布不变。", "It is of an earlier date: the current release stands.")
        )
    return 0
