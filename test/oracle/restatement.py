#!/usr/bin/env python3
"""restatement.py FOLDER

A second calculator of closing and restatement. From one dump of a registry, taken after a year of closings and postings, it computes
every month as it was closed, as it was restated each time and as it is at the end, with the calculator of the statement, and every
line of the ledger: who went and who came, found by comparing the persons of two statements, then one cause after the other. Prints
TAP: a line for each month; a difference is told by organisation, month, revision, and both values.
"""
import gc
import multiprocessing
import sys
from collections import Counter, defaultdict
from fractions import Fraction

from registry import NOW, Moment, Registry, by, day, moment, number, read, rounded
from statement import Month, differences, said, tell

GONE, CAME = ("died", "left", "moved_out"), ("new", "moved_in")
NOBODY = {"heads": 0, "pyramid": {}, "coefficient": None, "rate": None, "suspect": 0, "insurance_unknown": 0, "reduced": {}, "shares": 0, "earned": 0,
          "inactive": 0, "inactive_cut": 0, "inactive_rest": 0, "carried_in": 0, "cap_cut": 0, "amount": 0, "status": "ok", "held_because": "", "persons_held": 0}


def on_days(month, persons):
    """Who is counted, day by day: person to (nth day, organisation) to place."""
    found = defaultdict(dict)
    for m in month.members_among(persons):
        found[m.person].update({((m.first - month.first).days + n, m.organisation): m.place for n in range(m.days)})
    return found


def moves(a, b, deaths):
    """Places of those who are in the first statement only, and in the second only, by organisation and cause."""
    same_days = (a.first, a.end) == (b.first, b.end)
    persons = {row.person for row in (set(a.rows) ^ set(b.rows) if same_days else a.rows + b.rows)}
    persons |= {row.person for row in a.restored if a.restored[row] != b.restored.get(row)}
    found, before, after = defaultdict(Counter), on_days(a, persons), on_days(b, persons)
    common = min(a.days, b.days)        # a day that only one of them has is nobody's coming or going
    for person in persons:
        was, now = before[person], after[person]
        gone, came = ({key for key in one.keys() - other.keys() if key[0] < common} for one, other in ((was, now), (now, was)))
        for nth, organisation in gone:
            moved = any(n == nth for n, _ in came)
            died = person in deaths and (deaths[person] - b.first).days < nth
            found[organisation, "moved_out" if moved else "died" if died else "left"][was[nth, organisation]] += 1
        for nth, organisation in came:
            moved = any(n == nth for n, _ in gone)
            found[organisation, "moved_in" if moved else "new"][now[nth, organisation]] += 1
    return found


def money(month, base, factors, weighted, heads, shares, days):
    """What so many heads and shares cost with neither Kav nor rate rounded, cut off after 12 digits."""
    if heads == 0:
        return Fraction(0)
    scaled = month.combined(base, weighted / heads, factors.values()) * shares / days * 10 ** 12
    return Fraction(int(scaled), 10 ** 12)


