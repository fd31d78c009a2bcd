"""What tasks 10 to 14 count, as dated facts.

Not here: counting (measuring.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.baseline.measuring import Facts

FIRSTS = ("首台套", "首批次", "首版次")
RUNGS = ("省级新产品", "三首", "安徽工业精品", "产业链标志性产品")
OWNERS = ("国有企业", "国有事业单位", "民营企业", "其他")
INSTRUMENTS = ("研发补助", "风险补偿", "保险补贴", "信贷支持")
CHANNELS = ("清单发布", "重点发布", "线上", "线下", "媒体", "展会")
AWARDS = ("中国质量奖", "中国质量奖提名奖")
DIMENSIONS = ("纯度", "精度稳定度", "均一度", "密封度", "可靠度一致性")
BEGINS = "make_date(year, 1, 1)"

PREPARE = f"""
create temp table ladder as  -- what a product became, over any number of successors
  with recursive product as (
    select *, list_position({list(RUNGS)}, if(kind in {FIRSTS}, '三首', kind)) as rung from innovative_product
  ), heir as (
    select predecessor_id as product_id, product_id as heir_id, rung, recognised_on from product where rung is not null and predecessor_id is not null
    union
    select heir.product_id, p.product_id, p.rung, p.recognised_on from heir join product as p on p.predecessor_id = heir_id and p.rung is not null
  )
  select product_id, p.uscc, p.area_code, p.recognised_on, p.rung, min(heir.recognised_on) filter (heir.rung = 2) as at_2,
    min(heir.recognised_on) filter (heir.rung = 3) as at_3, min(heir.recognised_on) filter (heir.rung = 4) as at_4
  from product as p left join heir using (product_id) where p.rung is not null group by all;

create temp table rhythm as  -- has every week its product, every month its meeting, in each city and of the province
  with held as (
    select distinct kind, held_on, case when province = '340000' then city else '_U' end as city
    from promotion_event left join place on delivered = area_code where status = '举办'
  )
  select k.kind, period, ends, if(c.city = '_U', '340000', c.city) as area_code,
    exists (from held where held.kind = k.kind and held_on between starts and ends and coalesce(held.city, '_U') = c.city) as has
  from periods join (values ('每周一品', 'week'), ('每月一会', 'month')) as k (kind, every) on periods.kind = every
  cross join (select code as city from area where province_code = '34' and level = 'city' union all select '_U') as c
  where finished and ends >= (select left(policy_version, 10)::date from trajectory);

create temp table ranked_standard as
  select s.*, coalesce(abolished_on, case when stage = '废止' then s.delivered_on end) as gone, coalesce(enterprise_size, lives.size) as size
  from standard as s left join lives on lives.uscc = s.uscc and lives.year = year(published_on);
