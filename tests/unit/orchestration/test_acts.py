"""People's acts on releases: read whole or refused line by line, appended whole, and what follows from them."""

from __future__ import annotations

import csv
import os
from datetime import date

import pytest

from ingestion.decisions import DecisionError
from orchestration import acts
from orchestration.acts import Act, append, freezes, freezes_hash, read_acts, took_back
from orchestration.home import Home

SHA = "ab" * 32
DAY = date(2026, 3, 31)
R1, R2, R3, R4 = (f"r{number:06d}-2026-03-31" for number in (1, 2, 3, 4))


def act(kind: str, subject: str, current: str = R1, **changes: object) -> Act:
    given = {
        "manifest_sha256": SHA,
        "as_of": DAY,
        "by": "张三",
        "reason": "已核实, 无误",
        "at": "2026-04-01T09:00:00+08:00",
    }
    return Act(kind=kind, subject=subject, current=current, **{**given, **changes})  # type: ignore[arg-type]  # changes are any field's


def test_no_file_means_no_acts(home: Home) -> None:
    assert read_acts(home) == []
    assert freezes_hash(home) is None


def test_an_act_comes_back_as_it_was_written(home: Home) -> None:
    done = [act("freeze", "2025"), act("approve", R2), act("rollback", R1, R2), act("approve", R3, "")]
    for one in done:
        append(home, one)
    assert read_acts(home) == done
    assert home.approvals.read_bytes().startswith(b"\xef\xbb\xbfkind,")  # for spreadsheets


@pytest.mark.parametrize("reason", ["José", "=1+1", '引号"和,逗号', "naïve — dash"])
def test_any_words_come_back(home: Home, reason: str) -> None:
    append(home, act("freeze", "2025", reason=reason))
    append(home, act("freeze", "2024", reason=reason))
    assert [one.reason for one in read_acts(home)] == [reason, reason]


def test_f62_no_words_of_an_act_run_in_a_spreadsheet(home: Home) -> None:
    said = act("rollback", R1, by="@SUM(1)", reason='=HYPERLINK("http://x","y")')
    append(home, said)
    assert read_acts(home) == [said]
    cells = list(csv.reader(home.approvals.read_text(encoding="utf-8-sig").splitlines()))[-1]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_the_same_act_again_after_a_power_cut_is_no_second_line(home: Home) -> None:
    append(home, act("rollback", R1, R2))
    append(home, act("rollback", R1, R2, at="2026-04-01T09:05:00+08:00"))
    assert len(read_acts(home)) == 1
    append(home, act("rollback", R1, R2, by="李四"))
    assert len(read_acts(home)) == 2


def test_what_people_added_to_the_file_stays(home: Home) -> None:
    head = ",".join((*acts.COLUMNS[:-1], "会议纪要", "at"))
    line = f"approve,{R2},{SHA},{R1},2026-03-31,张三,好,第5号,2026-04-01T09:00:00+08:00"
    home.approvals.write_bytes(f"{head}\r\n{line}".encode("gb18030"))  # as Excel saves it
    append(home, act("freeze", "2025"))
    text = home.approvals.read_text(encoding="utf-8-sig")
    assert "第5号" in text
    assert [one.kind for one in read_acts(home)] == ["approve", "freeze"]


def test_an_append_that_dies_leaves_the_file_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    append(home, act("freeze", "2025"))
    before = home.approvals.read_bytes()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", die)
        append(home, act("freeze", "2024"))
    assert home.approvals.read_bytes() == before
    append(home, act("freeze", "2024"))
    assert len(read_acts(home)) == 2


GOOD = ["approve", R2, SHA, R1, "2026-03-31", "张三", "好", "2026-04-01T09:00:00+08:00"]


@pytest.mark.parametrize(
    ("place", "text", "name"),
    [
        (0, "publish", "kind"),
        (1, "2025", "subject"),
        (1, "../../etc", "subject"),
        (2, "abc", "manifest_sha256"),
        (3, "current", "current"),
        (4, "31.3.2026", "as_of"),
        (5, " ", "by"),
        (6, "", "reason"),
        (7, "", "at"),
    ],
)
def test_a_line_that_cannot_be_used_refuses_the_file_by_number_and_column(
    home: Home, place: int, text: str, name: str
) -> None:
    bad = [*GOOD]
    bad[place] = text
    lines = [",".join(acts.COLUMNS), ",".join(GOOD), "", ",".join(bad)]
    home.approvals.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DecisionError, match=f"line 4: {name} not valid") as refused:
        read_acts(home)
    assert f"第 4 行 {name} 无效" in refused.value.zh
    before = home.approvals.read_bytes()
    with pytest.raises(DecisionError):
        append(home, act("freeze", "2025"))
    assert home.approvals.read_bytes() == before
    assert freezes_hash(home) is not None  # a run finds it new, and refuses it in words


def test_a_year_is_made_final_once(home: Home) -> None:
    lines = [",".join(acts.COLUMNS), *[",".join(["freeze", "2025", *GOOD[2:]])] * 2]
    home.approvals.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DecisionError, match="line 3: 2025 is final already"):
        read_acts(home)


def test_a_missing_column_is_named(home: Home) -> None:
    home.approvals.write_text("kind,subject\n", encoding="utf-8")
    with pytest.raises(DecisionError, match="manifest_sha256"):
        read_acts(home)


def test_only_a_freeze_changes_what_a_run_computes_and_only_from_its_date_on(home: Home) -> None:
    append(home, act("approve", R2))
    append(home, act("rollback", R1, R2))
    assert freezes_hash(home) is None
    append(home, act("freeze", "2025"))
    one = freezes_hash(home, DAY)
    assert one is not None and one == freezes_hash(home)
    assert freezes_hash(home, date(2026, 3, 30)) is None
    assert [two.subject for two in freezes(read_acts(home), DAY)] == ["2025"]
    append(home, act("approve", R3))
    assert freezes_hash(home, DAY) == one


def test_a_rollback_takes_back_all_between_until_it_is_brought_back() -> None:
    back = act("rollback", R1, R3)
    assert [took_back([back], release) for release in (R1, R2, R3, R4)] == [None, back, back, None]
    forth = act("rollback", R2, R1)
    assert [took_back([back, forth], release) for release in (R1, R2, R3)] == [None, None, back]
    approved = act("approve", R3, R1)
    assert [took_back([back, approved], release) for release in (R2, R3)] == [back, None]
    again = act("rollback", R1, R3, reason="又一次")
    assert took_back([back, approved, again], R3) == again
    assert took_back([act("rollback", R1, "")], R2) is None  # nothing stood
