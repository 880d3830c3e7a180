"""Judges IIN and BIN by the wording of the rules and compares with the C core.

    number.py CORE.so [STRINGS]

Every row of the vectors, then STRINGS (1,000,000) random and mutated strings, each read both as an
IIN and as a BIN: fault, position, value and parts have to agree.
"""
import csv
import ctypes
import datetime
import operator
import pathlib
import random
import re
import sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
KINDS = ("iin", "bin")
FAULTS = (None, "length", "character", "zero", "century", "month", "day", "legal_form", "division",
          "unissuable", "check_digit")
SEXES = (None, "male", "female")
FORMS = {"4": "resident legal entity", "5": "non-resident legal entity", "6": "joint individual enterprise ИП(С)"}
DIVISIONS = dict(zip("0123", ("head unit", "branch", "representation", "peasant farm")))


# --- the rules ---------------------------------------------------------------------------------

PASSES = (range(1, 12), (*range(3, 12), 1, 2))


def control(eleven):
    """The check digit as a string, None where both passes give 10."""
    numbers = [int(c) for c in eleven]
    for weights in PASSES:
        remainder = sum(map(operator.mul, weights, numbers)) % 11
        if remainder < 10:
            return str(remainder)
    return None


def date_of(year, month, day):
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


# Centuries an IIN may mean by its seventh digit: its own, or where it is not coded any.
CENTURIES = {"0": (1800, 1900, 2000), "1": (1800,), "2": (1800,), "3": (1900,), "4": (1900,), "5": (2000,), "6": (2000,)}


def fault_of(kind, text):
    """(fault, position) of a text, (None, 0) when valid."""
    if len(text) != 12:
        return "length", min(len(text), 12) + 1
    if not (text.isascii() and text.isdigit()):
        return "character", next(i for i, c in enumerate(text, 1) if c not in "0123456789")
    if text == "000000000000":
        return "zero", 1
    month = int(text[2:4])
    if kind == "iin":
        if text[6] not in CENTURIES:
            return "century", 7
        if not 1 <= month <= 12:
            return "month", 3
        if not any(date_of(c + int(text[:2]), month, int(text[4:6])) for c in CENTURIES[text[6]]):
            return "day", 5
    else:
        if not 1 <= month <= 12:
            return "month", 3
        if text[4] not in FORMS:
            return "legal_form", 5
        if text[5] not in DIVISIONS:
            return "division", 6
    digit = control(text[:11])
    if digit is None:
        return "unissuable", 12
    return (None, 0) if digit == text[11] else ("check_digit", 12)


def parts_of(kind, text):
    """What a valid number says."""
    if kind == "bin":
        century = "19" if text[:2] >= "90" else "20"
        return f"{century}{text[:2]}-{text[2:4]}", FORMS[text[4]], DIVISIONS[text[5]]
    if text[6] == "0":
        return None, None
    return (date_of(CENTURIES[text[6]][0] + int(text[:2]), int(text[2:4]), int(text[4:6])).isoformat(),
            "male" if int(text[6]) % 2 else "female")


# --- the C core --------------------------------------------------------------------------------

class Number(ctypes.Structure):
    _fields_ = [("fault", ctypes.c_int), ("position", ctypes.c_int), ("characters", ctypes.c_int),
                ("value", ctypes.c_int64)]


class Core:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.osms_number_read.restype = Number
        self.lib.osms_number_read.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
        self.lib.osms_bin_legal_form.restype = self.lib.osms_bin_division.restype = ctypes.c_char_p
        for name in ("osms_iin_sex", "osms_bin_legal_form", "osms_bin_division"):
            getattr(self.lib, name).argtypes = [ctypes.c_int64]
        self.lib.osms_bin_registered.argtypes = [ctypes.c_int64] + 2 * [ctypes.POINTER(ctypes.c_int)]
        self.lib.osms_iin_birth_date.argtypes = [ctypes.c_int64] + 3 * [ctypes.POINTER(ctypes.c_int)]
        self.lib.osms_bin_registered.restype = self.lib.osms_iin_birth_date.restype = ctypes.c_bool
        self.characters = ctypes.cast(self.lib.osms_utf8_characters, ctypes.c_void_p)

    def read(self, kind, text):
        utf8 = text.encode()
        return self.lib.osms_number_read(kind, utf8, len(utf8), self.characters)

    def parts(self, kind, value):
        y, m, d = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        if KINDS[kind] == "bin":
            told = self.lib.osms_bin_registered(value, y, m)
            return (f"{y.value:04}-{m.value:02}" if told else None,
                    self.lib.osms_bin_legal_form(value).decode(), self.lib.osms_bin_division(value).decode())
        told = self.lib.osms_iin_birth_date(value, y, m, d)
        return (f"{y.value:04}-{m.value:02}-{d.value:02}" if told else None,
                SEXES[self.lib.osms_iin_sex(value)])


