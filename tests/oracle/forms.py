"""The sources of coverage and of the policy's numbers: columns, types, keys, and the codes of places and industries.

Here: facts copied by hand from sources.yml and from the published code lists, so that a slip in the project's own
copies is seen. Not here: how a cell is read (cells.py), which rows hold (loading.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: its type, whether a blank quarantines the row, its Chinese title, an enum's values."""

    type: str
    required: bool
    title: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """One source: survey or administrative, its key, the pair of code and name that links it, its columns."""

    statistical: bool
    key: tuple[str, ...]
    link: tuple[str, str] | None
    columns: dict[str, Column]


# One line a column: name, type, marks (k = part of the key, r = required), Chinese title, values of an enum.
_SHEETS = """
enterprise_register administrative
  frame_year year kr 名录年份
  uscc uscc kr 统一社会信用代码
  name text r 企业名称
  former_names list - 曾用名
  operating_area_code area r 经营地区划代码
  registered_area_code area - 注册地区划代码
  industry_code industry r 行业代码
  size enum - 企业规模 大型,中型,小型,微型
  park_id text - 开发区代码
  status enum r 在库状态 在库,退库,注销
  opened_on date - 开业日期
  closed_on date - 注销日期
enterprise_revenue administrative uscc:name
  uscc uscc k 统一社会信用代码
  name text - 企业名称
  period period kr 报告期
  revenue money r 营业收入
  rd_expense money - 研发费用
  consolidated bool - 是否合并报表
survey_finance statistical uscc:name
  uscc uscc k 统一社会信用代码
  name text - 企业名称
  period period kr 报告期
  revenue money r 营业收入
  rd_expense money - 研发费用
  consolidated bool - 是否合并报表
survey_rd_project statistical
  uscc uscc kr 统一社会信用代码
  year year kr 年份
  project_no text kr 项目序号
  project_name text r 项目名称
  started_on month - 项目起始日期
  finished_on month - 项目完成日期
  expenditure money r 项目经费支出
  recognised bool - 是否认定
survey_rd_activity statistical
  uscc uscc kr 统一社会信用代码
  year year kr 年份
  rd_staff int r 研究开发人员合计
  rd_expense money r 研究开发费用合计
  institutions int r 期末机构数
  valid_inventions int r 期末有效发明专利数
  new_product_sales money r 新产品销售收入
  standards int r 形成国家或行业标准
challenge_task administrative lead_uscc:lead_name
  task_id text kr 任务编号
  title text r 任务名称
  mode enum r 遴选方式 揭榜挂帅,赛马制,定向委托,其他
  lead_uscc uscc - 牵头单位统一社会信用代码
  lead_name text - 牵头单位
  posted_on date - 发榜日期
  taken_on date - 揭榜日期
  started_on date - 开始日期
  due_on date - 计划完成日期
  ended_on date - 实际完成日期
  status enum r 状态 发榜,揭榜,实施,延期,验收,终止
  area_code area - 行政区划代码
  industry_code industry - 行业代码
science_project administrative lead_uscc:lead_name
  project_no text kr 项目编号
  programme enum r 计划类别 省重大科技攻坚专项,重点研发计划
  title text r 项目名称
  lead_uscc uscc - 承担单位统一社会信用代码
  lead_name text r 承担单位
  approved_on date r 立项日期
  started_on date - 开始日期
  due_on date - 计划完成日期
  ended_on date - 验收日期
  status enum r 状态 立项,实施,验收,终止
  area_code area - 行政区划代码
university_industry_project administrative
  project_id text kr 项目编号
  title text r 项目名称
  uscc uscc r 企业统一社会信用代码
  institute text r 合作单位
  key_project bool r 是否重点项目
  entered_on date r 入库日期
  started_on date - 开始日期
  due_on date - 计划完成日期
  ended_on date - 结束日期
  status enum r 状态 储备,实施,验收,退出
  area_code area - 行政区划代码
innovation_platform administrative host_uscc:host_name
  platform_id text kr 平台编号
  name text r 平台名称
  kind enum r 平台类别 制造业创新中心,新兴产业创新中心,技术创新中心,重点实验室
  level enum r 级别 国家,省
  host_name text r 依托单位
  host_uscc uscc - 依托单位统一社会信用代码
  area_code area - 行政区划代码
  recognised_on date r 认定日期
  revoked_on date - 撤销日期
rd_institution administrative host_uscc:host_name
  institution_id text kr 机构编号
  name text r 机构名称
  kind enum r 机构类别 企业技术中心,企业研发中心,工业设计中心,重点实验室,联合研发机构,创新飞地,境外研发机构,其他
  level enum r 级别 国家,省,市,企业自建
  host_name text r 依托单位
  host_uscc uscc - 依托单位统一社会信用代码
  co_builders list - 共建单位
  location_area_code area - 机构所在地区划代码
  recognised_on date r 认定日期
  cultivated_on date - 培育日期
  valid_until date - 有效期至
  revoked_on date - 撤销日期
  area_code area - 行政区划代码
innovative_product administrative uscc:enterprise_name
  product_id text kr 产品编号
  name text r 产品名称
  uscc uscc - 统一社会信用代码
  enterprise_name text r 企业名称
  kind enum r 产品类别 省级新产品,首台套,首批次,首版次,安徽工业精品,产业链标志性产品,重大科技创新产品
  recognised_on date r 认定日期
  valid_until date - 有效期至
  revoked_on date - 撤销日期
  area_code area - 行政区划代码
standard administrative uscc:enterprise_name
  standard_no text kr 标准编号
  uscc uscc k 统一社会信用代码
  enterprise_name text - 企业名称
  name text r 标准名称
  level enum r 标准级别 国际标准,国家标准,行业标准,地方标准,团体标准
  role enum r 参与方式 牵头,参与
  stage enum r 阶段 研究,立项,发布,废止
  initiated_on date - 立项日期
  published_on date - 发布日期
  abolished_on date - 废止日期
  area_code area - 行政区划代码
patent administrative
  patent_no text kr 专利号
  kind enum r 专利类型 发明,实用新型,外观设计
  title text - 发明名称
  holders list r 专利权人
  holder_usccs list - 专利权人统一社会信用代码
  applied_on date - 申请日
  granted_on date - 授权日
  lapsed_on date - 失效日
pilot_platform administrative
  platform_id text kr 平台编号
  name text r 平台名称
  host_uscc uscc - 牵头单位统一社会信用代码
  area_code area - 行政区划代码
  entered_on date r 入库日期
  key_cultivated_on date - 重点培育日期
  exited_on date - 退库日期
enterprise_title administrative uscc:enterprise_name
  title enum kr 资质类别 高新技术企业,科技型中小企业,专精特新中小企业,专精特新小巨人,\
瞪羚企业,独角兽企业,制造业单项冠军,产业链链主企业,科技领军企业
  enterprise_name text r 企业名称
  uscc uscc - 统一社会信用代码
  certificate_no text - 证书编号
  stage enum r 阶段 培育,公示,认定
  recognised_on date kr 认定日期
  valid_until date - 有效期至
  revoked_on date - 撤销日期
  area_code area - 行政区划代码
promotion_event administrative
  event_id text kr 活动编号
  kind enum r 活动类别 每周一品,每月一会,专场发布,对接活动
  held_on date r 举办日期
  status enum r 状态 计划,举办,取消
  area_code area - 行政区划代码
"""


