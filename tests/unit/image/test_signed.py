"""Signed zones: both engines answer as `respond` does, and what exists without its help."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images import IDENTITY, Both, image_file
from tests.signed_zones import Nsec3, signed
from tests.zones_text import query
from zoneserver.zone.zone import Zone

TEXT = """
www     A      192.0.2.1
www     AAAA   2001:db8::1
alias   CNAME  www
away    CNAME  www.test.
a.b.c   TXT    text
*.wild  MX     10 www
*.away2 CNAME  www
*.gone  CNAME  nothing.here
*.out   CNAME  www.test.
*.safe2 CNAME  host.safe
*.svc   SRV    0 0 25 www
*.lost  CNAME  x.lost
old     DNAME  new
a.new   A      192.0.2.2
safe    NS     ns.safe
safe    DS     1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.safe A      192.0.2.3
bare    NS     ns.bare
ns.bare A      192.0.2.4
sub.thin NS    ns.bare
"""
TYPES = ["A", "AAAA", "MX", "DS", "CNAME", "NS", "RRSIG", "NSEC", "NSEC3", "DNSKEY", "ANY"]
# Below a DNAME and a zone cut, and what does not exist.
BELOW = ["x.www", "b.old", "*.wild", "x.wild", "nothing", "x.safe", "x.ns.bare"]
BELOW += ["aa", "!", r"\000.www", r"\001", "x.a.b.c", "a.x.b.c", "x.b.c", "x.y.wild", "zzz.zzz"]
BELOW += ["x.away2", "x.gone", "x.out", "x.safe2", "x.svc", "x.lost", "x.*.wild", "x.thin"]
# Answered by `respond`: what has no end, what leads to another that is synthesised so, and what
# opt-out has left out of the chain.
LEFT = (".old", ".lost", ".thin")
LookUp = Callable[[bytes], bytes | None]


def portable(both: Both, _: Path) -> LookUp:
    """The portable engine."""

    def look_up(message: bytes) -> bytes | None:
        reply = both.looked_up(message, IDENTITY._replace(nsid=b""))
        return reply and reply.octets

    return look_up


def native(both: Both, folder: Path) -> LookUp:
    """The native engine."""
    engines = pytest.importorskip("tests.unit.fastpath.engines")
    path = folder / "zones.zimg"
    path.write_bytes(image_file(*(zone for zone in both.zones if isinstance(zone, Zone))))
    engine = engines.make_engine(nsid=b"")
    engine.publish([str(path)], [], [])
    return lambda message: engine.answer(message, False, bytes(4), 0)


@pytest.mark.parametrize("nsec3", [None, Nsec3(), Nsec3(2, "aabb", opt_out=True)])
@pytest.mark.parametrize("engine", [portable, native])
def test_engines_answer_as_respond_does(
    tmp_path: Path, engine: Callable[[Both, Path], LookUp], nsec3: Nsec3 | None
) -> None:
    """Every name that exists, and some that do not, with DO and without."""
    served = signed(TEXT, nsec3=nsec3)
    both = Both.of(served)
    look_up = engine(both, tmp_path)
    names = [str(node.owner.relative_to(served.origin)) for node in served.nodes.values()]
    for owner in [*names, *BELOW]:
        for qtype in TYPES:
            for do in (False, True):
                message = query(
                    f"{owner} {qtype}", "example.", want_dnssec=do, use_edns=0, payload=1232
                ).to_wire()
                reply = look_up(message)
                about = (owner, qtype, do)
                if reply is None:
                    assert owner.endswith(LEFT), about
                else:
                    expected = both.responded(message, IDENTITY._replace(nsid=b""))
                    assert (about, expected) == (about, reply)
