//! Copies of queries and answers for the process that writes them down. They go over a socket
//! that keeps messages apart and never blocks: what finds no room there is counted, and lost.

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::counters::{Count, Tally};
use crate::datagrams::{Control, Peer};
use crate::limits::Verdict;

/// Octets of one message, above which no further copy is put into it.
const FULL: usize = 32_768;
const MOST_ADDRESS: usize = 16;
const UDP: u8 = 0;

/// Where copies go, and of which queries.
pub struct Observer {
    socket: UnixDatagram,
    every: u32,
    count: AtomicU32,
}

impl Observer {
    /// Copy one of so many queries. The descriptor is that of a connected socket that keeps
    /// messages apart, and has been told not to block.
    #[must_use]
    pub fn new(socket: OwnedFd, every: u32) -> Self {
        Self { socket: socket.into(), every: every.max(1), count: AtomicU32::new(0) }
    }

    /// Whether the next query is one that is copied.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed) % self.every == 0
    }
}

/// What is copied of one query over UDP.
pub struct Seen<'s> {
    /// The query.
    pub message: &'s [u8],
    /// The answer as it was sent; empty: it was not.
    pub answer: &'s [u8],
    /// The RCODE of the answer, sent or not.
    pub rcode: u16,
    /// What rate limiting said.
    pub verdict: Verdict,
    /// Whether there was a valid cookie.
    pub is_proven: bool,
    /// Who asked.
    pub peer: &'s Peer,
    /// The address that was asked, if that is not the socket's.
    pub control: &'s Control,
    /// When it was received.
    pub since: Instant,
}

/// Copies that have not been sent yet.
pub struct Copies {
    octets: Vec<u8>,
    count: usize,
    bound: Option<SocketAddr>,
}

impl Copies {
    /// None yet, of what comes to a socket.
    #[must_use]
    pub fn of(socket: &OwnedFd) -> Self {
        let bound = socket.try_clone().and_then(|own| UdpSocket::from(own).local_addr());
        Self { octets: Vec::new(), count: 0, bound: bound.ok() }
    }

    /// Add one. The layout is that of zoneserver/service/logs/observations.py.
    pub fn add(&mut self, observer: &Observer, seen: &Seen<'_>, tally: &mut Tally) {
        let needed = seen.message.len() + seen.answer.len();
        if self.count > 0 && self.octets.len() + needed > FULL {
            self.send(observer, tally);
        }
        let latency = seen.since.elapsed();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let received = now.saturating_sub(latency).as_nanos() as u64;
        let start = self.octets.len();
        let client = seen.peer.address();
        let family = if client.len() == 4 { 4 } else { 6 };
        let (server, port) = self.server(seen.control);
        let out = &mut self.octets;
        out.extend([0; 4]); // the length, when it is known
        out.extend([UDP, family, verdict(seen.verdict), u8::from(seen.is_proven)]);
        out.extend(received.to_le_bytes());
        out.extend((latency.as_nanos() as u64).to_le_bytes());
        for number in [seen.peer.port(), port, seen.rcode, seen.message.len() as u16] {
            out.extend(number.to_le_bytes());
        }
        out.extend(padded(client));
        out.extend(server);
        out.extend(seen.message);
        out.extend(seen.answer);
        let length = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        self.count += 1;
    }

    /// The address and the port that were asked.
    fn server(&self, control: &Control) -> ([u8; MOST_ADDRESS], u16) {
        let port = self.bound.map_or(0, |bound| bound.port());
        let address = match (control.local(), self.bound) {
            (Some(address), _) => padded(address),
            (None, Some(SocketAddr::V4(bound))) => padded(&bound.ip().octets()),
            (None, Some(SocketAddr::V6(bound))) => bound.ip().octets(),
            (None, None) => [0; MOST_ADDRESS],
        };
        (address, port)
    }

    /// Send all.
    pub fn send(&mut self, observer: &Observer, tally: &mut Tally) {
        if self.count == 0 {
            return;
        }
        let sent = observer.socket.send(&self.octets).is_ok();
        tally.add_many(if sent { Count::Observed } else { Count::Unobserved }, self.count);
        self.octets.clear();
        self.count = 0;
    }
}

fn padded(address: &[u8]) -> [u8; MOST_ADDRESS] {
    let mut padded = [0; MOST_ADDRESS];
    for (to, from) in padded.iter_mut().zip(address) {
        *to = *from;
    }
    padded
}

fn verdict(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Send => 0,
        Verdict::Slip => 1,
        Verdict::Drop => 2,
        Verdict::DropError => 3,
    }
}
