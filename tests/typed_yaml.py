"""YAML as editors see it: values typed by the core schema of YAML 1.2, keys all text."""

import re
from typing import Any

import yaml

# https://yaml.org/spec/1.2.2/ 10.3.2, the part of it that zone files meet.
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def typed(text: str) -> Any:
    """The value of a document; merge keys are filled in, tags give null."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert node is not None
    return _value(node)


def _value(node: yaml.Node) -> Any:
    if node.tag.startswith("!"):
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        pairs: dict[str, Any] = {}
        for key, value in node.value:
            if key.value == "<<":
                pairs = {**_value(value), **pairs}
            else:
                pairs[key.value] = _value(value)
        return pairs
    assert isinstance(node, yaml.ScalarNode)
    return node.value if node.style else _plain(node.value)


def _plain(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
