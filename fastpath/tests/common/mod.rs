//! A small writer of image files, and the zone that the tests ask.
//!
//! It shares no code with the reader. Digests are left out: Python checks them.

#![allow(dead_code, missing_docs)]

use std::path::Path;
use std::sync::Arc;

use zoneserver_fastpath::cookies::Secrets;
use zoneserver_fastpath::image::ImageFile;
use zoneserver_fastpath::lookup::Sought;
use zoneserver_fastpath::responder::{Access, Asker, Decision, Responder, Settings};
use zoneserver_fastpath::warm::warm;
use zoneserver_fastpath::zones::Zones;

pub const A: u16 = 1;
pub const SOA: u16 = 6;
pub const MX: u16 = 15;
pub const DS: u16 = 43;
pub const RRSIG: u16 = 46;
pub const NSEC: u16 = 47;
pub const NSEC3: u16 = 50;

/// The key of a name in text, without its final dot.
pub fn key(text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        key.push(u8::try_from(label.len()).unwrap());
        key.extend(label.bytes());
    }
    key.push(0);
    key
}

#[derive(Clone, Default)]
pub struct Template {
    pub rcode: u8,
    pub flags: u8,
    pub required: u16,
    pub counts: [u16; 2],
    pub glue: u16,
    pub account: u32,
    pub relocations: Vec<u16>,
    pub cuts: Vec<[u16; 2]>,
    pub body: Vec<u8>,
    pub supplement: Vec<u8>,
}

impl Template {
    fn octets(&self) -> Vec<u8> {
        let mut octets = vec![self.rcode, self.flags];
        let lengths = [self.body.len() as u16, self.required, self.counts[0], self.counts[1]];
        let tables = [self.cuts.len() as u16, self.glue, self.relocations.len() as u16];
        for number in lengths.iter().chain(&tables) {
            octets.extend(number.to_le_bytes());
        }
        octets.extend(self.account.to_le_bytes());
        for number in self.relocations.iter().chain(self.cuts.iter().flatten()) {
            octets.extend(number.to_le_bytes());
        }
        octets.extend(&self.body);
        octets.extend(&self.supplement);
        octets
    }
}

/// What a name answers: by type, and otherwise.
#[derive(Clone, Default)]
pub struct Table {
    pub of_types: Vec<(u32, Template)>,
    pub default: Option<Template>,
}

pub struct Node {
    pub name: &'static str,
    pub exact: Option<Table>,
    pub below: Option<Table>,
}

fn append(octets: &mut Vec<u8>, more: &[u8]) -> u32 {
    octets.resize(octets.len().next_multiple_of(4), 0);
    let at = octets.len() as u32;
    octets.extend(more);
    at
}

fn append_table(octets: &mut Vec<u8>, table: Option<&Table>) -> u32 {
    let Some(table) = table else { return 0 };
    let put = |octets: &mut Vec<u8>, template: &Template| append(octets, &template.octets());
    let default = table.default.as_ref().map(|default| put(octets, default));
    let mut of_types = table.of_types.clone();
    of_types.sort_by_key(|(qtype, _)| *qtype);
    let templates: Vec<u32> =
        of_types.iter().map(|(_, template)| put(octets, template)).collect();
    let at = append(octets, &[]);
    let distance = |template: u32| template.wrapping_sub(at).to_le_bytes();
    octets.extend((of_types.len() as u16).to_le_bytes());
    octets.extend([0, 0]);
    octets.extend(default.map_or([0; 4], distance));
    for ((qtype, _), template) in of_types.iter().zip(templates) {
        octets.extend(qtype.to_le_bytes());
        octets.extend(distance(template));
    }
    at
}

