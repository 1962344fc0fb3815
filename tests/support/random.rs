//! Numbers that look random and come back with their seed (splitmix64).

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` up to, not including, `high`.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.number() % (high - low)
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.within(0, choices.len() as u64) as usize]
    }
}

/// A seed nobody has used before, or the one in `ASTER_TEST_SEED`; printed, so that a failure shows it.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("ASTER_TEST_SEED").ok();
    let seed = match given {
        Some(text) => text.parse().expect("ASTER_TEST_SEED is a number"),
        None => uuid::Uuid::new_v4().as_u64_pair().0,
    };
    eprintln!("seed: ASTER_TEST_SEED={seed}");
    seed
}
