//! What proves that a name does not exist, each answer written out by hand.

mod common;

use common::*;

/// The owner of a link of which only a pointer is written, and its records, told by their mark.
fn link(pointer: [u8; 2], mark: u8) -> Vec<u8> {
    let (nsec, rrsig) = (record(NSEC, &[mark; 30]), record(RRSIG, &[mark; 90]));
    [&pointer[..], &nsec, &pointer, &rrsig].concat()
}

/// Where a pointer leads that counts from the end of the QNAME.
fn pointer(qname: &str, place: u16) -> [u8; 2] {
    let end = 12 + key(qname).len() as u16;
    (0xC000 | end.wrapping_add(place)).to_be_bytes()
}

/// So many octets before the end of the QNAME.
fn back(octets: u16) -> u16 {
    octets.wrapping_neg()
}

fn authority(answer: &[u8]) -> u16 {
    u16::from_be_bytes([answer[8], answer[9]])
}

/// What stands behind the SOA, up to the OPT.
fn proof(qname: &str, answer: &[u8]) -> Vec<u8> {
    let soa = 2 + 10 + 5 + 7 + 20;
    answer[12 + key(qname).len() + 4 + soa..answer.len() - 11].to_vec()
}

/// RFC 4035 3.1.3.2: the link that covers the name behind that which covers the wildcard, each
/// once; an owner that is named already is pointed to.
#[test]
fn proves_by_names() {
    let held = zones(file(&[("example.com", with_nsec())]), &[]);
    for (qname, links) in [
        ("a.example.com", &[1][..]),
        ("NR.example.com", &[1]),
        ("x.example.com", &[1, 2]),
        ("x.ns.example.com", &[1, 2]),
        ("ns\0.example.com", &[1, 2]),
    ] {
        let answered = answer(&held, &dnssec_query(qname, A));
        let places = links.iter().map(|&mark| (mark, if mark == 1 { back(13) } else { 16 }));
        let expected: Vec<u8> =
            places.flat_map(|(mark, place)| link(pointer(qname, place), mark)).collect();
        assert_eq!(3, answered[3] & 0x0F);
        assert_eq!(1 + 2 * links.len() as u16, authority(&answered));
        assert_eq!(expected, proof(qname, &answered), "{qname}");
    }
}

/// RFC 5155 7.2.2: the closest encloser, the wildcard, and the hash of the next closer name.
#[test]
fn proves_by_hashes() {
    let held = zones(file(&[("example", with_nsec3())]), &[]);
    for (qname, covering) in [
        ("ns1.example", None),  // 2t7b, covered by the link of the apex
        ("a.example", Some(2)), // 35mt, which is there
        ("x.y.a.example", Some(2)),
        ("w.example", None), // k8ud, covered by ji6n, as the wildcard is
        ("y.w.example", None),
        ("xx.example", None), // t644
    ] {
        let answered = answer(&held, &dnssec_query(qname, A));
        let proof = proof(qname, &answered);
        let marks: Vec<u8> = proof.chunks(33 + 2 + 10 + 30).map(|link| link[74]).collect();
        let expected: Vec<u8> = [1, 3].into_iter().chain(covering).collect();
        assert_eq!(expected, marks, "{qname}");
        assert!(proof.starts_with(b"\x200p9mhaveqvm6t7vbl5lop2u3t2rp3tom"));
        assert_eq!(pointer(qname, back(9)), proof[33..35]);
    }
}

/// RFC 2181 9: nothing but TC where the proof does not fit; over TCP it does.
#[test]
fn truncates() {
    let held = zones(file(&[("example.com", with_nsec())]), &[]);
    let mut asked = dnssec_query("x.example.com", A);
    let payload = asked.len() - 8;
    asked[payload..payload + 2].copy_from_slice(&[2, 0]);
    let octets = answer(&held, &asked);
    assert!(octets.len() <= 512);
    let long = format!("{}.example.com", ["x23456789"; 20].join("."));
    let mut asked = dnssec_query(&long, A);
    let payload = asked.len() - 8;
    asked[payload..payload + 2].copy_from_slice(&[2, 0]);
    let octets = answer(&held, &asked);
    assert_eq!(0x87, octets[2]);
    assert_eq!(0, authority(&octets));
    let Fate::Answer(whole) = ask(&held, &asked, true) else { panic!() };
    assert_eq!(0x85, whole[2]);
    assert_eq!(5, authority(&whole));
}

/// Where the encloser is not in the chain, only Python knows what to prove.
#[test]
fn hands_over_what_opt_out_left_out() {
    let links =
        || Link { owner: "example.com", ordered: b"", records: vec![record(NSEC3, &[1; 30])] };
    let image = proving("example.com", &[links()], [NO_LINK; 2], Some((0, b"")));
    let held = zones(file(&[("example.com", image)]), &[]);
    assert_eq!(Fate::HandOver, ask(&held, &dnssec_query("x.example.com", A), false));
}
