"""What tasks 7 to 9 count, as dated facts.

Not here: counting (measuring.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.baseline.measuring import Facts, funnel

LEADERS = ("制造业单项冠军", "产业链链主企业", "科技领军企业")

PREPARE = """
create temp table title as
  with certificate as (
    select t.*, coalesce(uscc, name_of(enterprise_name)) as who, list_position(['高新技术企业', '专精特新中小企业', '瞪羚企业', '制造业单项冠军',
        '产业链链主企业', '科技领军企业'], case title when '专精特新小巨人' then '专精特新中小企业' when '独角兽企业' then '瞪羚企业' else title end) as list,
      coalesce(valid_until, (recognised_on + to_months(months::integer))::date - 1,
        case when to_year_end = 'true' then make_date(year(recognised_on), 12, 31) end) as valid_to
    from enterprise_title as t left join title_validity using (title) where stage = '认定'
  ), spell as (
    select *, least(valid_to + 1, revoked_on) as ended, make_date(year(recognised_on), 1, 1) as year_begins from certificate
  )
  select *, recognised_on = min(recognised_on) over (partition by list, who) as is_first,
    not exists (from spell as held where held.list = spell.list and held.who = spell.who
      and held.recognised_on < spell.year_begins and coalesce(held.ended >= spell.year_begins, true)) as is_gross,
    ended = valid_to + 1 and not exists (from spell as again where again.title = spell.title and again.who = spell.who
      and again.recognised_on > spell.recognised_on and again.recognised_on <= spell.ended + to_months(3)) as lapsed
  from spell;

create temp table match as
  select m.*, area_code, uscc from matchmaking as m left join technology_demand using (demand_id);
create temp table case_of_demand as
  select demand_id, any_value(area_code) as area_code, any_value(uscc) as uscc, min(suggested_on) as suggested, min(contacted_on) as contacted,
    min(contracted_on) as contracted, min(implemented_on) as implemented, min(rewarded_on) as rewarded
  from match group by demand_id;
"""


def facts() -> Iterator[Facts]:
    """Task by task."""
    yield from task_7()
    yield from task_8()
    yield from task_9()


def task_7() -> Iterator[Facts]:
    """Titles: an enterprise is counted once, by its code or else by its name."""

    def titled(where: str, says: str, a: str = "recognised_on", *cats: str) -> Facts:
        return Facts(f"title where {where}", "who", a, says, z="ended", repeats=True,
                     cat="title" if cats else "", cats=cats, total=bool(cats))  # fmt: skip

    for number in range(1, 7):
        yield titled(f"list = {number}", f"T07-{number}/net count=net net")
        yield titled(f"list = {number} and is_gross", f"T07-{number}/gross count=count")
        yield titled(f"list = {number} and is_first", f"T07-{number}/first count=count")
    yield titled("title = '高新技术企业'", "T07-7 count=count stock ym")
    yield titled("title = '高新技术企业' and lapsed", "T07-8 count=count ym", "ended")
    yield titled("title = '科技型中小企业'", "T07-9 count=count")
    yield titled(
        f"level = '国家' and title in {LEADERS}",
        "T07-10 stock=count stock; T07-10 flow=count",
        "recognised_on",
        *LEADERS,
    )
    yield Facts("enterprise_title where stage = '培育' and title in ('瞪羚企业', '独角兽企业')", "coalesce(uscc, name_of(enterprise_name))",
                "coalesce(entered_on, recognised_on)", "T07-11 count=count stock", z="exited_on", repeats=True)  # fmt: skip


def task_8() -> Iterator[Facts]:
    """Enterprises in the making of science policy."""
    yield Facts("expert", "expert_id", "entered_on", "T08-1 count=count share=share stock", z="left_on",
                h="if(organisation_type = '企业', entered_on, null)", uscc="null")  # fmt: skip
    for number, activity in ((2, "指南编制"), (3, "项目评审")):
        rows, hit = (
            f"expert_participation left join expert using (expert_id) where activity = '{activity}'",
            "if(organisation_type = '企业', held_on, null)",
        )
        yield Facts(rows, "participation_id", "held_on", f"T08-{number} share=share", h=hit, uscc="null")
        yield Facts(
            rows, "expert_id", "held_on", f"T08-{number} person_share=share", h=hit, uscc="null", repeats=True
        )
    yield Facts("policy_document where kind not in ('创新链图谱', '一链一策研究')", "document_no", "issued_on", "T08-4 count=count share=share",
                h="if(enterprise_participants >= 1, issued_on, null)", uscc="null")  # fmt: skip
    yield Facts("""(select arg_max(origin, version) as origin, null as uscc, arg_max(area_code, version) as area_code, min(published_on) as since
                from key_technology_task group by task_id
                union all select origin, lead_uscc, area_code, approved_on from science_project)""",
                "origin", "since", "T08-5 share=share", h="if(origin = '企业需求', since, null)")  # fmt: skip
    yield Facts("task where source = 'science_project'", "key", "began", "T08-6 share=share spell", z="done + 1",
                h="if(lead_type = '企业' and list_has_any(partner_types, ['高校院所', '高校', '科研院所', '院所']), began, null)")  # fmt: skip


def task_9() -> Iterator[Facts]:
    """Industry, universities and research together."""
    project = "task where source = 'university_industry_project'"
    yield Facts(
        f"{project} and key_project",
        "key",
        "began",
        "T09-1/A count=count spell; T09-1/B count=count",
        z="done + 1",
    )
    yield Facts(project, "key", "entered_on", "T09-2 count=count stock",
                z="coalesce(least(began, done), case when status <> '储备' then entered_on end)")  # fmt: skip
    yield Facts(project, "key", "entered_on", "T09-3 share=share", h="began")
    for number, rows, e, uscc in (
        (4, "technology_demand", "demand_id", "uscc"),
        (5, "research_result", "result_id", "null"),
    ):
        for stage, day in (("征集", "collected_on"), ("归类", "classified_on"), ("发布", "published_on")):
            yield Facts(
                rows, e, day, f"T09-{number} count=count ym", cat=f"'{stage}'", cats=(stage,), uscc=uscc
            )
    yield Facts("technology_demand", "demand_id", "collected_on", "T09-4 share=share ym", h="classified_on")
    yield Facts("match where suggested_by = '系统'", "match_id", "suggested_on", "T09-6 count=base share=share ym",
                h="if(accepted, suggested_on, null)")  # fmt: skip
    yield Facts("match where suggested_by = '系统' and rank <= 5", "match_id", "suggested_on", "T09-6 precision=share ym",
                h="if(relevant, suggested_on, null)")  # fmt: skip
    yield from funnel(Facts("case_of_demand", "demand_id", "suggested", ""), "T09-7",
                      {"线索": "suggested", "对接": "contacted", "签约": "contracted", "实施": "implemented", "兑现": "rewarded"})  # fmt: skip
    yield Facts("""(select d.*, case when least(contracted_on, contracted) >= published_on then least(contracted_on, contracted) end as signed
                from technology_demand as d left join case_of_demand using (demand_id))""", "demand_id", "published_on",
                "T09-8 days=median open=open", h="signed", x="signed - published_on")  # fmt: skip
    yield Facts(
        "match", "match_id", "suggested_on", "T09-9 count=count share=of_total", cat="channel", total=True
    )
    yield Facts("""(select uscc, d, exists (from task where source = 'university_industry_project' and task.uscc = asked.uscc and began <= d
                and coalesce(done >= starts, true)) as has from asked where obligation = 'activity')""", "uscc", "d",
                "T09-10 share=share", h="if(has, d, null)", area="null")  # fmt: skip
