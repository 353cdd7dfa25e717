//! The records of a zone in as few messages as there can be, for transfers (RFC 5936).
//!
//! The same octets as `zoneserver/transfer/outgoing.py` writes, which says why they are so.

use crate::octets::{HandOver, take, u16_of_image, u32_of_image};

const FARTHEST: usize = 0x3FFF; // RFC 1035 4.1.4: a pointer has 14 bits
const POINTER: usize = 0xC000;
const SOA: u16 = 6;
// The layout of RRsets in an image: octets of an owner's head, of a number, of the head of an
// RRset and of that of an rdata.
const OWNER: usize = 2;
const COUNT: usize = 2;
const RRSET: usize = 8;
const RDATA: usize = 10;

/// What stands behind the question of one message: so many records, and their octets.
pub type Section = (usize, Vec<u8>);

/// Type, class and TTL of a record, and its rdata.
type Record<'a> = ([u8; 8], &'a [u8]);

/// The sections of a zone with so many names, whose RRsets are these octets of its image.
///
/// They begin at `base` in their messages, and have `room` octets at most, unless one record
/// has more.
///
/// # Errors
/// Where the octets are not what an image has.
pub fn write(
    octets: &[u8],
    names: usize,
    base: usize,
    room: usize,
) -> Result<Vec<Section>, HandOver> {
    if names == 0 {
        return Err(HandOver);
    }
    let mut apex = Vec::new();
    let (origin, mut at) = read_node(octets, 0, |_, record| apex.push(record))?;
    let is_soa = |record: &&Record| record.0[..2] == SOA.to_be_bytes();
    let soa = *apex.iter().find(is_soa).ok_or(HandOver)?;
    let mut writer = Writer::new(origin, base, room);
    writer.add(origin, soa);
    for record in apex.iter().filter(|record| !is_soa(record)) {
        writer.add(origin, *record);
    }
    for _ in 1..names {
        (_, at) = read_node(octets, at, |owner, record| writer.add(owner, record))?;
    }
    writer.add(origin, soa);
    writer.flush();
    Ok(writer.sections)
}

/// Read a name and all its records; the name, and the offset behind them.
fn read_node<'a>(
    octets: &'a [u8],
    at: usize,
    mut each: impl FnMut(&'a [u8], Record<'a>),
) -> Result<(&'a [u8], usize), HandOver> {
    let length = usize::from(take(octets, at, OWNER)?[1]);
    let owner = take(octets, at + OWNER, length)?;
    let mut at = at + OWNER + length;
    let count = u16_of_image(octets, at)?;
    at += COUNT;
    for _ in 0..count {
        let mut head = [0, 0, 0, 1, 0, 0, 0, 0]; // class IN
        head[..2].copy_from_slice(&u16_of_image(octets, at)?.to_be_bytes());
        head[4..].copy_from_slice(&u32_of_image(octets, at + 2)?.to_be_bytes());
        let number = u16_of_image(octets, at + 6)?;
        at += RRSET;
        for _ in 0..number {
            let size = usize::from(u16_of_image(octets, at)?);
            each(owner, (head, take(octets, at + RDATA, size)?));
            at += RDATA + size;
        }
    }
    Ok((owner, at))
}

/// Writes records one after the other, a section after the other.
struct Writer<'a> {
    sections: Vec<Section>,
    octets: Vec<u8>,
    records: usize,
    origin: &'a [u8],
    base: usize,
    room: usize,
    /// A pointer to the origin in this section.
    tail: Option<[u8; 2]>,
    /// The owner before, and what stands for it.
    last: &'a [u8],
    pointer: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(origin: &'a [u8], base: usize, room: usize) -> Self {
        let (sections, octets, pointer) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            sections,
            octets,
            records: 0,
            origin,
            base,
            room,
            tail: None,
            last: &[],
            pointer,
        }
    }

    fn add(&mut self, owner: &'a [u8], record: Record) {
        let start = self.octets.len();
        self.put(owner, record);
        if self.octets.len() > self.room && start > 0 {
            self.octets.truncate(start);
            self.flush();
            self.put(owner, record);
        }
        self.records += 1;
    }

    fn put(&mut self, owner: &'a [u8], (head, rdata): Record) {
        self.put_name(owner);
        self.octets.extend_from_slice(&head);
        self.octets.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.octets.extend_from_slice(rdata);
    }

    fn put_name(&mut self, owner: &'a [u8]) {
        if owner == self.last {
            self.octets.extend_from_slice(&self.pointer);
            return;
        }
        let start = self.octets.len();
        let place = self.base + start;
        self.octets.extend_from_slice(owner);
        if owner.ends_with(self.origin) {
            let length = owner.len() - self.origin.len();
            if let Some(tail) = self.tail {
                self.octets.truncate(start + length);
                self.octets.extend_from_slice(&tail);
            } else if place + length <= FARTHEST {
                self.tail = Some(point_to(place + length));
            }
        }
        self.last = owner;
        self.pointer.clear();
        if place <= FARTHEST {
            self.pointer.extend_from_slice(&point_to(place));
        } else {
            self.pointer.extend_from_slice(&self.octets[start..]);
        }
    }

    fn flush(&mut self) {
        if self.octets.is_empty() {
            return;
        }
        self.sections.push((self.records, std::mem::take(&mut self.octets)));
        (self.records, self.tail, self.last) = (0, None, &[]);
    }
}

fn point_to(place: usize) -> [u8; 2] {
    ((POINTER | place) as u16).to_be_bytes()
}
