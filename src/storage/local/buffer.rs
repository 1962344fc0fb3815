//! Buffers that are used again: a transfer of any size lives on the one or two it started with.

use std::sync::Arc;

use bytes::Bytes;

/// A buffer whose content is handed out without a copy and which is used again once its readers have let go of it.
/// Memory is cleared when it is new, not for each piece.
#[derive(Debug, Default)]
pub(super) struct Buffer(Arc<Vec<u8>>);

impl Buffer {
    /// Room for `length` bytes. What was written there since the last [`Buffer::share`] is still there.
    pub(super) fn prepare(&mut self, length: usize) -> &mut [u8] {
        if Arc::get_mut(&mut self.0).is_none_or(|bytes| bytes.len() < length) {
            self.0 = Arc::new(vec![0; length]);
        }
        let bytes =
            Arc::get_mut(&mut self.0).expect("nobody else has a buffer that was just made or found unshared");
        &mut bytes[..length]
    }

    /// The first `length` bytes.
    pub(super) fn share(&self, length: usize) -> Bytes {
        Bytes::from_owner(Shared { bytes: Arc::clone(&self.0), length })
    }
}

struct Shared {
    bytes: Arc<Vec<u8>>,
    length: usize,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_only_after_its_readers_are_done() {
        let mut buffer = Buffer::default();
        buffer.prepare(4).copy_from_slice(b"one.");
        let one = buffer.share(4);
        buffer.prepare(4).copy_from_slice(b"two.");
        let two = buffer.share(3);
        assert_eq!((&one[..], &two[..]), (&b"one."[..], &b"two"[..]));
        let place = two.as_ptr();
        drop((one, two));
        assert_eq!(buffer.prepare(4).as_ptr(), place);
        assert_eq!(buffer.prepare(2), b"tw", "what was written stays until it is shared and dropped");
    }
}
