"""The SQL statement that types the rows of one sheet, generated from its contract and its layout.

Belongs here: which rules a row breaks as a whole, and how the cells' expressions are put together. Does not belong
here: the expressions themselves (`cells`), which rows are data (`row_kind`), running them (`typist`, `typed`).
Values that come from a file or its sidecar (titles, constants, dates) arrive as columns; they are never part of
the statement, which is the same for all files of one form.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ingestion.cells import LENIENT, SQL_TYPE, WARNINGS, Names, cell_sql, quarantines
from ingestion.contract import Column, Source
from ingestion.header import Layout
from ingestion.hints import column_hint, hint_sql
from ingestion.macros import CONTROL, ERROR, FORMULA, identifier, literal, literals
from ingestion.plain_numbers import PLAIN
from ingestion.rules import row_rules

# Rules that a row breaks as a whole, with the column under which they are listed.
ROW_RULES = {"ragged_row": "", "consolidated": "consolidated", "abolished_without_date": "abolished_on"}
# The rows of a delivery of which there is something to say.
REMARKED = """
CREATE TEMP TABLE remarked (
    _sheet VARCHAR, _row BIGINT, _kind VARCHAR, _mark VARCHAR, _rules VARCHAR[], _cells VARCHAR[], _out BOOLEAN)"""
# They come from the stream `remark`, which gives typed rows.
REMARKS = """
INSERT INTO remarked
SELECT _sheet, _row, _remark[1][1], _remark[1][2], _remark[2], _remark[3], coalesce(_out, false)
FROM remark WHERE _remark IS NOT NULL"""
# Which typed rows are accepted: their files keep the others too, and whoever reads them asks.
ACCEPTED = "_out IS NULL"
OUT = "SELECT _sheet, _row FROM remarked WHERE _out"


@dataclass(frozen=True)
class Job:
    """All that the statement for one sheet depends on."""

    source: Source
    layout: Layout
    constants: Mapping[str, str]
    keys_only: bool  # a deletion lists keys and needs nothing else
    suspicious: bool = True  # whether cells are looked at for what cannot be a value
    mark: int | None = None  # the column that says which returned row a row answers

    def raw(self, column: Column) -> str | None:
        """The identifier of the column's cells as delivered, None where the file lacks the column."""
        if column.name in self.constants:
            return identifier(f"k:{column.name}")
        index = self.layout.columns.get(column.name)
        return None if index is None else f"c{index}"

    def is_required(self, column: Column) -> bool:
        """Whether a blank cell of this column alone keeps the row out."""
        return column.name in self.source.required_alone and (column.key or not self.keys_only)

    @property
    def pairs(self) -> dict[str, str]:
        """Links of which one cell of both must be filled."""
        return {
            code: name
            for code, name in self.source.required_pairs.items()
            if not self.keys_only or self.source.columns[code].key or self.source.columns[name].key
        }


def columns_sql(source: Source) -> str:
    """The columns of typed rows."""
    return ", ".join([*map(identifier, source.columns), "_sheet", "_row"])


def no_rows_sql(source: Source) -> str:
    """Typed rows of a file that has none."""
    columns = [
        f"NULL::{SQL_TYPE[column.type]} AS {identifier(column.name)}" for column in source.columns.values()
    ]
    return f"SELECT {', '.join(columns)}, '' AS _sheet, 0::BIGINT AS _row, NULL::BOOLEAN AS _out WHERE false"


