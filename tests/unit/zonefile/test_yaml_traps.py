"""YAML that changes its meaning without a word, and what becomes of it here.

Each row is a trap that PyYAML (YAML 1.1) walks into; `PyYAML` is what it makes of it.
"""

from typing import Any

import pytest
import yaml

from tests.unit.zonefile.yaml_sources import barred, errors, messages, read, records

A = "{type: A, value: 192.0.2.1}"
MX = "x: {{type: MX, value: {{exchange: mail.example.com., preference: ¦{}}}}}"

# name, file, what PyYAML makes of it (an exception's name if it refuses), what we serve
TAKEN_AS_WRITTEN = [
    ("owner no", f"no: {A}", {False}, {"no 3600 A 192.0.2.1"}),
    ("owner on", f"on: {A}", {True}, {"on 3600 A 192.0.2.1"}),
    ("owner off", f"off: {A}", {False}, {"off 3600 A 192.0.2.1"}),
    ("owner null", f"null: {A}", {None}, {"null 3600 A 192.0.2.1"}),
    ("number as owner", f"10: {A}", {10}, {"10 3600 A 192.0.2.1"}),
    ("fraction as owner", f"1.10: {A}", {1.1}, {"1.10 3600 A 192.0.2.1"}),
    ("comment cuts TXT", "x: {type: TXT, value: v=DMARC1; p=none #note\n}", {"x"},
     {'x 3600 TXT "v=DMARC1; p=none"'}),
    ("BOM", f"\ufeffmail: {A}", {"mail"}, {"mail 3600 A 192.0.2.1"}),
    ("merge key", f"a: &x {A}\nb: {{<<: *x}}", {"a", "b"},
     {"a 3600 A 192.0.2.1", "b 3600 A 192.0.2.1"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "keys", "served"),
    [row[1:] for row in TAKEN_AS_WRITTEN],
    ids=[row[0] for row in TAKEN_AS_WRITTEN],
)
def test_taken_as_written(text: str, keys: set[Any], served: set[str]) -> None:
    """Acceptance 49: what is written is what is served."""
    assert set(yaml.safe_load(text)) == keys
    source = read(text)
    assert source.findings == ()
    assert records(source) == served


# name, file with a bar where the finding points to, code, what it says
REFUSED = [
    ("sexagesimal preference", MX.format("1:30"), "MX013", "YAML 1.1 reads it as 90"),
    ("float preference", MX.format("10.0"), "MX013", "no plain decimal number"),
    ("hexadecimal preference", MX.format("0x0A"), "MX013", "YAML 1.1 reads it as 10"),
    ("octal preference", MX.format("010"), "MX013", "YAML 1.1 reads it as 8"),
    ("0o10", MX.format("0o10"), "MX013", "no plain decimal number"),
    ("boolean preference", MX.format("true"), "MX013", "no plain decimal number"),
    ("infinite TTL", "x: {type: A, ttl: ¦.inf, value: 192.0.2.1}", "SY004", "is no time"),
    ("null target", "x: {type: NS, value: ¦~}", "SY003", "is empty"),
    (
        "null exchange",
        "x: {type: MX, value: {exchange: ¦~, preference: 1}}",
        "SY003",
        "where a name is due",
    ),
    (
        "integer exchange",
        "x: {type: MX, value: {exchange: ¦3221226009, preference: 1}}",
        "MX002",
        "192.0.2.25",
    ),
    ("keys equal but for case", f"mail: {A}\n¦MAIL: {A}", "SY008", "1:1 `mail` stands"),
    ("keys equal but for quotes", f"mail: {A}\n¦'mail': {A}", "SY008", "1:1 `mail` stands"),
    ("unquoted @", f"¦@: {A}", "SY008", "the apex is written ''"),
    ("unquoted *", f"¦*: {A}", "SY008", "quote it: '*'"),
    (
        "colon and blank in TXT",
        "x:\n  type: TXT\n  value: v=spf1 include¦: foo\n",
        "SY008",
        "put the text in quotes: value: 'v=spf1 include: foo'",
    ),
    (
        "folded DKIM",
        "x:\n  type: TXT\n  value: ¦>\n    v=DKIM1; p=AAAA\n    BBBB\n",
        "SY008",
        "in one line in single quotes",
    ),
    (
        "tag of Python",
        "x: ¦!!python/object/apply:os.system ['true']",
        "SY008",
        "has no meaning here",
    ),
    ("two documents", f"x: {A}\n¦---\ny: {A}", "SY008", "a second document"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(text: str, code: str, says: str) -> None:
    """What would be read otherwise than it looks is an error that shows how to write it."""
    text, place = barred(text)
    source = read(text)
    assert errors(source) == [f"{place} {code}"]
    assert says in messages(source)
