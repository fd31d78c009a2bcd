"""What tasks 1 to 6 count, as dated facts.

Not here: counting (measuring.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.baseline.measuring import Facts, funnel

# A status without its day counts from the delivery that says so.
STRUCK = "coalesce(least(solved_on, closed_on), case when status in ('解决', '关闭') then delivered_on end)"
TAKEN = (
    "coalesce(least(contracted_on, solved_on, closed_on), "
    "case when status in ('签约', '解决', '关闭', '过期') then delivered_on end)"
)
BASE_FIELDS = ("零部件", "元器件", "材料", "软件", "工艺", "技术基础")
PAIRINGS = ("装备与材料", "机械与电子", "整机与部件", "硬件与软件")
CENTRES = ("制造业创新中心", "新兴产业创新中心", "技术创新中心")


PREPARE = """
create temp table listed as  -- on the list: published, not withdrawn, and no later version in its place
  select *, min(published_on) over (partition by version) as released_on,
    least(coalesce(withdrawn_on, case when status = '撤下' then delivered_on end),
      lead(coalesce(published_on, withdrawn_on)) over (partition by task_id order by version)) as gone
  from key_technology_task where published_on is not null or withdrawn_on is not null;

create temp table institutes as
  with home as (select uscc, arg_max(city, year) as city from lives group by uscc)
  select i.*, least(valid_until + 1, revoked_on, merged_on) as ended, level = '省' and kind in ('企业技术中心', '企业研发中心', '工业设计中心') as centre,
    coalesce(own.city, home.city) as home, kind = '创新飞地' or coalesce(stands.city <> coalesce(own.city, home.city)
      and stands.city <> '_U' and coalesce(own.city, home.city) <> '_U', false) as enclave
  from rd_institution as i left join place as stands on stands.delivered = location_area_code
  left join place as own on own.delivered = area_code left join home on home.uscc = host_uscc;