/// The image of a zone.
pub fn zone(nodes: &[Node], buckets: u32) -> Vec<u8> {
    let mut octets = vec![0; 72];
    let mut rows = Vec::new();
    for node in nodes {
        let key = key(node.name);
        let name = append(&mut octets, &[&[key.len() as u8], key.as_slice()].concat());
        let exact = append_table(&mut octets, node.exact.as_ref());
        let below = append_table(&mut octets, node.below.as_ref());
        rows.push([crc32fast::hash(&key), name, exact, below, 0, 0]);
    }
    rows.sort_by_key(|row| row[0] & (buckets - 1));
    let firsts = (0..=buckets)
        .map(|bucket| rows.partition_point(|row| row[0] & (buckets - 1) < bucket) as u32);
    let firsts: Vec<u8> = firsts.flat_map(u32::to_le_bytes).collect();
    let rows_octets: Vec<u8> =
        rows.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
    let (bucket_offset, node_offset) =
        (append(&mut octets, &firsts), append(&mut octets, &rows_octets));
    let labels = |node: &Node| node.name.split('.').filter(|label| !label.is_empty()).count();
    let most_labels = nodes.iter().map(labels).max().unwrap_or(0) as u32;
    let head =
        [1, nodes.len() as u32, buckets, most_labels, bucket_offset, node_offset, 0, 0, 0];
    octets[..4].copy_from_slice(b"ZONE");
    octets[4..40]
        .copy_from_slice(&head.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    octets
}

/// An image file of zones by origin.
pub fn file(zones: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut octets, mut directory) = (vec![0; 48], Vec::new());
    for (origin, zone) in zones {
        octets.resize(octets.len().next_multiple_of(8), 0);
        let key = key(origin);
        directory.extend((octets.len() as u64).to_le_bytes());
        directory.extend((zone.len() as u64).to_le_bytes());
        directory.extend((key.len() as u16).to_le_bytes());
        directory.extend(key);
        octets.extend(zone);
    }
    let at = octets.len() as u64;
    octets.extend(directory);
    let length = octets.len() as u64;
    octets[..8].copy_from_slice(b"ZONEIMG\x04");
    octets[8..16].copy_from_slice(&length.to_le_bytes());
    octets[32..36].copy_from_slice(&(zones.len() as u32).to_le_bytes());
    octets[40..48].copy_from_slice(&at.to_le_bytes());
    octets
}

/// A query without OPT.
pub fn query(qname: &str, qtype: u16) -> Vec<u8> {
    let header = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    [&header[..], &key(qname), &qtype.to_be_bytes(), &[0, 1]].concat()
}

/// A query with an OPT of these options.
pub fn edns_query(qname: &str, qtype: u16, payload: u16, options: &[u8]) -> Vec<u8> {
    let mut octets = query(qname, qtype);
    octets[11] = 1;
    octets.extend([0, 0, 41]);
    octets.extend(payload.to_be_bytes());
    octets.extend([0; 4]);
    octets.extend((options.len() as u16).to_be_bytes());
    octets.extend(options);
    octets
}

pub const SECRET: [u8; 16] = [7; 16];
pub const ADDRESS: [u8; 4] = [192, 0, 2, 1];
pub const NOW: u32 = 1_800_000_000;

pub fn responder(nsid: &[u8]) -> Responder {
    Responder::new(Settings {
        max_payload: 1232,
        nsid: nsid.to_vec(),
        refused_option: vec![0, 15, 0, 2, 0, 20],
        secrets: Secrets::new(vec![SECRET]),
        access: Access::default(),
        keepalive: Some(100),
    })
}

/// The set of zones that one file makes.
pub fn zones(octets: Vec<u8>, refused: &[&str]) -> Zones {
    let file = ImageFile::new(Path::new("test"), Box::new(octets)).unwrap();
    let refused = refused.iter().map(|origin| key(origin)).collect();
    Zones::collect(vec![Arc::new(file)], Vec::new(), refused)
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    Silence,
    HandOver,
    Answer(Vec<u8>),
}

pub fn ask(zones: &Zones, message: &[u8], is_stream: bool) -> Fate {
    let responder = responder(b"ns1");
    let asker = Asker { address: &ADDRESS, is_stream, is_encrypted: false, now: NOW };
    let sought = Sought::new(zones, message, is_stream);
    warm(std::slice::from_ref(&sought));
    match responder.decide(message, &sought, asker) {
        Decision::Silence => Fate::Silence,
        Decision::HandOver { .. } => Fate::HandOver,
        Decision::Reply(reply) => {
            let mut octets = vec![0; reply.answer.length()];
            match reply.answer.write(&mut octets) {
                Ok(length) => Fate::Answer(octets[..length].to_vec()),
                Err(_) => Fate::HandOver,
            }
        }
    }
}

/// The octets of an answer. Panics where there is none.
pub fn answer(zones: &Zones, message: &[u8]) -> Vec<u8> {
    match ask(zones, message, false) {
        Fate::Answer(octets) => octets,
        fate => panic!("{fate:?}"),
    }
}

