//! A template: one ready answer of a zone, and how much of it fits.

use crate::octets::{HandOver, take, u16_of_image, u32_of_image};
use crate::proof::Proof;

const HEADER: usize = 20;
const RELOCATION: usize = 2;
const CUT: usize = 4;
const NUMBER: usize = 4;
const NAMED: usize = 3;

/// What an answer tells, for rate limiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Data.
    Answer,
    /// The name has none of this type.
    Nodata,
    /// There is no such name.
    Nxdomain,
    /// Somebody else knows.
    Referral,
    /// REFUSED and other errors.
    Error,
}

/// Which links of the proof that a name does not exist a template lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// It is whole.
    Nothing,
    /// That which covers the name, or the hash of one above it.
    Name,
    /// And those of what encloses the name.
    NameAndEncloser,
}

impl Lacks {
    fn read(flags: u8) -> Result<Self, HandOver> {
        match flags >> 3 & 3 {
            0 => Ok(Self::Nothing),
            1 => Ok(Self::Name),
            3 => Ok(Self::NameAndEncloser),
            _ => Err(HandOver),
        }
    }
}

/// What a template tells of itself to whoever adds a proof.
#[derive(Clone, Copy)]
pub struct Supplement<'z> {
    links: &'z [u8],
    names: &'z [u8],
}

impl<'z> Supplement<'z> {
    fn read(octets: &'z [u8]) -> Result<Self, HandOver> {
        let (links, names) = (u16_of_image(octets, 0)?, u16_of_image(octets, 2)?);
        let links = take(octets, 4, NUMBER * usize::from(links))?;
        let start = 4 + links.len();
        let mut end = start;
        for _ in 0..names {
            end += NAMED + usize::from(*octets.get(end + 2).ok_or(HandOver)?);
        }
        Ok(Self { links, names: take(octets, start, end - start)? })
    }

    /// Whether the template has a link.
    #[must_use]
    pub fn has(&self, link: u32) -> bool {
        self.links.chunks_exact(NUMBER).any(|number| *number == link.to_le_bytes())
    }

    /// Where it has a name, counted from the end of the QNAME.
    #[must_use]
    pub fn place(&self, name: &[u8]) -> Option<u16> {
        let mut names = self.names;
        while let Some((&[low, high, length], rest)) = names.split_first_chunk::<NAMED>() {
            let (known, others) = rest.split_at_checked(usize::from(length))?;
            if known.eq_ignore_ascii_case(name) {
                return Some(u16::from_le_bytes([low, high]));
            }
            names = others;
        }
        None
    }
}

/// A ready answer: all sections behind the question, without OPT.
pub struct Template<'z> {
    /// NOERROR, NXDOMAIN or YXDOMAIN.
    pub rcode: u8,
    /// AA.
    pub is_authoritative: bool,
    /// What it tells.
    pub kind: Kind,
    /// The hash of the name that answers like it are accounted on. 0: the QNAME's own.
    pub account: u32,
    /// Which links of a proof it lacks.
    pub lacks: Lacks,
    answers: u16,
    authorities: u16,
    required: usize,
    glue: usize,
    relocations: &'z [u8],
    cuts: &'z [u8],
    body: &'z [u8],
    /// What stands behind it.
    rest: &'z [u8],
}

/// The part of a template that is sent.
#[derive(Clone, Copy, Default)]
pub struct Part<'z> {
    /// Its octets, pointers not yet moved.
    pub body: &'z [u8],
    /// How many of them, at most, stand before the proof.
    pub split: usize,
    /// What proves that the name does not exist, where that depends on the name.
    pub proof: Proof<'z>,
    /// Where pointers are to be moved, in the whole body.
    pub relocations: &'z [u8],
    /// Records in the answer, authority and additional sections.
    pub counts: [u16; 3],
    /// TC.
    pub is_truncated: bool,
}

impl<'z> Template<'z> {
    /// Read a template that starts where these octets start.
    ///
    /// # Errors
    /// Where its parts are not there, or contradict one another.
    pub fn read(octets: &'z [u8]) -> Result<Self, HandOver> {
        let number = |at| u16_of_image(octets, at).map(usize::from);
        let head = take(octets, 0, HEADER)?;
        let relocations = take(octets, HEADER, RELOCATION * number(14)?)?;
        let cuts = take(octets, HEADER + relocations.len(), CUT * number(10)?)?;
        let body = take(octets, HEADER + relocations.len() + cuts.len(), number(2)?)?;
        let required = number(4)?;
        if required > body.len() {
            return Err(HandOver);
        }
        let parts = HEADER + relocations.len() + cuts.len() + body.len();
        Ok(Self {
            rcode: head[0] & 0x0F,
            is_authoritative: head[1] & 1 != 0,
            kind: [Kind::Answer, Kind::Nodata, Kind::Nxdomain, Kind::Referral]
                [usize::from(head[1] >> 1 & 3)],
            account: u32_of_image(octets, 16)?,
            answers: u16_of_image(octets, 6)?,
            authorities: u16_of_image(octets, 8)?,
            required,
            glue: number(12)?,
            relocations,
            cuts,
            body,
            lacks: Lacks::read(head[1])?,
            rest: octets.get(parts..).ok_or(HandOver)?,
        })
    }

    /// Where a proof is put into it.
    #[must_use]
    pub fn required(&self) -> usize {
        self.required
    }

    /// How long it is.
    #[must_use]
    pub fn length(&self) -> usize {
        self.body.len()
    }

    /// What it tells of itself to whoever adds a proof.
    ///
    /// # Errors
    /// Where that is damaged.
    pub fn supplement(&self) -> Result<Supplement<'z>, HandOver> {
        Supplement::read(self.rest)
    }

    /// As much of it as fits, with the proof that it lacks.
    ///
    /// # Errors
    /// Where the cuts are damaged.
    pub fn fit(&self, proof: Proof<'z>, room: usize) -> Result<Part<'z>, HandOver> {
        let room = room.checked_sub(proof.length());
        let Some(room) = room.filter(|room| self.required <= *room) else {
            // RFC 2181 9: TC where a required RRset is cut; a cut one is of no use, so none.
            return Ok(Part { is_truncated: true, ..Part::default() });
        };
        let (mut length, mut additional, mut kept) = (self.required, 0_u16, 0);
        for cut in self.cuts.chunks_exact(CUT) {
            let end = usize::from(u16_of_image(cut, 0)?);
            if end > room {
                break;
            }
            if end < length {
                return Err(HandOver);
            }
            length = end;
            additional = additional.checked_add(u16_of_image(cut, 2)?).ok_or(HandOver)?;
            kept += 1;
        }
        Ok(Part {
            body: take(self.body, 0, length)?,
            split: self.required,
            relocations: self.relocations,
            counts: [
                self.answers,
                self.authorities.checked_add(proof.records()).ok_or(HandOver)?,
                additional,
            ],
            proof,
            is_truncated: kept < self.glue, // RFC 9471 3
        })
    }
}
