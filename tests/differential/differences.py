"""The table of differences: every way in which we differ from a peer on purpose.

Each row names the peers it is about, gives the reason, and takes out of two answers
exactly what it explains. What no row explains is a bug, ours or the table's.
"""

from collections.abc import Iterable
from dataclasses import replace

import dns.name
import dns.rdatatype

from tests.differential import zones
from tests.differential.comparison import Difference, Pair, Settle, only
from tests.differential.messages import PLAIN_OCTETS, Answer, Record

NSD, KNOT, BIND = "nsd", "knot", "bind"

# Types that stand in no zone: they mean something in messages or in other protocols.
META_TYPES = frozenset({"TYPE0", "OPT", "TKEY", "TSIG", "MAILA", "MAILB"})
TRANSFERS = frozenset({"AXFR", "IXFR"})
DENIALS = frozenset({"REFUSED", "NOTAUTH", "NOTIMP", "FORMERR"})
# Types that may stand beside a CNAME in a signed zone (RFC 4035 2.5, RFC 5155 3).
BESIDE_CNAME = frozenset({"RRSIG", "NSEC", "NSEC3"})
# Where the target stands among the fields of rdata.
TARGET_FIELD = {"NS": 0, "CNAME": 0, "MX": 1, "SVCB": 1, "HTTPS": 1, "SRV": 3}
SERVICE_BINDINGS = ("SVCB", "HTTPS")
SECTIONS = ("answer", "authority", "additional", "path")
# How many aliases are followed before the answer is sent as it is.
OUR_MOST_ALIASES = 8

ZONES = [zones.read(origin, path) for origin, path in zones.master_files().items()]
ORIGINS = frozenset(zone.origin for zone in ZONES if zone.origin)
OWNERS = frozenset(owner for zone in ZONES for owner in zone)
CUTS = frozenset(
    owner
    for zone in ZONES
    for owner, _ in zone.iterate_rdatasets(dns.rdatatype.NS)
    if owner != zone.origin
)


def _nearest(text: str, above: Iterable[dns.name.Name]) -> dns.name.Name | None:
    """The lowest of the names `above` that a name is at or below."""
    name = dns.name.from_text(text)
    return max((top for top in above if name.is_subdomain(top)), key=len, default=None)


def _targets(records: Iterable[Record], *rtypes: str) -> frozenset[str]:
    """The names that the records of these types lead to; "." in a binding is its owner."""
    targets = set()
    for record in records:
        if record.rtype in rtypes:
            target = record.rdata.split(" ")[TARGET_FIELD[record.rtype]]
            own = target == "." and record.rtype in SERVICE_BINDINGS
            targets.add(record.owner if own else target)
    return frozenset(targets)


def _aliases(answer: Answer) -> list[Record]:
    """The CNAMEs of an answer, in the order in which they are followed."""
    cnames = {record.owner: record for record in answer.answer if record.rtype == "CNAME"}
    return [cnames[owner] for owner, rtype in answer.path if rtype == "CNAME"]


def _delegated(answer: Answer) -> str | None:
    """The owner of the delegation in the authority section, if there is one."""
    owners = {record.owner for record in answer.authority if record.rtype == "NS"}
    return next((owner for owner in owners if dns.name.from_text(owner) in CUTS), None)


def _ours_for(pair: Pair, *fields: str) -> Pair:
    """The pair, once these fields of the peer's answer are taken to be like ours."""
    values = {field: getattr(pair.ours, field) for field in fields}
    return replace(pair, theirs=replace(pair.theirs, **values))


# Classes, types and flags that have no place in a zone.


def _class_refused(pair: Pair) -> Pair | None:
    """A class other than IN, of which we say that we do not serve it."""
    odd = pair.question.qclass != "IN" and pair.ours.rcode == "REFUSED"
    return _ours_for(pair, "rcode") if odd and pair.theirs.rcode in DENIALS else None


def _class_any_denied(pair: Pair) -> Pair | None:
    """Class ANY, of which the peer will not hear."""
    denied = pair.question.qclass == "ANY" and pair.theirs.rcode == "FORMERR"
    return _ours_for(pair, "rcode", "flags", *SECTIONS) if denied else None


def _class_any_shape(pair: Pair) -> Pair | None:
    """Class ANY, answered with AA or without a SOA."""
    if pair.question.qclass != "ANY" or pair.theirs.rcode != pair.ours.rcode:
        return None
    theirs = replace(pair.theirs, flags=pair.theirs.flags - {"AA"})
    if not pair.theirs.authority:
        theirs = replace(theirs, authority=pair.ours.authority)
    return replace(pair, theirs=theirs)


