//! From a message to what becomes of it: silence, an answer, or Python's turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::answer::{Answer, Opt, REFUSED};
use crate::cookies::{Secrets, Weighed};
use crate::limits::Account;
use crate::lookup::Sought;
use crate::networks::Networks;
use crate::octets::HandOver;
use crate::query::{HEADER, MOST_NAME, OPT, Query};
use crate::template::{Kind, Part, Template};
use crate::zones::Zones;

/// What an asker without EDNS can take over UDP (RFC 1035 4.2.1).
pub const LEAST_PAYLOAD: u16 = 512;
const MOST_STREAM: usize = 65_535;
const COOKIE_OPTION: usize = 28;
const NSID_OPTION: usize = 4;

/// What the answers say beside what is in the zones.
pub struct Settings {
    /// The most octets of an answer over UDP, and what our OPT announces.
    pub max_payload: u16,
    /// Who we are, to those who ask (RFC 5001).
    pub nsid: Vec<u8>,
    /// The whole option that says why we refuse (RFC 8914).
    pub refused_option: Vec<u8>,
    /// What cookies are made with.
    pub secrets: Secrets,
    /// Who may ask.
    pub access: Access,
    /// For how long a stream may be idle, in units of 100 ms, to those who ask (RFC 7828).
    pub keepalive: Option<u16>,
}

impl Settings {
    /// Whether the longest question leaves room for these in the smallest answer.
    #[must_use]
    pub fn fit(&self) -> bool {
        let fixed = HEADER + MOST_NAME + 4 + OPT + NSID_OPTION + COOKIE_OPTION;
        fixed + self.nsid.len() + self.refused_option.len() <= usize::from(LEAST_PAYLOAD)
    }
}

/// Who may ask for which zone.
#[derive(Default)]
pub struct Access {
    /// Those who may where a zone has no rule of its own. None: anybody.
    pub everywhere: Option<Networks>,
    /// Those who may ask for the zones of these origins.
    pub zones: HashMap<Vec<u8>, Networks>,
}

impl Access {
    /// Whether an address may ask for the zone of an origin.
    fn admits(&self, origin: &[u8], address: &[u8]) -> bool {
        let allowed = self.zones.get(origin).or(self.everywhere.as_ref());
        allowed.is_none_or(|networks| networks.contain(address))
    }
}

/// Who asks, and how.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// 4 or 16 octets.
    pub address: &'a [u8],
    /// Whether size does not matter.
    pub is_stream: bool,
    /// Whether nobody else can read the answer, so that padding it makes sense (RFC 7830 6).
    pub is_encrypted: bool,
    /// The time, in seconds since 1970.
    pub now: u32,
}

/// What becomes of a message.
#[allow(clippy::large_enum_variant)] // nothing is allocated for a query that is answered
pub enum Decision<'a> {
    /// It must not be answered.
    Silence,
    /// Python answers. `is_proven` as in `Reply`.
    HandOver {
        /// As in `Reply`.
        is_proven: bool,
    },
    /// It is answered.
    Reply(Reply<'a>),
}

/// An answer, and what rate limiting wants to know of it.
pub struct Reply<'a> {
    /// The answer.
    pub answer: Answer<'a>,
    /// What it is accounted on.
    pub account: Account,
    /// Whether a valid cookie shows that the asker's address is not forged.
    pub is_proven: bool,
}

/// Answers from the present zones.
pub struct Responder {
    settings: Settings,
    zones: Mutex<Arc<Zones>>,
}

