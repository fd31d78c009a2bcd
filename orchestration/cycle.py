"""The stages of a run as plain functions; each leaves evidence, by which alone the gate decides.

Here: the calls into ingestion, dbt, quality and publication. Not here: Dagster (assets.py), screen.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from orchestration import comparison, lineage, records, summary
from orchestration.acts import freezes, read_acts
from orchestration.beside import receipts_of
from orchestration.environment import SEEDS
from orchestration.messages import Stop, counted
from orchestration.progress import log
from orchestration.records import write_json
from orchestration.run import Run
from orchestration.stages import boundary
from quality.evidence import Evidence, NodeState, read_evidence, write_evidence
from quality.verdict import Reason, decide

if TYPE_CHECKING:
    from ingestion.inbox import InboxFile
    from ingestion.intake import Intake

# The gate expects these of every run, besides what dbt's manifest and checks.yml expect.
_STAGES = ("take_in", "settle", "disclose")


def take_in(run: Run) -> None:
    """Keep the inbox's new files, record them, and make typed rows of every delivery that has none yet."""
    with run.stage("take_in", "taken_in"):
        boundary("inbox_scanned")
        intake = _take_in(run, run.news.files)
        boundary("typed")
        run.summary["problems"] = [vars(one) for one in (*run.news.scan.problems, *intake.problems)]
        run.summary["sources"] = summary.taken(intake)
        _leave(run, "take_in")
        rows = sum(one.receipt.rows_read for one in intake.taken if one.delivery.run_id == run.run_id)
        run.progress.result(
            f"新文件 {len(intake.new)} 个，{rows:,} 行",
            f"{counted(len(intake.new), 'new file')}, {counted(rows, 'row')}",
        )


def _take_in(run: Run, files: Sequence[InboxFile]) -> Intake:
    from ingestion import intake
    from ingestion.contract import load_contracts
    from ingestion.reference import Reference

    on_record = False

    def progress(done: int, total: int, name: str) -> None:
        nonlocal on_record
        if not on_record:  # it first speaks when the new files are safe and on record
            on_record = True
            boundary("ledger_written")
        log.info("typing %s of %s: %s", done, total, name)
        run.progress.tell(f"{done}/{total} {name}")

    run.intake = intake.take_in(
        run.home.root,
        load_contracts(),
        Reference(SEEDS, run.settings.run.engine),
        files,
        run_id=run.run_id,
        run_seq=run.run_seq,
        as_of=run.as_of,
        progress=progress,
    )
    return run.intake


def settle(run: Run) -> None:
    """Work out what holds at the as-of date into schema raw of a fresh database."""
    from ingestion.contract import load_contracts
    from ingestion.decisions import DecisionError
    from ingestion.receipts import set_aside
    from ingestion.reference import Reference
    from ingestion.settle import RunSetting
    from ingestion.settle import settle as settle_into
    from orchestration import frozen
    from publication.first_published import hand_on

    run.builder()
    # Materialised without its sources, this stage works on what earlier runs took in.
    intake = run.intake or _take_in(run, [])
    with run.stage("settle", "settled"):
        run.database.parent.mkdir(parents=True)
        setting = RunSetting(
            run_id=run.run_id,
            run_seq=run.run_seq,
            as_of=run.as_of,
            first_year=run.settings.coverage.first_year,
            policy_version=run.settings.policy.version,
            complete=run.settings.complete.model_dump(),
        )
        with run.connect() as con:
            try:
                settle_into(
                    con,
                    run.home.root,
                    load_contracts(),
                    intake.taken,
                    setting,
                    run.progress.tell,
                    Reference(SEEDS, run.settings.run.engine),
                )
                frozen.fill(con, run.home, freezes(read_acts(run.home), run.as_of))
            except DecisionError as error:
                refuse(run, (Reason("decisions", "", error.zh, error.en, *_MEND_DECISIONS),))
            if (earlier := records.released_before(run.home, run.as_of)) is not None:
                hand_on(con, earlier)
            run.summary |= summary.settled(con)
            set_aside(con, told := run.database.with_name("receipts.duckdb"))
        run.receipts = receipts_of(run, told, intake.taken)
        _leave(run, "settle")
        waiting, bad = run.summary["unlinked"], sum(one["quarantined"] for one in run.summary["deliveries"])
        run.progress.result(
            f"隔离 {bad:,} 行，待关联 {waiting:,} 行",
            f"{counted(bad, 'row')} quarantined, {waiting:,} without a code",
        )


def build(run: Run, manifest: Mapping[str, Any]) -> None:
    """Let dbt build every table and test it; a failed node is evidence, not an exception."""
    from quality.dbt_results import from_dbt, row_counts

    with run.stage("build", "built"):
        total = sum(node["resource_type"] in ("seed", "model", "test") for node in manifest["nodes"].values())
        done = 0

        def finished(name: str, status: str, seconds: float) -> None:
            nonlocal done
            done += 1
            log.info("dbt %s: %s, %.2f s", name, status, seconds)
            run.progress.tell(f"{done}/{total} {name}")

        run.warm()  # imports on the core that dbt leaves idle
        results = run.builder().build(finished)
        if run.receipts is not None:
            run.receipts.result()
        states, outcomes = from_dbt(
            [asdict(one) for one in results], manifest, row_counts(run.database, manifest)
        )
        write_evidence(run.evidence, "build", Evidence(run.run_id, tuple(states), tuple(outcomes)))
        bad = sum(not state.succeeded for state in states)
        failed = sum(not outcome.passed for outcome in outcomes)
        run.progress.result(
            f"{len(states)} 个模型（{bad} 个出错），{len(outcomes)} 项测试（{failed} 项未通过）",
            f"{len(states)} models ({bad} failed), {len(outcomes)} tests ({failed} not passed)",
        )
    if bad:
        # Without its tables no check can ask anything: the gate says so of this run now.
        judge(run, manifest)


