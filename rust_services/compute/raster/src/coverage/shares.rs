//! Sums of shares that are the same in whatever order and by whatever parts they are taken.

/// Units of a whole pixel: finer than what doubles hold of a share that counts.
const UNITS: f64 = (1_u64 << 60) as f64;

/// A sum of shares of pixels, exact in units of 2⁻⁶⁰ of a pixel: two sums over the same pixels are
/// equal to the last bit, so that what is seen as a whole has a share of exactly 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShareSum(u128);

impl ShareSum {
    /// Adds so many pixels of a share, 0 to 1.
    pub fn add(&mut self, share: f64, count: u64) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 2^60
        let units = (share * UNITS) as u64;
        self.0 += u128::from(units) * u128::from(count);
    }

    /// Adds another sum.
    pub fn join(&mut self, other: Self) {
        self.0 += other.0;
    }

    /// The sum, pixels.
    pub fn pixels(self) -> f64 {
        self.0 as f64 / UNITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_the_same_in_every_order() {
        let shares = [0.1, 1.0, 0.7, 1e-11, 0.3, 0.333_333_333];
        let mut forth = ShareSum::default();
        let mut back = ShareSum::default();

        for share in shares {
            forth.add(share, 3);
        }
        let mut half = ShareSum::default();
        for share in shares.into_iter().rev() {
            back.add(share, 1);
            half.add(share, 2);
        }
        back.join(half);

        assert_eq!(forth, back);
        assert!((forth.pixels() - 7.299_999_999_03).abs() < 1e-12);
    }

    #[test]
    fn whole_pixels_are_counted_to_the_last_one() {
        let mut sum = ShareSum::default();

        sum.add(1.0, u64::from(u32::MAX));
        sum.add(1.0, 1);

        assert_eq!(sum.pixels().to_bits(), 4_294_967_296.0_f64.to_bits());
    }
}
