//! The system calls. All that is unsafe in the loop is here, each with its reason.

use std::array::from_fn;
use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::ptr::null_mut;

use libc::{c_int, c_uint, iovec, mmsghdr, msghdr};

use crate::datagrams::{Control, Peer};

/// Datagrams that are received, and answers that are sent, in one call.
pub const SLOTS: usize = 32;
/// Octets that a datagram may have. Pages that none reaches cost nothing. The odd rest keeps
/// the slots, of which mostly the start is used, out of one another's cache lines.
const ROOM: usize = 65_536 + 192;

/// A descriptor of our own for a socket of somebody else's.
///
/// # Errors
/// Where there is no such descriptor, or no room for another one.
pub fn duplicate(descriptor: RawFd) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: it is only handed to the kernel, which says so where it is no open descriptor.
    #[allow(unsafe_code)]
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    borrowed.try_clone_to_owned()
}

/// Let a socket block, but wake up in time to look around.
///
/// # Errors
/// Where it is no socket.
pub fn prepare(socket: BorrowedFd<'_>, wake_every_us: u32) -> io::Result<()> {
    let descriptor = socket.as_raw_fd();
    // SAFETY: takes and gives integers.
    #[allow(unsafe_code)]
    let flags = check(unsafe { libc::fcntl(descriptor, libc::F_GETFL) })?;
    // SAFETY: takes and gives integers.
    #[allow(unsafe_code)]
    check(unsafe { libc::fcntl(descriptor, libc::F_SETFL, flags & !libc::O_NONBLOCK) })?;
    let timeout = libc::timeval { tv_sec: 0, tv_usec: libc::suseconds_t::from(wake_every_us) };
    // SAFETY: the kernel reads one timeval, which lives until the call is over.
    #[allow(unsafe_code)]
    check(unsafe {
        libc::setsockopt(
            descriptor,
            libc::SOL_SOCKET,
            libc::SO_RCVTIMEO,
            (&raw const timeout).cast(),
            size_of_val(&timeout) as libc::socklen_t,
        )
    })
    .map(drop)
}

/// Leave signals to the threads that Python runs in.
pub fn block_signals() {
    // SAFETY: both calls write into or read from one set, which lives until they are over.
    #[allow(unsafe_code)]
    unsafe {
        let mut all = zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, null_mut());
    }
}

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn count(result: c_int) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// An entry of a batch: pointers to octets, peer and control, all of which must outlive it.
fn entry(octets: *mut iovec, peer: (*mut u8, usize), control: (*mut u8, usize)) -> mmsghdr {
    // SAFETY: a struct of integers and pointers, for which all zeros is a value.
    #[allow(unsafe_code)]
    let mut header: msghdr = unsafe { zeroed() };
    header.msg_name = peer.0.cast();
    header.msg_namelen = peer.1 as libc::socklen_t;
    header.msg_iov = octets;
    header.msg_iovlen = 1;
    header.msg_control = control.0.cast();
    header.msg_controllen = control.1 as _; // its type depends on the C library
    mmsghdr { msg_hdr: header, msg_len: 0 }
}

/// The entry of an answer, which is only read.
fn outgoing(octets: *mut iovec, peer: &Peer, control: &Control) -> mmsghdr {
    let peer = (peer.octets.as_ptr().cast_mut(), peer.length);
    entry(octets, peer, (control.octets.as_ptr().cast_mut(), control.length))
}

/// Room for the datagrams of a batch.
pub struct Inbox {
    octets: Vec<u8>,
    lengths: [usize; SLOTS],
    peers: [Peer; SLOTS],
    controls: [Control; SLOTS],
}

impl Inbox {
    /// Room that is taken from the system as it is used.
    #[must_use]
    pub fn new() -> Self {
        Self {
            octets: vec![0; SLOTS * ROOM],
            lengths: [0; SLOTS],
            peers: [Peer::default(); SLOTS],
            controls: [Control::none(); SLOTS],
        }
    }

