//! The module zoneserver._fastpath. What it offers is written down in zoneserver/_fastpath.pyi.

use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::cookies::Secrets;
use crate::engine::Engine as Shared;
use crate::handover;
use crate::image::ImageError;
use crate::limits::{Ledger, Limits, Rates, own_ledger};
use crate::lookup::Sought;
use crate::networks::{Networks, Prefix};
use crate::outgoing;
use crate::responder::{Access, Asker, Decision, Responder, Settings};
use crate::statistics::{Line, Transport};

#[pymodule]
mod _fastpath {
    #[pymodule_export]
    use super::{Engine, Pending, write_sections};

    #[pymodule_export]
    const IMAGE_VERSION: u8 = crate::image::VERSION;
}

/// The records of a zone in messages. Raises an error where its image is damaged.
#[pyfunction]
fn write_sections<'py>(
    py: Python<'py>,
    octets: &[u8],
    names: usize,
    base: usize,
    room: usize,
) -> PyResult<Vec<(usize, Bound<'py, PyBytes>)>> {
    let sections = outgoing::write(octets, names, base, room)
        .map_err(|_| PyValueError::new_err("its RRsets are damaged"))?;
    let shown = sections.into_iter().map(|(records, each)| (records, PyBytes::new(py, &each)));
    Ok(shown.collect())
}

