//! The lookup on any octets as an image and as a message: it answers or hands over.
//!
//! The first two octets of the input are the length of the message, which follows; then comes
//! the image of a zone, or, with the first bit set, of a whole file.

#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::path::Path;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use zoneserver_fastpath::image::ImageFile;
use zoneserver_fastpath::zones::Zones;

fuzz_target!(|input: &[u8]| {
    let Some((&[first, second], rest)) = input.split_first_chunk() else { return };
    let length = usize::from(first & 0x7F) << 8 | usize::from(second);
    let (message, image) = rest.split_at(length.min(rest.len()));
    let octets = if first & 0x80 == 0 && image.len() >= 72 {
        common::file(&[("example.com", image.to_vec())])
    } else {
        image.to_vec()
    };
    if let Ok(file) = ImageFile::new(Path::new("fuzz"), Box::new(octets)) {
        let zones = Zones::collect(vec![Arc::new(file)], Vec::new(), Vec::new());
        common::ask(&zones, message, false);
        common::ask(&zones, message, true);
    }
});
