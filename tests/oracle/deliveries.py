"""A province as it is delivered: files with cells of text, sidecars, runs, decisions; and how they are written to disk.

Here: what the generator hands to the oracle and to the pipeline alike. Not here: any rule about it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tests.oracle.forms import FORMS

MONEY_HEADERS = ("title", "yuan", "line", "sidecar")
ODD = "odd"  # a row's mark: "long" has a field too many, "short" one too few


@dataclass(frozen=True)
class File:
    """One file below inbox/<source>, first seen by the run of this index, with what its sidecar says."""

    source: str
    name: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    run: int
    delivered_on: date | None = None
    mode: str | None = None
    purpose: str | None = None
    constants: dict[str, str] = field(default_factory=dict)
    unit: str = "元"
    unit_in: str = "title"  # one of MONEY_HEADERS
    chinese: bool = True
    encoding: str = "utf-8"
    above: tuple[str, ...] = ()  # lines of text above the header

    def first_row(self) -> int:
        """The number of the first row below the header, counted from 1 at the top of the file."""
        return len(self._above()) + 2

    def _above(self) -> tuple[str, ...]:
        return (*self.above, f"计量单位：{self.unit}") if self.unit_in == "line" else self.above

    def content(self) -> bytes:
        """The bytes of the file: lines above the header, the header, the rows."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerows([line] for line in self._above())
        writer.writerow([self._header(column) for column in self.columns])
        for row in self.rows:
            fields = [row.get(column, "") for column in self.columns]
            writer.writerow({"long": [*fields, "x"], "short": fields[:-1]}.get(row.get(ODD, ""), fields))
        return text.getvalue().encode(self.encoding)

    def _header(self, column: str) -> str:
        spec = FORMS[self.source].columns[column]
        if spec.type == "money" and self.unit_in == "yuan":
            return f"{column}_yuan"
        title = spec.title if self.chinese else column
        return f"{title}（{self.unit}）" if spec.type == "money" and self.unit_in == "title" else title

    def sidecar(self) -> str:
        """The TOML beside the file, or nothing."""
        lines = []
        if self.delivered_on:
            lines.append(f"delivered_on = {self.delivered_on.isoformat()}")
        if self.mode:
            lines.append(f'mode = "{self.mode}"')
        if self.purpose:
            lines.append(f'purpose = "{self.purpose}"')
        if self.unit_in == "sidecar":
            lines.append(f'unit = "{self.unit}"')
        if self.constants:
            lines += ["[constants]", *(f"{name} = {value}" for name, value in self.constants.items())]
        return "\n".join(lines)

    def write(self, inbox: Path) -> None:
        """Into the inbox, as a provider would."""
        path = inbox / self.source / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content())
        if self.sidecar():
            path.with_name(path.name + ".meta.toml").write_text(self.sidecar(), encoding="utf-8")


@dataclass(frozen=True)
class Decision:
    """A line of decisions/links.csv."""

    source: str
    name: str
    uscc: str
    decided_on: date


@dataclass(frozen=True)
class Target:
    """A line of decisions/targets.csv; each is of a count."""

    indicator: str
    reading: str
    area: str
    year: int
    operator: str
    number: int


@dataclass(frozen=True)
class Province:
    """Everything that is known of one random province; run i has the as-of date as_ofs[i]."""

    seed: int
    as_ofs: tuple[date, ...]
    first_year: int
    complete: dict[str, list[int]]
    decisions: tuple[Decision, ...]
    files: tuple[File, ...]
    targets: tuple[Target, ...] = ()

    def settings(self) -> str:
        """innostat.toml."""
        lines = ["[coverage]", f"first_year = {self.first_year}", "[complete]"]
        lines += [f"{obligation} = {years}" for obligation, years in self.complete.items()]
        return "\n".join(lines) + "\n"

    def write_home(self, home: Path) -> None:
        """Settings and decisions; the files come run by run."""
        home.mkdir(parents=True, exist_ok=True)
        (home / "innostat.toml").write_text(self.settings(), encoding="utf-8")
        (home / "decisions").mkdir(exist_ok=True)
        lines = ["source,name,uscc,decided_by,decided_on"]
        lines += [f"{one.source},{one.name},{one.uscc},王,{one.decided_on}" for one in self.decisions]
        (home / "decisions" / "links.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if self.targets:
            lines = ["indicator_id,reading,area_code,period,operator,target_value"]
            lines += [
                f"{one.indicator},{one.reading},{one.area},{one.year},{one.operator},{one.number}"
                for one in self.targets
            ]
            (home / "decisions" / "targets.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