def disclose(run: Run, manifest: Mapping[str, Any]) -> None:
    """Disclosure control makes the public tables of the build."""
    from ingestion.contract import load_contracts
    from quality import disclosed_share
    from quality.disclosure import make_public

    with run.stage("disclose", "disclosed"):
        with run.connect() as con:
            make_public(con, run.settings.public)
            disclosed_share.fill(con)
            tables = lineage.tables_of(manifest, set(load_contracts()))
            run.summary |= summary.figures(con, {table.key: (table.schema, table.key[1]) for table in tables})
        _leave(run, "disclose")


def check(run: Run, manifest: Mapping[str, Any]) -> None:
    """Every check is put to the build; beside them its tables are written out."""
    from ingestion.contract import scope_columns
    from quality.sql_checks import run_sql_checks

    with run.stage("check", "checked"):
        if run.news.any:
            run.write_tables(manifest)
        checks, engine = _due(run), run.settings.run.engine
        with ThreadPoolExecutor(1) as beside:
            expectations = beside.submit(run.warm().ask, run.database, checks, engine)
            outcomes = run_sql_checks(
                checks, run.database, _previous(run), run.settings.gate, scope_columns(), engine
            )
            outcomes += expectations.result()
        write_evidence(run.evidence, "check", Evidence(run.run_id, (), tuple(outcomes)))
        failed = sum(not outcome.passed for outcome in outcomes)
        run.progress.result(
            f"{len(outcomes)} 项检查，{failed} 项未通过", f"{len(outcomes)} checks, {failed} not passed"
        )


def judge(run: Run, manifest: Mapping[str, Any]) -> None:
    """Decide by the evidence of this run alone; a refusal ends the run here, in words (interface 7)."""
    from quality.dbt_results import expected

    with run.stage("judge", "judged"):
        evidence = evidence_of(run)
        nodes, tests = expected(manifest)
        checks = {one.name for one in _due(run)}
        verdict = decide({*nodes, *_STAGES}, evidence.nodes, {*tests, *checks}, evidence.outcomes)
        write_json(run.folder / "verdict.json", asdict(verdict))
        run.summary["warnings"] = [asdict(reason) for reason in verdict.warnings]
        run.progress.result(*_VERDICTS[verdict.decision])
    if verdict.decision == "refuse":
        refuse(run, verdict.reasons)


def publish(run: Run, manifest: Mapping[str, Any]) -> None:
    """Write the candidate, and unless the gate holds it make it a release and then the current one."""
    from ingestion.contract import scope_columns
    from publication.candidate import complete
    from publication.releases import Releases

    if not run.news.any:
        run.conclude("nothing_new")  # somebody asked Dagster for a run that nobody needed
        return
    verdict = json.loads((run.folder / "verdict.json").read_bytes())
    evidence = evidence_of(run)
    with run.stage("write", "candidate_written"):
        facts = summary.release_facts(run, evidence.outcomes, verdict, scope_columns())
        against = comparison.against(run, facts, manifest)
        written = complete(run.candidate, run.write_tables(manifest).result(), facts, against)
        place = str(run.candidate.relative_to(run.home.root))
        run.progress.result(place, place)
    run.record.candidate_sha256 = written.manifest_sha256
    if verdict["decision"] == "hold":
        reasons = tuple(Reason(**reason) for reason in verdict["reasons"])
        _end(run, "held", reasons)
    releases = Releases(run.home.root)
    with run.stage("publish", "recorded"), run.committing:
        run.record.release = run.release_id
        records.save(run.home, run.record)
        releases.add(run.candidate, run.release_id)
        boundary("release_renamed")
        if not run.record.aside:
            releases.make_current(run.release_id)
        boundary("current_switched")
        run.conclude("published")
        run.progress.result(run.release_id, run.release_id)


def refuse(run: Run, reasons: tuple[Reason, ...]) -> None:
    """End the run as refused: the current release stands."""
    _end(run, "refused", reasons)


def evidence_of(run: Run) -> Evidence:
    """What this run's stages left behind."""
    return read_evidence(run.evidence, run.run_id)


_MEND_DECISIONS = (
    "请改正 decisions/ 下该文件中所列的行，再执行 innostat run。",
    "Correct the lines named in that file under decisions/, then run innostat run.",
)
_VERDICTS = {
    "publish": ("通过", "passed"),
    "hold": ("扣留待审", "held for review"),
    "refuse": ("拒绝", "refused"),
}


def _leave(run: Run, stage: str) -> None:
    write_evidence(run.evidence, stage, Evidence(run.run_id, (NodeState(stage, "success"),)))


def _end(run: Run, state: records.State, reasons: tuple[Reason, ...]) -> None:
    # What went wrong before what is therefore missing.
    reasons = tuple(sorted(reasons, key=lambda reason: reason.code.endswith("_missing")))
    run.record.reasons = [asdict(reason) for reason in reasons]
    run.conclude(state)
    report = summary.write_report(run)
    zh = "；".join(reason.zh for reason in reasons[:3])
    en = "; ".join(reason.en for reason in reasons[:3])
    raise Stop(3, state, zh, en, {"report": str(report)})


def _due(run: Run) -> Any:
    from quality.checks import due, load_checks

    return due(load_checks(), first_release=run.previous is None)


def _previous(run: Run) -> Any:
    from publication.releases import Releases
    from quality.sql_checks import Previous

    if run.previous is None:
        return None
    releases = Releases(run.home.root)
    return Previous(
        releases.path(run.previous) / "warehouse.duckdb", releases.manifest(run.previous)["settled_rows"]
    )