/// Answers queries from zone images.
#[pyclass(frozen, module = "zoneserver._fastpath")]
struct Engine(Arc<Shared>);

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, max_payload, nsid, refused_option, secrets, rate, slip, errors, log_only, exempt, keepalive=None, ledger, allowed_everywhere, allowed))]
    #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)] // as Python has them
    fn new(
        max_payload: u16,
        nsid: Vec<u8>,
        refused_option: Vec<u8>,
        secrets: Vec<[u8; 16]>,
        rate: u32,
        slip: u32,
        errors: u32,
        log_only: bool,
        exempt: Vec<Prefix>,
        keepalive: Option<u16>,
        ledger: Option<PyBuffer<u8>>,
        allowed_everywhere: Option<Vec<Prefix>>,
        allowed: Vec<(Vec<u8>, Vec<Prefix>)>,
    ) -> PyResult<Self> {
        let secrets = Secrets::new(secrets);
        let access = Access {
            everywhere: allowed_everywhere.map(|prefixes| networks(&prefixes)).transpose()?,
            zones: allowed
                .into_iter()
                .map(|(origin, prefixes)| Ok((origin, networks(&prefixes)?)))
                .collect::<PyResult<_>>()?,
        };
        let settings =
            Settings { max_payload, nsid, refused_option, secrets, access, keepalive };
        if !settings.fit() {
            return Err(PyValueError::new_err("nsid and refused_option are too long together"));
        }
        let exempt = networks(&exempt)?;
        let rates = Rates { answers: rate, slip, errors, log_only, exempt };
        let ledger = ledger.map_or_else(|| Some(own_ledger()), SharedLedger::open);
        let limits = ledger.and_then(|ledger| Limits::new(rates, ledger));
        let limits = limits.ok_or_else(|| PyValueError::new_err("the ledger is too short"))?;
        Ok(Self(Arc::new(Shared::new(Responder::new(settings), limits))))
    }

    fn publish(
        &self,
        py: Python<'_>,
        files: Vec<PathBuf>,
        gone: Vec<Vec<u8>>,
        refused: Vec<Vec<u8>>,
    ) -> PyResult<()> {
        py.detach(move || {
            let responder = &self.0.responder;
            let zones = responder.zones().replaced(files, gone, refused);
            responder.publish(zones.map_err(unusable)?);
            Ok(())
        })
    }

    #[pyo3(signature = (message, stream, address, now, encrypted=false))]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        message: &[u8],
        stream: bool,
        address: &[u8],
        now: u32,
        encrypted: bool,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        if !matches!(address.len(), 4 | 16) {
            return Err(PyValueError::new_err("an address has 4 or 16 octets"));
        }
        let zones = self.0.responder.zones();
        let asker = Asker { address, is_stream: stream, is_encrypted: encrypted, now };
        let sought = Sought::new(&zones, message, stream);
        match self.0.responder.decide(message, &sought, asker) {
            Decision::Silence => Ok(Some(PyBytes::new(py, b""))),
            Decision::HandOver { .. } => Ok(None),
            Decision::Reply(reply) => {
                let mut is_written = false;
                let octets = PyBytes::new_with(py, reply.answer.length(), |out| {
                    is_written = reply.answer.write(out).is_ok();
                    Ok(())
                })?;
                if is_written {
                    let transport = transport(stream, encrypted);
                    sought.count(&self.0.statistics, transport, &reply.answer);
                }
                Ok(is_written.then_some(octets))
            }
        }
    }

    fn serve(&self, descriptors: Vec<RawFd>, wake: RawFd) -> PyResult<()> {
        Ok(self.0.serve(descriptors, wake)?)
    }

    fn observe(&self, descriptor: RawFd, every: u32) -> PyResult<()> {
        Ok(self.0.observe(descriptor, every)?)
    }

    fn take(&self, most: usize) -> Vec<Pending> {
        let taken = self.0.queue.take(most).into_iter();
        taken.map(|query| Pending { engine: Arc::clone(&self.0), query }).collect()
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        self.0.counters.read().try_for_each(|(name, count)| counts.set_item(name, count))?;
        Ok(counts)
    }

    fn count(&self, message: &[u8], answer: &[u8], encrypted: bool) {
        self.0.count(transport(true, encrypted), message, answer);
    }

    fn take_queries(&self) -> Vec<Line> {
        self.0.statistics.take_queries()
    }

    fn take_mail<'py>(&self, py: Python<'py>) -> Vec<(Bound<'py, PyBytes>, &str, &str, u32)> {
        let lines = self.0.statistics.take_mail().into_iter();
        let in_python = |origin: Box<[u8]>| PyBytes::new(py, &origin);
        lines
            .map(|(origin, mail, told, count)| (in_python(origin), mail, told, count))
            .collect()
    }

    fn take_latency(&self) -> (Vec<u64>, u64) {
        self.0.statistics.take_latency()
    }

    fn beats(&self) -> u64 {
        self.0.beats()
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

fn networks(prefixes: &[Prefix]) -> PyResult<Networks> {
    let networks = Networks::new(prefixes);
    networks.ok_or_else(|| PyValueError::new_err("a network has more bits than its address"))
}

/// A ledger in memory that Python has made.
struct SharedLedger {
    memory: PyBuffer<u8>,
}

impl SharedLedger {
    /// None where the memory does not consist of words that can be written.
    fn open(memory: PyBuffer<u8>) -> Option<Ledger> {
        let is_aligned = memory.buf_ptr().cast::<AtomicU64>().is_aligned();
        let is_fit = is_aligned && !memory.readonly() && memory.is_c_contiguous();
        if is_fit { Some(Box::new(Self { memory })) } else { None }
    }
}

impl AsRef<[AtomicU64]> for SharedLedger {
    fn as_ref(&self) -> &[AtomicU64] {
        let words = self.memory.len_bytes() / size_of::<AtomicU64>();
        // SAFETY: the buffer keeps the memory where it is for as long as it lives; it can be
        // written, and is aligned. All that ever touch it while engines run are engines.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts(self.memory.buf_ptr().cast(), words)
        }
    }
}

fn transport(is_stream: bool, is_encrypted: bool) -> Transport {
    match (is_stream, is_encrypted) {
        (false, _) => Transport::Udp,
        (true, false) => Transport::Tcp,
        (true, true) => Transport::Tls,
    }
}

fn unusable((path, error): (PathBuf, ImageError)) -> PyErr {
    match error {
        // The constructor of OSError makes it a FileNotFoundError and the like.
        ImageError::Unreadable(error) => {
            PyOSError::new_err((error.raw_os_error(), error.to_string(), path))
        }
        ImageError::Damaged => {
            PyValueError::new_err(format!("{} is no sound image file", path.display()))
        }
    }
}

/// A query that Python answers.
#[pyclass(frozen, module = "zoneserver._fastpath")]
struct Pending {
    engine: Arc<Shared>,
    query: handover::Pending,
}

#[pymethods]
impl Pending {
    #[getter]
    fn message<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.query.message)
    }

    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.query.peer.address())
    }

    #[getter]
    fn port(&self) -> u16 {
        self.query.peer.port()
    }

    fn send(&self, octets: &[u8]) {
        self.query.send(&self.engine, octets);
    }
}