def rows_sql(job: Job, incoming: str) -> str:
    """The rows of the view `incoming`, typed; `_out` is true for those that are not accepted, NULL for the others.

    `_remark` is [[kind, mark], rules, cells], NULL for sound data: one column for what nearly no row has, as each costs a
    large file a twentieth of its time.
    """
    columns = list(job.source.columns.values())
    cells = {c.name: cell_sql(c, job.source, job.layout.powers.get(c.name, 0), names_of(c)) for c in columns}
    flaws, texts, parses, reads, values, rules = [], [], [], [], [], []
    for column in columns:
        names = names_of(column)
        if job.raw(column) is None:
            absent = "false" if column.type == "bool" else "NULL"
            values.append(f"CAST({absent} AS {SQL_TYPE[column.type]}) AS {names.value}")
            texts.append(f"CAST(NULL AS VARCHAR) AS {names.text}")
            rules.append(f"NULL AS {_q(column)}")
            continue
        text = identifier(f"n:{column.name}")
        if job.suspicious:
            flaws.append(f"{_flaw(str(job.raw(column)))} AS {_f(column)}")
            text = f"CASE WHEN {_f(column)} IS NULL THEN {text} END"
        texts.append(f"{text} AS {names.text}")
        parses.append(f"{cells[column.name].parse} AS {names.parse}")
        reads.append(f"{cells[column.name].read} AS {names.read}")
        values.append(f"{cells[column.name].value} AS {names.value}")
        rules.append(f"{_cell_rule(job, column, cells[column.name].rule)} AS {_q(column)}")
    rules += [f"{rule} AS {identifier('q!' + name)}" for name, rule in _row_rules(job).items()]
    stages = [
        ", ".join([_read(job), *flaws]),
        f"*, {', '.join(texts)}",
        ", ".join(["*", *parses]),
        ", ".join(["*", *reads]),
        f"*, {', '.join(values)}",
        f"*, {', '.join(rules)}",
        *(f"*, {listed}" for listed in _listed(job)),
    ]
    # Nested, not WITH: the engine, which is told not to rewrite, would keep the rows of each name apart.
    # Only what is read comes so far: each stage takes memory for all its columns, and a sheet may have 2,000 of them.
    rows = incoming
    for stage in stages:
        rows = f"(SELECT {stage} FROM {rows})"
    mark = "NULL" if job.mark is None else f"c{job.mark}"
    return f"""
SELECT {columns_sql(job.source)}, CASE WHEN _kind <> 'data' OR {_bad(job.source)} THEN true END AS _out,
    CASE WHEN _kind <> 'data' OR _rules IS NOT NULL OR {mark} IS NOT NULL
        THEN [[_kind, {mark}], _rules, _cells]::VARCHAR[][] END AS _remark
FROM {rows}"""


def issues_sql(rules: Collection[str]) -> str:
    """One line for each of the rules that a row breaks, warnings of accepted rows only.

    Reads `remarked`, `rulebook`, `delivered`, `mismatch`.
    """
    return f"""
WITH broken AS (
    SELECT _sheet, _row, _out, unnest(range(1, len(_rules) + 1)) AS place, unnest(_rules) AS rule,
        unnest(_cells) AS value
    FROM remarked WHERE _rules IS NOT NULL
)
SELECT _sheet, _row, column_name, left(ltrim(coalesce(value, ''), {literal(FORMULA[0])}), 1000) AS value, rule, severity,
    {hint_sql("zh", rules)} AS detail_zh, {hint_sql("en", rules)} AS detail_en
FROM broken JOIN rulebook USING (place, rule) CROSS JOIN delivered
WHERE NOT (_out AND severity = 'warning')
UNION ALL
SELECT cut_sheet, cut_row, '', '', 'maybe_cut', 'warning', '', '' FROM delivered
WHERE cut_row IS NOT NULL
    AND cut_row NOT IN (SELECT _row FROM remarked WHERE _sheet = cut_sheet AND _out)
UNION ALL
FROM mismatch
ORDER BY _sheet, _row, column_name, rule"""


def rulebook(source: Source) -> list[dict[str, object]]:
    """For each place in a row's list of rules, and each rule, what the line in `issues.parquet` says."""
    lines: list[dict[str, object]] = []
    for place, (name, column) in enumerate(_places(source), start=1):
        for rule in row_rules():
            hard = quarantines(rule, column) if column else rule not in WARNINGS
            zh, en = column_hint(rule, column)
            severity = "quarantine" if hard else "warning"
            lines.append({"place": place, "rule": rule, "column_name": name, "severity": severity,
                          "detail_zh": zh, "detail_en": en})  # fmt: skip
    return lines


def names_of(column: Column) -> Names:
    """The identifiers of a column's stages."""
    return Names(*(identifier(f"{mark}{column.name}") for mark in ("t:", "p:", "r:", "", "s:", "v:")))


def _f(column: Column) -> str:
    return identifier(f"f:{column.name}")


def _q(column: Column) -> str:
    return identifier(f"q:{column.name}")


def _link_rules(source: Source) -> dict[str, str]:
    """Name of the rule's column in the table → the code column of the pair."""
    return {f"link_blank:{code}": code for code in source.required_pairs}


def _read(job: Job) -> str:
    """The columns of the stream that later stages look at."""
    named = ["_sheet", "_row", "_fields", "_beyond", "_kind", "_delivered_on"]
    for column in job.source.columns.values():
        if raw := job.raw(column):
            named += [raw, identifier(f"n:{column.name}")]
            named += [names_of(column).sound] if column.type == "uscc" else []
            named += [names_of(column).number] if column.type in PLAIN else []
    named += [] if job.mark is None else [f"c{job.mark}"]
    return ", ".join(dict.fromkeys(named))


