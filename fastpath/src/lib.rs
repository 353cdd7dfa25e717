//! The fast path of zoneserver: answers queries from zone images, over UDP by itself.
//!
//! It knows no DNS semantics beyond the lookup of a ready answer. Whatever it does not
//! recognise it hands over, and Python answers it.

pub mod answer;
pub mod chain;
pub mod cookies;
pub mod counters;
pub mod datagrams;
pub mod engine;
pub mod handover;
pub mod image;

pub mod limits;
pub mod lookup;
pub mod networks;
pub mod observer;
pub mod octets;
pub mod outgoing;
pub mod proof;
#[cfg(feature = "python")]
mod python;
pub mod query;
pub mod responder;
pub mod statistics;
pub mod system;
pub mod template;
pub mod udp;
pub mod warm;
pub mod zones;
