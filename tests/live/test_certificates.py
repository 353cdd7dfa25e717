"""TLSA records follow the files of certificates, whatever is done to them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones
from tests.unit.zonefile.keys import CERTIFICATE, DIGEST, NEXT_CERTIFICATE, NEXT_DIGEST, PAIR
from zoneserver.cli import main

ZONE = f"$tlsa: {{host: mail.example.com., certificate: tls/mail.pem}}\n{GOOD_ZONE}"
OWNER = "_25._tcp.mail.example.com"
SECONDS = 20.0
MISTAKES = {
    "nothing": "`tls/mail.pem` holds no certificate",
    CERTIFICATE + PAIR.key.decode(): "cannot be read (it holds a private key)",
    "": "cannot be read (No such file or directory)",  # it is gone
}


def _keys(server: ServerProcess) -> list[str]:
    """The digests that are served; none where the zone is not served at all."""
    answer = server.ask(OWNER, "TLSA").answer
    return [rdata.to_text().split()[-1] for rrset in answer for rdata in rrset]


def _wait_for(server: ServerProcess, digest: str) -> float:
    """Return how long it took until the TLSA was that of a key, in seconds."""
    begin = time.monotonic()
    while _keys(server) != [digest]:
        assert time.monotonic() < begin + SECONDS, server.log.seen
        time.sleep(0.02)
    return time.monotonic() - begin


def _rename_over(path: Path, text: str) -> None:
    new = path.with_name("new.tmp")
    new.write_text(text)
    new.replace(path)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    """A server that watches, and the certificate in its zones folder."""
    folder = tmp_path_factory.mktemp("certificates")
    path = write_zones(folder, example_com=ZONE) / "tls/mail.pem"
    path.parent.mkdir()
    path.write_text(CERTIFICATE)
    with running(folder, watch=True) as server:
        yield server, path


def test_new_certificate(followed: tuple[ServerProcess, Path], figures: Figures) -> None:
    """Put over the old one, by renaming or not."""
    server, path = followed
    _wait_for(server, DIGEST)
    _rename_over(path, NEXT_CERTIFICATE)
    seconds = _wait_for(server, NEXT_DIGEST)
    path.write_text(CERTIFICATE)
    _wait_for(server, DIGEST)

    figures.add("TLSA of a certificate that is replaced", f"served after {seconds:.2f} s")


def test_link_is_turned_as_kubernetes_does(followed: tuple[ServerProcess, Path]) -> None:
    """The files of a secret are links through `..data`."""
    server, path = followed
    for name, text in (("..1", CERTIFICATE), ("..2", NEXT_CERTIFICATE)):
        (path.parent / name).mkdir()
        (path.parent / name / "mail.pem").write_text(text)
    data = path.parent / "..data"
    data.symlink_to("..1")
    path.unlink()
    path.symlink_to("..data/mail.pem")
    _wait_for(server, DIGEST)
    new = path.parent / "..data_tmp"
    new.symlink_to("..2")
    new.replace(data)
    _wait_for(server, NEXT_DIGEST)
    path.unlink()
    path.write_text(CERTIFICATE)
    _wait_for(server, DIGEST)


def test_mistakes_change_nothing(followed: tuple[ServerProcess, Path]) -> None:
    """The old record stays until there is a certificate again; no secret is told to anybody."""
    server, path = followed
    digest, other = DIGEST, NEXT_DIGEST
    for text, words in MISTAKES.items():
        if text:
            _rename_over(path, text)
        else:
            path.unlink()
        line = server.log.wait_for("TL007")
        assert "example.com.yaml:1:47: error TL007" in line
        assert words in line
        assert [digest] == _keys(server)
        digest, other = other, digest
        _rename_over(path, CERTIFICATE if digest == DIGEST else NEXT_CERTIFICATE)
        _wait_for(server, digest)

    assert "PRIVATE" not in str(server.log)


def test_certificates_in_another_folder(tmp_path: Path) -> None:
    """One that the configuration names: at a reload, and from then on it is watched, too.

    Before that the zone is not served, nor is it before there is a file; a restart finds what
    has changed meanwhile.
    """
    zone = ZONE.replace("tls/mail.pem", "../tls/mail.pem")
    write_zones(tmp_path, example_com=zone, example_net=GOOD_ZONE)
    config = tmp_path / "zoneserver.yaml"
    config.write_text("")
    path = tmp_path / "tls/mail.pem"
    path.parent.mkdir()
    path.write_text(CERTIFICATE)
    with running(tmp_path, watch=True) as server:
        assert "it leads out of the folder" in server.log.wait_for("TL007")
        path.unlink()
        config.write_text("certificates: tls\n")
        server.reload()
        assert [] == _keys(server)
        path.write_text(CERTIFICATE)
        _wait_for(server, DIGEST)
        path.write_text(NEXT_CERTIFICATE)
        _wait_for(server, NEXT_DIGEST)
    path.write_text(CERTIFICATE)
    with running(tmp_path) as server:
        _wait_for(server, DIGEST)


@pytest.mark.parametrize("way", ["up", "absolute", "link"])
def test_path_that_leads_out_of_the_folder(tmp_path: Path, way: str, figures: Figures) -> None:
    """Acceptance 67: it has no business there, unless the configuration says so."""
    zones = write_zones(tmp_path, example_com=ZONE)
    other = tmp_path / "mail.pem"
    other.write_text(CERTIFICATE)
    (zones / "tls").mkdir()
    paths = {"up": "../mail.pem", "absolute": str(other), "link": "tls/mail.pem"}
    if way == "link":
        (zones / "tls/mail.pem").symlink_to(other)
    text = ZONE.replace("tls/mail.pem", paths[way])
    (zones / "example.com.yaml").write_text(text)
    config = tmp_path / "zoneserver.yaml"
    config.write_text("")
    words = ["check", str(zones), "--config", str(config)]
    done = CliRunner().invoke(main, words)

    assert 1 == done.exit_code
    assert "example.com.yaml:1:47: error TL007" in done.output
    assert "it leads out of the folder" in done.output
    config.write_text("certificates: .\n")
    done = CliRunner().invoke(main, words)
    assert 0 == done.exit_code, done.output
    figures.add(f"67 certificate by a path: {way}", "refused, unless its folder is configured")
