-- Discharged stays of ten fee lines each, divided and summed as 2301 leaves them; $stays and $first are replaced by the bench.
INSERT INTO insured_person (person_id, version, sealed, certno_index, sex, born_on, coverages, classes, stated_at)
SELECT 'P' || lpad(n::text, 25, '0'), 1, '$sealed', 'bench-' || n, '1', DATE '1974-04-10', '$coverages'::jsonb, '$classes'::jsonb, now()
FROM generate_series($first, $last) n;

INSERT INTO visit (visit_id, person_id, institution_code, inpatient, scheme, med_type, hospital_no, state, begun_on, begun_at, ended_on, ended_at, insured_region, recorded_at)
SELECT 'V' || lpad(n::text, 25, '0'), 'P' || lpad(n::text, 25, '0'), 'H9901010' || lpad((n % 12)::text, 4, '0'), true, '390', '21', 'ZY' || n, 'discharged',
       DATE '2026-03-02', '2026-03-02 08:00+08', DATE '2026-03-14', '2026-03-14 10:00+08', '990101', now()
FROM generate_series($first, $last) n;

INSERT INTO fee_batch (batch_id, visit_id, batch_no, generation, line_count, total_fen, self_funded_fen, over_limit_fen, pre_selfpay_fen, in_scope_fen)
SELECT 'B' || lpad(n::text, 25, '0'), 'V' || lpad(n::text, 25, '0'), '', 1, 10, 9000000, 500000, 100000, 300000, 8100000
FROM generate_series($first, $last) n;

INSERT INTO fee_line (visit_id, line_no, batch_id, item_code, item_name, charge_class, occurred_at, quantity, price, pre_selfpay_rate, amount_fen, self_funded_fen, over_limit_fen, pre_selfpay_fen, in_scope_fen)
SELECT 'V' || lpad(n::text, 25, '0'), l::text, 'B' || lpad(n::text, 25, '0'), 'X' || l, '项目', 'A', '2026-03-03 09:00+08', 1, 9000, 0, 900000, 50000, 10000, 30000, 810000
FROM generate_series($first, $last) n, generate_series(1, 10) l;
