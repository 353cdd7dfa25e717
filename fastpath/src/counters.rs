//! What the loops count. Threads count for themselves and add up once for each batch.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that is counted.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // NAMES and the RCODEs' mnemonics say it
pub enum Count {
    Received,
    Answered,
    Truncated,
    HandedOver,
    QueueFull,
    DroppedShort,
    DroppedPorts,
    Limited,
    Slipped,
    ErrorsCapped,
    CookiesValid,
    ReceiveErrors,
    SendErrors,
    Panics,
    Noerror,
    Formerr,
    Servfail,
    Nxdomain,
    Notimp,
    Refused,
    Yxdomain,
    Notauth,
    Badvers,
    Badcookie,
    OtherRcode,
}

const NAMES: [&str; 25] = [
    "received",
    "answered",
    "truncated",
    "handed_over",
    "queue_full",
    "dropped_short",
    "dropped_ports",
    "limited",
    "slipped",
    "errors_capped",
    "cookies_valid",
    "receive_errors",
    "send_errors",
    "panics",
    "noerror",
    "formerr",
    "servfail",
    "nxdomain",
    "notimp",
    "refused",
    "yxdomain",
    "notauth",
    "badvers",
    "badcookie",
    "other_rcode",
];

impl Count {
    /// Where answers of an RCODE are counted.
    #[must_use]
    pub fn of_rcode(rcode: u16) -> Self {
        match rcode {
            0 => Self::Noerror,
            1 => Self::Formerr,
            2 => Self::Servfail,
            3 => Self::Nxdomain,
            4 => Self::Notimp,
            5 => Self::Refused,
            6 => Self::Yxdomain,
            9 => Self::Notauth,
            16 => Self::Badvers,
            23 => Self::Badcookie,
            _ => Self::OtherRcode,
        }
    }
}

/// What one thread has counted in one batch.
#[derive(Default)]
pub struct Tally([u64; NAMES.len()]);

impl Tally {
    /// One of something.
    #[must_use]
    pub fn of(count: Count) -> Self {
        let mut tally = Self::default();
        tally.add(count);
        tally
    }

    /// One more.
    pub fn add(&mut self, count: Count) {
        self.0[count as usize] += 1;
    }

    /// One more, perhaps.
    pub fn add_if(&mut self, count: Count, is_one: bool) {
        self.0[count as usize] += u64::from(is_one);
    }

    /// Some more.
    pub fn add_many(&mut self, count: Count, many: usize) {
        self.0[count as usize] += many as u64;
    }
}

/// What all threads have counted.
#[derive(Default)]
pub struct Counters([AtomicU64; NAMES.len()]);

impl Counters {
    /// Add what a thread has counted.
    pub fn add(&self, tally: &Tally) {
        for (sum, &more) in self.0.iter().zip(&tally.0) {
            if more > 0 {
                sum.fetch_add(more, Ordering::Relaxed);
            }
        }
    }

    /// Every count by its name.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.into_iter().zip(self.0.iter().map(|sum| sum.load(Ordering::Relaxed)))
    }
}
