"""`!include` of other YAML files, as octoDNS has it."""

import pytest

from tests.unit.zonefile.yaml_sources import (
    barred,
    errors,
    messages,
    read,
    read_files,
    records,
    unreadable,
)
from zoneserver.findings import Mark

A = "{type: A, value: 192.0.2.1}"


@pytest.mark.parametrize(
    ("text", "includes", "expected"),
    [
        ("x: !include a.yaml", {"a.yaml": A}, {"x 3600 A 192.0.2.1"}),
        ("x: [!include a.yaml]", {"a.yaml": A}, {"x 3600 A 192.0.2.1"}),
        ("x: {<<: !include a.yaml, ttl: 60}", {"a.yaml": A}, {"x 60 A 192.0.2.1"}),
        (
            "x: {type: A, values: !include shared/a.yaml}",
            {"shared/a.yaml": "---\n- 192.0.2.1\n- 192.0.2.2\n"},
            {"x 3600 A 192.0.2.1", "x 3600 A 192.0.2.2"},
        ),
        (
            "x: {type: A, value: !include a.yaml}",
            {"a.yaml": "192.0.2.1"},
            {"x 3600 A 192.0.2.1"},
        ),
        ("!include a.yaml", {"a.yaml": f"x: {A}"}, {"x 3600 A 192.0.2.1"}),
        ("<<: !include a.yaml", {"a.yaml": f"x: {A}\n$ttl: 60"}, {"x 60 A 192.0.2.1"}),
        (
            "x: &a !include a.yaml\ny: *a",
            {"a.yaml": A},
            {"x 3600 A 192.0.2.1", "y 3600 A 192.0.2.1"},
        ),
        (
            "x: !include a.yaml\ny: !include a.yaml",
            {"a.yaml": A},
            {"x 3600 A 192.0.2.1", "y 3600 A 192.0.2.1"},
        ),
        (
            "x: !include [a.yaml, b.yaml]",
            {"a.yaml": "[{type: A, value: 192.0.2.1}]", "b.yaml": "- {type: TXT, value: b}"},
            {"x 3600 A 192.0.2.1", 'x 3600 TXT "b"'},
        ),
        (
            "x: !include [a.yaml, b.yaml]",
            {"a.yaml": "type: A", "b.yaml": "value: 192.0.2.1"},
            {"x 3600 A 192.0.2.1"},
        ),
        # A path is relative to the folder of the file that it stands in.
        (
            "x: !include shared/a.yaml",
            {"shared/a.yaml": "!include deep/b.yaml", "shared/deep/b.yaml": A},
            {"x 3600 A 192.0.2.1"},
        ),
        ("x: !include ../a.yaml", {"../a.yaml": A}, {"x 3600 A 192.0.2.1"}),
        ("x: !include /etc/a.yaml", {"/etc/a.yaml": A}, {"x 3600 A 192.0.2.1"}),
    ],
)  # fmt: skip
def test_include(text: str, includes: dict[str, str], expected: set[str]) -> None:
    """A file, or several, stand where they are named."""
    source = read(text, includes)
    assert source.findings == ()
    assert records(source) == expected


def test_marks_carry_the_included_file() -> None:
    """Its path is shown from where the zone's own file is shown."""
    source = read("x: !include shared/a.yaml", {"shared/a.yaml": "\n" + A})
    assert source.records[1].mark == Mark("zones/shared/a.yaml", 2, 18)
    source = read("x: !include shared/a.yaml", {"shared/a.yaml": "\n{type: A, value: 1.2}"})
    assert source.findings[0].mark == Mark("zones/shared/a.yaml", 2, 18)


def test_file_in_the_current_folder() -> None:
    """A path without a folder stays one."""
    files = {"example.com.yaml": b"x: !include a.yaml"}
    assert read_files(files, {"a.yaml": A}).records[1].mark.file == "a.yaml"


