//! Contents of objects: any piece of any body is a slice of one buffer, so making and checking them costs nothing.

use std::sync::LazyLock;

/// A prime, so that no block size of a server divides it and a misplaced piece never looks right.
const PERIOD: usize = 65_521;
/// Largest piece sent in one write.
pub(super) const PIECE: usize = 256 * 1024;
/// Bytes compared at each end of a piece that was read.
const CHECKED: usize = 16;

static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    // xorshift64: cheap, and without a short period within PERIOD.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let period: Vec<u8> = (0..PERIOD)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        })
        .collect();
    period.iter().copied().cycle().take(PERIOD + PIECE).collect()
});

/// Contents of one object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body {
    /// Where in the endless pattern it starts.
    start: u64,
    pub(super) length: u64,
}

impl Body {
    /// `length` bytes that depend on `seed`.
    pub(super) fn new(seed: u64, length: u64) -> Self {
        Self { start: seed % PERIOD as u64 * 7_919, length }
    }

    /// The `length` bytes of this one from `offset` on.
    pub(super) fn part(&self, offset: u64, length: u64) -> Self {
        Self { start: self.start + offset, length }
    }

    /// The bytes at `offset`, as many as are left, at most [`PIECE`].
    pub(super) fn piece(&self, offset: u64) -> &'static [u8] {
        let left = usize::try_from(self.length.saturating_sub(offset)).map_or(PIECE, |left| left.min(PIECE));
        // The remainder is below PERIOD, which fits.
        let start = ((self.start + offset) % PERIOD as u64) as usize;
        &PATTERN[start..start + left]
    }

    /// Whether `read`, received at `offset`, looks like this body: its length fits, and so do both of its ends.
    pub(super) fn matches(&self, offset: u64, read: &[u8]) -> bool {
        let end = offset + read.len() as u64;
        let ends = read.len().min(CHECKED);
        end <= self.length
            && self.piece(offset).starts_with(&read[..ends])
            && self.piece(end - ends as u64).starts_with(&read[read.len() - ends..])
    }
}
