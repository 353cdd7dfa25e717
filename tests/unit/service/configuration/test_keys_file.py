"""The file of keys: what it may say, who may read it, and that no secret is told."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.figures import Figures
from zoneserver.cli import main
from zoneserver.errors import ConfigurationError
from zoneserver.names import Name
from zoneserver.service.configuration.keys_file import read_keys
from zoneserver.service.configuration.read import FILE, Source, read_configuration
from zoneserver.service.configuration.settings import Settings
from zoneserver.transfer.keys import Key, Keyring

OCTETS = bytes(range(100, 132))
SECRET = base64.b64encode(OCTETS).decode()
A, B = Name.parse("a."), Name.parse("b.")


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A file of keys with this text."""
    path = folder / "keys.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def configure(folder: Path, text: str) -> Settings:
    """The settings of a configuration file with this text, with the keys."""
    (folder / FILE).write_text(text)
    return read_configuration(Source(folder / FILE, {}), keys=True)


def test_keys(tmp_path: Path) -> None:
    """Each has a name, an algorithm and a secret; nothing is to be warned of."""
    long = base64.b64encode(bytes(64)).decode()
    text = f"a.: {{secret: {SECRET}}}\nB.: {{algorithm: HMAC-SHA512, secret: '{long}'}}\n"
    found = read_keys(write(tmp_path, text))

    assert found.warnings == ()
    assert list(found.keyring) == [
        Key(A, "hmac-sha256", OCTETS),
        Key(B, "hmac-sha512", bytes(64)),
    ]
    assert found.keyring.find(B) is found.keyring.get(Name.parse("b."))
    assert found.keyring.find(Name.parse("c.")) is None
    assert (A in found.keyring, "a." in found.keyring, len(found.keyring)) == (True, False, 2)


def test_no_keys(tmp_path: Path) -> None:
    """A file may be empty."""
    assert read_keys(write(tmp_path, "# none yet\n")).keyring == Keyring()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("- a", "1:1", "a mapping is due here"),
        ("a: {secret: x}", "1:1", "final dot"),
        ("a.: x", "1:5", "a mapping is due here"),
        ("a.: {algorithm: hmac-sha256}", "1:1", "a. has no secret"),
        ("a.: {secrets: x}", "1:6", "unknown key 'secrets'"),
        ("a.: {secret: [x]}", "1:14", "one text is due"),
        ("a.: {secret: -secret-}", "1:14", "the secret is no base64: `zoneserver"),
        ("a.: {secret: c2VjcmV0}", "1:14", "the secret has 6 octets; 16 to 1024 are due"),
        (f"a.: {{algorithm: hmac-md5, secret: {SECRET}}}", "1:17", "hmac-md5 is too weak"),
        (f"a.: {{algorithm: hmac-sha1, secret: {SECRET}}}", "1:17", "hmac-sha1 is too weak"),
        (f"a.: {{algorithm: rot13, secret: {SECRET}}}", "1:17", "write one of hmac-sha224, "),
        (f"a.: {{secret: {SECRET}}}\nA.: {{secret: {SECRET}}}", "2:1", "A. stands twice"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, place: str, words: str) -> None:
    """File, line and column, what is wrong, and never the secret."""
    with pytest.raises(ConfigurationError) as caught:
        read_keys(write(tmp_path, text))

    assert f"keys.yaml:{place}: " in str(caught.value)
    assert words in str(caught.value)
    assert not any(each in str(caught.value) for each in (SECRET, "c2VjcmV0", "-secret-"))


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """One line for each."""
    with pytest.raises(ConfigurationError) as caught:
        read_keys(write(tmp_path, "a.: x\nb.: {secret: y}\n"))

    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o600, []),
        (0o640, []),
        (0o644, ["every user of this host can read the keys: chmod 600"]),
        (0o660, ["its group can write the keys: chmod 600"]),
    ],
)
def test_who_may_read(tmp_path: Path, mode: int, words: list[str], figures: Figures) -> None:
    """Acceptance 84: a file that others can read is warned of."""
    warnings = read_keys(write(tmp_path, f"a.: {{secret: {SECRET}}}", mode)).warnings

    assert len(words) == len(warnings)
    assert all(each in text for each, text in zip(words, warnings, strict=True))
    figures.add(
        f"84 file of keys with mode {mode:04o}",
        "taken, " + ("with a warning" if words else "without a word"),
    )


