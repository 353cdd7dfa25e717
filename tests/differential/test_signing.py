"""The zones of the suite, signed by our server: what others make of them.

Unbound and delv validate our answers, the tools of four projects the zones, DNSViz both; and
NSD and Knot, which take the zones from us, answer as we do.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.zone
import pytest

from tests.differential import signing
from tests.differential.comparison import Summary
from tests.differential.messages import NO_ANSWER, Answer, Question, Record, ask
from tests.differential.signing import PROOFS, SIGNED_TABLE, SigningServers, compared
from tests.figures import Figures
from tests.peers.secondaries import KnotSecondary, NsdSecondary, Secondary
from tests.peers.server import LOOPBACK
from tests.peers.unbound import Unbound, validating
from tests.servers import running, write_zones
from zoneserver.dnssec.keys import SigningKey
from zoneserver.names import Name
from zoneserver.records.rdata import DS
from zoneserver.service.keeping.zone_keys import read_life

pytestmark = pytest.mark.skipif(
    sys.gettrace() is not None, reason="nothing to be covered; CI runs it beside that"
)

AT_ONCE = 8
TRIES = 5
SILENCE = "nothing"
MOST_LABELS = 40  # resolvers hash only so many names for one answer (CVE-2023-50868)
NO_ANSWERS = frozenset({SILENCE, "SERVFAIL"})
DELV_QUESTIONS = signing.QUESTIONS // 10  # each takes a process
MOST_SHOWN = 10
# Beside the zones there is nothing: aliases that lead elsewhere end there.
WORLD = ". 60 IN SOA . . 1 60 60 60 60\n. 60 IN NS localhost.\n"
AROUND = """\
server:
    local-zone: "2.0.192.in-addr.arpa." nodefault
    aggressive-nsec: no
{anchors}
auth-zone:
    name: "."
    zonefile: "{world}"
    for-downstream: no
    for-upstream: yes
    fallback-enabled: no
"""


@pytest.fixture(scope="module", params=PROOFS)
def proof(request: pytest.FixtureRequest) -> str:
    """Each way to prove absence."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def ours(
    parsed_zones: Mapping[str, dns.zone.Zone],
    proof: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SigningServers]:
    """Our server, in both engines."""
    folder = tmp_path_factory.mktemp("signing")
    with signing.signing(parsed_zones, folder, proof) as servers:
        yield servers


@pytest.fixture(scope="module")
def answers(
    parsed_zones: Mapping[str, dns.zone.Zone], ours: SigningServers
) -> list[tuple[Question, Answer]]:
    """What is asked, and what we say."""
    asked = signing.questions(parsed_zones)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(
            zip(asked, pool.map(lambda q: ask(q, ours.native.port), asked), strict=True)
        )


def test_engines_agree(answers: list[tuple[Question, Answer]], ours: SigningServers) -> None:
    """Signatures and all."""
    for question, answer in answers:
        assert answer == ask(question, ours.portable.port), question