/// A record but for its owner.
pub fn record(rtype: u16, rdata: &[u8]) -> Vec<u8> {
    let fixed = [&rtype.to_be_bytes()[..], &[0, 1, 0, 0, 14, 16]].concat();
    [&fixed, &(rdata.len() as u16).to_be_bytes()[..], rdata].concat()
}

const AA: u8 = 1;

/// NXDOMAIN or nodata of example.com: a SOA whose owner and rname lean on the QNAME's end.
fn negative(rcode: u8, kind: u8) -> Template {
    let mut body = vec![0xFF, 0xF3]; // 0xC000 | -13: example.com, at the end of the QNAME
    let rdata =
        [&[2, b'n', b's', 0xFF, 0xF3, 4, b'r', b'o', b'o', b't', 0xFF, 0xF3][..], &[0; 20]]
            .concat();
    body.extend(record(SOA, &rdata));
    let account = crc32fast::hash(&key("example.com"));
    let required = body.len() as u16;
    Template {
        rcode,
        flags: AA | kind << 1,
        required,
        counts: [0, 1],
        account,
        relocations: vec![0, 15, 22],
        body,
        ..Template::default()
    }
}

/// MX 10 to mail, which is below the QNAME, with its A (required or not) and a large TXT.
fn mx(glue: u16) -> Template {
    let mut body = vec![0xC0, 0x0C];
    body.extend(record(MX, &[0, 10, 4, b'm', b'a', b'i', b'l', 0xC0, 0x0C]));
    let required = body.len() as u16;
    body.extend([0xC0, 0x12]); // mail: 14 octets into the body, which starts 4 behind the QNAME
    body.extend(record(A, &[192, 0, 2, 25]));
    let first = body.len() as u16;
    body.extend([0xC0, 0x12]);
    body.extend(record(16, &[200; 500]));
    let cuts = vec![[first, 1], [body.len() as u16, 1]];
    Template {
        flags: AA,
        required,
        counts: [1, 0],
        glue,
        relocations: vec![required, first],
        cuts,
        body,
        ..Template::default()
    }
}

/// example.com: an apex with an MX, big.example.com, whose answer fits nowhere over UDP, and
/// an empty non-terminal; an occluded name answers as the delegation above it.
pub fn example() -> Vec<u8> {
    let only = |default: Template| Some(Table { of_types: Vec::new(), default: Some(default) });
    let big = [&[0xC0, 0x0C][..], &record(16, &[100; 3000])].concat();
    let big = Template {
        flags: AA,
        required: big.len() as u16,
        counts: [1, 0],
        body: big,
        ..Template::default()
    };
    let apex =
        Table { of_types: vec![(2, mx(1)), (MX.into(), mx(0))], default: Some(negative(0, 1)) };
    let nxdomain = only(negative(3, 2));
    zone(
        &[
            Node { name: "example.com", exact: Some(apex), below: nxdomain.clone() },
            Node { name: "big.example.com", exact: only(big), below: nxdomain.clone() },
            Node { name: "b.ent.example.com", exact: only(negative(0, 1)), below: None },
            Node { name: "ent.example.com", exact: only(negative(0, 1)), below: nxdomain },
        ],
        4,
    )
}

/// example.com with an MX of whose two additional RRsets so many are glue.
pub fn cutting(glue: u16) -> Vec<u8> {
    let apex = Table { of_types: vec![(MX.into(), mx(glue))], default: None };
    zone(&[Node { name: "example.com", exact: Some(apex), below: None }], 1)
}

/// An answer with one record, told apart by its last octet.
fn marked(mark: u8) -> Template {
    let body = [&[0xC0, 0x0C][..], &record(A, &[192, 0, 2, mark])].concat();
    let required = body.len() as u16;
    Template { flags: AA, required, counts: [1, 0], body, ..Template::default() }
}

/// A zone that answers everything with one record, told apart by its last octet.
pub fn plain(origin: &'static str, mark: u8) -> Vec<u8> {
    let table = Some(Table { of_types: Vec::new(), default: Some(marked(mark)) });
    zone(&[Node { name: origin, exact: table.clone(), below: table }], 1)
}

/// The zone test, signed or not: 1 is the mark of any other type, these are under their keys.
pub fn signed(of_types: &[(u32, u8)], is_signed: bool) -> Vec<u8> {
    let of_types = of_types.iter().map(|&(key, mark)| (key, marked(mark))).collect();
    let exact = Some(Table { of_types, default: Some(marked(1)) });
    let mut octets = zone(&[Node { name: "test", exact, below: None }], 1);
    octets[60] = u8::from(is_signed);
    octets
}

