//! Image files, mapped and never trusted: every offset is held against the octets there are.
//!
//! The digest is checked in Python before a file is named here. A file must not change
//! while it is mapped: new versions are new files.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::octets::{
    HandOver, offset_of_file, offset_of_zone, take, u16_of_image, u32_of_image,
};
use crate::query::Query;
use crate::template::Template;

/// The version of the format that is read here.
pub const VERSION: u8 = 4;
const MAGIC: &[u8] = &[b'Z', b'O', b'N', b'E', b'I', b'M', b'G', VERSION];
const FILE_HEADER: usize = 48;
const ZONE_MAGIC: &[u8] = b"ZONE";
const ZONE_HEADER: usize = 72;
const LINKS: usize = 60;
const ENCLOSERS: usize = 68;
const ENCLOSER: usize = 8;
const IS_HASHED: u32 = 4;
/// Set in the keys of answers to those who send DO; the last of these is for any other type.
const DNSSEC_OK: u32 = 0x1_0000;
const OTHER_TYPE: u32 = 0x1_FFFF;
const NODE: usize = 24;
const TABLE_HEADER: usize = 8;
const TABLE_ENTRY: usize = 8;

/// Why a file cannot be used.
#[derive(Debug)]
pub enum ImageError {
    /// The system does not give it.
    Unreadable(io::Error),
    /// It is not what an image file must be.
    Damaged,
}

/// Octets that stay where they are: a mapping, or a test's own.
type Octets = Box<dyn AsRef<[u8]> + Send + Sync>;

/// One image file.
pub struct ImageFile {
    path: PathBuf,
    octets: Octets,
}

/// Where a file has a zone.
pub struct Entry<'f> {
    /// The origin's key.
    pub origin: &'f [u8],
    /// The octets of its image.
    pub zone: Range<usize>,
}

impl ImageFile {
    /// Map a file.
    ///
    /// # Errors
    /// Where it cannot be read, or its header or directory are damaged.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let file = File::open(path).map_err(ImageError::Unreadable)?;
        // SAFETY: a shared mapping is only octets to us as long as nobody changes the file.
        // Image files are written under another name and moved into place, once.
        #[allow(unsafe_code)]
        let mapped = unsafe { Mmap::map(&file) }.map_err(ImageError::Unreadable)?;
        Self::new(path, Box::new(mapped))
    }

    /// Take octets as a file of this name.
    ///
    /// # Errors
    /// Where its header or directory are damaged.
    pub fn new(path: &Path, octets: Octets) -> Result<Self, ImageError> {
        let file = Self { path: path.to_owned(), octets };
        file.check().map_err(|HandOver| ImageError::Damaged)?;
        Ok(file)
    }

    /// The name by which it was mapped.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The zones of its directory.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        // Checked when it was opened: no error is left.
        self.directory().into_iter().flatten().map_while(Result::ok)
    }

    /// The image of one zone.
    #[must_use]
    pub fn zone(&self, entry: &Range<usize>) -> Option<Zone<'_>> {
        self.octets().get(entry.clone()).map(Zone)
    }

    fn octets(&self) -> &[u8] {
        (*self.octets).as_ref()
    }

    fn check(&self) -> Result<(), HandOver> {
        let octets = self.octets();
        let is_whole = offset_of_file(octets, 8)? == octets.len();
        if take(octets, 0, MAGIC.len())? != MAGIC || !is_whole {
            return Err(HandOver);
        }
        self.directory()?.try_for_each(|entry| entry.map(drop))
    }

    fn directory(&self) -> Result<impl Iterator<Item = Result<Entry<'_>, HandOver>>, HandOver> {
        let octets = self.octets();
        let count = u32_of_image(octets, 32)?;
        let mut at = offset_of_file(octets, 40)?;
        Ok((0..count).map(move |_| {
            let (start, length) =
                (offset_of_file(octets, at)?, offset_of_file(octets, at + 8)?);
            let named = usize::from(u16_of_image(octets, at + 16)?);
            let origin = take(octets, at + 18, named)?;
            at += 18 + named;
            if start < FILE_HEADER || take(octets, start, length)?.len() < ZONE_HEADER {
                return Err(HandOver);
            }
            Ok(Entry { origin, zone: start..start + length })
        }))
    }
}

/// The image of one zone. Its offsets count from its own start.
#[derive(Clone, Copy)]
pub struct Zone<'f>(&'f [u8]);

impl<'f> Zone<'f> {
    /// The most labels that an existing name of it has.
    ///
    /// # Errors
    /// Where this is no image of a zone.
    pub fn most_labels(self) -> Result<usize, HandOver> {
        if take(self.0, 0, ZONE_MAGIC.len())? != ZONE_MAGIC {
            return Err(HandOver);
        }
        offset_of_zone(self.0, 16)
    }

