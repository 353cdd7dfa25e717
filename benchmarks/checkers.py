"""What checkers of zone files find: those that are installed beside ours, on the same files.

    python -m benchmarks.checkers [FOLDER]

FOLDER holds master files with one mistake each, and such without any, whose names begin with
`good-`. A file `cases.json` in it may say more: a list of {id, file, origin, expected, code},
where `expected` is error (must not load), warning, hint or ok. Without a folder, the bad and
the good zones of our own rule pages are written as master files, as far as that is possible.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from zoneserver import __version__
from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import LEVELS, Level
from zoneserver.names import Name
from zoneserver.service.checking.pages import DEFAULTS, Page, read_pages
from zoneserver.zonefile.export import write_master
from zoneserver.zonefile.master import find_origin
from zoneserver.zonefile.yaml_zone import read_yaml_zone

SECONDS = 60  # for one file; a checker that hangs has said nothing
AT_ONCE = 4

# Everything that named-checkzone can refuse: -k fail, -m fail and so on.
STRICT = tuple(word for flag in "kmMnrS" for word in (f"-{flag}", "fail"))
OCTODNS = """\
manager: {{validators: {{enabled: [{sets}]}}}}
providers:
  files: {{class: octodns_bind.ZoneFileSource, directory: {folder}, file_extension: .zone}}
  nowhere: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/out}}
zones:
  {origin}: {{sources: [files], targets: [nowhere]}}
"""


class Case(NamedTuple):
    """One zone; `expected` is error, warning, hint or ok, or empty where nobody knows."""

    file: Path
    origin: str
    expected: str
    code: str = ""


class Verdict(NamedTuple):
    """What a checker makes of a zone: does it say anything, does it refuse it?"""

    says: bool
    blocks: bool


# A checker looks at a case, with a folder of its own for what it has to write.
Check = Callable[[Case, Path], Verdict]


class Checker(NamedTuple):
    """One way to call a program; `version` is a command that tells it."""

    name: str
    program: str
    version: Sequence[str]
    check: Check


def run(*command: str) -> tuple[int, str]:
    """The exit status of a command and all that it prints."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            text=True,
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 0, ""
    return done.returncode, done.stdout + done.stderr


def named(*flags: str) -> Check:
    """BIND's checker with some flags. Like all the others it asks nobody (-i local)."""
    usual = re.compile(r"zone \S+: loaded serial \d+( \(DNSSEC signed\))?|OK|")

    def check(case: Case, _folder: Path) -> Verdict:
        status, text = run(
            "named-checkzone", "-i", "local", *flags, case.origin, str(case.file)
        )
        remarks = [line for line in text.splitlines() if not usual.fullmatch(line)]
        return Verdict(bool(remarks), status != 0)

    return check


def nsd(case: Case, _folder: Path) -> Verdict:
    """NSD's checker."""
    status, text = run("nsd-checkzone", case.origin, str(case.file))
    return Verdict(re.fullmatch(r"zone \S+ is ok\n", text) is None, status != 0)


def knot(case: Case, _folder: Path) -> Verdict:
    """Knot's checker, which is silent about a good zone."""
    status, text = run("kzonecheck", "-o", case.origin, str(case.file))
    return Verdict(bool(text.strip()), status != 0)


def powerdns(case: Case, folder: Path) -> Verdict:
    """PowerDNS's checker, with its BIND backend around the file.

    That backend has every delegation remarked on, and never blames the zone for it.
    """
    origin = case.origin.rstrip(".")
    named_conf = f'zone "{origin}" {{ type master; file "{case.file}"; }};\n'
    (folder / "named.conf").write_text(named_conf)
    (folder / "pdns.conf").write_text(f"launch=bind\nbind-config={folder}/named.conf\n")
    status, text = run("pdnsutil", f"--config-dir={folder}", "check-zone", origin)
    remarks = [line for line in text.splitlines() if line.startswith(("[Error]", "[Warning]"))]
    about_zone = [line for line in remarks if " is auth=0, " not in line]
    return Verdict(bool(about_zone), status != 0 and (bool(about_zone) or not remarks))


def octodns(sets: str) -> Check:
    """The validators of octoDNS, sets of them, in a plan that goes nowhere."""

    def check(case: Case, folder: Path) -> Verdict:
        shutil.copy(case.file, folder / f"{case.origin}zone")
        configuration = OCTODNS.format(sets=sets, folder=folder, origin=case.origin)
        (folder / "octodns.yaml").write_text(configuration)
        file = str(folder / "octodns.yaml")
        status, _ = run("octodns-sync", "--quiet", "--config-file", file)
        return Verdict(status != 0, status != 0)

    return check


