"""Policy texts at names where nobody looks for them."""

from zoneserver.names import Name
from zoneserver.validator.policy.survey import Survey, alias_targets


def is_doubled(owner: Name, origin: Name) -> bool:
    """Whether a name has its origin twice at its end: a final dot was forgotten."""
    twice = origin.key[:-1] + origin.key
    return owner.key.endswith(twice) and len(twice) > 1 and owner.is_below(Name(twice))


def without_doubling(owner: Name, origin: Name) -> Name:
    """The name that was meant by one with its origin twice."""
    return Name.from_labels(owner.labels[: len(owner.labels) - len(origin.labels)])


def is_alias_target(survey: Survey, owner: Name) -> bool:
    """Whether an alias of ours leads to a name: a policy may stand anywhere then."""
    world = survey.world
    return owner in world.index(alias_targets) or world.is_alias_target(owner)
