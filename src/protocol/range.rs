//! Byte ranges: the two spellings of a partial read (wire contract §5.4) and their meaning for a given size.

use std::num::NonZeroU64;

/// A part of an object, as asked for; not yet compared with the object's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// `length` bytes from `start`, or everything from there.
    From {
        /// First byte, counted from 0.
        start: u64,
        /// Number of bytes; `None` is up to the end.
        length: Option<NonZeroU64>,
    },
    /// The last bytes of the object.
    Last(NonZeroU64),
}

/// A range that lies inside an object of `total` bytes: `start <= end < total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedRange {
    /// First byte.
    pub start: u64,
    /// Last byte, inclusive.
    pub end: u64,
    /// Size of the whole object.
    pub total: u64,
}

/// Why a range was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not one `bytes=` range: several ranges, another unit, or no numbers.
    #[error("Range must be a single `bytes=first-last`, `bytes=first-` or `bytes=-count`")]
    Malformed,
    /// The range is empty: last before first, a length or suffix of 0.
    #[error("the requested range is empty")]
    Empty,
    /// The range starts at or behind the end of the object.
    #[error("the requested range starts behind the end of the object ({total} bytes)")]
    Unsatisfiable {
        /// Size of the object.
        total: u64,
    },
}

impl ByteRange {
    /// Reads the value of a `Range` header.
    pub fn parse_header(value: &str) -> Result<Self, RangeError> {
        let (unit, spec) = value.trim().split_once('=').ok_or(RangeError::Malformed)?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return Err(RangeError::Malformed);
        }
        let (first, last) = spec.split_once('-').ok_or(RangeError::Malformed)?;
        match (first.trim(), last.trim()) {
            ("", count) => NonZeroU64::new(number(count)?).map(Self::Last).ok_or(RangeError::Empty),
            (first, "") => Ok(Self::From { start: number(first)?, length: None }),
            (first, last) => {
                let (start, end) = (number(first)?, number(last)?);
                let span = end.checked_sub(start).ok_or(RangeError::Empty)?;
                Ok(Self::From { start, length: NonZeroU64::new(span.saturating_add(1)) })
            }
        }
    }

    /// Reads the query form; `None` when neither member is there.
    pub fn from_query(offset: Option<u64>, length: Option<u64>) -> Result<Option<Self>, RangeError> {
        match (offset, length) {
            (None, None) => Ok(None),
            (_, Some(0)) => Err(RangeError::Empty),
            (offset, length) => {
                Ok(Some(Self::From { start: offset.unwrap_or(0), length: length.and_then(NonZeroU64::new) }))
            }
        }
    }

    /// What the range means for an object of `total` bytes; an end behind the object is clamped to it.
    pub fn resolve(self, total: u64) -> Result<ResolvedRange, RangeError> {
        let last = total.checked_sub(1).ok_or(RangeError::Unsatisfiable { total })?;
        let (start, end) = match self {
            Self::From { start, length: None } => (start, last),
            Self::From { start, length: Some(n) } => (start, start.saturating_add(n.get() - 1).min(last)),
            Self::Last(n) => (total.saturating_sub(n.get()), last),
        };
        if start > last {
            Err(RangeError::Unsatisfiable { total })
        } else {
            Ok(ResolvedRange { start, end, total })
        }
    }
}

impl ResolvedRange {
    /// Number of bytes, at least 1.
    pub fn byte_count(self) -> u64 {
        self.end - self.start + 1
    }

    /// The value of `Content-Range`.
    pub fn content_range(self) -> String {
        format!("bytes {}-{}/{}", self.start, self.end, self.total)
    }
}

/// Digits only: `u64::from_str` would also take a sign.
fn number(text: &str) -> Result<u64, RangeError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RangeError::Malformed);
    }
    text.parse().map_err(|_| RangeError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(header: &str, total: u64) -> Result<(u64, u64), RangeError> {
        ByteRange::parse_header(header)?.resolve(total).map(|r| (r.start, r.end))
    }

    #[test]
    fn header_ranges_are_inclusive_and_clamped() {
        assert_eq!(resolved("bytes=0-0", 10), Ok((0, 0)));
        assert_eq!(resolved("bytes=2-5", 10), Ok((2, 5)));
        assert_eq!(resolved("bytes=2-99", 10), Ok((2, 9)));
        assert_eq!(resolved("bytes=9-", 10), Ok((9, 9)));
        assert_eq!(resolved("bytes=-3", 10), Ok((7, 9)));
        assert_eq!(resolved("bytes=-30", 10), Ok((0, 9)));
        assert_eq!(resolved(&format!("bytes=1-{}", u64::MAX), 10), Ok((1, 9)));
        assert_eq!(resolved(&format!("bytes=0-{}", u64::MAX), 10), Ok((0, 9)));
    }

    #[test]
    fn ranges_that_select_nothing_are_refused() {
        assert_eq!(resolved("bytes=5-4", 10), Err(RangeError::Empty));
        assert_eq!(resolved("bytes=-0", 10), Err(RangeError::Empty));
        assert_eq!(resolved("bytes=10-", 10), Err(RangeError::Unsatisfiable { total: 10 }));
        assert_eq!(resolved("bytes=0-", 0), Err(RangeError::Unsatisfiable { total: 0 }));
        assert_eq!(resolved("bytes=-1", 0), Err(RangeError::Unsatisfiable { total: 0 }));
    }

    #[test]
    fn anything_but_one_byte_range_is_malformed() {
        for header in [
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(ByteRange::parse_header(header), Err(RangeError::Malformed), "{header}");
        }
    }

    #[test]
    fn the_query_form_defaults_to_start_and_end() {
        let resolve = |offset, length| {
            ByteRange::from_query(offset, length)
                .and_then(|range| range.expect("a range").resolve(10))
                .map(|r| (r.start, r.end))
        };
        assert_eq!(resolve(Some(7), Some(5)), Ok((7, 9)));
        assert_eq!(resolve(Some(0), None), Ok((0, 9)));
        assert_eq!(resolve(None, Some(4)), Ok((0, 3)));
        assert_eq!(resolve(Some(3), Some(0)), Err(RangeError::Empty));
        assert_eq!(resolve(Some(u64::MAX), Some(u64::MAX)), Err(RangeError::Unsatisfiable { total: 10 }));
        assert_eq!(ByteRange::from_query(None, None), Ok(None));
    }
}