def disagreement(core, kind, text, expected):
    """None where the core agrees with the expected fault and position, else both."""
    number = core.read(kind, text)
    found = FAULTS[number.fault], number.position
    if found != expected:
        return expected, found
    if number.fault > FAULTS.index("character") or number.fault == 0:
        if number.value != int(text):
            return int(text), number.value
    if number.fault == 0:
        expected, found = parts_of(KINDS[kind], text), core.parts(kind, number.value)
        if found != expected:
            return expected, found
    return None


# --- strings -----------------------------------------------------------------------------------

ODD = "٣۳²０９О оO-. \t\n\0\u00a0\u200b\ufeff😀e\u0301!+"


def valid(rng, kind):
    """A valid number, or eleven digits that allow none with a digit after them."""
    if kind == 0:
        day = datetime.date(1800, 1, 1) + datetime.timedelta(rng.randrange(109572))
        code = rng.choice((0, (day.year - 1800) // 100 * 2 + rng.randint(1, 2)))
        eleven = f"{day:%y%m%d}{code}{rng.randrange(10000):04}"
    else:
        eleven = (f"{rng.randrange(100):02}{rng.randint(1, 12):02}{rng.choice('456')}{rng.choice('0123')}"
                  f"{rng.randrange(100000):05}")
    return eleven + (control(eleven) or str(rng.randrange(10)))


def mutated(rng, text):
    where = rng.randrange(len(text) + 1)
    how = rng.randrange(7)
    if how == 0:
        return text[:where] + rng.choice("0123456789") + text[where + 1:]
    if how == 1:
        return text[:where] + rng.choice(ODD) + text[where + 1:]
    if how == 2:
        return text[:where] + text[where + 1:]
    if how == 3:
        return text[:where] + rng.choice("0123456789" + ODD) + text[where:]
    if how == 4 and len(text) > 1:
        where = rng.randrange(len(text) - 1)
        return text[:where] + text[where + 1] + text[where] + text[where + 2:]
    if how == 5:
        return text.lstrip("0")
    # new date field or new part, and the check digit made right again
    at = rng.choice((0, 2, 4))
    text = text[:at] + f"{rng.randrange(100):02}" + text[at + 2:]
    ascii_digits = re.fullmatch("[0-9]{11}", text[:11])
    return text[:11] + ((control(text[:11]) if ascii_digits else None) or "0")


def strings(rng, count):
    for i in range(count):
        choice = i % 8
        if choice == 0:
            yield f"{rng.randrange(10 ** 12) if i % 4096 else 0:012}"
        elif choice == 1:
            yield "".join(rng.choices("0123456789" + ODD, k=rng.randrange(16)))
        else:
            text = valid(rng, i & 1)
            for _ in range(max(0, choice - 4)):
                text = mutated(rng, text)
            yield text


# --- the comparison ----------------------------------------------------------------------------

def vectors(core, name):
    """Both sides against the published verdicts."""
    failed = passed = 0
    with open(DATA / f"{name}.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = re.sub(r"\\u(.{4})|\\U(.{8})", lambda m: chr(int(m[1] or m[2], 16)), row["input"])
            kind = KINDS.index(name)
            wrong = disagreement(core, kind, text, fault_of(name, text))
            if wrong is None and fault_of(name, text)[0] != (row["fault"] or None):
                wrong = row["fault"], fault_of(name, text)
            if wrong is None and not row["fault"]:
                published = tuple(row[c] or None for c in
                                  (("birth_date", "sex") if name == "iin" else ("registered", "legal_form", "division")))
                if parts_of(name, text) != published:
                    wrong = published, parts_of(name, text)
            if wrong:
                print("# vector", name, repr(text), *wrong)
            failed += wrong is not None
            passed += wrong is None
    return passed, failed


def main():
    core = Core(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    passed = failed = 0
    for name in KINDS:
        p, f = vectors(core, name)
        passed, failed = passed + p, failed + f

    wrong = 0
    seen = dict.fromkeys(FAULTS, 0)
    for text in strings(random.Random(405), count):
        for kind in (0, 1):
            expected = fault_of(KINDS[kind], text)
            seen[expected[0]] += 1
            answer = disagreement(core, kind, text, expected)
            if answer and (wrong := wrong + 1) <= 20:
                print("#", KINDS[kind], repr(text), *answer)
    # a comparison counts as one test, and so does having met every fault
    missing = [fault for fault, times in seen.items() if times < count / 10000]
    if missing:
        print("# hardly met:", missing)
    passed, failed = passed + (not wrong) + (not missing), failed + bool(wrong) + bool(missing)
    print(f"# {count} strings, each as IIN and BIN: {wrong} disagreements")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
