#!/usr/bin/env python3
"""statement.py FOLDER

A second calculator of the monthly statement, for what osms.statement says. It reads the tables of a registry and of the tariff as
CSV files and computes every line person by person; persons who are alike are counted, and all money is exact fractions. Nothing is
shared with the extension: no SQL, no pyramids, no age cut-offs. Prints TAP: a line for each run in runs.csv, and the first differences.
"""
import functools
import json
import re
import sys
from bisect import bisect_left
from collections import Counter, defaultdict, namedtuple
from fractions import Fraction

from registry import NOW, ONE_DAY, Moment, Registry, by, clock, day, edition, known, last_of, latest, moment, month_of, number, read, rounded

# A person counted on some days in a row.
Member = namedtuple("Member", "organisation person first days place")


def age_on(born, on):
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


class Month:
    """One month of the registry by a scheme, as known at a moment."""

    def __init__(self, registry, scheme, month, at):
        self.registry, self.name, self.month, self.at = registry, scheme, month, at
        for method in ("age", "base_of", "changes_on", "limits_of", "place", "weights_of"):
            setattr(self, method, functools.cache(getattr(self, method)))
        last = last_of(month)
        self.year = month.replace(month=1), month.replace(year=month.year + 1, month=1)
        self.p = latest(registry.scheme[scheme,], last, at)
        self.first = last if self.p["snapshot"] == "last_day" else month
        self.end = month + ONE_DAY if self.p["snapshot"] == "first_day" else last + ONE_DAY
        self.days = (self.end - self.first).days
        self.rate_day = month if self.p["rate_on"] == "month_start" else self.end - ONE_DAY
        self.age_day = {"month_start": month, "year_start": month.replace(month=1), "snapshot": None}[self.p["age_on"]]
        self.uninsured_share = number(self.value("uninsured_share", last))
        self.inactive_share = Fraction(1) if self.p["inactive"] == "none" else number(self.value("inactive_share", last))
        self.asks = self.p["uninsured"] == "reduced" and self.uninsured_share < 1
        insured_month = month_of(month, -int(self.p["insurance_lag"]))
        grace = 0 if self.p["grace"] == "unpaid" else int(self.value("insurance_grace_months", last))
        self.insured_months = [month_of(insured_month, -m) for m in range(grace + 1)]
        self.exempt = self.value("insurance_exempt_categories", last).strip("{}").split(",")
        self.steps = [] if self.p["list_limit"] == "none" else sorted(
            (number(s["above"]), number(s["share"])) for s in edition(registry.step[scheme,], self.rate_day, at))

    def value(self, name, on):
        """A parameter: once a row of the user is in force, those that the extension brings are not looked at."""
        rows = self.registry.parameter[name,]
        own = [r for r in rows if not r["act"].startswith("osms:")]
        return (latest(own, on, self.at) or latest(rows, on, self.at))["value"]

    # --- who counts, and with which share ---

    def insurance_of(self, person):
        """paid, unpaid, or None where nothing is known."""
        months = self.registry.insurance.get(person)
        if not months:
            return None
        at, state = self.at, None
        for month in self.insured_months:
            asked = month == self.insured_months[0]
            # the row known last counts; of one moment the one that is best for the person
            told = max(((v.known_from, 2 if v.paid or asked and v.category in self.exempt else 1 if v.paid is False else 0) for v in months.get(month, ())
                        if v.known_from <= at.known and v.stood_from <= at.seen < v.stood_to), default=("", 0))[1]
            if told == 2:
                return "paid"
            if asked and told == 1:
                state = "unpaid"
        return state

    def changes_on(self, birth_date):
        """Days of the month from which on who was born on a day has another age, or one at all."""
        days = {birth_date}
        if self.age_day is None and birth_date.month == self.month.month and birth_date.day <= last_of(self.month).day:
            days.add(self.month.replace(day=birth_date.day))
        return sorted(days)

    def age(self, birth_date, on):
        if birth_date is None or birth_date > on:
            return None
        age = age_on(birth_date, self.age_day or on)
        return age if age < 128 else None

    def spans(self, row):
        """The days counted on which a row is there, as (first, end). One that restores another may be there on some of them only."""
        first, end = max(row.since, self.first), min(row.until, self.end)
        if row.basis != "restores" or self.p["restored"] == "paid":
            return [(first, end)]
        if self.p["restored"] == "served" and self.registry.served(row.person, row.organisation, self.month, month_of(self.month, 1), self.at):
            return [(first, end)]
        return [(on, on + ONE_DAY) for on in (first + n * ONE_DAY for n in range((end - first).days)) if self.registry.in_time(row, on)]

    def stretches(self, row):
        """The same as (first, end, age)."""
        if self.days == 1:
            yield self.first, self.end, self.age(row.birth_date, self.first) if row.sex else None
            return
        changes = self.changes_on(row.birth_date) if row.sex and row.birth_date else ()
        for first, end in self.restored.get(row) or self.spans(row):
            edges = [first] + [d for d in changes if first < d < end] + [end]
            for a, b in zip(edges, edges[1:]):
                yield a, b, self.age(row.birth_date, a) if row.sex else None

    @functools.cached_property
    def rows(self):
        """The rows of the roster that count."""
        marks = ("counted", "suspect") if self.p["suspect"] == "paid" else ("counted",)
        at, first, end = self.at.known, self.first, self.end
        rows = [row for row in self.registry.roster
                if row.since < end and row.until > first and row.known_from <= at < row.known_to and row.mark in marks]
        self.restored = {row: self.spans(row) for row in rows if row.basis == "restores"}
        return [row for row in rows if self.restored.get(row, True)]

    @functools.cached_property
    def members(self):
        """Everybody who counts, and on which days."""
        return self.members_of(self.rows)

    def members_among(self, persons):
        """The same for some persons: the lists on which they stand have to be looked at whole."""
        lists = {(row.organisation, row.site) for row in self.rows if row.person in persons and self.limits_of(row.organisation, row.site)}
        return [m for m in self.members_of([row for row in self.rows if row.person in persons or (row.organisation, row.site) in lists]) if m.person in persons]

    def members_of(self, rows):
        members, lists = [], defaultdict(list)
        for row in rows:
            state = self.insurance_of(row.person) if self.asks else "paid"
            limits = self.limits_of(row.organisation, row.site)
            for first, end, age in self.stretches(row):
                if limits and age is not None:
                    lists[row.organisation, row.site].append((row, first, end, age, state))
                else:
                    members.append(Member(row.organisation, row.person, first, (end - first).days, self.place(age, row.sex, row.mark, None, state)))
        for site, listed in lists.items():
            for (row, _, _, age, state), over, first, end in self.limited(listed, self.limits_of(*site)):
                members.append(Member(row.organisation, row.person, first, (end - first).days, self.place(age, row.sex, row.mark, over, state)))
        return members

    def limits_of(self, organisation, site):
        """On the list of a site: the last place that each step leaves alone, and the share behind it."""
        row = latest(self.registry.site[organisation, site], self.rate_day, self.at) if site and self.steps else None
        return [(number(row["norm"]) * above // 100, share) for above, share in self.steps] if row and row["norm"] else []

    def limited(self, listed, limits):
        """A list with the share of those beyond its limits: the last attached first, the key of the attachment as tie."""
        listed.sort(key=lambda member: (member[0].since, member[0].attachment))
        edges = sorted({d for _, first, end, _, _ in listed for d in (first, end)})
        for a, b in zip(edges, edges[1:]):
            there = [member for member in listed if member[1] <= a < member[2]]
            for place, member in enumerate(there, 1):
                beyond = [share for limit, share in limits if place > limit] if place > limits[0][0] else ()
                yield member, beyond[-1] if beyond else None, a, b

    def place(self, age, sex, mark, over, state):
        uninsured = state == "unpaid" or state is None and self.p["insurance_unknown"] == "reduced"
        share = self.together([s for s in (self.uninsured_share if uninsured else None, over) if s is not None])
        reasons = ["uninsured"] * uninsured + ["over_norm"] * (over is not None and over < 1)
        return self.registry.place(age, sex, mark == "suspect", share, ", ".join(reasons), state is None)

    def together(self, shares):
        result = Fraction(1)
        for share in shares:
            result = min(result, share) if self.p["both_reductions"] == "lower" else result * share
        return result

    # --- the tariff ---

    def weights_of(self, age, sex):
        """How many weights an age and sex have, and their sum."""
        bands = edition(self.registry.weight[self.name,], self.rate_day, self.at)
        fitting = [number(w["weight"]) for w in bands if w["sex"] == sex and int(w["age_from"]) <= age and (w["age_to"] == "" or age < int(w["age_to"]))]
        return len(fitting), sum(fitting)

    def weighted(self, pyramid):
        """Heads times weights; None where somebody has no weight, or several."""
        return self.weighed(pyramid) if all(self.weights_of(*cell)[0] == 1 for cell in pyramid) else None

    def weighed(self, pyramid):
        """The same, however many weights somebody has."""
        heads = Counter()
        for cell, n in pyramid.items():
            heads[self.weights_of(*cell)[1]] += n
        return sum((weight * n for weight, n in heads.items()), Fraction(0))

    def base_of(self, region, kind):
        rows = self.registry.rate[self.name, kind]
        for wanted in (region, ""):
            row = latest([r for r in rows if r["region"] == wanted], self.rate_day, self.at)
            if row:
                return number(row["rate"])
        return None

    def factors_of(self, organisation):
        rows = {kind: latest(rows, self.rate_day, self.at) for kind, rows in self.registry.coefficient[organisation].items()}
        return {kind: number(r["value"]) for kind, r in rows.items() if r}

    def combined(self, base, coefficient, factors):
        if self.p["combination"] == "add":
            return base * (coefficient + sum(f - 1 for f in factors))
        for factor in factors:
            coefficient *= factor
        return base * coefficient

    # --- the lines ---

    @functools.cached_property
    def earned(self):
        """Lines up to what the month itself earns, by organisation."""
        groups = defaultdict(Counter)
        for member in self.members:
            groups[member.organisation][member.place] += member.days
        return {organisation: self.line(organisation, group) for organisation, group in groups.items()}

    def line(self, organisation, group):
        placed = {place: n for place, n in group.items() if place.age is not None}
        pyramid, basis, reduced = Counter(), Counter(), Counter()
        for place, n in placed.items():
            pyramid[place.age, place.sex] += n
            if self.p["coefficient_over"] == "all" or place.share == 1:
                basis[place.age, place.sex] += n
            if place.reason:
                reduced[place.reason] += n
        heads, divisor, weighted = sum(placed.values()), sum(basis.values()), self.weighted(basis)
        status = latest(self.registry.status[organisation,], self.rate_day, self.at)
        region, kind = (status["region"], status["class"]) if status else ("", "")
        contract = self.contract_of(organisation)
        factors = self.factors_of(organisation)
        base = self.base_of(region, kind) if kind else None
        broken = any(f is None or f < 0 for f in factors.values())
        coefficient = weighted / divisor if divisor and weighted is not None else None
        if self.p["coefficient_rounding"]:
            coefficient = rounded(coefficient, int(self.p["coefficient_rounding"]))
        rate = None if coefficient is None or base is None or broken else self.combined(base, coefficient, factors.values())
        wrong = [reason for reason, holds in (
            ("no_heads", not divisor), ("no_weight", weighted is None), ("no_status", not kind),
            ("no_rate", kind and base is None or rate is not None and rate < 0), ("no_contract", contract is None), ("no_factor", broken)) if holds]
        shares = sum((place.share * n for place, n in placed.items()), Fraction(0))
        paid_at = rounded(rate, int(self.p["rate_rounding"])) if self.p["rate_rounding"] else rate
        return {"region": region, "class": kind, "heads": heads, "pyramid": dict(pyramid), "persons_held": sum(group.values()) - heads,
                "suspect": sum(n for place, n in group.items() if place.suspect),
                "insurance_unknown": sum(n for place, n in placed.items() if place.unknown) if self.asks else None,
                "shares": shares, "reduced": dict(reduced), "factors": factors, "base": base, "coefficient": rounded(coefficient, int(self.p["coefficient_rounding"] or 6)),
                "rate": rounded(rate, int(self.p["rate_rounding"] or 12)), "earned": None if wrong else rounded(paid_at * shares / self.days, int(self.p["amount_rounding"])),
                "contract_amount": number(contract["yearly_amount"]) if contract else None, "held_because": ", ".join(wrong), "status": "held" if wrong else "ok"}

    def contract_of(self, organisation):
        """The contract in force; of one that a later row replaces only the later row is asked for its end."""
        rows = by(known(self.registry.contract[organisation,], self.at), "valid_from")
        rows = [max(versions, key=clock) for versions in rows.values()]
        return max((c for c in rows if c["valid_from"] <= self.rate_day and (c["valid_to"] == "" or self.rate_day < day(c["valid_to"]))),
                   key=clock, default=None)

    # --- December and the contract ---

    def inactive(self):
        """Persons of an organisation on enough snapshots of the year and not served there."""
        months = [month_of(self.month.replace(month=1), m) for m in range(12)]
        days = months if self.p["snapshot"] == "first_day" else [last_of(m) for m in months]
        seen, known_at = Counter(), self.at.known
        for r in self.registry.roster:
            if r.known_from <= known_at < r.known_to and r.mark in ("counted", "suspect"):
                if r.basis == "restores" and self.p["restored"] != "paid":
                    seen[r.organisation, r.person] += sum(r.since <= d < r.until and self.registry.in_time(r, d) for d in days)
                else:
                    seen[r.organisation, r.person] += bisect_left(days, r.until) - bisect_left(days, r.since)
        needed = 12 if self.p["inactive"] == "whole_year" else 1
        return {(organisation, person) for (organisation, person), times in seen.items()
                if times >= needed and not self.registry.served(person, organisation, *self.year, self.at)}

    def closed(self, month):
        """A month of this year as it was closed, or as it would be now."""
        header = self.registry.header.get(month)
        if header and header["known_at"] <= self.at.seen:
            return Month(self.registry, header["scheme"], month, Moment(header["known_at"], self.at.seen))
        return Month(self.registry, self.name, month, self.at)

    def december(self):
        """What each organisation returns, and its heads of December."""
        cut, heads = defaultdict(Fraction), Counter()
        if self.month.month != 12 or self.inactive_share == 1 or not self.registry.any_service(*self.year, self.at):
            return cut, heads
        persons = self.inactive()
        for each in (self.closed(self.month.replace(month=m)) for m in range(1, 13)):
            if each.inactive_share == 1:
                continue
            stored = {o: number(r["rate"]) for o, r in self.registry.closed[each.month].items() if r["status"] == "ok"}
            rates = stored or {o: line["rate"] for o, line in each.earned.items() if line["status"] == "ok"}
            lost = defaultdict(Fraction)
            for member in each.members_among({person for _, person in persons}):
                if member.place.age is not None and (member.organisation, member.person) in persons and member.organisation in rates:
                    lost[member.organisation] += (member.place.share - each.together([member.place.share, each.inactive_share])) * member.days
                    heads[member.organisation] += member.days * (each.month == self.month)
            for organisation, shares in lost.items():
                cut[organisation] += rounded(rates[organisation] * shares / each.days, int(self.p["amount_rounding"]))
        return cut, heads

    def before(self, organisation):
        """Paid for earlier months of the year, and carried on."""
        paid, lines = defaultdict(Fraction), {}
        for r in known(self.registry.payment[organisation,], self.at):
            paid[day(r["month"]).replace(day=1)] += number(r["amount"])
        for month in (month_of(self.month.replace(month=1), m) for m in range(self.month.month - 1)):
            versions = [r for r in self.registry.kept[month, organisation] if r["known_at"] <= self.at.known]
            if versions:
                lines[month] = versions[-1]
                if lines[month]["amount"]:
                    paid[month] = number(lines[month]["amount"])
        carried = [number(r["cap_cut"]) for _, r in sorted(lines.items()) if r["cap_cut"]]
        return (sum((amount for month, amount in paid.items() if month.year == self.month.year and month < self.month), Fraction(0)),
                carried[-1] if carried else Fraction(0))

    @functools.cached_property
    def statement(self):
        lines = self.earned
        cuts, heads = self.december()
        for organisation, line in lines.items():
            paid, carried = self.before(organisation)
            line["inactive"] = heads[organisation]
            line["carried_in"] = carried if self.p["cap"] == "carried" else Fraction(0)
            for column in ("inactive_cut", "inactive_rest", "cap_cut", "amount"):
                line[column] = None
            if line["status"] == "ok":
                cut = cuts[organisation]
                owed = max(line["earned"] - cut, 0) + line["carried_in"]
                line["inactive_cut"], line["inactive_rest"] = cut, max(cut - line["earned"], 0)
                line["amount"] = owed
                if self.p["cap"] != "none" and line["contract_amount"] is not None:
                    line["amount"] = min(owed, max(line["contract_amount"] - paid, 0))
                line["cap_cut"] = owed - line["amount"]
        return lines


WORDS = ("region", "class", "status", "held_because")
NUMBERS = ("heads", "persons_held", "suspect", "insurance_unknown", "shares", "coefficient", "rate", "earned", "inactive", "inactive_cut",
           "inactive_rest", "contract_amount", "carried_in", "cap_cut", "amount")
COLUMNS = WORDS + NUMBERS + ("reduced", "factors", "pyramid")


def said(row):
    """A line of osms.statement in the shape of ours."""
    line = {column: row[column] for column in WORDS}
    line.update((column, number(row[column])) for column in NUMBERS)
    line.update((column, {key: number(str(value)) for key, value in json.loads(row[column], parse_float=str).items()}) for column in ("reduced", "factors"))
    cells = (re.fullmatch("([0-9]+):([0-9]+)/([0-9]+)", cell).groups() for cell in row["pyramid"].strip("{}").split(",") if cell)
    line["pyramid"] = {(int(age), sex): int(n) for age, male, female in cells for sex, n in (("male", male), ("female", female)) if int(n)}
    return line


def differences(mine, its, columns=COLUMNS):
    return [(column, mine.get(column), its.get(column)) for column in columns if mine.get(column) != its.get(column)]


def tell(value):
    """A value as a person would write it."""
    if isinstance(value, list):
        return ", ".join(map(tell, value))
    return str(float(value)) if isinstance(value, Fraction) and value.denominator > 1 else str(value)


def main():
    registry = Registry()
    theirs = by(read("lines"), "scheme", "month", "known_at")
    failed = 0
    for n, run in enumerate(read("runs"), 1):
        ours = Month(registry, run["scheme"], day(run["month"]), Moment(moment(run["known_at"]), NOW)).statement
        found = {r["organisation"]: said(r) for r in theirs[run["scheme"], run["month"], run["known_at"]]}
        different = [(o,) + d for o in sorted(set(ours) | set(found)) for d in differences(ours.get(o, {}), found.get(o, {}))]
        failed += bool(different) or not ours
        print(f"{'not ok' if different or not ours else 'ok'} {n} - {run['month']} by {run['scheme']} as known at {run['known_at']}: {len(ours)} organisations, "
              f"{sum(line['amount'] or 0 for line in ours.values()) + 0} tenge")
        for organisation, column, mine, its in different[:5]:
            print(f"#   organisation {organisation}, month {run['month']}, {column}: {tell(mine)} here, {tell(its)} there")
    print(f"1..{n}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
