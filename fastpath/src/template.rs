//! A template: one ready answer of a zone, and how much of it fits.

use crate::octets::{HandOver, take, u16_of_image, u32_of_image};

const HEADER: usize = 20;
const RELOCATION: usize = 2;
const CUT: usize = 4;

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
    answers: u16,
    authorities: u16,
    required: usize,
    glue: usize,
    relocations: &'z [u8],
    cuts: &'z [u8],
    body: &'z [u8],
}

/// The part of a template that is sent.
#[derive(Clone, Copy, Default)]
pub struct Part<'z> {
    /// Its octets, pointers not yet moved.
    pub body: &'z [u8],
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
        })
    }

    /// As much of it as fits.
    ///
    /// # Errors
    /// Where the cuts are damaged.
    pub fn fit(&self, room: usize) -> Result<Part<'z>, HandOver> {
        if self.required > room {
            // RFC 2181 9: TC where a required RRset is cut; a cut one is of no use, so none.
            return Ok(Part { is_truncated: true, ..Part::default() });
        }
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
            relocations: self.relocations,
            counts: [self.answers, self.authorities, additional],
            is_truncated: kept < self.glue, // RFC 9471 3
        })
    }
}
