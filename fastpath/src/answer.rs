//! An answer: what is known of it before its octets are written, and the writing.

use crate::cookies::Cookie;
use crate::octets::{HandOver, take, u16_of_image, u16_of_message};
use crate::proof::{MOST_PLACE, QUESTION_TAIL};
use crate::query::{HEADER, OPT};
use crate::statistics::Head;
use crate::template::Part;

/// RCODEs (RFC 1035 4.1.1, RFC 2136 2.2, RFC 7873 8).
pub const NOERROR: u16 = 0;
/// The name does not exist.
pub const NXDOMAIN: u16 = 3;
/// Not for us to answer.
pub const REFUSED: u16 = 5;
/// A name that should not exist does: what a DNAME made is too long (RFC 6672 2.2).
pub const YXDOMAIN: u16 = 6;
/// Come again with the cookie that is in here (RFC 7873 5.2.3).
pub const BADCOOKIE: u16 = 23;

const TYPE_OPT: u8 = 41;
const NSID: u16 = 3;
const COOKIE: u16 = 10;
const KEEPALIVE: u16 = 11;
const PADDING: u16 = 12;
/// What the length of a padded answer is a multiple of (RFC 8467 4.1).
const BLOCK: usize = 468;
const OPTION: usize = 4;
/// The marks of a pointer (RFC 1035 4.1.4).
pub const POINTER: u16 = 0xC000;
/// The offset in it.
pub const OFFSET: u16 = 0x3FFF;

/// Whether an RCODE tells of an error rather than of a zone.
#[must_use]
pub fn is_error(rcode: u16) -> bool {
    !matches!(rcode, NOERROR | NXDOMAIN | YXDOMAIN)
}

/// The OPT of an answer (RFC 6891 6.1.2).
#[derive(Clone, Copy)]
pub struct Opt<'a> {
    /// What we can take, in octets.
    pub payload: u16,
    /// DO, as the query had it (RFC 3225 3).
    pub is_dnssec_ok: bool,
    /// Who we are (RFC 5001), or nothing.
    pub nsid: &'a [u8],
    /// Our COOKIE.
    pub cookie: Option<Cookie>,
    /// For how long a connection may be idle, in units of 100 ms (RFC 7828).
    pub keepalive: Option<u16>,
    /// A whole option that says why (RFC 8914 2), or nothing.
    pub extended_error: &'a [u8],
    /// So many zeroes fill the last block (RFC 7830).
    pub padding: Option<usize>,
}

impl Opt<'_> {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> usize {
        OPT + self.options()
    }

    fn options(&self) -> usize {
        let nsid = if self.nsid.is_empty() { 0 } else { OPTION + self.nsid.len() };
        let cookie = self.cookie.map_or(0, |cookie| OPTION + cookie.len());
        let keepalive = self.keepalive.map_or(0, |_| OPTION + 2);
        let padding = self.padding.map_or(0, |octets| OPTION + octets);
        nsid + cookie + keepalive + self.extended_error.len() + padding
    }
}

/// One answer.
pub struct Answer<'a> {
    /// The query, of which the ID, RD and the question are repeated.
    pub message: &'a [u8],
    /// The offset behind its question.
    pub question_end: usize,
    /// The RCODE, all twelve bits of it.
    pub rcode: u16,
    /// AA.
    pub is_authoritative: bool,
    /// The records.
    pub part: Part<'a>,
    /// Our OPT, if the query has one.
    pub opt: Option<Opt<'a>>,
}