"""


def facts() -> Iterator[Facts]:
    """Task by task."""
    yield from tasks_10_and_11()
    yield from tasks_12_to_14()


def tasks_10_and_11() -> Iterator[Facts]:
    """Innovative products, and new technologies in use."""

    def product(where: str, says: str, **more: Any) -> Facts:
        return Facts(f"innovative_product where {where}", "product_id", "recognised_on", says, **more)

    yield product(
        "kind = '重大科技创新产品'", "T10-1 count=count stock", z="least(valid_until + 1, revoked_on)"
    )
    yield product("kind = '省级新产品'", "T10-2 count=count")
    yield product(f"kind in {FIRSTS}", "T10-3 count=count", cat="kind", cats=FIRSTS, total=True)
    yield product("kind = '安徽工业精品'", "T10-4 count=count")
    yield product("kind = '产业链标志性产品'", "T10-5 count=count")
    for low in range(1, 4):
        for high in range(low + 1, 5):
            step = f"{RUNGS[low - 1]}→{RUNGS[high - 1]}"
            yield Facts(
                f"ladder where rung = {low}",
                "product_id",
                "recognised_on",
                "T10-6 share=share",
                h=f"at_{high}",
                cat=f"'{step}'",
                cats=(step,),
            )
    for name, stages in (("产品化", "('小批量', '量产')"), ("产业化", "('量产')")):
        yield product("stage is not null", "T10-7 share=share", cat=f"'{name}'", cats=(name,),
                      h=f"case when stage in {stages} then coalesce(stage_on, recognised_on) end")  # fmt: skip
    yield Facts(
        "technology_finance where kind = '研发准备金' and uscc is not null",
        "uscc",
        "signed_on",
        "T10-8 count=count stock",
        z="ended_on",
        repeats=True,
    )
    yield Facts("""policy_document join place on delivered = area_code and province = '340000' and city <> '_U' where kind = '创新产品配套政策'""",
                "city", "issued_on", "T10-9 count=count stock", z="abolished_on", area="city", uscc="null", repeats=True)  # fmt: skip

    library = "applicable_technology"
    yield Facts(
        library, "technology_id", "entered_on", "T11-1 count=count stock", z="exited_on", uscc="holder_uscc"
    )
    yield Facts(
        f"{library} where catalogue_edition is not null",
        "catalogue_edition",
        "catalogued_on",
        "T11-2 batches=count",
        uscc="holder_uscc",
        repeats=True,
    )
    yield Facts(library, "technology_id", "catalogued_on", "T11-2 count=count", uscc="holder_uscc")
    yield Facts(library, "technology_id", "entered_on", "T11-3 count=count share=of_total stock", z="exited_on", uscc="holder_uscc",
                cat="[] || coalesce(directions, [])", cats=("高端化", "智能化", "绿色化"), total=True)  # fmt: skip

    def trial(where: str, says: str, **more: Any) -> Facts:
        fields: dict[str, Any] = {"e": "record_id", "z": "ended_on", "uscc": "null", **more}
        return Facts(f"trial_use where {where}", a="recorded_on", says=says, **fields)

    yield trial("kind = '标杆应用场景'", "T11-4 stock=count stock; T11-4 flow=count")
    yield trial("kind = '容错备案' and user_ownership in ('国有企业', '国有事业单位')", "T11-5 count=count")
    yield trial("kind = '首试首用'", "T11-6 count=count", cat="user_ownership", cats=OWNERS, total=True)
    yield trial("kind = '首试首用' and user_name is not null", "T11-6 enterprises=count", e="regexp_replace(user_name, '\\s', '', 'g')",
                cat="user_ownership", cats=OWNERS, total=True, repeats=True)  # fmt: skip
    yield Facts(f"fiscal_input where spent_for = '新产品试用' and instrument in {INSTRUMENTS}", "line_id", BEGINS, "T11-7 amount=sum", x="amount",
                cat="instrument", cats=INSTRUMENTS, total=True, uscc="null")  # fmt: skip


def tasks_12_to_14() -> Iterator[Facts]:
    """Promotion, standards, quality."""
    for number, kind, kinds in ((1, "每周一品", "yw"), (2, "每月一会", "ym"), (3, "专场发布", "y")):
        yield Facts(
            f"promotion_event where status = '举办' and kind = '{kind}'",
            "event_id",
            "held_on",
            f"T12-{number} count=count {kinds}",
            uscc="null",
        )
        if number < 3:
            yield Facts(
                f"rhythm where kind = '{kind}'",
                "period",
                "ends",
                f"T12-{number} share=share",
                h="if(has, ends, null)",
                uscc="null",
                repeats=True,
            )
    yield Facts("(select *, unnest(product_ids) as product from promotion_event where status = '举办' and kind <> '对接活动') where product is not null",
                "product", "held_on", "T12-4 count=count", cat="[] || coalesce(channels, [])", cats=CHANNELS, total=True, uscc="null", repeats=True)  # fmt: skip
    yield Facts("policy_document where kind = '创新产品发布制度' and coalesce(area_code, '340000') = '340000'", "document_no", "issued_on",
                "T12-5 issued=flag days=age stock province", z="abolished_on", uscc="null")  # fmt: skip

    def standard(where: str, says: str, a: str = "published_on", cat: str = "", *cats: str) -> Facts:
        return Facts(
            f"ranked_standard where {where}",
            "standard_no",
            a,
            says,
            z="gone",
            cat=cat,
            cats=cats,
            total=bool(cats),
            repeats=True,
        )

    for number, level in enumerate(("国际标准", "国家标准", "行业标准"), 1):
        yield standard(
            f"level = '{level}'", f"T13-{number} count=count", "published_on", "role", "牵头", "参与"
        )
    yield standard("level = '团体标准' and size in ('中型', '小型', '微型')", "T13-4 count=count")
    yield standard(
        "true", "T13-5 count=count", "published_on", "industry_group", "传统产业", "新兴产业", "未来产业"
    )
    yield standard("industry_group = '未来产业'", "T13-6 count=count", "initiated_on")
    yield standard("pilot_programme", "T13-7 count=count stock", "coalesce(initiated_on, published_on)")

    yield Facts("""(select *, coalesce(uscc, record_id) as who, lead(recorded_on) over (partition by who order by recorded_on, record_id) as again
                from quality_record where kind = '质量管理能力评价')""", "who", "recorded_on", "T14-1 stock=count stock; T14-1 flow=count",
                z="again", cat="grade", total=True, repeats=True)  # fmt: skip
    quality: dict[str, Any] = {"e": "record_id", "a": "recorded_on"}
    yield Facts(
        f"quality_record where kind in {AWARDS}",
        says="T14-2 cumulative=count stock; T14-2 flow=count",
        cat="kind",
        cats=AWARDS,
        total=True,
        **quality,
    )
    yield Facts(
        "quality_record where kind = '安徽省人民政府质量奖'",
        says="T14-3 cumulative=count stock; T14-3 flow=count",
        **quality,
    )
    yield Facts(
        "quality_record where kind = '质量图谱'",
        "coalesce(chain, record_id)",
        "recorded_on",
        "T14-4 count=count stock",
        repeats=True,
    )
    yield Facts(
        "quality_record where kind = '卓越质量项目'",
        "record_id",
        "recorded_on",
        "T14-5 count=count",
        cat="dimension",
        cats=DIMENSIONS,
        total=True,
    )
