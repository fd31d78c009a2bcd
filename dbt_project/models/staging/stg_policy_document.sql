{{ staged('policy_document', [
  'document_no',
  'title',
  'kind',
  'chain',
  'version',
  'area_code',
  'issued_on',
  'abolished_on',
  'enterprise_participants',
]) }}
