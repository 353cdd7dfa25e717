//! Networks: sets of IP addresses, each of 4 or 16 octets.

/// What an address of a network has in common with all others of it.
#[derive(Clone, Copy)]
struct Row {
    octets: usize,
    shift: u32,
    bits: u128,
}

/// A network's first address, and how many bits all its addresses share.
pub type Prefix = (Vec<u8>, u32);

/// All addresses of some networks.
#[derive(Clone, Default)]
pub struct Networks(Vec<Row>);

impl Networks {
    /// The addresses of these. None where one has more bits than its address.
    #[must_use]
    pub fn new(prefixes: &[Prefix]) -> Option<Self> {
        let row = |(address, length): &Prefix| {
            let shift = (8 * address.len() as u32).checked_sub(*length)?;
            let bits = number(address)?.checked_shr(shift).unwrap_or(0);
            Some(Row { octets: address.len(), shift, bits })
        };
        prefixes.iter().map(row).collect::<Option<_>>().map(Self)
    }

    /// Whether an address is of one of them.
    #[must_use]
    pub fn contain(&self, address: &[u8]) -> bool {
        let Some(number) = number(address) else { return false };
        self.0.iter().any(|row| {
            row.octets == address.len()
                && number.checked_shr(row.shift).unwrap_or(0) == row.bits
        })
    }
}

fn number(address: &[u8]) -> Option<u128> {
    match address.len() {
        4 => Some(u128::from(u32::from_be_bytes(address.try_into().ok()?))),
        16 => Some(u128::from_be_bytes(address.try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn octets(address: &str) -> Vec<u8> {
        address.parse::<Ipv6Addr>().unwrap().octets().to_vec()
    }

    /// By family, and by as many bits as count, from none to all.
    #[test]
    fn contains() {
        let some = [(vec![192, 0, 2, 0], 23), (octets("2001:db8::"), 33), (octets("::1"), 128)];
        let networks = Networks::new(&some).unwrap();
        for inside in [vec![192, 0, 2, 1], vec![192, 0, 3, 255], octets("2001:db8:7f::")] {
            assert!(networks.contain(&inside));
        }
        assert!(networks.contain(&octets("::1")));
        let outside = [vec![192, 0, 4, 0], vec![192, 0, 1, 255], octets("2001:db8:8000::")];
        for outside in outside.into_iter().chain([octets("::2"), octets("::c000:201"), vec![]])
        {
            assert!(!networks.contain(&outside));
        }
        let everybody = Networks::new(&[(vec![0; 4], 0), (vec![0; 16], 0)]).unwrap();
        assert!(everybody.contain(&[255; 4]) && everybody.contain(&[255; 16]));
        assert!(!Networks::default().contain(&[0; 4]));
    }

    /// What is no network is said to be none.
    #[test]
    fn refuses() {
        assert!(Networks::new(&[(vec![0; 4], 33)]).is_none());
        assert!(Networks::new(&[(vec![0; 5], 8)]).is_none());
    }
}
