//! The loop: datagrams in, answers out, a batch at a time. Python is never waited for.

use std::io::ErrorKind;
use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::counters::{Count, Tally};
use crate::datagrams::Peer;
use crate::engine::{Engine, now};
use crate::handover::{Pending, cut};
use crate::limits::Verdict;
use crate::lookup::Sought;
use crate::observer::{Copies, Seen};
use crate::responder::{Asker, Decision, Reply};
use crate::statistics::Transport;
use crate::system::{Inbox, Outbox, SLOTS, block_signals};
use crate::warm::warm;
use crate::zones::Zones;

/// Batches that are still answered after `stop`: more than a receive buffer holds.
const LAST_TURNS: usize = 256;
/// echo, discard, daytime, chargen, time, and 0, which nobody can have: an answer to them
/// could only start a loop or be lost.
const DEAF_PORTS: [u16; 5] = [0, 7, 13, 19, 37];
/// How long an error that stays is left alone, in milliseconds.
const MOST_BACKOFF: u64 = 100;

/// Answer what comes to a socket until the engine is told to stop.
pub fn run(engine: &Engine, socket: &Arc<OwnedFd>, seen: &AtomicU64) {
    block_signals();
    let mut udp = Loop {
        engine,
        socket,
        inbox: Inbox::new(),
        outbox: Outbox::new(engine.responder.most_octets()),
        copies: Copies::of(socket),
    };
    let (mut errors, mut last_turns) = (0, 0);
    while last_turns < LAST_TURNS {
        seen.store(engine.milliseconds(), Ordering::Relaxed);
        let is_stopping = engine.is_stopping();
        last_turns += usize::from(is_stopping);
        match udp.inbox.receive(socket.as_fd(), !is_stopping) {
            Ok(count) => {
                errors = 0;
                udp.answer(count);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if is_stopping {
                    break;
                }
            }
            // An error that an earlier datagram caused, reported late, or one that stays.
            Err(_) => {
                engine.counters.add(&Tally::of(Count::ReceiveErrors));
                errors += 1;
                let pause = MOST_BACKOFF.min(1 << errors.min(16_u32));
                std::thread::sleep(Duration::from_millis(pause));
            }
        }
    }
}

/// What one thread has for itself.
struct Loop<'e> {
    engine: &'e Engine,
    socket: &'e Arc<OwnedFd>,
    inbox: Inbox,
    outbox: Outbox,
    copies: Copies,
}

impl Loop<'_> {
    fn answer(&mut self, count: usize) {
        let (engine, zones) = (self.engine, self.engine.responder.zones());
        let batch = Batch {
            engine,
            socket: self.socket,
            inbox: &self.inbox,
            zones: &zones,
            now: now(),
            since: Instant::now(),
        };
        let (mut sought, mut tally) = ([const { Sought::NOTHING }; SLOTS], Tally::default());
        tally.add_many(Count::Received, count);
        guard(&mut tally, |_| batch.seek(&mut sought[..count]));
        for (slot, sought) in sought[..count].iter().enumerate() {
            let (outbox, copies) = (&mut self.outbox, &mut self.copies);
            guard(&mut tally, |tally| batch.answer(slot, sought, outbox, copies, tally));
        }
        let since = batch.since;
        drop(zones);
        let errors = self.outbox.send(self.socket.as_fd(), &self.inbox, |it| cut(it).ok());
        engine.statistics.time(since.elapsed(), tally.get(Count::Answered));
        tally.add_many(Count::SendErrors, errors);
        if let Some(observer) = engine.observer.get() {
            self.copies.send(observer, &mut tally);
        }
        self.engine.counters.add(&tally);
    }
}

/// Take a step. A mistake of ours costs the query that shows it, and nobody else's.
fn guard(tally: &mut Tally, step: impl FnOnce(&mut Tally)) {
    let panicked = catch_unwind(AssertUnwindSafe(|| step(tally))).is_err();
    tally.add_if(Count::Panics, panicked);
}

