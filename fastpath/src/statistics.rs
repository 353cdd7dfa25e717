//! What was asked and what was answered: by transport, type and RCODE, and by zone for mail.
//!
//! zoneserver/image/statistics.py counts the same, with the same words. What is counted is read
//! from the question and the header of the answer, whoever made it. All counts are those since
//! they were taken last.

use std::array::from_fn;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::query::Name;

/// How a query came.
#[derive(Clone, Copy)]
pub enum Transport {
    /// In a datagram.
    Udp,
    /// Over a connection.
    Tcp,
    /// Over an encrypted one.
    Tls,
}

/// The names of transports, in their order.
pub const TRANSPORTS: [&str; 3] = ["udp", "tcp", "tls"];
/// Types that have a count of their own.
pub const TYPES: [&str; 26] = [
    "A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "LOC", "SRV", "NAPTR", "DNAME",
    "DS", "SSHFP", "RRSIG", "DNSKEY", "TLSA", "CDS", "SVCB", "HTTPS", "IXFR", "AXFR", "ANY",
    "CAA", "other", "none",
];
const OTHER: usize = 24;
/// The place of messages without a question that can be read.
pub const NO_TYPE: usize = 25;
/// RCODEs that have a count of their own.
pub const RCODES: [&str; 11] = [
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "NOTAUTH",
    "BADVERS",
    "BADCOOKIE",
    "other",
];
/// Questions that mail servers ask.
pub const MAIL: [&str; 5] = ["mx", "dmarc", "dkim", "mta-sts", "tlsa"];
/// What they are told.
pub const TOLD: [&str; 6] = ["answer", "nodata", "nxdomain", "referral", "truncated", "error"];
/// Up to how many microseconds an answer takes, one bucket for each; the last has the rest.
pub const MICROSECONDS: [u64; 14] =
    [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000];

const TXT: u16 = 16;
const MX: u16 = 15;
const TLSA: u16 = 52;

/// The place of a type in `TYPES`.
#[must_use]
pub fn place_of_type(qtype: u16) -> usize {
    match qtype {
        1 => 0,
        2 => 1,
        5 => 2,
        6 => 3,
        12 => 4,
        MX => 5,
        TXT => 6,
        28 => 7,
        29 => 8,
        33 => 9,
        35 => 10,
        39 => 11,
        43 => 12,
        44 => 13,
        46 => 14,
        48 => 15,
        TLSA => 16,
        59 => 17,
        64 => 18,
        65 => 19,
        251 => 20,
        252 => 21,
        255 => 22,
        257 => 23,
        _ => OTHER,
    }
}

fn place_of_rcode(rcode: u16) -> usize {
    match rcode {
        0..=6 => usize::from(rcode),
        9 => 7,
        16 => 8,
        23 => 9,
        _ => 10,
    }
}

/// The place in `MAIL` of what mail servers ask for under a name, if they do.
fn place_of_mail(qname: &Name, qtype: u16) -> Option<usize> {
    match qtype {
        MX => Some(0),
        TXT if qname.first() == b"_dmarc" => Some(1),
        TXT if qname.first() == b"_mta-sts" => Some(3),
        TXT if qname.has(b"_domainkey") => Some(2),
        TLSA => Some(4),
        _ => None,
    }
}

/// What an answer says in its header.
#[derive(Clone, Copy)]
pub struct Head {
    /// All twelve bits of it.
    pub rcode: u16,
    /// AA.
    pub is_authoritative: bool,
    /// TC.
    pub is_truncated: bool,
    /// Whether there is a record in the answer section.
    pub has_answer: bool,
}

impl Head {
    /// The place in `TOLD`.
    fn told(self) -> usize {
        match (self.is_truncated, self.rcode, self.has_answer, self.is_authoritative) {
            (true, ..) => 4,
            (_, 0, true, _) => 0,
            (_, 0, _, true) => 1,
            (_, 0, ..) => 3,
            (_, 3, ..) => 2,
            _ => 5,
        }
    }
}

type MailCounts = [[AtomicU32; TOLD.len()]; MAIL.len()];

/// What one zone was asked by mail servers. It has room for counts from the first on.
pub struct ZoneMail {
    /// The origin's key.
    pub origin: Box<[u8]>,
    counts: OnceLock<Box<MailCounts>>,
    is_touched: AtomicBool,
}

