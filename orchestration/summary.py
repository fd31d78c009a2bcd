"""What a run is told by: counts of files and rows, the headline, reasons, what a release says about itself.

Here: collecting figures for the screen, the report and the manifest. Not here: how they look (screen.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.acts import freezes, read_acts
from orchestration.clock import shown
from orchestration.messages import say
from orchestration.run import Run

if TYPE_CHECKING:
    import duckdb

    from ingestion.intake import Intake
    from publication.candidate import Heading, ReleaseFacts
    from quality.evidence import Outcome

_COUNTS = ("rows_read", "accepted", "quarantined", "skipped")

# The headline (interface 4): the last finished year on its own revenue, the running one on last year's.
_HEADLINE = """
SELECT
  obligation, reference_year AS year, tier_basis, threshold_yuan, rate, rate_upper, n_asked, n_met, n_unknown,
  target_rate, path_rate, on_track, vintage
FROM main.coverage
WHERE purpose = 'statistical' AND dimension = 'province' AND member_code = '340000'
  AND tier_basis = CASE vintage WHEN 'N' THEN 'PY' ELSE 'CY' END
QUALIFY reference_year = max(reference_year) OVER (PARTITION BY vintage = 'N')
ORDER BY vintage = 'N', threshold_yuan
"""
_OUTSIDE = "SELECT count(DISTINCT uscc) FROM main.outside_register"


def taken(intake: Intake) -> dict[str, dict[str, int]]:
    """Files and rows of each source as typing left them, before files were held against each other."""
    sources: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("files", "refused", *_COUNTS), 0))
    for one in intake.taken:
        line = sources[one.delivery.source]
        line["files"] += 1
        line["refused"] += one.receipt.refused is not None
        for name in _COUNTS:
            line[name] += getattr(one.receipt, name)
    return dict(sources)


def settled(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Why rows were quarantined, the most frequent first, and how many wait for a code."""
    from ingestion.rules import row_rules

    rules = row_rules()
    reasons = con.execute(
        "SELECT rule, count(DISTINCT (source, file, sheet, row)) AS rows FROM raw.quarantined_row"
        " GROUP BY rule ORDER BY rows DESC, rule"
    ).fetchall()
    delivered = con.execute(
        "SELECT source, name, delivery_id, rows_read, rows_accepted, rows_quarantined, rows_skipped,"
        " refused_code IS NOT NULL FROM raw.delivery ORDER BY source, name, delivery_id"
    ).fetchall()
    unlinked = con.execute("SELECT count(*) FROM raw.unlinked_row").fetchall()[0][0]
    names = ("source", "name", "delivery_id", "read", "accepted", "quarantined", "skipped", "refused")
    return {
        "quarantine": [
            {"rule": rule, "zh": rules[rule].zh, "en": rules[rule].en, "rows": rows} for rule, rows in reasons
        ],
        "deliveries": [dict(zip(names, row, strict=True)) for row in delivered],
        "unlinked": unlinked,
    }


def figures(
    con: duckdb.DuckDBPyConnection, tables: Mapping[tuple[str, str], tuple[str, str]]
) -> dict[str, Any]:
    """The headline, the rows of each table (asset key → schema and name), and when a figure changes next."""
    headline = con.execute(_HEADLINE)
    names = [column[0] for column in headline.description]
    rows = [dict(zip(names, row, strict=True)) for row in headline.fetchall()]
    counted = {}
    for key, (schema, name) in tables.items():
        counted[key] = con.execute(f'SELECT count(*) FROM "{schema}"."{name}"').fetchall()[0][0]
    changes_on = con.execute("SELECT changes_on FROM intermediate.int_change_date").fetchall()
    enterprises = con.execute(
        "SELECT count(*), count(*) FILTER (status = '在库') FROM raw.enterprise_register"
        " WHERE frame_year = (SELECT max(frame_year) FROM raw.enterprise_register)"
    ).fetchall()
    return {
        "headline": [
            {**row, "threshold_yuan": int(row["threshold_yuan"])}
            | {k: _number(row[k]) for k in ("rate", "rate_upper", "target_rate", "path_rate")}
            for row in rows
        ],
        "tables": counted,
        "next_change_on": changes_on[0][0] if changes_on else None,
        "enterprises": enterprises[0][0],
        "enterprises_active": enterprises[0][1],
        "outside_register": con.execute(_OUTSIDE).fetchall()[0][0],
    }