@pytest.mark.parametrize("kind", [NsdSecondary, KnotSecondary], ids=lambda kind: kind.name)
def test_secondaries_answer_as_we_do(
    answers: list[tuple[Question, Answer]],
    ours: SigningServers,
    kind: type[Secondary],
    tmp_path: Path,
    figures: Figures,
) -> None:
    """Acceptance 112: they have all that it takes from the transfer, and use it alike."""
    if not kind.found():
        pytest.skip(f"{kind.binary} not found: install Debian package {kind.package}")
    summary = Summary(kind.name)
    with (
        kind(tmp_path, ours.origins, ours.native.port) as peer,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        theirs = pool.map(lambda each: _ask_again(each[0], peer.port), answers)
        for (question, answer), their in zip(answers, theirs, strict=True):
            summary.count(compared(question, answer, their), SIGNED_TABLE)
    shown = "\n\n".join(summary.unexplained[:MOST_SHOWN])
    assert not summary.unexplained, (
        f"{len(summary.unexplained)} unexplained, of which:\n{shown}"
    )
    alike = summary.equal + summary.explained
    figures.add(
        f"112 signed by us ({ours.proof}), transferred to {kind.name}",
        f"{alike} of {alike} alike",
    )


def _ask_again(question: Question, port: int) -> Answer:
    """What a server says which may have closed a connection, to take up a zone that came."""
    asked = (ask(question, port) for _ in range(TRIES))
    return next((each for each in asked if each.rcode != NO_ANSWER), Answer(NO_ANSWER))


def test_unbound_validates(
    answers: list[tuple[Question, Answer]],
    ours: SigningServers,
    tmp_path: Path,
    figures: Figures,
) -> None:
    """Nothing of it is bogus, and all is proven that RFC 5155 9.2 lets be called so."""
    asked = sorted(
        {each for answer in answers if (each := _ask_resolver(*answer, ours.origins))}
    )
    first, *others = ours.origins
    anchors = [f"{origin} DS {ours.ds(origin).text}" for origin in ours.origins]
    world = tmp_path / "world"
    world.write_text(WORLD)
    around = AROUND.format(
        anchors="\n".join(f'    trust-anchor: "{each}"' for each in anchors[1:]), world=world
    )
    port = ours.native.port
    with (
        validating(
            tmp_path / "unbound", first, anchors[0], port,
            below=dict.fromkeys(others, port), more=around,
        ) as resolver,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):  # fmt: skip
        said = dict(zip(asked, pool.map(partial(_hear, resolver), asked), strict=True))
    failed = {each: rcode for each, (rcode, _) in said.items() if rcode in NO_ANSWERS}
    assert not failed
    assert not resolver.bogus
    unproven = [each for each, (_, is_proven) in said.items() if not is_proven]
    assert ours.proof == "opt-out" or not unproven
    figures.add(f"112 signed by us ({ours.proof}), asked of Unbound", f"{len(asked)}, 0 bogus")


def _hear(resolver: Unbound, question: tuple[str, str]) -> tuple[str, bool]:
    """What a resolver says, or that it does not."""
    try:
        return resolver.ask(*question)
    except dns.exception.Timeout:
        return SILENCE, False


def _ask_resolver(
    question: Question, ours: Answer, origins: list[str]
) -> tuple[str, str] | None:
    """What a resolver is asked, for it to look at an answer of ours; None: it sees none.

    Of what is delegated there is the DS, or that there is none. Of aliases that lead away there
    is the first.
    """
    if "AA" not in ours.flags:
        cut = next(record.owner for record in ours.authority if record.rtype == "NS")
        return cut, "DS"
    if len(question.qname) > MOST_LABELS:
        return None
    names = {str(question.qname).lower()}
    names |= {record.rdata for record in ours.answer if record.rtype == "CNAME"}
    if question.qtype == "DS" and names.intersection(origins):
        return None  # that is for the parent to say
    is_alias = any(rtype == "CNAME" for _, rtype in ours.path)
    is_negative = any(record.rtype == "SOA" for record in ours.authority)
    # Below a DNAME Unbound takes no answer to who asks for a DNAME, whoever serves the zone.
    if is_alias and question.qtype == "DNAME":
        return ours.path[0]
    if is_alias and not is_negative and not _leads_to_an_answer(question, ours.answer):
        return ours.path[0]
    return str(question.qname), question.qtype


def _leads_to_an_answer(question: Question, answer: tuple[Record, ...]) -> bool:
    return question.qtype != "CNAME" and any(each.rtype == question.qtype for each in answer)


# What is wrong with the zones of the suite beside signatures is not for these to say.
_PLAIN = [word for flag in "kmMnrSTW" for word in (f"-{flag}", "ignore")]
VERIFIERS = {
    "ldns-verify-zone": ("ldnsutils", ["{path}"]),
    "kzonecheck": ("knot-dnssecutils", ["-o", "{origin}", "-d", "on", "{path}"]),
    "named-checkzone": ("bind9-utils", ["-i", "none", *_PLAIN, "{origin}", "{path}"]),
    "dnssec-verify": ("bind9-utils", ["-z", "-o", "{origin}", "{path}"]),
}

# It never ends where a zone with NSEC3 and a digest has names that a delegation hides; without
# the digest it accepts this one.
ENDLESS = ("ldns-verify-zone", "nsec3", "cuts.example.")


@pytest.fixture(scope="module")
def transferred(
    ours: SigningServers, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """The zones as a secondary gets them, as master files."""
    folder = tmp_path_factory.mktemp("transferred")
    files = {}
    for origin in ours.origins:
        zone = dns.zone.Zone(origin, relativize=False)
        query = dns.message.make_query(origin, "AXFR")
        dns.query.inbound_xfr(LOOPBACK, zone, query, port=ours.native.port, lifetime=10.0)
        files[origin] = folder / f"{origin}zone"
        zone.to_file(str(files[origin]), relativize=False)
    return files


@pytest.mark.parametrize("tool", VERIFIERS)
def test_others_accept_the_zones(
    tool: str, transferred: Mapping[str, Path], proof: str, figures: Figures
) -> None:
    """Signatures, chains of proofs, and the digest of each zone."""
    package, arguments = VERIFIERS[tool]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed (Debian: {package})")
    if tool == "ldns-verify-zone" and proof == "opt-out":
        pytest.skip("its manual says that it takes opted-out delegations for mistakes")
    looked_at = {o: path for o, path in transferred.items() if (tool, proof, o) != ENDLESS}
    for origin, path in looked_at.items():
        command = [tool, *(each.format(origin=origin, path=path) for each in arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{origin}\n{done.stdout}{done.stderr}"
    accepted = f"{len(looked_at)} of {len(looked_at)} zones accepted"
    figures.add(f"112 signed by us ({proof}), for {tool}", accepted)


def test_delv_validates(
    answers: list[tuple[Question, Answer]],
    ours: SigningServers,
    tmp_path: Path,
    figures: Figures,
) -> None:
    """BIND's validator, straight from the portable engine."""
    if shutil.which("delv") is None:
        pytest.skip("delv is not installed (Debian: bind9-dnsutils)")
    anchors = tmp_path / "anchors"
    anchors.write_text("".join(map(_static_ds, ours.origins, map(ours.ds, ours.origins))))
    asked = sorted(
        {each for answer in answers if (each := _ask_resolver(*answer, ours.origins))}
    )

    def delve(question: tuple[str, str]) -> str:
        qname, qtype = question
        origin = _origin_of(qname, ours.origins)
        where = [f"@{LOOPBACK}", "-p", str(ours.portable.port), "-a", str(anchors)]
        command = ["delv", *where, f"+root={origin}", qname, qtype]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    chosen = asked[:: -(-len(asked) // DELV_QUESTIONS)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = dict(zip(chosen, pool.map(delve, chosen), strict=True))
    for question, text in said.items():
        is_open = ours.proof == "opt-out" and "; unsigned answer" in text  # RFC 5155 9.2
        assert is_open or "fully validated" in text, f"{question}\n{text}"
    figures.add(
        f"112 signed by us ({ours.proof}), asked of delv", f"{len(said)}, all validated"
    )


def _static_ds(origin: str, ds: DS) -> str:
    tag, algorithm, kind, digest = ds.text.split(" ")
    anchor = f'"{origin}" static-ds {tag} {algorithm} {kind} "{digest}"'
    return f"trust-anchors {{ {anchor}; }};\n"


def _origin_of(qname: str, origins: list[str]) -> str:
    name = dns.name.from_text(qname)
    found = [each for each in map(dns.name.from_text, origins) if name.is_subdomain(each)]
    return str(max(found, key=len))


VIZ_ZONE = """
$dnssec: {proof}
'':
  - {{type: NS, values: [ns1.example.com., ns2.example.com.]}}
  - {{type: MX, value: {{preference: 10, exchange: mail.example.com.}}}}
ns1: {{type: A, value: 127.0.0.1}}
ns2: {{type: A, value: 127.0.0.1}}
mail: {{type: A, value: 192.0.2.25}}
'*.w': {{type: MX, value: {{preference: 5, exchange: mail.example.com.}}}}
www: {{type: CNAME, value: mail.example.com.}}
"""
VIZ_NAMES = [f"{label}example.com" for label in ("", "mail.", "www.", "x.w.", "nobody.")]
# As `dnsviz grok`, which in Debian 12 looks for a version that its pygraphviz does not tell.
GROK = """\
import sys, types, pygraphviz
pygraphviz.release = types.SimpleNamespace(version="1.7")
from dnsviz.commands import grok
grok.main(sys.argv)
"""


@pytest.mark.parametrize("proof", PROOFS, indirect=True)
def test_dnsviz_finds_no_error(proof: str, tmp_path: Path, figures: Figures) -> None:
    """Nor anything to warn of; with another key to trust it does."""
    if shutil.which("dnsviz") is None:
        pytest.skip("dnsviz is not installed (Debian: dnsviz python3-pygraphviz)")
    write_zones(tmp_path, example_com=VIZ_ZONE.format(proof=PROOFS[proof]))
    with running(tmp_path, "--state", "state") as server:
        where = f"example.com+:{LOOPBACK}:{server.ports()[0]}"
        probe = ["dnsviz", "probe", "-d", "1", "-4", "-A", "-a", "example.com", "-x", where]
        probed = _run([*probe, *VIZ_NAMES])
    (tmp_path / "probed").write_text(probed)
    life = read_life(tmp_path / "state", Name.parse("example.com."))
    assert life

    assert "" == _grok(tmp_path, life.uses[0].key)
    assert "error" in _grok(tmp_path, SigningKey.generate())
    figures.add(f"112 signed by us ({proof}), for dnsviz", f"{len(VIZ_NAMES)} names, no error")


def _grok(folder: Path, key: SigningKey) -> str:
    """What it has to say of what was probed, for who trusts a key."""
    (folder / "keys").write_text(f"example.com. DNSKEY {key.dnskey.text}\n")
    options = ["-P", "-l", "warning", "-t", str(folder / "keys"), "-r", str(folder / "probed")]
    return _run(["/usr/bin/python3", "-c", GROK, *options, *VIZ_NAMES])


def _run(command: list[str]) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
