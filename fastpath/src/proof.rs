//! The proof that a name does not exist, for a template that is ready but for that.
//!
//! The same octets as `zoneserver/image/proofs.py` writes.

use crate::answer::{OFFSET, POINTER};
use crate::chain::{Chain, Link};
use crate::image::{Node, Zone};
use crate::octets::{HandOver, take, u16_of_message};
use crate::query::Name;
use crate::template::{Lacks, Supplement, Template};

/// From the end of the QNAME to the body.
pub const QUESTION_TAIL: usize = 4;
/// The farthest place in a body that may be pointed to: from behind the longest QNAME.
pub const MOST_PLACE: usize = 0x3FFF - 12 - 255 - 4;
const NO_LINK: u32 = 0xFFFF_FFFF;
/// Two of the encloser, and one that covers the name.
const MOST_LINKS: usize = 3;
/// Type, class, TTL and length of a record.
const FIXED: usize = 10;

/// A name that does not exist.
pub struct Enclosed<'e, 'z> {
    /// The name.
    pub qname: &'e Name,
    /// How many labels the origin has.
    pub apex: usize,
    /// The closest encloser.
    pub encloser: &'e Node<'z>,
    /// How many labels that has.
    pub depth: usize,
}

/// The links that an answer lacks.
#[derive(Clone, Copy, Default)]
pub struct Proof<'z> {
    links: [Laid<'z>; MOST_LINKS],
    count: u8,
    records: u16,
    length: u32,
}

/// A link and how its owner is written. Pointers count from the end of the QNAME.
#[derive(Clone, Copy, Default)]
struct Laid<'z> {
    octets: &'z [u8],
    owner: u8,
    /// Octets of the owner that are written, before a pointer.
    labels: u8,
    records: u16,
    first: u16,
    further: u16,
}

impl<'z> Proof<'z> {
    /// What a template lacks for a name.
    ///
    /// # Errors
    /// Where Python must answer.
    pub fn find(
        zone: Zone<'z>,
        template: &Template<'z>,
        enclosed: &Enclosed<'_, 'z>,
    ) -> Result<Self, HandOver> {
        let chain = Chain::of(zone)?;
        let mut wanted = [NO_LINK; MOST_LINKS];
        if template.lacks == Lacks::NameAndEncloser {
            let [first, second] = enclosed.encloser.enclosing()?;
            if first == NO_LINK {
                return Err(HandOver);
            }
            (wanted[0], wanted[1]) = (first, second);
        }
        wanted[2] = chain.cover(enclosed.qname, enclosed.apex, enclosed.depth + 1)?;
        let supplement = template.supplement()?;
        let layer = Layer {
            supplement,
            qname: enclosed.qname.suffix(enclosed.qname.labels()),
            origin: enclosed.qname.suffix(enclosed.apex).len(),
            start: template.required() + QUESTION_TAIL,
        };
        let mut proof = Self::default();
        for (place, &number) in wanted.iter().enumerate() {
            let is_there = wanted[..place].contains(&number) || supplement.has(number);
            if number != NO_LINK && !is_there {
                layer.add(&mut proof, chain.link(number as usize)?)?;
            }
        }
        // Where pointers may not lead any more, Python knows best.
        if template.length() + proof.length() > MOST_PLACE { Err(HandOver) } else { Ok(proof) }
    }

    /// How many octets it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length as usize
    }

    /// How many records.
    #[must_use]
    pub fn records(&self) -> u16 {
        self.records
    }

    /// Write it into a message whose QNAME ends at `name_end`; how many octets that made.
    ///
    /// # Errors
    /// Where there is too little room.
    pub fn write(&self, out: &mut [u8], name_end: usize) -> Result<usize, HandOver> {
        let mut at = 0;
        for laid in &self.links[..usize::from(self.count)] {
            at += laid.write(out.get_mut(at..).ok_or(HandOver)?, name_end)?;
        }
        Ok(at)
    }
}

