//! LZW, in TIFF's variant and in the older one with its bits reversed.

use weezl::BitOrder;
use weezl::decode::Configuration;

use super::Outcome;

/// Decompresses into a buffer of the expected size.
pub(super) fn decode(data: &[u8], mut out: &mut [u8]) -> Outcome {
    // Old writers put the first code, always "clear", in the low bits: 0x00, then an odd byte.
    let is_old = matches!(data, [0, second, ..] if second & 1 == 1);
    let configuration = if is_old {
        Configuration::new(BitOrder::Lsb, 8)
    } else {
        Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    // Many writers leave out the end code, so a full buffer is the end.
    let mut decoder = configuration.with_yield_on_full_buffer(true).build();
    let (mut data, mut done) = (data, 0);
    while !out.is_empty() {
        let step = decoder.decode_bytes(data, out);
        data = &data[step.consumed_in..];
        out = &mut out[step.consumed_out..];
        done += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Ok(_) => break,
            Err(error) => return Outcome::Damaged(format!("damaged LZW data ({error})")),
        }
    }
    if out.is_empty() {
        Outcome::Full
    } else {
        Outcome::Short(done)
    }
}
