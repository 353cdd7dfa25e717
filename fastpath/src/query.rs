//! The scan of a query: one walk over the octets, no pointer followed, nothing allocated.
//!
//! It lets through what zoneserver/wire/scan.py lets through, as far as it is usual: one
//! question of class IN, and no other record than an OPT. The rest is handed over.

use crate::octets::{HandOver, take, u16_of_message};

/// Octets of a header (RFC 1035 4.1.1).
pub const HEADER: usize = 12;
/// Octets of a name, length octets and root included (RFC 1035 2.3.4).
pub const MOST_NAME: usize = 255;
/// An OPT up to its options (RFC 6891 6.1.2).
pub const OPT: usize = 11;

/// Types that the lookup must know of.
pub const DS: u16 = 43;
const TYPE_OPT: u16 = 41;
const IXFR: u16 = 251;
const AXFR: u16 = 252;
const ANY: u16 = 255;
/// The class of all that we serve.
pub const CLASS_IN: u16 = 1;
const NSID: u16 = 3;
const COOKIE: u16 = 10;
const KEEPALIVE: u16 = 11;
const PADDING: u16 = 12;

const MOST_LABEL: usize = 63;
const MOST_LABELS: usize = 127;
const MOST_OPTIONS: usize = 64;

/// A QNAME's key: its octets with A-Z folded to a-z, and where its labels start.
pub struct Name {
    octets: [u8; MOST_NAME],
    length: usize,
    starts: [u8; MOST_LABELS],
    labels: usize,
    hash: u32,
}

impl Name {
    /// How many labels it has; the root has none.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The key of the ancestor that has this many labels, or of the name itself.
    #[must_use]
    pub fn suffix(&self, labels: usize) -> &[u8] {
        let skipped = self.labels.saturating_sub(labels);
        let start = if skipped == self.labels {
            self.length.saturating_sub(1)
        } else {
            usize::from(self.starts[skipped])
        };
        &self.octets[start..self.length]
    }

    /// The hash of that, as images have it.
    #[must_use]
    pub fn hash(&self, labels: usize) -> u32 {
        if labels == self.labels { self.hash } else { crc32fast::hash(self.suffix(labels)) }
    }

    /// The label at a place, without its length; nothing where there is none.
    pub(crate) fn label(&self, place: usize) -> &[u8] {
        if place >= self.labels {
            return &[];
        }
        let start = usize::from(self.starts[place]);
        let end = start + 1 + usize::from(self.octets[start]);
        &self.octets[start + 1..end]
    }

    /// The first label; that of the root is empty.
    #[must_use]
    pub fn first(&self) -> &[u8] {
        self.label(0)
    }

    /// Whether one of the labels is this.
    #[must_use]
    pub fn has(&self, label: &[u8]) -> bool {
        (0..self.labels).any(|place| self.label(place) == label)
    }

    /// Read the QNAME of a message, which no pointer may compress.
    fn scan(message: &[u8]) -> Result<Self, HandOver> {
        let mut name = Self {
            octets: [0; MOST_NAME],
            length: 0,
            starts: [0; MOST_LABELS],
            labels: 0,
            hash: 0,
        };
        let mut at = HEADER;
        loop {
            let length = usize::from(*message.get(at).ok_or(HandOver)?);
            if length == 0 {
                break;
            }
            let start = at - HEADER;
            at += 1 + length;
            if length > MOST_LABEL || at - HEADER >= MOST_NAME {
                return Err(HandOver);
            }
            name.starts[name.labels] = u8::try_from(start).map_err(|_| HandOver)?;
            name.labels += 1;
        }
        name.length = at + 1 - HEADER;
        let octets = &mut name.octets[..name.length];
        octets.copy_from_slice(take(message, HEADER, name.length)?);
        octets.make_ascii_lowercase(); // RFC 4343 3: no length octet is a letter's
        name.hash = crc32fast::hash(octets);
        Ok(name)
    }
}

/// The OPT of a query (RFC 6891 6.1.2).
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // each is there or not, whatever the others are
pub struct Edns<'m> {
    /// Octets that the asker can take.
    pub payload: u16,
    /// DO, which an answer repeats (RFC 3225 3).
    pub is_dnssec_ok: bool,
    /// Whether it asks who we are (RFC 5001).
    pub wants_nsid: bool,
    /// Whether it asks for how long a connection may be idle (RFC 7828).
    pub wants_keepalive: bool,
    /// Whether it is padded, and wants its answer to be (RFC 7830).
    pub wants_padding: bool,
    /// The first COOKIE (RFC 7873 5.2).
    pub cookie: Option<&'m [u8]>,
}

