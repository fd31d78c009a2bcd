-- 60 enterprises in two cities, 2025 finished and 2026 running on 2026-11-23. Only the published tables and those that the
-- checks name; statuses are drawn by a fixed rule, coverage is counted from them.
CREATE SCHEMA raw; CREATE SCHEMA reference; CREATE SCHEMA intermediate; CREATE SCHEMA confidential;

CREATE TABLE raw.run_setting AS
SELECT 'r000001' AS run_id, 1 AS run_seq, DATE '2026-11-23' AS as_of, 2025 AS first_year, '2025-05-15-draft' AS policy_version;

CREATE TABLE reference.area AS
SELECT '340000' AS code, '安徽省' AS name, 'province' AS level, '34' AS province_code
UNION ALL SELECT unnest(['340100','340200','340300','340400','340500','340600','340700','340800','341000','341100','341200',
  '341300','341500','341600','341700','341800']), '市', 'city', '34'
UNION ALL SELECT '110100', '市辖区', 'city', '11'
UNION ALL SELECT '340102', '瑶海区', 'county', '34';

CREATE TABLE reference.obligation (obligation VARCHAR, threshold_yuan DECIMAL(24, 6), definition_id VARCHAR);
INSERT INTO reference.obligation VALUES ('activity', 100000000, 'activity-1'), ('institution', 500000000, 'institution-1'),
  ('outcome', 1000000000, 'outcome-1');

CREATE TABLE frame AS
SELECT '91340100MA' || lpad(i::VARCHAR, 8, '0') AS uscc, i, if(i % 3 = 0, '340200', '340100') AS city_code,
  if(i % 3 = 0, '340202', '340102') AS county_code, 'C' AS section, if(i % 2 = 0, '26', '39') AS division, '_N' AS park,
  if(i % 5 = 0, '大型', '中型') AS size,
  CASE WHEN i < 20 THEN 2e9 WHEN i < 40 THEN 6e8 WHEN i < 58 THEN 1e8 END::DECIMAL(24, 6) AS revenue_yuan
FROM range(60) AS r (i);

CREATE TABLE intermediate.int_tier AS
SELECT reference_year, tier_basis, purpose, obligation, uscc, frame.revenue_yuan,
  if(frame.revenue_yuan IS NULL, 'unknown', 'asked') AS tier_state
FROM (VALUES (2024), (2025), (2026)) AS years (reference_year)
CROSS JOIN (VALUES ('CY'), ('PY')) AS bases (tier_basis)
CROSS JOIN (VALUES ('statistical'), ('administrative')) AS purposes (purpose)
CROSS JOIN reference.obligation
CROSS JOIN frame
WHERE frame.revenue_yuan IS NULL OR frame.revenue_yuan >= threshold_yuan;

CREATE TABLE answers AS
SELECT reference_year, tier_basis, purpose, obligation, uscc, int_tier.revenue_yuan,
  CASE i % 4 WHEN 0 THEN 'NOT_MET' WHEN 1 THEN 'UNKNOWN' ELSE 'MET' END AS status,
  CASE i % 4 WHEN 0 THEN if(purpose = 'statistical', 'return_shows_none', 'registers_complete')
    WHEN 1 THEN 'no_return' ELSE 'evidence' END AS reason_code,
  CASE WHEN i % 4 > 1 THEN if(purpose = 'statistical', 'survey_rd_activity', 'patent') END AS evidence_source,
  CASE WHEN i % 4 > 1 THEN 'key' END AS evidence_id,
  if(i % 4 > 1, 1, 0)::BIGINT AS evidence_count
FROM intermediate.int_tier INNER JOIN frame USING (uscc)
WHERE tier_state = 'asked' AND reference_year >= 2025;

CREATE TABLE main.obligation_status AS SELECT * FROM answers WHERE purpose = 'administrative';
CREATE TABLE confidential.obligation_status AS SELECT * FROM answers WHERE purpose = 'statistical';

