"""Every MX rule with zones that break it, and near misses that do not."""

import pytest

from tests.unit.validator.judging import (
    BASE,
    assert_broken,
    assert_near_miss,
    codes,
    described,
    judge_zones,
)

# code, level, lines added to the base zone
BREAKS = [
    ("MX001", "error", "@ MX 20 alias\nalias CNAME mail"),
    ("MX001", "error", "@ MX 20 ALIAS\nalias CNAME mail"),
    ("MX001", "error", "@ MX 20 m\\097il2\nmail2 CNAME mail"),
    ("MX001", "error", "@ MX 20 one\none CNAME two\ntwo CNAME mail"),
    ("MX001", "error", "@ MX 20 one\none CNAME two\ntwo CNAME one"),
    ("MX001", "error", "@ MX 20 out\nout CNAME mx.example.net."),
    ("MX001", "error", "@ MX 20 x.hosts\n*.hosts CNAME mail"),
    ("MX001", "error", "sub MX 10 alias\nalias CNAME mail"),
    ("MX001", "error", "* MX 10 alias\nalias CNAME mail"),
    ("MX002", "error", "@ MX 20 192.0.2.25"),
    ("MX002", "error", "@ MX 20 192.0.2.25."),
    ("MX002", "error", "@ MX 20 [192.0.2.25]"),
    ("MX002", "error", "@ MX 20 2001:db8::25"),
    ("MX002", "error", "@ MX 20 [IPv6:2001:db8::25]."),
    ("MX002", "error", "@ MX 20 192.0.537"),
    ("MX002", "error", "@ MX 20 3221226009"),
    ("MX002", "error", "@ MX 20 3221226009."),
    ("MX002", "error", "@ MX 20 192.0.2.25\n* A 192.0.2.80"),
    ("MX003", "error", "@ MX 20 mx.old\nold DNAME new\nmx.new A 192.0.2.9"),
    ("MX004", "error", "@ MX 20 nosuch"),
    ("MX004", "error", "@ MX 20 text\ntext TXT hello"),
    ("MX004", "error", "@ MX 20 ent\nbelow.ent A 192.0.2.9"),
    ("MX004", "error", "@ MX 20 ent\nbelow.ent A 192.0.2.9\n* A 192.0.2.80"),
    ("MX004", "error", "@ MX 20 @"),
    ("MX004", "error", "@ MX 20 relay\nrelay MX 10 mail"),
    ("MX004", "error", "@ MX 20 host\n* TXT hello"),
    ("MX005", "warning", "@ MX 20 six\nsix AAAA 2001:db8::25"),
    ("MX006", "hint", "@ MX 20 mx.sub\nsub NS ns.example.net.\nsub NS ns.example.org."),
    ("MX006", "hint", "@ MX 20 sub\nsub NS ns.example.net.\nsub NS ns.example.org."),
    ("MX006", "warning", "@ MX 20 ns.sub\nsub NS ns.sub\nns.sub A 192.0.2.53"),
    ("MX007", "error", "@ MX 0 ."),
    ("MX008", "error", "www MX 10 ."),
    ("MX009", "warning", 'news MX 0 .\nnews A 203.0.113.9\nnews TXT "v=spf1 a -all"'),
    ("MX009", "hint", "news MX 0 ."),
    ("MX011", "warning", "@ MX 10 mail"),
    ("MX011", "warning", "@ MX 10 MAIL"),
    ("MX012", "warning", "@ MX 20 mail"),
    ("MX013", "error", "@ MX 65536 mail"),
    ("MX013", "error", "@ MX ten mail"),
    ("MX013", "error", "@ MX 010 mail"),
    ("MX013", "error", "@ MX -1 mail"),
    ("MX013", "error", "@ MX 1.5 mail"),
    ("MX013", "error", "@ MX mail"),
    ("MX013", "error", "@ MX mail 20"),
    ("MX014", "error", "@ MX 20 mail_1\nmail_1 A 192.0.2.26"),
    ("MX014", "error", "@ MX 20 -mail\n-mail A 192.0.2.26"),
    ("MX014", "error", "@ MX 20 mail-\nmail- A 192.0.2.26"),
    ("MX014", "error", "@ MX 20 *.hosts\n*.hosts A 192.0.2.26"),
    ("MX014", "error", "@ MX 20 mail.example.com:25"),
    ("MX014", "error", "@ MX 20 smtp://mail.example.com."),
    ("MX014", "error", "@ MX 20 postmaster@example.com."),
    ("MX014", "error", "@ MX 20 mail\\032one\nmail\\032one A 192.0.2.26"),
    ("MX014", "error", "@ MX 20 mail.example.123."),
    ("MX015", "hint", "solo MX 10 solo\nsolo A 192.0.2.9"),
    ("MX017", "hint", "shop MX 10 backup.example.net.\nshop MX 20 mail"),
    ("MX017", "warning", "shop MX 10 backup.example.net.\nshop MX 20 shop\nshop A 192.0.2.9"),
    ("MX019", "warning", "@ MX 20 twin\ntwin A 192.0.2.25"),
    ("MX019", "hint", "@ MX 20 near\nnear A 192.0.2.26"),
    ("MX020", "error", "@ MX 20 mail.example.com"),
    ("MX020", "error", "@ MX 20 aspmx.l.google.com"),
    ("MX020", "error", "@ MX 20 mx.isp.net"),
    ("MX021", "error", "@ MX 20 localhost."),
    ("MX021", "warning", "@ MX 20 mail."),
    ("MX021", "warning", "@ MX 20 25.2.0.192.in-addr.arpa."),
    ("MX021", "warning", "@ MX 20 server.local."),
    ("MX021", "warning", "@ MX 20 server.invalid."),
    ("MX021", "hint", "@ MX 20 server.test."),
    ("MX021", "hint", "@ MX 20 ms1234.msv1.invalid."),
    ("MX022", "error", "@ MX 20 lo\nlo A 127.0.0.1"),
    ("MX022", "error", "@ MX 20 lo\nlo A 192.0.2.9\nlo AAAA ::1"),
    ("MX022", "error", "@ MX 20 any\nany A 0.0.0.0"),
    ("MX022", "error", "@ MX 20 many\nmany A 224.0.0.9"),
    ("MX022", "warning", "@ MX 20 private\nprivate A 10.0.0.25"),
    ("MX022", "warning", "@ MX 20 cgnat\ncgnat A 100.64.0.25"),
    ("MX022", "hint", "@ MX 20 doc\ndoc A 203.0.113.9"),
    ("MX023", "hint", "@ MX 20 mx.example.net."),
    ("MX024", "warning", "* MX 10 mail"),
    (
        "MX025",
        "warning",
        'shop A 203.0.113.9\n_dmarc.shop TXT "v=DMARC1; p=none; rua=mailto:a@example.com"',
    ),
    (
        "MX025",
        "warning",
        'shop A 203.0.113.9\n_dmarc.shop TXT "v=DMARC1; p=none"\nshop TXT "v=spf1 a -all"',
    ),
    ("MX025", "warning", 'shop A 203.0.113.9\nsel._domainkey.shop TXT "v=DKIM1; p="'),
    ("MX027", "warning", "fast 0 MX 10 mail"),
    ("MX027", "warning", "slow 604800 MX 10 mail"),
    ("MX027", "warning", "@ MX 20 quick\nquick 5 A 203.0.113.9"),
    ("MX027", "hint", "@ MX 20 quick\nquick 60 A 203.0.113.9"),
    ("MX028", "warning", "".join(f"many MX {n} mx{n}.example.net.\n" for n in range(1, 12))),
    ("MX029", "warning", "@ MX 20 xn--a-ecp0000zz\nxn--a-ecp0000zz A 203.0.113.9"),
    ("MX031", "warning", "@ MX 20 smtp.gmail.com."),
    ("MX031", "warning", "@ MX 20 relay.isp.net."),
    ("MX032", "warning", "x MX 1 smtp.google.com.\nx MX 5 x.mail.protection.outlook.com."),
]

