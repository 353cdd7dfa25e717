//! DNS cookies (RFC 7873) as RFC 9018 makes them, so that servers share them by secret.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher24;

const CLIENT: usize = 8;
const SERVER: usize = 16;
const VERSION: u8 = 1;
const HASHED: usize = 8; // version, reserved octets, timestamp
/// RFC 9018 4.3: seconds for which a cookie is valid, and from when on it is renewed.
const LIFETIME: u32 = 3600;
const RENEWAL: u32 = 1800;
/// Seconds that another server of the same secret may be ahead.
const SKEW: u32 = 300;

/// The octets of a COOKIE option that we send.
pub type Cookie = [u8; CLIENT + SERVER];

/// What a presented COOKIE is worth.
#[derive(Clone, Copy)]
pub struct Weighed {
    /// What we answer with.
    pub ours: Cookie,
    /// Whether the asker has shown that it receives what we send to its address.
    pub is_valid: bool,
}

/// The secrets, current first. Without any, cookies are not answered.
pub struct Secrets(Vec<[u8; 16]>);

impl Secrets {
    /// Keep secrets.
    #[must_use]
    pub fn new(secrets: Vec<[u8; 16]>) -> Self {
        Self(secrets)
    }

    /// Weigh a COOKIE that came from an address. None: it is not answered.
    #[must_use]
    pub fn weigh(&self, presented: &[u8], address: &[u8], now: u32) -> Option<Weighed> {
        let current = self.0.first()?;
        let (client, server) = presented.split_first_chunk::<CLIENT>()?;
        let age = age(server, now);
        let made_with = age.and_then(|_| self.find(client, server, address));
        let mut ours = [0; CLIENT + SERVER];
        ours[..CLIENT].copy_from_slice(client);
        if made_with == Some(0) && age.is_some_and(|age| age <= RENEWAL) {
            ours[CLIENT..].copy_from_slice(server);
        } else {
            ours[CLIENT] = VERSION;
            ours[CLIENT + 4..CLIENT + HASHED].copy_from_slice(&now.to_be_bytes());
            let hash = sign(current, client, &ours[CLIENT..CLIENT + HASHED], address);
            ours[CLIENT + HASHED..].copy_from_slice(&hash.to_le_bytes());
        }
        Some(Weighed { ours, is_valid: made_with.is_some() })
    }

    /// Which secret a server cookie was made with.
    fn find(&self, client: &[u8], server: &[u8], address: &[u8]) -> Option<usize> {
        let (signed, hash) = server.split_last_chunk::<8>()?;
        let hash = u64::from_le_bytes(*hash);
        // Two integers are compared in one step: how long it takes tells nothing.
        self.0.iter().position(|secret| sign(secret, client, signed, address) == hash)
    }
}

/// How old a server cookie is, if it is one of ours and of our time (RFC 9018 4.3).
fn age(server: &[u8], now: u32) -> Option<u32> {
    if server.len() != SERVER || server[0] != VERSION {
        return None;
    }
    let timestamp = u32::from_be_bytes(*server[4..].first_chunk()?);
    // RFC 1982 3.2: what is far in the future is of the past.
    let since_earliest = now.wrapping_add(SKEW).wrapping_sub(timestamp);
    (since_earliest <= SKEW + LIFETIME).then(|| since_earliest.saturating_sub(SKEW))
}

/// The hash of a server cookie (RFC 9018 4.4).
fn sign(secret: &[u8; 16], client: &[u8], signed: &[u8], address: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(secret);
    for part in [client, signed, address] {
        hasher.write(part);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 16] = 0xe5e9_73e5_a6b2_a43f_48e7_dc84_9e37_bfcf_u128.to_be_bytes();
    const CLIENT_COOKIE: [u8; 8] = 0x2464_c4ab_cf10_c957_u64.to_be_bytes();
    const ADDRESS: [u8; 4] = [198, 51, 100, 100];
    const NOW: u32 = 1_559_731_985;

    fn cookie(server: u128) -> Vec<u8> {
        [CLIENT_COOKIE.as_slice(), &server.to_be_bytes()].concat()
    }

    fn weigh(presented: &[u8], now: u32) -> (Vec<u8>, bool) {
        let weighed = Secrets::new(vec![SECRET]).weigh(presented, &ADDRESS, now).unwrap();
        (weighed.ours.to_vec(), weighed.is_valid)
    }

    /// RFC 9018 A.1: a client learns its cookie.
    #[test]
    fn learns() {
        let fresh = cookie(0x0100_0000_5cf7_9f11_1f81_30c3_eee2_9480);
        assert_eq!((fresh, false), weigh(&CLIENT_COOKIE, NOW));
    }

    /// RFC 9018 A.2: 40 minutes later it is still good, but renewed.
    #[test]
    fn renews() {
        let old = cookie(0x0100_0000_5cf7_9f11_1f81_30c3_eee2_9480);
        let renewed = cookie(0x0100_0000_5cf7_a871_d4a5_64a1_442a_ca77);
        assert_eq!((renewed, true), weigh(&old, NOW + 2400));
    }

    /// A young one goes back as it came; one over an hour old, or too far ahead, is none.
    #[test]
    fn ages() {
        let ours = cookie(0x0100_0000_5cf7_9f11_1f81_30c3_eee2_9480);
        assert_eq!((ours.clone(), true), weigh(&ours, NOW + 1800));
        assert_eq!((ours.clone(), true), weigh(&ours, NOW - 300));
        assert!(weigh(&ours, NOW + 3600).1);
        assert!(!weigh(&ours, NOW + 3601).1);
        assert!(!weigh(&ours, NOW - 301).1);
    }

    /// RFC 9018 A.3: what another server put into the reserved octets is hashed with it.
    #[test]
    fn hashes_reserved_octets() {
        let client = 0xfc93_fc62_807d_db86_u64.to_be_bytes();
        let server = 0x01ab_cdef_5cf7_8f71_a314_227b_6679_ebf5_u128.to_be_bytes();
        let presented = [client.as_slice(), &server].concat();
        let weighed =
            Secrets::new(vec![SECRET]).weigh(&presented, &[203, 0, 113, 203], 1_559_727_985);
        assert!(weighed.unwrap().is_valid);
    }
}
