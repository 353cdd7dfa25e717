"""The certificate for DNS over TLS: when it is read, what is refused, what is warned of."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.certificates import Pair as Made
from tests.certificates import make_pair
from tests.figures import Figures
from tests.logs import read_log
from zoneserver.errors import CertificateError
from zoneserver.service.running.certificates import CertificateKeeper, Pair, read_pair
from zoneserver.service.running.validity import Validity, read_validity
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.tls import Tls, TlsSettings

OLD, NEW = make_pair(), make_pair()
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Kept:
    """A keeper of the certificate in a folder, a clock to turn, and what it has shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.shown: list[Pair] = []
        self.keeper = CertificateKeeper(settings(folder), self.show, lambda: self.now)

    def show(self, pair: Pair, validity: Validity) -> None:
        """What the keeper tells of a new one."""
        assert validity == read_validity(pair.certificate.encode("latin-1"))
        self.shown.append(pair)

    def look_twice(self) -> None:
        """Let a change stand still."""
        self.keeper.look()
        self.keeper.look()


def settings(folder: Path) -> TlsSettings:
    """The files of a folder, as `Made.write` names them."""
    endpoint = Endpoint("127.0.0.1", 0)
    return TlsSettings((endpoint,), folder / "fullchain.pem", folder / "privkey.pem")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """A certificate that is read at once."""
    OLD.write(tmp_path)
    made = Kept(tmp_path)
    made.keeper.look()
    return made


def text(pair: Made) -> Pair:
    """A pair as it goes to the workers."""
    return Pair(pair.certificate.decode(), pair.key.decode())


def test_first_one_is_read_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says until when it is valid."""
    OLD.write(tmp_path)
    kept = Kept(tmp_path)
    kept.keeper.look()
    assert [text(OLD)] == kept.shown
    end = read_validity(OLD.certificate).end
    assert f"certificate {tmp_path}/fullchain.pem valid until {end}\n" == read_log(caplog)


def test_words_around_pem_may_be_in_any_encoding(tmp_path: Path) -> None:
    """They are passed on as they are."""
    Made(b"M\xfcller\n" + OLD.certificate, OLD.key).write(tmp_path)
    kept = Kept(tmp_path)
    kept.keeper.look()
    tls = Tls()
    kept.shown[0].show(tls)
    assert tls.begin()


def test_new_one_is_shown_once_it_has_stood_still(kept: Kept) -> None:
    """At the second look; then nothing more, though the same is written again."""
    NEW.write(kept.folder)
    kept.keeper.look()
    assert [text(OLD)] == kept.shown
    kept.keeper.look()
    assert [text(OLD), text(NEW)] == kept.shown
    NEW.write(kept.folder)
    kept.look_twice()
    assert [text(OLD), text(NEW)] == kept.shown


def test_links_are_followed(tmp_path: Path) -> None:
    """Certbot's `live` folder holds links, of which it renews one after the other."""
    for name, pair in (("1", OLD), ("2", NEW)):
        (tmp_path / name).mkdir()
        pair.write(tmp_path / name)
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / name).symlink_to(f"1/{name}")
    kept = Kept(tmp_path)
    kept.keeper.look()
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / "new").symlink_to(f"2/{name}")
        (tmp_path / "new").replace(tmp_path / name)
        kept.keeper.look()
    assert [text(OLD)] == kept.shown
    kept.keeper.look()
    assert [text(OLD), text(NEW)] == kept.shown


BOTH = "fullchain.pem with the key {}/privkey.pem: "
BROKEN = {
    "the key of another": (
        Made(NEW.certificate, OLD.key),
        BOTH + "the key is not that of the certificate",
    ),
    "no certificate": (
        Made(b"nothing", OLD.key),
        "fullchain.pem: there is no line `-----BEGIN",
    ),
    "no key": (Made(NEW.certificate, b"nothing"), "privkey.pem: there is no line `PRIVATE KEY"),
    "cut": (Made(NEW.certificate[:400], NEW.key), BOTH + "their PEM is damaged"),
    "encrypted": (make_pair(password=b"secret"), BOTH + "the key is encrypted: write it out"),
}