def _no_question(pair: Pair) -> Pair | None:
    refused = pair.theirs.rcode in DENIALS and not pair.theirs.question
    return _ours_for(pair, "question") if refused else None


def _meta_type(pair: Pair) -> Pair | None:
    refused = pair.question.qtype in META_TYPES and pair.theirs.rcode in DENIALS
    return _ours_for(pair, "rcode", "flags", *SECTIONS) if refused else None


def _transfer(pair: Pair) -> Pair | None:
    asked = pair.question.qtype in TRANSFERS
    denied = {pair.ours.rcode, pair.theirs.rcode} <= DENIALS
    return _ours_for(pair, "rcode") if asked and denied else None


def _copied_flags(pair: Pair) -> Pair | None:
    copied = {"AD", "CD"} & pair.question.flags & (pair.theirs.flags - pair.ours.flags)
    return replace(pair, theirs=replace(pair.theirs, flags=pair.theirs.flags - copied))


def _do_on_badvers(pair: Pair) -> Pair | None:
    if pair.theirs.rcode != "BADVERS" or not pair.question.do:
        return None
    return replace(pair, theirs=replace(pair.theirs, flags=pair.theirs.flags | {"DO"}))


def _beside_cname(pair: Pair) -> Pair | None:
    asked = pair.question.qtype in BESIDE_CNAME and _aliases(pair.ours)
    return _ours_for(pair, "rcode", *SECTIONS) if asked else None


# What is left out, or not, when an answer does not fit.


def _truncated(pair: Pair) -> Pair | None:
    both = "TC" in pair.ours.flags & pair.theirs.flags
    return _ours_for(pair, "rcode", *SECTIONS) if both else None


def _glue_cut_silently(pair: Pair) -> Pair | None:
    """The same delegation, where we say that glue is missing and the peer does not."""
    if "TC" not in pair.ours.flags - pair.theirs.flags or "AA" in pair.theirs.flags:
        return None
    if not _delegated(pair.theirs) or pair.ours.authority not in {(), pair.theirs.authority}:
        return None
    settled = _ours_for(pair, "authority", "additional")
    return replace(settled, theirs=replace(settled.theirs, flags=pair.theirs.flags | {"TC"}))


def _fits_with_compression(pair: Pair) -> Pair | None:
    """An answer that fills our message almost, and would not fit the peer's."""
    tight = pair.ours.octets > pair.question.most_octets * 3 / 4
    cut_short = "TC" in pair.theirs.flags - pair.ours.flags
    if not tight or not cut_short or not set(pair.theirs.answer) <= set(pair.ours.answer):
        return None
    settled = _ours_for(pair, "rcode", *SECTIONS)
    return replace(settled, theirs=replace(settled.theirs, flags=pair.theirs.flags - {"TC"}))


def _soa_cut_silently(pair: Pair) -> Pair | None:
    """A negative answer without the SOA that had no room."""
    cut_short = "TC" in pair.ours.flags - pair.theirs.flags
    if not cut_short or pair.theirs.authority:
        return None
    if any(record.rtype not in {"CNAME", "DNAME"} for record in pair.theirs.answer):
        return None
    settled = _ours_for(pair, *SECTIONS)
    return replace(settled, theirs=replace(settled.theirs, flags=pair.theirs.flags | {"TC"}))


# Aliases.


def _most_aliases(theirs: int | None) -> Settle:
    """The row of a peer that follows so many aliases, or all, before it stops."""

    def settle(pair: Pair) -> Pair | None:
        chains = [
            (_aliases(pair.ours), OUR_MOST_ALIASES),
            (_aliases(pair.theirs), theirs),
        ]
        (shorter, limit), (longer, _) = sorted(chains, key=lambda chain: len(chain[0]))
        stopped = len(shorter) == limit and longer[:limit] == shorter
        return _ours_for(pair, "rcode", *SECTIONS) if stopped else None

    return settle


def _any_stops_at_dname(pair: Pair) -> Pair | None:
    """ANY below a DNAME, where the synthesised CNAME is all that the peer gives."""
    dname = [rtype for _, rtype in pair.theirs.path] == ["DNAME", "CNAME"]
    if pair.question.qtype != "ANY" or not dname or pair.ours.path[:2] != pair.theirs.path:
        return None
    return _ours_for(pair, "rcode", *SECTIONS)