# code, lines that come close and are right
NEAR_MISSES = [
    ("MX001", "alias CNAME mail"),
    ("MX001", "alias MX 10 mail\n"),
    ("MX001", "@ MX 20 real.hosts\n*.hosts CNAME mail\nreal.hosts A 203.0.113.9"),
    ("MX002", "@ MX 20 mx1-25\nmx1-25 A 203.0.113.9"),
    ("MX002", "@ MX 20 10\n10 A 203.0.113.9"),
    ("MX003", "@ MX 20 old\nold A 203.0.113.9\nold DNAME new\nnew A 203.0.113.7"),
    ("MX004", "@ MX 20 any.hosts\n*.hosts A 203.0.113.9"),
    ("MX004", "@ MX 20 mx.example.net."),
    ("MX005", "@ MX 20 both\nboth A 203.0.113.9\nboth AAAA 2001:db8::25"),
    ("MX007", "www MX 0 ."),
    ("MX008", "www MX 0 ."),
    ("MX009", 'news MX 0 .\nnews A 203.0.113.9\nnews TXT "v=spf1 -all"'),
    ("MX025", 'mail TXT "v=spf1 a -all"'),
    ("MX025", 'shop A 203.0.113.9\nshop MX 0 .\n_dmarc.shop TXT "v=DMARC1; p=reject"'),
    (
        "MX025",
        'shop A 203.0.113.9\nshop TXT "v=spf1 -all"\n_dmarc.shop TXT "v=DMARC1; p=reject"',
    ),
    ("MX011", "@ MX 10 other\nother A 203.0.113.9"),
    ("MX012", "@ MX 20 other\nother A 203.0.113.9"),
    ("MX013", "@ MX 65535 other\nother A 203.0.113.9"),
    ("MX013", "@ MX 0 other\nother A 203.0.113.9"),
    ("MX014", "@ MX 20 mail-1\nmail-1 A 203.0.113.9"),
    ("MX014", "@ MX 20 xn--80a1acny\nxn--80a1acny A 203.0.113.9"),
    ("MX016", "sub MX 10 mail"),
    ("MX017", "shop MX 5 mail\nshop MX 10 backup.example.net."),
    ("MX017", "shop MX 10 mail\nshop MX 10 backup.example.net."),
    ("MX019", "@ MX 20 other\nother A 203.0.113.9"),
    ("MX020", "@ MX 20 aspmx.l.google.com."),
    ("MX020", "@ MX 20 mx.eu\nmx.eu A 203.0.113.9"),
    ("MX020", "@ MX 20 mx.eu\n*.eu A 203.0.113.9"),
    ("MX021", "@ MX 20 localhost.example.net."),
    ("MX022", "@ MX 20 public\npublic A 8.8.8.8"),
    ("MX024", "*.sub MX 10 mail"),
    ("MX027", "slow 86400 MX 10 mail"),
    ("MX028", "".join(f"many MX {n} mx{n}.example.net.\n" for n in range(1, 11))),
    ("MX031", "@ MX 20 smtp.google.com."),
    ("MX031", "@ MX 20 relay\nrelay A 203.0.113.9"),
    ("MX032", "x MX 1 aspmx.l.google.com.\nx MX 5 alt1.aspmx.l.google.com."),
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize(("code", "lines"), NEAR_MISSES)
def test_near_miss_is_no_finding(code: str, lines: str) -> None:
    """A zone that only looks as if it broke a rule gets nothing worse than a hint."""
    assert_near_miss(code, lines)


def test_base_zone_is_clean() -> None:
    """The zone that the tables add to has nothing to say about it."""
    assert codes(judge_zones(BASE)) == set()


def test_backwards_mx() -> None:
    """MX016: the MX of a host that points to an apex without one."""
    zone = BASE.replace("@ MX 10 mail\n", "@ A 192.0.2.80\nmail MX 10 @\n")

    assert codes(judge_zones(zone)) == {"MX016"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", ["hint example.com.zone:6"]),
        ("@ MX 20 mx.example.net.\n", []),
        ("shop MX 0 .\n", ["hint example.com.zone:6"]),
    ],
)
def test_single_mx_is_a_finding_for_those_who_ask(lines: str, expected: list[str]) -> None:
    """MX018 is off by default: one good MX is a fine set-up."""
    assert described(judge_zones(BASE + lines), "MX018") == []
    assert described(judge_zones(BASE + lines, asked={"MX018"}), "MX018") == expected


