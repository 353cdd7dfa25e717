"""Domain names: their limits, their text, their order, their arithmetic."""

from collections.abc import Callable

import dns.name
import pytest

from zoneserver.errors import NameSyntaxError
from zoneserver.names import ROOT, Name, label_text, split_labels

ORIGIN = Name.parse("example.com.")
LABEL_63 = "a" * 63
# 3 * 64 + 61 + 1 and the root: 255 octets, and one more.
NAME_255 = ".".join([LABEL_63] * 3 + ["b" * 61]) + "."
NAME_256 = ".".join([LABEL_63] * 3 + ["b" * 62]) + "."
LABELS_127 = "a." * 127
LABELS_128 = "a." * 128

TEXTS = [
    (".", b"\0"),
    ("com.", b"\x03com\0"),
    ("example.com.", b"\x07example\x03com\0"),
    ("Example.COM.", b"\x07Example\x03COM\0"),
    ("*.example.", b"\x01*\x07example\0"),
    ("_25._tcp.mx.", b"\x03_25\x04_tcp\x02mx\0"),
    (r"a\.b.c.", b"\x03a.b\x01c\0"),
    (r"\065\066.", b"\x02AB\0"),
    (r"\000\255.", b"\x02\x00\xff\0"),
    (r"\\.", b"\x01\\\0"),
    (r"a\\.b.", b"\x02a\\\x01b\0"),
    (r"\@.", b"\x01@\0"),
    ("@.", b"\x01@\0"),
    (r"a\ b.", b"\x03a b\0"),
    (r"\..", b"\x01.\0"),
    (r"\0461.", b"\x02.1\0"),
    ("44.74.", b"\x0244\x0274\0"),
    ("bücher.example.", b"\x0dxn--bcher-kva\x07example\0"),
    ("BÜCHER.", b"\x0dxn--bcher-kva\0"),
    ("faß.", b"\x0axn--fa-hia\0"),
    ("例え.テスト.", b"\x0bxn--r8jz45g\x0axn--zckzah\0"),
    ("xn--bcher-kva.", b"\x0dxn--bcher-kva\0"),
    (r"a\.b.bücher.", b"\x03a.b\x0dxn--bcher-kva\0"),
    (f"{LABEL_63}.", b"\x3f" + b"a" * 63 + b"\0"),
]


@pytest.mark.parametrize(("text", "wire"), TEXTS)
def test_parse(text: str, wire: bytes) -> None:
    """Presentation format (RFC 1035 5.1), U-labels as A-labels (RFC 5891 4.4)."""
    assert wire == Name.parse(text).wire


FAULTS = [
    ("", "SY001"),
    ("..", "SY001"),
    ("a..b.", "SY001"),
    (".a.", "SY001"),
    (f"{LABEL_63}a.", "SY001"),
    (NAME_256, "SY002"),
    (LABELS_128, "SY002"),
    ("relative", "SY003"),
    ("@", "SY003"),
    ("a\\", "SY003"),
    (r"a.\.", "SY003"),
    (r"\256.", "SY003"),
    (r"\999.", "SY003"),
    (r"\25.", "SY003"),
    (r"\2x5.", "SY003"),
    (r"\2", "SY003"),
    ("\\²³¹.", "SY003"),
    (r"\ü.", "SY003"),
    (r"b\.ü.", "SY003"),
    ("\\065\ud800.", "SY003"),
    ("\ud800.", "MX029"),
    ("a。b.", "MX029"),
    ("ü。.", "MX029"),
    ("-ü.", "MX029"),
    ("_ü.", "MX029"),
    ("ab--ü.", "MX029"),
    ("\u00ad.", "MX029"),
    ("☃☃" * 40 + ".", "MX029"),
]


@pytest.mark.parametrize(("text", "code"), FAULTS)
def test_parse_faults(text: str, code: str) -> None:
    """What is no name, and the rule that says so."""
    with pytest.raises(NameSyntaxError) as caught:
        Name.parse(text)
    assert code == caught.value.code