impl Responder {
    /// A responder without zones.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, zones: Mutex::default() }
    }

    /// The zones of this moment. A query is answered from one set throughout.
    #[must_use]
    pub fn zones(&self) -> Arc<Zones> {
        Arc::clone(&self.zones.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answer from other zones from now on.
    pub fn publish(&self, zones: Zones) {
        let mut held = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *held, Arc::new(zones));
        drop(held);
        // To give a large set back takes longer than to answer a batch: better here than in
        // a loop, which lets go of it within its present batch.
        for _ in 0..50 {
            if Arc::strong_count(&old) == 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The most octets of an answer over UDP.
    #[must_use]
    pub fn most_octets(&self) -> usize {
        usize::from(self.settings.max_payload.max(LEAST_PAYLOAD))
    }

    /// Decide what becomes of a message that was scanned.
    #[must_use]
    pub fn decide<'a>(
        &'a self,
        message: &'a [u8],
        sought: &Sought<'a>,
        asker: Asker<'_>,
    ) -> Decision<'a> {
        let query = match &sought.scanned {
            Ok(Some(query)) => query,
            Ok(None) => return Decision::Silence,
            Err(HandOver) => return Decision::HandOver { is_proven: false },
        };
        let presented = query.edns.and_then(|edns| edns.cookie);
        let weighed = presented
            .and_then(|cookie| self.settings.secrets.weigh(cookie, asker.address, asker.now));
        let is_proven = weighed.is_some_and(|weighed| weighed.is_valid);
        let origin = sought.origin(query);
        if origin.is_some_and(|key| !self.settings.access.admits(key, asker.address)) {
            return Decision::HandOver { is_proven };
        }
        match self.answer(message, sought, query, weighed, asker) {
            Ok((answer, account)) => Decision::Reply(Reply { answer, account, is_proven }),
            Err(HandOver) => Decision::HandOver { is_proven },
        }
    }

    fn answer<'a>(
        &'a self,
        message: &'a [u8],
        sought: &Sought<'a>,
        query: &Query<'_>,
        weighed: Option<Weighed>,
        asker: Asker<'_>,
    ) -> Result<(Answer<'a>, Account), HandOver> {
        let template = sought.look_up(query)?;
        let opt = self.opt(query, weighed, template.is_none(), asker.is_stream);
        let limit = self.limit(query, asker.is_stream);
        let room = limit.saturating_sub(opt.map_or(0, |opt| opt.length()) + query.question_end);
        let (rcode, is_authoritative, part) = match &template {
            None => (REFUSED, false, Part::default()),
            Some((found, proof)) => {
                (u16::from(found.rcode), found.is_authoritative, found.fit(*proof, room)?)
            }
        };
        let question_end = query.question_end;
        let mut answer = Answer { message, question_end, rcode, is_authoritative, part, opt };
        if asker.is_encrypted && query.edns.is_some_and(|edns| edns.wants_padding) {
            answer.pad(limit);
        }
        Ok((answer, account(template.as_ref().map(|(found, _)| found), query)))
    }

    /// The most octets that may answer a query.
    fn limit(&self, query: &Query<'_>, is_stream: bool) -> usize {
        if is_stream {
            return MOST_STREAM;
        }
        // RFC 6891 6.2.3: a payload below 512 is read as 512; beyond our own, ours counts.
        let asked = query.edns.map_or(LEAST_PAYLOAD, |edns| edns.payload);
        usize::from(asked.min(self.settings.max_payload).max(LEAST_PAYLOAD))
    }

    fn opt(
        &self,
        query: &Query<'_>,
        weighed: Option<Weighed>,
        refuses: bool,
        is_stream: bool,
    ) -> Option<Opt<'_>> {
        let settings = &self.settings;
        query.edns.map(|edns| Opt {
            payload: settings.max_payload,
            is_dnssec_ok: edns.is_dnssec_ok,
            nsid: if edns.wants_nsid { &settings.nsid } else { &[] },
            cookie: weighed.map(|weighed| weighed.ours),
            keepalive: settings.keepalive.filter(|_| is_stream && edns.wants_keepalive),
            padding: None,
            extended_error: if refuses { &settings.refused_option } else { &[] },
        })
    }
}

fn account(template: Option<&Template<'_>>, query: &Query<'_>) -> Account {
    match template {
        None => Account { kind: Kind::Error, name: 0 },
        Some(found) if found.account == 0 => {
            Account { kind: found.kind, name: query.qname.hash(query.qname.labels()) }
        }
        Some(found) => Account { kind: found.kind, name: found.account },
    }
}
