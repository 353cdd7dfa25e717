"""Names that the public documentation of mail providers gives away."""

from zoneserver.names import Name

# Domains that providers have their customers point an MX into, by provider.
_PROVIDERS: dict[str, tuple[str, ...]] = {
    "Amazon": ("amazonaws.com.",),
    "Cloudflare": ("mx.cloudflare.net.",),
    "Fastmail": ("messagingengine.com.",),
    "Forward Email": ("forwardemail.net.",),
    "Gandi": ("mail.gandi.net.",),
    "Google": ("google.com.", "googlemail.com."),
    "Hostinger": ("hostinger.com.",),
    "Hornetsecurity": ("hornetsecurity.com.",),
    "iCloud": ("mail.icloud.com.",),
    "ImprovMX": ("improvmx.com.",),
    "Infomaniak": ("infomaniak.ch.",),
    "IONOS": ("ionos.com.", "ionos.de.", "kundenserver.de."),
    "Mailbox.org": ("mailbox.org.",),
    "Mailgun": ("mailgun.org.",),
    "Microsoft": ("outlook.com.", "office365.us.", "mx.microsoft."),
    "Migadu": ("migadu.com.",),
    "Mimecast": ("mimecast.com.", "mimecast-offshore.com."),
    "one.com": ("one.com.",),
    "OVH": ("mail.ovh.net.",),
    "Proofpoint": ("pphosted.com.", "ppe-hosted.com."),
    "Proton": ("protonmail.ch.",),
    "SendGrid": ("sendgrid.net.",),
    "SpamExperts": ("spamexperts.com.",),
    "Strato": ("rzone.de.",),
    "Tuta": ("tutanota.de.",),
    "Yandex": ("yandex.net.", "yandex.ru."),
    "Zoho": ("zoho.com.", "zoho.eu.", "zoho.in."),
}
_DOMAINS = tuple(
    (Name.parse(domain), provider)
    for provider, domains in _PROVIDERS.items()
    for domain in domains
)

# Hosts that take mail from logged-in users only, and what the provider names for an MX.
_SUBMISSION_HOSTS = {
    Name.parse(host): advice
    for host, advice in (
        ("smtp.gmail.com.", "Google Workspace: MX 1 smtp.google.com."),
        ("smtp-relay.gmail.com.", "Google Workspace: MX 1 smtp.google.com."),
        ("smtp.office365.com.", "Microsoft 365: the MX that its admin centre shows"),
        ("smtp-mail.outlook.com.", "Microsoft 365: the MX that its admin centre shows"),
        ("smtp.mail.me.com.", "iCloud: MX 10 mx01.mail.icloud.com."),
        ("smtp.fastmail.com.", "Fastmail: MX 10 in1-smtp.messagingengine.com."),
        ("smtp.sendgrid.net.", "SendGrid: MX 10 mx.sendgrid.net."),
        ("smtp.mailgun.org.", "Mailgun: MX 10 mxa.mailgun.org."),
        ("smtp.zoho.com.", "Zoho: MX 10 mx.zoho.com."),
    )
}
_SUBMISSION_LABELS = frozenset(
    {b"relay", b"smarthost", b"submission", b"smtp-relay", b"smtpauth"}
)
_TRUE_EXCHANGER = Name.parse("smtp.google.com.")


def provider_of(host: Name) -> str | None:
    """The mail provider that a host belongs to, as far as its name shows."""
    for domain, provider in _DOMAINS:
        if host.is_below(domain):
            return provider
    return None


def submission_advice(host: Name) -> str | None:
    """What to write instead of a host for outgoing mail; None for any other host."""
    if host == _TRUE_EXCHANGER or not host.labels:
        return None
    if host in _SUBMISSION_HOSTS:
        return _SUBMISSION_HOSTS[host]
    return (
        "the host that takes your incoming mail"
        if host.labels[0].lower() in _SUBMISSION_LABELS
        else None
    )


# Top-level domains that hardly anybody uses as a label of their own. Judged only where the
# name does not exist, so that a host called mx.eu stays one.
TOP_LEVEL_DOMAINS = frozenset(
    b"com net org info biz edu gov mil int arpa dev app cloud email online site shop xyz"
    b" at au be br ca ch cn co cz de dk es eu fi fr gr hu ie in io it jp kr me mx nl no nz pl"
    b" pt ro ru se sk tv tw ua uk us za".split()
)