impl Answer<'_> {
    /// How many octets it has.
    #[must_use]
    pub fn length(&self) -> usize {
        let part = self.part.body.len() + self.part.proof.length();
        self.question_end + part + self.opt.map_or(0, |opt| opt.length())
    }

    /// What its header says.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            rcode: self.rcode,
            is_authoritative: self.is_authoritative,
            is_truncated: self.part.is_truncated,
            has_answer: self.part.counts[0] > 0,
        }
    }

    /// Fill its last block, as far as it may grow (RFC 8467 4.1).
    pub fn pad(&mut self, most: usize) {
        let length = self.length() + OPTION;
        if let (Some(opt), Some(room)) = (&mut self.opt, most.checked_sub(length)) {
            opt.padding = Some((length.next_multiple_of(BLOCK) - length).min(room));
        }
    }

    /// Take the records out and say so, that the asker may come back over TCP.
    pub fn cut(&mut self) {
        self.part = Part { is_truncated: true, ..Part::default() };
    }

    /// Send a cookie instead of the answer.
    pub fn ask_for_cookie(&mut self) {
        self.part = Part::default();
        self.rcode = BADCOOKIE;
        self.is_authoritative = false;
        if let Some(opt) = &mut self.opt {
            opt.extended_error = &[];
        }
    }

    /// Write it; how many octets that made.
    ///
    /// # Errors
    /// Where there is too little room, or the template is damaged.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, HandOver> {
        let mut writer = Writer { out, at: 0 };
        self.write_header(&mut writer)?;
        writer.put(self.message.get(HEADER..self.question_end).ok_or(HandOver)?)?;
        let (before, behind) =
            self.part.body.split_at(self.part.split.min(self.part.body.len()));
        writer.put(before)?;
        let name_end = self.question_end - 4;
        let written = self.part.proof.write(&mut writer.out[writer.at..], name_end)?;
        writer.at += written;
        writer.put(behind)?;
        move_pointers(&mut writer.out[self.question_end..writer.at], &self.part, name_end)?;
        if let Some(opt) = &self.opt {
            write_opt(&mut writer, opt, self.rcode)?;
        }
        Ok(writer.at)
    }

    fn write_header(&self, writer: &mut Writer<'_>) -> Result<(), HandOver> {
        let [answers, authorities, additional] = self.part.counts;
        let additional =
            additional.checked_add(u16::from(self.opt.is_some())).ok_or(HandOver)?;
        // RFC 1035 4.1.1: QR, AA, TC, and RD as it came.
        let flags = 0x80
            | u8::from(self.is_authoritative) << 2
            | u8::from(self.part.is_truncated) << 1
            | self.message[2] & 1;
        writer.put(&self.message[..2])?;
        writer.put(&[flags, (self.rcode & 0x0F) as u8])?;
        for count in [1, answers, authorities, additional] {
            writer.put_u16(count)?;
        }
        Ok(())
    }
}

/// Move the pointers behind the question by the length of the QNAME, at whose end `qname_end`
/// they start to count, and by that of a proof, if they lead behind it.
fn move_pointers(body: &mut [u8], part: &Part<'_>, qname_end: usize) -> Result<(), HandOver> {
    let added = part.proof.length();
    let behind = part.split + QUESTION_TAIL;
    for position in part.relocations.chunks_exact(2) {
        let position = usize::from(u16_of_image(position, 0)?);
        if position >= part.body.len() {
            break;
        }
        let position = if position < part.split { position } else { position + added };
        let pointer = body.get_mut(position..position + 2).ok_or(HandOver)?;
        let stored = usize::from(u16_of_message(pointer, 0)? & OFFSET);
        let leads_behind = (behind..=MOST_PLACE).contains(&stored);
        let moved = stored + qname_end + if leads_behind { added } else { 0 };
        pointer.copy_from_slice(&(POINTER | (moved as u16 & OFFSET)).to_be_bytes());
    }
    Ok(())
}

fn write_opt(writer: &mut Writer<'_>, opt: &Opt<'_>, rcode: u16) -> Result<(), HandOver> {
    writer.put(&[0, 0, TYPE_OPT])?;
    writer.put_u16(opt.payload)?;
    // RFC 6891 6.1.3: the RCODE's upper bits, version 0.
    writer.put(&[(rcode >> 4) as u8, 0, u8::from(opt.is_dnssec_ok) << 7, 0])?;
    writer.put_u16(u16::try_from(opt.options()).map_err(|_| HandOver)?)?;
    if !opt.nsid.is_empty() {
        writer.put_option(NSID, opt.nsid)?;
    }
    if let Some(cookie) = &opt.cookie {
        writer.put_option(COOKIE, cookie)?;
    }
    if let Some(timeout) = opt.keepalive {
        writer.put_option(KEEPALIVE, &timeout.to_be_bytes())?;
    }
    writer.put(opt.extended_error)?;
    if let Some(octets) = opt.padding {
        writer.put_option(PADDING, take(&[0; BLOCK], 0, octets)?)?;
    }
    Ok(())
}

/// Octets written one after the other.
struct Writer<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, octets: &[u8]) -> Result<(), HandOver> {
        let end = self.at + octets.len();
        self.out.get_mut(self.at..end).ok_or(HandOver)?.copy_from_slice(octets);
        self.at = end;
        Ok(())
    }

    fn put_u16(&mut self, number: u16) -> Result<(), HandOver> {
        self.put(&number.to_be_bytes())
    }

    fn put_option(&mut self, code: u16, octets: &[u8]) -> Result<(), HandOver> {
        self.put_u16(code)?;
        self.put_u16(u16::try_from(octets.len()).map_err(|_| HandOver)?)?;
        self.put(octets)
    }
}
