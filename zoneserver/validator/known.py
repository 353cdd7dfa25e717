"""Names that give away a forgotten final dot: `aspmx.l.google.com` below one's own zone."""

from zoneserver.names import Name

# Domains that mail providers have customers point their MX into, from their public set-up
# pages.
MAIL_PROVIDERS = tuple(
    Name.parse(text)
    for text in (
        "amazonaws.com.", "cloudflare.net.", "forwardemail.net.", "gandi.net.", "google.com.",
        "googlemail.com.", "hornetsecurity.com.", "hostinger.com.", "icloud.com.",
        "improvmx.com.", "infomaniak.ch.", "ionos.com.", "ionos.de.", "kundenserver.de.",
        "mailbox.org.", "mailgun.org.", "messagelabs.com.", "messagingengine.com.",
        "migadu.com.", "mimecast.com.", "mimecast-offshore.com.", "office365.us.", "one.com.",
        "outlook.com.", "ovh.net.", "pphosted.com.", "ppe-hosted.com.", "protonmail.ch.",
        "rzone.de.", "sendgrid.net.", "secureserver.net.", "spamexperts.com.",
        "tutanota.de.", "yandex.net.", "yandex.ru.", "zoho.com.", "zoho.eu.", "zoho.in.",
    )
)  # fmt: skip

# Top-level domains that hardly anybody uses as a label of their own. Judged only where the
# name does not exist, so that a host called mx.eu stays one.
TOP_LEVEL_DOMAINS = frozenset(
    b"com net org info biz edu gov mil int arpa dev app cloud email online site shop xyz"
    b" at au be br ca ch cn co cz de dk es eu fi fr gr hu ie in io it jp kr me mx nl no nz pl"
    b" pt ro ru se sk tv tw ua uk us za".split()
)
