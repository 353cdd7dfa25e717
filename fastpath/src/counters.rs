//! What the loops count. Threads count for themselves and add up once for each batch.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that is counted.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // NAMES say it
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
    Observed,
    Unobserved,
}

const NAMES: [&str; 16] = [
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
    "observed",
    "unobserved",
];

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

    /// How many there are.
    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        self.0[count as usize]
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
