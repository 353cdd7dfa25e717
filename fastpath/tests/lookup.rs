//! From a query to the octets of its answer, each written out by hand.

mod common;

use common::*;

/// The header of an answer: flags and RCODE, and the counts behind QDCOUNT.
fn header(flags: [u8; 2], counts: [u8; 3]) -> Vec<u8> {
    let [answers, authorities, additional] = counts;
    vec![0x12, 0x34, flags[0], flags[1], 0, 1, 0, answers, 0, authorities, 0, additional]
}

fn question(qname: &str, qtype: u16) -> Vec<u8> {
    query(qname, qtype)[12..].to_vec()
}

fn opt(options: &[u8]) -> Vec<u8> {
    let fixed = [0, 0, 41, 4, 208, 0, 0, 0, 0];
    [&fixed, &(options.len() as u16).to_be_bytes()[..], options].concat()
}

fn example_zones() -> zoneserver_fastpath::zones::Zones {
    zones(file(&[("example.com", example())]), &[])
}

fn mx_with_address() -> Vec<u8> {
    // mail stands at 12 + 13 + 4 + 14 = 43.
    let mx = [&[0xC0, 0x0C][..], &record(MX, b"\0\x0a\x04mail\xC0\x0C")].concat();
    [mx, vec![0xC0, 43], record(A, &[192, 0, 2, 25])].concat()
}

/// Without OPT an answer has 512 octets at most: the last RRset stays out, and no TC says so.
#[test]
fn leaves_out_what_does_not_fit() {
    let expected =
        [header([0x85, 0], [1, 0, 1]), question("example.com", MX), mx_with_address()].concat();
    assert_eq!(expected, answer(&example_zones(), &query("example.com", MX)));
}

/// The whole answer where there is room, with its OPT at the end.
#[test]
fn sends_all_that_fits() {
    let txt = [&[0xC0, 43][..], &record(16, &[200; 500])].concat();
    let sections = [mx_with_address(), txt, opt(&[])].concat();
    let expected =
        [header([0x85, 0], [1, 0, 3]), question("example.com", MX), sections].concat();
    assert_eq!(expected, answer(&example_zones(), &edns_query("example.com", MX, 4096, &[])));
}

/// RFC 9471 3: TC where glue is left out, which other additional RRsets do not cause.
#[test]
fn truncates_where_glue_is_cut() {
    for (glue, flags) in [(1, 0x85), (2, 0x87)] {
        let held = zones(file(&[("example.com", cutting(glue))]), &[]);
        let sections = [question("example.com", MX), mx_with_address()].concat();
        let expected = [header([flags, 0], [1, 0, 1]), sections].concat();
        assert_eq!(expected, answer(&held, &query("example.com", MX)));
    }
}

/// RFC 2181 9: nothing but TC where a required RRset does not fit; over TCP it does.
#[test]
fn truncates_to_the_question() {
    let asked = edns_query("big.example.com", 16, 65535, &[]);
    let expected =
        [header([0x87, 0], [0, 0, 1]), question("big.example.com", 16), opt(&[])].concat();
    assert_eq!(expected, answer(&example_zones(), &asked));
    let Fate::Answer(whole) = ask(&example_zones(), &asked, true) else { panic!() };
    assert_eq!([0x85, 0, 0, 1, 0, 1, 0, 0, 0, 1], whole[2..12]);
    assert_eq!(12 + 21 + 12 + 3000 + 11, whole.len());
}

/// The SOA leans on the end of the QNAME, however long it is; its letters' case is kept.
#[test]
fn moves_pointers() {
    for qname in ["x.example.com", "A.bc.DEF.example.com"] {
        let origin = u8::try_from(12 + key(qname).len() - 13).unwrap();
        let rdata = [&[2, b'n', b's', 0xC0, origin, 4][..], b"root", &[0xC0, origin], &[0; 20]]
            .concat();
        let soa = [vec![0xC0, origin], record(SOA, &rdata)].concat();
        let expected = [header([0x85, 3], [0, 1, 0]), question(qname, A), soa].concat();
        assert_eq!(expected, answer(&example_zones(), &query(qname, A)));
    }
}

/// A type that a name has not, a name that has nothing, and one between names are nodata;
/// a name without a table is Python's.
#[test]
fn finds_the_table() {
    let rcode = |qname| match ask(&example_zones(), &query(qname, A), false) {
        Fate::Answer(octets) => Some(octets[3]),
        _ => None,
    };
    assert_eq!(Some(0), rcode("EXAMPLE.com"));
    assert_eq!(Some(0), rcode("ent.example.com"));
    assert_eq!(Some(0), rcode("b.ent.example.com"));
    assert_eq!(Some(3), rcode("c.ent.example.com"));
    assert_eq!(Some(3), rcode("ent.big.example.com"));
    assert_eq!(None, rcode("a.b.ent.example.com"));
}

/// The longest origin wins, a DS is the parent's, and what is refused is Python's.
#[test]
fn finds_the_zone() {
    let held = file(&[
        ("", plain("", 0)),
        ("com", plain("com", 1)),
        ("example.com", plain("example.com", 2)),
        ("sub.bad.com", plain("sub.bad.com", 3)),
    ]);
    let held = zones(held, &["bad.com"]);
    let mark = |qname, qtype| match ask(&held, &query(qname, qtype), false) {
        Fate::Answer(octets) => octets.last().copied(),
        _ => None,
    };
    assert_eq!(Some(2), mark("a.example.com", A));
    assert_eq!(Some(2), mark("example.com", A));
    assert_eq!(Some(1), mark("example.com", DS));
    assert_eq!(Some(2), mark("a.example.com", DS));
    assert_eq!(Some(1), mark("xexample.com", A));
    assert_eq!(Some(0), mark("org", A));
    assert_eq!(Some(0), mark("com", DS));
    assert_eq!(Some(0), mark("", DS));
    assert_eq!(None, mark("bad.com", A));
    assert_eq!(None, mark("sub.bad.com", DS));
}