@pytest.mark.parametrize(
    ("rname", "found"),
    [
        ("hostmaster", set()),
        ("hostmaster.www", set()),
        ("hostmaster.quiet", {"NS018"}),
        ("hostmaster.nosuch", {"NS018"}),
        ("hostmaster.text", {"NS018"}),
        ("hostmaster.example.net.", set()),
    ],
)
def test_mailbox_of_the_soa(rname: str, found: set[str]) -> None:
    """NS018: the domain of the SOA's mailbox takes mail, as far as we know."""
    zone = BASE.replace("hostmaster 1", f"{rname} 1") + "quiet MX 0 .\ntext TXT hello\n"

    assert codes(judge_zones(zone)) == found


def test_services_that_clients_look_for() -> None:
    """SR003: a hint, gone once both records are there."""
    lines = "_submissions._tcp SRV 0 1 465 mail\n_imaps._tcp SRV 0 1 993 mail\n"

    assert len(described(judge_zones(BASE), "SR003")) == 1
    assert described(judge_zones(BASE + lines), "SR003") == []


@pytest.mark.parametrize(
    ("lines", "lost"),
    [
        ("@ MX 20 alias\nalias CNAME mail", "MX 20 mail.example.com."),
        ("@ MX 20 192.0.2.25", "MX 20 mail.example.com."),
        ("@ MX 20 maill", "did you mean mail.example.com.?"),
        ("@ MX 20 mail.example.com", "write mail.example.com. with the final dot"),
        ("@ MX mail 20", "write: MX 20 mail"),
    ],
)
def test_fix_names_the_right_host(lines: str, lost: str) -> None:
    """The fix is what the writer most likely meant."""
    errors = [each for each in judge_zones(BASE + lines + "\n") if each.blocks]

    assert any(lost in each.fix for each in errors)


