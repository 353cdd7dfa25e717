//! The chain of a signed zone: which of its links covers a name.

use std::ops::Range;

use sha1::{Digest as _, Sha1};

use crate::image::Zone;
use crate::octets::{HandOver, offset_of_zone, take, u16_of_image, u64_of_image};
use crate::query::{MOST_NAME, Name};

const CHAIN: usize = 56;
const LINKS: usize = 60;
const HASHING: usize = 64;
const BEGINNING: usize = 8;
const PLACE: usize = 8;
const LINK: usize = 9;
const HASH: usize = 20;
/// RFC 9276 3.2: a zone with more is served as if it had no such chain.
const MOST_ITERATIONS: u16 = 150;
/// Two octets for one, and an end for each label.
const MOST_ORDERED: usize = 2 * MOST_NAME;

/// What sorts as names do (RFC 4034 6.1): labels from the right, each with an end that is less
/// than any octet of it.
pub struct Ordered {
    octets: [u8; MOST_ORDERED],
    length: usize,
}

impl Ordered {
    const EMPTY: Self = Self { octets: [0; MOST_ORDERED], length: 0 };

    /// That of a name below an origin of so many labels.
    fn of(name: &Name, apex: usize) -> Self {
        let mut ordered = Self::EMPTY;
        for place in (0..name.labels().saturating_sub(apex)).rev() {
            ordered.add(name.label(place));
        }
        ordered
    }

    fn add(&mut self, label: &[u8]) {
        for &octet in label {
            if octet <= 1 {
                self.push(1);
            }
            self.push(if octet <= 1 { octet + 1 } else { octet });
        }
        self.push(0);
    }

    fn push(&mut self, octet: u8) {
        self.octets[self.length] = octet;
        self.length += 1;
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    /// The first octets as a number: of two that differ, the less is of the less.
    fn begin(&self) -> u64 {
        let mut first = [0; BEGINNING];
        first.copy_from_slice(&self.octets[..BEGINNING]); // behind its length there are zeroes
        u64::from_be_bytes(first)
    }
}

/// One link.
#[derive(Clone, Copy)]
pub struct Link<'z> {
    /// What it is sorted by.
    ordered: &'z [u8],
    /// Its owner, and all from behind the first owner of its records on.
    pub octets: &'z [u8],
    /// How many of these are the owner's.
    pub owner: u8,
    /// Its records.
    pub records: u16,
}

/// The links of a zone, in canonical order.
pub struct Chain<'z> {
    zone: &'z [u8],
    beginnings: &'z [u8],
    places: &'z [u8],
    count: usize,
}

impl<'z> Chain<'z> {
    /// That of a zone.
    ///
    /// # Errors
    /// Where it has none, or it is damaged.
    pub fn of(zone: Zone<'z>) -> Result<Self, HandOver> {
        let zone = zone.octets();
        let (at, count) = (offset_of_zone(zone, CHAIN)?, offset_of_zone(zone, LINKS)?);
        if count == 0 {
            return Err(HandOver);
        }
        let beginnings = take(zone, at, BEGINNING * count)?;
        let places = take(zone, at + beginnings.len(), PLACE * count)?;
        Ok(Self { zone, beginnings, places, count })
    }

    /// The number of the link that covers a name, or the hash of its ancestor that has `closer`
    /// labels, where names are hashed. The origin has `apex` labels.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn cover(&self, name: &Name, apex: usize, closer: usize) -> Result<u32, HandOver> {
        let number = match offset_of_zone(self.zone, HASHING)? {
            0 => self.locate(&Ordered::of(name, apex), 0..self.count)?,
            hashing => {
                let hash = self.hash(name.suffix(closer), hashing)?;
                self.locate(&name_of(&hash), self.guess(&hash)?)?
            }
        };
        u32::try_from(number).map_err(|_| HandOver)
    }

    /// A link.
    ///
    /// # Errors
    /// Where there is none of this number, or it is damaged.
    pub fn link(&self, number: usize) -> Result<Link<'z>, HandOver> {
        let at = offset_of_zone(self.places, PLACE * number + 4)?;
        let head = take(self.zone, at, LINK)?;
        let (sorted, owner) = (usize::from(u16_of_image(head, 0)?), head[2]);
        let length = usize::from(owner) + offset_of_zone(head, 5)?;
        Ok(Link {
            ordered: take(self.zone, at + LINK, sorted)?,
            octets: take(self.zone, at + LINK + sorted, length)?,
            owner,
            records: u16_of_image(head, 3)?,
        })
    }

    /// The number of the last link at or before a name, which is among these; where there is
    /// none before it, that of the last of all.
    fn locate(&self, wanted: &Ordered, among: Range<usize>) -> Result<usize, HandOver> {
        let begin = wanted.begin();
        let mut after = search(among, |number| Ok(self.beginning(number)? <= begin))?;
        if after > 0 && self.beginning(after - 1)? == begin {
            let first = search(0..after, |number| Ok(self.beginning(number)? < begin))?;
            after = search(first..after, |number| {
                Ok(self.link(number)?.ordered <= wanted.octets())
            })?;
        }
        Ok(if after == 0 { self.count - 1 } else { after - 1 })
    }

    fn beginning(&self, number: usize) -> Result<u64, HandOver> {
        u64_of_image(self.beginnings, BEGINNING * number)
    }

    /// Among which links a hash belongs: they lie evenly, so not far from where it is in all.
    fn guess(&self, hash: &[u8; HASH]) -> Result<Range<usize>, HandOver> {
        let share = u64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]));
        let middle = ((share * self.count as u64) >> 32) as usize;
        let reach = 2 << (self.count.ilog2() / 2);
        let (low, high) = (middle.saturating_sub(reach), (middle + reach).min(self.count));
        let begin = name_of(hash).begin();
        let is_behind = low == 0 || self.beginning(low - 1)? < begin;
        let is_before = high == self.count || self.beginning(high)? > begin;
        Ok(if is_behind && is_before { low..high } else { 0..self.count })
    }

    /// The hash of a name (RFC 5155 5).
    fn hash(&self, key: &[u8], hashing: usize) -> Result<[u8; HASH], HandOver> {
        let iterations = u16_of_image(self.zone, hashing)?;
        if iterations > MOST_ITERATIONS {
            return Err(HandOver);
        }
        let length = usize::from(*self.zone.get(hashing + 2).ok_or(HandOver)?);
        let salt = take(self.zone, hashing + 3, length)?;
        let once =
            |octets: &[u8]| Sha1::new().chain_update(octets).chain_update(salt).finalize();
        let mut hash = once(key);
        for _ in 0..iterations {
            hash = once(&hash);
        }
        Ok(hash.into())
    }
}

/// The owner of the NSEC3 with a hash, below its origin: base32hex (RFC 5155 3).
fn name_of(hash: &[u8; HASH]) -> Ordered {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut ordered = Ordered::EMPTY;
    for five in hash.chunks_exact(5) {
        let bits = five.iter().fold(0_u64, |bits, &octet| bits << 8 | u64::from(octet));
        for digit in (0..8).rev() {
            ordered.push(DIGITS[(bits >> (5 * digit) & 31) as usize]);
        }
    }
    ordered.push(0);
    ordered
}

/// The first of these numbers for which it does not hold; it holds for all before that.
fn search(
    among: Range<usize>,
    holds: impl Fn(usize) -> Result<bool, HandOver>,
) -> Result<usize, HandOver> {
    let Range { start: mut low, end: mut high } = among;
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