/// A DS at an origin without a zone above it is answered by the zone itself.
#[test]
fn answers_ds_without_a_parent() {
    let held = zones(file(&[("example.com", plain("example.com", 2))]), &[]);
    assert_eq!(Some(&2), answer(&held, &query("example.com", DS)).last());
}

/// REFUSED has no AA; NSID, COOKIE and the reason stand in this order, each only if asked.
#[test]
fn refuses() {
    let held = zones(file(&[]), &[]);
    let expected = [header([0x81, 5], [0, 0, 0]), question("a.", A)].concat();
    assert_eq!(expected, answer(&held, &query("a", A)));
    let options = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 0, 0, 0, 3, 0, 1, 9];
    let answered = answer(&held, &edns_query("a", A, 1232, &options));
    let sent = &answered[12 + 7 + 11..];
    assert_eq!(
        [0, 3, 0, 3, b'n', b's', b'1', 0, 10, 0, 24, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0],
        sent[..23]
    );
    assert_eq!(NOW.to_be_bytes(), sent[23..27]);
    assert_eq!([0, 15, 0, 2, 0, 20], sent[35..]);
}

/// A later file replaces an earlier one's zone; what is gone is refused.
#[test]
fn collects_zones() {
    use std::{path::Path, sync::Arc};
    use zoneserver_fastpath::{image::ImageFile, zones::Zones};
    let image = |mark| {
        let octets = file(&[("a", plain("a", mark)), ("b", plain("b", mark))]);
        Arc::new(ImageFile::new(Path::new("test"), Box::new(octets)).unwrap())
    };
    let held = Zones::collect(vec![image(1), image(2)], vec![key("b")], Vec::new());
    assert_eq!(Some(&2), answer(&held, &query("a", A)).last());
    assert_eq!(5, answer(&held, &query("b", A))[3]);
}

/// A set is made from the one before it, whatever changes from one to the next.
#[test]
fn replaces_zones() {
    use zoneserver_fastpath::zones::Zones;
    let folder = std::env::temp_dir().join(format!("zoneserver-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let files = [&[("a", 1), ("b", 1)][..], &[("a", 2)], &[("b", 3)]];
    let paths = files.map(|zones| {
        let images: Vec<_> =
            zones.iter().map(|&(name, mark)| (name, plain(name, mark))).collect();
        let path = folder.join(format!("{zones:?}"));
        std::fs::write(&path, file(&images)).unwrap();
        path
    });
    // Of each name the last octet of its address, or why it has none.
    let found = |held: &Zones, name| match ask(held, &query(name, A), false) {
        Fate::Answer(answer) if answer[3] == 0 => answer.last().unwrap().to_string(),
        Fate::Answer(answer) => format!("rcode {}", answer[3]),
        other => format!("{other:?}"),
    };
    let mut held = Zones::default();
    for (files, gone, refused, expected) in [
        (&paths[..1], "", "", ["1", "1"]),
        (&paths[..2], "", "", ["2", "1"]),
        (&paths[..2], "b", "", ["2", "rcode 5"]),
        (&paths[..2], "", "", ["2", "1"]),
        (&paths[..3], "", "a", ["HandOver", "3"]),
        (&paths[..3], "a", "c", ["rcode 5", "3"]),
        (&paths[1..3], "", "", ["2", "3"]),
        (&paths[2..], "", "", ["rcode 5", "3"]),
        (&paths[..0], "", "", ["rcode 5", "rcode 5"]),
    ] {
        let keys = |name: &str| if name.is_empty() { Vec::new() } else { vec![key(name)] };
        held = held.replaced(files.to_vec(), keys(gone), keys(refused)).ok().unwrap();
        assert_eq!(
            expected,
            ["a", "b"].map(|name| found(&held, name)),
            "{files:?} without {gone}"
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// In a signed zone who sends DO gets what stands under bit 16, or else Python's answer.
#[test]
fn answers_who_sends_do_apart() {
    for (of_types, is_signed, expected) in [
        (vec![], false, Some(1)),
        (vec![], true, None),
        (vec![(0x1_0001, 2), (0x1_FFFF, 3)], true, Some(2)),
        (vec![(1, 2), (0x1_0002, 2), (0x1_FFFF, 3)], true, Some(3)),
        (vec![(0x1_0002, 2)], true, None),
        (vec![(0x1_0001, 2), (0x1_FFFF, 3)], false, Some(1)),
    ] {
        let held = zones(file(&[("test", signed(&of_types, is_signed))]), &[]);
        let mut message = edns_query("test", A, 1232, &[]);
        let dnssec_ok = message.len() - 4;
        message[dnssec_ok] = 0x80;
        let expected = expected.map_or(Fate::HandOver, |mark| {
            let a = [&[0xC0, 0x0C][..], &record(A, &[192, 0, 2, mark])].concat();
            let opt = vec![0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0];
            let start = header([0x85, 0], [1, 0, 1]);
            Fate::Answer([start, question("test", A), a, opt].concat())
        });
        assert_eq!(expected, ask(&held, &message, false));
    }
}