def ours(case: Case, _folder: Path) -> Verdict:
    """Our checker. Hints count where they are about the very mistake of the case."""
    command = (sys.executable, "-m", "zoneserver", "check", "--format", "json")
    status, text = run(*command, "--origin", case.origin, str(case.file))
    findings = json.loads(text)["findings"]
    said = [each for each in findings if each["level"] != "hint" or each["code"] == case.code]
    return Verdict(bool(said), status != 0)


CHECKERS = (
    Checker("zoneserver check", sys.executable, ("echo", __version__), ours),
    Checker("named-checkzone", "named-checkzone", ("named-checkzone", "-v"), named()),
    Checker(
        "named-checkzone, strict", "named-checkzone", ("named-checkzone", "-v"), named(*STRICT)
    ),
    Checker("nsd-checkzone", "nsd-checkzone", ("nsd", "-v"), nsd),
    Checker("kzonecheck", "kzonecheck", ("kzonecheck", "-V"), knot),
    Checker("pdnsutil check-zone", "pdnsutil", ("pdnsutil", "--version"), powerdns),
    Checker(
        "octoDNS, strict", "octodns-sync", ("octodns-sync", "--version"), octodns("strict")
    ),
    Checker(
        "octoDNS, strict and best-practice",
        "octodns-sync",
        ("octodns-sync", "--version"),
        octodns("strict, best-practice"),
    ),
)


def read_cases(folder: Path) -> Iterator[Case]:
    """The zones of a folder."""
    index = folder / "cases.json"
    if index.exists():
        for case in json.loads(index.read_text("utf-8")):
            path = (folder / case["file"]).resolve()
            yield Case(path, case["origin"], case["expected"], case["code"])
        return
    for path in sorted([*folder.glob("*.zone"), *folder.glob("*.db")]):
        origin = find_origin(path.read_bytes()) or Name.parse(f"{path.stem}.")
        expected = "ok" if path.name.startswith("good-") else ""
        yield Case(path.resolve(), str(origin), expected)


def write_cases(folder: Path) -> Iterator[Case]:
    """The zones of the rule pages as master files."""
    for page in read_pages().values():
        if page.others or page.served or not page.defaults or page.code.startswith("WV"):
            continue  # the mistake is not in the records of one zone
        if not CATALOGUE[page.code].default:
            continue
        for name, zone in (("bad", page.bad), ("good", page.good)):
            text = zone if page.master else _as_master(page, zone)
            if text is None:
                break  # it is in the YAML, and no master file has it
            path = folder / f"{name}-{page.code}.zone"
            path.write_text(text)
            level = str(LEVELS[CATALOGUE[page.code].level])
            is_bad = name == "bad"
            yield Case(
                path, page.origin, level if is_bad else "ok", page.code if is_bad else ""
            )


def _as_master(page: Page, zone: str) -> str | None:
    file, octets = f"{page.origin}yaml", zone.encode()
    source = read_yaml_zone(Name.parse(page.origin), {file: octets}, _no_include, DEFAULTS)
    lost = any(each.level is Level.ERROR or each.code == page.code for each in source.findings)
    return None if lost or source.mta_sts else write_master(source.origin, source.records)


def _no_include(path: str) -> bytes:
    raise FileNotFoundError(path)


def compare(checker: Checker, cases: Sequence[Case]) -> str:
    """One row of the table."""
    if shutil.which(checker.program) is None:
        return f"| {checker.name} | not installed | | | |"

    def check(case: Case) -> Verdict:
        with tempfile.TemporaryDirectory() as folder:
            return checker.check(case, Path(folder))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        verdicts = dict(zip(cases, pool.map(check, cases), strict=True))
    said = [case for case in cases if any(verdicts[case])]
    alarms = sum(1 for case in said if case.expected == "ok")
    says = len(said) - alarms
    blocks = sum(1 for case in said if must_not_load(case) and verdicts[case].blocks)
    version = re.search(r"\d+\.\d+(\.\d+)*", run(*checker.version)[1])
    number = version[0] if version else "unknown"
    return f"| {checker.name} | {number} | {says} | {blocks} | {alarms} |"


def must_not_load(case: Case) -> bool:
    """Whether a checker ought to refuse the zone; where nobody knows, it may."""
    return case.expected in {"error", ""}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, nargs="?")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as temporary:
        cases = list(read_cases(folder) if folder else write_cases(Path(temporary)))
        good = sum(1 for case in cases if case.expected == "ok")
        refused = sum(1 for case in cases if must_not_load(case))
        print(f"{datetime.now(UTC):%Y-%m-%d}\n")
        print(
            f"| checker | version | says something (of {len(cases) - good})"
            f" | refuses (of {refused} that must not load) | false alarms (of {good}) |"
        )
        print("| --- | --- | ---: | ---: | ---: |")
        for checker in CHECKERS:
            print(compare(checker, cases), flush=True)


if __name__ == "__main__":
    main()