    /// The node of an existing name.
    ///
    /// # Errors
    /// Where the index is damaged.
    pub fn find_node(self, key: &[u8], hash: u32) -> Result<Option<Node<'f>>, HandOver> {
        for number in self.nodes_of_bucket(self.bucket(hash)?)? {
            let node = self.node(number)?;
            if node.hash()? == hash && node.key()? == key {
                // RFC 5155 7.2.8: the owner of an NSEC3 is as if it did not exist.
                let is_hashed = u32_of_image(node.octets, 20)? & IS_HASHED != 0;
                return Ok(if is_hashed { None } else { Some(node) });
            }
        }
        Ok(None)
    }

    /// Where the number of a bucket's first node stands.
    pub(crate) fn bucket(self, hash: u32) -> Result<usize, HandOver> {
        let buckets = u32_of_image(self.0, 12)?;
        if !buckets.is_power_of_two() {
            return Err(HandOver);
        }
        Ok(offset_of_zone(self.0, 20)? + 4 * (hash & (buckets - 1)) as usize)
    }

    /// The numbers of the nodes in the bucket that stands there.
    pub(crate) fn nodes_of_bucket(self, bucket: usize) -> Result<Range<usize>, HandOver> {
        Ok(offset_of_zone(self.0, bucket)?..offset_of_zone(self.0, bucket + 4)?)
    }

    /// The first of these nodes that has a hash; the first that is not there ends the search.
    pub(crate) fn find_hash(
        self,
        numbers: Range<usize>,
        hash: u32,
    ) -> Result<Option<Node<'f>>, HandOver> {
        for number in numbers {
            let node = self.node(number)?;
            if node.hash()? == hash {
                return Ok(Some(node));
            }
        }
        Ok(None)
    }

    fn node(self, number: usize) -> Result<Node<'f>, HandOver> {
        let at = offset_of_zone(self.0, 24)? + NODE * number;
        Ok(Node { zone: self, number, octets: take(self.0, at, NODE)? })
    }

    /// All of its octets.
    pub(crate) fn octets(self) -> &'f [u8] {
        self.0
    }

    /// The octets of a name from an offset on.
    pub(crate) fn key(self, name: usize) -> Result<&'f [u8], HandOver> {
        let length = usize::from(*self.0.get(name).ok_or(HandOver)?);
        take(self.0, name + 1, length)
    }

    /// What tables have the answer to a type under, for who sends DO or does not.
    ///
    /// # Errors
    /// Where this is no image of a zone.
    pub(crate) fn table_key(self, query: &Query<'_>) -> Result<u32, HandOver> {
        let is_dnssec_ok = query.edns.is_some_and(|edns| edns.is_dnssec_ok);
        let is_signed = is_dnssec_ok && u32_of_image(self.0, LINKS)? > 0;
        Ok(u32::from(query.qtype) | if is_signed { DNSSEC_OK } else { 0 })
    }

    /// The octets from a template on, as a table has it under a key.
    pub(crate) fn find_template(self, table: usize, wanted: u32) -> Result<&'f [u8], HandOver> {
        if table == 0 {
            return Err(HandOver);
        }
        let count = usize::from(u16_of_image(self.0, table)?);
        let entries = take(self.0, table + TABLE_HEADER, TABLE_ENTRY * count)?;
        let key = |number: usize| u32_of_image(entries, TABLE_ENTRY * number);
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if key(middle)? < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let template = |number: usize| u32_of_image(entries, TABLE_ENTRY * number + 4);
        let distance = if low < count && key(low)? == wanted {
            template(low)?
        } else if wanted & DNSSEC_OK == 0 {
            u32_of_image(self.0, table + 4)?
        } else if count > 0 && key(count - 1)? == OTHER_TYPE {
            template(count - 1)?
        } else {
            0
        };
        if distance == 0 {
            return Err(HandOver);
        }
        // Modulo 2^32, because a template may stand before its table.
        let table = u32::try_from(table).map_err(|_| HandOver)?;
        let found = usize::try_from(table.wrapping_add(distance)).map_err(|_| HandOver)?;
        self.0.get(found..).ok_or(HandOver)
    }
}

/// An existing name.
pub struct Node<'f> {
    zone: Zone<'f>,
    number: usize,
    octets: &'f [u8],
}

impl<'f> Node<'f> {
    /// The answer to a question for this name.
    ///
    /// # Errors
    /// Where there is none in the image.
    pub fn exact(&self, key: u32) -> Result<Template<'f>, HandOver> {
        Template::read(self.zone.find_template(self.exact_table()?, key)?)
    }

    /// The answer to a question for a name below this one that does not exist.
    ///
    /// # Errors
    /// Where there is none in the image.
    pub fn below(&self, key: u32) -> Result<Template<'f>, HandOver> {
        Template::read(self.zone.find_template(offset_of_zone(self.octets, 12)?, key)?)
    }

    /// The numbers of the links that prove what encloses a name, where this is its closest
    /// encloser.
    ///
    /// # Errors
    /// Where they are not noted.
    pub(crate) fn enclosing(&self) -> Result<[u32; 2], HandOver> {
        let octets = self.zone.0;
        let at = match offset_of_zone(octets, ENCLOSERS)? {
            0 => return Err(HandOver),
            at => at + ENCLOSER * self.number,
        };
        Ok([u32_of_image(octets, at)?, u32_of_image(octets, at + 4)?])
    }

    /// The hash of its name.
    pub(crate) fn hash(&self) -> Result<u32, HandOver> {
        u32_of_image(self.octets, 0)
    }

    /// The offset of its name.
    pub(crate) fn name(&self) -> Result<usize, HandOver> {
        offset_of_zone(self.octets, 4)
    }

    /// The offset of the table of answers to questions for it.
    pub(crate) fn exact_table(&self) -> Result<usize, HandOver> {
        offset_of_zone(self.octets, 8)
    }

    fn key(&self) -> Result<&'f [u8], HandOver> {
        self.zone.key(self.name()?)
    }
}