def causes(a, b, before, after, moved):
    """What lies between two lines, by the months they are of: (cause, kind) to [persons, amount]."""
    found = defaultdict(lambda: [0, Fraction(0)])
    if before and before["status"] == "held":
        persons, amount = after["heads"] - before["heads"], after["amount"]
        return {("held", "release"): [persons, amount]} if persons or amount else {}
    first, then = before or after, after if after["heads"] or not before else dict(after, base=before["base"], factors=before["factors"])
    base, factors = first["base"], first["factors"]
    heads, shares, weighted = (before["heads"], before["shares"], a.weighed(before["pyramid"])) if before else (0, Fraction(0), Fraction(0))
    last = money(a, base, factors, weighted, heads, shares, a.days)

    def step(cause, persons, change, kind=None):
        if change or persons:
            entry = found[cause, kind or ("claw_back" if change < 0 or change == 0 and persons < 0 else "restoration")]
            entry[0] += persons
            entry[1] += change
        return change

    summed, digits = Fraction(0), int(b.p["amount_rounding"])
    for cause in GONE + CAME:
        sign, kind = (-1, "claw_back") if cause in GONE else (1, "restoration")
        places = {place: n for place, n in moved(cause).items() if place.age is not None}
        if places:
            pyramid = Counter()
            for place, n in places.items():
                pyramid[place.age, place.sex] += n
            count = sign * sum(places.values())
            heads, weighted, shares = heads + count, weighted + sign * a.weighed(pyramid), shares + sign * sum(p.share * n for p, n in places.items())
            now = money(a, base, factors, weighted, heads, shares, a.days)
            summed += step("membership", count, rounded(now - last, digits), kind)
            last = now
    theirs = a.weighed(then["pyramid"])
    for cause, persons, now in (
            ("age_or_sex", then["heads"] - heads, money(a, base, factors, theirs, then["heads"], shares + then["heads"] - heads, b.days)),
            ("insurance", 0, money(a, base, factors, theirs, then["heads"], then["shares"], b.days)),
            ("coefficient", 0, money(a, base, then["factors"], theirs, then["heads"], then["shares"], b.days)),
            ("rate", 0, money(b, then["base"], then["factors"], b.weighed(then["pyramid"]), then["heads"], then["shares"], b.days))):
        summed += step(cause, persons, rounded(now - last, digits))
        last = now

    def net(plus, minus):
        return then[plus] - then[minus] - (before[plus] - before[minus] if before else 0)
    summed += step("inactive", 0, net("inactive_rest", "inactive_cut"))
    summed += step("cap", 0, net("carried_in", "cap_cut"))
    step("rounding", 0, then["amount"] - (before["amount"] if before else 0) - summed)
    return dict(found)


