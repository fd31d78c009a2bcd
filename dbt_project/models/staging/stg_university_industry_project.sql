{{ staged('university_industry_project', [
  'project_id',
  'title',
  'uscc',
  'institute',
  'contract_value',
  'key_project',
  'entered_on',
  'started_on',
  'due_on',
  'ended_on',
  'status',
  'area_code',
]) }}
