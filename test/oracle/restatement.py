#!/usr/bin/env python3
"""restatement.py FOLDER

A second calculator of closing and restatement. It reads what a registry holds right after months were closed and restated, as CSV files,
and computes what was closed or restated last, person by person in exact fractions with the calculator of the statement, and every
line of the ledger: who went and who came, found by comparing the persons of two rosters, then one cause after the other. Prints TAP.
"""
import sys
from collections import defaultdict
from fractions import Fraction

from statement import NUMBERS, Month, Registry, by, day, moment, number, read, rounded, said

GONE, CAME = ("died", "left", "moved_out"), ("new", "moved_in")


class Side:
    """The persons and the tariff of one of two statements that are compared."""

    def __init__(self, month):
        self.month = month
        self.persons = defaultdict(list)
        for organisation, person, age, sex, _, share, *_ in month.members:
            self.persons[organisation, person].append((age, sex, share))

    def of(self, organisation):
        return [m for (o, _), members in self.persons.items() if o == organisation for m in members if m[0] is not None]

    def weighted(self, members):
        return sum((self.month.weight_of(age, sex) for age, sex, _ in members), Fraction(0))

    def tariff(self, organisation):
        rows = [s for s in self.month.registry.status[organisation,] if day(s["valid_from"]) <= self.month.rate_day]
        status = max(rows, key=lambda s: day(s["valid_from"]))
        return self.month.base_of(status["region"], status["class"]), self.month.factors_of(organisation)

    def money(self, base, factors, weighted, heads, shares):
        if heads == 0:
            return Fraction(0)
        scaled = self.month.combined(base, weighted / heads, factors.values()) * shares / len(self.month.days) * 10 ** 12
        return Fraction(int(scaled), 10 ** 12)


def moves(a, b, deaths):
    """Who is in the first statement only, and who in the second only, by organisation and cause."""
    gone, came = set(a.persons) - set(b.persons), set(b.persons) - set(a.persons)
    goers, comers = {person for _, person in gone}, {person for _, person in came}
    found = defaultdict(list)
    for organisation, person in gone:
        died = person in deaths and deaths[person] < b.month.days[-1]
        found[organisation, "moved_out" if person in comers else "died" if died else "left"] += a.persons[organisation, person]
    for organisation, person in came:
        found[organisation, "moved_in" if person in goers else "new"] += b.persons[organisation, person]
    return {key: [m for m in members if m[0] is not None] for key, members in found.items()}


def causes(organisation, a, b, before, after, moved):
    """What lies between two lines: (cause, kind) to (persons, amount)."""
    found = defaultdict(lambda: [0, Fraction(0)])
    if before.get("status") == "held":
        return {("held", "release"): [after["heads"] - before["heads"], after["amount"]]}
    base_b, factors_b = b.tariff(organisation)
    base, factors = a.tariff(organisation) if before else (base_b, factors_b)
    if not after:
        base_b, factors_b = base, factors
    heads, shares = int(before.get("heads") or 0), before.get("shares") or Fraction(0)
    weighted = a.weighted(a.of(organisation)) if before else Fraction(0)
    last = a.money(base, factors, weighted, heads, shares)
    total = (after.get("amount") or Fraction(0)) - (before.get("amount") or Fraction(0))

    def step(cause, kind, persons, amount):
        change = amount if kind == "plain" else rounded(amount - last, 2)
        named = kind if kind in ("claw_back", "restoration") else "claw_back" if change < 0 or change == 0 and persons < 0 else "restoration"
        if change or persons:
            found[cause, named][0] += persons
            found[cause, named][1] += change
        return change

    summed = Fraction(0)
    for cause in GONE + CAME:
        members, sign = moved.get((organisation, cause), []), -1 if cause in GONE else 1
        if members:
            heads, shares = heads + sign * len(members), shares + sign * sum(m[2] for m in members)
            weighted += sign * a.weighted(members)
            now = a.money(base, factors, weighted, heads, shares)
            summed += step("membership", "claw_back" if cause in GONE else "restoration", sign * len(members), now)
            last = now
    theirs = b.of(organisation)
    for cause, persons, now in (
            ("age_or_sex", len(theirs) - heads, a.money(base, factors, a.weighted(theirs), len(theirs), shares + len(theirs) - heads)),
            ("insurance", 0, a.money(base, factors, a.weighted(theirs), len(theirs), after.get("shares") or 0)),
            ("coefficient", 0, a.money(base, factors_b, a.weighted(theirs), len(theirs), after.get("shares") or 0)),
            ("rate", 0, b.money(base_b, factors_b, b.weighted(theirs), len(theirs), after.get("shares") or 0))):
        summed += step(cause, "step", persons, now)
        last = now

    def net(line, plus, minus):
        return (line.get(plus) or Fraction(0)) - (line.get(minus) or Fraction(0))
    for cause, plus, minus in (("inactive", "inactive_rest", "inactive_cut"), ("cap", "carried_in", "cap_cut")):
        summed += step(cause, "plain", 0, net(after, plus, minus) - net(before, plus, minus))
    step("rounding", "plain", 0, total - summed)
    return dict(found)