class History:
    """One month from its closing to the end of the dump, computed again."""

    def __init__(self, registry, tables, month):
        self.registry, self.tables, self.month, self.wrong = registry, tables, month, []
        self.scheme = registry.header[month]["scheme"]
        self.latest = {}        # organisation to (revision, line)
        self.sides = {}

    def at(self, known_at, seen):
        key = known_at, seen
        if key not in self.sides:
            self.sides[key] = Month(self.registry, self.scheme, self.month, Moment(known_at, seen))
        return self.sides[key]

    def known_at(self, revision):
        return self.registry.header[self.month]["known_at"] if revision == 0 else moment(self.registry.restatement[self.month, revision]["known_at"])

    def tell(self, organisation, revision, differing):
        self.wrong += [f"organisation {organisation}, month {self.month}, revision {revision}, {column}: {tell(mine)} here, {tell(its)} there"
                       for column, mine, its in differing]

    def closing(self):
        at = self.known_at(0)
        ours, theirs = self.at(at, at).statement, self.registry.closed[self.month]
        for organisation in sorted(set(ours) | set(theirs)):
            self.tell(organisation, 0, differences(ours.get(organisation, {}), said(theirs[organisation]) if organisation in theirs else {}))
        self.latest = {organisation: (0, line) for organisation, line in ours.items()}

    def due(self, month):
        """The lines of a month, with what it could not bear taken off the amount."""
        return {o: dict(line, amount=line["amount"] - line["inactive_rest"], inactive_rest=0) if line["inactive_rest"] else line
                for o, line in month.statement.items()}

    def corrections(self, b, seen):
        """Organisations whose line has changed, or where one went and one came, with the line and what the ledger is to hold; held ones wait."""
        lines, deaths, moved = self.due(b), self.tables["deaths"](seen), {}
        for organisation in sorted(set(lines) | set(self.latest)):
            since, last = self.latest.get(organisation, (0, None))
            line = lines.get(organisation)
            if line is None:
                if not (last["heads"] or last["amount"] or last["persons_held"]):
                    continue
                line = dict(last, **NOBODY, base=b.base_of(last["region"], last["class"]))
            elif line["status"] == "held":
                continue
            a = self.at(self.known_at(since), seen)
            if since not in moved:
                moved[since] = moves(a, b, deaths)
            entries = causes(a, b, last, line, lambda cause: moved[since].get((organisation, cause), {}))
            if entries or last is None or differences(last, line):
                yield organisation, line, entries

    def restating(self, revision):
        at = self.known_at(revision)
        written = {organisation: (line, entries) for organisation, line, entries in self.corrections(self.at(at, at), at)}
        theirs = {r["organisation"]: said(r) for r in self.tables["restated"][str(self.month), str(revision)]}
        for organisation in sorted(set(written) | set(theirs)):
            self.tell(organisation, revision, differences(written.get(organisation, ({},))[0], theirs.get(organisation, {})))
        self.ledger(revision, {(organisation,) + key: entry for organisation, (_, entries) in written.items() for key, entry in entries.items()})
        self.latest.update((organisation, (revision, line)) for organisation, (line, _) in written.items())
        self.sides.clear()
        gc.collect()

    def ledger(self, revision, entries):
        found = {(r["organisation"], r["cause"], r["kind"]): [int(r["persons"]), number(r["amount"])] for r in self.tables["ledger"][str(self.month), str(revision)]}
        for key in sorted(set(entries) | set(found)):
            for n, column in enumerate(("persons", "amount")):
                mine, its = entries.get(key, [None, None])[n], found.get(key, [None, None])[n]
                if mine != its:
                    self.tell(key[0], revision, [(f"ledger {key[1]} {key[2]} {column}", mine, its)])

    def settled(self):
        """At the end nothing is left to be written, and what was closed and the ledger sum to the month as it is now."""
        for organisation, line, entries in self.corrections(self.at(NOW, NOW), NOW):
            self.tell(organisation, "after the last", differences(line, self.latest.get(organisation, (0, {}))[1]) + [(f"{c} {k}", e, None) for (c, k), e in entries.items()])
        paid = defaultdict(Fraction, {o: number(r["amount"]) or Fraction(0) for o, r in self.registry.closed[self.month].items()})
        for (month, _), entries in self.tables["ledger"].items():
            for r in entries:
                paid[r["organisation"]] += number(r["amount"]) * (month == str(self.month))
        for organisation, (revision, line) in self.latest.items():
            if paid[organisation] != (line["amount"] or 0):
                self.tell(organisation, revision, [("closed and ledger", line["amount"], paid[organisation])])


def deaths_known(rows):
    """What was known of deaths at a moment: person to day."""
    dead = [(r["person"], day(r["death_date"]), moment(r["stood_from"]), moment(r["stood_to"])) for r in rows if r["death_date"]]
    return lambda seen: {person: died for person, died, stood_from, stood_to in dead if stood_from <= seen < stood_to}


def judge(month):
    history = History(registry, tables, month)
    revisions = sorted(revision for m, revision in registry.restatement if m == month)
    history.closing()
    for revision in revisions:
        history.restating(revision)
    history.settled()
    return month, len(revisions), len(history.latest), history.wrong


if __name__ == "__main__":
    registry = Registry()
    tables = {"restated": by(read("restatement_line"), "month", "revision"), "ledger": by(read("ledger"), "month", "revision"), "deaths": deaths_known(read("person"))}
    failed = 0
    gc.freeze()         # what was read stays, so nobody need look through it again
    gc.disable()
    # forked, so that workers share what was read
    with multiprocessing.get_context("fork").Pool(2) as pool:
        # the last month first: December looks at all others
        for n, (month, revisions, organisations, wrong) in enumerate(pool.imap(judge, sorted(registry.header, reverse=True), 1), 1):
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {n} - {month}, closed and restated {revisions} times: {organisations} organisations")
            print("".join(f"#   {difference}\n" for difference in wrong[:12]), end="")
    print(f"1..{len(registry.header)}")
    sys.exit(failed > 0 or not registry.header)
