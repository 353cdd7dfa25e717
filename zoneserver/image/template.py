"""One answer as a template: everything behind the question, whatever the QNAME's length."""

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct
from typing import NamedTuple

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.respond import RCODES
from zoneserver.image import format as f
from zoneserver.names import Name
from zoneserver.records.rrset import RRset
from zoneserver.wire import message as m
from zoneserver.wire.encode import Writer, known_suffixes

# What an answer is to rate limiting.
KINDS = {Outcome.NODATA: 1, Outcome.NXDOMAIN: 2, Outcome.REFERRAL: 3}
ERROR_KIND = 4

# The header of such a template: NOERROR, AA, nothing in the other sections, nothing to move.
_FLAT_HEADER = Struct("<xBHHH12x")
_FLAT_OWNER = Struct("!HHHI")
_MAX_BODY = 65_535 - m.HEADER_OCTETS - 255 - 4 - 255  # beside the longest QNAME and our OPT


class Lacking(NamedTuple):
    """What the proof in an answer lacks (`format.LACKS_NAME` and the like), and what it has.

    That is told by the numbers of its links.
    """

    flags: int
    links: Sequence[int] = ()


WHOLE = Lacking(0)


class Templates:
    """Makes the templates of one zone."""

    def __init__(self, origin: Name) -> None:
        self._origin = origin
        self._suffixes = known_suffixes(origin)

    def make(
        self, qname: Name, answer: Answer, account: int, lacking: Lacking = WHOLE
    ) -> bytes | None:
        """The template of an answer to `qname`, or None where it is too long for one.

        `account` is the hash of the name that the answer is accounted on; 0 means its QNAME.
        """
        is_flat = not (answer.additional or answer.authority or account or lacking.flags)
        if is_flat and answer.answer:
            body = _flat_body(qname, answer.answer)
            if body is not None:
                records = sum([len(rrset.rdatas) for rrset in answer.answer])
                return _FLAT_HEADER.pack(1, len(body), len(body), records) + body
        writer = Writer(qname, 0, self._suffixes, _MAX_BODY)
        answers = writer.add_all(answer.answer)
        authorities = writer.add_all(answer.authority)
        if answers is None or authorities is None:
            return None
        octets, required = writer.octets, len(writer.octets)
        cuts: list[bytes] = []
        for rrset in (*answer.glue, *answer.additional):
            if not writer.add(rrset):
                return None
            cuts.append(f.CUT.pack(len(octets), len(rrset.rdatas)))
        flags = f.IS_AUTHORITATIVE * answer.is_authoritative
        flags |= KINDS.get(answer.outcome, 0) << f.KIND_SHIFT | lacking.flags
        header = f.TEMPLATE_HEADER.pack(
            RCODES.get(answer.outcome, m.NOERROR),
            flags,
            len(octets),
            required,
            answers,
            authorities,
            len(cuts),
            len(answer.glue),
            len(writer.pointers),
            account,
        )
        relocations = f.pack_relocations(writer.pointers)
        supplement = b""
        if lacking.flags:
            supplement = _pack_supplement(lacking.links, writer.names_below(self._origin))
        return b"".join((header, relocations, *cuts, octets, supplement))


def _pack_supplement(links: Sequence[int], names: Mapping[bytes, int]) -> bytes:
    """What whoever adds links has to know of the rest."""
    return b"".join(
        (
            f.SUPPLEMENT.pack(len(links), len(names)),
            *(f.NUMBER.pack(link) for link in links),
            *(f.NAMED.pack(at, len(key)) + key for key, at in names.items()),
        )
    )


def _flat_body(qname: Name, rrsets: Iterable[RRset]) -> bytes | None:
    """The body of an answer that is RRsets of QNAME without a name in them, else None.

    Most answers are so, and this takes a third of the time that a `Writer` does.
    """
    body = b""
    for rrset in rrsets:
        if rrset.owner is not qname:
            return None
        fixed = _FLAT_OWNER.pack(0xC000 | m.HEADER_OCTETS, rrset.rtype, m.IN, rrset.ttl)
        for rdata in rrset.rdatas:
            parts = rdata.parts
            if len(parts) != 1 or not isinstance(parts[0], bytes):
                return None
            body += fixed + len(parts[0]).to_bytes(2, "big") + parts[0]
    return body if len(body) <= _MAX_BODY else None
