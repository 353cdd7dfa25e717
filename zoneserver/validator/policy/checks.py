"""Every rule on mail policy over one zone, after one walk that gathers what they look at."""

from collections.abc import Iterator

from zoneserver.findings import Finding
from zoneserver.records import rtypes
from zoneserver.validator.policy import (
    bimi,
    caa,
    dane,
    dkim,
    dmarc_rules,
    mta_sts,
    spf_lookups,
    spf_rules,
    text_rules,
    tls_report,
)
from zoneserver.validator.policy.certificates import check_certificates
from zoneserver.validator.policy.sts_policy import check_policy
from zoneserver.validator.policy.survey import Rule, survey_zone
from zoneserver.validator.world import Candidate, World

RULES: tuple[Rule, ...] = (
    text_rules.check_characters,
    text_rules.check_wildcards,
    spf_rules.check_spf,
    spf_rules.check_type_99,
    spf_lookups.check_lookups,
    spf_lookups.check_own_hosts,
    dmarc_rules.check_dmarc,
    dmarc_rules.check_places,
    dkim.check_keys,
    dkim.check_places,
    mta_sts.check_records,
    mta_sts.check_places,
    mta_sts.check_reporting,
    tls_report.check_records,
    tls_report.check_places,
    dane.check_fields,
    dane.check_hosts,
    dane.check_domains,
    caa.check_caa,
    bimi.check_bimi,
)


def check_policies(candidate: Candidate, world: World) -> Iterator[Finding]:
    """TX004-TX005, SP, DM, DK, ST, TR, TL, CA and BI: the records about mail."""
    survey = survey_zone(candidate, world)
    for rule in RULES:
        yield from rule(survey)
    yield from check_certificates(candidate, world)
    for kept in candidate.source.mta_sts:
        node = candidate.zone.find(kept.owner)
        mx = node.find(rtypes.MX) if node else None
        yield from check_policy(kept.text, kept.mark, kept.owner, mx)
