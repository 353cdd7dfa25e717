//! Whom a datagram came from, and what makes its answer leave from the address that was asked.

const FAMILY_IPV4: u16 = libc::AF_INET as u16;
const MOST_PEER: usize = 32; // a sockaddr_in6 has 28 octets
const MOST_CONTROL: usize = 128; // one PKTINFO, whatever else the kernel may add
const WORD: usize = size_of::<usize>();
const CONTROL_HEADER: usize = WORD + 8;

/// A socket address, as the kernel writes it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Peer {
    /// The octets of a `sockaddr`.
    pub octets: [u8; MOST_PEER],
    /// How many of them count.
    pub length: usize,
}

impl Default for Peer {
    fn default() -> Self {
        Self { octets: [0; MOST_PEER], length: MOST_PEER }
    }
}

impl Peer {
    /// 4 or 16 octets, without the scope of a link-local address.
    #[must_use]
    pub fn address(&self) -> &[u8] {
        let family = u16::from_ne_bytes([self.octets[0], self.octets[1]]);
        if family == FAMILY_IPV4 { &self.octets[4..8] } else { &self.octets[8..24] }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        u16::from_be_bytes([self.octets[2], self.octets[3]])
    }
}

/// Ancillary data: `cmsghdr`s with their octets, one after the other.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Control {
    /// The octets.
    pub octets: [u8; MOST_CONTROL],
    /// How many of them count.
    pub length: usize,
}

impl Default for Control {
    fn default() -> Self {
        Self { octets: [0; MOST_CONTROL], length: MOST_CONTROL }
    }
}

impl Control {
    /// Nothing: an answer leaves as its socket is bound.
    #[must_use]
    pub fn none() -> Self {
        Self { length: 0, ..Self::default() }
    }

    fn one(level: i32, kind: i32, octets: &[u8]) -> Self {
        let mut made = Self::none();
        let mut put = |part: &[u8]| {
            made.octets[made.length..made.length + part.len()].copy_from_slice(part);
            made.length += part.len();
        };
        put(&(CONTROL_HEADER + octets.len()).to_ne_bytes());
        put(&level.to_ne_bytes());
        put(&kind.to_ne_bytes());
        put(octets);
        made.length = made.length.next_multiple_of(WORD);
        made
    }

    /// The address that an answer leaves from, if this tells.
    #[must_use]
    pub fn local(&self) -> Option<&[u8]> {
        let mut rest = self.octets.get(..self.length)?;
        match split_first(&mut rest)? {
            (libc::IPPROTO_IP, libc::IP_PKTINFO, octets) => octets.get(4..8),
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, octets) => octets.get(..16),
            _ => None,
        }
    }

    /// What goes out with the answer to what came in with this.
    #[must_use]
    pub fn turned(&self) -> Self {
        let mut rest = self.octets.get(..self.length).unwrap_or(&[]);
        while let Some((level, kind, octets)) = split_first(&mut rest) {
            let mut info = [0; 20];
            match (level, kind, octets.len()) {
                // struct in_pktinfo: interface, local address, destination. No interface, so
                // that the answer may take another way than the query did.
                (libc::IPPROTO_IP, libc::IP_PKTINFO, 12) => {
                    info[4..8].copy_from_slice(&octets[4..8]);
                    return Self::one(level, kind, &info[..12]);
                }
                // struct in6_pktinfo: destination, interface. A link-local address means
                // nothing without its interface (RFC 4007 6).
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, 20) => {
                    let is_link_local = octets[0] == 0xFE && octets[1] & 0xC0 == 0x80;
                    let kept = if is_link_local { 20 } else { 16 };
                    info[..kept].copy_from_slice(&octets[..kept]);
                    return Self::one(level, kind, &info);
                }
                _ => {}
            }
        }
        Self::none()
    }
}

/// The level, type and octets of the first `cmsghdr`, which is taken off.
fn split_first<'c>(rest: &mut &'c [u8]) -> Option<(i32, i32, &'c [u8])> {
    let all = *rest;
    let length = usize::from_ne_bytes(*all.first_chunk()?);
    let level = i32::from_ne_bytes(*all.get(WORD..)?.first_chunk()?);
    let kind = i32::from_ne_bytes(*all.get(WORD + 4..)?.first_chunk()?);
    let octets = all.get(CONTROL_HEADER..length)?;
    *rest = all.get(length.next_multiple_of(WORD)..).unwrap_or(&[]);
    Some((level, kind, octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The local address goes back, the interface and the destination do not.
    #[test]
    fn turns_ipv4() {
        let came = [[7, 0, 0, 0], [127, 0, 0, 2], [127, 0, 0, 9]].concat();
        let goes = [[0; 4], [127, 0, 0, 2], [0; 4]].concat();
        let turned = Control::one(libc::IPPROTO_IP, libc::IP_PKTINFO, &came).turned();
        let expected = Control::one(libc::IPPROTO_IP, libc::IP_PKTINFO, &goes);
        assert_eq!(expected.octets[..expected.length], turned.octets[..turned.length]);
    }

    /// The interface goes back with a link-local address only.
    #[test]
    fn turns_ipv6() {
        for (first, interface) in [(0xFE80_u16, 7), (0x2001, 0)] {
            let mut octets = [0; 20];
            octets[..2].copy_from_slice(&first.to_be_bytes());
            octets[16] = 7;
            let came = Control::one(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &octets);
            octets[16] = interface;
            let expected = Control::one(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &octets);
            assert_eq!(expected.octets, came.turned().octets);
        }
    }

    /// Other ancillary data is passed over, damaged data ends the search.
    #[test]
    fn finds_among_others() {
        let other = Control::one(libc::SOL_SOCKET, libc::SO_TIMESTAMP, &[1; 16]);
        let info = Control::one(libc::IPPROTO_IP, libc::IP_PKTINFO, &[9; 12]);
        let mut both = other;
        both.octets[other.length..other.length + info.length]
            .copy_from_slice(&info.octets[..info.length]);
        both.length += info.length;
        assert_eq!(info.turned().octets, both.turned().octets);
        both.octets[0] = 255;
        assert_eq!(0, both.turned().length);
    }
}
