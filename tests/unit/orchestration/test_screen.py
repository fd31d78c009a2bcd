"""The closing screen: what it must say, in 80 columns, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from orchestration import messages, screen, terminal
from orchestration.messages import Language


def headline(obligation: str, year: int, basis: str, threshold: int) -> dict[str, Any]:
    return {
        "obligation": obligation,
        "year": year,
        "tier_basis": basis,
        "threshold_yuan": threshold,
        "rate": 0.6123,
        "rate_upper": 0.6523,
        "n_asked": 15251,
        "n_met": 13214,
        "n_unknown": 12,
        "target_rate": 1.0,
        "path_rate": 0.7,
        "on_track": False,
        "vintage": "P",
    }


@pytest.fixture
def result() -> dict[str, Any]:
    three = [("activity", 10**8), ("institution", 5 * 10**8), ("outcome", 10**9)]
    return {
        "run": "r000012",
        "state": "published",
        "candidate_sha256": "ab" * 32,
        "withheld": None,
        "release": "r000012-2026-11-23",
        "as_of": "2026-11-23",
        "aside": False,
        "seconds": 18.4,
        "enterprises": 25_612,
        "enterprises_active": 24_012,
        "headline": [headline(name, 2025, "CY", yuan) for name, yuan in three]
        + [headline(name, 2026, "PY", yuan) for name, yuan in three],
        "deliveries": [
            {
                "source": source,
                "name": "a.csv",
                "read": 1_287_394,
                "accepted": 1_286_272,
                "quarantined": 1_104,
                "skipped": 18,
                "refused": False,
            }
            for source in ("survey_finance", "university_industry_project", "survey_rd_activity")
        ],
        "quarantine": [
            {"rule": "a", "zh": "证照号被Excel转成数字" * 6, "en": "a code became a number " * 6, "rows": 715}
        ],
        "unlinked": 551,
        "outside_register": 12,
        "problems": [
            {"code": "unknown_source", "zh": "文件夹“专利”不是任何数据来源。" * 4, "en": "no source. " * 12}
        ],
        "warnings": [],
        "reasons": [],
        "paths": {
            "release": "/data/innostat/releases/current",
            "run": "/data/innostat/runs/r000012",
            "report": None,
        },
    }


def shown(result: dict[str, Any], language: Language, capsys: pytest.CaptureFixture[str]) -> str:
    messages.speak(language)
    try:
        screen.show_run(result)
    finally:
        messages.speak("en")
    return capsys.readouterr().out


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screen_of_a_release_says_it_all_in_80_columns(
    result: dict[str, Any], language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(result, language, capsys)
    wide = [line for line in text.splitlines() if cell_len(line.rstrip()) > terminal.WIDTH]
    # A path or a command is never broken: it is there to be copied.
    assert all("/data/innostat" in line for line in wide), wide
    assert "…" not in text
    for said in ("r000012-2026-11-23", "61.2%", "13,214 / 15,251", "100.0%", "2026", "24,012", "715", "551"):
        assert said in text
    assert text.count("61.2%") == 6  # three rates, and the running year's beside each
    assert "innostat query --home /data/innostat" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_conservation_is_printed_and_a_breach_is_marked(
    result: dict[str, Any], language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "✓ " in shown(result, language, capsys).split("3,862,182")[-2]
    result["deliveries"][0]["accepted"] += 1
    assert "✗ " in shown(result, language, capsys)


def test_a_first_year_without_a_finished_one_shows_the_running_year(
    result: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    result["headline"] = result["headline"][3:]
    text = shown(result, "en", capsys)
    assert "2026 now" not in text
    assert text.count("61.2%") == 3


def test_a_rate_of_nobody_is_a_dash(result: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    result["headline"][0] |= {"rate": None, "rate_upper": None, "n_asked": 0, "n_met": 0, "n_unknown": 0}
    assert "—" in shown(result, "en", capsys)


@pytest.mark.parametrize("state", ["refused", "held"])
def test_a_refusal_prints_each_reason_its_remedy_and_the_report(
    result: dict[str, Any], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result |= {"state": state, "release": "r000011-2026-11-22"}
    result["paths"]["report"] = "/data/innostat/runs/r000012/report.txt"
    result["reasons"] = [
        {
            "code": "check_failed",
            "check": "a",
            "zh": "缺少安庆市",
            "en": "Anqing is missing",
            "remedy_zh": "请补报",
            "remedy_en": "deliver it",
        }
    ]
    text = shown(result, "zh", capsys)
    for said in ("缺少安庆市", "请补报", "r000011-2026-11-22", "report.txt"):
        assert said in text
    assert "deliver it" in shown(result, "en", capsys)