/// One usual question.
pub struct Query<'m> {
    /// What is asked for.
    pub qname: Name,
    /// And of which type.
    pub qtype: u16,
    /// The offset behind the question.
    pub question_end: usize,
    /// What the asker says of itself.
    pub edns: Option<Edns<'m>>,
}

/// What a scan finds. None: the message must not be answered at all; an error: it is unusual,
/// or malformed.
pub type Scanned<'m> = Result<Option<Query<'m>>, HandOver>;

/// The offset behind the one question of a message.
///
/// # Errors
/// Where it is cut, or its QNAME compressed or too long.
pub fn end_of_question(message: &[u8]) -> Result<usize, HandOver> {
    Ok(HEADER + Name::scan(message)?.length + 4)
}

/// The question of a message, whatever else is in it: QNAME, QTYPE and QCLASS.
///
/// # Errors
/// Where there is not one, or it is cut, or its QNAME compressed or too long.
pub fn read_question(message: &[u8]) -> Result<(Name, u16, u16), HandOver> {
    if u16_of_message(message, 4)? != 1 {
        return Err(HandOver);
    }
    let qname = Name::scan(message)?;
    let end = HEADER + qname.length;
    Ok((qname, u16_of_message(message, end)?, u16_of_message(message, end + 2)?))
}

/// Walk a message.
///
/// # Errors
/// As `Scanned` says.
pub fn scan(message: &[u8], is_stream: bool) -> Scanned<'_> {
    // An answer to an answer, or to less than a header, could be made to loop.
    if message.len() < HEADER || message[2] & 0x80 != 0 {
        return Ok(None);
    }
    let count = |at| u16_of_message(message, at);
    let opcode = message[2] >> 3 & 0x0F;
    if opcode != 0 || count(4)? != 1 || count(6)? != 0 || count(8)? != 0 {
        return Err(HandOver);
    }
    let qname = Name::scan(message)?;
    let end = HEADER + qname.length;
    let (qtype, qclass) = (u16_of_message(message, end)?, u16_of_message(message, end + 2)?);
    if qclass != CLASS_IN || matches!(qtype, IXFR | AXFR) || (is_stream && qtype == ANY) {
        return Err(HandOver);
    }
    let question_end = end + 4;
    let edns = match count(10)? {
        0 => None,
        1 => Some(scan_opt(message, question_end)?),
        _ => return Err(HandOver),
    };
    Ok(Some(Query { qname, qtype, question_end, edns }))
}

fn scan_opt(message: &[u8], at: usize) -> Result<Edns<'_>, HandOver> {
    let fixed = take(message, at, OPT)?;
    let version = fixed[6];
    if fixed[0] != 0 || u16_of_message(fixed, 1)? != TYPE_OPT || version != 0 {
        return Err(HandOver);
    }
    let mut edns = Edns {
        payload: u16_of_message(fixed, 3)?,
        is_dnssec_ok: fixed[7] & 0x80 != 0,
        wants_nsid: false,
        wants_keepalive: false,
        wants_padding: false,
        cookie: None,
    };
    let options = take(message, at + OPT, usize::from(u16_of_message(fixed, 9)?))?;
    scan_options(options, &mut edns)?;
    Ok(edns)
}

/// Note the options, which must fill the OPT exactly (RFC 6891 6.1.2).
fn scan_options<'m>(options: &'m [u8], edns: &mut Edns<'m>) -> Result<(), HandOver> {
    let mut at = 0;
    for _ in 0..MOST_OPTIONS {
        if at == options.len() {
            return Ok(());
        }
        let code = u16_of_message(options, at)?;
        let length = usize::from(u16_of_message(options, at + 2)?);
        let octets = take(options, at + 4, length)?;
        at += 4 + length;
        match code {
            NSID => edns.wants_nsid = true,
            // RFC 7873 5.2.2: the asker's 8 octets, then none or 8 to 32 of the server's.
            COOKIE if length != 8 && !(16..=40).contains(&length) => return Err(HandOver),
            COOKIE if edns.cookie.is_none() => edns.cookie = Some(octets),
            // RFC 7828 3.2.1: who asks for it sends no value of its own.
            KEEPALIVE if length == 0 => edns.wants_keepalive = true,
            PADDING => edns.wants_padding = true,
            _ => {}
        }
    }
    if at == options.len() { Ok(()) } else { Err(HandOver) }
}
