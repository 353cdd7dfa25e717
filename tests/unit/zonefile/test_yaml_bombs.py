"""Files that would cost more than they are worth: refused at once, with place and rule."""

import time
import tracemalloc

import pytest

from tests.hostile.cost import allowance
from tests.unit.zonefile.yaml_sources import messages, read, records
from zoneserver.findings import Level
from zoneserver.zonefile.encoding import MAX_FILE_OCTETS

# They take a few milliseconds each; a busy machine may take longer.
CPU_SECONDS = 1.0
MEMORY = 50 << 20

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
MERGES = "a0: &a0 {k: v, l: w}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)
INCLUDED = "[" + "x, " * 20_000 + "]"

# what is too much, the file, a rule that the findings name
BOMBS = [
    ("billion laughs", LAUGHS, "SY010"),
    ("merge keys", MERGES, "SY010"),
    ("self alias", "a: &a [*a]", "SY008"),
    ("self alias at the top", "&a {b: *a}", "SY008"),
    ("100k [", "[" * 100_000, "SY010"),
    ("5M [", "[" * 5_000_000, "SY010"),
    ("100k {a:", "{a: " * 100_000, "SY010"),
    ("100k -", "- " * 100_000, "SY010"),
    ("100k ?", "? " * 100_000, "SY010"),
    ("1500 levels", "".join(" " * n + "a:\n" for n in range(1500)), "SY010"),
    ("200k digits", "a: {type: A, ttl: " + "1" * 200_000 + "}", "SY010"),
    ("1 MB scalar", "a: " + "x" * 1_000_000, "SY010"),
    ("open quote", 'a: "' + "x\\\n" * 300_000, "SY008"),
    ("50k anchors", "".join(f"a{n}: &a{n} x\n" for n in range(50_000)), "SY008"),
    ("1001 anchors", "a: [" + "".join(f"&a{n} x, " for n in range(1001)) + "]", "SY010"),
    ("one anchor used often", "a: &a [1, 2, 3, 4, 5]\nb: [" + "*a, " * 20_000 + "]", "SY010"),
    ("includes", "a: [" + "!include a.yaml, " * 20_000 + "]", "SY010"),
    ("many values", "a: {type: A, values: [" + "192.0.2.1, " * 20_000 + "]}", "SY010"),
    ("many types", "".join(f"a{n}: {{type: X{n}}}\n" for n in range(20_000)), "SY010"),
    ("equal keys", "a: {" + "b: 1, " * 20_000 + "}", "SY010"),
    ("unknown keys", "a: {" + "".join(f"k{n}: 1, " for n in range(20_000)) + "}", "SY010"),
    ("undefined aliases", "".join(f"a{n}: *x\n" for n in range(20_000)), "SY010"),
    ("long name", "? '" + "a." * 30_000 + "'\n: {type: A}", "SY002"),
    ("long U-label", "? '" + "\u00fc" * 60_000 + "'\n: {type: A}", "SY002"),
    ("long target", "a: {type: NS, value: " + "\u00fc." * 30_000 + "}", "SY002"),
    ("long mailbox", "$soa: {rname: a@" + "\u00fc." * 30_000 + "}", "SY002"),
    ("blank line", " " * 1_000_000 + "a: b: c", "SY008"),
    ("line of colons", "a: " + "b: " * 100_000, "SY008"),
    ("quotes in a TXT", "a: {type: TXT, value: '\"" + '" ' * 30_000 + "'}", "SY003"),
    (
        "many parameters",
        "a: {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {alpn: ["
        + "h2, " * 30_000
        + "]}}}",
        "SY010",
    ),
    ("generic digits", rf"a: {{type: TYPE65280, value: \# {'9' * 60_000} 00}}", "SY003"),
]


@pytest.mark.parametrize(
    ("text", "code"), [row[1:] for row in BOMBS], ids=[row[0] for row in BOMBS]
)
def test_bomb(text: str, code: str) -> None:
    """Acceptance 46: it costs little time, and the findings say where it is and what it
    breaks.
    """
    start = time.process_time()
    source = read(text, {"a.yaml": INCLUDED})
    spent = time.process_time() - start
    assert code in {finding.code for finding in source.findings}
    assert all(finding.mark.line > 0 for finding in source.findings)
    assert len(source.findings) <= 501
    assert len(messages(source)) < 200_000
    assert records(source) == set()
    assert spent < CPU_SECONDS * allowance()


@pytest.mark.parametrize("text", [LAUGHS, MERGES, "[" * 1_000_000, "a: " + "x" * 1_000_000])
def test_bomb_takes_little_memory(text: str) -> None:
    """Acceptance 46: what it would blow up to is never built."""
    tracemalloc.start()
    try:
        read(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


def test_file_that_is_too_large() -> None:
    """128 MB are the most; a larger file is not looked into."""
    source = read(b"a: b #" + b"x" * MAX_FILE_OCTETS)
    (finding,) = source.findings
    assert (finding.code, finding.level) == ("SY010", Level.ERROR)
    assert "128 MB" in finding.reason


def test_what_is_no_bomb() -> None:
    """An anchor for each of many names is a way to write them."""
    text = "base: &base {type: A, ttl: 60, values: [192.0.2.1, 192.0.2.2]}\n"
    text += "".join(f"host{n}: {{<<: *base, ttl: 120}}\n" for n in range(5000))
    source = read(text)
    assert source.findings == ()
    assert len(records(source)) == 10002