def _other_zone(pair: Pair) -> Pair | None:
    """A chain that we leave at the border of the zone and the peer does not."""
    aliases = _aliases(pair.ours)
    if not aliases or pair.theirs.path[: len(pair.ours.path)] != pair.ours.path:
        return None
    (target,) = _targets(aliases[-1:], "CNAME")
    if _nearest(target, ORIGINS) in {None, _nearest(aliases[0].owner, ORIGINS)}:
        return None
    return _ours_for(pair, "rcode", *SECTIONS)


def _too_long_is_nxdomain(pair: Pair) -> Pair | None:
    """A DNAME makes a name of over 255 octets, which the peer says does not exist."""
    if (pair.ours.rcode, pair.theirs.rcode) != ("YXDOMAIN", "NXDOMAIN"):
        return None
    return _ours_for(pair, "rcode", "authority")


# ANY.


def _any_type(pair: Pair) -> Pair | None:
    if pair.question.qtype != "ANY" or not pair.ours.answer or not pair.theirs.answer:
        return None
    ours, theirs = pair.ours.path[-1][0], pair.theirs.path[-1][0]
    return _ours_for(pair, "answer", "additional", "path") if ours == theirs else None


def _any_type_in_full(pair: Pair) -> Pair | None:
    """As above for a peer that gives all there is: ours must be a part of it."""
    if pair.question.qtype != "ANY" or "AA" not in pair.theirs.flags:
        return None
    cut_short = "TC" in pair.theirs.flags - pair.ours.flags
    if not cut_short and not set(pair.ours.answer) <= set(pair.theirs.answer):
        return None
    settled = _ours_for(pair, "answer", "additional", "path")
    flags = pair.theirs.flags - {"TC"} if cut_short else pair.theirs.flags
    return replace(settled, theirs=replace(settled.theirs, flags=flags))


# The authority and additional sections of answers.


def _apex_ns(pair: Pair) -> Pair | None:
    if "AA" not in pair.theirs.flags or not pair.theirs.answer:
        return None
    ns = [record for record in pair.theirs.authority if record.rtype == "NS"]
    hosts = _targets(ns, "NS") - _targets(pair.theirs.answer, *TARGET_FIELD)
    theirs = only(pair.theirs, "authority", lambda record: record.rtype != "NS")
    theirs = only(theirs, "additional", lambda record: record.owner not in hosts)
    return replace(pair, theirs=theirs)


def _no_binding_addresses(pair: Pair) -> Pair | None:
    hosts = _targets(pair.ours.answer, *SERVICE_BINDINGS)
    missing = set(pair.ours.additional) - set(pair.theirs.additional)
    explained = {record for record in missing if record.owner in hosts}
    ours = only(pair.ours, "additional", lambda record: record not in explained)
    return replace(pair, ours=ours)


def _own_binding_addresses(pair: Pair) -> Pair | None:
    bindings = [record for record in pair.ours.answer if record.rtype in SERVICE_BINDINGS]
    hosts = {record.owner for record in bindings if record.rdata.split(" ")[1] == "."}
    ours = only(pair.ours, "additional", lambda record: record.owner not in hosts)
    return replace(pair, ours=ours)


def _asterisk_in_additional(pair: Pair) -> Pair | None:
    """Addresses from a wildcard, sent under the owner of the wildcard."""
    wild = {record for record in pair.theirs.additional if record.owner.startswith("*.")}
    rdata = {(record.rtype, record.rdata) for record in wild}
    theirs = only(pair.theirs, "additional", lambda record: record not in wild)
    extra = set(pair.ours.additional) - set(theirs.additional)
    named = {record for record in extra if (record.rtype, record.rdata) in rdata}
    ours = only(pair.ours, "additional", lambda record: record not in named)
    return replace(pair, ours=ours, theirs=theirs)


def _addresses_below_cuts(pair: Pair) -> Pair | None:
    hosts = _targets(pair.theirs.answer, "MX", "SRV", "NS", *SERVICE_BINDINGS)
    glue = {host for host in hosts if _nearest(host, CUTS)}
    known = set(pair.ours.additional)
    theirs = only(
        pair.theirs,
        "additional",
        lambda record: record.owner not in glue or record in known,
    )
    return replace(pair, theirs=theirs)


def _tlsa_of_mail_servers(pair: Pair) -> Pair | None:
    if not _targets(pair.theirs.answer, "MX", "SRV"):
        return None
    theirs = only(pair.theirs, "additional", lambda record: record.rtype != "TLSA")
    return replace(pair, theirs=theirs)


