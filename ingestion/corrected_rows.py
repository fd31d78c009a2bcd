"""The rows of one source that its corrections name: found, written for typing, and put into patched files.

Belongs here: the queries over typed and returned rows. Not here: the order of the steps (`correcting`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.contract import Column, Source
from ingestion.corrections import Correction
from ingestion.macros import identifier, literal
from ingestion.mark import shown_sql
from ingestion.rowsql import ACCEPTED
from ingestion.rules import row_rules
from ingestion.typed import RETURNED, ROWS
from ingestion.units import read_units

_NUMBERS = ("money", "decimal", "int")


@dataclass(frozen=True)
class Hit:
    """A row that a correction changed."""

    correction: Correction
    no: int  # of the delivery
    sheet: str
    row: int


class CorrectedRows:
    """The rows of one source that its corrections name, and what becomes of them."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        source: Source,
        files: list[dict[str, Any]],
        corrections: list[Correction],
    ) -> None:
        self._con, self.source, self._corrections = con, source, corrections
        self._names = [identifier(name) for name in source.columns]
        self._find(files)

    def _find(self, files: list[dict[str, Any]]) -> None:
        """Make `named`, the rows by key, and `hit`, those of them whose cell holds the wrong value."""
        con = self._con
        lines = [{"no": file["no"], "path": file["path"], "kept": f"{file['folder']}/{RETURNED}",
                  "accepted": file["accepted"], "quarantined": file["quarantined"]} for file in files]  # fmt: skip
        fields = [("no", pa.int64()), ("path", pa.string()), ("kept", pa.string()), ("accepted", pa.int64()),
                  ("quarantined", pa.int64())]  # fmt: skip
        con.register("file", pa.Table.from_pylist(lines, pa.schema(fields)))
        con.execute(f"CREATE TABLE named (id INTEGER, no BIGINT, _sheet VARCHAR, _row BIGINT, _units VARCHAR, "
                    f"_accepted BOOLEAN, {', '.join(f'{name} VARCHAR' for name in self._names)})")  # fmt: skip
        con.register(
            "correction",
            pa.table(
                {
                    "id": list(range(len(self._corrections))),
                    "column_name": [one.column for one in self._corrections],
                    "wrong": [one.wrong for one in self._corrections],
                    "right": [self._said(one) for one in self._corrections],
                }
            ),
        )
        by_key = sorted(enumerate(self._corrections), key=lambda pair: sorted(pair[1].key))
        for columns, group in groupby(by_key, key=lambda pair: sorted(pair[1].key)):
            self._by_key(columns, list(group), files)
        con.execute(f"""
            CREATE TABLE hit AS
            SELECT named.*, correction.column_name, correction."right"
            FROM named JOIN correction USING (id)
            WHERE CASE column_name {" ".join(f"WHEN {literal(c.name)} THEN {_same(c)}" for c in self.source.columns.values())}
                END""")

    def _by_key(
        self, columns: list[str], group: list[tuple[int, Correction]], files: list[dict[str, Any]]
    ) -> None:
        con, wanted = self._con, [self.source.columns[name] for name in columns]
        table = {"id": [number for number, _ in group]}
        keys = {f"k{i}": [one.key[name] for _, one in group] for i, name in enumerate(columns)}
        con.register("key", pa.table({**table, **keys}))
        match = " AND ".join(
            f"{_form(c, f'present.{identifier(c.name)}')} = {_form(c, f'key.k{i}')}"
            for i, c in enumerate(wanted)
        )
        shown = ", ".join(f"{shown_sql(c)} AS {identifier(c.name)}" for c in self.source.columns.values())
        money = ";".join(sorted(f"{c.name}=元" for c in self.source.columns.values() if c.type == "money"))
        parts, given = [], dict[str, list[str]]()
        if typed := [file["path"] for file in files if file["accepted"]]:
            given["typed"] = typed
            parts.append(f"""
                SELECT file.no, _sheet, _row, {literal(money)} AS _units, true AS _accepted, {shown}
                FROM read_parquet($typed, filename => true) AS typed JOIN file ON file.path = typed.filename
                WHERE typed.{ACCEPTED}""")
        if kept := [f"{file['folder']}/{RETURNED}" for file in files if file["quarantined"]]:
            given["kept"] = kept
            parts.append(f"""
                SELECT file.no, _sheet, _row, coalesce(_units, ''), false, {", ".join(self._names)}
                FROM read_parquet($kept, filename => true) AS kept JOIN file ON file.kept = kept.filename""")
        if parts:
            cells = ", ".join(f"present.{name}" for name in self._names)
            con.execute(
                f"""
                INSERT INTO named SELECT key.id, no, _sheet, _row, _units, _accepted, {cells}
                FROM ({" UNION ALL ".join(parts)}) AS present JOIN key ON {match}""",
                given,
            )

    def _said(self, one: Correction) -> str:
        """The right value as a cell says it: money is in yuan whatever the unit of the file."""
        money = self.source.columns[one.column].type == "money"
        return (
            f"{one.right}元" if money and re.fullmatch(r"-?[0-9][0-9,]*(\.[0-9]+)?", one.right) else one.right
        )

    def hits(self) -> list[Hit]:
        """The rows that change."""
        rows = self._con.execute("SELECT id, no, _sheet, _row FROM hit ORDER BY ALL").fetchall()
        return [Hit(self._corrections[number], no, sheet, row) for number, no, sheet, row in rows]

    def missed(self) -> list[tuple[int, str, str]]:
        """The corrections that find no cell to change, with what stands there instead."""
        cases = " ".join(f"WHEN {literal(n)} THEN {identifier(n)}" for n in self.source.columns)
        rows = self._con.execute(f"""
            SELECT correction.id, list(DISTINCT CASE column_name {cases} END) FILTER (named.id IS NOT NULL)
            FROM correction LEFT JOIN named USING (id)
            WHERE correction.id NOT IN (SELECT id FROM hit)
            GROUP BY correction.id""").fetchall()
        return [_missed(self._corrections[number], values) for number, values in rows]

    def begin(self, no: int) -> None:
        """Make `changed`, the delivery's rows with all their corrections, and a place for what they come to."""
        self._con.execute(
            f"""
            CREATE OR REPLACE TABLE changed AS
            SELECT
                _sheet, _row, any_value(_units) AS _units, bool_or(_accepted) AS _accepted,
                list(column_name) AS _columns, list(id) AS _ids,
                row_number() OVER (PARTITION BY any_value(_units) ORDER BY _sheet, _row) AS _n,
                {", ".join(f"CASE WHEN bool_or(column_name = {literal(n)}) "
                           f'THEN max("right") FILTER (column_name = {literal(n)}) '
                           f"ELSE any_value({identifier(n)}) END AS {identifier(n)}" for n in self.source.columns)}
            FROM hit WHERE no = $no GROUP BY _sheet, _row""",
            {"no": no},
        )  # fmt: skip
        self._con.execute("DROP TABLE IF EXISTS fixed; DROP TABLE IF EXISTS said")

    def units(self) -> list[str]:
        """The units in which the changed rows stand."""
        rows = self._con.execute("SELECT DISTINCT _units FROM changed ORDER BY 1").fetchall()
        return [units for (units,) in rows]

    def write_corrected(self, units: str, path: Path) -> None:
        """Write the changed rows as a provider would: titles with their units, every cell as text."""
        said = read_units(units)
        titles = [
            f"{name} AS {identifier(column.name + (f'（{said[column.name]}）' if column.name in said else ''))}"
            for name, column in zip(self._names, self.source.columns.values(), strict=True)
        ]
        query = f"SELECT {', '.join(titles)} FROM changed WHERE _units = {literal(units)} ORDER BY _n"
        self._con.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)")

    def take(self, units: str, out: Path) -> list[tuple[int, str, str]]:
        """Keep the typed rows; the corrections of rows that are still not accepted, in words."""
        for table, name, which in (("fixed", ROWS, ACCEPTED), ("said", "issues.parquet", "true")):
            query = f"""
                SELECT found.* REPLACE (changed._sheet AS _sheet, changed._row AS _row)
                FROM (FROM read_parquet({literal(str(out / name))}) WHERE {which}) AS found
                JOIN changed ON changed._n = found._row AND changed._units = {literal(units)}"""
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {table} AS {query} LIMIT 0")
            self._con.execute(f"INSERT INTO {table} {query}")
        rules = row_rules()
        rows = self._con.execute("""
            SELECT DISTINCT unnest(changed._ids), said.rule, said.column_name, said."value"
            FROM changed JOIN said USING (_sheet, _row) WHERE said.severity = 'quarantine'""").fetchall()
        return [
            (
                self._corrections[number].line,
                f"改正后该行仍不能采用：{column}“{value}”{rules[rule].zh}",
                f"corrected, the row is still not accepted: {column} '{value}': {rules[rule].en}",
            )
            for number, rule, column, value in rows
        ]

    def patch(self, file: Mapping[str, Any], folder: Path) -> int:
        """Write the delivery's files with the changed rows in them; how many rows left quarantine."""
        columns = [*self._names, "_sheet", "_row"]
        cells = [
            f"CASE WHEN list_contains(changed._columns, {literal(n)}) THEN fixed.{i} ELSE typed.{i} END AS {i}"
            for n, i in zip(self.source.columns, self._names, strict=True)
        ]
        parts = [f"""
            SELECT {", ".join(f"fixed.{name}" for name in columns)}, 9223372036854775807 AS _line
            FROM fixed JOIN changed USING (_sheet, _row) WHERE NOT changed._accepted"""]  # fmt: skip
        if file["accepted"]:
            parts.insert(0, f"""
                SELECT {", ".join(cells)}, typed._sheet, typed._row, typed.file_row_number AS _line
                FROM read_parquet({literal(file["path"])}, file_row_number => true) AS typed
                LEFT JOIN changed USING (_sheet, _row) LEFT JOIN fixed USING (_sheet, _row)
                WHERE typed.{ACCEPTED}""")  # fmt: skip
        rows = f"""
            SELECT {", ".join(columns)}, NULL::BOOLEAN AS _out FROM ({" UNION ALL ".join(parts)})
            ORDER BY _line, _sheet, _row"""
        issues = f"""
            FROM read_parquet({literal(file["issues"])}) AS before ANTI JOIN changed USING (_sheet, _row)
            UNION ALL FROM said ORDER BY _sheet, _row, column_name, rule"""
        for query, name in ((rows, "rows"), (issues, "issues")):
            self._con.execute(
                f"COPY ({query}) TO {literal(str(folder / f'{name}.parquet'))} (FORMAT parquet)"
            )
        return int(self._con.execute("SELECT count(*) FROM changed WHERE NOT _accepted").fetchall()[0][0])