@pytest.mark.parametrize(("pair", "reason"), BROKEN.values(), ids=BROKEN)
def test_broken_one_keeps_the_old_one(
    kept: Kept, pair: Made, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says once which files and why, never what is in them; then the mend counts."""
    caplog.clear()
    pair.write(kept.folder)
    kept.look_twice()
    kept.look_twice()
    (line,) = read_log(caplog).splitlines()
    folder = kept.folder
    assert line.startswith(f"error: {folder}/{reason.format(folder)}")
    assert line.endswith("; until that is mended, the certificate in use stays")
    assert "BEGIN PRIVATE" not in line
    assert [text(OLD)] == kept.shown
    NEW.write(folder)
    kept.look_twice()
    assert [text(OLD), text(NEW)] == kept.shown


def test_files_that_are_gone(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    """What is in use stays."""
    caplog.clear()
    (kept.folder / "privkey.pem").unlink()
    kept.look_twice()
    line = read_log(caplog)
    assert line.startswith(f"error: {kept.folder}/privkey.pem: ")
    assert "No such file" in line
    assert [text(OLD)] == kept.shown


def test_what_failed_is_tried_again_after_an_hour(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the files were not to blame, nothing about them changes."""
    NEW.write(kept.folder)

    def refuse(*_: object) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("zoneserver.service.running.certificates.read_file", refuse)
        kept.look_twice()
    assert "Permission denied: let a group of the user" in caplog.text
    kept.now += timedelta(minutes=59)
    kept.look_twice()
    assert [text(OLD)] == kept.shown
    kept.now += timedelta(minutes=2)
    kept.look_twice()
    assert [text(OLD), text(NEW)] == kept.shown


def test_none_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It may be one that only this server's zones can help to get: it is waited for."""
    kept = Kept(tmp_path)
    kept.look_twice()
    assert "until that is mended, there is no DNS over TLS" in read_log(caplog)
    assert kept.keeper.pair is None
    OLD.write(tmp_path)
    kept.look_twice()
    assert [text(OLD)] == kept.shown


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o600, []),
        (0o640, []),
        (0o660, []),
        (0o644, ["warning: ", "every user of this host can read the key: chmod o= "]),
        (0o602, ["error: ", "every user of this host can write it", "chmod 600"]),
        (0o666, ["error: ", "every user of this host can write it", "chmod 600"]),
    ],
    ids=["600", "640", "660", "644", "602", "666"],
)
def test_mode_of_the_key(
    tmp_path: Path,
    mode: int,
    words: list[str],
    caplog: pytest.LogCaptureFixture,
    figures: Figures,
) -> None:
    """Acceptance 84: readable by everybody is warned of, writable by everybody refused."""
    _, key = OLD.write(tmp_path)
    key.chmod(mode)
    kept = Kept(tmp_path)
    kept.keeper.look()
    lines = read_log(caplog).splitlines()
    said = [line for line in lines if not line.startswith("certificate")]
    assert bool(words) == bool(said)
    assert all(word in said[0] for word in words)
    assert (0 if mode & 0o002 else 1) == len(kept.shown)
    if mode in {0o644, 0o666}:
        what = "used, and warned of" if kept.shown else "refused"
        figures.add(f"84 a TLS key of mode {mode:04o}", what)
    key.chmod(0o600)
    kept.look_twice()
    assert [text(OLD)] == kept.shown


@pytest.mark.parametrize(
    ("age", "days", "notice"),
    [(60, 30, 14), (1, 89, 14), (3, 3, 1.2), (300, 65, 14)],
    ids=["90 days", "new", "6 days", "a year"],
)
def test_end_is_warned_of(
    tmp_path: Path, age: int, days: int, notice: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Once a day from 14 days before, or from the last fifth of a short life; then its end."""
    make_pair(age=age, days=days).write(tmp_path)
    kept = Kept(tmp_path)
    kept.keeper.look()
    end = read_validity((tmp_path / "fullchain.pem").read_bytes()).end
    kept.now = end - timedelta(days=notice) - timedelta(minutes=1)
    kept.look_twice()
    assert "expire" not in read_log(caplog)
    kept.now += timedelta(minutes=2)
    kept.look_twice()
    kept.now += DAY / 2
    kept.look_twice()
    left = int(notice - 1e-6)
    unit = "day" if left == 1 else "days"
    assert [
        f"warning: certificate {tmp_path}/fullchain.pem expires on {end}, in {left} {unit}"
    ] == read_log(caplog).splitlines()
    kept.now = end + DAY
    kept.look_twice()
    assert [f"error: certificate {tmp_path}/fullchain.pem has expired on {end}"] == (
        read_log(caplog).splitlines()
    )
    NEW.write(tmp_path)
    kept.now = NOW
    kept.look_twice()
    assert "expire" not in read_log(caplog)


def test_key_is_in_no_representation() -> None:
    """A traceback must not tell it."""
    assert "PRIVATE" not in repr(text(OLD))


def test_validity_of_any_century() -> None:
    """RFC 5280 4.1.2.5: from 2050 on a year has four digits."""
    days = (datetime(2060, 1, 2, tzinfo=UTC) - NOW) / DAY
    assert 2060 == read_validity(make_pair(days=days).certificate).end.year
    assert (
        1990 == read_validity(make_pair(age=(NOW.year - 1990) * 365.25).certificate).begin.year
    )


@pytest.mark.parametrize("cut", [0, 30, 200, 500])
def test_validity_of_what_is_cut(cut: int) -> None:
    """An error of ours, whatever is missing."""
    body = OLD.certificate[: 28 + cut] + b"\n-----END CERTIFICATE-----\n"
    with pytest.raises(CertificateError, match="it cannot be told how long"):
        read_validity(body if cut < 500 else b"nothing")


def test_fifo_does_not_block(tmp_path: Path) -> None:
    """Nor does anything else that is no file."""
    OLD.write(tmp_path)
    (tmp_path / "privkey.pem").unlink()
    os.mkfifo(tmp_path / "privkey.pem")
    with pytest.raises(CertificateError, match="no regular file"):
        read_pair(settings(tmp_path))
