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

/// A set of zones by origin.
#[derive(Default)]
pub struct Zones {
    files: Vec<Arc<ImageFile>>,
    origins: HashMap<Box<[u8]>, Entry>,
    most_labels: usize,
}

impl Zones {
    /// The set that these files make. A later file's zone replaces an earlier one's of the
    /// same origin; files that this set has mapped already are not mapped again.
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
        let files = paths.into_iter().map(open).collect::<Result<_, _>>()?;
        let mut made = Self::collect(files, gone, refused);
        made.go_on_counting(self);
        Ok(made)
    }

    /// The set that these files make.
    #[must_use]
    pub fn collect(
        files: Vec<Arc<ImageFile>>,
        gone: Vec<Vec<u8>>,
        refused: Vec<Vec<u8>>,
    ) -> Self {
        let mut origins: HashMap<Box<[u8]>, Entry> = HashMap::new();
        let entry = |origin: &[u8], held| (held, Arc::new(ZoneMail::new(origin)));
        for (number, file) in files.iter().enumerate() {
            for found in file.entries() {
                let held = Held::Served(number, found.zone);
                origins.insert(found.origin.into(), entry(found.origin, held));
            }
        }
        for origin in gone {
            origins.remove(&*origin);
        }
        for origin in refused {
            let made = entry(&origin, Held::Refused);
            origins.insert(origin.into_boxed_slice(), made);
        }
        let most_labels = origins.keys().map(|origin| labels(origin)).max().unwrap_or(0);
        Self { files, origins, most_labels }
    }

    /// Count for the zones where an earlier set did.
    fn go_on_counting(&mut self, earlier: &Self) {
        for (origin, (_, mail)) in &mut self.origins {
            if let Some((_, same)) = earlier.origins.get(origin) {
                *mail = Arc::clone(same);
            }
        }
    }

    /// The zone whose origin is the longest suffix of a name's ancestor with this many labels.
    #[must_use]
    pub fn find(&self, name: &Name, labels: usize) -> Option<Located<'_>> {
        let most = labels.min(self.most_labels);
        (0..=most).rev().find_map(|labels| {
            let (held, mail) = self.origins.get(name.suffix(labels))?;
            let found = match held {
                Held::Served(number, zone) => Found::Served(self.files[*number].zone(zone)?),
                Held::Refused => Found::Refused,
            };
            Some(Located { found, labels, mail })
        })
    }
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
