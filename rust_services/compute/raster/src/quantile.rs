//! Quantiles of weighted values, as exactextract defines them.

/// Values with weights, ready to be asked for quantiles.
///
/// Equal values count as one value with the sum of their weights. With values `x_1 ≤ … ≤ x_n` of
/// weights `w_k`, value `x_k` stands at
///
/// ```text
/// s_k = (k - 1) w_k + (n - 1) (w_1 + … + w_{k-1})
/// ```
///
/// and the quantile `q` is interpolated linearly at `q (n - 1) (w_1 + … + w_n)`. With equal weights
/// this is the usual quantile between order statistics (type 7 of Hyndman and Fan).
///
/// # Source
/// whuber, <https://stats.stackexchange.com/a/13223>, as used by exactextract's
/// `weighted_quantiles.h`.
///
/// Beside the values themselves nothing is held: they are walked through twice.
#[derive(Debug, Clone, Default)]
pub struct WeightedQuantiles {
    /// Keys of values of weight 1, ascending.
    whole: Vec<u32>,
    /// Values and weights, ascending.
    weighted: Vec<(f32, f64)>,
}

impl WeightedQuantiles {
    /// Takes values of weight 1 and values of other weights, in any order.
    ///
    /// Values are finite, weights positive.
    pub fn new(whole: Vec<f32>, mut weighted: Vec<(f32, f64)>) -> Self {
        // Integers compare without a branch; they take the memory of the floats.
        let mut whole: Vec<u32> = whole.into_iter().map(to_key).collect();
        whole.sort_unstable();
        weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Self { whole, weighted }
    }

    /// For each `q`, 0 to 1, the value below which that share of the weight lies; None of nothing.
    pub fn quantiles(&self, qs: &[f64]) -> Option<Vec<f64>> {
        let (mut count, mut sum) = (0.0, 0.0);
        for (_, weight) in self.groups() {
            count += 1.0;
            sum += weight;
        }
        let last = count - 1.0;
        let end = sum * last;
        let mut sought: Vec<(usize, f64)> = qs
            .iter()
            .map(|q| q.clamp(0.0, 1.0) * end)
            .enumerate()
            .collect();
        sought.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut sought = sought.into_iter().peekable();

        let mut groups = self.groups();
        let (mut left, first_weight) = groups.next()?;
        let mut left_position = 0.0;
        let mut sum_before = first_weight;
        let mut index = 1.0;
        let mut found = vec![0.0; qs.len()];
        for (right, weight) in groups {
            let right_position = index * weight + last * sum_before;
            while let Some((place, position)) = sought.next_if(|sought| sought.1 < right_position) {
                let share = (position - left_position) / (right_position - left_position);
                found[place] = left + share * (right - left);
            }
            (left, left_position) = (right, right_position);
            sum_before += weight;
            index += 1.0;
        }
        for (place, _) in sought {
            found[place] = left;
        }
        Some(found)
    }

    fn groups(&self) -> Groups<'_> {
        Groups {
            whole: &self.whole,
            weighted: &self.weighted,
        }
    }
}

/// Bits of a float that order as floats do: the sign bit turned, and all others with it where the
/// value is negative.
fn to_key(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn of_key(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

const SIGN: u32 = 1 << 31;

/// Value and weight of both sorted lists as one, equal values joined.
struct Groups<'a> {
    whole: &'a [u32],
    weighted: &'a [(f32, f64)],
}

impl Groups<'_> {
    /// The next value with its weight, if it is at most so large.
    fn next_up_to(&mut self, most: f32) -> Option<(f32, f64)> {
        let whole = self.whole.first().map(|key| of_key(*key));
        let cut = self.weighted.first().copied();
        match (whole, cut) {
            (Some(value), cut) if value <= most && cut.is_none_or(|cut| value <= cut.0) => {
                self.whole = &self.whole[1..];
                Some((value, 1.0))
            }
            (_, Some(cut)) if cut.0 <= most => {
                self.weighted = &self.weighted[1..];
                Some(cut)
            }
            _ => None,
        }
    }
}

impl Iterator for Groups<'_> {
    type Item = (f64, f64);

    fn next(&mut self) -> Option<(f64, f64)> {
        let (value, mut sum) = self.next_up_to(f32::INFINITY)?;
        while let Some((_, weight)) = self.next_up_to(value) {
            sum += weight;
        }
        Some((value.into(), sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(values: &[(f32, f64)], q: f64) -> Option<f64> {
        let sorted = WeightedQuantiles::new(Vec::new(), values.to_vec());
        sorted.quantiles(&[q]).map(|found| found[0])
    }

    #[test]
    fn equal_weights_give_the_usual_median() {
        let values = [(4.0, 0.5), (1.0, 0.5), (3.0, 0.5), (2.0, 0.5)];

        assert_eq!(quantile(&values, 0.5), Some(2.5));
        assert_eq!(quantile(&values, 0.25), Some(1.75));
    }

    #[test]
    fn weights_draw_the_median_as_worked_by_hand() {
        // s = 0, 1·1 + 2·0.5 = 2, 2·0.25 + 2·1.5 = 3.5; sought 0.5 · 2 · 1.75 = 1.75.
        let values = [(1.0, 0.5), (3.0, 1.0), (4.0, 0.25)];

        assert_eq!(quantile(&values, 0.5), Some(1.0 + 2.0 * 1.75 / 2.0));
    }

    #[test]
    fn equal_values_count_as_one_wherever_they_come_from() {
        let whole = vec![2.0, -3.0, 1.0, 2.0];
        let cut = vec![(2.0, 0.5), (5.0, 0.25), (-0.0, 0.5), (0.0, 0.5)];

        let joined = WeightedQuantiles::new(whole, cut);

        let by_hand = [(-3.0, 1.0), (0.0, 1.0), (1.0, 1.0), (2.0, 2.5), (5.0, 0.25)];
        // In no order: each answer stands where its question stood.
        let qs = [1.0, 0.1, 0.5, 0.0, 0.9, 0.5];
        let found = joined.quantiles(&qs).expect("there are values");
        assert_eq!(found.len(), qs.len());
        for (found, q) in found.into_iter().zip(qs) {
            assert_eq!(Some(found), quantile(&by_hand, q));
        }
    }

    #[test]
    fn the_ends_are_the_smallest_and_the_largest_value() {
        let values = [(3.0, 0.1), (7.0, 0.9), (5.0, 1.0)];

        assert_eq!(quantile(&values, 0.0), Some(3.0));
        assert_eq!(quantile(&values, 1.0), Some(7.0));
    }

    #[test]
    fn one_value_is_every_quantile_and_nothing_has_none() {
        assert_eq!(quantile(&[(0.3, 1e-6)], 0.9), Some(f64::from(0.3_f32)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
