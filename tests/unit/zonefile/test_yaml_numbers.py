"""Where a number is due only a plain decimal will do, and a TTL may have units."""

import pytest

from tests.unit.zonefile.yaml_sources import barred, errors, messages, read
from zoneserver.records.rdata import MX, SOA, SRV


def ttl_of(written: str) -> int:
    """The TTL that a record gets."""
    source = read(f"x: {{type: A, ttl: {written}, value: 192.0.2.1}}")
    assert source.findings == ()
    return source.records[1].ttl


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0),
        ("300", 300),
        ('"300"', 300),
        ("'300'", 300),
        ("2147483647", 2147483647),
        ("1h", 3600),
        ("1H30M", 5400),
        ("1h30m", 5400),
        ("1d", 86400),
        ("2w", 1209600),
        ("1w2d3h4m5s", 788645),
        ("90s", 90),
    ],
)
def test_ttl(written: str, seconds: int) -> None:
    """Acceptance 50: seconds, or units as in master files."""
    assert ttl_of(written) == seconds


# text, what YAML 1.1 makes of it ("" where that is no integer, or no other one)
NO_NUMBERS = [
    ("012", "10"),
    ("010", "8"),
    ("0o12", ""),
    ("0x0A", "10"),
    ("0b11", "3"),
    ("1:30", "90"),
    ("1:30:00", "5400"),
    ("1_000", "1000"),
    ("+5", "5"),
    ("'010'", ""),
    ("-1", ""),
    ("1e3", ""),
    ("3.5", ""),
    ("10.0", ""),
    (".inf", ""),
    (".nan", ""),
    ("true", ""),
    ("yes", ""),
    ("ten", ""),
    ("~", ""),
    ("null", ""),
    ("''", ""),
    ("' 10'", ""),
    ("\u0661\u0662", ""),
]


@pytest.mark.parametrize(
    ("written", "yaml11"),
    [
        *NO_NUMBERS,
        ("01h", ""),
        ("1h 30m", ""),
        ("1x", ""),
        ("1\u017f", ""),
        ("99999999999", ""),
    ],
)
def test_no_ttl(written: str, yaml11: str) -> None:
    """Acceptance 50: nothing is guessed; where YAML 1.1 would have, the message says what
    it reads.
    """
    text, place = barred(f"x: {{type: A, ttl: ¦{written}, value: 192.0.2.1}}")
    source = read(text)
    assert errors(source) == [f"{place} SY004"]
    assert (f"YAML 1.1 reads it as {yaml11} " in messages(source)) == bool(yaml11)
    assert "write seconds or units" in messages(source)


@pytest.mark.parametrize("written", ["2147483648", "4294967295", "3551w"])
def test_ttl_beyond_the_largest(written: str) -> None:
    """Acceptance 50: RFC 2181 8: 2147483647 is the most."""
    text, place = barred(f"x: {{type: A, ttl: ¦{written}, value: 192.0.2.1}}")
    source = read(text)
    assert errors(source) == [f"{place} SY004"]
    assert "0..2147483647" in messages(source)


@pytest.mark.parametrize(("written", "yaml11"), NO_NUMBERS)
def test_no_preference(written: str, yaml11: str) -> None:
    """The preference of an MX has a rule of its own."""
    text, place = barred(f"x: {{type: MX, value: {{exchange: a., preference: ¦{written}}}}}")
    source = read(text)
    assert errors(source) == [f"{place} MX013"]
    assert (f"YAML 1.1 reads it as {yaml11} " in messages(source)) == bool(yaml11)
    assert "write a number from 0 to 65535" in messages(source)


@pytest.mark.parametrize(("written", "yaml11"), NO_NUMBERS)
def test_no_port(written: str, yaml11: str) -> None:
    """All other integers share one."""
    text, place = barred(
        f"x: {{type: SRV, value: {{priority: 0, weight: 0, port: ¦{written}, target: a.}}}}"
    )
    source = read(text)
    assert errors(source) == [f"{place} SY003"]
    assert (f"YAML 1.1 reads it as {yaml11} " in messages(source)) == bool(yaml11)


@pytest.mark.parametrize(
    ("written", "number"), [("0", 0), ("10", 10), ("'10'", 10), ("65535", 65535)]
)
def test_integer(written: str, number: int) -> None:
    """Plain decimals up to what the field holds."""
    source = read(
        "x:\n"
        f"- {{type: MX, value: {{exchange: a., preference: {written}}}}}\n"
        f"- {{type: SRV, value: {{priority: 0, weight: 0, port: {written}, target: a.}}}}\n"
    )
    mx, srv = (record.rdata for record in source.records[1:])
    assert isinstance(mx, MX)
    assert isinstance(srv, SRV)
    assert (mx.preference, srv.port) == (number, number)


@pytest.mark.parametrize("written", ["65536", "99999999999999999999", "4294967306"])
def test_integer_beyond_the_largest(written: str) -> None:
    """Nothing wraps around."""
    text, place = barred(f"x: {{type: MX, value: {{exchange: a., preference: ¦{written}}}}}")
    source = read(text)
    assert errors(source) == [f"{place} MX013"]
    assert "outside 0..65535" in messages(source)


@pytest.mark.parametrize("serial", [0, 2**31 - 1, 2**31, 2**32 - 1])
def test_serial(serial: int) -> None:
    """Acceptance 60: all 32 bits are serials (RFC 1982)."""
    source = read(f"$soa: {{serial: {serial}}}")
    rdata = source.records[0].rdata
    assert isinstance(rdata, SOA)
    assert rdata.serial == serial
    assert not source.auto_serial


def test_serial_beyond_the_largest() -> None:
    """Acceptance 60: one more is refused, never wrapped."""
    assert errors(read("$soa: {serial: 4294967296}")) == ["1:16 SY003"]
