"""Changing the cells that people corrected: from the typed files of the deliveries to patched ones beside them.

Belongs here: the order of the steps, what is refused, what is put on record. Not here: the lines of the file
(`corrections`), the queries (`corrected_rows`), which rows hold (`settle`). Typed files themselves are a function of
what was delivered and are never changed. A right value goes through the same rules as a delivered cell; what it cures
leaves quarantine.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from ingestion import links
from ingestion.contract import Source
from ingestion.corrected_rows import CorrectedRows, Hit
from ingestion.corrections import Correction, unusable
from ingestion.intake import Taken
from ingestion.macros import identifier
from ingestion.reference import Reference
from ingestion.typed import ROWS, type_delivery

TABLE = """
    CREATE TABLE raw.correction (
        source VARCHAR, key VARCHAR, column_name VARCHAR, wrong_value VARCHAR, right_value VARCHAR, reason VARCHAR,
        decided_by VARCHAR, decided_on DATE, file VARCHAR, sheet VARCHAR, "row" BIGINT, purpose VARCHAR)"""
_RECORD = """
    INSERT INTO raw.correction
    SELECT
        given.source, key, column_name, wrong_value, right_value, reason, decided_by, decided_on,
        file.name, sheet, "row", file.purpose
    FROM given JOIN settling.correction_hit AS hit USING (line) JOIN settling.file AS file USING (no)
    WHERE hit.holds
    ORDER BY ALL"""
_IDLE = """
    SELECT line, any_value(key) FROM given LEFT JOIN settling.correction_hit AS hit USING (line)
    GROUP BY line HAVING bool_or(hit.holds) IS NOT TRUE ORDER BY line"""


class Correcting:
    """The corrections of one run, source by source."""

    def __init__(self, home: Path, taken: Iterable[Taken], reference: Reference | None) -> None:
        self._path = home / "decisions" / "corrections.csv"
        self._scratch = home / "warehouse" / "typed" / ".corrected"
        self._taken = {one.delivery.delivery_id: one for one in taken}
        self._reference = reference
        self._noting = Lock()  # sources are settled side by side
        shutil.rmtree(self._scratch, ignore_errors=True)  # of the run before

    def apply(
        self, corrections: Sequence[Correction], contracts: Mapping[str, Source], files: list[dict[str, Any]]
    ) -> list[Hit]:
        """Patch the files of these deliveries (`path`, `issues` and counts of their entries); the rows that changed.

        Raises DecisionError for every correction that finds nothing, or whose right value is not accepted.
        """
        hits: list[Hit] = []
        wrong: list[tuple[int, str, str]] = []
        ordered = sorted(corrections, key=lambda one: one.source)
        for name, group in groupby(ordered, key=lambda one: one.source):
            mine = [
                file
                for file in files
                if file["source"] == name and file["rows_read"] and not file["is_delete"]
            ]
            with duckdb.connect() as con, links.sql_functions(con):
                found = CorrectedRows(con, contracts[name], mine, list(group))
                hits += found.hits()
                wrong += found.missed()
                for file in mine:
                    if any(hit.no == file["no"] for hit in hits):
                        wrong += self._patch(found, file)
        if wrong:
            raise unusable(self._path, wrong)
        return hits

    def register(self, con: duckdb.DuckDBPyConnection, hits: Iterable[Hit]) -> None:
        """Make raw.correction and settling.correction_hit of the build database."""
        con.execute(TABLE)
        rows = [
            {"line": hit.correction.line, "no": hit.no, "sheet": hit.sheet, "row": hit.row} for hit in hits
        ]
        fields = [("line", pa.int64()), ("no", pa.int64()), ("sheet", pa.string()), ("row", pa.int64())]
        con.register("given", pa.Table.from_pylist(rows, pa.schema(fields)))
        con.execute("CREATE OR REPLACE TABLE settling.correction_hit AS SELECT *, false AS holds FROM given")
        con.unregister("given")
        self._sources = {hit.correction.source for hit in hits}

    def see_what_holds(self, con: duckdb.DuckDBPyConnection, source: Source) -> None:
        """Note which of the changed rows are among those that hold; `con` has just settled the source."""
        if source.name not in self._sources:
            return
        with self._noting:
            con.execute(
                f"""
                UPDATE settling.correction_hit SET holds = true FROM settling.file
                WHERE file.no = correction_hit.no AND file.source = $source AND (
                    (file.delivery_id, sheet, "row")
                        IN (SELECT _delivery_id, _sheet, _row FROM raw.{identifier(source.name)})
                    OR (file.no, sheet, "row") IN (SELECT _no, _sheet, _row FROM temp.twin_of_another)
                )""",
                {"source": source.name},
            )

    def conclude(self, con: duckdb.DuckDBPyConnection, corrections: Iterable[Correction]) -> None:
        """Put on record what was changed; a correction all of whose rows were superseded is refused."""
        given = [
            {
                "line": one.line, "source": one.source, "key": one.key_text, "column_name": one.column,
                "wrong_value": one.wrong, "right_value": one.right, "reason": one.reason,
                "decided_by": one.decided_by, "decided_on": one.decided_on,
            }
            for one in corrections
        ]  # fmt: skip
        if not given:
            return
        con.register("given", pa.Table.from_pylist(given))
        con.execute(_RECORD)
        idle = con.execute(_IDLE).fetchall()
        con.unregister("given")
        if idle:
            raise unusable(
                self._path,
                [
                    (
                        line,
                        f"{key}：后来的报送已取代被更正的行，此更正不再起作用，请删去这一行",
                        f"{key}: a later delivery has replaced the corrected row, so this corrects nothing; delete this line",
                    )
                    for line, key in idle
                ],
            )

    def _patch(self, found: CorrectedRows, file: dict[str, Any]) -> list[tuple[int, str, str]]:
        """Type the changed rows of one delivery again and write its files anew."""
        wrong: list[tuple[int, str, str]] = []
        folder = self._scratch / file["delivery_id"]
        folder.mkdir(parents=True)
        found.begin(file["no"])
        for number, units in enumerate(found.units()):
            given = folder / f"{number}.parquet"
            found.write_corrected(units, given)
            delivery = replace(
                self._taken[file["delivery_id"]].delivery, sidecar=None, delivery_id="correction"
            )
            out = folder / str(number)
            if self._reference is None:
                raise ValueError("corrections need the code lists (reference)")
            receipt = type_delivery(delivery, found.source, given, self._reference, out)
            if receipt.refused is not None:
                raise AssertionError(f"corrected rows of {file['name']} were refused: {receipt.refused.en}")
            wrong += found.take(units, out)
        if not wrong:
            cured = found.patch(file, folder)
            file["path"], file["issues"] = str(folder / ROWS), str(folder / "issues.parquet")
            file["accepted"] += cured
            file["quarantined"] -= cured
        return wrong