def _cell_rule(job: Job, column: Column, rule: str) -> str:
    names = names_of(column)
    required = f"WHEN {names.text} IS NULL THEN 'required_blank'" if job.is_required(column) else ""
    sound = f"WHEN {names.sound} THEN NULL" if column.type == "uscc" else ""
    flaw = ""
    if job.suspicious:
        flaw = f"""WHEN {_f(column)} IS NOT NULL THEN {_f(column)}
            WHEN regexp_matches({job.raw(column)}, '{CONTROL}') THEN 'control_character'"""
    if rule == "NULL" and not (flaw or required):
        return rule
    return f"""CASE WHEN _kind <> 'data' THEN NULL {flaw} {sound} {required} ELSE {rule} END"""


def _flaw(raw: str) -> str:
    """The rule that a cell breaks which holds no value, but a spreadsheet's reason for having none."""
    return f"""CASE WHEN starts_with({raw}, {literal(FORMULA)}) THEN 'formula_without_value'
        WHEN regexp_full_match({raw}, '{ERROR}') THEN 'error_cell' END"""


def _row_rules(job: Job) -> dict[str, str]:
    columns = job.source.columns
    rules = {
        "ragged_row": "CASE WHEN _kind = 'ragged' THEN 'ragged_row' END",
        "consolidated": "NULL",
        "abolished_without_date": "NULL",
    }
    if "consolidated" in columns:
        rules["consolidated"] = "CASE WHEN _kind = 'data' AND consolidated THEN 'consolidated' END"
    if "abolished_on" in columns and "stage" in columns:
        rules["abolished_without_date"] = (
            "CASE WHEN _kind = 'data' AND stage = '废止' AND abolished_on IS NULL"
            " THEN 'abolished_without_date' END"
        )
    for rule, code in _link_rules(job.source).items():
        blank = " AND ".join(f"{identifier('t:' + c)} IS NULL" for c in (code, job.source.links[code]))
        rules[rule] = (
            f"CASE WHEN _kind = 'data' AND {blank} THEN 'link_blank' END" if code in job.pairs else "NULL"
        )
    return rules


def _places(source: Source) -> list[tuple[str, Column | None]]:
    """The places in a row's list of rules: the columns, then what concerns the row as a whole."""
    whole = {**ROW_RULES, **_link_rules(source)}
    return [*source.columns.items(), *((column, None) for column in whole.values())]


def _listed(job: Job) -> tuple[str, str]:
    """The rules that a row breaks and the cells that break them; nearly every row breaks none."""
    columns = job.source.columns.values()
    whole = [identifier("q!" + rule) for rule in (*ROW_RULES, *_link_rules(job.source))]
    rules = ", ".join([*(_q(c) for c in columns), *whole])
    # A row that does not fit has no cell to show: it shows how many it has, or the first too many.
    fields = f"CASE WHEN _kind = 'ragged' THEN coalesce(_fields || ' ≠ {job.layout.width}', _beyond) END"
    cells = ", ".join(
        [
            *(job.raw(c) or "NULL" for c in columns),
            *(fields if rule == "ragged_row" else "NULL" for rule in ROW_RULES),
            *("NULL" for _ in _link_rules(job.source)),
        ]
    )
    shown = "(_rules IS NOT NULL OR _kind = 'total')"
    return (
        f"CASE WHEN coalesce({rules}) IS NOT NULL THEN [{rules}] END AS _rules",
        f"CASE WHEN {shown} THEN [{cells}] END AS _cells",
    )


def _bad(source: Source) -> str:
    """Whether one of the rules keeps the row out: the rule tells, and for some of them the column."""
    places = list(enumerate(_places(source), start=1))
    soft = literals(sorted(WARNINGS))
    where = dict[str, list[str]]()  # places → the rules that are lenient there
    for rule in sorted(LENIENT):
        kept = ", ".join(str(place) for place, (_, c) in places if c and not quarantines(rule, c))
        where.setdefault(kept, []).append(rule)
    lenient = [
        f"(rule IN ({literals(rules)}) AND place IN ({kept}))" for kept, rules in where.items() if kept
    ]
    test = " OR ".join([f"rule IN ({soft})", *lenient])
    hard = f"list_bool_or(list_transform(_rules, lambda rule, place: NOT ({test})))"
    return f"CASE WHEN _rules IS NULL THEN false ELSE coalesce({hard}, false) END"
