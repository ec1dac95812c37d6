//! How long a stub waits before it answers, and the seeded draws behind it (`producers.md` §2.3).

use std::time::Duration;

use crate::producers::settings::DELAY_MAX;

/// A wait, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Delay {
    /// None.
    #[default]
    None,
    /// Always the same.
    Fixed(u64),
    /// Both ends included.
    Uniform {
        /// Shortest.
        lower: u64,
        /// Longest.
        upper: u64,
    },
    /// Long-tailed, as real systems are.
    Lognormal {
        /// Half of all waits are shorter.
        median: f64,
        /// Spread of the logarithm.
        sigma: f64,
        /// Longer draws are cut to it.
        longest: Option<u64>,
    },
}

impl Delay {
    /// One wait, at most [`DELAY_MAX`].
    pub fn draw(self, numbers: &mut Numbers) -> Duration {
        let milliseconds = match self {
            Self::None => 0,
            Self::Fixed(milliseconds) => milliseconds,
            Self::Uniform { lower, upper } => {
                let width = upper.saturating_sub(lower).saturating_add(1);
                lower.saturating_add(numbers.draw() % width)
            }
            Self::Lognormal { median, sigma, longest } => {
                // A float beyond the range of u64 saturates, and is cut below.
                let drawn = (median * (sigma * numbers.normal()).exp()) as u64;
                drawn.min(longest.unwrap_or(u64::MAX))
            }
        };
        Duration::from_millis(milliseconds).min(DELAY_MAX)
    }
}

/// Random-looking numbers that are the same for the same seed (splitmix64), so that a run can be repeated.
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The draws that belong to the `nth` call of a system.
    pub fn of(system: &str, nth: u64) -> Self {
        // FNV-1a: a stable hash, unlike the standard library's.
        let seed = system
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut numbers = Self(seed ^ nth.wrapping_mul(0xd134_2543_de82_ef95));
        numbers.draw();
        numbers
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in 0 < x ≤ 1.
    fn unit(&mut self) -> f64 {
        ((self.draw() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// A draw from the normal distribution, after Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
