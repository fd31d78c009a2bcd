"""What tasks 15 to 18 count, as dated facts.

Not here: counting (measuring.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.baseline.measuring import Facts, funnel

BEGINS = "make_date(year, 1, 1)"

PREPARE = "create temp table loan as from technology_finance where kind = '科技贷款'"


def facts() -> Iterator[Facts]:
    """Task by task."""
    yield from tasks_15_to_17()
    yield from task_18()


def tasks_15_to_17() -> Iterator[Facts]:
    """Services, parks, people."""
    for number, kind in ((1, "产业技术基础公共服务平台"), (3, "特殊场景实验室"), (4, "行业计量研究中心")):
        yield Facts(
            f"service_platform where kind = '{kind}'",
            "platform_id",
            "recognised_on",
            f"T15-{number} count=count stock",
            z="revoked_on",
            uscc="null",
        )
    yield Facts("(select *, unnest(services) as service from service_platform) where service is not null", "service", "recognised_on",
                "T15-2 count=count stock", z="revoked_on", uscc="null", repeats=True)  # fmt: skip
    yield Facts("holder where priority_recommended_on is not null", "patent_no", "priority_recommended_on", "T15-5 count=base share=share",
                h="granted_on", repeats=True)  # fmt: skip
    answers = (("T15-6 share=ratio", "inventions_exploited", "valid_inventions"), ("T15-6 count=sum", "patent_transfers", "null"),
               ("T15-6 amount=sum", "patent_transfer_income", "null"), ("T15-7 count=sum", "valid_inventions", "null"))  # fmt: skip
    for says, x, y in answers:
        yield Facts(
            f"survey_rd_activity where {x} is not null",
            "uscc",
            BEGINS,
            f"{says} reported",
            x=x,
            y=y,
            area="null",
        )

    yield Facts("park_facility as f left join development_park as p using (park_id)", "facility_id", "opened_on", "T16-2 count=count stock", z="closed_on",
                cat="f.kind", cats=("创新平台", "科技服务机构", "金融机构"), total=True, area="host_city_code", uscc="null")  # fmt: skip
    posed = """(select demand_id, min_by(host_city_code, suggested_on) as area_code, min(suggested_on) as posed, min(contracted_on) as solved,
        min(service_on) as served, min(capital_on) as funded
        from matchmaking left join development_park using (park_id) where park_id is not null group by demand_id)"""
    yield from funnel(Facts(posed, "demand_id", "posed", "", uscc="null"), "T16-3",
                      {"企业出题": "posed", "平台解题": "solved", "服务衔接": "served", "资本助力": "funded"})  # fmt: skip

    def person(where: str, says: str, **more: Any) -> Facts:
        return Facts(
            f"talent_record where {where}",
            "record_id",
            "recorded_on",
            says,
            **{"uscc": "null", "z": "closed_on", **more},
        )

    modes: dict[str, Any] = {"cat": "mode", "cats": ("全职", "柔性"), "total": True}
    yield person("kind = '引进人才'", "T17-1 persons=sum", x="coalesce(headcount, 1)", **modes)
    yield person("kind = '引进团队'", "T17-1 teams=count", **modes)
    yield person("kind = '紧缺岗位'", "T17-2 count=count stock")
    yield person("kind = '紧缺岗位'", "T17-2 days=age stock", z="null")
    yield person(
        "kind = '紧缺岗位'",
        "T17-3 share=share stock",
        h="if(matched_discipline is not null, recorded_on, null)",
    )
    yield person("kind = '联合培养平台'", "T17-4 count=count stock")
    yield person("kind = '长三角协同项目'", "T17-5 count=count")
    yield Facts(
        "task where source = 'science_project'",
        "key",
        "began",
        "T17-6 share=share spell",
        z="done + 1",
        h="if(lump_sum, began, null)",
    )
    yield Facts("(unpivot (select uscc, year, doctors as 博士, masters as 硕士 from survey_rd_activity) on 博士, 硕士 into name degree value persons)",
                "uscc", BEGINS, "T17-7 count=sum reported", x="persons", cat="degree", cats=("博士", "硕士"), total=True, area="null")  # fmt: skip


def task_18() -> Iterator[Facts]:
    """Finance for science and technology."""
    product: dict[str, Any] = {"cat": "product", "total": True}
    yield Facts(
        """(select * replace (least(balance_on, ended_on) as ended_on) from loan where balance is null or balance_on is not null
                union all by name
                select * replace (coalesce(balance_on, signed_on) as signed_on, balance as amount) from loan where balance is not null)""",
        "contract_id",
        "signed_on",
        "T18-1 balance=sum stock ym",
        z="ended_on",
        x="amount",
        **product,
    )
    yield Facts(
        "loan where uscc is not null",
        "uscc",
        "signed_on",
        "T18-1 borrowers=count stock ym",
        z="ended_on",
        repeats=True,
        **product,
    )
    yield Facts("loan", "contract_id", "signed_on", "T18-1 lending=sum ytd ym", x="amount", **product)
    yield Facts("loan", "contract_id", "signed_on", "T18-2 share=ratio yq", y="amount",
                x="if(list_has_any(credit_basis, ['知识产权', '专利转化率', '团队实力']), amount, 0)")  # fmt: skip
    money: dict[str, Any] = {"e": "contract_id", "a": "signed_on", "x": "amount"}
    yield Facts("technology_finance where kind = '贷投联动'", says="T18-3 count=count amount=sum yq", **money)
    for record, says in (("基金设立", "amount=sum stock yq"), ("投资", "count=count yq")):
        yield Facts(
            f"technology_finance where kind in ('种子基金', '天使基金') and record = '{record}'",
            says=f"T18-4 {says}",
            z="ended_on",
            cat="kind",
            cats=("种子基金", "天使基金"),
            total=True,
            **money,
        )
    yield Facts(
        "technology_finance where kind = '补偿资金池'",
        says="T18-5 amount=sum stock yq",
        z="ended_on",
        **money,
    )
    yield Facts("technology_finance where kind = '风险补偿'", says="T18-5 paid=sum yq", **money)
    yield Facts("""(select *, signed_on + 1 as until, amount as paid, 0 as covered from technology_finance where kind = '风险补偿' union all
                select *, ended_on, 0, amount from loan where pool_covered)""", "contract_id", "signed_on", "T18-5 share=ratio spell yq",
                z="until", x="paid", y="covered")  # fmt: skip
    yield Facts("""(select *, exists (from loan where loan.uscc = asked.uscc and signed_on <= d and coalesce(ended_on >= starts, true)) as has from asked)""",
                "uscc", "d", "T18-6 share=share", h="if(has, d, null)", cat="obligation", cats=("activity", "institution", "outcome"), area="null")  # fmt: skip
