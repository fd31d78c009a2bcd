{#- Task 7, titles of enterprises. Only what was recognised (认定) is a title; an enterprise is counted once, by its code,
    else by its name. -#}
{%- set holder = {'from': 'titles', 'entity': 'enterprise', 'on': 'recognised_on', 'until': 'ended_on', 'sources': ['enterprise_title']} -%}
{%- set figures = [
  dict(holder, id='T07-7', time='stock', where="title = '高新技术企业'", periods=['year', 'month']),
  dict(holder, id='T07-8', on='ended_on', until='null', where="title = '高新技术企业' and is_lapsed", periods=['year', 'month']),
  dict(holder, id='T07-9', where="title = '科技型中小企业'"),
  dict(holder, id='T07-10', time='stock', where="level = '国家' and title in ('制造业单项冠军', '产业链链主企业', '科技领军企业')", category='title',
    categories=['制造业单项冠军', '产业链链主企业', '科技领军企业'], total=true, measures={'stock': 'count'}),
  dict(holder, id='T07-10', where="level = '国家' and title in ('制造业单项冠军', '产业链链主企业', '科技领军企业')", category='title',
    categories=['制造业单项冠军', '产业链链主企业', '科技领军企业'], total=true, measures={'flow': 'count'}),
  {'id': 'T07-11', 'from': 'stg_enterprise_title', 'entity': 'coalesce(uscc, name_key)', 'on': 'coalesce(entered_on, recognised_on)',
   'until': 'exited_on', 'time': 'stock', 'where': "stage = '培育' and title in ('瞪羚企业', '独角兽企业')"},
] -%}
{#- New titles, three readings: the target is held against the net change of the valid stock. -#}
{%- for no in range(1, 7) -%}
  {%- set new = dict(holder, id='T07-' ~ no, where='group_no = ' ~ no) -%}
  {%- do figures.append(dict(new, reading='net', time='net', measures={'count': 'net'})) -%}
  {%- do figures.append(dict(new, reading='gross', where=new.where ~ ' and is_gross')) -%}
  {%- do figures.append(dict(new, reading='first', where=new.where ~ ' and is_first')) -%}
{%- endfor %}

with groups (group_no, title) as (
  -- Combined targets count distinct enterprises of both lists.
  values (1, '高新技术企业'), (2, '专精特新中小企业'), (2, '专精特新小巨人'), (3, '瞪羚企业'), (3, '独角兽企业'),
  (4, '制造业单项冠军'), (5, '产业链链主企业'), (6, '科技领军企业')
),

recognised as (
  select
    titles.title,
    groups.group_no,
    coalesce(titles.uscc, titles.name_key) as enterprise,
    titles.uscc,
    titles.area_code,
    titles.level,
    titles.recognised_on,
    titles.revoked_on,
    -- The last day of its validity: what the certificate says, else what the seed says of its kind.
    coalesce(
      titles.valid_until,
      cast(titles.recognised_on + to_months(validity.months) as date) - 1,
      case when validity.to_year_end then make_date(year(titles.recognised_on), 12, 31) end
    ) as valid_until
  from {{ ref('stg_enterprise_title') }} as titles
  left join {{ ref('title_validity') }} as validity on titles.title = validity.title
  left join groups on titles.title = groups.title
  where titles.in_statistical_use and titles.stage = '认定'
),

spells as (
  select
    *,
    least(valid_until + 1, revoked_on) as ended_on
  from recognised
),

titles as (
  select
    spells.*,
    -- None of the group was valid on the eve of the year.
    not exists (
      select 1
      from spells as held
      where
        held.group_no = spells.group_no
        and held.enterprise = spells.enterprise
        and held.recognised_on < make_date(year(spells.recognised_on), 1, 1)
        and (held.ended_on is null or held.ended_on >= make_date(year(spells.recognised_on), 1, 1))
    ) as is_gross,
    spells.recognised_on = min(spells.recognised_on) over (partition by spells.group_no, spells.enterprise) as is_first,
    -- Run out, not revoked, and not recognised again: a new certificate within three months is no loss (domain.md 5, trap 30).
    spells.ended_on = spells.valid_until + 1
    and not exists (
      select 1
      from spells as again
      where
        again.title = spells.title
        and again.enterprise = spells.enterprise
        and again.recognised_on > spells.recognised_on
        and again.recognised_on <= spells.ended_on + to_months(3)
    ) as is_lapsed
  from spells
),

{{ measured(figures) }}
