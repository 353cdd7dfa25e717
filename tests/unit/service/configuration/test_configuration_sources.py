"""Where the configuration comes from: files, variables; and the example with every key."""

import re
from pathlib import Path

import pytest
import yaml

from zoneserver.errors import ConfigurationError
from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.service.configuration.read import (
    FILE,
    Source,
    list_keys,
    list_told,
    list_unknown,
    read_configuration,
    variable,
)
from zoneserver.service.configuration.settings import Settings
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.limits import TcpLimits

EXAMPLE = Path(__file__).parents[4] / "packaging/zoneserver.yaml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / FILE
    path.write_text("nsid: one\nworkers: 3\ndefaults: {ttl: 60}\n")
    return path


def test_variables_win_over_the_file(file: Path) -> None:
    """One by one; what they do not say stays."""
    environment = {
        "ZONESERVER_NSID": "two",
        "ZONESERVER_LISTEN": "127.0.0.1:53, [::1]:53",
        "ZONESERVER_DEFAULTS_SOA_MNAME": "ns1.example.com.",
    }
    settings = read_configuration(Source(file, environment))

    assert (settings.nsid, settings.workers, settings.defaults.ttl) == (b"two", 3, 60)
    assert settings.listen == (Endpoint("127.0.0.1", 53), Endpoint("::1", 53))
    assert settings.defaults.soa.mname == Name.parse("ns1.example.com.")


def test_variables_of_keys_that_python_keeps() -> None:
    """`from` is one; its variable is made of it all the same."""
    settings = read_configuration(Source(None, {"ZONESERVER_PROXY_FROM": "192.0.2.1, ::1"}))

    assert settings.proxies == Networks.parse(["192.0.2.1", "::1"])


def test_variables_do_without_a_file() -> None:
    """As in a container."""
    settings = read_configuration(Source(None, {"ZONESERVER_ZONES": "/zones"}))

    assert settings == Settings(zones=Path("/zones"))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("ZONESERVER_WORKERS", "many", "workers: 'many' is no plain decimal number"),
        ("ZONESERVER_LISTEN", "127.0.0.1:53,x", "listen.*ADDRESS:PORT"),
        ("ZONESERVER_DEFAULTS_SOA_RNAME", "x", "defaults.soa.rname: "),
        ("ZONESERVER_STRICT_START", "yes", "strict_start: write true or false"),
    ],
)
def test_mistake_in_a_variable(file: Path, name: str, text: str, words: str) -> None:
    """It is named, for there is no line."""
    with pytest.raises(ConfigurationError, match=f"^variable {name}: {words}"):
        read_configuration(Source(file, {name: text}))


def test_mistakes_of_both(file: Path) -> None:
    """All at once, whatever they are in."""
    file.write_text("nsidd: x\ndefaults: 3\n")
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(
            Source(file, {"ZONESERVER_WORKERS": "x", "ZONESERVER_DEFAULTS_TTL": "3"})
        )

    assert [line.split(": ")[0] for line in sorted(str(caught.value).splitlines())] == [
        f"{file}:1:1",
        f"{file}:2:11",
        "variable ZONESERVER_WORKERS",
    ]


def test_what_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that is named, the one that the variable names, the one that lies here."""
    monkeypatch.chdir(file.parent)
    other = file.with_name("other.yaml")

    assert Source.find(other, {"ZONESERVER_CONFIG": "x"}).file == other
    assert Source.find(None, {"ZONESERVER_CONFIG": "x"}).file == Path("x")
    assert Source.find(None, {}).file == Path(FILE)


def test_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the defaults hold."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zoneserver.service.configuration.read.FOLDERS", (Path(),))

    assert Source.find(None, {}).file is None
    assert read_configuration(Source(None, {})) == Settings()


def test_what_is_told(file: Path) -> None:
    """Each key with its text and its place."""
    told = list_told(
        Source(file, {"ZONESERVER_WORKERS": "4", "ZONESERVER_DEFAULTS_NS": "a.,b."})
    )

    assert [(each.key, each.value, each.place) for each in told] == [
        ("nsid", "one", f"{file}:1:7"),
        ("workers", "4", "variable ZONESERVER_WORKERS"),
        ("defaults.ttl", "60", f"{file}:3:17"),
        ("defaults.ns", "a., b.", "variable ZONESERVER_DEFAULTS_NS"),
    ]


def test_variables_that_no_key_has() -> None:
    """Kubernetes makes some for a service of our name; they are no mistakes."""
    environment = dict.fromkeys(
        ["ZONESERVER_PORT", "ZONESERVER_SERVICE_HOST", "ZONESERVER_ZONES", "ZONESERVER_CONFIG"],
        "x",
    )

    assert list_unknown(environment) == ["ZONESERVER_PORT", "ZONESERVER_SERVICE_HOST"]


def test_no_two_keys_share_a_variable() -> None:
    """Underscores within keys and between them look the same."""
    names = [variable(route) for route in list_keys()]

    assert len(set(names)) == len(names)


def test_example_has_every_key(tmp_path: Path) -> None:
    """Each once, with a value that can be read; all of them together are sound."""
    text = re.sub(r"^# (?=[ a-z_]+:( |$))", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    keys: dict[tuple[str | int, ...], str] = {
        tuple(each.key.split(".")): each.value
        for each in list_told(Source(_written(tmp_path, text), {}))
    }
    known = set(list_keys())

    assert {
        route for route in known if not any(k[: len(route)] == route for k in keys)
    } == set()
    read_configuration(Source(tmp_path / FILE, {}))


def test_example_shows_the_limits_that_hold(tmp_path: Path) -> None:
    """The numbers that it has in comments are the defaults."""
    text = EXAMPLE.read_text()
    limits = re.sub("^# ", "", text[text.index("# limits:") :], flags=re.MULTILINE)
    shown = read_configuration(Source(_written(tmp_path, limits.split("\n\n")[0]), {}))

    assert shown.rate_limits == RateLimits()
    assert shown.tcp_limits == TcpLimits()


def test_example_says_nothing() -> None:
    """As it is shipped, it changes nothing."""
    assert yaml.safe_load(EXAMPLE.read_text()) is None
    assert read_configuration(Source(EXAMPLE, {})) == Settings(zones=EXAMPLE.parent / "zones")


def _written(folder: Path, text: str) -> Path:
    # An example may show a key in two forms, one below the other; the last one counts.
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    keys = [re.split(r":( |$)", line)[0] for line in lines]
    path = folder / FILE
    pairs = zip(lines, keys, [*keys[1:], ""], strict=True)
    path.write_text("\n".join(line for line, key, following in pairs if key != following))
    return path
