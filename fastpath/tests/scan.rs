//! What the scan lets through, hands over and leaves unanswered.

mod common;

use common::*;

fn fate(message: &[u8]) -> Fate {
    ask(&zones(file(&[]), &[]), message, false)
}

fn is_answered(message: &[u8]) -> bool {
    matches!(fate(message), Fate::Answer(_))
}

/// Less than a header, and answers, get none.
#[test]
fn keeps_silent() {
    let mut response = query("a", A);
    response[2] |= 0x80;
    for message in [&[][..], &query("a", A)[..11], &response] {
        assert_eq!(Fate::Silence, fate(message));
    }
}

/// Opcodes, counts, classes and types that are not a plain question's are Python's.
#[test]
fn hands_over_the_unusual() {
    let changed = |at: usize, octet: u8| {
        let mut message = query("a", A);
        message[at] = octet;
        message
    };
    assert!(is_answered(&changed(0, 9)));
    // opcode, QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT, AXFR, IXFR, class
    for (at, octet) in [
        (2, 0x20),
        (5, 0),
        (5, 2),
        (4, 1),
        (7, 1),
        (9, 1),
        (11, 1),
        (11, 2),
        (16, 252),
        (16, 251),
        (18, 3),
        (18, 255),
    ] {
        assert_eq!(Fate::HandOver, fate(&changed(at, octet)), "octet {at} as {octet}");
    }
    let any = query("a", 255);
    assert!(is_answered(&any));
    assert_eq!(Fate::HandOver, ask(&zones(file(&[]), &[]), &any, true));
}

/// Every cut of a query is Python's, and no octets behind one matter.
#[test]
fn hands_over_the_cut() {
    let whole = edns_query("www.example.com", A, 1232, &[0, 3, 0, 0]);
    for length in 12..whole.len() {
        assert_eq!(Fate::HandOver, fate(&whole[..length]), "{length} octets");
    }
    let longer = [whole.clone(), vec![9; 50]].concat();
    assert_eq!(fate(&whole), fate(&longer));
}

/// RFC 1035 2.3.4: 63 octets in a label, 255 in a name.
#[test]
fn bounds_names() {
    let named = |labels: &[usize]| {
        let name = labels.iter().map(|&octets| "x".repeat(octets)).collect::<Vec<_>>();
        query(&name.join("."), A)
    };
    assert!(is_answered(&named(&[63, 63, 63, 61])));
    assert_eq!(Fate::HandOver, fate(&named(&[63, 63, 63, 62])));
    assert_eq!(Fate::HandOver, fate(&named(&[64])));
    assert!(is_answered(&named(&[1; 127])));
    assert_eq!(Fate::HandOver, fate(&named(&[1; 128])));
    let mut pointer = query("a", A);
    pointer[12] = 0xC0;
    assert_eq!(Fate::HandOver, fate(&pointer));
}

/// RFC 6891 6.1: an OPT at the root, of version 0, filled exactly; RFC 7873 5.2.2: cookies.
#[test]
fn checks_the_opt() {
    let with = |options: &[u8]| edns_query("a", A, 1232, options);
    let option =
        |code: u8, length: usize| [vec![0, code, 0, length as u8], vec![1; length]].concat();
    let repeated = |count: usize| option(5, 0).repeat(count);
    for options in
        [vec![], option(10, 8), option(10, 16), option(10, 40), option(9, 7), repeated(64)]
    {
        assert!(is_answered(&with(&options)), "{options:?}");
    }
    for length in [0, 7, 9, 15, 41] {
        assert_eq!(Fate::HandOver, fate(&with(&option(10, length))), "a cookie of {length}");
    }
    // A second cookie is checked, though only the first one counts.
    let two = [option(10, 8), option(10, 7)].concat();
    for options in [two, vec![0], vec![0, 3, 0], vec![0, 3, 0, 1], repeated(65)] {
        assert_eq!(Fate::HandOver, fate(&with(&options)), "{options:?}");
    }
    let opt = query("a", A).len();
    for (at, octet) in [(opt, 1), (opt + 2, 42), (opt + 6, 1)] {
        let mut message = with(&[]);
        message[at] = octet;
        assert_eq!(Fate::HandOver, fate(&message), "octet {at} as {octet}");
    }
}

/// RFC 3225 3: DO is copied, other flags are not.
#[test]
fn copies_do() {
    let mut message = edns_query("a", A, 1232, &[]);
    let flags = message.len() - 4;
    message[flags] = 0xFF;
    message[flags + 1] = 0xFF;
    let Fate::Answer(octets) = fate(&message) else { panic!() };
    assert_eq!([0x80, 0], octets[12 + 7 + 7..][..2]);
}