def _no_sibling_addresses(pair: Pair) -> Pair | None:
    """Addresses of name servers that are not below the cut, which are optional."""
    owner = _delegated(pair.theirs)
    if owner is None:
        return None
    cut, given = dns.name.from_text(owner), set(pair.theirs.additional)
    ours = only(
        pair.ours,
        "additional",
        lambda record: record in given or dns.name.from_text(record.owner).is_subdomain(cut),
    )
    return replace(pair, ours=ours)


def _no_addresses_in_512(pair: Pair) -> Pair | None:
    payload = pair.question.payload
    if payload is None or payload > PLAIN_OCTETS or pair.theirs.additional:
        return None
    return replace(pair, ours=replace(pair.ours, additional=()))


def _wildcard_addresses_of_servers(pair: Pair) -> Pair | None:
    """Addresses that a wildcard gives the name servers of a delegation."""
    if _delegated(pair.theirs) is None:
        return None
    hosts = _targets(pair.theirs.authority, "NS")
    synthesised = {host for host in hosts if dns.name.from_text(host) not in OWNERS}
    theirs = only(pair.theirs, "additional", lambda record: record.owner not in synthesised)
    return replace(pair, theirs=theirs)


def _row(name: str, peers: str, settle: Settle, reason: str) -> Difference:
    return Difference(name, frozenset(peers.split()), reason, settle)