OTHER = """\
$ORIGIN example.net.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS ns2.example.com.
@ MX 10 {target}
"""


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("alias.example.com.", "MX001"),
        ("nosuch.example.com.", "MX004"),
        ("mx.old.example.com.", "MX003"),
    ],
)
def test_target_in_another_zone(target: str, code: str) -> None:
    """A target in another zone of ours is judged there, and both zones are named."""
    base = BASE + "alias CNAME mail\nold DNAME new\nmx.new A 192.0.2.9\n"
    found = [each for each in judge_zones(base, OTHER.format(target=target)) if each.blocks]

    assert [each.code for each in found] == [code]
    assert str(found[0].origin) == "example.net."
    assert {str(name) for name in found[0].also} == {"example.com."}


def test_target_below_a_cut_to_a_zone_of_ours() -> None:
    """MX006 gives way to a real check where the child zone is served here too."""
    parent = BASE + "@ MX 20 mx.sub\nsub NS ns1\nsub NS ns2\n"
    child = OTHER.replace("example.net.", "sub.example.com.").format(target="mx") + "mx TXT x\n"
    found = judge_zones(parent, child)

    assert codes(found) == {"MX004"}
    assert {str(each.origin) for each in found if each.blocks} == {
        "example.com.",
        "sub.example.com.",
    }


def test_unreadable_target_is_not_called_missing() -> None:
    """One typing mistake is one finding: the host's own, not also that of its MX."""
    found = judge_zones(BASE + "@ MX 20 broken\nbroken A 192.0.2.999\n")

    assert codes(found) == {"AD001"}
