"""The servers under comparison, started once for the whole suite."""

import os
from collections.abc import Iterator, Mapping
from itertools import chain

import dns.zone
import pytest

from tests.differential import zones
from tests.differential.comparison import Summary
from tests.differential.messages import NO_ANSWER, Answer, Question, ask
from tests.differential.questions import at_random, every_pair, landmarks, names_of
from tests.peers import PEERS, Server, Zoneserver

# To ask more, or to ask others: two variables in the environment.
QUESTIONS = int(os.environ.get("ZONESERVER_DIFFERENTIAL_QUESTIONS", "3000"))
SEED = int(os.environ.get("ZONESERVER_DIFFERENTIAL_SEED", "1034"))
# Every silence costs a timeout; after this many there is nothing more to learn.
MOST_SILENCES = 10

SUMMARIES = pytest.StashKey[list[Summary]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the summaries, which outlive the tests that write them."""
    config.stash[SUMMARIES] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how each peer compared."""
    for summary in config.stash[SUMMARIES]:
        terminalreporter.section(f"ours and {summary.peer}, seed {SEED}")
        terminalreporter.line(str(summary))


@pytest.fixture
def summaries(request: pytest.FixtureRequest) -> list[Summary]:
    """What is printed at the end of the run."""
    return request.config.stash[SUMMARIES]


@pytest.fixture(scope="session")
def parsed_zones() -> Mapping[str, dns.zone.Zone]:
    """Every zone of the suite, by origin."""
    return {origin: zones.read(origin, path) for origin, path in zones.master_files().items()}


@pytest.fixture(scope="session")
def zoneserver(
    parsed_zones: Mapping[str, dns.zone.Zone],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Our server, with the zones as YAML."""
    folder = tmp_path_factory.mktemp("zones")
    files = {origin: zones.write_yaml(zone, folder) for origin, zone in parsed_zones.items()}
    with Zoneserver(tmp_path_factory.mktemp("zoneserver"), files) as server:
        yield server


@pytest.fixture(scope="session", params=PEERS, ids=lambda peer: peer.name)
def peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Each peer in turn, with the zones as master files; skipped if not installed."""
    kind: type[Server] = request.param
    if not kind.found():
        pytest.skip(f"{kind.binary} not found: install Debian package {kind.package}")
    with kind(tmp_path_factory.mktemp(kind.name), zones.master_files()) as server:
        yield server


@pytest.fixture(scope="session")
def our_answers(
    parsed_zones: Mapping[str, dns.zone.Zone], zoneserver: Server
) -> list[tuple[Question, Answer]]:
    """Every question of the suite, with our answer."""
    names = names_of(list(parsed_zones.values()))
    answers = []
    silences = 0
    questions = chain(landmarks(), every_pair(names), at_random(names, SEED, QUESTIONS))
    for question in questions:
        answer = ask(question, zoneserver.port)
        answers.append((question, answer))
        silences += answer.rcode == NO_ANSWER
        if silences > MOST_SILENCES:
            pytest.fail(f"{silences} questions were not answered, lastly {question}")
    return answers
