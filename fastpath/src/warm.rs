//! Reading ahead: what the look-ups of a batch will read is brought near before they do.
//!
//! In a large zone a look-up is mostly the wait for five places in memory, each of which tells
//! where the next one is. Taken one step at a time for the whole batch, the waits overlap. It
//! decides nothing: what is damaged or not there is passed over.

use std::hint::black_box;
use std::ops::Range;

use crate::image::Zone;
use crate::lookup::Sought;
use crate::system::SLOTS;

const CACHE_LINE: usize = 64;
const LINES: usize = 4; // that a template mostly fits into
const STEPS: usize = 4;

/// How far one look-up has come: what is to be read next.
enum Step<'z> {
    /// Where a bucket starts and ends.
    Bucket(usize),
    /// The hashes of its nodes.
    Nodes(Range<usize>),
    /// The name and the table of the one with our hash.
    Parts { name: usize, table: usize },
    /// Its template.
    Template(&'z [u8]),
}

/// The way of one look-up, as it goes for a name that exists.
struct Trail<'z> {
    zone: Zone<'z>,
    hash: u32,
    key: u32,
    step: Step<'z>,
}

impl<'z> Trail<'z> {
    fn start(sought: &Sought<'z>) -> Option<Self> {
        let (query, zone) = sought.in_zone()?;
        let labels = query.qname.labels().min(zone.most_labels().ok()?);
        let hash = query.qname.hash(labels);
        let step = Step::Bucket(zone.bucket(hash).ok()?);
        Some(Self { zone, hash, key: zone.table_key(query).ok()?, step })
    }

    fn follow(self) -> Option<Self> {
        let Self { zone, hash, key, step } = self;
        let step = match step {
            Step::Bucket(at) => Step::Nodes(zone.nodes_of_bucket(at).ok()?),
            Step::Nodes(numbers) => {
                let node = zone.find_hash(numbers, hash).ok()??;
                Step::Parts { name: node.name().ok()?, table: node.exact_table().ok()? }
            }
            Step::Parts { name, table } => {
                black_box(zone.key(name).ok()?.last());
                Step::Template(zone.find_template(table, key).ok()?)
            }
            Step::Template(octets) => {
                for line in 0..LINES {
                    black_box(octets.get(line * CACHE_LINE).copied());
                }
                return None;
            }
        };
        Some(Self { zone, hash, key, step })
    }
}

/// Read ahead for a batch.
pub fn warm(batch: &[Sought<'_>]) {
    let mut trails = [const { None }; SLOTS];
    for (trail, sought) in trails.iter_mut().zip(batch) {
        *trail = Trail::start(sought);
    }
    for _ in 0..STEPS {
        for trail in &mut trails {
            *trail = trail.take().and_then(Trail::follow);
        }
    }
}
