//! Compressed encodings: tag 80, the size of what is packed, zlib data.

use super::VERSION;
use super::tag::COMPRESSED;
use flate2::bufread::ZlibDecoder;
use std::io::Read;

/// The encoding, packed as zlib does it at a level from 1 to 9, if that makes it smaller. It starts with the version byte, as does the result.
pub fn pack(plain: &[u8], level: u32) -> Option<Vec<u8>> {
    let body = plain.get(1..)?;
    let size = u32::try_from(body.len()).ok()?;
    let mut out = vec![VERSION, COMPRESSED];
    out.extend(size.to_be_bytes());
    out.extend(super::super::deflate::zlib(body, level));
    // A term that would fit in a heap binary may stay as long as it was; the difference is OTP's.
    let fits = if plain.len() <= super::super::binary::HEAP_LIMIT {
        out.len() <= plain.len()
    } else {
        out.len() < plain.len()
    };
    fits.then_some(out)
}

/// What is packed in the bytes after tag 80, and how many bytes that took. `None`: no zlib data of the size that it states, or
/// of more than `limit` bytes.
pub fn unpack(bytes: &[u8], limit: u64) -> Option<(Vec<u8>, usize)> {
    let size = u32::from_be_bytes(*bytes.first_chunk::<4>()?) as u64;
    if size > limit {
        return None;
    }
    let mut z = ZlibDecoder::new(bytes.get(4..)?);
    let mut plain = Vec::new();
    // One byte more than promised is enough to see that the promise is wrong.
    z.by_ref().take(size + 1).read_to_end(&mut plain).ok()?;
    (plain.len() as u64 == size).then(|| (plain, 4 + z.total_in() as usize))
}