def _form(column: Column, cell: str) -> str:
    form = f"text_form({cell})"
    return f"regexp_replace(upper({form}), '[\\s-]', '', 'g')" if column.type == "uscc" else form


def _same(column: Column) -> str:
    """Whether the row's cell holds the wrong value: as text, and of an accepted row as the number that it is."""
    cell = f"named.{identifier(column.name)}"
    same = f"coalesce({_form(column, cell)}, '') = {_form(column, 'correction.wrong')}"
    if column.type not in _NUMBERS:
        return same
    wrong = "TRY_CAST(replace(correction.wrong, ',', '') AS DECIMAL(24,6))"
    return f"({same} OR (named._accepted AND TRY_CAST({cell} AS DECIMAL(24,6)) = {wrong}))"


def _missed(one: Correction, values: list[str | None] | None) -> tuple[int, str, str]:
    if values is None:
        return (
            one.line,
            f"{one.source} 中没有主键为“{one.key_text}”的行；请核对，或删去这一行",
            f"{one.source} has no row of the key '{one.key_text}'; check it, or delete this line",
        )
    shown = "、".join(sorted(value or "（空）" for value in values)[:3])
    return (
        one.line,
        f"{one.key_text} 的 {one.column} 现为“{shown}”，不是“{one.wrong}”：此更正已无对象，请删去或改正这一行",
        f"{one.column} of {one.key_text} is now '{shown}', not '{one.wrong}': nothing to correct any more; delete this line",
    )