    /// Wait for a datagram, or not, and take it with those that wait behind it. How many.
    ///
    /// # Errors
    /// `WouldBlock` where there was none in time.
    pub fn receive(&mut self, socket: BorrowedFd<'_>, waits: bool) -> io::Result<usize> {
        let mut vectors = [iovec { iov_base: null_mut(), iov_len: 0 }; SLOTS];
        for (vector, room) in vectors.iter_mut().zip(self.octets.chunks_exact_mut(ROOM)) {
            *vector = iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
        }
        let mut entries: [mmsghdr; SLOTS] = from_fn(|slot| {
            let (peer, control) =
                (&mut self.peers[slot].octets, &mut self.controls[slot].octets);
            let peer = (peer.as_mut_ptr(), peer.len());
            entry(&raw mut vectors[slot], peer, (control.as_mut_ptr(), control.len()))
        });
        let flags = if waits { libc::MSG_WAITFORONE } else { libc::MSG_DONTWAIT };
        // SAFETY: each entry points at octets of ours, as many as it says, and none is touched
        // by anybody else before the call is over.
        #[allow(unsafe_code)]
        let received = count(unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                entries.as_mut_ptr(),
                SLOTS as c_uint,
                flags as _, // its type depends on the C library
                null_mut(),
            )
        })?;
        for (slot, entry) in entries.iter().enumerate().take(received) {
            self.lengths[slot] = (entry.msg_len as usize).min(ROOM);
            self.peers[slot].length = entry.msg_hdr.msg_namelen as usize;
            self.controls[slot].length = entry.msg_hdr.msg_controllen as _;
            if self.controls[slot].length > 0 {
                self.controls[slot] = self.controls[slot].turned();
            }
        }
        Ok(received)
    }

    /// The octets of a datagram.
    #[must_use]
    pub fn message(&self, slot: usize) -> &[u8] {
        &self.octets[slot * ROOM..][..self.lengths[slot]]
    }

    /// Where it came from.
    #[must_use]
    pub fn peer(&self, slot: usize) -> &Peer {
        &self.peers[slot]
    }

    /// What makes its answer leave from the address that was asked.
    #[must_use]
    pub fn control(&self, slot: usize) -> &Control {
        &self.controls[slot]
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

/// Answers of a batch that wait to be sent.
pub struct Outbox {
    octets: Vec<u8>,
    most: usize,
    queued: [(usize, usize); SLOTS],
    count: usize,
}

impl Outbox {
    /// Room for answers of at most so many octets.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { octets: vec![0; SLOTS * most], most, queued: [(0, 0); SLOTS], count: 0 }
    }

    /// Where the next answer is to be written.
    #[must_use]
    pub fn next_room(&mut self) -> &mut [u8] {
        &mut self.octets[self.count * self.most..][..self.most]
    }

    /// Send what was written there to whom the datagram in a slot came from.
    pub fn queue(&mut self, length: usize, slot: usize) {
        self.queued[self.count] = (length, slot);
        self.count += 1;
    }

    /// Send all; how many could not be sent. Waits for nothing.
    ///
    /// What is too long for its way goes as `cut` leaves it.
    pub fn send(
        &mut self,
        socket: BorrowedFd<'_>,
        inbox: &Inbox,
        cut: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> usize {
        if self.count == 0 {
            return 0;
        }
        let mut vectors: [iovec; SLOTS] = from_fn(|number| iovec {
            iov_base: self.octets[number * self.most..].as_ptr().cast_mut().cast(),
            iov_len: self.queued[number].0,
        });
        let mut entries: [mmsghdr; SLOTS] = from_fn(|number| {
            let slot = self.queued[number].1;
            outgoing(&raw mut vectors[number], inbox.peer(slot), inbox.control(slot))
        });
        let (mut errors, mut too_long, count) = (0, Vec::new(), self.count);
        let mut rest = &mut entries[..count];
        self.count = 0;
        while !rest.is_empty() {
            let sent = match send_entries(socket, rest) {
                Ok(sent) => sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The first could not be sent; those behind it may.
                Err(error) if is_too_long(&error) => {
                    too_long.push(count - rest.len());
                    1
                }
                Err(_) => {
                    errors += 1;
                    1
                }
            };
            rest = &mut rest[sent..];
        }
        for number in too_long {
            let (length, slot) = self.queued[number];
            let octets = &self.octets[number * self.most..][..length];
            let sent = send_cut(socket, octets, inbox.peer(slot), inbox.control(slot), &cut);
            errors += usize::from(sent.is_err());
        }
        errors
    }
}

/// Send one answer, as `cut` leaves it where it is too long for its way.
///
/// # Errors
/// Where it could not be sent.
pub fn send(
    socket: BorrowedFd<'_>,
    octets: &[u8],
    peer: &Peer,
    control: &Control,
    cut: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    match send_whole(socket, octets, peer, control) {
        Err(error) if is_too_long(&error) => send_cut(socket, octets, peer, control, cut),
        done => done,
    }
}

fn send_cut(
    socket: BorrowedFd<'_>,
    octets: &[u8],
    peer: &Peer,
    control: &Control,
    cut: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    let short = cut(octets).ok_or(io::ErrorKind::InvalidData)?;
    send_whole(socket, &short, peer, control)
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMSGSIZE)
}

