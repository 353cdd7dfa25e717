//! Whatever an image or a message holds, the lookup answers or hands over: it never panics.
//! The fuzz target does the same without an end.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::*;
use zoneserver_fastpath::image::ImageFile;
use zoneserver_fastpath::zones::Zones;

const ROUNDS: usize = 20_000;

/// xorshift64*: numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    /// Change a few octets, mostly to values that bounds are made of.
    fn mutate(&mut self, octets: &mut Vec<u8>, from: usize) {
        for _ in 0..=self.below(4) {
            let at = from + self.below(octets.len() - from);
            octets[at] = match self.below(4) {
                0 => 0xFF,
                1 => 0,
                2 => octets[at].wrapping_add(1),
                _ => self.below(256) as u8,
            };
        }
        if self.below(8) == 0 {
            octets.truncate(from + self.below(octets.len() - from));
        }
    }
}

fn questions() -> Vec<Vec<u8>> {
    let names = ["example.com", "x.example.com", "big.example.com", "b.ent.example.com", "org"];
    let mut questions = Vec::new();
    for name in names {
        for qtype in [MX, 2, A, DS] {
            questions.push(query(name, qtype));
            questions.push(edns_query(name, qtype, 1232, &[0, 3, 0, 0]));
        }
    }
    questions
}

/// A damaged zone in a sound file.
#[test]
fn survives_damaged_zones() {
    let (mut random, questions, sound) = (Random(1), questions(), example());
    let mut answered = 0;
    for _ in 0..ROUNDS / 10 {
        let mut damaged = sound.clone();
        random.mutate(&mut damaged, 4);
        damaged.resize(damaged.len().max(72), 0);
        let held = zones(file(&[("example.com", damaged)]), &[]);
        for question in &questions {
            let fate = ask(&held, question, random.below(2) == 0);
            answered += usize::from(matches!(fate, Fate::Answer(_)));
        }
    }
    assert!(answered > ROUNDS); // most damage is elsewhere: the others are answered still
}

/// A damaged chain in a sound file.
#[test]
fn survives_damaged_chains() {
    let mut random = Random(4);
    let mut answered = 0;
    for (origin, sound, names) in [
        ("example.com", with_nsec(), ["a.example.com", "x.example.com", "ns.x.example.com"]),
        ("example", with_nsec3(), ["a.example", "x.example", "y.w.example"]),
    ] {
        for _ in 0..ROUNDS / 4 {
            let mut damaged = sound.clone();
            random.mutate(&mut damaged, 4);
            damaged.resize(damaged.len().max(72), 0);
            let held = zones(file(&[(origin, damaged)]), &[]);
            for name in names {
                let fate = ask(&held, &dnssec_query(name, A), random.below(2) == 0);
                answered += usize::from(matches!(fate, Fate::Answer(_)));
            }
        }
    }
    assert!(answered > ROUNDS / 2);
}

/// A damaged file is refused, or what is left of it is answered from.
#[test]
fn survives_damaged_files() {
    let (mut random, questions) = (Random(2), questions());
    let sound = file(&[("example.com", example()), ("org", plain("org", 1))]);
    let (mut refused, directory) = (0, sound.len() - 60);
    for round in 0..ROUNDS / 10 {
        let mut damaged = sound.clone();
        random.mutate(&mut damaged, if round % 2 == 0 { 8 } else { directory });
        match ImageFile::new(Path::new("test"), Box::new(damaged)) {
            Err(_) => refused += 1,
            Ok(file) => {
                let held = Zones::collect(vec![Arc::new(file)], Vec::new(), Vec::new());
                for question in &questions {
                    ask(&held, question, false);
                }
            }
        }
    }
    assert!((100..ROUNDS / 10).contains(&refused));
}

/// Any octets as a message; an answer never outgrows what its asker can take.
#[test]
fn survives_messages() {
    let (mut random, questions) = (Random(3), questions());
    let held = zones(file(&[("example.com", example())]), &[]);
    let mut answered = 0;
    for _ in 0..ROUNDS {
        let mut message = questions[random.below(questions.len())].clone();
        random.mutate(&mut message, 0);
        if let Fate::Answer(octets) = ask(&held, &message, false) {
            assert!(octets.len() <= 1232);
            assert_eq!(0x80, octets[2] & 0x80);
            answered += 1;
        }
    }
    assert!(answered > ROUNDS / 10);
}
