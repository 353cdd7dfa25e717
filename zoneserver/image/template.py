"""One answer as a template: everything behind the question, whatever the QNAME's length."""

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.respond import RCODES
from zoneserver.image import format as f
from zoneserver.names import Name
from zoneserver.wire import message as m
from zoneserver.wire.encode import Writer
from zoneserver.wire.message import Query

# What an answer is to rate limiting.
KINDS = {Outcome.NODATA: 1, Outcome.NXDOMAIN: 2, Outcome.REFERRAL: 3}
ERROR_KIND = 4

_MAX_BODY = 65_535 - m.HEADER_OCTETS - 255 - 4 - 255  # beside the longest QNAME and our OPT


def make_template(zone_origin: Name, qname: Name, answer: Answer, account: int) -> bytes | None:
    """The template of an answer to `qname`, or None where it is too long for one.

    `account` is the hash of the name that the answer is accounted on; 0 means its QNAME.
    """
    writer = Writer(Query(0, m.QUERY, False, qname, 0, m.IN), _MAX_BODY, zone_origin)
    start = len(writer.octets)
    name_end = start - 4  # what pointers are counted from
    answers = writer.add_all(answer.answer)
    authorities = writer.add_all(answer.authority)
    if answers is None or authorities is None:
        return None
    required = len(writer.octets) - start
    cuts: list[bytes] = []
    for rrset in (*answer.glue, *answer.additional):
        if not writer.add(rrset):
            return None
        cuts.append(f.CUT.pack(len(writer.octets) - start, len(rrset.rdatas)))
    octets = writer.octets
    for at in writer.pointers:
        target = (octets[at] & 0x3F) << 8 | octets[at + 1]
        octets[at : at + 2] = (0xC000 | (target - name_end) & 0x3FFF).to_bytes(2, "big")
    flags = f.IS_AUTHORITATIVE * answer.is_authoritative
    flags |= KINDS.get(answer.outcome, 0) << f.KIND_SHIFT
    header = f.TEMPLATE_HEADER.pack(
        RCODES.get(answer.outcome, m.NOERROR),
        flags,
        len(octets) - start,
        required,
        answers,
        authorities,
        len(cuts),
        len(answer.glue),
        len(writer.pointers),
        account,
    )
    relocations = b"".join((at - start).to_bytes(2, "little") for at in writer.pointers)
    return b"".join((header, relocations, *cuts, octets[start:]))
