//! From a question to its template: the zone, the deepest existing name, the table.

use crate::answer::Answer;
use crate::image::Zone;
use crate::octets::HandOver;
use crate::proof::{Enclosed, Proof};
use crate::query::{DS, Name, Query, Scanned, scan};
use crate::statistics::{Statistics, Transport};
use crate::template::{Lacks, Template};
use crate::zones::{Found, Located, Zones};

/// A message that was scanned, and the zone that its question is for.
pub struct Sought<'a> {
    /// What the scan found.
    pub scanned: Scanned<'a>,
    place: Option<Located<'a>>,
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
            (Ok(Some(query)), Some(Located { found: Found::Served(zone), .. })) => {
                Some((query, zone))
            }
            _ => None,
        }
    }

    /// Count its answer.
    pub(crate) fn count(
        &self,
        statistics: &Statistics,
        transport: Transport,
        answer: &Answer<'_>,
    ) {
        if let Ok(Some(query)) = &self.scanned {
            let asked = self.place.as_ref().map(|place| (&query.qname, place.mail));
            statistics.count(transport, Some(query.qtype), answer.head(), asked);
        }
    }

    /// The key of the origin of the zone that the question is for.
    #[must_use]
    pub fn origin<'q>(&self, query: &'q Query<'_>) -> Option<&'q [u8]> {
        self.place.as_ref().map(|place| query.qname.suffix(place.labels))
    }

    /// The template of the question, and what it lacks. None: no zone of ours has the name.
    ///
    /// # Errors
    /// Where Python must answer.
    pub fn look_up(
        &self,
        query: &Query<'_>,
    ) -> Result<Option<(Template<'a>, Proof<'a>)>, HandOver> {
        let Some(place) = &self.place else { return Ok(None) };
        match place.found {
            Found::Refused => Err(HandOver),
            Found::Served(zone) => {
                find_template(zone, place.labels, &query.qname, zone.table_key(query)?)
                    .map(Some)
            }
        }
    }
}

/// The zone that a question is for; a DS is the parent's (RFC 4035 3.1.4.1).
pub(crate) fn find_zone<'z>(zones: &'z Zones, qname: &Name, qtype: u16) -> Option<Located<'z>> {
    let labels = qname.labels();
    let found = zones.find(qname, labels)?;
    if qtype == DS && found.labels == labels && labels > 0 {
        return zones.find(qname, labels - 1).or(Some(found));
    }
    Some(found)
}

fn find_template<'z>(
    zone: Zone<'z>,
    apex: usize,
    qname: &Name,
    key: u32,
) -> Result<(Template<'z>, Proof<'z>), HandOver> {
    let labels = qname.labels();
    for depth in (apex..=labels.min(zone.most_labels()?)).rev() {
        if let Some(node) = zone.find_node(qname.suffix(depth), qname.hash(depth))? {
            if depth == labels {
                return Ok((node.exact(key)?, Proof::default()));
            }
            let template = node.below(key)?;
            let proof = if template.lacks == Lacks::Nothing {
                Proof::default()
            } else {
                Proof::find(zone, &template, &Enclosed { qname, apex, encloser: &node, depth })?
            };
            return Ok((template, proof));
        }
    }
    Err(HandOver) // the apex always exists
}
