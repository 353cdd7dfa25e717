"""Lists of `tag=value`, the form that DKIM gave to all later policies (RFC 6376 3.2)."""

import re
from dataclasses import dataclass

_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)\s*=\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags in order, names in lower case; `junk` are the pieces that are no tag."""

    pairs: tuple[tuple[str, str], ...]
    junk: tuple[str, ...]

    def find(self, name: str) -> str | None:
        """The value of a tag, the first if it stands twice."""
        return next((value for tag, value in self.pairs if tag == name), None)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Tags that stand more than once, each once."""
        names = [name for name, _ in self.pairs]
        if len(set(names)) == len(names):
            return ()
        return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))


def parse_tags(text: str) -> Tags:
    """Read a list of tags. Empty pieces between semicolons mean nothing."""
    pairs, junk = [], []
    for piece in filter(None, (each.strip() for each in text.split(";"))):
        if tag := _TAG.fullmatch(piece):
            pairs.append((tag[1].lower(), tag[2]))
        else:
            junk.append(piece)
    return Tags(tuple(pairs), tuple(junk))