fn send_whole(
    socket: BorrowedFd<'_>,
    octets: &[u8],
    peer: &Peer,
    control: &Control,
) -> io::Result<()> {
    let mut vector =
        iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
    send_entries(socket, &mut [outgoing(&raw mut vector, peer, control)]).map(drop)
}

/// Send entries up to the first that cannot be sent; how many, at least one.
fn send_entries(socket: BorrowedFd<'_>, entries: &mut [mmsghdr]) -> io::Result<usize> {
    // SAFETY: each entry points at octets that its maker borrows, as many as it says; the
    // kernel only reads them, and writes into the entries.
    #[allow(unsafe_code)]
    let sent = count(unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            entries.as_mut_ptr(),
            entries.len() as c_uint,
            libc::MSG_DONTWAIT as _, // its type depends on the C library
        )
    })?;
    Ok(sent.max(1))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd as _;

    use super::{Inbox, Outbox, send};

    const TOO_LONG: usize = 65_600;

    /// What a client receives after it has asked twice, and was answered with so many octets.
    fn answered(
        lengths: [usize; 2],
        cut: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> (usize, Vec<Vec<u8>>) {
        let (server, client) =
            (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        client.connect(server.local_addr().unwrap()).unwrap();
        let (mut inbox, mut outbox) = (Inbox::new(), Outbox::new(TOO_LONG));
        for _ in lengths {
            client.send(b"query").unwrap();
        }
        let mut count = 0;
        while count < lengths.len() {
            count += inbox.receive(server.as_fd(), true).unwrap();
            assert_eq!(count, lengths.len(), "both are in the queue before the first is read");
        }
        for (slot, length) in lengths.into_iter().enumerate() {
            outbox.next_room().fill(slot as u8);
            outbox.queue(length, slot);
        }
        let errors = outbox.send(server.as_fd(), &inbox, cut);
        client.set_nonblocking(true).unwrap();
        let mut octets = vec![0; TOO_LONG];
        let received = std::iter::from_fn(|| {
            let length = client.recv(&mut octets).ok()?;
            Some(octets[..length].to_vec())
        });
        (errors, received.collect())
    }

    #[test]
    fn an_answer_that_is_too_long_for_its_way_goes_cut() {
        let (errors, received) = answered([TOO_LONG, 4], |octets| Some(octets[..2].to_vec()));
        assert_eq!((errors, received), (0, vec![vec![1; 4], vec![0; 2]]));
    }

    #[test]
    fn what_cannot_be_cut_is_an_error() {
        let (errors, received) = answered([4, TOO_LONG], |_| None);
        assert_eq!((errors, received), (1, vec![vec![0; 4]]));
        let (errors, _) = answered([4, TOO_LONG], |octets| Some(octets.to_vec()));
        assert_eq!(errors, 1);
    }

    #[test]
    fn a_single_one_is_cut_as_well() {
        let (server, client) =
            (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        client.connect(server.local_addr().unwrap()).unwrap();
        client.send(b"query").unwrap();
        let mut inbox = Inbox::new();
        inbox.receive(server.as_fd(), true).unwrap();
        let (peer, control) = (inbox.peer(0), inbox.control(0));
        let cut = |octets: &[u8]| Some(octets[..3].to_vec());
        send(server.as_fd(), &vec![7; TOO_LONG], peer, control, cut).unwrap();
        let mut octets = [0; 16];
        assert_eq!(client.recv(&mut octets).unwrap(), 3);
    }
}
