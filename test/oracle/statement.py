#!/usr/bin/env python3
"""statement.py FOLDER

A second calculator of the monthly statement, for what osms.statement says. It reads the tables of a registry and of the tariff as
CSV files and computes every line person by person in exact fractions. Nothing is shared with the extension: no SQL, no pyramids,
no age cut-offs. Prints TAP: a line for each run in runs.csv, and the first differences.
"""
import csv
import datetime
import functools
import json
import sys
from collections import defaultdict
from fractions import Fraction

FOREVER, NEVER = datetime.date.max, datetime.date.min
folder = sys.argv[1]


def read(name):
    with open(f"{folder}/{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def day(text):
    endless = {"infinity": FOREVER, "-infinity": NEVER, "": None}
    return endless[text] if text in endless else datetime.date.fromisoformat(text)


def moment(text):
    """Moments are written in UTC with six digits, so they compare as text."""
    return {"infinity": "~", "-infinity": "", "": None}.get(text, text)


def number(text):
    return None if text == "" else Fraction(text)


def rounded(value, digits):
    """Half away from zero."""
    if value is None:
        return None
    scaled = abs(value) * 10 ** digits
    whole = scaled.numerator // scaled.denominator
    whole += scaled - whole >= Fraction(1, 2)
    return Fraction(whole if value >= 0 else -whole, 10 ** digits)


def known(rows, on, at):
    return [r for r in rows if day(r["valid_from"]) <= on and moment(r["known_from"]) <= at]


def clock(r):
    return day(r["valid_from"]), moment(r["known_from"])


def latest(rows, on, at):
    return max(known(rows, on, at), key=clock, default=None)


def edition(rows, on, at):
    chosen = latest(rows, on, at)
    return [r for r in rows if chosen and clock(r) == clock(chosen)]


def by(rows, *keys):
    result = defaultdict(list)
    for r in rows:
        result[tuple(r[k] for k in keys)].append(r)
    return result


def month_of(first, months):
    index = first.year * 12 + first.month - 1 + months
    return datetime.date(index // 12, index % 12 + 1, 1)


def last_of(first):
    return month_of(first, 1) - datetime.timedelta(1)


def age_on(born, on):
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


class Registry:
    def __init__(self):
        self.roster = [dict(r, since=day(r["since"]), until=day(r["until"]), birth_date=day(r["birth_date"]), known_from=moment(r["known_from"]),
                            known_to=moment(r["known_to"]), attachment=int(r["attachment"])) for r in read("roster")]
        self.status = by(read("organisation_status"), "organisation")
        self.contract = by(read("contract"), "organisation")
        self.coefficient = by(read("coefficient"), "organisation", "kind")
        self.insurance = defaultdict(dict)
        for r in read("insurance"):
            self.insurance[r["person"]][day(r["month"])] = r
        self.services = {(r["person"], r["organisation"], day(r["served_on"]).year) for r in read("service") if not r["denied_at"]}
        self.site = by(read("site"), "organisation", "site")
        self.payment = by(read("payment"), "organisation")
        self.line = by(read("statement_line"), "organisation")
        self.restated = []
        self.header = {day(r["month"]): r for r in read("statement")}
        self.scheme = by(read("scheme"), "scheme")
        self.weight = by(read("scheme_weight"), "scheme")
        self.rate = by(read("base_rate"), "scheme", "class")
        self.step = by(read("norm_step"), "scheme")
        self.parameter = by(read("parameter"), "name")


class Month:
    """One month of the registry by a scheme, as known at a moment."""

    def __init__(self, registry, scheme, month, at):
        self.registry, self.name, self.month, self.at = registry, scheme, month, at
        end = last_of(month)
        self.p = latest(registry.scheme[scheme,], end, at)
        self.days = {"first_day": [month], "last_day": [end],
                     "person_days": [month + datetime.timedelta(d) for d in range((end - month).days + 1)]}[self.p["snapshot"]]
        self.rate_day = month if self.p["rate_on"] == "month_start" else self.days[-1]
        self.uninsured_share = number(self.value("uninsured_share", end))
        self.inactive_share = Fraction(1) if self.p["inactive"] == "none" else number(self.value("inactive_share", end))
        self.asks = self.p["uninsured"] == "reduced" and self.uninsured_share < 1
        self.insured_month = month_of(month, -int(self.p["insurance_lag"]))
        self.grace = 0 if self.p["grace"] == "unpaid" else int(self.value("insurance_grace_months", end))
        self.exempt = self.value("insurance_exempt_categories", end).strip("{}").split(",")
        self.steps = [] if self.p["list_limit"] == "none" else sorted(
            (number(s["above"]), number(s["share"])) for s in edition(registry.step[scheme,], self.rate_day, at))

    def value(self, name, on):
        return latest(self.registry.parameter[name,], on, self.at)["value"]

    def insurance_of(self, person):
        rows = self.registry.insurance[person]
        now = rows.get(self.insured_month)
        if now and (now["paid"] == "t" or now["category"] in self.exempt):
            return "paid"
        if any(rows.get(month_of(self.insured_month, -m), {}).get("paid") == "t" for m in range(1, self.grace + 1)):
            return "paid"
        return "unpaid" if now and now["paid"] == "f" else None

    def norm_of(self, organisation, site):
        rows = [s for s in self.registry.site[organisation, site] if day(s["valid_from"]) <= self.rate_day]
        return number(max(rows, key=lambda s: day(s["valid_from"]))["norm"]) if rows else None

    @functools.cached_property
    def members(self):
        return list(self.counted())

    def counted(self):
        """A row for every person and day counted: organisation, person, age (None = cannot be placed), sex, mark, share, reason, unknown."""
        marks = ("counted", "suspect") if self.p["suspect"] == "paid" else ("counted",)
        for on in self.days:
            lists = defaultdict(list)
            present = []
            for r in self.registry.roster:
                if not (r["since"] <= on < r["until"] and r["known_from"] <= self.at < r["known_to"] and r["mark"] in marks):
                    continue
                aged = {"month_start": self.month, "year_start": self.month.replace(month=1)}.get(self.p["age_on"], on)
                age = None
                if r["sex"] and r["birth_date"] and r["birth_date"] <= on:
                    age = age_on(r["birth_date"], aged)
                present.append((r, age if age is not None and age < 128 else None))
                if present[-1][1] is not None and r["site"]:
                    lists[r["organisation"], r["site"]].append(r)
            over = {}
            if self.steps:
                for (organisation, site), rows in lists.items():
                    norm = self.norm_of(organisation, site)
                    if norm is None:
                        continue
                    rows.sort(key=lambda r: (r["since"], r["attachment"]))
                    for place, r in enumerate(rows, 1):
                        for above, share in self.steps:
                            if place > norm * above / 100:
                                over[id(r)] = share
            for r, age in present:
                state = self.insurance_of(r["person"]) if self.asks else "paid"
                uninsured = state == "unpaid" or state is None and self.p["insurance_unknown"] == "reduced"
                shares = [s for s in (self.uninsured_share if uninsured else None, over.get(id(r))) if s is not None]
                share = self.together(shares)
                reason = ", ".join(n for n, applies in (("uninsured", uninsured), ("over_norm", over.get(id(r), 1) < 1)) if applies)
                yield r["organisation"], r["person"], age, r["sex"], r["mark"], share, reason, state is None

    def together(self, shares):
        result = Fraction(1)
        for share in shares:
            result = min(result, share) if self.p["both_reductions"] == "lower" else result * share
        return result

    @functools.lru_cache(None)
    def weight_of(self, age, sex):
        bands = edition(self.registry.weight[self.name,], self.rate_day, self.at)
        fitting = [number(w["weight"]) for w in bands
                   if w["sex"] == sex and int(w["age_from"]) <= age and (w["age_to"] == "" or age < int(w["age_to"]))]
        return fitting[0] if len(fitting) == 1 else None

    def base_of(self, region, kind):
        rows = self.registry.rate[self.name, kind]
        for wanted in (region, ""):
            row = latest([r for r in rows if r["region"] == wanted], self.rate_day, self.at)
            if row and (wanted or row["region"] == ""):
                return number(row["rate"])
        return None

    def earned(self):
        """Lines up to what the month itself earns, by organisation."""
        groups = defaultdict(list)
        for member in self.members:
            groups[member[0]].append(member)
        return {organisation: self.line(organisation, members) for organisation, members in groups.items()}

    def factors_of(self, organisation):
        factors = {}
        for (owner, kind), rows in self.registry.coefficient.items():
            rows = [r for r in rows if day(r["valid_from"]) <= self.rate_day and moment(r["known_from"]) <= self.at]
            if owner == organisation and rows:
                factors[kind] = number(max(rows, key=clock)["value"])
        return factors

    def line(self, organisation, members):
        placed = [m for m in members if m[2] is not None]
        basis = placed if self.p["coefficient_over"] == "all" else [m for m in placed if m[5] == 1]
        weights = [self.weight_of(age, sex) for _, _, age, sex, *_ in basis]
        status = max((s for s in self.registry.status[organisation,] if day(s["valid_from"]) <= self.rate_day), key=lambda s: day(s["valid_from"]), default=None)
        region, kind = (status["region"], status["class"]) if status else ("", "")
        contract = max((c for c in self.registry.contract[organisation,] if day(c["valid_from"]) <= self.rate_day
                        and (c["valid_to"] == "" or self.rate_day < day(c["valid_to"]))), key=lambda c: day(c["valid_from"]), default=None)
        factors = self.factors_of(organisation)
        base = self.base_of(region, kind) if kind else None
        wrong = [reason for reason, holds in (
            ("no_heads", not basis), ("no_weight", None in weights), ("no_status", not kind), ("no_rate", kind and base is None),
            ("no_contract", contract is None), ("no_factor", None in factors.values())) if holds]
        line = {"heads": len(placed), "persons_held": len(members) - len(placed), "suspect": sum(m[4] == "suspect" for m in members),
                "insurance_unknown": sum(m[7] for m in placed) if self.asks else None, "shares": sum((m[5] for m in placed), Fraction(0)),
                "reduced": {}, "held_because": ", ".join(wrong), "status": "held" if wrong else "ok", "coefficient": None, "rate": None, "earned": None,
                "contract_amount": number(contract["yearly_amount"]) if contract else None}
        for m in placed:
            if m[6]:
                line["reduced"][m[6]] = line["reduced"].get(m[6], 0) + 1
        if basis and None not in weights:
            coefficient = sum(weights) / len(basis)
            if self.p["coefficient_rounding"]:
                coefficient = rounded(coefficient, int(self.p["coefficient_rounding"]))
            line["coefficient"] = rounded(coefficient, int(self.p["coefficient_rounding"] or 6))
            if base is not None and None not in factors.values():
                rate = self.combined(base, coefficient, factors.values())
                paid_at = rounded(rate, int(self.p["rate_rounding"])) if self.p["rate_rounding"] else rate
                line["rate"] = rounded(rate, int(self.p["rate_rounding"] or 12))
                if not wrong:
                    line["earned"] = rounded(paid_at * line["shares"] / len(self.days), int(self.p["amount_rounding"]))
        return line

    def combined(self, base, coefficient, factors):
        if self.p["combination"] == "add":
            return base * (coefficient + sum(f - 1 for f in factors))
        for factor in factors:
            coefficient *= factor
        return base * coefficient

    def inactive(self):
        """Persons of an organisation on enough snapshots of the year and not served there."""
        days = [(d if self.p["snapshot"] == "first_day" else last_of(d)) for d in (month_of(self.month.replace(month=1), m) for m in range(12))]
        seen = defaultdict(int)
        for r in self.registry.roster:
            if r["known_from"] <= self.at < r["known_to"] and r["mark"] in ("counted", "suspect"):
                seen[r["organisation"], r["person"]] += sum(r["since"] <= d < r["until"] for d in days)
        needed = 12 if self.p["inactive"] == "whole_year" else 1
        return {key for key, times in seen.items() if times >= needed and (key[1], key[0], self.month.year) not in self.registry.services}

    def december(self):
        """Cut by organisation, and heads of December."""
        cut, heads = defaultdict(Fraction), defaultdict(int)
        if self.month.month != 12 or self.inactive_share == 1 or not any(year == self.month.year for _, _, year in self.registry.services):
            return cut, heads
        persons = self.inactive()
        for m in range(12):
            first = self.month.replace(month=m + 1)
            header = self.registry.header.get(first)
            each = Month(self.registry, header["scheme"], first, moment(header["known_at"])) if header else Month(self.registry, self.name, first, self.at)
            if each.inactive_share == 1:
                continue
            stored = {r["organisation"]: number(r["rate"]) for rows in self.registry.line.values() for r in rows if day(r["month"]) == first and r["status"] == "ok"}
            rates = stored or {o: line["rate"] for o, line in each.earned().items() if line["status"] == "ok"}
            lost = defaultdict(Fraction)
            for organisation, person, age, _, _, share, _, _ in each.members:
                if age is not None and (organisation, person) in persons and organisation in rates:
                    lost[organisation] += share - each.together([share, each.inactive_share])
                    heads[organisation] += first == self.month
            for organisation, shares in lost.items():
                cut[organisation] += rounded(rates[organisation] * shares / len(each.days), int(self.p["amount_rounding"]))
        return cut, heads

    def before(self, organisation):
        """Paid for earlier months of the year, and carried on."""
        lines = {day(r["month"]): r for r in self.registry.line[organisation,]}
        lines.update((day(r["month"]), r) for r in self.registry.restated if r["organisation"] == organisation and r["known_at"] <= self.at)
        paid = defaultdict(Fraction)
        for r in self.registry.payment[organisation,]:
            paid[day(r["month"]).replace(day=1)] += number(r["amount"])
        for month, r in lines.items():
            if r["amount"]:
                paid[month] = number(r["amount"])
        earlier = [m for m in lines if m.year == self.month.year and m < self.month and lines[m]["cap_cut"]]
        return (sum((a for m, a in paid.items() if m.year == self.month.year and m < self.month), Fraction(0)),
                number(lines[max(earlier)]["cap_cut"]) if earlier else Fraction(0))

    def statement(self):
        lines = self.earned()
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


NUMBERS = ("heads", "persons_held", "suspect", "insurance_unknown", "shares", "coefficient", "rate", "earned", "inactive", "inactive_cut",
           "inactive_rest", "contract_amount", "carried_in", "cap_cut", "amount")


def said(row):
    """A line of osms.statement in the shape of ours."""
    line = {column: number(row[column]) for column in NUMBERS}
    line.update(status=row["status"], held_because=row["held_because"], reduced=json.loads(row["reduced"]))
    return line


def main():
    registry = Registry()
    theirs = by(read("lines"), "scheme", "month", "known_at")
    failed = 0
    for n, run in enumerate(read("runs"), 1):
        key = run["scheme"], run["month"], run["known_at"]
        ours = Month(registry, run["scheme"], day(run["month"]), moment(run["known_at"])).statement()
        found = {r["organisation"]: said(r) for r in theirs[key]}
        different = [(o, c, ours.get(o, {}).get(c), found.get(o, {}).get(c)) for o in sorted(set(ours) | set(found))
                     for c in NUMBERS + ("status", "held_because", "reduced") if ours.get(o, {}).get(c) != found.get(o, {}).get(c)]
        failed += bool(different) or not ours
        print(f"{'not ok' if different or not ours else 'ok'} {n} - {run['month']} by {run['scheme']} as known at {run['known_at']}: {len(ours)} organisations, "
              f"{sum(line['amount'] or 0 for line in ours.values()) + 0} tenge")
        for organisation, column, mine, its in different[:5]:
            print(f"#   organisation {organisation}, {column}: {mine} here, {its} there")
    print(f"1..{n}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