impl Laid<'_> {
    fn length(&self) -> usize {
        let records = self.octets.len().saturating_sub(usize::from(self.owner));
        usize::from(self.labels) + 2 + records
    }

    fn write(&self, out: &mut [u8], name_end: usize) -> Result<usize, HandOver> {
        let point = |place: u16| {
            (POINTER | ((usize::from(place) + name_end) as u16 & OFFSET)).to_be_bytes()
        };
        let labels = usize::from(self.labels);
        let (owner, records) =
            self.octets.split_at_checked(usize::from(self.owner)).ok_or(HandOver)?;
        let (head, tail) = out
            .get_mut(..self.length())
            .and_then(|out| out.split_at_mut_checked(labels + 2))
            .ok_or(HandOver)?;
        head[..labels].copy_from_slice(take(owner, 0, labels)?);
        head[labels..].copy_from_slice(&point(self.first));
        tail.copy_from_slice(records);
        let mut at = 0;
        for _ in 1..self.records {
            at += FIXED + usize::from(u16_of_message(records, at + FIXED - 2)?);
            let slot = tail.get_mut(at..at + 2).ok_or(HandOver)?;
            slot.copy_from_slice(&point(self.further));
            at += 2;
        }
        Ok(self.length())
    }
}

/// Lays links one behind the other, and knows what their owners can point to.
struct Layer<'l, 'z> {
    supplement: Supplement<'z>,
    /// The key of the QNAME.
    qname: &'l [u8],
    /// Octets of the origin.
    origin: usize,
    /// Where the first link begins, counted from the end of the QNAME.
    start: usize,
}

impl Layer<'_, '_> {
    fn add<'z>(&self, proof: &mut Proof<'z>, link: Link<'z>) -> Result<(), HandOver> {
        let owner = take(link.octets, 0, usize::from(link.owner))?;
        let here = u16::try_from(self.start + proof.length()).map_err(|_| HandOver)?;
        let (labels, first) = self.point(proof, owner)?;
        let further = if labels == 0 { first } else { here };
        let labels = u8::try_from(labels).map_err(|_| HandOver)?;
        let Link { octets, owner, records, .. } = link;
        let laid = Laid { octets, owner, labels, records, first, further };
        let length = u32::try_from(laid.length()).map_err(|_| HandOver)?;
        *proof.links.get_mut(usize::from(proof.count)).ok_or(HandOver)? = laid;
        proof.count += 1;
        proof.records = proof.records.checked_add(records).ok_or(HandOver)?;
        proof.length = proof.length.checked_add(length).ok_or(HandOver)?;
        Ok(())
    }

    /// How many octets of an owner must be written, and where it goes on.
    fn point(&self, proof: &Proof<'_>, owner: &[u8]) -> Result<(usize, u16), HandOver> {
        let back = |octets: usize| (octets as u16).wrapping_neg();
        if owner.eq_ignore_ascii_case(self.qname) {
            return Ok((0, back(owner.len()))); // a hash that somebody asked for
        }
        let mut at = 0;
        while owner.len() > at + self.origin {
            let name = &owner[at..];
            if let Some(place) = self.supplement.place(name) {
                // What stands behind the proof is not where it was.
                let is_behind = usize::from(place) >= self.start;
                return if is_behind { Err(HandOver) } else { Ok((at, place)) };
            }
            if let Some(place) = proof.place(name) {
                return Ok((at, place));
            }
            at += 1 + usize::from(owner[at]);
        }
        if owner.len() == at + self.origin {
            Ok((at, back(self.origin)))
        } else {
            Err(HandOver)
        }
    }
}

impl Proof<'_> {
    /// Where it has a name written out, counted from the end of the QNAME.
    fn place(&self, name: &[u8]) -> Option<u16> {
        self.links[..usize::from(self.count)].iter().find_map(|laid| {
            let owner = laid.octets.get(..usize::from(laid.owner))?;
            let mut at = 0;
            while at < usize::from(laid.labels) {
                if owner.get(at..)?.eq_ignore_ascii_case(name) {
                    return Some(laid.further + at as u16);
                }
                at += 1 + usize::from(*owner.get(at)?);
            }
            None
        })
    }
}
