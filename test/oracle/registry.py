"""What the dump of a registry and of the tariff holds, read once: rows with their clocks, found by their keys.

A row has up to three clocks. It is in force from valid_from; it is known from known_from (a roster's version up to known_to); and where
the dump remembers rows that were changed in place, it stood in its table from stood_from to stood_to. So a dump of the end of a year
answers for every moment of it.
"""
import csv
import datetime
import os
import sys
import zoneinfo
from collections import defaultdict, namedtuple
from fractions import Fraction

NOW, FOREVER_KNOWN = "9999", "~"    # later than every moment that a dump tells, and for ever
FOREVER, NEVER = datetime.date.max, datetime.date.min
ONE_DAY = datetime.timedelta(1)

# As known at the one, computed from what stood in the tables at the other.
Moment = namedtuple("Moment", "known seen")
Contribution = namedtuple("Contribution", "known_from stood_from stood_to paid category")


class RosterRow:
    __slots__ = "attachment", "person", "organisation", "site", "since", "until", "birth_date", "sex", "basis", "mark", "known_from", "known_to"

    def __init__(self, r):
        for column in self.__slots__:
            setattr(self, column, READ_AS.get(column, str)(r[column]))


class Place:
    """How a person counts on a day. Age None: birth date or sex give no age. All who are alike have the same place, which is one object."""

    def __init__(self, *values):
        self.age, self.sex, self.suspect, self.share, self.reason, self.unknown = values


def read(name):
    with open(f"{sys.argv[1]}/{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def read_if_there(name):
    return read(name) if os.path.exists(f"{sys.argv[1]}/{name}.csv") else []


def day(text):
    endless = {"infinity": FOREVER, "-infinity": NEVER, "": None}
    return endless[text] if text in endless else datetime.date.fromisoformat(text)


def moment(text):
    """Moments are written in UTC, so they compare as text."""
    return {"infinity": FOREVER_KNOWN, "-infinity": ""}.get(text, text)


def number(text):
    return None if text in ("", None) else Fraction(text)


READ_AS = {"attachment": int, "since": day, "until": day, "birth_date": day, "known_from": moment, "known_to": moment}


def rounded(value, digits):
    """Half away from zero."""
    if value is None:
        return None
    scaled = abs(value) * 10 ** digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10 ** digits)


def month_of(first, months):
    index = first.year * 12 + first.month - 1 + months
    return datetime.date(index // 12, index % 12 + 1, 1)


def last_of(first):
    return month_of(first, 1) - ONE_DAY


def by(rows, *keys):
    result = defaultdict(list)
    for r in rows:
        result[tuple(r[k] for k in keys)].append(r)
    return result


def clocked(rows):
    """Rows with clocks that compare; a clock that a table does not have never excludes a row."""
    for r in rows:
        r["valid_from"] = day(r.get("valid_from") or "-infinity")
        r["known_from"] = moment(r.get("known_from") or "-infinity")
        r["stood_from"] = moment(r.get("stood_from") or "-infinity")
        r["stood_to"] = moment(r.get("stood_to") or "infinity")
    return rows


def clock(r):
    return r["valid_from"], r["known_from"]


def known(rows, at):
    return [r for r in rows if r["known_from"] <= at.known and r["stood_from"] <= at.seen < r["stood_to"]]


def latest(rows, on, at):
    """The row in force: the latest valid_from, then the latest known_from."""
    return max((r for r in known(rows, at) if r["valid_from"] <= on), key=clock, default=None)


def edition(rows, on, at):
    """Rows that belong together, such as the bands of one order."""
    chosen = latest(rows, on, at)
    return [r for r in rows if chosen and clock(r) == clock(chosen)]


class Registry:
    def __init__(self):
        self.places = {}
        self.roster = [RosterRow(r) for r in read("roster")]
        self.rows_of, self.first_known = defaultdict(list), {}
        for row in self.roster:
            self.rows_of[row.person].append(row)
            self.first_known[row.attachment] = min(row.known_from, self.first_known.get(row.attachment, FOREVER_KNOWN))
        self.zone = zoneinfo.ZoneInfo(read("setting")[0]["time_zone"])
        self.insurance = {}
        for r in clocked(read("insurance")):
            self.insurance.setdefault(r["person"], {}).setdefault(day(r["month"]), []).append(
                Contribution(r["known_from"], r["stood_from"], r["stood_to"], {"t": True, "f": False}.get(r["paid"]), r["category"]))
        self.status = by(clocked(read("organisation_status")), "organisation")
        self.contract = by(clocked(read("contract")), "organisation")
        self.coefficient = defaultdict(dict)
        for (organisation, kind), rows in by(clocked(read("coefficient")), "organisation", "kind").items():
            self.coefficient[organisation][kind] = rows
        self.service = by(clocked(read("service")), "person", "organisation")
        self.site = by(clocked(read("site")), "organisation", "site")
        self.payment = by(clocked(read("payment")), "organisation")
        self.scheme = by(clocked(read("scheme")), "scheme")
        self.weight = by(clocked(read("scheme_weight")), "scheme")
        self.rate = by(clocked(read("base_rate")), "scheme", "class")
        self.step = by(clocked(read("norm_step")), "scheme")
        self.parameter = by(clocked(read("parameter")), "name")
        # what was closed, and what it was restated to, in the order in which it became known
        self.header = {day(r["month"]): r for r in clocked(read("statement"))}
        self.restatement = {(day(r["month"]), int(r["revision"])): r for r in read_if_there("restatement")}
        self.closed, self.kept = defaultdict(dict), defaultdict(list)
        for r in read("statement_line"):
            month = day(r["month"])
            self.closed[month][r["organisation"]] = r
            self.kept[month, r["organisation"]].append(dict(r, revision=0, known_at=""))
        for r in sorted(read_if_there("restatement_line"), key=lambda r: int(r["revision"])):
            month, revision = day(r["month"]), int(r["revision"])
            self.kept[month, r["organisation"]].append(dict(r, revision=revision, known_at=moment(self.restatement[month, revision]["known_at"])))

    def place(self, *values):
        return self.places.setdefault(values, Place(*values))

    def served(self, person, organisation, first, end, at):
        """Whether an organisation served a person from a day up to another, as known; denied services are none."""
        return any(first <= day(r["served_on"]) < end and not (r["denied_at"] and moment(r["denied_at"]) <= at.known)
                   for r in known(self.service.get((person, organisation), ()), at))

    def any_service(self, first, end, at):
        return any(first <= day(r["served_on"]) < end for rows in self.service.values() for r in known(rows, at))

    def end_of(self, month):
        """The moment at which a month is over where the registry is."""
        midnight = datetime.datetime.combine(month_of(month, 1), datetime.time(), self.zone)
        return midnight.astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S+00")

    def in_time(self, row, on):
        """Of an attachment that restores another: known before the month of the day was over, or the same organisation had the person until then."""
        if self.first_known[row.attachment] < self.end_of(on.replace(day=1)):
            return True
        before = max((r for r in self.rows_of[row.person] if r.attachment != row.attachment and r.mark != "excused" and r.since <= on < r.until
                      and r.known_from < row.known_from), key=lambda r: (r.known_to, r.known_from), default=None)
        return before is not None and before.organisation == row.organisation
