"""$GENERATE against the forms in BIND's manual, written out."""

import pytest

from tests.unit.zonefile.masters import read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1-2 h$ A 192.0.2.$", ["h1 192.0.2.1", "h2 192.0.2.2"]),
        ("0-4/2 h$ A 192.0.2.$", ["h0 192.0.2.0", "h2 192.0.2.2", "h4 192.0.2.4"]),
        ("5-5/9 $.a A 192.0.2.1$", ["5.a 192.0.2.15"]),
        ("9-10 h${0,3} A 192.0.2.${1}", ["h009 192.0.2.10", "h010 192.0.2.11"]),
        ("20-20 h${-5,2,x}-${+0,0,X} A 192.0.2.1", ["h0f-14 192.0.2.1"]),
        ("8-8 h${0,3,o} A 192.0.2.1", ["h010 192.0.2.1"]),
        ("30-30 ${0,5,n}.z${0,0,N} A 192.0.2.1", ["e.1.0.zE.1 192.0.2.1"]),
        ("30-30 ${0,6,n}z${0,1,n} A 192.0.2.1", ["e.1.0.ze.1 192.0.2.1"]),
        (r"1-1 a$$b\$c${0} A 192.0.2.1", [r"a\$b\$c1 192.0.2.1"]),
    ],
)
def test_generate(text: str, expected: list[str]) -> None:
    """Offsets, widths, bases and escapes fill in as BIND does it."""
    source = read(f"$TTL 1\n$GENERATE {text}\n")
    assert source.findings == ()
    assert [
        f"{str(record.owner).removesuffix('.example.com.')} {record.rdata.text}"
        for record in source.records
    ] == expected


def test_generate_takes_ttl_and_class() -> None:
    """TTL and class stand in either order; the marks point into the directive."""
    source = read("$GENERATE 1-1 h$ 5m IN MX $ mx$\n$generate 2-2 h$ IN 6 MX $ mx$\n")
    assert [(r.ttl, r.rdata.text, r.mark.line, r.mark.column) for r in source.records] == [
        (300, "1 mx1.example.com.", 1, 29),
        (6, "2 mx2.example.com.", 2, 28),
    ]
