{#- Task 3, the industrial base by field: projects under way (攻关) and breakthroughs (突破) of the year. -#}
{%- set item = {'from': 'stg_industrial_base_item', 'entity': 'item_id', 'on': 'started_on', 'until': 'ended_on + 1', 'time': 'spell'} -%}
{%- set breakthrough = "coalesce(breakthrough_on, case when stage in ('突破', '应用') then coalesce(stage_on, delivered_on) end)" -%}
{%- set figures = [] -%}
{%- for field in ['零部件', '元器件', '材料', '软件', '工艺', '技术基础'] -%}
  {%- set of_field = dict(item, id='T03-' ~ loop.index, where="field = '" ~ field ~ "'") -%}
  {%- do figures.append(dict(of_field, category="'攻关'", categories=['攻关'])) -%}
  {%- do figures.append(dict(of_field, on=breakthrough, time='flow', category="'突破'", categories=['突破'])) -%}
{%- endfor -%}
{%- do figures.append(dict(item, id='T03-7', hit_on='if(pairing is not null, started_on, null)', measures={'share': 'share'})) -%}
{%- for pairing in ['装备与材料', '机械与电子', '整机与部件', '硬件与软件'] -%}
  {%- do figures.append(dict(item, id='T03-7', hit_on="if(pairing = '" ~ pairing ~ "', started_on, null)", measures={'share': 'share'},
    category="'" ~ pairing ~ "'", categories=[pairing])) -%}
{%- endfor %}

with {{ measured(figures) }}
