"""`innostat explain`: how a published number came to be.

Here: the options, and putting together what the release says with the records behind it. Not here: reading the release
(publication.explain), counting again (remake), the screen (explain_screen).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration import standing
from orchestration.cli.common import command as make
from orchestration.cli.common import print_json
from orchestration.home import Home, open_home
from orchestration.messages import Stop, say

if TYPE_CHECKING:
    from publication.explain import Explanation

_SHOWN = 20


@make(
    "explain",
    "一个已公布数字的来历：定义、各项计数、背后的企业或记录、所在文件与行。",
    "How a published number came to be: definition, counts, the enterprises or records behind it, files and rows.",
    (
        "explain H1 --area 340100 --period 2025",
        "explain T02-1 --period 2026 --reading A",
        "explain T07-1 --json --limit 0",
        "explain H2 --confidential",
    ),
    with_json=True,
)
@click.argument("indicator")
@click.option("--area", default="340000", show_default=True, help=say("地区代码", "Area code"))
@click.option(
    "--period",
    help=say(
        "2025、2025-Q1、2025-09 或 2025-W12（否则最近一年）",
        "2025, 2025-Q1, 2025-09 or 2025-W12 (else the last year)",
    ),
)
@click.option("--reading", help=say("口径，如 CY、PY-admin、A、net", "Reading, such as CY, PY-admin, A, net"))
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_SHOWN,
    show_default=True,
    help=say("最多列出多少条，0 为全部", "How many records to list, 0 for all"),
)
@click.option(
    "--confidential",
    is_flag=True,
    help=say(
        "另列统计用途的逐户状态（须有权读取 confidential.duckdb）",
        "Also statuses in statistical use, enterprise by enterprise (if you may read confidential.duckdb)",
    ),
)
def command(
    home: Path,
    indicator: str,
    area: str,
    period: str | None,
    reading: str | None,
    limit: int,
    confidential: bool,
    as_json: bool,
) -> int:
    """Explain one figure of the current release."""
    from publication.errors import ExplainError
    from publication.explain import Asked, explain

    opened = open_home(home)
    try:
        with standing.reading(opened) as release:
            found = explain(release, Asked(indicator, area, period, reading), confidential)
    except ExplainError as error:
        raise Stop(2, error.code, error.zh, error.en) from error
    told = asdict(found) | {"records": _records(opened, release, found, reading)}
    if as_json:
        print_json(_cut(told, limit))
    else:
        from orchestration.explain_screen import show

        show(told, limit)
    return 0


def _records(home: Home, release: Path, found: Explanation, reading: str | None) -> dict[str, Any] | None:
    """What a task indicator counted; None where enterprises stand behind the figure, or other figures."""
    if found.obligations:
        return None
    from orchestration import counted, dbt_runner, remake

    manifest = dbt_runner.manifest(home)
    model = remake.model_of(manifest, found.indicator["indicator_id"])
    if model is None:
        return None
    click.echo(say("正在从原始库重新计数……", "counting again from the raw store …"), err=True)
    wanted = counted.Wanted(found.indicator["indicator_id"], found.area["code"], found.period, reading)
    records = remake.records_behind(home, remake.load_manifest(release), manifest, model, wanted)
    told = asdict(records)
    told["complete"] = _is_complete(told["counts"], found.values)
    return told


def _is_complete(counts: list[dict[str, Any]], values: list[dict[str, Any]]) -> bool:
    """Whether the administrative sources alone come to every number that the release has; nothing found is none."""
    again = {(one["measure"], one["reading"], one["category"]): one["numerator"] for one in counts}
    return all(
        again.get((one["measure"], one["reading"], one["category"]), 0) == one["numerator"]
        for one in values
        if one["numerator"] is not None
    )


def _cut(told: dict[str, Any], limit: int) -> dict[str, Any]:
    """The result with its lists no longer than the limit, and how many there were."""
    if told["records"] is not None:
        told["records"]["n_records"] = len(told["records"]["records"])
        told["records"]["records"] = told["records"]["records"][: limit or None]
    told["n_enterprises"] = len(told["enterprises"])
    told["enterprises"] = told["enterprises"][: limit or None]
    if told["confidential"] is not None:
        told["n_confidential"] = len(told["confidential"])
        told["confidential"] = told["confidential"][: limit or None]
    return told