def main():
    registry, headers = Registry(), {(r["month"], "0"): r for r in read("statement")}
    restated = {(r["month"], r["revision"]): r for r in read("restatement")}
    headers.update((key, dict(r, scheme=headers[key[0], "0"]["scheme"])) for key, r in restated.items())
    deaths = {r["person"]: day(r["death_date"]) for r in read("person") if r["death_date"]}
    lines = defaultdict(dict)
    for r in read("statement_line"):
        lines[r["month"], r["organisation"]][0] = said(r)
    for r in read("restatement_line"):
        lines[r["month"], r["organisation"]][int(r["revision"])] = said(r)
    registry.restated = sorted((dict(r, known_at=moment(restated[r["month"], r["revision"]]["known_at"])) for r in read("restatement_line")),
                               key=lambda r: r["known_at"])
    ledger = by(read("ledger"), "month", "revision")
    failed = 0
    months = sorted({month for month, _ in headers})
    for n, month in enumerate(months, 1):
        revision = max(int(r) for m, r in headers if m == month)
        header = headers[month, str(revision)]
        b = Side(Month(registry, header["scheme"], day(month), moment(header["known_at"])))
        ours = b.month.statement()
        wrong = []
        expected = {}
        sides = {}
        for organisation in sorted({o for m, o in lines if m == month} | set(ours)):
            versions, mine = lines[month, organisation], ours.get(organisation, {})
            newest = versions[max(versions)] if versions else {}
            if mine.get("status") == "held" and revision:
                continue
            wrong += [(organisation, c, mine.get(c) or 0, newest.get(c) or 0) for c in NUMBERS
                      if c != "contract_amount" and (mine or c in ("heads", "amount")) and (mine.get(c) or 0) != (newest.get(c) or 0)]
            if not revision or max(versions) != revision:
                continue
            earlier = [v for v in versions if v < revision]
            since = max(earlier, default=0)
            if since not in sides:
                at = moment(headers[month, str(since)]["known_at"])
                sides[since] = Side(Month(registry, header["scheme"], day(month), at))
                sides[since].moved = moves(sides[since], b, deaths)
            for key, value in causes(organisation, sides[since], b, versions[since] if earlier else {}, mine, sides[since].moved).items():
                expected[(organisation,) + key] = value
        found = {(r["organisation"], r["cause"], r["kind"]): [int(r["persons"]), number(r["amount"])] for r in ledger[month, str(revision)]}
        wrong += [(key, "ledger", expected.get(key), found.get(key)) for key in sorted(set(expected) | set(found)) if expected.get(key) != found.get(key)]
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {n} - {month}, restated {revision} times: {len(ours)} organisations, {len(found)} lines of the ledger")
        for difference in wrong[:8]:
            print("#   %s, %s: %s here, %s there" % difference)
    print(f"1..{len(months)}")
    sys.exit(failed > 0 or not months)


main()
