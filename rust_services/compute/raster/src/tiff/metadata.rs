//! What GDAL adds in words: `GDAL_METADATA`, an XML list of items, and `GDAL_NODATA`.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::TiffError;
use crate::samples::DataType;

/// Most items read; the rest is passed over.
const MAX_ITEMS: usize = 4096;

/// Most attributes of an item read; GDAL writes four.
const MAX_ATTRIBUTES: usize = 16;
/// Most bytes of a reference's name, as `#x10FFFF` has.
const MAX_NAME: usize = 8;

/// What `GDAL_METADATA` says of one band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BandWords {
    pub(super) description: Option<String>,
    pub(super) scale: Option<f64>,
    pub(super) offset: Option<f64>,
}

/// `GDAL_METADATA` taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Words {
    /// Items of the file as a whole, without a domain.
    pub(super) items: BTreeMap<String, String>,
    /// By band, from 0.
    pub(super) bands: BTreeMap<u16, BandWords>,
}

#[derive(Debug, Default)]
struct Item {
    name: String,
    sample: Option<u16>,
    role: Option<String>,
    domain: Option<String>,
    text: String,
}

/// Reads the XML. Only the five predefined entities and character references are resolved.
pub(super) fn parse(xml: &str) -> Result<Words, TiffError> {
    let corrupt = |found: String| TiffError::corrupt("GDAL_METADATA", found, "well-formed XML");
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut words = Words::default();
    let mut item: Option<Item> = None;
    let mut count = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return Ok(words),
            Ok(Event::Start(start)) if start.name().as_ref() == b"Item" => {
                item = Some(item_of(&start).map_err(corrupt)?);
            }
            Ok(Event::Text(text)) => {
                if let Some(item) = &mut item {
                    item.text
                        .push_str(&text.decode().map_err(|error| corrupt(error.to_string()))?);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                if let Some(item) = &mut item {
                    item.text.push(character(&reference).ok_or_else(|| {
                        corrupt("a reference to an entity that XML does not define".to_owned())
                    })?);
                }
            }
            Ok(Event::End(end)) if end.name().as_ref() == b"Item" => {
                if let Some(item) = item.take() {
                    words.add(item);
                    count += 1;
                    if count == MAX_ITEMS {
                        return Ok(words);
                    }
                }
            }
            Ok(_) => {}
            Err(error) => return Err(corrupt(error.to_string())),
        }
    }
}

fn item_of(start: &BytesStart<'_>) -> Result<Item, String> {
    let mut item = Item::default();
    // Unchecked: to look for names that come twice takes the square of their number.
    for attribute in start.attributes().with_checks(false).take(MAX_ATTRIBUTES) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?
            .into_owned();
        match attribute.key.as_ref() {
            b"name" => item.name = value,
            b"sample" => item.sample = value.parse().ok(),
            b"role" => item.role = Some(value),
            b"domain" => item.domain = Some(value),
            _ => {}
        }
    }
    Ok(item)
}

fn character(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    predefined(std::str::from_utf8(reference).ok()?)
}

/// What the five entities that XML defines stand for.
fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// A value without the escapes that GDAL puts around it before it writes it into XML, which escapes
/// it again. What is no reference stays: other writers escape once.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        // Near by: to look for an end that never comes would take the square of the length.
        let mut near = rest.bytes().take(MAX_NAME + 1);
        let name = near
            .position(|byte| byte == b';')
            .map_or("", |end| &rest[..end]);
        if let Some(character) = predefined(name).or_else(|| numbered(name)) {
            plain.push(character);
            rest = &rest[name.len() + 1..];
        } else {
            plain.push('&');
        }
    }
    plain + rest
}

/// The character of a reference such as `#38` or `#x26`.
fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}

impl Words {
    fn add(&mut self, mut item: Item) {
        item.text = unescaped(&item.text);
        let Some(sample) = item.sample else {
            if item.domain.is_none() {
                self.items.insert(item.name, item.text);
            }
            return;
        };
        let number = item
            .text
            .trim()
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite());
        let band = self.bands.entry(sample).or_default();
        match item.role.as_deref() {
            Some("description") => band.description = Some(item.text),
            Some("scale") => band.scale = number,
            Some("offset") => band.offset = number,
            _ => {}
        }
    }
}

/// The value of `GDAL_NODATA` as a band holds it; None where the text is no number.
pub(super) fn nodata(text: &str, data_type: DataType) -> Option<f64> {
    let value: f64 = text.trim().parse().ok()?;
    Some(data_type.nodata_held(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_the_file_and_of_bands_are_told_apart() {
        let xml = r#"<GDALMetadata>
            <Item name="PLATFORM">A &lt;&#65;&gt; &amp; B</Item>
            <Item name="INTERLEAVE" domain="IMAGE_STRUCTURE">BAND</Item>
            <Item name="SCALE" sample="0" role="scale">0.0001</Item>
            <Item name="OFFSET" sample="0" role="offset">-0.1</Item>
            <Item name="DESCRIPTION" sample="1" role="description">red</Item>
        </GDALMetadata>"#;

        let words = parse(xml).expect("well-formed");

        assert_eq!(words.items.len(), 1);
        assert_eq!(words.items["PLATFORM"], "A <A> & B");
        assert_eq!(words.bands[&0].scale, Some(0.0001));
        assert_eq!(words.bands[&0].offset, Some(-0.1));
        assert_eq!(words.bands[&1].description.as_deref(), Some("red"));
    }

    #[test]
    fn values_are_read_as_gdal_writes_them_and_as_others_do() {
        // The first as GDAL 3.10 writes `a & b < "c" &amp;`; the others escaped once or not at all.
        for (written, read) in [
            (
                "a &amp;amp; b &amp;lt; &amp;quot;c&amp;quot; &amp;amp;amp;",
                "a & b < \"c\" &amp;",
            ),
            ("R&amp;D &amp;foo; &amp;", "R&D &foo; &"),
            (
                "&amp;#65;&amp;#x42;&amp;#;&amp;#x110000;",
                "AB&#;&#x110000;",
            ),
            ("plain; text", "plain; text"),
        ] {
            let xml = format!("<GDALMetadata><Item name=\"X\">{written}</Item></GDALMetadata>");
            assert_eq!(parse(&xml).expect("well-formed").items["X"], read);
        }
    }

    #[test]
    fn entities_are_never_expanded() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
            <GDALMetadata><Item name="X">&b;</Item></GDALMetadata>"#;

        assert!(matches!(parse(bomb), Err(TiffError::Corrupt { .. })));
    }

    #[test]
    fn nodata_is_the_value_a_band_can_hold() {
        assert_eq!(nodata(" -9999 ", DataType::I16), Some(-9999.0));
        assert_eq!(
            nodata("-3.4e+38", DataType::F32),
            Some(f64::from(-3.4e38_f32))
        );
        assert_eq!(
            nodata("-3.40282347e+38", DataType::F32),
            Some(f64::from(f32::MIN))
        );
        assert!(nodata("nan", DataType::F64).is_some_and(f64::is_nan));
        assert_eq!(nodata("-inf", DataType::F32), Some(f64::NEG_INFINITY));
        assert_eq!(nodata("none", DataType::U8), None);
    }
}