/// Datagrams that came together, and what they are answered from.
struct Batch<'b> {
    engine: &'b Engine,
    socket: &'b Arc<OwnedFd>,
    inbox: &'b Inbox,
    zones: &'b Zones,
    now: u32,
    since: Instant,
}

impl<'b> Batch<'b> {
    /// Scan the messages, find their zones, and read ahead in them.
    fn seek(&self, sought: &mut [Sought<'b>]) {
        for (slot, sought) in sought.iter_mut().enumerate() {
            *sought = Sought::new(self.zones, self.inbox.message(slot), false);
        }
        if sought.len() > 1 {
            warm(sought);
        }
    }

    fn answer(
        &self,
        slot: usize,
        sought: &Sought<'b>,
        outbox: &mut Outbox,
        copies: &mut Copies,
        tally: &mut Tally,
    ) {
        let (message, peer) = (self.inbox.message(slot), self.inbox.peer(slot));
        if DEAF_PORTS.contains(&peer.port()) {
            tally.add(Count::DroppedPorts);
            return;
        }
        let address = peer.address();
        let asker = Asker { address, is_stream: false, is_encrypted: false, now: self.now };
        match self.engine.responder.decide(message, sought, asker) {
            Decision::Silence => tally.add(Count::DroppedShort),
            Decision::HandOver { is_proven } => self.hand_over(slot, is_proven, tally),
            Decision::Reply(mut reply) => {
                tally.add_if(Count::CookiesValid, reply.is_proven);
                let verdict = judge(self.engine, peer, &mut reply, tally);
                let Reply { answer, is_proven, .. } = reply;
                let observer = self.engine.observer.get().filter(|observer| observer.is_due());
                if matches!(verdict, Verdict::Drop | Verdict::DropError) {
                    if let Some(observer) = observer {
                        let seen = self.seen(slot, &[], answer.rcode, verdict, is_proven);
                        copies.add(observer, &seen, tally);
                    }
                    return;
                }
                let Ok(length) = answer.write(outbox.next_room()) else {
                    return self.hand_over(slot, is_proven, tally);
                };
                if let Some(observer) = observer {
                    let octets = &outbox.next_room()[..length];
                    let seen = self.seen(slot, octets, answer.rcode, verdict, is_proven);
                    copies.add(observer, &seen, tally);
                }
                outbox.queue(length, slot);
                tally.add(Count::Answered);
                sought.count(&self.engine.statistics, Transport::Udp, &answer);
                tally.add_if(Count::Truncated, answer.part.is_truncated);
            }
        }
    }

    fn seen<'s>(
        &'s self,
        slot: usize,
        answer: &'s [u8],
        rcode: u16,
        verdict: Verdict,
        is_proven: bool,
    ) -> Seen<'s> {
        let (message, peer) = (self.inbox.message(slot), self.inbox.peer(slot));
        let (control, since) = (self.inbox.control(slot), self.since);
        Seen { message, answer, rcode, verdict, is_proven, peer, control, since }
    }

    fn hand_over(&self, slot: usize, is_proven: bool, tally: &mut Tally) {
        let pending = Pending {
            message: self.inbox.message(slot).to_vec(),
            peer: *self.inbox.peer(slot),
            control: *self.inbox.control(slot),
            socket: Arc::clone(self.socket),
            is_proven,
            since: self.since,
        };
        let waits = self.engine.queue.push(pending);
        tally.add(if waits { Count::HandedOver } else { Count::QueueFull });
    }
}

/// What becomes of an answer, which is cut short if need be.
fn judge(engine: &Engine, peer: &Peer, reply: &mut Reply<'_>, tally: &mut Tally) -> Verdict {
    let rcode = reply.answer.rcode;
    let verdict = engine.judge(peer, rcode, reply.account, reply.is_proven, tally);
    if verdict == Verdict::Slip {
        if reply.answer.opt.is_some_and(|opt| opt.cookie.is_some()) {
            reply.answer.ask_for_cookie();
        } else {
            reply.answer.cut();
        }
    }
    verdict
}
