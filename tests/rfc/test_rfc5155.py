"""RFC 5155: the zone of appendix A and the responses of appendix B, but for the signatures."""

import pytest

from tests.signed_zones import Nsec3, signed
from tests.zones_text import TCP, ask, lines, name
from zoneserver.zone.denial import Hashing

APEX = """
@    SOA  ns1 bugs.x.w 1 3600 300 3600000 3600
@    NS   ns1
@    NS   ns2
@    MX   1 xx
"""
ZONE = signed(
    """
    2t7b4g4vsa5smi47k61mv5bv1a22bojr  A  192.0.2.127
    a         NS    ns1.a
    a         NS    ns2.a
    a         DS    58470 5 1 3079f1593ebad6dc121e202a8b766a6a4837206c
    ns1.a     A     192.0.2.5
    ns2.a     A     192.0.2.6
    ai        A     192.0.2.9
    ai        HINFO "KLH-10" "ITS"
    ai        AAAA  2001:db8:0:0:0:0:f00:baa9
    c         NS    ns1.c
    c         NS    ns2.c
    ns1.c     A     192.0.2.7
    ns2.c     A     192.0.2.8
    ns1       A     192.0.2.1
    ns2       A     192.0.2.2
    *.w       MX    1 ai
    x.w       MX    1 xx
    x.y.w     MX    1 xx
    xx        A     192.0.2.10
    xx        HINFO "KLH-10" "TOPS-20"
    xx        AAAA  2001:db8:0:0:0:0:f00:baaa
    """,
    apex=APEX,
    nsec3=Nsec3(12, "aabbccdd", opt_out=True),
)
# Appendix A: the hashes of the names.
HASHES = [
    ("example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
    ("a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
    ("ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"),
    ("ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"),
    ("ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r"),
    ("w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"),
    ("*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
    ("x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"),
    ("y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"),
    ("x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"),
    ("xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"),
    ("2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi"),
]
SOA = "@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600"
# The NSEC3 that responses hold, by the name that they match.
APEX_NSEC3 = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
NS1_NSEC3 = "2t7b4g4vsa5smi47k61mv5bv1a22bojr"
A_NSEC3 = "35mthgpgcu1qg68fab165klnsnk3dpvl"
X_W_NSEC3 = "b4um86eghhds6nea196smvmlo4ors995"
W_NSEC3 = "k8udemvp1j2f7eg6jebps17vp3n8i58h"
Y_W_NSEC3 = "ji6neoaepv8b5o6k4ev33abha8ht9fgc"
Q04_NSEC3 = "q04jkcevqvmu85r014c7dkba38o0ji5r"
WILD_NSEC3 = "r53bq7cc2uvmubfu5ocmm6pers9tk9en"

RESPONSES = {
    # B.1: a name error; the closest encloser is the apex.
    "B.1": ("a.c.x.w A", "NXDOMAIN", (), "SOA", [X_W_NSEC3, APEX_NSEC3, A_NSEC3]),
    # B.2 and B.2.1: no data; the second is an empty non-terminal.
    "B.2": ("ns1 MX", "NOERROR", (), "SOA", [NS1_NSEC3]),
    "B.2.1": ("y.w A", "NOERROR", (), "SOA", [Y_W_NSEC3]),
    # B.3: a referral to a zone that opt-out has left out.
    "B.3": ("mc.c MX", "NOERROR", (), "NS", [A_NSEC3, APEX_NSEC3]),
    # B.4: a wildcard's answer.
    "B.4": ("a.z.w MX", "NOERROR", ("MX",), "", [Q04_NSEC3]),
    # B.5: a wildcard without the type.
    "B.5": ("a.z.w AAAA", "NOERROR", (), "SOA", [W_NSEC3, Q04_NSEC3, WILD_NSEC3]),
    # B.6: no DS at the apex of the zone itself.
    "B.6": ("@ DS", "NOERROR", (), "SOA", [APEX_NSEC3]),
}


@pytest.mark.parametrize(("text", "hashed"), HASHES)
def test_appendix_a(text: str, hashed: str) -> None:
    """5: the hash of a name, in base32hex as a label below the apex."""
    hashing = Hashing(12, bytes.fromhex("aabbccdd"))
    assert name(f"{hashed}.example.") == hashing.hash(name(text), name("example."))


@pytest.mark.parametrize(
    ("question", "verdict", "answer", "authority", "hashes"),
    RESPONSES.values(),
    ids=RESPONSES,
)
def test_appendix_b(
    question: str, verdict: str, answer: tuple[str, ...], authority: str, hashes: list[str]
) -> None:
    """7.2: the NSEC3 that prove it, each with its RRSIG, and no other."""
    reply = ask(ZONE, question, TCP, want_dnssec=True)
    assert verdict == reply.verdict
    assert [*answer, *("RRSIG" for _ in answer)] == kinds(reply.answer)
    others = [line for line in reply.authority if "NSEC3" not in line]
    expected = {"": [], "SOA": ["SOA", "RRSIG"], "NS": ["NS", "NS"]}[authority]
    assert expected == kinds(others)
    owners = [f"{hashed}.example." for hashed in hashes]
    links = [line for line in reply.authority if "NSEC3" in line]
    assert ["NSEC3", "RRSIG"] * len(hashes) == kinds(links)
    assert sorted(owners) == sorted(line.split(" ")[0] for line in links[::2])
    assert [line.split(" ")[0] for line in links[::2]] == [
        line.split(" ")[0] for line in links[1::2]
    ]


def test_appendix_b_additional() -> None:
    """B.3: the glue of an unsigned zone has no signatures."""
    reply = ask(ZONE, "mc.c MX", TCP, want_dnssec=True)
    assert lines("ns1.c A 192.0.2.7\nns2.c A 192.0.2.8") == reply.additional


@pytest.mark.parametrize("qtype", ["NSEC3", "RRSIG", "A", "ANY"])
@pytest.mark.parametrize("below", ["", "x."])
@pytest.mark.parametrize("do", [False, True])
def test_owners_of_nsec3_are_no_names(qtype: str, below: str, *, do: bool) -> None:
    """7.2.8: to who asks for one it does not exist, and its name is proven not to."""
    reply = ask(ZONE, f"{below}{X_W_NSEC3} {qtype}", TCP, want_dnssec=do)
    assert reply.verdict == "NXDOMAIN"
    assert not reply.answer
    owners = {line.split(" ")[0] for line in reply.authority if " NSEC3 " in line}
    assert (f"{APEX_NSEC3}.example." in owners) == do


def test_a_name_that_is_an_owner_of_nsec3_too() -> None:
    """7.2.8: there is a name that ns1 hashes to, and it is answered as any other."""
    reply = ask(ZONE, f"{NS1_NSEC3} A", TCP, want_dnssec=True)
    assert ["A", "RRSIG"] == kinds(reply.answer)
    reply = ask(ZONE, f"{NS1_NSEC3} MX", TCP, want_dnssec=True)
    owners = [line.split(" ")[0] for line in reply.authority if " NSEC3 1 " in line]
    assert ["kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example."] == owners


def test_too_many_iterations() -> None:
    """RFC 9276 3.2: a chain that costs so much is none; there are no proofs then."""
    served = signed("www A 192.0.2.1", nsec3=Nsec3(151))
    reply = ask(served, "x A", TCP, want_dnssec=True)
    assert ["SOA"] == kinds(reply.authority)
    assert signed("www A 192.0.2.1", nsec3=Nsec3(150)).denial


def kinds(records: tuple[str, ...] | list[str]) -> list[str]:
    """The types of records, in their order."""
    return [line.split(" ")[2] for line in records]
