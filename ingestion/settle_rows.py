"""The SQL of a source's rows before anything is decided: as they were typed, linked, and with their keys.

Belongs here: what a contract says about rows, links and keys, as queries. Does not belong here: which rows
hold (`settle_sql`), running anything (`settle`). No data ever becomes part of a query: `$files` is bound to
the typed files of the source, and settling.file says of each of them what the delivery was.

A row is named by its delivery's number and its line in the typed file (`_no`, `_line`). A moment is the place
of (delivered_on, run_seq) in the order of the source's deliveries, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.contract import Source
from ingestion.macros import identifier
from ingestion.rowsql import ACCEPTED

_SQL_TYPES = {
    "int": "BIGINT",
    "decimal": "DECIMAL(24,6)",
    "money": "DECIMAL(24,6)",
    "bool": "BOOLEAN",
    "date": "DATE",
    "month": "DATE",
    "year": "INTEGER",
    "list": "VARCHAR[]",
}


class RowSql:
    """The queries of one source's rows."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.types = {name: _SQL_TYPES.get(c.type, "VARCHAR") for name, c in source.columns.items()}
        self.table = f"raw.{identifier(source.name)}"
        self.link = next(iter(source.links.items()), None)
        self.listed = self.link is not None and self.types[self.link[0]] == "VARCHAR[]"
        self._alternative = source.alternative_key
        self._keys = self._key_parts()

    def empty(self) -> str:
        """Make the source's table, without rows."""
        columns = ", ".join(f"{identifier(name)} {sql_type}" for name, sql_type in self.types.items())
        return f"""
            CREATE TABLE {self.table} (
                {columns},
                _delivery_id VARCHAR, _delivered_on DATE, _run_seq INTEGER, _sheet VARCHAR, _row BIGINT,
                _statistical BOOLEAN, _administrative BOOLEAN, _linked BOOLEAN, _name_key VARCHAR
            )"""

    def _typed(self) -> str:
        columns = ", ".join(
            f"CAST(typed.{identifier(name)} AS {sql_type}) AS {identifier(name)}"
            for name, sql_type in self.types.items()
        )
        whole = "AND typed.consolidated IS NOT TRUE" if "consolidated" in self.types else ""
        return f"""
            SELECT
                {columns}, typed._sheet, typed._row, typed.file_row_number AS _line,
                file.no AS _no, file.moment AS _moment, file.is_delete AS _delete, file.is_full AS _full,
                file.is_full OR file.corrects AS _whole, file.administrative AS _admin
            FROM read_parquet($files, filename => true, file_row_number => true) AS typed
            JOIN settling.file ON file.path = typed.filename
            WHERE typed.{ACCEPTED} {whole}"""

    # -- links ----------------------------------------------------------------------------------------------

    def names_without_code(self) -> str | None:
        """The names (column `name`) that stand where no code does; None for a source without such a pair."""
        if self.link is None:
            return None
        target, name = map(identifier, self.link)
        if not self.listed:
            return f"""
                SELECT {name} AS name FROM ({self._typed()})
                WHERE {target} IS NULL AND {name} IS NOT NULL"""
        return f"""
            SELECT name FROM (
                SELECT unnest({name}) AS name, unnest(range(1, len({name}) + 1)) AS place, {target} AS codes
                FROM ({self._typed()})
            ) WHERE codes[place] IS NULL AND name IS NOT NULL"""

    def resolve_places(self) -> Iterator[str]:
        """For a list of holders: make temp.resolved, the codes place by place of rows that lacked some."""
        if not self.listed or self.link is None:
            return
        codes, names = map(identifier, self.link)
        yield f"""
            CREATE OR REPLACE TEMP TABLE resolved AS
            WITH
            place AS (
                SELECT
                    _no, _line, {codes} AS codes, {names} AS names,
                    unnest(range(1, greatest(len({names}), len(coalesce({codes}, []))) + 1)) AS place
                FROM ({self._typed()})
                WHERE len(list_filter(coalesce({codes}, []), lambda code: code IS NOT NULL)) < len({names})
            )
            SELECT
                _no, _line,
                list(coalesce(codes[place], link.uscc) ORDER BY place) AS codes,
                bool_or(codes[place] IS NULL AND link.uscc IS NULL AND link.candidates > 1) IS TRUE AS waits
            FROM place
            LEFT JOIN temp.link ON link.name = CASE WHEN codes[place] IS NULL THEN names[place] END
            GROUP BY _no, _line
            HAVING bool_or(codes[place] IS NULL AND (link.uscc IS NOT NULL OR link.candidates > 1))"""

    def _linked(self) -> str:
        if self.link is None:
            return "SELECT *, false AS _waits, NULL AS _name_form FROM typed"
        target, name = map(identifier, self.link)
        if self.listed:
            return f"""
                SELECT
                    typed.* REPLACE (coalesce(resolved.codes, typed.{target}) AS {target}),
                    resolved.waits IS TRUE AS _waits, NULL AS _name_form
                FROM typed LEFT JOIN temp.resolved USING (_no, _line)"""
        return f"""
            SELECT
                typed.* REPLACE (coalesce(typed.{target}, link.uscc) AS {target}),
                typed.{target} IS NULL AND link.uscc IS NULL AND typed.{name} IS NOT NULL AS _waits,
                link.name_form AS _name_form
            FROM typed
            LEFT JOIN temp.link ON link.name = CASE WHEN typed.{target} IS NULL THEN typed.{name} END"""

    # -- keys -----------------------------------------------------------------------------------------------

    def rows(self) -> str:
        """Common table expressions that end in `keyed`: linked rows with their key as _k0, _k1 …

        `_open` says that only a name stands for the enterprise in the key, `_scope` what a full delivery of
        the row would replace.
        """
        keys = ", ".join(f"{part} AS _k{number}" for number, part in enumerate(self._keys))
        scope = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in self.source.scope)
        return f"""
            WITH
            typed AS ({self._typed()}),
            linked AS ({self._linked()}),
            keyed AS (SELECT *, {keys}, {self._open()} AS _open, [{scope}]::VARCHAR[] AS _scope FROM linked)
            """

    def key(self, relation: str) -> str:
        """The key's columns out of a relation."""
        return ", ".join(f"{relation}._k{number}" for number in range(len(self._keys)))

    def same_key(self, left: str, right: str) -> str:
        """The condition that two rows have one key: a blank part equals a blank part."""
        numbers = range(len(self._keys))
        return " AND ".join(f"{left}._k{n} IS NOT DISTINCT FROM {right}._k{n}" for n in numbers)

    def compared(self, name: str) -> str:
        """A column as it is compared between rows. In all other types, what typing left is canonical."""
        kind = self.source.columns[name].type
        if kind == "text":
            return f"text_form({identifier(name)})"
        if kind == "list":
            places = f"list_transform({identifier(name)}, lambda place: coalesce(place, ''))"
            return f"text_form(array_to_string({places}, chr(31)))"
        return identifier(name)

    def _key_parts(self) -> list[str]:
        usual = [self._key_part(name) for name in self.source.keys]
        if not self._alternative:
            return usual
        filled = self._alternative_filled()
        other = [f"CASE WHEN {filled} THEN {self._key_part(name)} END" for name in self._alternative]
        return other + [f"CASE WHEN {filled} THEN NULL ELSE {part} END" for part in usual]

    def _key_part(self, name: str) -> str:
        if self.link is not None and name == self.link[0] and not self.listed:
            return f"coalesce({identifier(name)}, 'name:' || _name_form)"
        return self.compared(name)

    def _alternative_filled(self) -> str:
        return "(" + " AND ".join(f"{identifier(name)} IS NOT NULL" for name in self._alternative) + ")"

    def _open(self) -> str:
        # A contract with an alternative key lets the name itself stand for the enterprise (sources.yml, enterprise_title).
        if self.link is None or self.link[0] not in self.source.keys or self._alternative:
            return "false"
        return "_waits"
