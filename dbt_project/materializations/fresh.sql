{#- Every build is a database of its own (orchestration/cycle.py), so nothing stands where a model or a seed goes: no table beside it, no swap
    of names, nothing to drop. dbt's own materialisations do all that, in some ten statements a node.
    Who builds twice into one file by hand has the older one dropped first. -#}
{% materialization table, adapter='duckdb' %}
  {{ return(made_in_place('table', create_table_as(false, this, compiled_code))) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
  {{ return(made_in_place('view', create_view_as(this, compiled_code))) }}
{% endmaterialization %}

{#- Seeds say the type of each of their columns: DuckDB reads the file, and dbt need not read it too to guess them. -#}
{% materialization seed, adapter='duckdb' %}
  {%- set columns = [] -%}
  {%- for name, type in config.require('column_types').items() -%}
    {%- do columns.append("'" ~ name ~ "': '" ~ type ~ "'") -%}
  {%- endfor -%}
  {%- set read -%}
    create table {{ this }} as
    from read_csv('{{ adapter.get_seed_file_path(model) | replace("'", "''") }}', auto_detect = false, header = true, columns = { {{- columns | join(', ') -}} })
  {%- endset -%}
  {#- What `dbt seed --show` would print; it asks for it in any case. -#}
  {%- do store_result('agate_table', response='OK') -%}
  {{ return(made_in_place('table', read)) }}
{% endmaterialization %}

{% macro made_in_place(type, statement_sql) %}
  {%- set relation = this.incorporate(type=type) -%}
  {%- do adapter.drop_relation(relation) if load_cached_relation(this) is not none -%}
  {#- One statement, which holds or not: a transaction around it would be two more. -#}
  {% call statement('main', auto_begin=false) -%}
    {{ statement_sql }}
  {%- endcall %}
  {{ return({'relations': [relation]}) }}
{% endmacro %}