@pytest.mark.parametrize("mode", [0o602, 0o666, 0o622])
def test_who_may_write(tmp_path: Path, mode: int, figures: Figures) -> None:
    """Acceptance 84: a file that everybody can write is refused."""
    path = write(tmp_path, f"a.: {{secret: {SECRET}}}", mode)
    with pytest.raises(ConfigurationError, match="every user of this host can write it"):
        read_keys(path)
    figures.add(f"84 file of keys with mode {mode:04o}", "refused")


def test_short_secret(tmp_path: Path) -> None:
    """It is taken, for the other side may have no better one, and warned of."""
    short = base64.b64encode(bytes(16)).decode()
    (warning,) = read_keys(write(tmp_path, f"a.: {{secret: {short}}}")).warnings

    assert "the secret of a. has 16 octets, and 32 are what hmac-sha256 is worth" in warning


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """One line that names it."""
    with pytest.raises(ConfigurationError, match=r"cannot read .*nosuch: No such file"):
        read_keys(tmp_path / "nosuch")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Not even to who prints all settings."""
    write(tmp_path, f"a.: {{secret: {SECRET}}}")
    settings = configure(tmp_path, "keys: keys.yaml\n")

    assert settings.transfers.keyring.get(A).secret == OCTETS
    assert not any(each in repr(settings) for each in (SECRET, repr(OCTETS)))


def test_keys_are_read_where_they_are_asked_for(tmp_path: Path) -> None:
    """Who checks a zone need not be allowed to read secrets."""
    (tmp_path / FILE).write_text("keys: nosuch\ntransfer: {allow: [{key: a.}]}\n")
    settings = read_configuration(Source(tmp_path / FILE, {}))

    assert (len(settings.transfers.keyring), settings.keys) == (0, tmp_path / "nosuch")


NAMING = """\
keys: keys.yaml
transfer: {allow: [{key: a.}, {key: c.}], notify: [{to: '::1', key: d.}]}
secondary:
  zones: {z.: {from: '::1', key: e., tls: {name: a, certificate: x, key: y}}}
  catalogs:
    y.: {from: '::1', members: {from: '::1', key: f.}, groups: {g: {from: '::1', key: A.}}}
tls: {listen: '[::1]:853', certificate: x, key: y}
"""


def test_keys_that_are_named_must_be_there(tmp_path: Path) -> None:
    """All that are not are told at once; other things that are called `key` are left alone."""
    write(tmp_path, f"a.: {{secret: {SECRET}}}")
    with pytest.raises(ConfigurationError) as caught:
        configure(tmp_path, NAMING)

    missing = f"there is no such key in {tmp_path / 'keys.yaml'}"
    assert str(caught.value).splitlines() == [
        f"{tmp_path / FILE}:2:37: transfer.allow.1.key: c.: {missing}",
        f"{tmp_path / FILE}:2:69: transfer.notify.0.key: d.: {missing}",
        f"{tmp_path / FILE}:4:34: secondary.zones.z..key: e.: {missing}",
        f"{tmp_path / FILE}:6:51: secondary.catalogs.y..members.key: f.: {missing}",
    ]


def test_keys_without_a_file(tmp_path: Path) -> None:
    """Then the key `keys` is what is missing."""
    with pytest.raises(ConfigurationError, match=r"a\.: `keys` names no file of keys"):
        configure(tmp_path, "transfer: {allow: [{key: a.}]}\n")


def test_check_config_reads_them(tmp_path: Path) -> None:
    """And says what the server would warn of."""
    (tmp_path / "zones").mkdir()
    (tmp_path / FILE).write_text(
        "keys: keys.yaml\ntransfer: {allow: [{key: a., from: '::1'}]}\n"
    )
    words = ["check-config", "--config", str(tmp_path / FILE)]
    write(tmp_path, f"a.: {{secret: {SECRET}}}", 0o644)
    warned = CliRunner().invoke(main, words)
    write(tmp_path, "b.: {secret: x}")
    refused = CliRunner().invoke(main, words)

    assert (warned.exit_code, refused.exit_code) == (0, 2)
    assert "warning: " in warned.output
    assert "transfer.allow: {key: a., from: ::1}  # " in warned.output
    assert "keys.yaml:1:14: the secret is no base64" in refused.output
    assert SECRET not in warned.output
