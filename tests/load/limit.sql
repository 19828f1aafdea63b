-- The same writes as one settlement, as one server call: what this machine can do without any of our code.
CREATE FUNCTION bench_settle(n bigint, r text, deep text, sealed text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v text := 'V' || lpad(n::text, 25, '0'); p text := 'P' || lpad(n::text, 25, '0'); s text := r;
BEGIN
  PERFORM 1 FROM visit JOIN insured_person USING (person_id) WHERE visit_id = v FOR UPDATE OF visit;
  PERFORM * FROM fee_batch WHERE visit_id = v;
  PERFORM * FROM his_message WHERE institution_code = 'H99010100001' AND infno = '2304' AND msgid = r AND variant = '';
  PERFORM * FROM reversed_message WHERE institution_code = 'H99010100001' AND infno = '2304' AND msgid = r;
  INSERT INTO person_year (person_id, scheme, benefit_year, state) VALUES (p, '390', 2026, '{}') ON CONFLICT DO NOTHING;
  PERFORM state FROM person_year WHERE person_id = p AND scheme = '390' AND benefit_year = 2026 FOR UPDATE;
  UPDATE person_year SET state = '{"stays": 1, "pool.base": 8100000, "pool.paid": 4560000, "pool.deductible": 500000, "catastrophic.base": 3540000}', version = version + 1
    WHERE person_id = p AND scheme = '390' AND benefit_year = 2026;
  INSERT INTO settlement (settlement_id, visit_id, person_id, institution_code, state, scheme, benefit_year, inpatient, med_type, begun_on, ended_on, settled_at, infno, msgid,
      total_fen, self_funded_fen, over_limit_fen, pre_selfpay_fen, in_scope_fen, fund_fen, account_fen, cash_fen, hospital_fen, rule_digest, facts, decision, answer)
    VALUES (s, v, p, 'H99010100001', 'valid', '390', 2026, true, '21', '2026-03-02', '2026-03-14', now(), '2304', r, 9000000, 500000, 100000, 300000, 8100000, 7000000, 0, 2000000, 0,
      'sha256:0000000000000000000000000000000000000000000000000000000000000000', '{"split": [9000000, 500000, 100000, 300000, 8100000], "care": "inpatient"}', deep::json, deep::json);
  UPDATE fee_batch SET settlement_id = s WHERE visit_id = v;
  INSERT INTO journal (entry_id, book, booked_on, kind, memo, person_id, settlement_id, maker) SELECT s || b, b, DATE '2026-03-20', 'settlement', '医疗费用结算', p, s, 'system' FROM unnest(ARRAY['RES', 'CII', 'MAF']) b;
  INSERT INTO journal_line (entry_id, line_no, book, booked_on, account, dim, debit_fen, credit_fen)
    SELECT s || b, 1, b, DATE '2026-03-20', '5001.01', '', 1000, 0 FROM unnest(ARRAY['RES', 'CII', 'MAF']) b
    UNION ALL SELECT s || b, 2, b, DATE '2026-03-20', '2201', 'H:H99010100001', 0, 1000 FROM unnest(ARRAY['RES', 'CII', 'MAF']) b;
  INSERT INTO outbox (event_id, type, topic, key, payload, occurred_at) VALUES (s, 'claims.claim-settled.v1', 'claims.claim.v1', p, deep, now());
  INSERT INTO his_message (institution_code, infno, msgid, variant, digest, person_id, visit_id, subject_id, answer, answered_at) VALUES ('H99010100001', '2304', r, '', repeat('0', 64), p, v, s, sealed, now());
  PERFORM pg_notify('outbox', '');
END $$;
