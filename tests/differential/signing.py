"""The zones of the suite as our server signs them, and what is asked about them with DO."""

import json
import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.zone

from tests.differential import zones
from tests.differential.comparison import Difference, Pair, only
from tests.differential.differences import TABLE
from tests.differential.messages import Answer, Question, Record
from tests.differential.questions import at_random, every_pair, names_of
from tests.peers.zoneserver import Zoneserver
from zoneserver.dnssec.keys import SigningKey
from zoneserver.names import Name
from zoneserver.records.rdata import DS
from zoneserver.service.keeping.zone_keys import read_life

PROOFS = {"nsec": "true", "nsec3": "{nsec3: true}", "opt-out": "{nsec3: true, opt_out: true}"}
# A DNAME at the apex leaves no place for hashes (CN007).
NSEC_ALONE = frozenset({"moved.example."})
# To ask more: a variable in the environment; 100000 is all that there is.
QUESTIONS = int(os.environ.get("ZONESERVER_SIGNED_QUESTIONS", "400"))
SEED = 4035
# They mean something in messages, or the peers differ among themselves about them.
LEFT_OUT = frozenset({
    "TYPE0", "OPT", "TKEY", "TSIG", "AXFR", "IXFR", "MAILA", "MAILB", "RRSIG", "NSEC", "NSEC3",
})  # fmt: skip
_DENIALS = frozenset({"NSEC", "NSEC3"})


def write_signed(zone: dns.zone.Zone, folder: Path, proof: str) -> Path:
    """Write a zone as YAML that asks to be signed, its serial left to the server."""
    path = zones.write_yaml(zone, folder)
    owners = dict(map(_read_line, path.read_text().splitlines()[1:]))
    (soa,) = (each for each in owners[""] if each["type"] == "SOA")
    owners[""].remove(soa)
    fields = {**soa["value"], "serial": "auto", "ttl": soa["ttl"]}
    how = PROOFS["nsec" if str(zone.origin) in NSEC_ALONE else proof]
    lines = ["---", f"$dnssec: {how}", f"$soa: {json.dumps(fields)}"]
    for owner, records in owners.items():
        # The key of the child is a new one, which the parent's DS knows nothing of (DN001).
        kept = [each for each in records if owner != "child" or each["type"] != "DS"]
        lines.append(f"{json.dumps(owner)}: {json.dumps(kept)}")
    path.write_text("\n".join([*lines, ""]))
    return path


def _read_line(line: str) -> tuple[str, list[dict[str, Any]]]:
    key, _, value = line.partition(": [")
    return json.loads(key), json.loads(f"[{value}")


class SigningServers:
    """Our server in both engines, with the same keys, serials and proofs of absence."""

    def __init__(self, native: Zoneserver, portable: Zoneserver, proof: str) -> None:
        self.native, self.portable, self.proof = native, portable, proof

    @property
    def origins(self) -> list[str]:
        """The zones."""
        return list(self.native.zones)

    def key(self, origin: str) -> SigningKey:
        """The key of a zone."""
        life = read_life(self.native.directory / "state", Name.parse(origin))
        assert life
        (use,) = life.uses
        return use.key

    def ds(self, origin: str) -> DS:
        """What a parent would say of it."""
        return self.key(origin).ds(Name.parse(origin))


@contextmanager
def signing(
    parsed: Mapping[str, dns.zone.Zone], folder: Path, proof: str
) -> Iterator[SigningServers]:
    """Both, with all zones."""
    for name in ("zones", "native", "portable"):
        (folder / name).mkdir()
    files = {o: write_signed(zone, folder / "zones", proof) for o, zone in parsed.items()}
    with Zoneserver(folder / "native", files, engine="native", sends=True) as native:
        state = folder / "portable" / "state"
        shutil.copytree(folder / "native/state/keys", state / "keys")
        shutil.copy(folder / "native/state/serials", state)
        with Zoneserver(folder / "portable", files, engine="portable") as portable:
            yield SigningServers(native, portable, proof)


