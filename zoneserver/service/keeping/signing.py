"""Zones that ask to be signed, with the keys of the state directory."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from zoneserver.dnssec.lifecycle import Facts, advance, create
from zoneserver.dnssec.sign import Plan, Ways, find_period, sign_zone
from zoneserver.dnssec.zonemd import digest_zone, make_placeholder
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.service.configuration.dnssec_settings import DnssecSettings
from zoneserver.service.keeping.signatures import Earlier, sign_by
from zoneserver.service.keeping.standing import Version
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.keeping.vouchers import Vouchers
from zoneserver.service.keeping.zone_keys import keys_path, read_life, stamp, write_life
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import Dnssec, Kind, Outlook, ZoneSource

MOST_ASK_SECONDS = 600  # from one look at the parent's DS to the next


@dataclass(frozen=True, slots=True)
class Signing:
    """What zones are signed with: the keys in the folder `state`, as the settings say.

    What they say for other zones of ours is among what is signed.
    """

    state: Path | None = None
    settings: DnssecSettings = field(default_factory=DnssecSettings)
    vouchers: Vouchers = field(default_factory=Vouchers)

    def plan(
        self, source: ZoneSource, dnssec: Dnssec, stands: Version | None, now: int
    ) -> tuple[Plan, ZoneSource]:
        """How a zone is signed from now on, and the source that says so.

        What the keys do is written before anything else may know of it. Raises SigningKeyError.
        """
        if self.state is None:
            raise SigningKeyError("there is no state folder to keep keys in")
        policy, origin = self.settings.resolve(dnssec), source.origin
        source = self.vouchers.add_records(source, dnssec)
        facts = _find_facts(source, stands)
        life = read_life(self.state, origin)
        if life is None and facts.served:
            raise SigningKeyError(
                f"{keys_path(self.state, origin)} is gone, and the zone is served signed with"
                " the keys that were in it"
            )
        after, due = advance(life or create(policy, now), policy, facts, now)
        if after != life:
            write_life(self.state, origin, after)
        period = find_period(origin, now)
        plan = Plan(after.uses, period, policy.nsec3, policy.opt_out, policy.key_ttl)
        ask = max(1, min(policy.propagation // 6, MOST_ASK_SECONDS)) if after.waiting else 0
        meant = self._describe_policy(dnssec.policy)
        outlook = Outlook(due or 0, ask, dnssec.policy, meant, stamp(self.state, origin))
        signed = " ".join([_describe(source, plan), *self.vouchers.words(origin)])
        return plan, replace(source, signed=signed, outlook=outlook)

    def is_missed(self, source: ZoneSource, stands: Version | None) -> bool:
        """Whether a zone that is signed no longer would be gone for those who validate."""
        if self.state is None or source.kind is not Kind.PRIMARY:
            return False
        if not isinstance(stands, Imaged) or not stands.description.signed:
            return False
        if any(record.rtype == rtypes.DNSKEY for record in source.records):
            return False  # it is signed elsewhere now
        try:
            life = read_life(self.state, source.origin)
        except SigningKeyError:
            return True
        return life is not None and not life.may_go

    def means(self, outlook: Outlook) -> bool:
        """Whether the policy is the one that a zone was signed by."""
        return outlook.meant == self._describe_policy(outlook.policy)

    def stands(self, origin: Name, outlook: Outlook) -> bool:
        """Whether a zone would be signed with the same keys, by the same policy."""
        return self.has_keys(origin, outlook) and self.means(outlook)

    def has_keys(self, origin: Name, outlook: Outlook) -> bool:
        """Whether the keys of a zone have not been written since it was signed.

        Somebody may have, or what was to come of it did not, as a process has ended in between.
        """
        return self.state is None or stamp(self.state, origin) == outlook.stamp

    def _describe_policy(self, name: str) -> str:
        """What tells that a name means another policy today."""
        return repr(self.settings.find(name))


def _find_facts(source: ZoneSource, stands: Version | None) -> Facts:
    """What there is to be known of a zone that was read, and of the version that stands."""
    ttl = _find_ttl(source)
    if not isinstance(stands, Imaged):
        return Facts(ttl)
    if not stands.description.signed:
        return Facts(max(ttl, *(rrset.ttl for rrset in stands.zone.rrsets())))
    _, before, *words = stands.description.signed.split()
    return Facts(max(ttl, int(before)), frozenset(words))


def _describe(source: ZoneSource, plan: Plan) -> str:
    """What tells two ways of signing the same zone apart.

    The period first, then the largest TTL, then what the keys do, and more.
    """
    words = sorted(use.word for use in plan.uses)
    how = (f"nsec3={plan.nsec3}", f"opt_out={plan.opt_out}", f"key_ttl={plan.key_ttl}")
    return " ".join([str(plan.period), str(_find_ttl(source)), *words, *how])


def _find_ttl(source: ZoneSource) -> int:
    return max((record.ttl for record in source.records), default=0)


def add_signatures(
    source: ZoneSource, dnssec: Dnssec, plan: Plan, stands: Version | None, hands: int
) -> ZoneSource:
    """The source, which has its serial, with all that makes it a signed zone.

    What is signed alike in the version that `stands` is not signed again; the rest is, by at
    most so many processes. Raises StartError where one of them fails.
    """
    ways = Ways(sign_all=sign_by(hands))
    if isinstance(stands, Imaged) and stands.description.signed:
        dnskeys = [key.dnskey.octets for key in plan.keys]
        ways = ways._replace(find=Earlier(stands.image, source.origin, dnskeys).find)
    zone = build_zone(source)
    return source.with_records(sign_zone(zone, plan, dnssec.mark, source.zonemd, ways))


def add_digest(source: ZoneSource) -> ZoneSource:
    """The source, which has its serial and is not signed, with a digest if it asks for one."""
    zone = build_zone(source) if source.zonemd and not source.dnssec else None
    placeholder = make_placeholder(zone, source.zonemd) if zone and source.zonemd else None
    if zone is None or placeholder is None:
        return source
    return source.with_records([digest_zone(zone, (), placeholder)])
