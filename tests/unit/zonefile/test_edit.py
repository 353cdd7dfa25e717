"""Edits of YAML files: the octets they change, and all those they leave alone."""

import pytest
import yaml

from zoneserver.findings import Mark
from zoneserver.zonefile import pieces
from zoneserver.zonefile.edit import Edit, EditError, apply_edits
from zoneserver.zonefile.pieces import Page
from zoneserver.zonefile.removal import remove_item

FILE = "zones/example.com.yaml"


def apply(text: str, *edits: Edit) -> str:
    """The text with edits."""
    return apply_edits(FILE, text.encode(), edits).decode()


def find(text: str) -> tuple[str, Mark]:
    """A text without its broken bar, and the mark of what stood behind it."""
    before, _, after = text.partition("¦")
    line = before.count("\n") + 1
    return before + after, Mark(FILE, line, len(before) - before.rfind("\n"))


def rewrite(text: str, new: str) -> str | None:
    """The file after the scalar behind the bar was made to say `new`."""
    text, mark = find(text)
    page = Page(FILE, text.encode(), [mark])
    piece = page.find_scalar(mark)
    edit = page.rewrite(piece, new) if piece else None
    return apply(text, edit) if edit else None


def remove(text: str) -> str | None:
    """The file without the item that holds what stands behind the bar."""
    text, mark = find(text)
    edit = remove_item(Page(FILE, text.encode(), [mark]), mark)
    return apply(text, edit) if edit else None


