//! Numbers that look random and depend on nothing but the seed: the same on every machine and in every version.

/// SplitMix64, written down by Steele, Lea and Flood in 2014.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0. The bias is below one in four billion.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// From 0 up to 1, 1 not included.
    pub fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// Nearly normal, mean 0, deviation 1: the sum of twelve fractions.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.fraction()).sum::<f64>() - 6.0
    }

    /// A place in a list of weights that add up to `total`.
    pub fn weighted(&mut self, weights: impl IntoIterator<Item = u32>, total: u32) -> usize {
        let mut left = self.below(u64::from(total)) as u32;
        let mut place = 0;
        for weight in weights {
            if left < weight {
                return place;
            }
            left -= weight;
            place += 1;
        }
        place.saturating_sub(1)
    }
}
