"""The rules by code: level, what each forbids, the RFC sections behind it.

Codes are stable: a number is never reused and never renamed. A level of E keeps the
zone from loading, W is logged, H is shown by `check` alone. Where a rule weighs its
cases differently, the level here is the usual one and the check names the other.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """One row of the catalogue. `level` is E, W or H.

    A rule that is not `default` is judged only where somebody asks for it by its code.
    """

    level: str
    title: str
    rfc: str
    waivable: bool = True
    default: bool = True


def _fixed(level: str, title: str, rfc: str) -> Rule:
    """A rule that no waiver lifts: what it forbids cannot be served at all."""
    return Rule(level, title, rfc, waivable=False)


CATALOGUE: dict[str, Rule] = {
    # MX
    "MX001": _fixed("E", "an MX target is an alias (CNAME)", "RFC 2181 10.3; RFC 5321 5.1"),
    "MX002": _fixed("E", "an MX target is an IP address", "RFC 1035 3.3.9; RFC 5321 5.1"),
    "MX003": _fixed("E", "an MX target is below a DNAME", "RFC 2181 10.3; RFC 6672 2.2"),
    "MX004": Rule("E", "an MX target in our zones has no address", "RFC 5321 5.1"),
    "MX005": Rule("W", "an MX target has no IPv4 address", "RFC 5321 5.1; RFC 3974"),
    "MX006": Rule("H", "an MX target is below a zone cut", "RFC 1034 4.2.1; RFC 2181 5.4.1"),
    "MX007": _fixed("E", "a null MX stands beside another MX", "RFC 7505 3"),
    "MX008": Rule("E", "a null MX has a preference other than 0", "RFC 7505 3"),
    "MX009": Rule("W", "a null MX, but SPF authorises senders", "RFC 7505 4.2"),
    "MX011": Rule("W", "the same MX is written twice", "RFC 2181 5"),
    "MX012": Rule("W", "one MX target has two preferences", "RFC 5321 5.1"),
    "MX013": _fixed("E", "an MX preference is no number from 0 to 65535", "RFC 1035 3.3.9"),
    "MX014": Rule("E", "an MX target is no host name", "RFC 1123 2.1; RFC 5321 2.3.5"),
    "MX015": Rule("H", "the only MX points to the name itself", "RFC 5321 5.1"),
    "MX016": Rule("W", "an MX is written backwards", "RFC 974"),
    "MX017": Rule("W", "one's own host is not tried first", "RFC 5321 5.1"),
    "MX018": Rule("H", "a name has a single MX", "RFC 5321 5.1", default=False),
    "MX019": Rule("W", "all exchangers are one machine", "RFC 2182 3.1, by analogy"),
    "MX020": Rule(
        "E", "a name has its origin twice: a forgotten final dot", "RFC 1035 5.1; RFC 1912 2.1"
    ),
    "MX021": Rule(
        "W", "an MX target is a name that no sender can resolve", "RFC 6761 6; RFC 6762 3"
    ),
    "MX022": Rule(
        "E", "an MX target has an address nobody can reach", "RFC 6890 2.2; RFC 1918 3"
    ),
    "MX023": Rule("H", "an MX target is outside our zones and was not checked", "RFC 5321 5.1"),
    "MX024": Rule(
        "W", "a wildcard MX leaves out names that exist", "RFC 1912 2.7; RFC 4592 2.2.1"
    ),
    "MX025": Rule("W", "mail goes to a web host for want of an MX", "RFC 5321 5.1; RFC 7505 1"),
    "MX027": Rule(
        "W",
        "a TTL on the way of mail is very short or very long",
        "RFC 1035 3.2.1; RFC 1912 2.2",
    ),
    "MX028": Rule("W", "there are too many exchangers", "RFC 7208 4.6.4; RFC 5321 5.1"),
    "MX029": Rule("E", "a label is not valid under IDNA 2008", "RFC 5890 2.3.2; RFC 5891 4"),
    "MX030": Rule("W", "an MX stands where nobody has a mailbox", "RFC 3172 2; RFC 7085"),
    "MX031": Rule("W", "an MX target is a host for outgoing mail", "RFC 6409 3; RFC 8314 3"),
    "MX032": Rule("W", "exchangers of two providers are mixed", "RFC 5321 5.1"),
    # Addresses
    "AD001": Rule(
        "E", "an address record holds no address of its family", "RFC 1035 3.4.1; RFC 3596 2.2"
    ),
    "AD002": Rule(
        "W", "an AAAA holds an address that is not global", "RFC 4291 2.5; RFC 4193 1"
    ),
    "AD003": Rule(
        "H",
        "an MX host has no matching PTR where we serve the reverse zone",
        "RFC 1912 2.1; RFC 8601 3",
    ),
    # CNAME, DNAME, SRV
    "CN001": _fixed("E", "a CNAME stands beside other data", "RFC 1034 3.6.2; RFC 2181 10.1"),
    "CN002": _fixed("E", "a CNAME stands at the apex", "RFC 1034 3.6.2; RFC 1912 2.4"),
    "CN003": _fixed("E", "a name has two CNAMEs", "RFC 2181 10.1"),
    "CN004": _fixed("E", "CNAMEs form a loop", "RFC 1034 3.6.2"),
    "CN005": Rule("H", "a CNAME leads to another CNAME", "RFC 1034 3.6.2; RFC 1912 2.4"),
    "CN006": Rule("W", "a CNAME leads to a name that does not exist", "RFC 1912 2.4"),
    "CN007": Rule("E", "data stands below a DNAME", "RFC 6672 2.4"),
    "CN008": Rule(
        "E", "a DNAME stands beside another DNAME, a CNAME or a delegation", "RFC 6672 2.4"
    ),
    "CN009": Rule("E", "an SRV target is an alias", "RFC 2782"),
    "CN012": Rule(
        "E", "a CNAME, DNAME or SRV target is an IP address", "RFC 1035 3.3; RFC 2782"
    ),
    "SR001": Rule("E", "an SRV target in our zones has no address", "RFC 2782; RFC 6186 3.4"),
    "SR002": Rule("E", 'an SRV target of "." does not stand alone', "RFC 2782; RFC 6186 3.4"),
    "SR003": Rule(
        "H", "mail clients must guess the servers' names", "RFC 6186 3; RFC 8314 5.1"
    ),
    # NS, glue, SOA
    "NS001": _fixed("E", "the zone has no SOA", "RFC 1034 4.2.1; RFC 1035 5.2"),
    "NS002": _fixed("E", "the zone has two SOA records", "RFC 1035 5.2; RFC 2181 6.1"),
    "NS003": _fixed("E", "the zone has no NS at its apex", "RFC 1034 4.2.1"),
    "NS004": Rule("E", "an NS target is an alias", "RFC 2181 10.3; RFC 1912 2.8"),
    "NS005": Rule("E", "an NS target is an IP address", "RFC 1035 3.3.11"),
    "NS006": Rule(
        "E", "an NS target in the zone has no address", "RFC 1034 4.2.1; RFC 1912 2.3"
    ),
    "NS007": Rule(
        "E",
        "a delegation to a server inside the child has no glue",
        "RFC 1034 4.2.1; RFC 9471 3",
    ),
    "NS008": Rule("W", "a zone has a single nameserver", "RFC 1034 4.1; RFC 2182 5"),
    "NS009": Rule("E", "a record is not below the zone's origin", "RFC 1035 5.2"),
    "NS010": Rule(
        "W", "data stands below a zone cut and is no glue", "RFC 1034 4.2.1; RFC 2181 6.1"
    ),
    "NS011": Rule("W", "the SOA timers contradict one another", "RFC 1912 2.2; RFC 2308 5"),
    "NS012": Rule(
        "E", "the SOA's mailbox is written with an @", "RFC 1035 3.3.13; RFC 1912 2.2"
    ),
    "NS013": Rule("E", "an SOA stands below the apex", "RFC 1035 5.2"),
    "NS014": Rule("E", "a DS stands where nothing is delegated", "RFC 4035 2.4"),
    "NS016": Rule(
        "W", "the serial does not rise, or is of a day to come", "RFC 1982 3.2; RFC 1912 2.2"
    ),
    "NS018": Rule("W", "the SOA's mailbox is in a domain that takes no mail", "RFC 2142 7"),
    # Syntax and RRsets
    "SY001": _fixed("E", "a label is empty or over 63 octets", "RFC 1035 2.3.4"),
    "SY002": _fixed("E", "a name is over 255 octets", "RFC 1035 2.3.4"),
    "SY003": _fixed("E", "a field cannot be read", "RFC 1035 5.1; RFC 3597 5"),
    "SY004": _fixed("E", "a TTL is no number from 0 to 2147483647", "RFC 2181 8"),
    "SY005": Rule("W", "the records of an RRset have different TTLs", "RFC 2181 5.2"),
    "SY006": Rule("W", "the same record is written twice", "RFC 2181 5"),
    "SY007": _fixed(
        "E", "a record's type or class cannot be served", "RFC 1035 3.2.2; RFC 6895 3.1"
    ),
    "SY008": _fixed("E", "the YAML does not say what it seems to say", "YAML 1.1"),
    "SY009": _fixed("E", "the file is not a zone file", "RFC 1035 5.1; YAML 1.1"),
    "SY010": _fixed("E", "a limit is exceeded", "RFC 2181 5"),
    "SY011": Rule("W", "an asterisk is not the leftmost label", "RFC 4592 2.1.1"),
    "SY012": Rule(
        "W", "an address record's owner has an underscore", "RFC 1123 2.1; RFC 8552 1"
    ),
    "SY013": _fixed("E", "a target has no final dot", "RFC 1035 5.1"),
    "SY014": Rule("W", "an octoDNS key has no effect here", "octoDNS"),
    "SY015": Rule(
        "H", "a record is left out or judged leniently, as its octodns key asks", "octoDNS"
    ),
    "SY016": Rule("W", "a record has no TTL anywhere", "RFC 2308 4"),
    # Mail policy records
    "TX001": Rule(
        "E", "a character-string is over 255 octets", "RFC 1035 3.3.14; RFC 7208 3.3"
    ),
    "TX004": Rule(
        "W",
        "a policy text has characters that only look like ASCII",
        "RFC 7208 4.5; RFC 9989 4.7",
    ),
    "TX005": Rule(
        "W", "a wildcard answers queries for policies or keys", "RFC 4592 2.2.1; RFC 7208 3.5"
    ),
    "SP001": Rule("E", "a name has two SPF records", "RFC 7208 3.2; RFC 7208 4.5"),
    "SP002": Rule("E", "an SPF record needs more than 10 look-ups", "RFC 7208 4.6.4"),
    "SP003": Rule(
        "E", "an SPF record has a term that cannot be read", "RFC 7208 4.6.1; RFC 7208 12"
    ),
    "SP004": Rule("E", "SPF stands in a record of the abandoned type 99", "RFC 7208 3.1"),
    "SP005": Rule(
        "W", "an SPF record says nothing about other senders", "RFC 7208 4.7; RFC 7208 5.1"
    ),
    "SP006": Rule(
        "W", "an SPF record makes receivers look up PTR", "RFC 7208 5.5; RFC 7208 7.2"
    ),
    "SP007": Rule(
        "W", "an SPF record names what does not exist", "RFC 7208 4.6.4; RFC 7208 5.2"
    ),
    "SP008": Rule("W", "an SPF record has terms without effect", "RFC 7208 5.1; RFC 7208 6.1"),
    "SP010": Rule("E", "SPF records include one another in a circle", "RFC 7208 4.6.4"),
    "SP012": Rule(
        "H", "one's own MX hosts are not covered by the SPF", "RFC 7208 2.3; RFC 7208 2.4"
    ),
    "DM001": Rule(
        "E", "a DMARC record stands where nobody looks", "RFC 9989 4.5; RFC 9989 4.10"
    ),
    "DM002": Rule("E", "a domain has two DMARC records", "RFC 9989 4.10"),
    "DM003": Rule("E", "a DMARC record cannot be read", "RFC 9989 4.7; RFC 9989 4.8"),
    "DM004": Rule("H", "DMARC asks for nothing: p=none without rua", "RFC 9989 4.7"),
    "DM005": Rule(
        "H", "DMARC reports go to a domain that must agree", "RFC 9990 4; RFC 9991 5"
    ),
    "DM006": Rule("H", "a DMARC record has a tag that is gone", "RFC 9989 C.5.2"),
    "DM007": Rule(
        "E", "an address for DMARC reports is no URI of a mailbox", "RFC 9989 4.6; RFC 9989 4.7"
    ),
    "DM010": Rule(
        "W",
        "a mailbox for reports is in a domain that takes no mail",
        "RFC 7505 4.2; RFC 9990 3; RFC 8460 3; RFC 8659 4.4",
    ),
    "DK001": Rule("E", "a DKIM key cannot be read", "RFC 6376 3.6.1; RFC 8463 4"),
    "DK002": Rule("E", "an RSA key for DKIM is too short", "RFC 8301 3.2"),
    "DK006": Rule("E", "a DKIM key stands where nobody looks", "RFC 6376 3.6.2.1"),
    "DK009": Rule("E", "a DKIM selector has two keys", "RFC 6376 3.6.2.2"),
    "ST001": Rule("E", "an MTA-STS record cannot be read", "RFC 8461 3.1"),
    "ST002": Rule("E", "a domain has two MTA-STS records", "RFC 8461 3.1"),
    "ST003": Rule(
        "E", "there is no host to fetch the MTA-STS policy from", "RFC 8461 3.2; RFC 8461 3.3"
    ),
    "ST004": Rule(
        "E", "an MTA-STS policy shuts out an exchanger of ours", "RFC 8461 3.2; RFC 8461 4.1"
    ),
    "ST005": Rule("H", "MTA-STS or TLSA without TLS-RPT", "RFC 8460 1"),
    "TR001": Rule("E", "a TLS-RPT record cannot be read", "RFC 8460 3"),
    "TR002": Rule("E", "a TLS-RPT record stands where nobody looks", "RFC 8460 3"),
    "TL001": Rule(
        "W", "TLSA for mail in a zone that is not signed", "RFC 7672 2.2; RFC 6698 4.1"
    ),
    "TL002": Rule("W", "TLSA for a host that no MX names", "RFC 7672 2.2.3"),
    "TL003": Rule("E", "a TLSA record does not fit its own fields", "RFC 6698 2.1; RFC 7218 2"),
    "TL004": Rule("W", "TLSA for mail asks for a public authority", "RFC 7672 3.1.3"),
    "TL005": Rule("H", "some exchangers of a domain lack TLSA", "RFC 7672 2.2.1"),
    "TL006": Rule(
        "W", "TLSA for mail stands at the domain, not at its MX host", "RFC 7672 2.2.3"
    ),
    "TL007": _fixed("E", "a certificate for TLSA cannot be read", "RFC 7672 3.1; RFC 7468 5"),
    "TL008": Rule("W", "a certificate for TLSA has run out", "RFC 7672 3.1.1; RFC 8461 4.1"),
    "TL009": Rule(
        "W", "a certificate for TLSA is not for its host", "RFC 7672 3.1.1; RFC 8461 4.1"
    ),
    "CA001": Rule("E", "a CAA record cannot be read", "RFC 8659 4; RFC 9495 3"),
    "BI001": Rule(
        "W",
        "BIMI without a DMARC policy that is enforced",
        "RFC 9989 4.7; draft-brand-indicators-for-message-identification",
    ),
    # DNSSEC
    "DN001": Rule("E", "no DS is of a key of the child zone", "RFC 4035 5.2; RFC 4509 2.1"),
    "DN002": Rule("E", "a DS does not fit its own fields", "RFC 4034 5.1; RFC 4509 2.1"),
    "DN003": Rule("W", "a DS that protects little", "RFC 8624 3.3; RFC 9905 2"),
    "DN004": Rule(
        "E", "a signature has run out, or does so soon", "RFC 4034 3.1.5; RFC 6781 4.4"
    ),
    "DN005": Rule("E", "a set of records has no signature", "RFC 4035 2.2"),
    "DN006": Rule("E", "a signature is not of what it stands beside", "RFC 4035 5.3.3"),
    "DN007": Rule("E", "NSEC3 with iterations or a salt", "RFC 9276 3.1; RFC 9276 3.2"),
    "DN008": Rule("H", "opt-out with few delegations", "RFC 5155 12.2; RFC 9276 2.1"),
    "DN009": Rule("E", "the proofs of absence have a gap", "RFC 4035 2.3; RFC 5155 7.1"),
    "DN010": Rule("W", "a key of the zone is weak", "RFC 8624 3.1; RFC 9905 2"),
    "DN011": Rule("E", "a DNSKEY does not fit its own fields", "RFC 4034 2.1; RFC 6605 4"),
    "DN012": Rule("E", "the digest of the zone is of another version", "RFC 8976 4"),
    "DN013": Rule(
        "W", "a digest of the zone that nobody can verify", "RFC 8976 2.2; RFC 8976 4"
    ),
    "DN014": Rule("H", "a child zone of ours asks for another DS", "RFC 7344 4; RFC 8078 3"),
    "DN015": Rule("W", "a CDS is of no key of the zone", "RFC 7344 4.1"),
    # The guard: what a reload would take away
    "GU001": Rule("E", "a reload takes the last MX from a name", "RFC 5321 5.1"),
    "GU002": Rule("E", "a reload takes more than half of a zone's names", "RFC 1034 3.7"),
    # Waivers
    "WV001": Rule("W", "a waiver lifts nothing", "zone file reference"),
    "WV002": _fixed("E", "a waiver cannot be honoured", "zone file reference"),
}