def questions(parsed: Mapping[str, dns.zone.Zone]) -> list[Question]:
    """Questions of the suite about our zones, each once and with DO, in random order."""
    names = names_of(list(parsed.values()))
    origins = [zone.origin for zone in parsed.values() if zone.origin]
    found = {
        replace(
            each, qclass="IN", transport="tcp", payload=1232, do=True, flags=frozenset(),
            edns_version=0,
        )
        for each in (*every_pair(names), *at_random(names, SEED, 2000))
        if each.qtype not in LEFT_OUT and any(map(each.qname.is_subdomain, origins))
    }  # fmt: skip
    ordered = sorted(found, key=str)
    random.Random(SEED).shuffle(ordered)
    return ordered[:QUESTIONS]


# Where NSD and Knot have other signatures and proofs than we.


def _signatures_follow(pair: Pair) -> Pair:
    """The order of RRSIGs among the others is each server's own affair."""
    return replace(pair, ours=_unsigned_path(pair.ours), theirs=_unsigned_path(pair.theirs))


def _unsigned_path(answer: Answer) -> Answer:
    path = tuple(key for key in answer.path if key[1] != "RRSIG")
    return replace(answer, path=tuple(dict.fromkeys(path)) or answer.path)


def _apex_ns_signatures(pair: Pair) -> Pair | None:
    if "AA" not in pair.theirs.flags or not pair.theirs.answer:
        return None
    theirs = only(pair.theirs, "authority", lambda record: _covered(record) != "NS")
    return replace(pair, theirs=theirs)


def _other_proofs(pair: Pair) -> Pair | None:
    """Where NSD proves more, or less, than RFC 4035 3.1.3 and RFC 5155 7.2 ask for."""
    names = [owner for owner, _ in pair.ours.path] + [str(pair.question.qname)]
    is_dname = any(rtype == "DNAME" for _, rtype in pair.ours.path)
    is_wild = any(name.startswith("*.") for name in names)
    is_left_out = ".down.cuts.example." in f".{names[-1]}".lower()
    if not (is_dname or is_wild or is_left_out):
        return None
    return replace(
        pair,
        ours=only(pair.ours, "authority", _is_no_proof),
        theirs=only(pair.theirs, "authority", _is_no_proof),
    )


def _proofs_beside_answers(pair: Pair) -> Pair | None:
    """What a server that is asked for an HTTPS has no use for."""
    theirs = only(pair.theirs, "additional", _is_no_proof)
    return replace(pair, theirs=theirs)


def _is_no_proof(record: Record) -> bool:
    return record.rtype not in _DENIALS and _covered(record) not in _DENIALS


def _covered(record: Record) -> str:
    """The type that an RRSIG is for."""
    return record.rdata.split(" ")[0] if record.rtype == "RRSIG" else ""


SIGNED_TABLE = (
    *TABLE,
    Difference(
        "no signatures of NS beside answers",
        frozenset({"nsd"}),
        "As without signatures: who asks us has the NS already.",
        _apex_ns_signatures,
    ),
    Difference(
        "proofs behind DNAME, and of wildcards by their name",
        frozenset({"nsd"}),
        "NSD denies a closer name to who asks for a wildcard itself, leaves out what RFC 4035"
        " 3.1.3.4 asks for behind a DNAME, and near empty non-terminals that opt-out leaves"
        " out the closest provable encloser (RFC 5155 7.2.1). Knot and BIND agree with us.",
        _other_proofs,
    ),
    Difference(
        "no proofs in the additional section",
        frozenset({"knot"}),
        "RFC 4035 3.1.1 asks for signatures there, and for no proofs. Knot adds that of the"
        " target of an HTTPS or SVCB.",
        _proofs_beside_answers,
    ),
)


def compared(question: Question, ours: Answer, theirs: Answer) -> Pair:
    """Two answers, but for the order of signatures."""
    return _signatures_follow(Pair(question, ours, theirs))
