"""`solve` and the slow model agree on every question about any zone."""

import dns.rdatatype
from hypothesis import given, settings

from tests.effort import examples
from tests.properties.slow import Line, SlowZone
from tests.properties.strategies import ORIGIN, QTYPES, ZONES, RandomZone
from tests.zones_text import name, rrset_lines
from zoneserver.engine.solve import find_addresses, solve
from zoneserver.records import rtypes


def _sorted(lines: list[Line]) -> list[str]:
    return sorted(map(str, lines))


@given(ZONES)
@settings(max_examples=examples(300))
def test_solve_equals_the_slow_model(random_zone: RandomZone) -> None:
    """Outcome, answer in its order, authority and additional, for all names and types."""
    served, slow = random_zone.build(), SlowZone(ORIGIN, random_zone.rows)
    for qname in random_zone.names():
        for qtype in QTYPES:
            expected = slow.reply(qname, qtype)
            actual = solve(served, name(qname.to_text()), int(dns.rdatatype.from_text(qtype)))
            about = (str(qname), qtype)
            assert (about, expected.outcome) == (about, actual.outcome.name)
            assert list(map(str, expected.answer)) == list(rrset_lines(actual.answer)), about
            assert _sorted(expected.authority) == sorted(rrset_lines(actual.authority)), about
            additional = rrset_lines(actual.glue + actual.additional)
            assert _sorted(expected.additional) == sorted(additional), about


@given(ZONES)
@settings(max_examples=examples(100))
def test_addresses_are_those_that_solve_answers(random_zone: RandomZone) -> None:
    """One look-up for the addresses of a host tells what the two questions would."""
    served = random_zone.build()
    for qname in random_zone.names():
        host = name(qname.to_text())
        replies = [solve(served, host, rtype) for rtype in (rtypes.A, rtypes.AAAA)]
        answered = [rrset for reply in replies for rrset in reply.answer if not reply.aliases]
        assert list(find_addresses(served, host)) == answered, str(qname)
