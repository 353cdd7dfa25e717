//! From a question to its template: the zone, the deepest existing name, the table.

use crate::image::Zone;
use crate::octets::HandOver;
use crate::query::{DS, Name};
use crate::template::Template;
use crate::zones::{Found, Zones};

/// The template of a question. None: no zone of ours has the name.
///
/// # Errors
/// Where Python must answer.
pub fn look_up<'z>(
    zones: &'z Zones,
    qname: &Name,
    qtype: u16,
) -> Result<Option<Template<'z>>, HandOver> {
    match find_zone(zones, qname, qtype) {
        None => Ok(None),
        Some((Found::Refused, _)) => Err(HandOver),
        Some((Found::Served(zone), apex)) => find_template(zone, apex, qname, qtype).map(Some),
    }
}

/// The zone that a question is for; a DS is the parent's (RFC 4035 3.1.4.1).
fn find_zone<'z>(zones: &'z Zones, qname: &Name, qtype: u16) -> Option<(Found<'z>, usize)> {
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
        if let Some(node) = zone.find_node(qname.suffix(depth))? {
            return if depth == labels { node.exact(qtype) } else { node.below(qtype) };
        }
    }
    Err(HandOver) // the apex always exists
}