# Rows about a whole answer stand before those about a section.
TABLE = (
    _row(
        "an odd class is refused",
        "bind",
        _class_refused,
        "We serve class IN only and refuse the others, as NSD and Knot do. BIND answers "
        "FORMERR or NOTIMP to classes that it holds for reserved (RFC 6895 3.2).",
    ),
    _row(
        "class ANY is answered",
        "bind",
        _class_any_denied,
        "A question for every class has an answer in class IN (RFC 1034 3.7.1). NSD and "
        "Knot agree, BIND answers FORMERR.",
    ),
    _row(
        "class ANY has no authority",
        "nsd knot",
        _class_any_shape,
        "An answer to class ANY can never be authoritative (RFC 1035 6.2), so we clear "
        "AA; a negative one carries the SOA all the same (RFC 2308 3). Knot sets AA, NSD "
        "leaves the SOA out.",
    ),
    _row(
        "errors echo the question",
        "nsd",
        _no_question,
        "Resolvers match a response by the question in it (RFC 5452 9.1). NSD refuses "
        "without one.",
    ),
    _row(
        "meta types are no data",
        "knot bind",
        _meta_type,
        "No name has data of these types, which is an answer (RFC 8906 3.1.2), and what "
        "NSD says. BIND denies the meta types, Knot type 0.",
    ),
    _row(
        "transfers are refused",
        "nsd knot bind",
        _transfer,
        "All deny transfers to strangers, in different words: REFUSED (RFC 5936 2.2.1), "
        "NOTAUTH below the apex or without a key, NOTIMP over UDP.",
    ),
    _row(
        "AD and CD are cleared",
        "bind",
        _copied_flags,
        "CD should be cleared in an authoritative answer, and AD has no meaning for "
        "unsigned data (RFC 4035 3.1.6). BIND copies CD, and AD where it truncates.",
    ),
    _row(
        "DO is copied",
        "nsd",
        _do_on_badvers,
        "DO is copied into every response (RFC 3225 3). NSD clears it in a BADVERS.",
    ),
    _row(
        "DNSSEC types follow aliases",
        "nsd knot bind",
        _beside_cname,
        "RRSIG, NSEC and NSEC3 may stand beside a CNAME in a signed zone (RFC 4035 2.5). "
        "In unsigned ones too, each of the others answers that some of them are not "
        "there; we follow the alias, as for any missing type (RFC 1034 4.3.2).",
    ),
    _row(
        "a truncated answer is empty",
        "nsd knot bind",
        _truncated,
        "What a truncated answer holds is for nobody to use (RFC 2181 9): we send the "
        "question alone. The others send some of the records that fit, and Knot the "
        "rcode of the step at which it ran out of room.",
    ),
    _row(
        "what fits is sent",
        "nsd knot bind",
        _fits_with_compression,
        "We compress every name that may be (RFC 1035 4.1.4, RFC 3597 4). The others "
        "leave out some names, of synthesised CNAMEs above all, and run out of room first.",
    ),
    _row(
        "a missing SOA is announced",
        "knot",
        _soa_cut_silently,
        "A negative answer needs its SOA (RFC 2308 3), so TC is set where it does not fit "
        "(RFC 2181 9). NSD and BIND agree, Knot drops it silently.",
    ),
    _row(
        "missing glue is announced",
        "nsd bind",
        _glue_cut_silently,
        "TC is set when glue below the cut does not fit (RFC 9471 3). These versions of "
        "NSD and BIND are older than that rule; Knot does so.",
    ),
    _row(
        "8 aliases, all of them at NSD",
        "nsd",
        _most_aliases(None),
        "No RFC says how far an alias is followed. We stop after 8 and let the resolver "
        "go on; NSD has no limit within reach.",
    ),
    _row(
        "8 aliases, 5 at Knot",
        "knot",
        _most_aliases(5),
        "As for NSD. Knot stops after 5, with NOERROR and what it has, as we do.",
    ),
    _row(
        "8 aliases, 12 at BIND",
        "bind",
        _most_aliases(12),
        "As for NSD. BIND gives up at the twelfth, with SERVFAIL.",
    ),
    _row(
        "aliases end at the border of the zone",
        "nsd",
        _other_zone,
        "Resolvers do not believe what a server says of other zones, and ask again (RFC "
        "5452 6). NSD goes on in the other zone if it serves it; Knot and BIND do not.",
    ),
    _row(
        "a name too long is YXDOMAIN",
        "knot",
        _too_long_is_nxdomain,
        "RFC 6672 2.2 and 3.2, step 3c: where the substituted name is over 255 octets, the "
        "rcode is YXDOMAIN. NSD and BIND agree, Knot says NXDOMAIN.",
    ),
    _row(
        "ANY follows DNAME",
        "bind",
        _any_stops_at_dname,
        "There is no data below a DNAME, so ANY asks for what the target has (RFC 6672 "
        "3.2, step 3c). NSD and Knot agree, BIND gives the synthesised CNAME only.",
    ),
    _row(
        "ANY is one RRset over UDP",
        "nsd knot",
        _any_type,
        "RFC 8482 4.1. The choice of the RRset is free: ours is the smallest, NSD's and "
        "Knot's the first of theirs. Over TCP we give all, they do not.",
    ),
    _row(
        "ANY is not everything over UDP",
        "bind",
        _any_type_in_full,
        "As above, but BIND sends all there is; what we send must be a part of it.",
    ),
    _row(
        "no NS beside answers",
        "nsd",
        _apex_ns,
        "A resolver that asks us has the NS already. NSD adds them, with addresses, "
        "where they fit; Knot and BIND (minimal-responses) do not (RFC 1034 3.7).",
    ),
    _row(
        "addresses for SVCB and HTTPS",
        "nsd",
        _no_binding_addresses,
        "Servers should add what the target of a binding needs (RFC 9460 4.1). This "
        "version of NSD treats these types as unknown.",
    ),
    _row(
        "addresses for a binding to its owner",
        "knot",
        _own_binding_addresses,
        'The target "." is the owner (RFC 9460 2.5), whose addresses help as much as '
        "any. Knot looks for those of the root.",
    ),
    _row(
        "wildcard addresses for a binding",
        "knot",
        _asterisk_in_additional,
        "What a wildcard synthesises carries the name asked for (RFC 4592 3.3.1). Knot "
        "sends the addresses of a binding's target under the wildcard itself.",
    ),
    _row(
        "no glue beside answers",
        "knot",
        _addresses_below_cuts,
        "Addresses below a cut are the child's to tell; glue is for referrals (RFC 2181 "
        "5.4.1). Knot adds it for the targets of MX too, NSD and BIND do not.",
    ),
    _row(
        "no TLSA beside MX",
        "bind",
        _tlsa_of_mail_servers,
        "RFC 1035 3.3.9 asks for addresses. BIND adds TLSA of the same hosts.",
    ),
    _row(
        "no addresses in 512 octets",
        "bind",
        _no_addresses_in_512,
        "BIND leaves out what is optional for those who announce 512 octets or fewer by "
        "EDNS; we add what fits (RFC 6891 6.2.3).",
    ),
    _row(
        "addresses of servers elsewhere in the zone",
        "bind",
        _no_sibling_addresses,
        "Addresses that are not below the cut spare the resolver a question (RFC 9471 "
        "2.2). NSD and Knot send them, BIND only those below the cut.",
    ),
    _row(
        "no wildcard addresses in referrals",
        "nsd knot",
        _wildcard_addresses_of_servers,
        "Glue is data of the zone, which a wildcard's answers are not (RFC 1034 4.2.1). "
        "NSD and Knot add them, BIND does not.",
    ),
)
