"""SPF records term by term: what receivers read, and what makes them give up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoneserver.validator.policy.spf import Mechanism, Modifier, parse_spf
from zoneserver.validator.policy.spf_macros import expand

# Terms that RFC 7208 allows; no receiver may give up on a record with one.
SOUND = [
    "all",
    "-ALL",
    "?all",
    "a",
    "+a",
    "A/0",
    "a/24",
    "a//64",
    "a/24//64",
    "a:example.org",
    "a:example.org.",
    "a:example.org/24//0",
    "a:foo-bar.example.org/32",
    "a:foo:bar/baz.example.org",
    "a:_host.example.a-1",
    "a:example.x1",
    "a:%{i}.%{d}",
    "a:%{ir}.%{v}._spf.%{d2}",
    "a:foo%%bar.example.org",
    "mx",
    "mx/24",
    "mx:example.org//128",
    "ptr",
    "ptr:example.org",
    "include:_spf.example.org",
    "include:%{d}",
    "exists:%{l}._at_.%{o}._spf.%{d}",
    "exists:%{S}.example.org",
    "exists:%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
    "exists:%{i2r.+-,/_=}.example.org",
    "ip4:192.0.2.1",
    "ip4:192.0.2.0/0",
    "ip4:192.0.2.9/24",
    "ip6:::1",
    "ip6:2001:db8::/32",
    "ip6:::ffff:192.0.2.1/128",
    "redirect=_spf.example.org",
    "exp=explain._spf.%{d}",
    "moo=%{s}",
    "moo.x-1_y=",
    "op=auth",
]

# Terms that RFC 7208 does not allow: permerror.
BROKEN = [
    "all:example.org",
    "all/8",
    "-all.",
    "-all;",
    "a:",
    "a:/24",
    "a/33",
    "a/024",
    "a/",
    "a//129",
    "a/24/64",
    "a//64/24",
    "a/x",
    "a:localhost",
    "a:museum.",
    "a:192.0.2.1",
    "a:example.org:8080",
    "a:example.-org",
    "a:example.org-",
    "a:foo bar".replace(" ", "\t"),
    "a:example.org%",
    "a:%{q}.example.org",
    "a:%{c}.example.org",
    "a:%{t}",
    "a:%{d0}.example.org",
    "a:%{d",
    "a:%{d!}.example.org",
    "a:%{}.example.org",
    "a:%d.example.org",
    "a:%{d}example",
    "mx:",
    "mx/abc",
    "ptr:",
    "ptr/24",
    "ptr:example.org/24",
    "include",
    "include:",
    "include:example.org/24",
    "include/24",
    "exists",
    "exists:",
    "exists:example.org/24",
    "ip4",
    "ip4:",
    "ip4:192.0.2",
    "ip4:192.0.2.1.5",
    "ip4:192.0.2.256",
    "ip4:192.0.02.1",
    "ip4:192.0.2.1/33",
    "ip4:192.0.2.1/",
    "ip4:192.0.2.1/024",
    "ip4:192.0.2.1//32",
    "ip4:192.0.2.1:25",
    "ip4:2001:db8::1",
    "ip4/24",
    "ip6:192.0.2.1",
    "ip6:2001:db8::1::",
    "ip6:2001:db8::/129",
    "ip6:fe80::1%eth0",
    "ipv4:192.0.2.1",
    "ip:192.0.2.1",
    "inlcude:example.org",
    "include;example.org",
    "redirect:example.org",
    "exp:example.org",
    "redirect=",
    "redirect=example.org/24",
    "redirect=%{r}.example.org",
    "exp=",
    "exp=%",
    "moo=%abc",
    "1moo=x",
    "mx,a",
    "+-all",
    "\u2013all",
    "mooo",
    ".all",
]

# Terms that receivers pass over, and that nobody writes on purpose.
DOUBTFUL = [
    "include=_spf.example.org",
    "ip4=192.0.2.1",
    "v=spf1",
    "redirct=example.org",
    "a:foo..example.org",
    f"a:{'x' * 64}.example.org",
]


@pytest.mark.parametrize("term", SOUND)
def test_sound_term(term: str) -> None:
    """A term of the grammar is read without a word."""
    spf = parse_spf(f"v=spf1 {term}")

    assert spf.faults == ()
    assert [each.text for each in spf.terms] == [term]


@pytest.mark.parametrize("term", BROKEN)
def test_broken_term(term: str) -> None:
    """A term outside the grammar is a fault, and its neighbours are read all the same."""
    spf = parse_spf(f"v=spf1 mx {term} -all")

    assert [fault.fatal for fault in spf.faults] == [True]
    assert [each.text for each in spf.terms] == ["mx", "-all"]


@pytest.mark.parametrize("term", DOUBTFUL)
def test_doubtful_term(term: str) -> None:
    """What the grammar allows, and nobody means, is a fault that receivers live with."""
    assert [fault.fatal for fault in parse_spf(f"v=spf1 {term} -all").faults] == [False]


@pytest.mark.parametrize("name", ["redirect", "exp"])
def test_modifier_twice(name: str) -> None:
    """RFC 7208 6: redirect and exp stand once at most."""
    spf = parse_spf(f"v=spf1 {name}=a.example.org {name}=b.example.org")

    assert [(fault.term, fault.fatal) for fault in spf.faults] == [
        (f"{name}=b.example.org", True)
    ]


@pytest.mark.parametrize(
    ("term", "fix"),
    [
        ("ipv4:192.0.2.1", "did you mean ip4?"),
        ("ip:192.0.2.1", "did you mean ip4?"),
        ("ipv6:2001:db8::1", "did you mean ip6?"),
        ("inlcude:example.org", "did you mean include?"),
        ("ip4:2001:db8::1", "write ip6:2001:db8::1"),
        ("a:192.0.2.1", "write ip4:192.0.2.1"),
        ("redirect:example.org", "write redirect=example.org"),
        ("include=example.org", "write include:example.org"),
    ],
)
def test_fix_names_the_right_term(term: str, fix: str) -> None:
    """The fix is what the writer most likely meant."""
    assert [fault.fix for fault in parse_spf(f"v=spf1 {term}").faults] == [fix]


def test_blanks() -> None:
    """Terms are parted by any number of blanks, and a blank may stand at the end."""
    spf = parse_spf("v=spf1  a   mx  -all ")

    assert [each.text for each in spf.terms] == ["a", "mx", "-all"]


def test_values() -> None:
    """A directive carries its qualifier, target and prefix lengths."""
    first, second, third = parse_spf("v=spf1 ~A:Example.org/24//48 ip6:2001:db8::1 x=y").terms

    assert isinstance(first, Mechanism)
    assert isinstance(second, Mechanism)
    assert (first.qualifier, first.name, first.domain) == ("~", "a", "Example.org")
    assert first.prefixes == (24, 48)
    assert str(second.network) == "2001:db8::1/128"
    assert third == Modifier("x=y", "x", "y")


@pytest.mark.parametrize(
    ("text", "evaluated"),
    [
        ("v=spf1 a -all mx redirect=b.example.org", ["a", "-all"]),
        ("v=spf1 redirect=b.example.org a", ["a", "redirect=b.example.org"]),
        ("v=spf1 exp=e.example.org a", ["a"]),
    ],
)
def test_evaluated(text: str, evaluated: list[str]) -> None:
    """`all` ends the evaluation; redirect comes last, and only without it."""
    assert [term.text for term in parse_spf(text).evaluated] == evaluated


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("_spf.%{d}", "_spf.example.com"),
        ("_spf.%{D}", "_spf.example.com"),
        ("a%%b%-c%_d.example.org", "a%b%20c d.example.org"),
        ("%{i}.example.org", None),
        ("%{d2}", None),
    ],
)
def test_macros_that_we_can_expand(text: str, expanded: str | None) -> None:
    """Only the domain is known without a mail."""
    assert expand(text, "example.com.") == expanded


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Whatever stands behind the version, each word ends up as a term or as a fault."""
    spf = parse_spf(f"v=spf1 {text}")
    words = [word for word in text.split(" ") if word]

    assert sorted(each.text for each in spf.terms) == sorted(
        word for word in words if word in [each.text for each in spf.terms]
    )
    told = {each.text for each in spf.terms} | {each.term for each in spf.faults}
    assert told == set(words)
