//! Reading octets within their bounds. Nothing else in this crate indexes what it did not make.

/// The query goes to Python: it is unusual, or the image does not hold what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandOver;

/// `length` octets from an offset on.
///
/// # Errors
/// Where there are fewer.
pub fn take(octets: &[u8], at: usize, length: usize) -> Result<&[u8], HandOver> {
    let end = at.checked_add(length).ok_or(HandOver)?;
    octets.get(at..end).ok_or(HandOver)
}

/// A fixed number of octets from an offset on.
fn array<const N: usize>(octets: &[u8], at: usize) -> Result<[u8; N], HandOver> {
    let found = octets.get(at..).and_then(<[u8]>::first_chunk::<N>);
    found.copied().ok_or(HandOver)
}

/// An integer of an image.
///
/// # Errors
/// Where the octets end before it does.
pub fn u16_of_image(octets: &[u8], at: usize) -> Result<u16, HandOver> {
    array(octets, at).map(u16::from_le_bytes)
}

/// As `u16_of_image`.
///
/// # Errors
/// As `u16_of_image`.
pub fn u32_of_image(octets: &[u8], at: usize) -> Result<u32, HandOver> {
    array(octets, at).map(u32::from_le_bytes)
}

/// An offset or a number within a zone's image.
///
/// # Errors
/// As `u16_of_image`.
pub fn offset_of_zone(octets: &[u8], at: usize) -> Result<usize, HandOver> {
    u32_of_image(octets, at).map(|offset| offset as usize)
}

/// An offset or a length within an image file.
///
/// # Errors
/// As `u16_of_image`.
pub fn offset_of_file(octets: &[u8], at: usize) -> Result<usize, HandOver> {
    let number = array(octets, at).map(u64::from_le_bytes)?;
    usize::try_from(number).map_err(|_| HandOver)
}

/// An integer of a message.
///
/// # Errors
/// Where the octets end before it does.
pub fn u16_of_message(octets: &[u8], at: usize) -> Result<u16, HandOver> {
    array(octets, at).map(u16::from_be_bytes)
}

/// As `u16_of_image`.
///
/// # Errors
/// As `u16_of_image`.
pub fn u64_of_image(octets: &[u8], at: usize) -> Result<u64, HandOver> {
    array(octets, at).map(u64::from_le_bytes)
}