CREATE TABLE main.coverage AS
WITH members AS (
  UNPIVOT (SELECT uscc, '340000' AS province, city_code AS city, county_code AS county, section AS industry_section,
    division AS industry_division, park, size FROM frame)
  ON province, city, county, industry_section, industry_division, park, size INTO NAME dimension VALUE member_code
),
cells AS (
  SELECT DISTINCT dimension, member_code FROM members
  UNION SELECT 'city', code FROM reference.area WHERE level = 'city' AND province_code = '34'
),
counts AS (
  SELECT tier.reference_year, tier.tier_basis, tier.purpose, tier.obligation, dimension, member_code,
    count(*) FILTER (WHERE tier_state = 'asked') AS n_asked,
    count(*) FILTER (WHERE status = 'MET') AS n_met,
    count(*) FILTER (WHERE status = 'NOT_MET') AS n_not_met,
    count(*) FILTER (WHERE status = 'UNKNOWN') AS n_unknown,
    count(*) FILTER (WHERE tier_state = 'unknown') AS n_tier_unknown
  FROM intermediate.int_tier AS tier
  INNER JOIN members USING (uscc)
  LEFT JOIN answers USING (reference_year, tier_basis, purpose, obligation, uscc)
  GROUP BY ALL
)
SELECT reference_year::INTEGER AS reference_year, tier_basis, purpose, obligation, dimension, member_code,
  member_code AS member_name, threshold_yuan, coalesce(n_asked, 0) AS n_asked, coalesce(n_met, 0) AS n_met,
  coalesce(n_not_met, 0) AS n_not_met, coalesce(n_unknown, 0) AS n_unknown, coalesce(n_tier_unknown, 0) AS n_tier_unknown,
  n_met / nullif(n_asked, 0) AS rate, (n_met + n_unknown) / nullif(n_asked, 0) AS rate_upper, 1.0::DOUBLE AS target_rate,
  0.5::DOUBLE AS path_rate, CASE WHEN reference_year < 2026 THEN n_met / nullif(n_asked, 0) >= 0.49 END AS on_track,
  if(reference_year < 2026, 'F', 'N') AS vintage, if(reference_year < 2026, 'A', 'F') AS obs_status, definition_id
FROM (SELECT DISTINCT reference_year, tier_basis, purpose, obligation FROM answers)
CROSS JOIN cells
INNER JOIN reference.obligation USING (obligation)
LEFT JOIN counts USING (reference_year, tier_basis, purpose, obligation, dimension, member_code);

CREATE TABLE main.gap_list AS
SELECT reference_year, uscc, 'name' AS name, '340100' AS city_code, '10亿元以上' AS revenue_band,
  coalesce(max(gap) FILTER (WHERE obligation = 'activity'), '') AS missing_activity,
  coalesce(max(gap) FILTER (WHERE obligation = 'institution'), '') AS missing_institution,
  coalesce(max(gap) FILTER (WHERE obligation = 'outcome'), '') AS missing_outcome, NULL::VARCHAR AS expiring_evidence,
  reference_year AS since_year
FROM (
  SELECT *, CASE status WHEN 'NOT_MET' THEN 'missing' WHEN 'UNKNOWN' THEN 'unknown' END AS gap FROM main.obligation_status
  WHERE tier_basis = if(reference_year = 2025, 'CY', 'PY') AND status <> 'MET'
)
GROUP BY ALL;

CREATE TABLE main.indicator AS
SELECT * FROM (VALUES ('H1'), ('H2'), ('H3'), ('H1N'), ('H1G'), ('H1U'), ('H4'), ('H5'), ('H8'), ('T01-1')) AS ids (indicator_id)
UNION ALL SELECT 'X' || i::VARCHAR FROM range(145) AS r (i);
ALTER TABLE main.indicator ADD COLUMN period_text VARCHAR;

CREATE TABLE main.indicator_value AS
WITH cells AS (
  SELECT *, CASE obligation WHEN 'activity' THEN 'H1' WHEN 'institution' THEN 'H2' ELSE 'H3' END AS headline,
    tier_basis || if(purpose = 'administrative', '-admin', '') AS reading
  FROM main.coverage WHERE dimension IN ('province', 'city')
),
figures AS (
  SELECT *, headline AS indicator_id, 'rate' AS measure, '' AS category, rate AS value, n_met AS numerator, n_asked AS denominator
  FROM cells
  UNION ALL
  SELECT *, headline || 'N', 'count', '', n_asked, n_asked, NULL FROM cells
  UNION ALL
  SELECT *, headline || 'G', 'count', '', n_not_met, n_not_met, n_asked FROM cells
  UNION ALL
  SELECT *, headline || 'U', 'share', '', n_unknown / nullif(n_asked, 0), n_unknown, n_asked FROM cells
  UNION ALL
  SELECT *, 'H4', 'share', '', n_met / nullif(n_asked, 0), n_met, n_asked FROM cells WHERE obligation = 'outcome'
  UNION ALL
  SELECT *, 'H5', 'deviation', obligation, rate - path_rate, rate, path_rate FROM cells
)
SELECT indicator_id, measure, reading, reference_year::VARCHAR AS period, member_code AS area_code, category,
  value::DOUBLE AS value, numerator::DOUBLE AS numerator, denominator::DOUBLE AS denominator, '=' AS target_operator,
  1.0::DOUBLE AS target_value, '2025-05-15-draft' AS policy_version, value::DOUBLE AS attainment, 'behind' AS status, vintage,
  obs_status, NULL::VARCHAR AS note