/// One link: its owner, what it is sorted by, and its records but for their owners.
pub struct Link {
    pub owner: &'static str,
    pub ordered: &'static [u8],
    pub records: Vec<Vec<u8>>,
}

pub const NO_LINK: u32 = 0xFFFF_FFFF;
const LACKS_NAME: u8 = 8;
const LACKS_ENCLOSER: u8 = 16;

/// A signed zone that has its apex and nothing else. What does not exist is proven by these
/// links, of which those of the apex are `enclosing`; names are hashed by iterations and salt.
/// The answer names `ns` below the origin, 16 octets behind the QNAME.
pub fn proving(
    origin: &'static str,
    links: &[Link],
    enclosing: [u32; 2],
    hashing: Option<(u16, &[u8])>,
) -> Vec<u8> {
    let mut lacking = negative(3, 2);
    lacking.flags |= LACKS_NAME | LACKS_ENCLOSER;
    let ns = key(&format!("ns.{origin}"));
    lacking.supplement = [&[0, 0, 1, 0, 16, 0, ns.len() as u8][..], &ns].concat();
    let below = Some(Table { of_types: vec![(0x1_FFFF, lacking)], default: None });
    let mut octets = zone(&[Node { name: origin, exact: None, below }], 1);
    let (mut beginnings, mut places) = (Vec::new(), Vec::new());
    for link in links {
        let (owner, records) = (key(link.owner), link.records.join(&[0, 0][..]));
        let mut begin = [0; 8];
        let length = link.ordered.len().min(8);
        begin[..length].copy_from_slice(&link.ordered[..length]);
        beginnings.extend(u64::from_be_bytes(begin).to_le_bytes());
        places.extend([0; 4]);
        places.extend((octets.len() as u32).to_le_bytes());
        octets.extend((link.ordered.len() as u16).to_le_bytes());
        octets.push(owner.len() as u8);
        octets.extend((link.records.len() as u16).to_le_bytes());
        octets.extend((records.len() as u32).to_le_bytes());
        octets.extend([link.ordered, &owner, &records].concat());
    }
    let chain = append(&mut octets, &[beginnings, places].concat());
    let hashing = hashing.map_or(0, |(iterations, salt)| {
        let head = [&iterations.to_le_bytes()[..], &[salt.len() as u8], salt].concat();
        append(&mut octets, &head)
    });
    let enclosers = append(&mut octets, &enclosing.map(u32::to_le_bytes).concat());
    let head = [chain, links.len() as u32, hashing, enclosers];
    octets[56..72].copy_from_slice(&head.map(u32::to_le_bytes).concat());
    octets
}

/// A query with DO.
pub fn dnssec_query(qname: &str, qtype: u16) -> Vec<u8> {
    let mut octets = edns_query(qname, qtype, 1232, &[]);
    let dnssec_ok = octets.len() - 4;
    octets[dnssec_ok] = 0x80;
    octets
}

/// example.com, whose chain has the apex and its nameserver.
pub fn with_nsec() -> Vec<u8> {
    let records = |mark| vec![record(NSEC, &[mark; 30]), record(RRSIG, &[mark; 90])];
    let links = [
        Link { owner: "example.com", ordered: b"", records: records(1) },
        Link { owner: "ns.example.com", ordered: b"ns\0", records: records(2) },
    ];
    proving("example.com", &links, [0, NO_LINK], None)
}

/// Links of example, by the hashes of itself, of a and of y.w (RFC 5155 A).
pub fn with_nsec3() -> Vec<u8> {
    let record = |mark| vec![record(NSEC3, &[mark; 30])];
    let links = [
        Link {
            owner: "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example",
            ordered: b"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom\0",
            records: record(1),
        },
        Link {
            owner: "35mthgpgcu1qg68fab165klnsnk3dpvl.example",
            ordered: b"35mthgpgcu1qg68fab165klnsnk3dpvl\0",
            records: record(2),
        },
        Link {
            owner: "ji6neoaepv8b5o6k4ev33abha8ht9fgc.example",
            ordered: b"ji6neoaepv8b5o6k4ev33abha8ht9fgc\0",
            records: record(3),
        },
    ];
    proving("example", &links, [0, 2], Some((12, b"\xaa\xbb\xcc\xdd")))
}