def heading(run: Run) -> Heading:
    """What the release of this run is called."""
    from publication.candidate import Heading

    return Heading(run.release_id, run.as_of, run.settings.office.name)


def release_facts(
    run: Run, outcomes: Sequence[Outcome], verdict: Mapping[str, Any], scopes: Mapping[str, str]
) -> ReleaseFacts:
    """What the release says about itself and no table of the build knows."""
    from hashlib import sha256

    from ingestion.store import RawStore
    from publication.candidate import Input, ReleaseFacts
    from quality.sql_checks import settled_counts

    inputs = [
        Input(
            source=one.source,
            name=one.name,
            sha256=one.sha256,
            sidecar_sha256=sha256(one.sidecar.encode()).hexdigest() if one.sidecar is not None else None,
            delivered_on=one.delivered_on,
            delivery_id=one.delivery_id,
        )
        for one in RawStore(run.home.root).deliveries()
        if one.delivered_on <= run.as_of
    ]
    settled_rows: Mapping[str, Any] = settled_counts(run.database, scopes, run.settings.run.engine)
    return ReleaseFacts(
        heading=heading(run),
        run_id=run.run_id,
        code_version=run.news.code,
        inputs=inputs,
        settings=run.settings.model_dump(mode="json", exclude={"pull"}),
        definitions={"policy_version": run.settings.policy.version, "decisions": run.news.decisions},
        settled_rows=settled_rows,
        outcomes=outcomes,
        verdict=verdict,
        approvals=[act.told() for act in freezes(read_acts(run.home), run.as_of)],
        next_change_on=run.summary["next_change_on"],
        previous=run.previous,
    )


def write_report(run: Run) -> Path:
    """The reasons of a refusal or a hold as a text that a person can pass on."""
    path = run.folder / "report.txt"
    lines = [f"{run.run_id}  {run.record.as_of}  {run.record.state}", ""]
    for number, reason in enumerate(run.record.reasons, 1):
        lines += [
            f"{number}. {reason['zh']}",
            f"   → {reason['remedy_zh']}",
            f"   {reason['en']}",
            f"   → {reason['remedy_en']}",
            "",
        ]
    if run.record.state == "held":
        lines += [f"innostat {command_to_approve(run.run_id, run.record.candidate_sha256)}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def command_to_approve(run_id: str, sha256: str | None) -> str:
    """What a person types to approve this candidate and no other."""
    return f"approve {run_id} --manifest {sha256} --by {say('姓名', 'NAME')} --reason {say('理由', 'TEXT')}"


def withheld_words(act: dict[str, Any]) -> tuple[str, str]:
    """Why the same is not published again after a rollback."""
    return (
        f"{act['current']} 已由 {act['by']} 于 {shown(act['at'])[:10]} 回退（{act['reason']}）。在输入、决定、设置或程序改变之前"
        f"不会再次发布同样的内容；如要恢复，可用 innostat approve {act['current']}。",
        f"{act['current']} was rolled back by {act['by']} on {shown(act['at'])[:10]} ({act['reason']}). The same is not"
        " published again until inputs, decisions, settings or the program change; to have it back:"
        f" innostat approve {act['current']}.",
    )


def result(run: Run) -> dict[str, Any]:
    """The run as `innostat run --json` prints it and the closing screen shows it."""
    record, home = run.record, run.home
    published = record.state == "published"
    folder = home.releases / (record.release if record.aside and record.release else "current")
    return {
        "run": record.run_id,
        "state": record.state,
        "release": record.release if published else run.news.standing,
        "as_of": record.as_of,
        "aside": record.aside,
        "news": run.news.reasons,
        "withheld": run.news.withheld.told() if run.news.withheld else None,
        "candidate_sha256": record.candidate_sha256,
        "headline": run.summary.get("headline", []),
        "enterprises": run.summary.get("enterprises"),
        "enterprises_active": run.summary.get("enterprises_active"),
        "sources": run.summary.get("sources", {}),
        "deliveries": run.summary.get("deliveries", []),
        "quarantine": run.summary.get("quarantine", []),
        "unlinked": run.summary.get("unlinked"),
        "outside_register": run.summary.get("outside_register"),
        "problems": run.summary.get("problems", []),
        "warnings": run.summary.get("warnings", []),
        "reasons": record.reasons,
        "paths": {
            "release": str(folder),
            "run": str(run.folder),
            "report": str(run.folder / "report.txt") if record.reasons else None,
        },
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
