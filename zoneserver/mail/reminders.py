"""What no record can do: the mail hosts themselves must know the domain."""

from collections.abc import Iterator

from zoneserver.mail.path import DeliveryPath
from zoneserver.mail.route import Exchanger, Fate, Manner, Route
from zoneserver.mail.words import bare, is_sound, listed
from zoneserver.names import Name
from zoneserver.validator.known import provider_of


def remind(path: DeliveryPath) -> tuple[str, ...]:
    """What to look after on the mail hosts, so that the records do what they promise."""
    if path.fate is Fate.BOUNCED:
        return ()
    return tuple(_remind(path))


def _remind(path: DeliveryPath) -> Iterator[str]:
    if path.address.literal is not None:
        yield f"The machine at {path.address.literal} must take mail for its own address."
    if path.route is not None and path.route.exchangers:
        yield from _remind_hosts(path.route)
    if not path.address.local.isascii():
        yield "Only hosts that know SMTPUTF8 (RFC 6531) take a mailbox beyond ASCII."


def _remind_hosts(route: Route) -> Iterator[str]:
    rounds = [
        sound
        for _, members in route.rounds
        if (sound := [each for each in members if is_sound(each)])
    ]
    domain = bare(route.domain)
    first, *later = rounds
    yield f"{_told(first)} must be told to take mail for {domain}; else it is rejected."
    providers = {provider_of(each.target.name) for each in first} - {None}
    backups = [
        each.target.name
        for members in later
        for each in members
        if provider_of(each.target.name) not in providers
    ]
    if backups:
        yield (
            f"{listed(backups)} must take mail for {domain} too, without delivering it:"
            f" a backup queues it, and hands it to {listed(_names(first), 'or')} when that is"
            " back."
        )
    if route.reply.aliases:
        yield (
            f"Some senders put {bare(route.reply.name)} into the address in place of {domain}:"
            " the mail host must know both."
        )
    if route.manner is Manner.IMPLICIT:
        yield f"If {bare(route.reply.name)} takes no mail, say so there with a null MX: MX 0 ."


def _told(members: list[Exchanger]) -> str:
    """Who must know the domain: a provider by its name, or the hosts."""
    providers = {provider_of(each.target.name) for each in members}
    if None not in providers:
        return listed(sorted(filter(None, providers)))
    return listed(_names(members))


def _names(members: list[Exchanger]) -> list[Name]:
    return [each.target.name for each in members]
