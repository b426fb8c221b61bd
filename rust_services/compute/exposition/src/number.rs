//! Numbers as the Python client writes them.

/// Largest magnitude below which every whole double is written by the fast path.
const WHOLE: f64 = 1e15;

/// Appends a number as the Python client's `floatToGoString` writes it: `repr`, that is the fewest
/// digits that read back as the same double, but `+Inf`, `-Inf`, `NaN`, and a mantissa with exponent
/// for positive numbers of 7 to 16 whole digits (`1e+06`, `1.2345678e+07`).
pub fn write_number(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if value.abs() < WHOLE && value.trunc().to_bits() == value.to_bits() {
        write_whole(value, out);
    } else {
        write_shortest(value, out);
    }
}

/// A whole number below [`WHOLE`]; -0 is one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn write_whole(value: f64, out: &mut Vec<u8>) {
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let mut digits = [0; 16];
    let mut start = digits.len();
    let mut rest = value.abs() as u64;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let point = digits.len() - start;
    write_digits(value < 0.0, &digits[start..], point, out);
}

/// Any other finite number.
fn write_shortest(value: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if is_negative {
        out.push(b'-');
    }
    // Digits without the point, and how many of them stand before it.
    let mut digits = [0; 48];
    let (mut len, mut point, mut exponent) = (0, None, 0_i32);
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'.' => point = Some(len),
            b'e' | b'E' => {
                exponent = parse_exponent(&text[index + 1..]);
                break;
            }
            _ if len < digits.len() => {
                digits[len] = byte;
                len += 1;
            }
            _ => {}
        }
    }
    let digits = &digits[..len];
    let leading = digits.iter().take_while(|&&digit| digit == b'0').count();
    let place = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let point = place(point.unwrap_or(len)) + exponent - place(leading);
    let digits = trim_zeros(&digits[leading..]);
    // The rule of `repr`: an exponent below 1e-4 and from 1e16 on.
    match usize::try_from(point) {
        Ok(point) if (1..=16).contains(&point) => write_digits(is_negative, digits, point, out),
        _ if (-3..=0).contains(&point) => {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + usize::try_from(-point).unwrap_or(0), b'0');
            out.extend_from_slice(digits);
        }
        _ => write_scientific(digits, point - 1, out),
    }
}

fn parse_exponent(text: &[u8]) -> i32 {
    let (sign, text) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    sign * text
        .iter()
        .fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0'))
}

/// Digits with `point` of them (zeros appended where they end before) in front of the point.
fn write_digits(is_negative: bool, digits: &[u8], point: usize, out: &mut Vec<u8>) {
    if point > 6 && !is_negative {
        let exponent = i32::try_from(point - 1).unwrap_or(i32::MAX);
        return write_scientific(trim_zeros(digits), exponent, out);
    }
    let whole = point.min(digits.len());
    out.extend_from_slice(&digits[..whole]);
    out.resize(out.len() + point - whole, b'0');
    out.push(b'.');
    let fraction = &digits[whole..];
    out.extend_from_slice(if fraction.is_empty() { b"0" } else { fraction });
}

/// `d.ddde±XX`, the exponent with two digits at least.
fn write_scientific(digits: &[u8], exponent: i32, out: &mut Vec<u8>) {
    let (first, rest) = digits.split_first().unwrap_or((&b'0', &[]));
    out.push(*first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let size = exponent.unsigned_abs();
    for (limit, unit) in [(100, 100), (0, 10), (0, 1)] {
        if size >= limit {
            out.push(b'0' + u8::try_from(size / unit % 10).unwrap_or(0));
        }
    }
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let kept = digits.iter().rposition(|&digit| digit != b'0');
    &digits[..kept.map_or(digits.len().min(1), |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> String {
        let mut out = Vec::new();
        write_number(value, &mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn numbers_are_those_that_the_python_client_writes() {
        for (value, wanted) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.0, "-1.0"),
            (999_999.0, "999999.0"),
            (1e6, "1e+06"),
            (-1e6, "-1000000.0"),
            (-12_345_678.0, "-12345678.0"),
            (12_345_678.0, "1.2345678e+07"),
            (1_200_000.5, "1.2000005e+06"),
            (-1_200_000.5, "-1200000.5"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.000_123_4, "0.0001234"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (-1.5e-7, "-1.5e-07"),
            (1e15, "1e+15"),
            (-1e15, "-1000000000000000.0"),
            (9_007_199_254_740_993.0, "9.007199254740992e+15"),
            (-9_007_199_254_740_993.0, "-9007199254740992.0"),
            (1e16, "1e+16"),
            (-1e16, "-1e+16"),
            (1e22, "1e+22"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (123_456.789, "123456.789"),
            (1_234_567.89, "1.23456789e+06"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
            (278.098_499_999_999_94, "278.09849999999994"),
        ] {
            assert_eq!(written(value), wanted);
        }
    }

    proptest! {
        #[test]
        fn every_double_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let text = written(value);
            let back: f64 = text.parse().expect("a number");
            prop_assert!(back.to_bits() == value.to_bits() || value.is_nan(), "{text}");
        }

        #[test]
        fn whole_numbers_read_back(whole in -2_000_000_000_000_000_i64..2_000_000_000_000_000) {
            let value = whole as f64;
            prop_assert_eq!(written(value).parse::<f64>().expect("a number").to_bits(), value.to_bits());
        }
    }
}