impl ZoneMail {
    /// Nothing yet.
    #[must_use]
    pub fn new(origin: &[u8]) -> Self {
        Self {
            origin: origin.into(),
            counts: OnceLock::new(),
            is_touched: AtomicBool::new(false),
        }
    }

    fn counts(&self) -> &MailCounts {
        self.counts.get_or_init(Box::default)
    }
}

/// How long answers took.
#[derive(Default)]
struct Latency {
    buckets: [AtomicU64; MICROSECONDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// One line of what was taken out: its words, and how many.
pub type Line = (&'static str, &'static str, &'static str, u64);
/// The same for mail: the origin's key, `MAIL`, `TOLD`.
pub type MailLine = (Box<[u8]>, &'static str, &'static str, u32);

/// The counts of a worker.
pub struct Statistics {
    queries: [[[AtomicU64; RCODES.len()]; TYPES.len()]; TRANSPORTS.len()],
    touched: Mutex<Vec<Arc<ZoneMail>>>,
    latency: Latency,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            queries: from_fn(|_| from_fn(|_| from_fn(|_| AtomicU64::new(0)))),
            touched: Mutex::default(),
            latency: Latency::default(),
        }
    }
}

impl Statistics {
    /// Count an answer. `asked`: the question, of class IN, and the zone it is for.
    pub fn count(
        &self,
        transport: Transport,
        qtype: Option<u16>,
        head: Head,
        asked: Option<(&Name, &Arc<ZoneMail>)>,
    ) {
        let of_type = qtype.map_or(NO_TYPE, place_of_type);
        let count = &self.queries[transport as usize][of_type][place_of_rcode(head.rcode)];
        count.fetch_add(1, Ordering::Relaxed);
        let (Some(qtype), Some((qname, zone))) = (qtype, asked) else { return };
        if let Some(mail) = place_of_mail(qname, qtype) {
            zone.counts()[mail][head.told()].fetch_add(1, Ordering::Relaxed);
            if !zone.is_touched.load(Ordering::Relaxed)
                && !zone.is_touched.swap(true, Ordering::AcqRel)
            {
                let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
                touched.push(Arc::clone(zone));
            }
        }
    }

    /// Note how long some answers took, all of them as long.
    pub fn time(&self, took: Duration, answers: u64) {
        if answers > 0 {
            let nanoseconds = took.as_nanos() as u64;
            let place = MICROSECONDS.partition_point(|edge| edge * 1000 < nanoseconds);
            self.latency.buckets[place].fetch_add(answers, Ordering::Relaxed);
            let sum = nanoseconds.saturating_mul(answers);
            self.latency.nanoseconds.fetch_add(sum, Ordering::Relaxed);
        }
    }

    /// Take out what was counted of queries.
    pub fn take_queries(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (transport, types) in TRANSPORTS.iter().zip(&self.queries) {
            for (qtype, rcodes) in TYPES.iter().zip(types) {
                for (rcode, count) in RCODES.iter().zip(rcodes) {
                    let count = take(count);
                    if count > 0 {
                        lines.push((*transport, *qtype, *rcode, count));
                    }
                }
            }
        }
        lines
    }

    /// Take out what was counted for zones, of which only those that were asked are looked at.
    pub fn take_mail(&self) -> Vec<MailLine> {
        let mut held = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        let touched = std::mem::take(&mut *held);
        drop(held);
        let mut lines = Vec::new();
        for zone in touched {
            // First, so that what is counted from now on is found the next time.
            zone.is_touched.store(false, Ordering::Release);
            for (mail, counts) in MAIL.iter().zip(zone.counts()) {
                for (told, count) in TOLD.iter().zip(counts) {
                    let count = count.swap(0, Ordering::AcqRel);
                    if count > 0 {
                        lines.push((zone.origin.clone(), *mail, *told, count));
                    }
                }
            }
        }
        lines
    }

    /// Take out how long answers over UDP took: answers by bucket, and all nanoseconds.
    pub fn take_latency(&self) -> (Vec<u64>, u64) {
        (self.latency.buckets.iter().map(take).collect(), take(&self.latency.nanoseconds))
    }
}

fn take(count: &AtomicU64) -> u64 {
    if count.load(Ordering::Relaxed) == 0 { 0 } else { count.swap(0, Ordering::Relaxed) }
}
