"""Presets: the records that mail providers ask their customers for, as they publish them.

Only what is the same for every customer is here, or follows from the domain alone: not the
TXT records that prove who owns a domain, nor keys that a provider makes for each of them.
"""

from dataclasses import dataclass

# A host that the provider gives each customer, and that the customer has to name.
OWN_HOST = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """What one provider asks for.

    `exchangers` are MX, with their preferences. `spf` is the domain that an SPF record must
    include, if there is one. `aliases` are CNAMEs: the name below the customer's, and where
    it points; there `{domain}` stands for the customer's domain. `sources` are the public
    pages that say so, the provider's own first; `seen` is the day they were compared.
    """

    title: str
    sources: tuple[str, ...]
    exchangers: tuple[tuple[int, str], ...]
    spf: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    seen: str = "2026-11-23"

    @property
    def has_own_hosts(self) -> bool:
        """Whether each customer has an MX host of his own."""
        return any(host == OWN_HOST for _, host in self.exchangers)


PRESETS: dict[str, Preset] = {
    "fastmail": Preset(
        "Fastmail",
        (
            "https://www.fastmail.help/hc/en-us/articles/360060591153",
            "https://gist.github.com/jaydenseric/c68cba49246881d0266d135c9583c5b4",
        ),
        ((10, "in1-smtp.messagingengine.com."), (20, "in2-smtp.messagingengine.com.")),
        spf="spf.messagingengine.com",
        aliases=(
            ("fm1._domainkey", "fm1.{domain}.dkim.fmhosted.com."),
            ("fm2._domainkey", "fm2.{domain}.dkim.fmhosted.com."),
            ("fm3._domainkey", "fm3.{domain}.dkim.fmhosted.com."),
        ),
    ),
    "forwardemail": Preset(
        "Forward Email",
        (
            "https://github.com/Domain-Connect/Templates/blob/master/forwardemail.net.email.json",
        ),
        ((0, "mx1.forwardemail.net."), (0, "mx2.forwardemail.net.")),
        spf="spf.forwardemail.net",
        aliases=(
            ("fe-bounces", "forwardemail.net."),
            ("autoconfig", "autoconfig.forwardemail.net."),
            ("autodiscover", "autodiscover.forwardemail.net."),
        ),
    ),
    "gandi": Preset(
        "Gandi",
        (
            "https://wiki.gandi.net/en/mail/create-email-mailbox",
            "https://helpdesk.gandi.net/hc/en-us/articles/14001808469404",
        ),
        ((10, "spool.mail.gandi.net."), (50, "fb.mail.gandi.net.")),
        spf="_mailcust.gandi.net",
    ),
    "google": Preset(
        "Google Workspace",
        (
            "https://support.google.com/a/answer/174125",
            "https://intodns.ai/citations/google-workspace-mx-records",
        ),
        ((1, "smtp.google.com."),),
        spf="_spf.google.com",
    ),
    "icloud": Preset(
        "iCloud Mail",
        (
            "https://support.apple.com/102374",
            "https://github.com/Domain-Connect/Templates/blob/master/icloud.com.custom_email_domain.json",
        ),
        ((10, "mx01.mail.icloud.com."), (10, "mx02.mail.icloud.com.")),
        spf="icloud.com",
        aliases=(("sig1._domainkey", "sig1.dkim.{domain}.at.icloudmailadmin.com."),),
    ),
    "improvmx": Preset(
        "ImprovMX",
        ("https://github.com/Domain-Connect/Templates/blob/master/improvmx.com.email.json",),
        ((10, "mx1.improvmx.com."), (20, "mx2.improvmx.com.")),
        spf="spf.improvmx.com",
        aliases=(
            ("dkimprovmx1._domainkey", "dkimprovmx1.improvmx.com."),
            ("dkimprovmx2._domainkey", "dkimprovmx2.improvmx.com."),
        ),
    ),
    "infomaniak": Preset(
        "Infomaniak",
        (
            "https://www.infomaniak.com/en/support/faq/search?page=3&q=dns",
            "https://www.infomaniak.com/en/support/faq/2199/manage-spf-records",
        ),
        ((5, "mta-gw.infomaniak.ch."),),
        spf="spf.infomaniak.ch",
    ),
    "mailgun": Preset(
        "Mailgun (US)",
        ("https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify",),
        ((10, "mxa.mailgun.org."), (10, "mxb.mailgun.org.")),
        spf="mailgun.org",
    ),
    "microsoft": Preset(
        "Microsoft 365",
        (
            "https://learn.microsoft.com/en-us/microsoft-365/enterprise/external-domain-name-system-records",
        ),
        ((1, OWN_HOST),),
        spf="spf.protection.outlook.com",
        aliases=(("autodiscover", "autodiscover.outlook.com."),),
    ),
    "ovh": Preset(
        "OVHcloud",
        (
            "https://github.com/ovh/docs/blob/develop/pages/web_cloud/domains/dns_zone_mx/guide.en-gb.md",
            "https://docs.ovh.com/it/domains/hosting_condiviso_il_record_spf/",
        ),
        (
            (1, "mx0.mail.ovh.net."),
            (5, "mx1.mail.ovh.net."),
            (50, "mx2.mail.ovh.net."),
            (100, "mx3.mail.ovh.net."),
            (200, "mx4.mail.ovh.net."),
        ),
        spf="mx.ovh.com",
    ),
    "proton": Preset(
        "Proton Mail",
        (
            "https://proton.me/support/anti-spoofing-custom-domain",
            "https://github.com/ProtonMail/WebClients/blob/main/packages/components/containers/domains/MXSection.tsx",
        ),
        ((10, "mail.protonmail.ch."), (20, "mailsec.protonmail.ch.")),
        spf="_spf.protonmail.ch",
    ),
    "sendgrid": Preset(
        "Twilio SendGrid (Inbound Parse)",
        (
            "https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook",
        ),
        ((10, "mx.sendgrid.net."),),
    ),
    "yandex": Preset(
        "Yandex 360",
        (
            "https://yandex.com.tr/support/kurum/set-mail/mx.html",
            "https://yandex.com.tr/support/connect/dns/spf.html",
        ),
        ((10, "mx.yandex.net."),),
        spf="_spf.yandex.net",
    ),
    **{
        name: Preset(
            f"Zoho Mail ({region})",
            (
                "https://www.zoho.com/mail/help/adminconsole/configure-email-delivery.html",
                "https://mxrecordchecker.com/resources/zoho-mx-records",
            ),
            ((10, f"mx.{domain}."), (20, f"mx2.{domain}."), (50, f"mx3.{domain}.")),
        )
        for name, region, domain in (
            ("zoho", "US", "zoho.com"),
            ("zoho-eu", "EU", "zoho.eu"),
            ("zoho-in", "India", "zoho.in"),
        )
    },
}