@pytest.mark.parametrize("text", [NAME_255, LABELS_127])
def test_longest(text: str) -> None:
    """255 octets and 127 labels are the most (RFC 1035 2.3.4)."""
    name = Name.parse(text)
    assert 255 == len(name.wire)
    assert text == str(name)
    with pytest.raises(NameSyntaxError, match="255 is the most"):
        name.prefixed(b"x")


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("@", "example.com."),
        ("www", "www.example.com."),
        ("*", "*.example.com."),
        ("www.", "www."),
        (".", "."),
        (r"\@", r"\@.example.com."),
        (r"a\.", r"a\..example.com."),
        ("mail.example.com", "mail.example.com.example.com."),
        ("ü", "xn--tda.example.com."),
    ],
)
def test_relative_to_an_origin(text: str, absolute: str) -> None:
    """Without a final dot a name is below the origin, `@` is the origin (RFC 1035 5.1)."""
    assert absolute == str(Name.parse(text, ORIGIN))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("example.com.", "@"),
        ("EXAMPLE.com.", "@"),
        ("www.example.com.", "www"),
        (r"a\.b.c.example.com.", r"a\.b.c"),
        ("other.org.", "other.org."),
        ("notexample.com.", "notexample.com."),
        (".", "."),
    ],
)
def test_relative_text(name: str, text: str) -> None:
    """The text without the origin, where there is one to leave out."""
    assert text == Name.parse(name).relative_to(ORIGIN)


@pytest.mark.parametrize("octet", range(256))
def test_text_of_every_octet(octet: int) -> None:
    """The text is dnspython's, and reads back as the octet it came from, here and there."""
    name = Name.from_labels([bytes((octet,)), b"x"])
    oracle = dns.name.from_wire(name.wire, 0)[0]
    assert oracle.to_text() == str(name)
    assert name.wire == Name.parse(str(name)).wire == dns.name.from_text(str(name)).to_wire()


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("example.com.", "EXAMPLE.Com.", True),
        ("example.com.", "example.org.", False),
        (r"a\.b.", "a.b.", False),
        ("a{.", "a[.", False),
        (".", ".", True),
        (r"\195\132.", r"\195\164.", False),
    ],
)
def test_equality(one: str, other: str, *, equal: bool) -> None:
    """Equal names have equal hashes, and A-Z is all that folds (RFC 4343 3)."""
    first, second = Name.parse(one), Name.parse(other)
    assert equal == (first == second) == (hash(first) == hash(second))


def test_other_things_are_no_names() -> None:
    """A name is equal to names only."""
    assert Name.parse("a.") != "a."
    assert Name.parse("a.") != b"\x01a\0"


def test_case_is_kept() -> None:
    """What was written is what is shown."""
    assert "WwW.Example." == str(Name.parse("WwW.Example."))


@pytest.mark.parametrize(
    ("name", "other", "below"),
    [
        ("www.example.com.", "example.com.", True),
        ("example.com.", "example.com.", True),
        ("WWW.example.COM.", "EXAMPLE.com.", True),
        ("com.", "example.com.", False),
        ("notexample.com.", "example.com.", False),
        (r"not\.example.com.", "example.com.", False),
        ("example.com.", ".", True),
        (".", ".", True),
        (".", "com.", False),
        # The octets of the longer end in those of the shorter, and yet it is not below.
        (r"a\007example.", "example.", False),
        (r"x\003com.", "com.", False),
    ],
)
def test_is_below(name: str, other: str, *, below: bool) -> None:
    """Label by label, the name itself included."""
    assert below == Name.parse(name).is_below(Name.parse(other))


def test_ancestors() -> None:
    """Up to the root, which has none."""
    assert ["b.c.", "c.", "."] == [str(name) for name in Name.parse("a.b.c.").ancestors()]
    assert [] == list(ROOT.ancestors())
    assert ROOT == ROOT.parent


@pytest.mark.parametrize(
    ("name", "is_wildcard"),
    [("*.example.", True), ("*.", True), ("a.*.", False), ("**.", False), (r"\042.", True),
     (".", False)],
)  # fmt: skip
def test_wildcard(name: str, *, is_wildcard: bool) -> None:
    """A single asterisk, leftmost, however it was written (RFC 4592 2.1.1)."""
    assert is_wildcard == Name.parse(name).is_wildcard


