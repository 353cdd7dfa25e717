//! Rate limiting: how many answers of one kind the neighbours of one address get in a second.
//!
//! It bounds what a forged source address can be made to receive. Windows are whole seconds,
//! and nothing locks: threads meet in single integers only, and so do processes, for these
//! stand in the ledger that all workers share (zoneserver/transports/ledger.py).

use std::cmp::Reverse;
use std::hash::{Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher13;

use crate::networks::Networks;
use crate::template::Kind;

/// Words of a ledger among which an account may stand.
const WAYS: usize = 4;
/// Words before those: two of the seed, the count of errors, a spare one.
const HEAD: usize = 4;
const ERRORS: usize = 2;
/// Words of a ledger that is made here.
const WORDS: usize = HEAD + WAYS * 16_384;

/// What may go out.
#[derive(Clone)]
pub struct Rates {
    /// Answers of one account in a second. 0: as many as there are.
    pub answers: u32,
    /// Every how manieth answer beyond goes out cut short. 0: none does.
    pub slip: u32,
    /// Error answers in a second, to everybody together. 0: as many as there are.
    pub errors: u32,
    /// Whether nothing is kept back, only counted.
    pub log_only: bool,
    /// Who is neither limited nor counted.
    pub exempt: Networks,
}

/// What an answer is accounted on.
#[derive(Clone, Copy, Hash)]
pub struct Account {
    /// What it tells.
    pub kind: Kind,
    /// The hash of a name.
    pub name: u32,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes out.
    Send,
    /// It goes out without its records, so that an honest asker comes back over TCP.
    Slip,
    /// It is one too many for its account.
    Drop,
    /// It is one error too many.
    DropError,
}

/// The words of a ledger, which may be other processes' as well.
pub type Ledger = Box<dyn AsRef<[AtomicU64]> + Send + Sync>;

/// A ledger of one engine alone.
#[must_use]
pub fn own_ledger() -> Ledger {
    Box::new((0..WORDS).map(|_| AtomicU64::new(0)).collect::<Box<[_]>>())
}

/// The counts of the present second.
pub struct Limits {
    rates: Rates,
    seed: [u64; 2],
    ledger: Ledger,
}

impl Limits {
    /// Rates that are held against a ledger. None where that is too short.
    #[must_use]
    pub fn new(rates: Rates, ledger: Ledger) -> Option<Self> {
        let words = (*ledger).as_ref();
        if words.len() < HEAD + WAYS {
            return None;
        }
        let seed = [&words[0], &words[1]].map(|word| word.load(Ordering::Relaxed));
        Some(Self { rates, seed, ledger })
    }

    /// Whether answers are only counted.
    #[must_use]
    pub fn is_log_only(&self) -> bool {
        self.rates.log_only
    }

    /// Whether an address is answered without any limit.
    #[must_use]
    pub fn is_exempt(&self, address: &[u8]) -> bool {
        let is_off = self.rates.answers == 0 && self.rates.errors == 0;
        is_off || self.rates.exempt.contain(address)
    }

    /// Count an answer to an address, and judge it. `is_proven`: whether the address is known
    /// not to be forged.
    #[must_use]
    pub fn judge(
        &self,
        address: &[u8],
        account: Account,
        is_proven: bool,
        now: u32,
    ) -> Verdict {
        let is_error = account.kind == Kind::Error;
        if is_error && self.is_beyond_errors(now) {
            return Verdict::DropError;
        }
        if is_proven || self.rates.answers == 0 {
            return Verdict::Send;
        }
        let mut hasher = SipHasher13::new_with_keys(self.seed[0], self.seed[1]);
        (prefix(address), account).hash(&mut hasher);
        let beyond = self.count(hasher.finish(), now).saturating_sub(self.rates.answers);
        match self.rates.slip {
            _ if beyond == 0 => Verdict::Send,
            // An error has no records that could be left out.
            slip if slip > 0 && beyond % slip == 0 && !is_error => Verdict::Slip,
            _ => Verdict::Drop,
        }
    }

    fn is_beyond_errors(&self, now: u32) -> bool {
        let most = self.rates.errors;
        // Who loses every race for the count is one of very many.
        most > 0
            && step(&self.words()[ERRORS], 0, now).is_none_or(|window| window.count() > most)
    }

    fn words(&self) -> &[AtomicU64] {
        (*self.ledger).as_ref()
    }

    /// Count one more for an account, which may take the place of the one idle for longest;
    /// among equals of the smallest, so that a flood of many pushes out its own.
    fn count(&self, hash: u64, now: u32) -> u32 {
        let tag = hash >> (64 - TAG_BITS);
        let accounts = &self.words()[HEAD..];
        let first = hash as usize % (accounts.len() / WAYS) * WAYS;
        let set = &accounts[first..first + WAYS];
        let window = |entry: &&AtomicU64| Window(entry.load(Ordering::Relaxed));
        let uselessness = |entry: &&AtomicU64| {
            let window = window(entry);
            (second(now).wrapping_sub(window.second()), Reverse(window.count()))
        };
        let own = set.iter().find(|entry| window(entry).tag() == tag);
        let entry = own.or_else(|| set.iter().max_by_key(uselessness));
        // Should other threads win every race for it, this answer goes uncounted.
        entry.and_then(|entry| step(entry, tag, now)).map_or(0, Window::count)
    }
}

const TAG_BITS: u32 = 24;
const COUNT_BITS: u32 = 24;
const MOST: u64 = (1 << COUNT_BITS) - 1;

/// A tag, the second that is counted, and the count, in one integer.
#[derive(Clone, Copy)]
struct Window(u64);

impl Window {
    fn tag(self) -> u64 {
        self.0 >> (64 - TAG_BITS)
    }

    fn second(self) -> u16 {
        (self.0 >> COUNT_BITS & 0xFFFF) as u16
    }

    fn count(self) -> u32 {
        (self.0 & MOST) as u32
    }

    /// The window with one more in it, or a new one where it is another's or of the past.
    fn next(self, tag: u64, now: u32) -> Self {
        if self.tag() == tag && self.second() == second(now) {
            return Self(self.0 + u64::from(self.0 & MOST < MOST));
        }
        Self(tag << (64 - TAG_BITS) | u64::from(second(now)) << COUNT_BITS | 1)
    }
}

/// The part of a time that a window keeps: enough to tell this second from 18 hours of others.
fn second(now: u32) -> u16 {
    (now & 0xFFFF) as u16
}

/// Count one more in a window. None where other threads were faster again and again.
fn step(entry: &AtomicU64, tag: u64, now: u32) -> Option<Window> {
    (0..16).find_map(|_| {
        let old = entry.load(Ordering::Relaxed);
        let new = Window(old).next(tag, now);
        let swapped =
            entry.compare_exchange_weak(old, new.0, Ordering::Relaxed, Ordering::Relaxed);
        swapped.ok().map(|_| new)
    })
}

/// The neighbourhood of an address that is limited together: a /24 or a /56.
fn prefix(address: &[u8]) -> [u8; 8] {
    let significant = if address.len() == 4 { 3 } else { 7 };
    let mut prefix = [0; 8];
    for (to, from) in prefix.iter_mut().zip(&address[..significant.min(address.len())]) {
        *to = *from;
    }
    prefix[7] = significant as u8;
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const NEIGHBOUR: [u8; 4] = [192, 0, 2, 1];
    const MX: Account = Account { kind: Kind::Answer, name: 1 };

    fn limits(answers: u32, slip: u32, errors: u32) -> Limits {
        let exempt = Networks::new(&[(vec![127, 0, 0, 0], 8)]).unwrap();
        let rates = Rates { answers, slip, errors, log_only: false, exempt };
        Limits::new(rates, own_ledger()).unwrap()
    }

    /// How many of so many answers in a second are sent, slip and are dropped.
    fn judge(limits: &Limits, account: Account, many: usize, now: u32) -> [usize; 3] {
        let judged = || limits.judge(&NEIGHBOUR, account, false, now);
        let verdicts: Vec<_> = (0..many).map(|_| judged()).collect();
        [Verdict::Send, Verdict::Slip, Verdict::Drop]
            .map(|wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count())
    }

    /// The rate goes out whole, of the rest every second one slips; the next second is new.
    #[test]
    fn limits_an_account() {
        let limits = limits(10, 2, 0);
        assert_eq!([10, 10, 10], judge(&limits, MX, 30, 1000));
        assert_eq!([10, 5, 5], judge(&limits, MX, 20, 1001));
    }

    /// Without slip all the rest is dropped; without a rate nothing is.
    #[test]
    fn obeys_its_settings() {
        assert_eq!([10, 0, 20], judge(&limits(10, 0, 0), MX, 30, 1000));
        assert_eq!([10, 20, 0], judge(&limits(10, 1, 0), MX, 30, 1000));
        assert_eq!([30, 0, 0], judge(&limits(0, 2, 0), MX, 30, 1000));
    }

    /// Another kind and another name are other accounts; a neighbour's address is the same.
    #[test]
    fn tells_accounts_apart() {
        let limits = limits(10, 0, 0);
        assert_eq!([10, 0, 0], judge(&limits, MX, 10, 1000));
        assert_eq!([10, 0, 0], judge(&limits, Account { kind: Kind::Nodata, ..MX }, 10, 1000));
        assert_eq!([10, 0, 0], judge(&limits, Account { name: 2, ..MX }, 10, 1000));
        assert_eq!(Verdict::Drop, limits.judge(&[192, 0, 2, 255], MX, false, 1000));
        assert_eq!(Verdict::Send, limits.judge(&[192, 0, 3, 1], MX, false, 1000));
        let address = |seventh, eighth| {
            let mut address = [0; 16];
            (address[6], address[7]) = (seventh, eighth);
            address
        };
        for _ in 0..10 {
            assert_eq!(Verdict::Send, limits.judge(&address(0, 0), MX, false, 1000));
        }
        assert_eq!(Verdict::Drop, limits.judge(&address(0, 255), MX, false, 1000));
        assert_eq!(Verdict::Send, limits.judge(&address(1, 0), MX, false, 1000));
    }

    /// Errors have a bound of their own, whoever asks.
    #[test]
    fn caps_errors() {
        let limits = limits(0, 0, 3);
        let error = Account { kind: Kind::Error, name: 0 };
        let judged: Vec<_> =
            (0..5).map(|host| limits.judge(&[host, 0, 2, 1], error, false, 1000)).collect();
        assert_eq!([Verdict::Send; 3], judged[..3]);
        assert_eq!([Verdict::DropError; 2], judged[3..]);
        assert_eq!(Verdict::DropError, limits.judge(&NEIGHBOUR, error, true, 1000));
        assert_eq!(Verdict::Send, limits.judge(&NEIGHBOUR, error, false, 1001));
    }

    /// A valid cookie lifts the rate; an error never slips.
    #[test]
    fn tells_askers_and_answers_apart() {
        let limits = limits(1, 1, 0);
        let error = Account { kind: Kind::Error, name: 0 };
        for account in [MX, error] {
            assert_eq!(Verdict::Send, limits.judge(&NEIGHBOUR, account, false, 1000));
            assert_eq!(Verdict::Send, limits.judge(&NEIGHBOUR, account, true, 1000));
        }
        assert_eq!(Verdict::Slip, limits.judge(&NEIGHBOUR, MX, false, 1000));
        assert_eq!(Verdict::Drop, limits.judge(&NEIGHBOUR, error, false, 1000));
    }

    /// A flood from everywhere takes the places of those idle for longest, and no more.
    #[test]
    fn keeps_its_size() {
        let limits = limits(1, 0, 0);
        for host in 0..200_000_u32 {
            let _ = limits.judge(&(host << 8).to_be_bytes(), MX, false, 1000);
        }
        let [sent, _, dropped] = judge(&limits, MX, 10, 1001);
        assert_eq!([1, 9], [sent, dropped]);
    }

    /// An account in use keeps its place among forged ones of the same second.
    #[test]
    fn keeps_what_is_used() {
        let limits = limits(5, 0, 0);
        assert_eq!([5, 0, 5], judge(&limits, MX, 10, 1000));
        for host in 0..1_000_000_u32 {
            let _ = limits.judge(&(host << 8).to_be_bytes(), MX, false, 1000);
        }
        assert_eq!([0, 0, 5], judge(&limits, MX, 5, 1000));
    }

    /// Who is exempt is not limited; without limits everybody is.
    #[test]
    fn exempts() {
        assert!(limits(1, 0, 0).is_exempt(&[127, 9, 9, 9]));
        assert!(!limits(1, 0, 0).is_exempt(&NEIGHBOUR));
        assert!(limits(0, 0, 0).is_exempt(&NEIGHBOUR));
    }

    /// Who shares a ledger shares its counts.
    #[test]
    fn shares_a_ledger() {
        let words: Arc<[AtomicU64]> = (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        let rates = limits(2, 0, 0).rates;
        let [one, other] = [Arc::clone(&words), words]
            .map(|words| Limits::new(rates.clone(), Box::new(words)).unwrap());
        assert_eq!([1, 0, 0], judge(&one, MX, 1, 1000));
        assert_eq!([1, 0, 1], judge(&other, MX, 2, 1000));
        assert!(Limits::new(rates, Box::new([const { AtomicU64::new(0) }; 7])).is_none());
    }
}
