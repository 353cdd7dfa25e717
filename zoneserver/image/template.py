"""One answer as a template: everything behind the question, whatever the QNAME's length."""

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.respond import RCODES
from zoneserver.image import format as f
from zoneserver.names import Name
from zoneserver.wire import message as m
from zoneserver.wire.encode import Writer, known_suffixes

# What an answer is to rate limiting.
KINDS = {Outcome.NODATA: 1, Outcome.NXDOMAIN: 2, Outcome.REFERRAL: 3}
ERROR_KIND = 4

_MAX_BODY = 65_535 - m.HEADER_OCTETS - 255 - 4 - 255  # beside the longest QNAME and our OPT


class Templates:
    """Makes the templates of one zone."""

    def __init__(self, origin: Name) -> None:
        self._suffixes = known_suffixes(origin)

    def make(self, qname: Name, answer: Answer, account: int) -> bytes | None:
        """The template of an answer to `qname`, or None where it is too long for one.

        `account` is the hash of the name that the answer is accounted on; 0 means its QNAME.
        """
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
        flags |= KINDS.get(answer.outcome, 0) << f.KIND_SHIFT
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
        relocations = b"".join(map(f.RELOCATION.pack, writer.pointers))
        return b"".join((header, relocations, *cuts, octets))
