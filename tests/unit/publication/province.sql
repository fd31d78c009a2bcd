-- The marts of a made-up province; the variables `enterprises` and `counties` set its size.
CREATE SCHEMA confidential;
CREATE SCHEMA public;
CREATE SCHEMA reference;

CREATE TABLE main.coverage AS
WITH cities(code, name) AS (
  VALUES
    ('340100', '合肥市'), ('340200', '芜湖市'), ('340300', '蚌埠市'), ('340400', '淮南市'), ('340500', '马鞍山市'),
    ('340600', '淮北市'), ('340700', '铜陵市'), ('340800', '安庆市'), ('341000', '黄山市'), ('341100', '滁州市'),
    ('341200', '阜阳市'), ('341300', '宿州市'), ('341500', '六安市'), ('341600', '亳州市'), ('341700', '池州市'),
    ('341800', '宣城市')
),
members AS (
  SELECT 'province' AS dimension, '340000' AS code, '安徽省' AS name, 4300 AS size
  UNION ALL
  SELECT 'city', code, name, 90 + hash(code) % 700 FROM cities
  UNION ALL
  SELECT 'county', (340000 + n)::VARCHAR, '县' || n, n FROM range(1, getvariable('counties') + 1) r(n)
  UNION ALL
  SELECT 'park', 'P' || n, '开发区' || n, n FROM range(1, getvariable('counties') + 1) r(n)
  UNION ALL
  SELECT 'industry_section', code, name, 900 FROM (VALUES ('B', '采矿业'), ('C', '制造业')) s(code, name)
  UNION ALL
  SELECT 'size', code, code, 300 FROM (VALUES ('大型'), ('中型'), ('小型'), ('微型')) z(code)
),
cells AS (
  SELECT
    year AS reference_year, basis AS tier_basis, purpose, obligation, dimension, code AS member_code,
    name AS member_name, threshold::DECIMAL(24, 6) AS threshold_yuan, (size // divisor)::BIGINT AS n_asked, shift
  FROM
    members,
    (VALUES (2024), (2025), (2026)) y(year),
    (VALUES ('CY'), ('PY')) b(basis),
    (VALUES ('statistical', 0), ('administrative', 9)) p(purpose, shift),
    (
      VALUES ('activity', 100000000, 1), ('institution', 500000000, 6), ('outcome', 1000000000, 13)
    ) o(obligation, threshold, divisor)
)
SELECT
  reference_year, tier_basis, purpose, obligation, dimension, member_code, member_name, threshold_yuan, n_asked,
  n_asked * (70 - shift + hash(member_code, obligation) % 20) // 100 AS n_met,
  n_asked - n_met - n_asked // 20 AS n_not_met,
  n_asked // 20 AS n_unknown,
  4::BIGINT AS n_tier_unknown,
  n_met / nullif(n_asked, 0) AS rate,
  (n_met + n_asked // 20) / nullif(n_asked, 0) AS rate_upper,
  1::DOUBLE AS target_rate,
  (0.7 + (reference_year - 2024) * 0.1)::DOUBLE AS path_rate,
  CASE WHEN reference_year < 2026 THEN rate >= path_rate - 0.01 END AS on_track,
  if(reference_year = 2026, 'N', 'P') AS vintage,
  if(reference_year = 2026, 'F', 'A') AS obs_status,
  obligation || '-1' AS definition_id
FROM cells;

CREATE TABLE main.indicator AS
SELECT
  'H' || n AS indicator_id, '指标' || n AS name_zh, 'Indicator ' || n AS name_en, '' AS task_no, '%' AS unit,
  'more' AS direction, 'T' AS kind, '=C1/N1' AS formula, 'R01+R02' AS sources, '到2027年' AS quote,
  '=C1/N1' AS definition, '100' AS target_text, '2027' AS period_text,
  if(n = 1, '注意甲。 | Mind A.', NULL) AS caveat
FROM range(1, 5) r(n);

CREATE TABLE main.indicator_value AS
SELECT
  CASE obligation WHEN 'activity' THEN 'H1' WHEN 'institution' THEN 'H2' ELSE 'H3' END AS indicator_id,
  'rate' AS measure,
  tier_basis || if(purpose = 'administrative', '-admin', '') AS reading,
  reference_year::VARCHAR AS period,
  member_code AS area_code,
  '' AS category,
  rate AS value,
  n_met::DOUBLE AS numerator,
  n_asked::DOUBLE AS denominator,
  '=' AS target_operator,
  1::DOUBLE AS target_value,
  '2025-05-15-draft' AS policy_version,
  rate AS attainment,
  'behind' AS status,
  vintage,
  obs_status,
  NULL::VARCHAR AS note
FROM main.coverage
WHERE dimension IN ('province', 'city');

CREATE TABLE main.enterprise AS
SELECT
  '9134' || lpad(n::VARCHAR, 14, '0') AS uscc, DATE '2025-01-01' AS valid_from, '企业' || n AS name,
  '340100' AS city_code
FROM range(getvariable('enterprises')) r(n);

CREATE TABLE main.obligation_status AS
SELECT
  year AS reference_year, basis AS tier_basis, 'administrative' AS purpose, 'activity' AS obligation,
  '9134' || lpad(n::VARCHAR, 14, '0') AS uscc, (n * 10000.5)::DECIMAL(24, 6) AS revenue_yuan, 'MET' AS status
FROM
  range(getvariable('enterprises') // 4) r(n),
  (VALUES (2024), (2025), (2026)) y(year),
  (VALUES ('CY'), ('PY')) b(basis);

CREATE TABLE confidential.obligation_status AS
SELECT * REPLACE ('statistical' AS purpose) FROM main.obligation_status;

CREATE TABLE main.unlinked_row AS
SELECT
  'patent' AS source, 'a.csv' AS file, '' AS sheet, n AS row, '某公司' AS name,
  [{uscc: '913400000000000000', name: '某某公司', score: 0.9}] AS suggestions
FROM range(3) r(n);

CREATE TABLE main.gap_list AS
SELECT
  year AS reference_year,
  '9134' || lpad(n::VARCHAR, 14, '0') AS uscc,
  '安徽企业' || n || '有限公司' AS name,
  '34' || lpad((n % 3 + 1)::VARCHAR, 2, '0') || '00' AS city_code,
  '1亿元至5亿元' AS revenue_band,
  ['missing', 'unknown', ''][n % 3 + 1] AS missing_activity,
  '' AS missing_institution,
  'missing' AS missing_outcome,
  if(n % 9 = 0, 'activity 2026-01-05', NULL) AS expiring_evidence,
  2024 AS since_year
FROM range(getvariable('enterprises') // 12) r(n), (VALUES (2024), (2025), (2026)) y(year);

CREATE TABLE reference.target AS
SELECT
  '2025-05-15-draft' AS policy_version, 'H1' AS indicator_id, 'rate' AS measure, '*' AS reading, '2024' AS period_from,
  '2027' AS period_to, '=' AS operator, 1::DOUBLE AS target_value, '全覆盖' AS note;