@pytest.mark.parametrize(
    ("name", "old", "new", "result"),
    [
        ("a.example.", "example.", "test.", "a.test."),
        ("A.b.EXAMPLE.", "example.", "Test.", "A.b.Test."),
        ("a.x.", "x.", ".", "a."),
        ("a.", ".", "test.", "a.test."),
        ("example.", "example.", "test.", "test."),
    ],
)
def test_rebased(name: str, old: str, new: str, result: str) -> None:
    """The suffix gives way, what is before it stays as it is (RFC 6672 2.2)."""
    rebased = Name.parse(name).rebased(Name.parse(old), Name.parse(new))
    assert result == str(rebased)


def test_rebased_too_far() -> None:
    """255 octets are the most for a result as well."""
    target = Name.parse(".".join([LABEL_63] * 3) + ".")  # 193 octets
    assert 255 == len(Name.parse("b" * 61 + ".x.").rebased(Name.parse("x."), target).wire)
    with pytest.raises(NameSyntaxError) as caught:
        Name.parse("b" * 62 + ".x.").rebased(Name.parse("x."), target)
    assert "SY002" == caught.value.code


def test_canonical_order() -> None:
    """The example of RFC 4034 6.1."""
    ordered = [
        "example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.",
        "z.example.", r"\001.z.example.", "*.z.example.", r"\200.z.example.",
    ]  # fmt: skip
    by_key = sorted((Name.parse(text) for text in reversed(ordered)), key=Name.canonical)
    assert ordered == [str(name) for name in by_key]


@pytest.mark.parametrize(
    "change", [lambda n: setattr(n, "wire", b"\0"), lambda n: setattr(n, "new", 1)]
)
def test_immutable(change: Callable[[Name], None]) -> None:
    """Names are keys, and keys do not change."""
    with pytest.raises(AttributeError):
        change(Name.parse("a."))


def test_from_labels() -> None:
    """Labels as octets, from left to right; none is the root."""
    assert b"\x01a\x02.b\0" == Name.from_labels([b"a", b".b"]).wire
    assert ROOT == Name.from_labels([])
    assert (b"a", b".b") == Name.from_labels([b"a", b".b"]).labels
    assert () == ROOT.labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([b""], "empty"),
        ([b"a", b"", b"b"], "empty"),
        ([b"x" * 64], "has 64 octets; 63 is the most"),
        ([b"\xff" * 64], r"\\255"),
        ([b"x" * 63] * 4, "has 257 octets in wire form; 255 is the most"),
    ],
)
def test_from_labels_faults(labels: list[bytes], message: str) -> None:
    """The limits of RFC 1035 2.3.4, with the number that broke one."""
    with pytest.raises(NameSyntaxError, match=message):
        Name.from_labels(labels)


def test_prefixed() -> None:
    """Labels in front."""
    assert "_25._tcp.example.com." == str(ORIGIN.prefixed(b"_25", b"_tcp"))


def test_repr() -> None:
    """What a failing test shows."""
    assert "Name('example.com.')" == repr(ORIGIN)


@pytest.mark.parametrize(
    ("label", "text"),
    [(b"www", "www"), (b"a-b_c*", "a-b_c*"), (b"a.b", r"a\.b"),
     (b'";$@()\\', r"\"\;\$\@\(\)\\"),
     (b" \t\x7f", r"\032\009\127"), ("ü".encode(), r"\195\188")],
)  # fmt: skip
def test_label_text(label: bytes, text: str) -> None:
    """Escapes where a master file would read something else (RFC 1035 5.1)."""
    assert text == label_text(label)


@pytest.mark.parametrize(
    ("text", "labels", "absolute"),
    [
        ("a.b", [b"a", b"b"], False),
        ("a.b.", [b"a", b"b"], True),
        (r"a\.b", [b"a.b"], False),
        (r"a\.", [b"a."], False),
        (r"a\\.", [b"a\\"], True),
        (r"a\..", [b"a."], True),
    ],
)
def test_split_labels(text: str, labels: list[bytes], *, absolute: bool) -> None:
    """Labels, and whether the text ends in a dot that counts."""
    assert (labels, absolute) == split_labels(text)
