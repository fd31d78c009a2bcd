"""The SQL that settles one source: which of its rows contradict each other, which supersede, which hold.

Belongs here: these queries, each a step of `settle`. Does not belong here: the rows themselves
(`settle_rows`), running the queries, files, counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.contract import Source
from ingestion.macros import identifier, literal
from ingestion.settle_rows import RowSql

CONFLICT = "conflicting_rows"


class SourceSql(RowSql):
    """The queries of one source."""

    def __init__(
        self, source: Source, *, moments: int = 0, replaced: bool = False, deletes: bool = False
    ) -> None:
        """`moments`: how many the source has; `replaced`, `deletes`: whether some delivery does that."""
        super().__init__(source)
        self._superseded = moments > 1
        self._replaced = replaced
        self._deletes = deletes

    def clash(self) -> str:
        """Make temp.clash: the keys that come more than once at one moment. They are rare: ask first."""
        return f"""
            CREATE OR REPLACE TEMP TABLE clash AS {self.rows()}
            SELECT {self.key("keyed")}, _moment FROM keyed GROUP BY ALL HAVING count(*) > 1"""

    def steps(self, *, clashing: bool) -> Iterator[str]:
        """The statements from the typed files to the settled table; temp.link and temp.clash must exist."""
        if clashing:
            yield from self._twins()
        kept = "keyed ANTI JOIN temp.removed USING (_no, _line)" if clashing else "keyed"
        yield from self._supersede(kept)
        yield from self._whole(kept)
        yield self._settled(kept)

    # -- conflicts ------------------------------------------------------------------------------------------

    def _twins(self) -> Iterator[str]:
        """Make temp.twin, all rows that share key and moment with another, and temp.removed, those that go.

        Of rows that are the same in every column the first stays; rows that contradict each other all go.
        """
        compared = [self.compared(name) for name in self.types]
        cells = [f"_c{number}" for number in range(len(compared))]
        names = [literal(name) for name in self.types]
        shown = [
            f"rtrim(rtrim(CAST({cell} AS VARCHAR), '0'), '.')"
            if kind.startswith("DECIMAL")
            else f"CAST({cell} AS VARCHAR)"
            for cell, kind in zip(cells, self.types.values(), strict=True)
        ]
        titles = [literal(column.headers[0]) for column in self.source.columns.values()]
        # min and max pass over NULL: a value beside no value differs too.
        differing = ", ".join(
            f"CASE WHEN min({cell}) <> max({cell}) OR count({cell}) BETWEEN 1 AND count(*) - 1"
            f" THEN {name} END"
            for cell, name in zip(cells, names, strict=True)
        )
        yield f"""
            CREATE OR REPLACE TEMP TABLE twin AS {self.rows()}
            SELECT
                keyed._no, _line, _sheet, _row, _delete, _open, keyed._moment, {self.key("keyed")},
                {", ".join(f"{part} AS {cell}" for part, cell in zip(compared, cells, strict=True))}
            FROM keyed
            SEMI JOIN temp.clash ON {self.same_key("keyed", "clash")} AND keyed._moment = clash._moment"""
        yield f"""
            CREATE OR REPLACE TEMP TABLE removed AS
            WITH
            judged AS (
                SELECT
                    {self.key("twin")}, _moment,
                    CASE
                        WHEN bool_or(_open) OR bool_and(_delete) THEN []
                        WHEN bool_or(_delete) THEN ['mode']
                        ELSE list_filter([{differing}], lambda name: name IS NOT NULL)
                    END AS differing,
                    list(
                        concat_ws('/', file.name, nullif(_sheet, '')) || ':' || _row ORDER BY _no, _line
                    )[1:3] AS places,
                    min(_no || '/' || _line) AS clash
                FROM temp.twin JOIN settling.file ON file.no = twin._no
                GROUP BY {self.key("twin")}, _moment
            ),
            compared AS (
                SELECT
                    twin._no, twin._line, twin._sheet, twin._row, judged.differing, judged.places, judged.clash,
                    list_transform(
                        judged.differing, lambda name: {_case("name", names, titles)} ELSE '删除' END
                    ) AS titles,
                    len(judged.differing) > 0 AS conflict,
                    {_case("judged.differing[1]", names, shown)} END AS value,
                    row_number() OVER (
                        PARTITION BY {self.key("twin")}, twin._moment, {", ".join(cells)}
                        ORDER BY twin._no, twin._line
                    ) = 1 AS is_first
                FROM temp.twin
                JOIN judged ON {self.same_key("twin", "judged")} AND twin._moment = judged._moment
            )
            SELECT * FROM compared WHERE conflict OR NOT is_first"""

    # -- superseding ----------------------------------------------------------------------------------------

    def _supersede(self, kept: str) -> Iterator[str]:
        """Make temp.latest, the last word on each key spoken of more than once, in each use, and temp.floor.

        temp.floor has, for each scope that deliveries replace as a whole, the last one that did.
        """
        if self._superseded:
            yield f"""
                CREATE OR REPLACE TEMP TABLE latest AS {self.rows()}
                SELECT
                    {self.key("keyed")},
                    max(_moment) AS statistical, max(_moment) FILTER (_admin) AS administrative
                FROM {kept}
                GROUP BY {self.key("keyed")} HAVING count(*) > 1"""
        if self._replaced:
            yield f"""
                CREATE OR REPLACE TEMP TABLE floor AS {self.rows()}
                SELECT
                    _scope,
                    max(_moment) AS statistical, max(_moment) FILTER (_admin) AS administrative
                FROM {kept}
                WHERE _full AND NOT _delete
                GROUP BY _scope"""

    def _whole(self, kept: str) -> Iterator[str]:
        """Note the scopes that a delivery gave as a whole, in each use; single rows alone are no whole.

        A corrected receipt counts: it may be all that is left of a whole whose own rows were kept out.
        """
        if self.source.mode != "full":
            return
        yield f"""
            INSERT INTO raw.whole_delivery {self.rows()}
            SELECT DISTINCT
                $source,
                unnest(CASE WHEN _admin THEN ['statistical', 'administrative'] ELSE ['statistical'] END),
                array_to_string(_scope, '|')
            FROM {kept}
            WHERE _whole AND NOT _delete"""

    def _settled(self, kept: str) -> str:
        """Fill the source's table with the rows that hold in either use."""
        joins, holds = [], ["NOT _delete"]
        if self._superseded:
            joins.append(f"LEFT JOIN temp.latest ON {self.same_key('keyed', 'latest')}")
            holds.append("_moment = coalesce(latest.{use}, _moment)")
        if self._replaced:
            joins.append("LEFT JOIN temp.floor USING (_scope)")
            holds.append("_moment >= coalesce(floor.{use}, 0)")
        held = " AND ".join(holds)
        return f"""
            INSERT INTO {self.table} {self.rows()},
            holding AS (
                SELECT
                    keyed.*,
                    {held.format(use="statistical")} AS _statistical,
                    _admin AND {held.format(use="administrative")} AS _administrative
                FROM {kept}
                {" ".join(joins)}
            )
            SELECT
                {", ".join(f"holding.{identifier(name)}" for name in self.types)},
                file.delivery_id, file.delivered_on, file.run_seq, _sheet, _row,
                _statistical, _administrative, NOT _waits, CASE WHEN _waits THEN _name_form END
            FROM holding JOIN settling.file ON file.no = holding._no
            WHERE _statistical OR _administrative"""

    # -- who waits ------------------------------------------------------------------------------------------

    def waiting(self) -> Iterator[str]:
        """Note in settling.unlinked the names that wait: of rows that hold, and of rows that would end a key."""
        if self.link is None:
            return
        target, name = map(identifier, self.link)
        if self.listed:
            # Holders outside the register are no concern; one of several enterprises of this name is.
            yield f"""
                INSERT INTO settling.unlinked
                SELECT name, _sheet, _row, _delivery_id FROM (
                    SELECT unnest({name}) AS name, unnest({target}) AS code, _sheet, _row, _delivery_id
                    FROM {self.table} WHERE NOT _linked
                ) JOIN temp.link USING (name)
                WHERE code IS NULL AND link.candidates > 1"""
            return
        yield f"""
            INSERT INTO settling.unlinked
            SELECT {name}, _sheet, _row, _delivery_id FROM {self.table} WHERE NOT _linked"""
        if self._deletes:
            yield f"""
                INSERT INTO settling.unlinked {self.rows()}
                SELECT keyed.{name}, _sheet, _row, file.delivery_id
                FROM keyed JOIN settling.file ON file.no = keyed._no
                WHERE _delete AND _waits"""


def _case(subject: str, values: list[str], results: list[str]) -> str:
    whens = (f"WHEN {value} THEN {result}" for value, result in zip(values, results, strict=True))
    return f"CASE {subject} {' '.join(whens)}"
