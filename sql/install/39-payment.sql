
--
-- rules: what a Fund pays from its own table: what is due, and what the
-- contract allows
--
INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (310, 'payment_due', 'set', 'enforce', true, '23514', 'KR DSM-291/2020 (payment rules)', 'UNV',
    'payment is not what is due for the month',
    osms_internal.from_utf8(E'выплата не равна сумме, причитающейся за месяц'),
    osms_internal.from_utf8(E'төлем ай үшін төленуге тиіс сомаға тең емес'),
    'SELECT * FROM osms.due() shows what is due for a closed month, statement plus ledger; one statement writes all of it.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('month_of', '{day}',
    $$date_trunc('month', {day}::timestamp)::date$$);

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('payments', '{from,length}',
    $$FROM (SELECT x.month, x.amount FROM {r}.payment x
   WHERE x.organisation = c.organisation
  UNION ALL SELECT c.month, c.amount WHERE {candidate}) y
 WHERE y.month >= {from} AND y.month < {from} + interval '{length}'$$,
    'The payments y of the organisation from a day on, for so long.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('on_invoice', '{month}',
    $$(SELECT coalesce(sum(g.amount), 0) FROM {r}.ledger g
 WHERE g.organisation = c.organisation::text
 AND g.invoice_month = {month})$$,
    'What the ledger puts on the organisation''s invoice of a month.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('last_payment', '{judged}',
    $$c.ord IN (SELECT max(c.ord) FROM chunk c WHERE c.op <> 'D' AND {judged}
 GROUP BY c.organisation, {month_of: c.month})$$,
    'The rows of an organisation and month are judged by the last of them.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('pays',
    $${touched:organisation,month,amount}
 AND (c.amount IS NOT NULL OR c.op = 'U')$$,
    'Stored rows of months before the first that was closed are history: osms has no statement to '
    'compare them with.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('payment_due', '{judged}',
    $$CASE WHEN {pays} AND {judged} THEN (SELECT CASE
  WHEN c.amount IS NOT NULL AND c.month IS NULL THEN 'no_month'
  WHEN c.amount IS NOT NULL AND {o}.organisation IS NULL
   THEN 'unknown_organisation'
  WHEN d.paid IS NULL OR d.paid = d.due THEN NULL
  WHEN d.closed IS NULL THEN CASE WHEN NOT c.stored OR EXISTS
    (SELECT FROM {r}.statement h WHERE h.month < d.month)
   THEN 'not_closed' END
  WHEN d.paid < d.due THEN 'less_than_due'
  WHEN d.status IS NULL THEN 'no_line'
  WHEN d.status = 'held' THEN 'held'
  ELSE 'more_than_due' END
 FROM (SELECT m.month, h.month AS closed, l.status,
   (SELECT sum(y.amount) {payments: m.month; 1 month}) AS paid,
   CASE WHEN h.month IS NULL THEN 0 ELSE coalesce(l.amount, 0)
    + {on_invoice: m.month} END AS due
  FROM (SELECT {month_of: c.month}) m (month)
  LEFT JOIN {r}.statement h ON h.month = m.month
  LEFT JOIN {r}.statement_line l ON l.month = m.month
   AND l.organisation = c.organisation::text) d) END$$);

INSERT INTO osms.clause (relation, place, rule, column_name, relations, predicate, stored, comment) VALUES
    ('payment', 30, 'payment_due', 'amount', '{organisation}', '{payment_due: {last_payment: {pays}}}',
    '{payment_due: true}', 'the organisation''s row is the lock of its payments');

INSERT INTO osms_internal.told_rule (place, rule, layer, default_mode, warns_in_import, sqlstate, act, tag, refuses, russian, kazakh,
                                     hint) VALUES
    (320, 'payment_contract', 'set', 'enforce', true, '23514', 'KR DSM-291/2020 (payment rules)', 'TEXT',
    'payment exceeds the contract of the organisation',
    osms_internal.from_utf8(E'выплата превышает сумму договора организации'),
    osms_internal.from_utf8(E'төлем ұйым шартының сомасынан асады'),
    'Enter a larger yearly amount of the contract, or restate the later months of the year, which it then cuts.');

INSERT INTO osms.definition (name, parameters, text) VALUES
    ('year_of', '{day}',
    $$date_trunc('year', {day}::timestamp)::date$$);

INSERT INTO osms.definition (name, text, comment) VALUES
    ('pays_more',
    $$({touched:organisation,month} OR {touched:amount}
 AND c.amount > coalesce(c.old_amount, 0)) AND c.amount IS NOT NULL$$,
    'A row that pays less than it did is in nobody''s way.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('paid_of_year',
    $$SELECT z.month, sum(z.amount) AS amount,
 sum(sum(z.amount)) OVER (ORDER BY z.month) AS so_far FROM (
  SELECT {month_of: y.month} AS month, y.amount, true AS paid
{payments: {year_of: c.month}; 1 year} AND y.amount IS NOT NULL
  UNION ALL SELECT g.invoice_month, -g.amount, false FROM {r}.ledger g
   WHERE g.organisation = c.organisation::text
    AND g.invoice_month >= {year_of: c.month}
    AND g.invoice_month < {year_of: c.month} + interval '1 year'
    AND g.month < {year_of: c.month}) z
 GROUP BY z.month HAVING bool_or(z.paid)$$,
    'By month of the row''s year, what was paid for months of that year, and so far: what an invoice '
    'corrects of earlier years is no part of it.');

INSERT INTO osms.definition (name, text, comment) VALUES
    ('contract_day',
    $$coalesce((SELECT (h.terms ->> 'rate_day')::date FROM {r}.statement h
 WHERE h.month = w.month), (w.month + interval '1 month')::date - 1)$$,
    'The day on which the statement of month w looked for the contract.');

INSERT INTO osms.definition (name, parameters, text, comment) VALUES
    ('payment_contract', '{judged}',
    $$CASE WHEN {judged} AND c.amount IS NOT NULL AND isfinite(c.month)
 THEN (WITH paid AS MATERIALIZED ({paid_of_year})
 SELECT CASE WHEN k.organisation IS NULL THEN 'no_contract'
   ELSE 'over_contract' END
  FROM paid w LEFT JOIN LATERAL (SELECT x.organisation, x.yearly_amount
   FROM {r}.contract x, (SELECT {contract_day}) d (day)
   WHERE x.organisation = c.organisation AND x.valid_from <= d.day
    AND coalesce(x.valid_to, 'infinity') > {year_of: c.month}
    AND {said_last: x}
   ORDER BY coalesce(x.valid_to, 'infinity') > d.day DESC,
    x.valid_from DESC LIMIT 1) k ON true
  WHERE (w.month = {month_of: c.month}
   OR NOT c.stored AND w.month > c.month)
   AND 0 < (SELECT u.amount FROM paid u
    WHERE u.month = {month_of: c.month})
   AND w.so_far > CASE WHEN k.organisation IS NULL THEN 0
    ELSE k.yearly_amount END ORDER BY w.month LIMIT 1) END$$,
    'Month by month the payments of the year stay within the contract in force or, where none is any '
    'more, the last one of the year. A new payment must leave every later month within it; of stored '
    'ones each answers for its own.');

INSERT INTO osms.clause (relation, place, rule, column_name, relations, predicate, stored) VALUES
    ('payment', 40, 'payment_contract', 'amount', '{organisation,contract}',
    '{payment_contract: {pays_more} AND {last_payment: {pays_more}}}', '{payment_contract: true}');
