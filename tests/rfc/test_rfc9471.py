"""RFC 9471: the examples of section 2, and what section 3 asks of a referral."""

import dns.flags
import dns.message
import pytest

from tests import octets as o
from tests.zones_text import REFERRAL, UDP, Case, check, zone
from zoneserver.engine.respond import respond
from zoneserver.zone.zoneset import ZoneSet

# 2.1: servers within the zone that is delegated.
IN_DOMAIN = zone(
    """
    foo.test.      NS    ns1.foo.test.
    foo.test.      NS    ns2.foo.test.
    ns1.foo.test.  A     192.0.2.1
    ns2.foo.test.  AAAA  2001:db8::2:2
    """,
    "test.",
)
# 2.2: servers within a sibling, which has a server elsewhere as well.
SIBLING = zone(
    """
    bar.test.      NS    ns1.bar.test.
    bar.test.      NS    ns2.bar.test.
    ns1.bar.test.  A     192.0.2.1
    ns2.bar.test.  AAAA  2001:db8::2:2
    foo.test.      NS    ns1.bar.test.
    foo.test.      NS    ns2.bar.test.
    """,
    "test.",
)
# 2.3: each zone's servers within the other: without sibling glue neither can be found.
CYCLE = zone(
    """
    bar.test.      NS    ns1.foo.test.
    bar.test.      NS    ns2.foo.test.
    ns1.foo.test.  A     192.0.2.1
    ns2.foo.test.  AAAA  2001:db8::2:2
    foo.test.      NS    ns1.bar.test.
    foo.test.      NS    ns2.bar.test.
    ns1.bar.test.  A     192.0.2.3
    ns2.bar.test.  AAAA  2001:db8::2:4
    """,
    "test.",
)


def test_in_domain() -> None:
    """2.1, 3.1: all of the glue."""
    check(IN_DOMAIN, Case("www.foo.test. A", REFERRAL,
        authority="foo NS ns1.foo\nfoo NS ns2.foo",
        additional="ns1.foo A 192.0.2.1\nns2.foo AAAA 2001:db8::2:2"))  # fmt: skip


def test_sibling() -> None:
    """2.2, 3.2: all of the sibling's glue, where there is room."""
    check(SIBLING, Case("www.foo.test. A", REFERRAL,
        authority="foo NS ns1.bar\nfoo NS ns2.bar",
        additional="ns1.bar A 192.0.2.1\nns2.bar AAAA 2001:db8::2:2"))  # fmt: skip


@pytest.mark.parametrize(
    ("child", "sibling", "additional"),
    [
        ("foo", "bar", "ns1.bar A 192.0.2.3\nns2.bar AAAA 2001:db8::2:4"),
        ("bar", "foo", "ns1.foo A 192.0.2.1\nns2.foo AAAA 2001:db8::2:2"),
    ],
)
def test_cycle(child: str, sibling: str, additional: str) -> None:
    """2.3: two zones that depend on each other work through sibling glue alone."""
    authority = f"{child} NS ns1.{sibling}\n{child} NS ns2.{sibling}"
    check(CYCLE, Case(f"www.{child}.test. A", REFERRAL, authority=authority,
                      additional=additional))  # fmt: skip


def _delegation(servers: int, parent: str) -> tuple[bytes, dns.message.Message]:
    """A referral to some servers below `parent`, in 512 octets."""
    served = zone(
        "\n".join(
            f"foo.test. NS ns{i}.{parent}\nns{i}.{parent} A 192.0.2.{i}\n"
            f"ns{i}.{parent} AAAA 2001:db8::{i}"
            for i in range(servers)
        )
        + "\nbar.test. NS ns.test.",
        "test.",
    )
    octets = respond(ZoneSet([served]), o.message(asked=o.question("www.foo.test")), UDP)
    assert octets is not None
    assert len(octets) <= 512
    return octets, dns.message.from_wire(octets)


@pytest.mark.parametrize("servers", range(1, 13))
def test_in_domain_glue_or_tc(servers: int) -> None:
    """3.1: all glue for servers in the child, or TC."""
    reply = _delegation(servers, "foo.test.")[1]
    complete = sum(map(len, reply.additional)) == 2 * servers
    assert complete != bool(reply.flags & dns.flags.TC)
    assert (servers <= 7) == complete


@pytest.mark.parametrize("servers", [2, 7, 8, 12, 15])
def test_sibling_glue_without_tc(servers: int) -> None:
    """3.2: sibling glue that does not fit is left out, and we do not set TC for it."""
    reply = _delegation(servers, "bar.test.")[1]
    assert not reply.flags & dns.flags.TC
    assert servers == sum(map(len, reply.authority))
    assert (2 * servers == sum(map(len, reply.additional))) == (servers <= 7)
