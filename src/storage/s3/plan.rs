//! How sources become the parts of an upload. Pure; the rules are: a part has at least 5 MiB, unless it is the last,
//! and only a source of at least 5 MiB is copied from (S3 asks for that where a part of the source is copied, some
//! servers always).

use super::upload::MIN_PART;

/// Larger copies are split, so that none keeps a server busy beyond the time it has for its answer.
const MAX_COPY: u64 = 512 * 1024 * 1024;

/// Bytes of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    /// Which one.
    pub(super) source: usize,
    /// First byte.
    pub(super) start: u64,
    /// Number of bytes, at least 1.
    pub(super) length: u64,
}

/// One part of the upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// S3 copies it.
    Copy(Slice),
    /// Read and sent again; less than twice [`MIN_PART`] in all.
    Gather(Vec<Slice>),
}

/// The steps that join sources of these `sizes`. None for nothing.
pub(super) fn plan(sizes: &[u64]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut gathered = Vec::new();
    let mut bytes = 0;
    for (source, &size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
        let mut start = 0;
        if bytes > 0 || size < MIN_PART {
            // As much as completes the gathered part, or all when the rest would be too little to copy.
            let missing = MIN_PART - bytes;
            let taken = if size < missing + MIN_PART { size } else { missing };
            gathered.push(Slice { source, start: 0, length: taken });
            bytes += taken;
            start = taken;
            if bytes >= MIN_PART {
                steps.push(Step::Gather(std::mem::take(&mut gathered)));
                bytes = 0;
            }
        }
        if start < size {
            copy(&mut steps, source, start, size);
        }
    }
    if bytes > 0 {
        steps.push(Step::Gather(gathered));
    }
    steps
}

/// Copies of about equal size that are the bytes of `source` from `start` to `end`.
fn copy(steps: &mut Vec<Step>, source: usize, start: u64, end: u64) {
    let pieces = (end - start).div_ceil(MAX_COPY);
    let length = (end - start).div_ceil(pieces);
    let mut start = start;
    while start < end {
        let length = length.min(end - start);
        steps.push(Step::Copy(Slice { source, start, length }));
        start += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn copied(source: usize, start: u64, length: u64) -> Step {
        Step::Copy(Slice { source, start, length })
    }

    fn gathered(slices: &[(usize, u64, u64)]) -> Step {
        Step::Gather(slices.iter().map(|&(source, start, length)| Slice { source, start, length }).collect())
    }

    #[test]
    fn parts_of_a_usual_upload_are_copied_and_only_its_small_end_is_read() {
        let steps = plan(&[5 * MIB, 5 * MIB, 17]);
        assert_eq!(steps, [copied(0, 0, 5 * MIB), copied(1, 0, 5 * MIB), gathered(&[(2, 0, 17)])]);
        assert_eq!(plan(&[17, 0]), [gathered(&[(0, 0, 17)])]);
    }

    #[test]
    fn small_sources_are_gathered_and_topped_up_from_a_large_neighbour() {
        assert_eq!(plan(&[1, 2, 3]), [gathered(&[(0, 0, 1), (1, 0, 2), (2, 0, 3)])]);
        let steps = plan(&[MIB, 20 * MIB, 1]);
        assert_eq!(
            steps,
            [gathered(&[(0, 0, MIB), (1, 0, 4 * MIB)]), copied(1, 4 * MIB, 16 * MIB), gathered(&[(2, 0, 1)])]
        );
        // What is left of the neighbour would be too small to copy.
        let steps = plan(&[MIB, 6 * MIB, 6 * MIB]);
        assert_eq!(steps, [gathered(&[(0, 0, MIB), (1, 0, 6 * MIB)]), copied(2, 0, 6 * MIB)]);
    }

    #[test]
    fn nothing_makes_no_step_and_a_huge_source_makes_several() {
        assert_eq!(plan(&[]), []);
        assert_eq!(plan(&[0, 0]), []);
        let size = 3 * MAX_COPY + 1;
        let steps = plan(&[size]);
        assert_eq!(steps.len(), 4);
    }

    #[test]
    fn every_plan_takes_all_bytes_in_order_and_keeps_the_rules_of_s3() {
        let sizes = [0, 1, MIB, MIN_PART - 1, MIN_PART, MIN_PART + 1, 2 * MIN_PART, 30 * MIB, MAX_COPY + 1];
        // Every sequence of up to four of these.
        let mut sequences: Vec<Vec<u64>> = vec![vec![]];
        for length in 0..4 {
            let longer = sequences.iter().filter(|it| it.len() == length).flat_map(|it| {
                sizes.iter().map(|size| it.iter().copied().chain([*size]).collect::<Vec<u64>>())
            });
            let longer: Vec<_> = longer.collect();
            sequences.extend(longer);
        }
        for sequence in sequences {
            let steps = plan(&sequence);
            let mut taken = Vec::new();
            for (position, step) in steps.iter().enumerate() {
                let slices = match step {
                    Step::Copy(slice) => std::slice::from_ref(slice),
                    Step::Gather(slices) => slices.as_slice(),
                };
                let bytes: u64 = slices.iter().map(|slice| slice.length).sum();
                let is_last = position + 1 == steps.len();
                assert!(bytes >= MIN_PART || is_last, "{sequence:?}: {steps:?}");
                match step {
                    Step::Copy(slice) => {
                        assert!(bytes <= MAX_COPY);
                        let source = sequence[slice.source];
                        assert!(source >= MIN_PART, "{sequence:?}");
                    }
                    Step::Gather(_) => assert!(bytes < 2 * MIN_PART, "{sequence:?}: {steps:?}"),
                }
                taken.extend_from_slice(slices);
            }
            let mut expected = sequence.iter().enumerate().filter(|(_, size)| **size > 0);
            let mut current: Option<(usize, u64, u64)> = None;
            for slice in taken {
                let (source, at, size) = current.filter(|(_, at, size)| at < size).unwrap_or_else(|| {
                    let (source, size) = expected.next().expect("a source");
                    (source, 0, *size)
                });
                assert_eq!((slice.source, slice.start), (source, at), "{sequence:?}");
                current = Some((source, at + slice.length, size));
            }
            assert!(
                current.is_none_or(|(_, at, size)| at == size) && expected.next().is_none(),
                "{sequence:?}"
            );
        }
    }
}
