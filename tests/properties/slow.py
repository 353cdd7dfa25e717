"""A second opinion: RFC 1034 4.3.2 over a flat list of records, slow and word for word.

The steps are numbered as in the RFC, with step 3c as RFC 6672 3.2 has it and wildcards as
RFC 4592 3.3 explains them. Nothing here is shared with the engine: names and rdata are
dnspython's, a zone is a list, and every look-up walks all of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import dns.name
import dns.rdata
import dns.rdatatype

MAX_HOPS = 8
MAX_NEGATIVE_TTL = 3600
ADDRESSES = ("A", "AAAA")
WITH_TARGET = {"MX": "exchange", "NS": "target", "SRV": "target"}


class Line(NamedTuple):
    """One record."""

    owner: dns.name.Name
    ttl: int
    rtype: str
    rdata: Any  # a class of dnspython's for each type

    def __str__(self) -> str:
        """As the tables of this suite write it."""
        return f"{self.owner} {self.ttl} {self.rtype} {self.rdata.to_text()}"


@dataclass
class Reply:
    """What the zone says, in the making."""

    outcome: str = ""
    answer: list[Line] = field(default_factory=list)
    authority: list[Line] = field(default_factory=list)
    additional: list[Line] = field(default_factory=list)

    def ends(self, outcome: str) -> "Reply":
        """The reply, complete but for additional data."""
        self.outcome = outcome
        return self


class SlowZone:
    """The records of one zone."""

    def __init__(self, origin: str, lines: Iterable[tuple[str, int, str, str]]) -> None:
        self.origin = dns.name.from_text(origin)
        self.lines = [
            Line(
                dns.name.from_text(owner, self.origin),
                ttl,
                rtype,
                dns.rdata.from_text("IN", rtype, text, self.origin, relativize=False),
            )
            for owner, ttl, rtype, text in lines
        ]

    def reply(self, qname: dns.name.Name, qtype: str) -> Reply:
        """The whole algorithm, steps 2 to 6."""
        reply = self._steps_2_to_4(qname, qtype)
        if reply.outcome == "REFERRAL":
            for ns in reply.authority:
                self._add_glue(reply, ns.rdata.target)
        if reply.outcome == "ANSWER":
            for line in reply.answer:
                if line.rtype in WITH_TARGET:
                    self._add_addresses(reply, getattr(line.rdata, WITH_TARGET[line.rtype]))
        return reply

    def _steps_2_to_4(self, qname: dns.name.Name, qtype: str) -> Reply:
        reply = Reply()
        asked: list[dns.name.Name] = []
        while True:
            # Step 2: the zone which is the nearest ancestor to QNAME; ours, or we stop.
            if not qname.is_subdomain(self.origin) or qname in asked:
                return reply.ends("PARTIAL")
            following = self._step_3(reply, qname, qtype)
            if following is None:
                return reply
            if len(asked) == MAX_HOPS:
                return reply.ends("PARTIAL")
            asked.append(qname)
            copied, target = following
            reply.answer += [line for line in copied if line not in reply.answer]
            if target is None:
                return reply.ends("YXDOMAIN")
            qname = target

    def _step_3(
        self, reply: Reply, qname: dns.name.Name, qtype: str
    ) -> tuple[list[Line], dns.name.Name | None] | None:
        """Match down, label by label, in the zone. What is to be followed, or None."""
        for node in self._down_to(qname):
            cut = self._at(node, "NS") if node != self.origin else []
            if cut and not (node == qname and qtype == "DS"):
                # 3b: out of the authoritative data; a referral.
                reply.authority = cut
                reply.ends("REFERRAL")
                return None
            if node == qname:
                return self._step_3a(reply, self._at(node), qtype)
            if dname := self._at(node, "DNAME"):
                target = self._substitute(qname, dname[0], dname)
                if qtype == "CNAME" and target is not None:
                    # RFC 1034 3.6.2: a CNAME that was asked for is not followed.
                    reply.answer += [line for line in dname if line not in reply.answer]
                    reply.ends("ANSWER")
                    return None
                return dname, target
            label = qname.relativize(node).labels[-1]
            if self._exists(dns.name.Name([label, *node.labels])):
                continue
            # 3c: a match is impossible; is there a * label?
            asterisk = dns.name.Name([b"*", *node.labels])
            if not self._exists(asterisk):
                reply.authority = [self._negative_soa()]
                reply.ends("NXDOMAIN")
                return None
            synthesised = [line._replace(owner=qname) for line in self._at(asterisk)]
            return self._step_3a(reply, synthesised, qtype)
        raise AssertionError("the last node is the qname itself")

    def _step_3a(
        self, reply: Reply, data: list[Line], qtype: str
    ) -> tuple[list[Line], dns.name.Name | None] | None:
        """The whole of QNAME is matched, by itself or by an asterisk."""
        cnames = [line for line in data if line.rtype == "CNAME"]
        if cnames and qtype not in ("CNAME", "ANY"):
            return cnames, cnames[0].rdata.target
        matching = [line for line in data if qtype in (line.rtype, "ANY")]
        if matching:
            reply.answer += [line for line in matching if line not in reply.answer]
            reply.ends("ANSWER")
        else:
            reply.authority = [self._negative_soa()]
            reply.ends("NODATA")
        return None

    def _substitute(
        self, qname: dns.name.Name, dname: Line, copied: list[Line]
    ) -> dns.name.Name | None:
        """The name that is asked instead, and the CNAME that says so put beside the DNAME."""
        prefix = qname.relativize(dname.owner)
        try:
            target: dns.name.Name = prefix.concatenate(dname.rdata.target)
        except dns.name.NameTooLong:
            return None
        rdata = dns.rdata.from_text("IN", "CNAME", target.to_text())
        copied.append(Line(qname, dname.ttl, "CNAME", rdata))
        return target

    def _negative_soa(self) -> Line:
        (soa,) = self._at(self.origin, "SOA")
        return soa._replace(ttl=min(soa.ttl, soa.rdata.minimum, MAX_NEGATIVE_TTL))

    def _add_glue(self, reply: Reply, host: dns.name.Name) -> None:
        """Step 3b: whatever addresses there are, but for those that a DNAME hides."""
        for node in self._down_to(host):
            if node == host:
                break
            if node != self.origin and self._at(node, "NS"):
                break
            if self._at(node, "DNAME"):
                return
        self._add(reply, (line for rtype in ADDRESSES for line in self._at(host, rtype)))

    def _add_addresses(self, reply: Reply, host: dns.name.Name) -> None:
        """Step 6: what we would answer for the host itself, without following an alias."""
        if host == dns.name.root:
            return
        for rtype in ADDRESSES:
            found = self._steps_2_to_4(host, rtype)
            if found.outcome == "ANSWER" and found.answer[0].rtype == rtype:
                self._add(reply, found.answer)

    def _add(self, reply: Reply, lines: Iterable[Line]) -> None:
        known = reply.answer + reply.additional
        reply.additional += [line for line in lines if line not in known]

    def _down_to(self, qname: dns.name.Name) -> Iterator[dns.name.Name]:
        """The origin, the name below it on the way to QNAME, ..., QNAME."""
        if not qname.is_subdomain(self.origin):
            return
        for depth in range(len(self.origin), len(qname) + 1):
            yield qname.split(depth)[1]

    def _exists(self, name: dns.name.Name) -> bool:
        """It has data, or something below it has (RFC 4592 2.2.2)."""
        return any(line.owner.is_subdomain(name) for line in self.lines)

    def _at(self, owner: dns.name.Name, rtype: str | None = None) -> list[Line]:
        return [
            line for line in self.lines if line.owner == owner and rtype in (None, line.rtype)
        ]
