"""Which names two versions of a zone differ in."""

import pytest

from tests.zones_text import zone
from zoneserver.errors import ImageError
from zoneserver.image.compare import differing_keys
from zoneserver.image.compile import compile_zone
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name

OLD = "a A 192.0.2.1\nb A 192.0.2.2\nc MX 10 a\nsub NS ns.sub\nns.sub A 192.0.2.3"


def _image(text: str) -> ZoneImage:
    return ZoneImage(memoryview(compile_zone(zone(text))))


@pytest.mark.parametrize(
    ("new", "names"),
    [
        (OLD, []),
        ("\n\n\n" + OLD, []),
        (OLD.replace("192.0.2.2", "192.0.2.9"), ["b"]),
        (OLD + "\naa A 192.0.2.7", ["aa"]),
        (OLD.replace("b A 192.0.2.2\n", ""), ["b"]),
        (OLD + "\nx.y.a TXT deep", ["y.a", "x.y.a"]),
        (OLD + "\nc AAAA 2001:db8::1\n0 A 192.0.2.1\nz A 192.0.2.1", ["0", "c", "z"]),
        (OLD.replace("a A", "A A"), []),
        ("z A 192.0.2.1", ["a", "b", "c", "sub", "ns.sub", "z"]),
    ],
)
def test_differing_names(new: str, names: list[str]) -> None:
    """Wherever they stand in their files, and in both directions."""
    expected = sorted(Name.parse(f"{name}.example.").key for name in names)

    assert expected == sorted(differing_keys(_image(OLD), _image(new)))
    assert expected == sorted(differing_keys(_image(new), _image(OLD)))


@pytest.mark.parametrize("names", [3, 1000])
def test_damaged_image(names: int) -> None:
    """Fewer names than it says, or more, are no zone."""
    image = _image(OLD)
    image.names = names

    with pytest.raises(ImageError):
        differing_keys(image, _image(OLD))
