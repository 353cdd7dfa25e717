//! From a question to its template: the zone, the deepest existing name, the table.

use crate::image::Zone;
use crate::octets::HandOver;
use crate::query::{DS, Name, Query, Scanned, scan};
use crate::template::Template;
use crate::zones::{Found, Zones};

/// The zone that a question is for, and how many labels its origin has.
type Place<'z> = Option<(Found<'z>, usize)>;

/// A message that was scanned, and the zone that its question is for.
pub struct Sought<'a> {
    /// What the scan found.
    pub scanned: Scanned<'a>,
    place: Place<'a>,
}

impl<'a> Sought<'a> {
    /// Nothing yet.
    pub const NOTHING: Self = Self { scanned: Err(HandOver), place: None };

    /// Scan a message, and find the zone.
    #[must_use]
    pub fn new(zones: &'a Zones, message: &'a [u8], is_stream: bool) -> Self {
        let scanned = scan(message, is_stream);
        let place = match &scanned {
            Ok(Some(query)) => find_zone(zones, &query.qname, query.qtype),
            _ => None,
        };
        Self { scanned, place }
    }

    /// The question, and the zone where it has one that is served.
    pub(crate) fn in_zone(&self) -> Option<(&Query<'a>, Zone<'a>)> {
        match (&self.scanned, self.place) {
            (Ok(Some(query)), Some((Found::Served(zone), _))) => Some((query, zone)),
            _ => None,
        }
    }

    /// The template of the question. None: no zone of ours has the name.
    ///
    /// # Errors
    /// Where Python must answer.
    pub fn look_up(&self, query: &Query<'_>) -> Result<Option<Template<'a>>, HandOver> {
        match self.place {
            None => Ok(None),
            Some((Found::Refused, _)) => Err(HandOver),
            Some((Found::Served(zone), apex)) => {
                find_template(zone, apex, &query.qname, query.qtype).map(Some)
            }
        }
    }
}

/// The zone that a question is for; a DS is the parent's (RFC 4035 3.1.4.1).
fn find_zone<'z>(zones: &'z Zones, qname: &Name, qtype: u16) -> Place<'z> {
    let labels = qname.labels();
    let found = zones.find(qname, labels)?;
    if qtype == DS && found.1 == labels && labels > 0 {
        return zones.find(qname, labels - 1).or(Some(found));
    }
    Some(found)
}

fn find_template<'z>(
    zone: Zone<'z>,
    apex: usize,
    qname: &Name,
    qtype: u16,
) -> Result<Template<'z>, HandOver> {
    let labels = qname.labels();
    for depth in (apex..=labels.min(zone.most_labels()?)).rev() {
        if let Some(node) = zone.find_node(qname.suffix(depth), qname.hash(depth))? {
            return if depth == labels { node.exact(qtype) } else { node.below(qtype) };
        }
    }
    Err(HandOver) // the apex always exists
}
