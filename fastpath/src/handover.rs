//! Queries that wait for Python: a bounded queue, and what their answers need.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use crate::answer::is_error;
use crate::counters::{Count, Tally};
use crate::datagrams::{Control, Peer};
use crate::engine::Engine;
use crate::limits::{Account, Verdict};
use crate::observer::{Copies, Seen};
use crate::octets::{HandOver, u16_of_message};
use crate::query::{HEADER, end_of_question};
use crate::statistics::{Head, Transport};
use crate::system;
use crate::template::Kind;

/// Queries that may wait, and octets that they may have together.
const MOST_WAITING: usize = 1024;
const MOST_OCTETS: usize = 4 << 20;

/// A query that Python answers.
pub struct Pending {
    /// Its octets.
    pub message: Vec<u8>,
    /// Where it came from.
    pub peer: Peer,
    /// What makes its answer leave from the address that was asked.
    pub control: Control,
    /// Where it came in.
    pub socket: Arc<OwnedFd>,
    /// Whether a valid cookie shows that the asker's address is not forged.
    pub is_proven: bool,
    /// When it was received.
    pub since: Instant,
}

impl Pending {
    /// Send the answer that Python made, unless too many went to its asker. All of these are
    /// accounted together, the errors apart from the rest.
    pub fn send(&self, engine: &Engine, octets: &[u8]) {
        let mut tally = Tally::default();
        if let Ok(rcode) = rcode(octets) {
            let kind = if is_error(rcode) { Kind::Error } else { Kind::Answer };
            let account = Account { kind, name: 0 };
            match engine.judge(&self.peer, rcode, account, self.is_proven, &mut tally) {
                verdict @ Verdict::Send => {
                    self.put(engine, octets, &mut tally);
                    self.show(engine, octets, rcode, verdict, &mut tally);
                }
                verdict @ Verdict::Slip => {
                    if let Ok(cut) = cut(octets) {
                        self.put(engine, &cut, &mut tally);
                        self.show(engine, &cut, rcode, verdict, &mut tally);
                    }
                }
                verdict => self.show(engine, &[], rcode, verdict, &mut tally),
            }
        }
        engine.counters.add(&tally);
    }

    fn show(
        &self,
        engine: &Engine,
        answer: &[u8],
        rcode: u16,
        verdict: Verdict,
        tally: &mut Tally,
    ) {
        let Some(observer) = engine.observer.get().filter(|observer| observer.is_due()) else {
            return;
        };
        let mut copies = Copies::of(&self.socket);
        let seen = Seen {
            message: &self.message,
            answer,
            rcode,
            verdict,
            is_proven: self.is_proven,
            peer: &self.peer,
            control: &self.control,
            since: self.since,
        };
        copies.add(observer, &seen, tally);
        copies.send(observer, tally);
    }

    fn put(&self, engine: &Engine, octets: &[u8], tally: &mut Tally) {
        let socket = self.socket.as_fd();
        let sent = system::send(socket, octets, &self.peer, &self.control, |it| cut(it).ok());
        tally.add(if sent.is_ok() { Count::Answered } else { Count::SendErrors });
        engine.count(Transport::Udp, &self.message, octets);
        engine.statistics.time(self.since.elapsed(), 1);
    }
}

/// What the header of an answer says.
///
/// # Errors
/// Where it is none.
pub fn read_head(octets: &[u8]) -> Result<Head, HandOver> {
    let flags = u16_of_message(octets, 2)?;
    Ok(Head {
        rcode: rcode(octets)?,
        is_authoritative: flags & 0x0400 != 0,
        is_truncated: flags & 0x0200 != 0,
        has_answer: u16_of_message(octets, 6)? > 0,
    })
}

/// The RCODE of an answer, with the bits that an OPT alone behind the question adds to it
/// (RFC 6891 6.1.3).
fn rcode(octets: &[u8]) -> Result<u16, HandOver> {
    let low = u16_of_message(octets, 2)? & 0x0F;
    let counts = octets.get(4..HEADER).ok_or(HandOver)?;
    if counts != [0, 1, 0, 0, 0, 0, 0, 1] {
        return Ok(low);
    }
    let record = octets.get(end_of_question(octets)?..).ok_or(HandOver)?;
    if !record.starts_with(&[0, 0, 41]) {
        return Ok(low); // what is alone there is a signature
    }
    Ok(u16::from(*record.get(5).ok_or(HandOver)?) << 4 | low)
}

/// The header and the question of an answer, with TC.
///
/// # Errors
/// Where it has none.
pub fn cut(octets: &[u8]) -> Result<Vec<u8>, HandOver> {
    let has_question = u16_of_message(octets, 4)? > 0;
    let end = if has_question { end_of_question(octets)? } else { HEADER };
    let mut cut = octets.get(..end).ok_or(HandOver)?.to_vec();
    cut[2] |= 2;
    cut[6..HEADER].fill(0);
    Ok(cut)
}

/// What waits.
#[derive(Default)]
struct Waiting {
    queries: VecDeque<Pending>,
    octets: usize,
}

/// The queue, and the eventfd that says when there is something in it.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    wake: OnceLock<File>,
}

impl Queue {
    /// Say by this eventfd from now on when the queue is no longer empty. False: too late.
    #[must_use]
    pub fn wake_by(&self, event: OwnedFd) -> bool {
        self.wake.set(File::from(event)).is_ok()
    }

    /// Let a query wait. False where there is no more room.
    #[must_use]
    pub fn push(&self, pending: Pending) -> bool {
        let mut waiting = self.lock();
        let octets = waiting.octets + pending.message.len();
        if waiting.queries.len() == MOST_WAITING || octets > MOST_OCTETS {
            return false;
        }
        let was_empty = waiting.queries.is_empty();
        waiting.octets = octets;
        waiting.queries.push_back(pending);
        drop(waiting);
        if was_empty {
            // Should the eventfd be full, its reader has not yet seen what is in it.
            let _ = self.wake.get().map(|mut wake| wake.write(&1_u64.to_ne_bytes()));
        }
        true
    }

    /// Take at most so many out, oldest first.
    #[must_use]
    pub fn take(&self, most: usize) -> Vec<Pending> {
        let mut waiting = self.lock();
        let count = most.min(waiting.queries.len());
        let taken: Vec<_> = waiting.queries.drain(..count).collect();
        waiting.octets -= taken.iter().map(|pending| pending.message.len()).sum::<usize>();
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
