//! The engine: what all loops share, and the threads that they run in.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::counters::{Count, Counters, Tally};
use crate::datagrams::Peer;
use crate::handover::{Queue, read_head};
use crate::limits::{Account, Limits, Verdict};
use crate::lookup::find_zone;
use crate::observer::Observer;
use crate::octets::HandOver;
use crate::query::{CLASS_IN, read_question};
use crate::responder::Responder;
use crate::statistics::{Statistics, Transport};
use crate::{system, udp};

/// How often a loop looks around when nobody asks.
const WAKE_EVERY_US: u32 = 200_000;
/// Answers whatever it does not understand with an error, as we do.
const KPASSWD_PORT: u16 = 464;

/// A loop's thread, and when it was last seen alive.
struct Loop {
    seen: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

/// What all loops share.
pub struct Engine {
    /// What answers.
    pub responder: Responder,
    /// What keeps answers back.
    pub limits: Limits,
    /// What was counted.
    pub counters: Counters,
    /// What was asked and answered.
    pub statistics: Statistics,
    /// What waits for Python.
    pub queue: Queue,
    /// Who gets copies of queries and answers.
    pub observer: OnceLock<Observer>,
    started: Instant,
    is_stopping: AtomicBool,
    loops: Mutex<Vec<Loop>>,
}

impl Engine {
    /// An engine that does not serve yet.
    #[must_use]
    pub fn new(responder: Responder, limits: Limits) -> Self {
        Self {
            responder,
            limits,
            counters: Counters::default(),
            statistics: Statistics::default(),
            queue: Queue::default(),
            observer: OnceLock::new(),
            started: Instant::now(),
            is_stopping: AtomicBool::new(false),
            loops: Mutex::default(),
        }
    }

    /// Answer what comes to these UDP sockets, each in a thread of its own.
    ///
    /// # Errors
    /// Where a descriptor is not what it must be, or threads are short; then none is started
    /// that goes on.
    pub fn serve(self: &Arc<Self>, sockets: Vec<RawFd>, wake: RawFd) -> io::Result<()> {
        let duplicates = sockets.into_iter().map(system::duplicate);
        let sockets: Vec<OwnedFd> = duplicates.collect::<Result<_, _>>()?;
        for socket in &sockets {
            system::prepare(socket.as_fd(), WAKE_EVERY_US)?;
        }
        if !self.queue.wake_by(system::duplicate(wake)?) {
            return Err(io::Error::other("it serves already"));
        }
        let started = sockets.into_iter().try_for_each(|socket| self.start_loop(socket));
        if started.is_err() {
            self.stop();
        }
        started
    }

    /// Send copies of one of so many queries, and of their answers, to a socket that keeps
    /// messages apart and does not block. Before `serve`.
    ///
    /// # Errors
    /// Where the descriptor is none, or somebody observes already.
    pub fn observe(&self, socket: RawFd, every: u32) -> io::Result<()> {
        let observer = Observer::new(system::duplicate(socket)?, every);
        let taken = self.observer.set(observer);
        taken.map_err(|_| io::Error::other("it is observed already"))
    }

    fn start_loop(self: &Arc<Self>, socket: OwnedFd) -> io::Result<()> {
        let (engine, socket) = (Arc::clone(self), Arc::new(socket));
        let seen = Arc::new(AtomicU64::new(self.milliseconds()));
        let seen_there = Arc::clone(&seen);
        let thread = Builder::new()
            .name("zoneserver-udp".into())
            .spawn(move || udp::run(&engine, &socket, &seen_there))?;
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).push(Loop { seen, thread });
        Ok(())
    }

    /// Answer what has come, and end the threads.
    pub fn stop(&self) {
        self.let_go();
        let loops =
            std::mem::take(&mut *self.loops.lock().unwrap_or_else(PoisonError::into_inner));
        for ended in loops {
            let _ = ended.thread.join(); // its panics are counted where they are caught
        }
    }

    /// Have the threads end by themselves.
    pub fn let_go(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the loops are to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Judge an answer that is about to go out over UDP. `is_proven`: whether the asker's
    /// address is known not to be forged.
    #[must_use]
    pub fn judge(
        &self,
        peer: &Peer,
        rcode: u16,
        account: Account,
        is_proven: bool,
        tally: &mut Tally,
    ) -> Verdict {
        if peer.port() == KPASSWD_PORT && rcode != 0 {
            tally.add(Count::DroppedPorts);
            return Verdict::Drop;
        }
        if self.limits.is_exempt(peer.address()) {
            return Verdict::Send;
        }
        let verdict = self.limits.judge(peer.address(), account, is_proven, now());
        tally.add_if(Count::Limited, matches!(verdict, Verdict::Slip | Verdict::Drop));
        tally.add_if(Count::ErrorsCapped, verdict == Verdict::DropError);
        if self.limits.is_log_only() {
            return Verdict::Send;
        }
        tally.add_if(Count::Slipped, verdict == Verdict::Slip);
        verdict
    }

    /// Count an answer that Python made.
    pub fn count(&self, transport: Transport, message: &[u8], answer: &[u8]) {
        let Ok(head) = read_head(answer) else { return };
        let zones = self.responder.zones();
        match read_question(message) {
            Err(HandOver) => self.statistics.count(transport, None, head, None),
            Ok((qname, qtype, qclass)) => {
                let place = find_zone(&zones, &qname, qtype);
                let place = place.filter(|_| qclass == CLASS_IN);
                let asked = place.as_ref().map(|place| (&qname, place.mail));
                self.statistics.count(transport, Some(qtype), head, asked);
            }
        }
    }

    /// A number that grows as long as every loop is alive.
    #[must_use]
    pub fn beats(&self) -> u64 {
        let loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = loops.iter().map(|running| running.seen.load(Ordering::Relaxed));
        seen.min().unwrap_or_else(|| self.milliseconds())
    }

    /// Milliseconds since the engine was made.
    #[must_use]
    pub fn milliseconds(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

/// Seconds since 1970, of which cookies carry 32 bits (RFC 9018 4.3).
#[must_use]
pub fn now() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as u32)
}