def _forms() -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for line in _SHEETS.strip().splitlines():
        words = line.split()
        if not line.startswith(" "):
            source, purpose, *pair = words
            link = tuple(pair[0].split(":")) if pair else None
            columns: dict[str, Column] = {}
            forms[source] = Form(purpose == "statistical", (), link, columns)  # type: ignore[arg-type]  # a pair
            continue
        name, kind, marks, title, *values = words
        columns[name] = Column(kind, "r" in marks, title, tuple(values[0].split(",")) if values else ())
        if "k" in marks:
            form = forms[source]
            forms[source] = Form(form.statistical, (*form.key, name), form.link, columns)
    return forms


FORMS = _forms()

# What ends or plans something may lie ahead of its delivery.
MAY_LIE_AHEAD = {
    "due_on", "ended_on", "valid_until", "revoked_on", "lapsed_on", "abolished_on", "closed_on", "finished_on",
    "exited_on",
}  # fmt: skip
NEVER_NEGATIVE = {"revenue", "rd_expense", "expenditure"}

YUAN = {"元": 1, "千元": 1000, "万元": 10_000, "百万元": 1_000_000, "亿元": 10**8}

CITIES = tuple(f"34{number:02d}00" for number in (*range(1, 9), *range(10, 14), *range(15, 19)))
_COUNTIES = """
340102 340103 340104 340111 340121 340122 340123 340124 340176 340177 340178 340181 340202 340207 340209
340210 340212 340223 340271 340281 340302 340321 340371 340402 340421 340422 340503 340521 340602 340621
340705 340706 340722 340802 340822 340826 340882 341002 341004 341021 341102 341122 341171 341182 341202
341221 341271 341302 341321 341371 341502 341504 341522 341602 341621 341702 341721 341802 341821 341881
341882
"""
COUNTIES = tuple(_COUNTIES.split())
ELSEWHERE = ("310101", "320102", "330106", "410102", "420102")
RENUMBERED = {
    "340702": "340705", "340703": "340705", "340721": "340706", "340823": "340722", "341521": "340422",
    "340824": "340882", "341822": "341882", "340225": "340281", "340203": "340209", "340208": "340209",
    "340221": "340210", "340222": "340212", "340171": "340176", "340172": "340177", "340173": "340178",
}  # fmt: skip
KNOWN_AREAS = {"340000", *CITIES, *COUNTIES, *ELSEWHERE, *RENUMBERED}

_SECTION_ENDS = {
    "A": 5, "B": 12, "C": 43, "D": 46, "E": 50, "F": 52, "G": 60, "H": 62, "I": 65, "J": 69, "K": 70,
    "L": 72, "M": 75, "N": 79, "O": 82, "P": 83, "Q": 85, "R": 90, "S": 96, "T": 97,
}  # fmt: skip


def section_of(division: str) -> str:
    """The section of GB/T 4754-2017 that a division of two digits belongs to."""
    return next(letter for letter, last in _SECTION_ENDS.items() if int(division) <= last)