"""


def facts() -> Iterator[Facts]:
    """Task by task."""
    yield from task_1()
    yield from task_2()
    yield from tasks_3_to_5()
    yield from task_6()


def task_1() -> Iterator[Facts]:
    """Demands, and the list of key generic technologies."""
    demand = "technology_demand"
    yield Facts(f"{demand} where major", "demand_id", "collected_on", "T01-1 count=count yqm")
    yield Facts(demand, "demand_id", "coalesce(published_on, case when status in ('发布', '对接') then collected_on end)",
                "T01-2 count=count stock", z=TAKEN)  # fmt: skip
    yield Facts("""(select uscc, d, exists (from technology_demand as t where t.uscc = asked.uscc and collected_on between starts and d) as has
                from asked where obligation = 'activity')""", "uscc", "d", "T01-3 share=share", h="if(has, d, null)", area="null")  # fmt: skip
    maps = "policy_document where kind = '创新链图谱' and coalesce(version, 1) >= 1"
    chain = "coalesce(chain, document_no)"
    yield Facts(
        maps,
        chain,
        "issued_on",
        "T01-4 count=count days=age stock",
        z="abolished_on",
        uscc="null",
        repeats=True,
    )
    for kind, rows in (("创新链图谱", maps), ("一链一策研究", "policy_document where kind = '一链一策研究'")):
        yield Facts(rows, chain, "issued_on", "T01-4 count=count stock", z="abolished_on", cat=f"'{kind}'", cats=(kind,),
                    uscc="null", repeats=True)  # fmt: skip
    choke = f"{demand} where bottleneck"
    yield Facts(choke, "demand_id", "collected_on", "T01-5 stock=count stock; T01-5 flow=count", z=STRUCK)
    yield Facts(choke, "demand_id", "collected_on", "T01-5 share=share", h=STRUCK)
    sessions = "promotion_event where kind = '对接活动' and status = '举办'"
    yield Facts(sessions, "event_id", "held_on", "T01-6 count=count ym", uscc="null")
    yield Facts(f"(select unnest(enterprise_usccs) as uscc, held_on, area_code from {sessions}) where uscc is not null", "uscc", "held_on",
                "T01-6 enterprises=count ym", repeats=True)  # fmt: skip
    yield Facts(
        "listed", "task_id", "published_on", "T01-7 count=count stock", z="gone", uscc="null", repeats=True
    )
    yield Facts(
        "listed",
        "version",
        "released_on",
        "T01-8 count=count; T01-8 days=age stock",
        uscc="null",
        repeats=True,
    )
    yield Facts("""technology_demand left join (select demand_id, min(tasked) as tasked from (
                select unnest(demand_ids) as demand_id, coalesce(published_on, delivered_on) as tasked from key_technology_task)
                group by demand_id) using (demand_id)""", "demand_id", "classified_on", "T01-9 share=share", h="tasked")  # fmt: skip


def task_2() -> Iterator[Facts]:
    """Organised research: `task` is under way from the day it began to the day it was done."""
    science, bid = "task where source = 'science_project'", "task where mode = '揭榜挂帅'"
    yield Facts(science, "key", "began", "T02-1/A count=count spell", z="done + 1")
    yield Facts(science, "key", "approved_on", "T02-1/B count=count")
    yield Facts(f"{bid} and status <> '终止'", "key", "began", "T02-2/A count=count stock", z="done")
    yield Facts(bid, "key", "began", "T02-2/B count=count spell", z="done + 1")
    challenge = "task where source = 'challenge_task'"
    yield Facts(challenge, "key", "began", "T02-3 count=count share=of_total spell", z="done + 1", cat="mode", total=True,
                cats=("揭榜挂帅", "赛马制", "定向委托", "其他"))  # fmt: skip
    yield Facts("""(select task.*, d, exists (from enterprise_title as t where title = '产业链链主企业' and stage = '认定' and t.uscc = task.uscc
                and recognised_on <= d and coalesce(valid_until >= d, true) and coalesce(revoked_on > d, true)) as led
                from task join years on began <= d and coalesce(done >= starts, true) where source = 'challenge_task')""",
                "key", "d", "T02-4 share=share", h="if(led, d, null)")  # fmt: skip
    yield Facts(challenge, "key", "began", "T02-5 share=share spell", z="done + 1", h="""if('中小企业' in partner_types
                and list_has_any(partner_types, ['大型企业', '高校院所', '上下游企业']), began, null)""")  # fmt: skip
    due = "task where source in ('challenge_task', 'science_project') and due is not null"
    yield Facts(due, "key", "due", "T02-6 share=share", h="if(status = '验收' and done <= due, due, null)")
    yield Facts(due, "key", "due + 1", "T02-6 count=count stock", z="done")
    yield from funnel(Facts(bid, "key", "posted_on", ""), "T02-7",
                      {"发榜": "posted_on", "揭榜": "taken_on", "验收": "case when status = '验收' then done end"})  # fmt: skip


def tasks_3_to_5() -> Iterator[Facts]:
    """The industrial base, innovation centres, pilot platforms."""
    for number, field in enumerate(BASE_FIELDS, 1):
        rows = f"industrial_base_item where field = '{field}'"
        yield Facts(
            rows,
            "item_id",
            "started_on",
            f"T03-{number} count=count spell",
            z="ended_on + 1",
            cat="'攻关'",
            cats=("攻关",),
        )
        yield Facts(rows, "item_id", "coalesce(breakthrough_on, case when stage in ('突破', '应用') then coalesce(stage_on, delivered_on) end)",
                    f"T03-{number} count=count", cat="'突破'", cats=("突破",))  # fmt: skip
    for pairing in ("", *PAIRINGS):
        test = f"pairing = '{pairing}'" if pairing else "pairing is not null"
        yield Facts("industrial_base_item", "item_id", "started_on", "T03-7 share=share spell", z="ended_on + 1",
                    h=f"if({test}, started_on, null)", cat=f"'{pairing}'", cats=(pairing,))  # fmt: skip

    def platform(where: str, says: str, *cats: str) -> Facts:
        return Facts(f"innovation_platform where {where}", "platform_id", "recognised_on", says, z="revoked_on", uscc="host_uscc",
                     cat="kind" if cats else "", cats=cats, total=bool(cats))  # fmt: skip

    yield platform(
        "level = '省' and kind <> '重点实验室'", "T04-1 count=count; T04-2 count=count stock", *CENTRES
    )
    yield platform("level = '国家' and kind <> '重点实验室'", "T04-3 stock=count stock; T04-3 flow=count")
    yield platform("level = '国家' and kind = '重点实验室'", "T04-4 count=count stock")
    yield platform("level = '省' and kind = '重点实验室'", "T04-5 count=count stock")
    yield Facts("""(select platform_id, host_uscc as uscc, area_code, '撤销' as failure, revoked_on as fell from innovation_platform
                union all select platform_id, host_uscc, area_code, '不合格', evaluated_on from innovation_platform where evaluation = '不合格')""",
                "platform_id", "fell", "T04-6 count=count", cat="failure", cats=("不合格", "撤销"), total=True, repeats=True)  # fmt: skip

    pilot = "pilot_platform"
    yield Facts(pilot, "platform_id", "key_cultivated_on", "T05-1 count=count", uscc="host_uscc")
    yield Facts(
        pilot, "platform_id", "entered_on", "T05-2 count=count stock", z="exited_on", uscc="host_uscc"
    )
    yield Facts(pilot, "platform_id", "coalesce(national_on, case when level = '国家' then coalesce(recognised_on, entered_on) end)",
                "T05-3 stock=count stock; T05-3 flow=count", z="exited_on", uscc="host_uscc")  # fmt: skip
    yield Facts(pilot, "platform_id", "entered_on", "T05-4 count=count share=of_total stock", z="exited_on", uscc="host_uscc",
                cat="lead_type", cats=("企业", "高校院所", "其他"), total=True)  # fmt: skip
    service = "pilot_service as s left join pilot_platform as p using (platform_id)"
    place: dict[str, Any] = {"area": "p.area_code", "uscc": "p.host_uscc"}
    yield Facts(
        f"{service} where s.uscc is not null",
        "s.uscc",
        "served_on",
        "T05-5 enterprises=count yq",
        repeats=True,
        **place,
    )
    yield Facts(
        service, "service_id", "served_on", "T05-5 count=count yq", area="p.area_code", uscc="p.host_uscc"
    )
    yield Facts(service, "service_id", "served_on", "T05-6 count=count yq", area="p.area_code", uscc="p.host_uscc",
                cat="service_type", cats=("技术熟化", "工程化放大", "可靠性验证"))  # fmt: skip
    yield Facts("policy_document where kind = '中试开放激励办法' and coalesce(area_code, '340000') = '340000'", "document_no", "issued_on",
                "T05-7 issued=flag days=age stock province", z="abolished_on", uscc="null")  # fmt: skip


def task_6() -> Iterator[Facts]:
    """R&D institutions of enterprises."""

    def institute(
        where: str,
        says: str,
        a: str = "recognised_on",
        *,
        cat: str = "",
        cats: tuple[str, ...] = (),
        total: bool = False,
    ) -> Facts:
        return Facts(
            f"institutes where {where}",
            "institution_id",
            a,
            says,
            z="ended",
            uscc="host_uscc",
            cat=cat,
            cats=cats,
            total=total,
        )

    yield institute("centre", "T06-1/A count=count")
    yield institute("centre", "T06-1/B count=count", "cultivated_on")
    yield institute(
        "centre",
        "T06-2 flow=count; T06-2 stock=count stock",
        cat="kind",
        cats=("企业技术中心", "企业研发中心", "工业设计中心"),
    )
    yield institute("centre and kind = '企业技术中心'", "T06-3 stock=count stock; T06-3 net=net net")
    yield institute("centre and kind = '企业技术中心'", "T06-3 revoked=count", "revoked_on")
    for name, where in (("T06-4", "coalesce('高校院所' in co_builder_types, false)"), ("T06-5", "enclave")):
        yield institute(where, f"{name} stock=count stock; {name} flow=count")
    yield institute("kind = '境外研发机构' or country not in ('中国', '中华人民共和国', 'CN', 'CHN')",
                    "T06-6 stock=count stock; T06-6 flow=count", cat="established_by", cats=("设立", "并购"), total=True)  # fmt: skip
    survey: dict[str, Any] = {"e": "uscc", "a": "make_date(year, 1, 1)", "area": "null"}
    yield Facts("survey_rd_activity where overseas_institutions is not null", says="T06-6/survey stock=sum reported",
                x="overseas_institutions", **survey)  # fmt: skip
    yield Facts("""institutes join years on recognised_on <= d and coalesce(ended > d, true) and coalesce(report_year, year) = year
                where staff is not null and expense is not null""", "institution_id", "d", "T06-7 share=share",
                h="if(staff > 0 and expense > 0, d, null)", uscc="host_uscc")  # fmt: skip
    yield Facts("survey_rd_activity where institutions >= 1 and institution_staff is not null and institution_expense is not null",
                says="T06-7/survey share=share reported", h="if(institution_staff > 0 and institution_expense > 0, make_date(year, 1, 1), null)",
                **survey)  # fmt: skip