@pytest.mark.parametrize(
    ("text", "includes", "says"),
    [
        ("x: ¦!include a.yaml", {}, "(No such file or directory)"),
        ("x: ¦!include '\\0'", {}, "`\\0` cannot be read"),
        ("x: ¦!include", {}, "cannot be read"),
        ("x: !include [a.yaml, ¦{b: c}]", {"a.yaml": A}, "path of !include is a mapping"),
        ("x: ¦!include {a: b}", {}, "the tag `!include` has no meaning"),
        ("x: ¦!include [a.yaml, b.yaml]", {"a.yaml": A, "b.yaml": "[]"}, "all hold mappings"),
        ("x: ¦!include []", {}, "all hold mappings"),
        ("x: {<<: ¦!include a.yaml}", {}, "cannot be read"),
        ("<<: ¦!include a.yaml", {}, "cannot be read"),
        ("¦!include a.yaml", {}, "cannot be read"),
    ],
)
def test_include_that_fails(text: str, includes: dict[str, str], says: str) -> None:
    """One finding, at the place of the include."""
    text, place = barred(text)
    source = read(text, includes)
    assert errors(source) == [f"{place} SY008"]
    assert says in messages(source)
    assert len(unreadable(source)) == 1


def test_rest_of_the_file_is_read() -> None:
    """A file that is missing takes nothing else with it."""
    source = read(f"x: !include a.yaml\ny: {A}\nz: {{type: MXX}}\n")
    assert errors(source) == ["1:4 SY008", "3:11 SY007"]
    assert records(source) == {"y 3600 A 192.0.2.1"}
    assert unreadable(source) == {"x", "z"}


def test_mistakes_in_the_included_file() -> None:
    """They are found there, and once."""
    source = read(
        "x: !include a.yaml\ny: !include a.yaml\nz: !include b.yaml",
        {"a.yaml": "{type: A, ttl: [", "b.yaml": ""},
    )
    assert [(each.mark.file, each.code) for each in source.findings] == [
        ("zones/a.yaml", "SY008"),
        ("zones/b.yaml", "SY008"),
    ]
    assert unreadable(source) == {"x", "y", "z"}


def test_included_file_of_other_octets() -> None:
    """It must be UTF-8 too."""
    source = read("x: !include a.yaml", {"a.yaml": "x: a\x00"})
    assert [(each.mark.file, each.code) for each in source.findings] == [
        ("zones/a.yaml", "SY008")
    ]


def test_circle() -> None:
    """A file that includes itself, by way of others or not, is named with its way."""
    for includes, circle in (
        ({"a.yaml": "!include a.yaml"}, "zones/a.yaml includes zones/a.yaml"),
        (
            {"a.yaml": "!include b.yaml", "b.yaml": "{<<: !include a.yaml}"},
            "zones/a.yaml includes zones/b.yaml includes zones/a.yaml",
        ),
        ({"a.yaml": "!include example.com.yaml"}, "zones/example.com.yaml includes zones/a"),
    ):
        source = read("x: !include a.yaml", includes)
        assert [finding.code for finding in source.findings] == ["SY008"]
        assert circle in messages(source)
        assert unreadable(source) == {"x"}


def test_depth() -> None:
    """Four files deep are read, five are not."""
    includes = {f"{number}.yaml": f"!include {number + 1}.yaml" for number in range(1, 4)}
    source = read("x: !include 1.yaml", includes | {"4.yaml": A})
    assert records(source) == {"x 3600 A 192.0.2.1"}
    source = read("x: !include 1.yaml", includes | {"4.yaml": "!include 5.yaml", "5.yaml": A})
    assert [(each.mark.file, each.code) for each in source.findings] == [
        ("zones/4.yaml", "SY010")
    ]


def test_include_never_sees_the_same_file_twice() -> None:
    """A file is read once however often it is named, and its size counts each time."""
    seen = []

    class Files(dict[str, str]):
        def __contains__(self, path: object) -> bool:
            seen.append(path)
            return True

        def __getitem__(self, path: str) -> str:
            return "[" + "x, " * 1000 + "]"

    source = read("".join(f"x{number}: !include a.yaml\n" for number in range(200)), Files())
    assert seen == ["a.yaml"]
    assert "SY010" in {finding.code for finding in source.findings}


def test_octets_of_all_files_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MB is for all files of the zone together."""
    monkeypatch.setattr("zoneserver.zonefile.includes.MAX_FILE_OCTETS", 100)
    source = read("x: !include a.yaml", {"a.yaml": "#" * 90})
    assert errors(source) == ["1:4 SY010"]
