/*
 * law_payment.h
 *		The law about what a Fund pays from its own table: what is due, and
 *		what the contract allows.
 *
 * Predicates in SQL for the table in clause.c; judge.c tells what they may
 * refer to.  Sanctions and what is entered in the relation adjustment stand
 * on the invoice too, but no rule compares a payment with them: they may
 * still be entered when the month is paid, and the contract does not cap
 * them.  What the statement and the ledger make due never changes once the
 * month is closed, for later corrections go with later invoices.
 *
 * A row without an amount pays nothing: one that is prepared, or was taken
 * back.  Several rows of an organisation and month are one payment.
 */
#ifndef OSMS_LAW_PAYMENT_H
#define OSMS_LAW_PAYMENT_H

#include "rule/law_place.h"

#define MONTH_OF(day) "date_trunc('month', " day "::timestamp)::date"
#define YEAR_OF(day) "date_trunc('year', " day "::timestamp)::date"

/* The payments y of the organisation from a day on, for so long. */
#define PAYMENTS(from, length) \
	" FROM (SELECT x.month, x.amount FROM {r}.payment x" \
	"   WHERE x.organisation = c.organisation" \
	"  UNION ALL SELECT c.month, c.amount WHERE {candidate}) y" \
	" WHERE y.month >= " from " AND y.month < " from " + interval '" length "'"

/* What the ledger puts on the organisation's invoice of a month. */
#define ON_INVOICE(month) \
	"(SELECT coalesce(sum(g.amount), 0) FROM {r}.ledger g" \
	" WHERE g.organisation = c.organisation::text" \
	" AND g.invoice_month = " month ")"

/* The rows of an organisation and month are judged by the last of them. */
#define LAST_PAYMENT(judged) \
	"c.ord IN (SELECT max(c.ord) FROM chunk c WHERE c.op <> 'D' AND " judged \
	" GROUP BY c.organisation, " MONTH_OF("c.month") ")"

/*
 * Stored rows of months before the first that was closed are history: osms
 * has no statement to compare them with.
 */
#define PAYS \
	"{touched:organisation,month,amount}" \
	" AND (c.amount IS NOT NULL OR c.op = 'U')"
#define PAYMENT_DUE(judged) \
	"CASE WHEN " PAYS " AND " judged " THEN (SELECT CASE" \
	"  WHEN c.amount IS NOT NULL AND c.month IS NULL THEN 'no_month'" \
	"  WHEN c.amount IS NOT NULL AND o.organisation IS NULL" \
	"   THEN 'unknown_organisation'" \
	"  WHEN d.paid IS NULL OR d.paid = d.due THEN NULL" \
	"  WHEN d.closed IS NULL THEN CASE WHEN NOT c.stored OR EXISTS" \
	"    (SELECT FROM {r}.statement h WHERE h.month < d.month)" \
	"   THEN 'not_closed' END" \
	"  WHEN d.paid < d.due THEN 'less_than_due'" \
	"  WHEN d.status IS NULL THEN 'no_line'" \
	"  WHEN d.status = 'held' THEN 'held'" \
	"  ELSE 'more_than_due' END" \
	" FROM (SELECT m.month, h.month AS closed, l.status," \
	"   (SELECT sum(y.amount)" PAYMENTS("m.month", "1 month") ") AS paid," \
	"   CASE WHEN h.month IS NULL THEN 0 ELSE coalesce(l.amount, 0)" \
	"    + " ON_INVOICE("m.month") " END AS due" \
	"  FROM (SELECT " MONTH_OF("c.month") ") m (month)" \
	"  LEFT JOIN {r}.statement h ON h.month = m.month" \
	"  LEFT JOIN {r}.statement_line l ON l.month = m.month" \
	"   AND l.organisation = c.organisation::text) d) END"

/* A row that pays less than it did is in nobody's way. */
#define PAYS_MORE \
	"({touched:organisation,month} OR {touched:amount}" \
	" AND c.amount > coalesce(c.old_amount, 0)) AND c.amount IS NOT NULL"

/*
 * By month of the row's year, what was paid for months of that year, and so
 * far: what an invoice corrects of earlier years is no part of it.
 */
#define PAID_OF_YEAR \
	"SELECT z.month, sum(z.amount) AS amount," \
	" sum(sum(z.amount)) OVER (ORDER BY z.month) AS so_far FROM (" \
	"  SELECT " MONTH_OF("y.month") " AS month, y.amount, true AS paid" \
	PAYMENTS(YEAR_OF("c.month"), "1 year") " AND y.amount IS NOT NULL" \
	"  UNION ALL SELECT g.invoice_month, -g.amount, false FROM {r}.ledger g" \
	"   WHERE g.organisation = c.organisation::text" \
	"    AND g.invoice_month >= " YEAR_OF("c.month") \
	"    AND g.invoice_month < " YEAR_OF("c.month") " + interval '1 year'" \
	"    AND g.month < " YEAR_OF("c.month") ") z" \
	" GROUP BY z.month HAVING bool_or(z.paid)"

/* The day on which the statement of month w looked for the contract. */
#define CONTRACT_DAY \
	"coalesce((SELECT (h.terms ->> 'rate_day')::date FROM {r}.statement h" \
	" WHERE h.month = w.month), (w.month + interval '1 month')::date - 1)"

/*
 * Month by month the payments of the year stay within the contract in force
 * or, where none is any more, the last one of the year.  A new payment must
 * leave every later month within it; of stored ones each answers for its
 * own.
 */
#define PAYMENT_CONTRACT(judged) \
	"CASE WHEN " judged " AND c.amount IS NOT NULL AND isfinite(c.month)" \
	" THEN (WITH paid AS MATERIALIZED (" PAID_OF_YEAR ")" \
	" SELECT CASE WHEN k.organisation IS NULL THEN 'no_contract'" \
	"   ELSE 'over_contract' END" \
	"  FROM paid w LEFT JOIN LATERAL (SELECT x.organisation, x.yearly_amount" \
	"   FROM {r}.contract x, (SELECT " CONTRACT_DAY ") d (day)" \
	"   WHERE x.organisation = c.organisation AND x.valid_from <= d.day" \
	"    AND coalesce(x.valid_to, 'infinity') > " YEAR_OF("c.month") \
	"    AND " SAID_LAST("x") \
	"   ORDER BY coalesce(x.valid_to, 'infinity') > d.day DESC," \
	"    x.valid_from DESC LIMIT 1) k ON true" \
	"  WHERE (w.month = " MONTH_OF("c.month") \
	"   OR NOT c.stored AND w.month > c.month)" \
	"   AND 0 < (SELECT u.amount FROM paid u" \
	"    WHERE u.month = " MONTH_OF("c.month") ")" \
	"   AND w.so_far > CASE WHEN k.organisation IS NULL THEN 0" \
	"    ELSE k.yearly_amount END ORDER BY w.month LIMIT 1) END"

#endif							/* OSMS_LAW_PAYMENT_H */
