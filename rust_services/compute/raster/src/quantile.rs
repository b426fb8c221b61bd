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
#[derive(Debug, Clone, Default)]
pub struct WeightedQuantiles {
    /// Position and value, both ascending.
    positions: Vec<(f64, f64)>,
    end: f64,
}

impl WeightedQuantiles {
    /// Takes values of weight 1 and values of other weights, in any order; they are sorted in place.
    ///
    /// Values are finite, weights positive.
    pub fn new(whole: &mut [f32], weighted: &mut [(f32, f64)]) -> Self {
        sort(whole);
        weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut positions = merge(whole, weighted);

        #[allow(clippy::cast_precision_loss)] // fewer than 2^53 pixels
        let last = (positions.len().max(1) - 1) as f64;
        let mut sum_before = 0.0;
        let mut index = 0.0;
        for (position, _) in &mut positions {
            let weight = *position;
            *position = index * weight + last * sum_before;
            sum_before += weight;
            index += 1.0;
        }
        Self {
            positions,
            end: sum_before * last,
        }
    }

    /// The value below which a share `q` of the weight lies, 0 to 1; None of nothing.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let sought = q.clamp(0.0, 1.0) * self.end;
        let right = self
            .positions
            .partition_point(|&(position, _)| position <= sought);
        let &(left_position, left) = self.positions.get(right.checked_sub(1)?)?;
        let Some(&(right_position, right)) = self.positions.get(right) else {
            return Some(left);
        };
        let share = (sought - left_position) / (right_position - left_position);
        Some(left + share * (right - left))
    }
}

/// Sorts finite values as integers of the same order, which compare without a branch.
fn sort(values: &mut [f32]) {
    // The sign bit turned, and all others with it where the value is negative.
    const SIGN: u32 = 1 << 31;
    let to_key = |bits: u32| if bits & SIGN == 0 { bits | SIGN } else { !bits };
    let to_bits = |key: u32| if key & SIGN == 0 { !key } else { key & !SIGN };
    let mut keys: Vec<u32> = values.iter().map(|value| to_key(value.to_bits())).collect();
    keys.sort_unstable();
    for (value, key) in values.iter_mut().zip(keys) {
        *value = f32::from_bits(to_bits(key));
    }
}

/// Weight and value of both sorted lists as one, equal values joined.
fn merge(whole: &[f32], weighted: &[(f32, f64)]) -> Vec<(f64, f64)> {
    let mut groups: Vec<(f64, f64)> = Vec::with_capacity(whole.len() + weighted.len());
    let mut add = |value: f32, weight: f64| {
        let value = f64::from(value);
        match groups.last_mut().filter(|last| last.1 >= value) {
            Some(last) => last.0 += weight,
            None => groups.push((weight, value)),
        }
    };
    let mut rest = whole;
    for &(value, weight) in weighted {
        let (below, above) = rest.split_at(rest.iter().take_while(|&&v| v <= value).count());
        for &value in below {
            add(value, 1.0);
        }
        add(value, weight);
        rest = above;
    }
    for &value in rest {
        add(value, 1.0);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(values: &[(f32, f64)], q: f64) -> Option<f64> {
        WeightedQuantiles::new(&mut [], &mut values.to_vec()).quantile(q)
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
        let mut whole = [2.0, 1.0, 2.0];
        let mut cut = [(2.0, 0.5), (5.0, 0.25), (-0.0, 0.5), (0.0, 0.5)];

        let joined = WeightedQuantiles::new(&mut whole, &mut cut);

        let by_hand = [(0.0, 1.0), (1.0, 1.0), (2.0, 2.5), (5.0, 0.25)];
        for q in [0.0, 0.1, 0.5, 0.9, 1.0] {
            assert_eq!(joined.quantile(q), quantile(&by_hand, q));
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
