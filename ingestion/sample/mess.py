"""What goes wrong between a true figure and a delivered cell: the faults of every provider, in small doses.

Here: cells spoilt so that the loader must quarantine their rows (some three in a thousand), cells that are
odd but readable, rows sent twice. Everything works on text, by the column types of the contract. Not here:
the layout.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.contract import Column
from ingestion.sample.codes import rounded_by_a_spreadsheet
from ingestion.sample.parcel import Layout

Ints = npt.NDArray[np.int64]

BAD_ROWS = 0.0028
ODD_ROWS = 0.004
CONFLICTS = 0.0004  # pairs of rows with one key and different values: both are held back
FEWEST = 60  # smaller files stay clean

_PLACES = ("operating_area_code", "area_code")


def spoil(
    text: pl.DataFrame, columns: Mapping[str, Column], layout: Layout, rng: np.random.Generator
) -> pl.DataFrame:
    """The rows with a few of them spoilt. A helper column `_spare` confines the harm to the rows it marks."""
    spare = text["_spare"].to_numpy() if "_spare" in text.columns else None
    if spare is None and text.height < FEWEST:
        return text
    open_rows = np.arange(text.height) if spare is None else np.flatnonzero(spare)
    wanted = round(text.height * (BAD_ROWS + CONFLICTS) + 0.5) if spare is None else len(open_rows)
    chosen = rng.permutation(open_rows)[:wanted]
    pairs = round(text.height * CONFLICTS + 0.3) if spare is None else max(1, len(chosen) // 8)
    twice, bad = chosen[:pairs], chosen[pairs:]
    rest = np.setdiff1d(np.arange(text.height), chosen) if spare is None else np.flatnonzero(~spare)
    odd = rng.permutation(rest)[: round(text.height * ODD_ROWS)]
    conflicting = _contradict(text[np.sort(twice)], columns)
    text = _apply(text, bad, _faults(text, columns, layout))
    text = _apply(text, odd, _oddities(text, columns))
    repeated = text[np.sort(rng.choice(rest, max(1, text.height // 4000), replace=False))]
    return pl.concat([text, conflicting, repeated])


def _apply(text: pl.DataFrame, rows: Ints, edits: list[pl.Expr]) -> pl.DataFrame:
    """The edits in turn, one to each of the rows; the others and the order stay."""
    if not edits:
        return text
    hurt = text[rows].with_columns(_kind=pl.Series(np.arange(len(rows)) % len(edits)))
    for index, edit in enumerate(edits):
        name = edit.meta.output_name()
        hurt = hurt.with_columns(
            pl.when(pl.col("_kind") == index).then(edit).otherwise(pl.col(name)).alias(name)
        )
    rest = np.setdiff1d(np.arange(text.height), rows)
    return pl.concat([text[rest], hurt.drop("_kind")])[np.argsort(np.concatenate([rest, rows]))]


def _faults(text: pl.DataFrame, columns: Mapping[str, Column], layout: Layout) -> list[pl.Expr]:
    """Edits each of which makes a row unacceptable."""
    edits: list[pl.Expr] = []
    for name in [n for n in text.columns if n in columns]:
        column, cell = columns[name], pl.col(name)
        if column.type == "uscc":
            rounded = cell.map_batches(rounded_by_a_spreadsheet, return_dtype=pl.String)
            zero = cell.str.contains("0", literal=True)
            letter = (
                pl.when(zero)
                .then(cell.str.replace("0", "O", literal=True))
                .otherwise(cell.str.replace("1", "I", literal=True))
            )
            edits += [edit.alias(name) for edit in (rounded, letter, cell.str.head(15))]
        elif column.never_negative and column.required:
            edits.append((pl.lit("-") + cell).alias(name))
        elif name in _PLACES and column.type == "area":
            edits.append(pl.lit("349901").alias(name))
        elif column.type == "industry" and column.required:
            edits.append((pl.lit("B") + pl.lit("38")).alias(name))
        elif column.type == "date" and column.begins and column.required and layout.dates != "serial":
            edits.append(cell.str.replace(r"20\d\d", "2099").alias(name))
        elif column.type == "enum" and column.required:
            edits.append(pl.lit("待核实").alias(name))
        elif column.required and not column.key:
            edits.append(pl.lit("—").alias(name))
    return edits


def _oddities(text: pl.DataFrame, columns: Mapping[str, Column]) -> list[pl.Expr]:
    """Edits that a reader must see through (codes) or report while taking the row (optional cells)."""
    edits: list[pl.Expr] = []
    for name in [n for n in text.columns if n in columns]:
        column, cell = columns[name], pl.col(name)
        if column.type == "uscc":
            full_width = cell.str.replace_many(list("0123456789"), list("０１２３４５６７８９"))
            in_two = cell.str.head(8) + pl.lit(" ") + cell.str.slice(8)
            behind = cell + pl.lit("\u3000")
            edits += [e.alias(name) for e in (full_width, cell.str.to_lowercase(), in_two, behind)]
        elif column.type == "int" and not column.required:
            edits.append(
                pl.when(cell.str.len_chars() > 0).then(pl.lit("约") + cell).otherwise(cell).alias(name)
            )
        elif column.type == "date" and not column.required and not column.key:
            edits.append(pl.lit("待定").alias(name))
        elif column.type == "area" and not column.required and name not in _PLACES:
            edits.append(pl.lit("349901").alias(name))
    return edits


def _contradict(rows: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
    """The same keys once more, with another figure (or another word where a table has no figures)."""
    free = [n for n in rows.columns if n in columns and not columns[n].key]
    figures = [n for n in free if columns[n].type in ("money", "int") and columns[n].required]
    words = [n for n in free if columns[n].type == "text" and columns[n].required]
    if figures:
        cell = pl.col(figures[0])
        other = pl.when(cell.str.starts_with("9")).then(pl.lit("8")).otherwise(pl.lit("9"))
        return rows.with_columns((other + cell.str.slice(1)).alias(figures[0]))
    return rows.with_columns(pl.col(words[0]) + pl.lit("（二）")) if words else rows.clear()
