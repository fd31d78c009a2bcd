"""The Chinese and English words for the codes that workbooks show, and the notes that go with the figures.

Belongs here: display words. Does not: what a code means for a statistic (dbt_project), layout (workbook.py).
"""

from __future__ import annotations

OBLIGATIONS = {
    "activity": ("创新活动", "innovation activity"),
    "institution": ("创新机构", "innovation institution"),
    "outcome": ("创新成果", "innovation outcome"),
}
CODES = {
    **{code: f"{zh} {code}" for code, (zh, _) in OBLIGATIONS.items()},
    "CY": "当年营收 CY",
    "PY": "上年营收 PY",
    "statistical": "统计 statistical",
    "administrative": "行政 administrative",
    "province": "全省 province",
    "city": "市 city",
    "county": "县 county",
    "park": "开发区 park",
    "size": "规模 size",
    "industry_section": "行业门类 section",
    "industry_division": "行业大类 division",
    "met": "完成 met",
    "on_target": "基本完成 on target",
    "behind": "未达进度 behind",
    "no_target": "无目标 no target",
    "unknown": "不明 unknown",
}
VINTAGES = {"N": "监测数 N", "P": "初步数 P", "F": "最终数 F", "C": "订正数 C"}
OBS_STATUSES = {"A": "正常 A", "F": "年内 F", "P": "初步 P", "Q": "不公布 Q"}
WITHHELD = "灰色空格：不予公布，不等于 0。Grey and empty: withheld, not 0."

# A rate short of full coverage is never shown as 100 % (domain.md 5, trap 43), in a cell's format and in text.
RATE_FORMAT = '[>=1]0.0%;[>=0.9995]"99.9%";0.0%'


def percent(rate: float) -> str:
    """A rate with one decimal."""
    return "99.9%" if 0.9995 <= rate < 1 else f"{rate:.1%}"


# Chinese, English.
NOTES = (
    (
        "覆盖率 = 已覆盖 ÷ 应覆盖，情况不明的企业按未覆盖计；“上限”把情况不明视为已覆盖。真实值在两者之间。",
        "Rate = covered ÷ asked; unknown counts as not covered. The upper rate counts unknown as covered. "
        "The truth lies between.",
    ),
    (
        "灰色空格：为保护单个企业的信息而不公布，不等于 0。“—”：没有应覆盖的企业，或没有可比的路径。",
        "Grey and empty: withheld so that no enterprise can be recognised; it does not mean 0. "
        "“—”: no such enterprise, or no path to compare with.",
    ),
    (
        "当年营收（CY）按本年营业收入、上年营收（PY）按上年营业收入确定应覆盖企业。"
        "年度结束前为监测数（N），其后为初步数（P）、最终数（F）、订正数（C）。",
        "CY asks by this year's revenue, PY by last year's. "
        "N nowcast while the year runs, P provisional, F final, C corrected.",
    ),
    (
        "“营收不明”的企业没有可用的营业收入，不在任何应覆盖数之内。“路径”是由基准年实际值到目标年全覆盖的直线。",
        "Enterprises of unknown revenue are in no denominator. "
        "The path is the straight line from the baseline year's rate to full coverage in the target year.",
    ),
)
FEW_NOTE = (
    "位次只在公布了覆盖率的市之间排列。带 * 的市应覆盖企业不足 10 家，一家企业就能使位次大变，不宜比较。",
    "Ranks are among the cities whose rate is shown. One with * is of a city where fewer than 10 are asked: "
    "one enterprise moves it far; do not compare.",
)