FROM figures;
INSERT INTO main.indicator BY NAME SELECT DISTINCT indicator_id FROM main.indicator_value
  WHERE indicator_id NOT IN (SELECT indicator_id FROM main.indicator);

CREATE TABLE main.enterprise AS SELECT uscc, DATE '2025-01-01' AS valid_from, 'name' AS name FROM frame;

CREATE TABLE raw.enterprise_register AS
SELECT year AS frame_year, uscc, 'name' AS name, '100001' AS park_id, city_code AS operating_area_code, 'd' AS _delivery_id
FROM frame CROSS JOIN (VALUES (2025), (2026)) AS years (year)
-- 120 rows a year: the limits look at 100 and more
UNION ALL SELECT year, 'x' || i::VARCHAR, 'name', '100001', '340100', 'd'
FROM range(60) AS r (i) CROSS JOIN (VALUES (2025), (2026)) AS years (year);
CREATE TABLE raw.whole_delivery AS
SELECT 'enterprise_register' AS source, 'statistical' AS purpose, scope FROM (VALUES ('2025'), ('2026')) AS years (scope);
CREATE TABLE raw.enterprise_revenue AS
SELECT uscc, '2025' AS period, revenue_yuan AS revenue, NULL::DECIMAL(24, 6) AS rd_expense, 'd' AS _delivery_id FROM frame;
CREATE TABLE raw.survey_finance AS SELECT * FROM raw.enterprise_revenue WHERE false;

CREATE TABLE intermediate.int_revenue AS
SELECT purpose, uscc, year, CAST(1000 AS DECIMAL(24, 6)) AS revenue_yuan
FROM frame, (VALUES ('statistical'), ('administrative')) AS purposes (purpose), (VALUES (2024), (2025)) AS years (year);
CREATE TABLE raw.unit_ratio AS
SELECT 'enterprise_revenue' AS source, 'revenue' AS column_name, 'a.csv' AS file, 'a' AS sha256, 'b.csv' AS file_before,
  'b' AS sha256_before, 60::BIGINT AS n, 1.08::DOUBLE AS median_ratio, '万元' AS said, NULL::VARCHAR AS perhaps;
CREATE TABLE raw.unit_peer AS
SELECT 'enterprise_revenue' AS source, 'revenue' AS column_name, '2025' AS period, 'a.csv' AS file, 'a' AS sha256, 'b.csv' AS file_peer,
  'b' AS sha256_peer, 60::BIGINT AS n, 60::BIGINT AS n_peer, 1.08::DOUBLE AS times, '万元' AS said;
CREATE TABLE raw.delivery (source VARCHAR, name VARCHAR, sha256 VARCHAR, run_id VARCHAR, rows_read BIGINT, rows_accepted BIGINT,
  rows_quarantined BIGINT, rows_skipped BIGINT);
INSERT INTO raw.delivery VALUES
  ('enterprise_register', '2025.csv', 'a', 'r000001', 125, 120, 4, 1), ('enterprise_register', '2026.csv', 'b', 'r000001', 120, 120, 0, 0),
  ('enterprise_revenue', '2025.csv', 'c', 'r000001', 61, 60, 1, 0);
CREATE TABLE main.delivery AS SELECT source, name, sha256, run_id AS first_seen_run, * EXCLUDE (source, name, sha256, run_id) FROM raw.delivery;

CREATE TABLE main.quarantined_row (source VARCHAR, file VARCHAR, sheet VARCHAR, row BIGINT, column_name VARCHAR, value VARCHAR);
INSERT INTO main.quarantined_row VALUES ('enterprise_register', 'a', '', 3, 'uscc', '1'), ('survey_finance', 'b', '', 4, 'uscc', NULL);
CREATE TABLE main.warned_row AS SELECT * FROM main.quarantined_row;
CREATE TABLE main.unlinked_row AS SELECT source, file, sheet, row, 'name' AS name FROM main.quarantined_row
  WHERE source <> 'survey_finance';

-- 2025 was made final.
CREATE TABLE raw.frozen_year AS SELECT 2025 AS reference_year;
CREATE TABLE raw.frozen_coverage AS
SELECT reference_year, tier_basis, purpose, obligation, dimension, member_code, n_asked, n_met, n_not_met, n_unknown, n_tier_unknown
FROM main.coverage WHERE reference_year = 2025;
CREATE TABLE raw.frozen_value AS
SELECT 2025 AS reference_year, indicator_id, measure, reading, period, area_code, category, value, numerator, denominator
FROM main.indicator_value WHERE period = '2025';
CREATE TABLE raw.target_decision AS
SELECT 'H1' AS indicator_id, 'rate' AS measure, '*' AS reading, '340100' AS area_code, '2027' AS period_from, '2027' AS period_to,
  '>=' AS operator, 0.9::DOUBLE AS target_value, '' AS note;
