//! The zones that are answered from: one immutable set, replaced as a whole.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::image::{ImageError, ImageFile, Zone};
use crate::query::Name;
use crate::statistics::ZoneMail;

/// What we have for an origin.
enum Held {
    /// An image, in the file of this number.
    Served(usize, Range<usize>),
    /// We are configured for the zone, but have no good version of it.
    Refused,
}

/// A zone that was found.
#[derive(Clone, Copy)]
pub enum Found<'z> {
    /// Its image.
    Served(Zone<'z>),
    /// As `Held::Refused`.
    Refused,
}

/// Where a name was found.
#[derive(Clone, Copy)]
pub struct Located<'z> {
    /// What we have for the zone.
    pub found: Found<'z>,
    /// How many labels its origin has.
    pub labels: usize,
    /// What is counted for it.
    pub mail: &'z Arc<ZoneMail>,
}

/// What we have for an origin, and what is counted for it.
type Entry = (Held, Arc<ZoneMail>);

/// Entries by origin; None: there is no such zone, whatever another index says.
type Index = HashMap<Box<[u8]>, Option<Entry>>;

/// The zones of the first files of a set. Sets that begin with the same files share it.
#[derive(Default)]
struct Base {
    files: usize,
    index: Index,
    most_labels: usize,
}

/// A set of zones by origin.
#[derive(Default)]
pub struct Zones {
    files: Vec<Arc<ImageFile>>,
    base: Arc<Base>,
    /// What the other files have, and what else goes before the base.
    recent: Index,
    most_labels: usize,
}

/// The recent zones may be so many, and one in so many of all: beyond that they become base.
const FEW_RECENT: usize = 1_000;
const SHARE_RECENT: usize = 16;

impl Zones {
    /// The set that these files make. A later file's zone replaces an earlier one's of the
    /// same origin; files that this set has mapped already are not mapped again, and what
    /// they have is not gathered again where no more than a few others are new.
    ///
    /// # Errors
    /// For a file that cannot be used, with its path.
    pub fn replaced(
        &self,
        paths: Vec<PathBuf>,
        gone: Vec<Vec<u8>>,
        refused: Vec<Vec<u8>>,
    ) -> Result<Self, (PathBuf, ImageError)> {
        let mapped: HashMap<_, _> = self.files.iter().map(|file| (file.path(), file)).collect();
        let open = |path: PathBuf| match mapped.get(path.as_path()) {
            Some(&file) => Ok(Arc::clone(file)),
            None => ImageFile::open(&path).map(Arc::new).map_err(|error| (path, error)),
        };
        let files: Vec<_> = paths.into_iter().map(open).collect::<Result<_, _>>()?;
        let base = match self.base_of(&files) {
            Some(base) => base,
            None => Arc::new(Base::new(&files, self)),
        };
        Ok(Self::new(files, base, gone, refused, self))
    }

    /// The set that these files make.
    #[must_use]
    pub fn collect(
        files: Vec<Arc<ImageFile>>,
        gone: Vec<Vec<u8>>,
        refused: Vec<Vec<u8>>,
    ) -> Self {
        let earlier = Self::default();
        let base = Arc::new(Base::new(&files, &earlier));
        Self::new(files, base, gone, refused, &earlier)
    }

    fn new(
        files: Vec<Arc<ImageFile>>,
        base: Arc<Base>,
        gone: Vec<Vec<u8>>,
        refused: Vec<Vec<u8>>,
        earlier: &Self,
    ) -> Self {
        let mut recent = gather(&files, base.files, earlier);
        recent.extend(gone.into_iter().map(|origin| (origin.into_boxed_slice(), None)));
        for origin in refused {
            let made = (Held::Refused, earlier.mail(&origin));
            recent.insert(origin.into_boxed_slice(), Some(made));
        }
        let most_labels = most_labels(&recent).max(base.most_labels);
        Self { files, base, recent, most_labels }
    }

    /// The base of this set, if it is of use for another one of these files.
    fn base_of(&self, files: &[Arc<ImageFile>]) -> Option<Arc<Base>> {
        let count = self.base.files;
        let is_same = count > 0
            && files.len() >= count
            && files
                .iter()
                .zip(&self.files[..count])
                .all(|(one, other)| Arc::ptr_eq(one, other));
        let recent: usize = files.iter().skip(count).map(|file| file.entries().count()).sum();
        let most = FEW_RECENT.max(self.base.index.len() / SHARE_RECENT);
        (is_same && recent <= most).then(|| Arc::clone(&self.base))
    }

    fn get(&self, origin: &[u8]) -> Option<&Entry> {
        // Mostly nothing has changed since the start: then the name is looked for once.
        let found = if self.recent.is_empty() { None } else { self.recent.get(origin) };
        found.or_else(|| self.base.index.get(origin))?.as_ref()
    }

    /// What is counted for a zone, from now on if it was not before.
    fn mail(&self, origin: &[u8]) -> Arc<ZoneMail> {
        self.get(origin)
            .map_or_else(|| Arc::new(ZoneMail::new(origin)), |(_, mail)| Arc::clone(mail))
    }

    /// The zone whose origin is the longest suffix of a name's ancestor with this many labels.
    #[must_use]
    pub fn find(&self, name: &Name, labels: usize) -> Option<Located<'_>> {
        let most = labels.min(self.most_labels);
        (0..=most).rev().find_map(|labels| {
            let (held, mail) = self.get(name.suffix(labels))?;
            let found = match held {
                Held::Served(number, zone) => Found::Served(self.files[*number].zone(zone)?),
                Held::Refused => Found::Refused,
            };
            Some(Located { found, labels, mail })
        })
    }
}

impl Base {
    /// All of these files; what an earlier set has counted is counted on.
    fn new(files: &[Arc<ImageFile>], earlier: &Zones) -> Self {
        let index = gather(files, 0, earlier);
        Self { files: files.len(), most_labels: most_labels(&index), index }
    }
}

/// What these files have, but for the first ones.
fn gather(files: &[Arc<ImageFile>], first: usize, earlier: &Zones) -> Index {
    let mut index = Index::new();
    for (number, file) in files.iter().enumerate().skip(first) {
        for found in file.entries() {
            let entry = (Held::Served(number, found.zone), earlier.mail(found.origin));
            index.insert(found.origin.into(), Some(entry));
        }
    }
    index
}

fn most_labels(index: &Index) -> usize {
    index.keys().map(|origin| labels(origin)).max().unwrap_or(0)
}

/// How many labels a key has.
fn labels(key: &[u8]) -> usize {
    let (mut at, mut labels) = (0, 0);
    while let Some(&length) = key.get(at).filter(|&&length| length > 0) {
        at += 1 + usize::from(length);
        labels += 1;
    }
    labels
}