@pytest.fixture(params=["libyaml", "python"])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both scanners of PyYAML count alike."""
    loader = (
        getattr(yaml, "CLoader", yaml.Loader) if request.param == "libyaml" else yaml.Loader
    )
    monkeypatch.setattr(pieces, "_LOADER", loader)


def test_several_edits() -> None:
    """In any order, each at its own place."""
    edits = [Edit(FILE, 6, "c", "C and more"), Edit(FILE, 0, "a", ""), Edit(FILE, 3, "b", "B")]

    assert apply("a: b, c # d\n", *edits) == ": B, C and more # d\n"


def test_no_edits() -> None:
    """Nothing changes; a file keeps its octets, whatever they are."""
    octets = b"\xef\xbb\xbf# \xc3\xa4\r\nx: y\r\n\r\n"

    assert apply_edits(FILE, octets, []) == octets


def test_characters_not_octets() -> None:
    """Offsets count characters behind the byte order mark, as libyaml does."""
    octets = "\ufeff# ä😀\r\nx: y\r\n".encode()

    assert apply_edits(FILE, octets, [Edit(FILE, 9, "y", "ÿ")]) == (
        "\ufeff# ä😀\r\nx: ÿ\r\n".encode()
    )


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(FILE, 3, "c", "x")],
        [Edit(FILE, 4, "b", "x")],
        [Edit(FILE, 99, "b", "x")],
        [Edit(FILE, 0, "a: b", "x"), Edit(FILE, 3, "b", "y")],
        [Edit(FILE, 3, "b", "y"), Edit(FILE, 3, "c", "y")],
    ],
)
def test_what_does_not_fit_is_refused(edits: list[Edit]) -> None:
    """Other text than expected, text beyond the end, text that two edits touch."""
    with pytest.raises(EditError):
        apply("a: b\n", *edits)


def test_a_file_that_is_no_text() -> None:
    """There is nothing to be found in it."""
    with pytest.raises(EditError):
        apply_edits(FILE, b"a: \xff\n", [])


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize(
    ("text", "new", "result"),
    [
        ("x: ¦old # why\n", "new.", "x: new. # why\n"),
        ("x: ¦'old'\n", "new.", "x: 'new.'\n"),
        ('x: ¦"old" # why\n', "new.", 'x: "new." # why\n'),
        ("x: {a: ¦old, b: c}\n", "new.", "x: {a: new., b: c}\n"),
        ("x: [a,¦old]", "new", "x: [a,new]"),
        ("- ¦old", "new", "- new"),
        ("x: &a ¦old\n", "new", None),  # the mark of an anchored scalar is its anchor's
        ("x: ¦&a old # b\n", "new", "x: &a new # b\n"),
        ('x: ¦&a  "old"\n', "new", 'x: &a  "new"\n'),
        ("😀ä: {ä: 'ö', 😀: ¦old}\n", "new", "😀ä: {ä: 'ö', 😀: new}\n"),
        ("# ä\r\nx: ¦old\r\ny: z\r\n", "new", "# ä\r\nx: new\r\ny: z\r\n"),
        ("? ¦old\n: x\n", "new", "? new\n: x\n"),
        # A style that the new text cannot have.
        ("x: ¦old\n", "*.new.", "x: '*.new.'\n"),
        ("x: ¦old\n", "it's", "x: 'it''s'\n"),
        ("x: ¦old\n", "a: b", "x: 'a: b'\n"),
        ("x: ¦'old'\n", "it's", "x: 'it''s'\n"),
        ('x: ¦"old"\n', r"a\.b", "x: 'a\\.b'\n"),
        ('x: ¦"old"\n', '"', "x: '\"'\n"),
        # What cannot be rewritten.
        ("x: ¦|\n  old\n", "new", None),
        ("x: ¦a\n  b\n", "new", None),
        ("x: ¦'a\n  b'\n", "new", None),
        ("x: ¦\n", "new", None),
        ("x: ¦[a]\n", "new", None),
        ("x: ¦{a: b}\n", "new", None),
        ("x: &a b\ny: ¦*a\n", "new", None),
        ("x: a ¦b\n", "new", None),
        ("x: ¦[\n", "new", None),
        ("x: ¦'a\n", "new", None),
    ],
)
def test_rewrite(text: str, new: str, result: str | None) -> None:
    """A scalar says something else; quotes, comments and anchors stay."""
    assert rewrite(text, new) == result


def test_a_file_without_pieces() -> None:
    """What cannot be read, or is nested too deep, has nothing to be rewritten."""
    deep = "x: " + "[" * 40 + "¦a" + "]" * 40

    assert rewrite(deep, "b") is None
    assert rewrite("x: [" * 30_000 + "¦a", "b") is None
    assert remove("x: ¦\x00\n") is None


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize(
    ("text", "result"),
    [
        # Block style: whole lines, with the comment behind the item and those inside it.
        ("x:\n- a\n- ¦b # c\n- d\n", "x:\n- a\n- d\n"),
        ("x:\n  - a\n  # above\n  - ¦b\n\n  # below\ny: z\n",
         "x:\n  - a\n  # above\n\n  # below\ny: z\n"),
        ("x:\n- ¦a\n- b\n", "x:\n- b\n"),
        ("x:\n- a\n- ¦b", "x:\n- a\n"),
        ("x:\r\n- a\r\n- ¦b # c\r\n- d\r\n", "x:\r\n- a\r\n- d\r\n"),
        ("x:\n- p: 1\n  e: a\n- p: 1 # one\n  # two\n  e: ¦a # three\n# four\n- {p: 2, e: b}\n",
         "x:\n- p: 1\n  e: a\n# four\n- {p: 2, e: b}\n"),
        ("x:\n-   e: ¦a\n    p: 1\n\n-   e: b\n", "x:\n\n-   e: b\n"),
        ("x:\n- e: b\n- {e: ¦a,\n   p: 1} # c\ny: z\n", "x:\n- e: b\ny: z\n"),
        ("x:\n- b\n- ¦'a\n  c'\ny: z\n", "x:\n- b\ny: z\n"),
        ("x:\n- b\n- ¦a\n  c\n# d\n", "x:\n- b\n# d\n"),
        # The only value of a record goes with the record.
        ("x:\n- {type: A, value: a}\n- {type: A, value: ¦a}\n", "x:\n- {type: A, value: a}\n"),
        ("x:\n- type: A\n  value: a\n- type: A # b\n  values:\n  - ¦a\n  ttl: 1\ny: z\n",
         "x:\n- type: A\n  value: a\ny: z\n"),
        ("x:\n- type: A\n- type: A\n  values: [¦a]\n", "x:\n- type: A\n"),
        # Flow style: the item and one comma, or its lines.
        ("x: [a, ¦b, c]\n", "x: [a, c]\n"),
        ("x: [a, ¦b]\n", "x: [a]\n"),
        ("x: [¦a, b] # c\n", "x: [b] # c\n"),
        ("x: [a , ¦{e: b, p: 1} , c]\n", "x: [a , c]\n"),
        ("x: [{e: a}, {e: ¦b}]\n", "x: [{e: a}]\n"),
        ("x: [a,\n  ¦b]\ny: z\n", "x: [a]\ny: z\n"),
        ("x: [\n  a, # one\n  ¦b, # two\n  c, # three\n]\n",
         "x: [\n  a, # one\n  c, # three\n]\n"),
        ("x: [\n  a,\n  ¦b # two\n]\n", "x: [\n  a,\n]\n"),
        ("x: [{type: A}, {type: A, values: [¦a]}]\n", "x: [{type: A}]\n"),
        # A list is the whole of an included file.
        ("- a\n- ¦b\n", "- a\n"),
        # Nothing that can go alone, or whose end is not plain.
        ("x: {type: A, value: ¦a}\n", None),
        ("x: [¦a]\n", None),
        ("x: [[¦a]]\n", None),
        ("x:\n- - ¦a\n  - b\n", None),
        ("x:\n-\n  ¦a\n- b\n", None),
        ("x:\n- a\n- ¦&b b\ny: *b\n", None),
        ("x:\n- a\n- {e: ¦a, p: &b b}\n", None),
        ("x:\n- &b a\n- {e: ¦a, p: *b}\n", None),
        ("x:\n- a\n- ¦!include b.yaml\n", None),
        ("x:\n- a\n- e: ¦b\n  p: |\n    c\n\n- d\n", None),
        ("x: [a, # one\n  ¦b, c]\n", None),
        ("x: [a\n  , ¦b # two\n  , c]\n", "x: [a # two\n  , c]\n"),
        ("¦x: [a, b]\n", None),
        ("x: [a, b]\n¦\n", None),
    ],
)  # fmt: skip
def test_remove_item(text: str, result: str | None) -> None:
    """An item goes with its lines; what stands above and below stays as it is."""
    assert remove(text) == result


def test_siblings() -> None:
    """The value of another key in the same mapping."""
    text, mark = find("x: [{p: 10, e: ¦a}, {p: 20}]\n")
    page = Page(FILE, text.encode(), [mark])
    sibling = page.find_sibling(mark, {"p", "q"})

    assert sibling is not None
    assert sibling.text == "10"
    assert page.find_sibling(mark, {"q"}) is None
    assert page.find_sibling(Mark(FILE, 9, 9), {"p"}) is None


def test_a_value_in_a_list_has_no_siblings() -> None:
    """Keys are looked for in a mapping."""
    text, mark = find("x: [p, ¦a]\n")

    assert Page(FILE, text.encode(), [mark]).find_sibling(mark, {"p"}) is None
