//! Well-known binary: the polygons in it, and nothing else.
//!
//! Reads ISO WKB and the EWKB of databases, either byte order, and drops Z and M. Every count is
//! checked against the bytes that are left before memory is taken for it.

use super::{OutlineError, OutlineLimits, Ring};

const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;
/// EWKB marks what a geometry carries in the upper bits of its type.
const EWKB_Z: u32 = 0x8000_0000;
const EWKB_M: u32 = 0x4000_0000;
const EWKB_SRID: u32 = 0x2000_0000;
/// The one reference system outlines come in.
const WGS_84: u32 = 4326;

/// The rings of a Polygon or `MultiPolygon`, in the order of the bytes.
pub(super) fn parse(bytes: &[u8], limits: &OutlineLimits) -> Result<Vec<Ring>, OutlineError> {
    if bytes.len() > limits.max_bytes {
        return Err(OutlineError::TooManyBytes {
            found: bytes.len(),
            allowed: limits.max_bytes,
        });
    }
    let mut reader = Reader {
        bytes,
        little_endian: true,
        vertices_left: limits.max_vertices,
        max_vertices: limits.max_vertices,
    };
    let mut rings = Vec::new();
    let header = reader.header()?;
    match header.kind {
        POLYGON => reader.polygon(header.dimensions, &mut rings)?,
        MULTI_POLYGON => {
            // The smallest polygon, an empty one, is 9 bytes: order, type, number of rings.
            let polygons = reader.count(9)?;
            for _ in 0..polygons {
                let part = reader.header()?;
                if part.kind != POLYGON {
                    return Err(OutlineError::NotAPolygon { kind: part.kind });
                }
                reader.polygon(part.dimensions, &mut rings)?;
            }
        }
        kind => return Err(OutlineError::NotAPolygon { kind }),
    }
    if !reader.bytes.is_empty() {
        return Err(OutlineError::TrailingBytes {
            found: reader.bytes.len(),
        });
    }
    Ok(rings)
}

struct Header {
    /// OGC's code of the geometry's type, without dimensions.
    kind: u32,
    /// Numbers a vertex has: 2 to 4.
    dimensions: usize,
}

struct Reader<'a> {
    bytes: &'a [u8],
    little_endian: bool,
    vertices_left: usize,
    max_vertices: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], OutlineError> {
        let (head, tail) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(OutlineError::Truncated)?;
        self.bytes = tail;
        Ok(*head)
    }

    fn u32(&mut self) -> Result<u32, OutlineError> {
        let bytes = self.take()?;
        Ok(if self.little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn f64(&mut self) -> Result<f64, OutlineError> {
        let bytes = self.take()?;
        Ok(if self.little_endian {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        })
    }

    /// A number of things of at least `item_bytes` each, no more than can still follow.
    fn count(&mut self, item_bytes: usize) -> Result<usize, OutlineError> {
        let count = self.u32()? as usize;
        if count > self.bytes.len() / item_bytes {
            return Err(OutlineError::Truncated);
        }
        Ok(count)
    }

    fn header(&mut self) -> Result<Header, OutlineError> {
        self.little_endian = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            [found] => return Err(OutlineError::UnknownByteOrder { found }),
        };
        let code = self.u32()?;
        if code & EWKB_SRID != 0 {
            let srid = self.u32()?;
            if srid != WGS_84 {
                return Err(OutlineError::ForeignSrid { srid });
            }
        }
        // ISO adds 1000 for Z, 2000 for M and 3000 for both.
        let (iso, kind) = {
            let plain = code & !(EWKB_Z | EWKB_M | EWKB_SRID);
            (plain / 1000, plain % 1000)
        };
        if iso > 3 {
            return Err(OutlineError::NotAPolygon { kind: code });
        }
        let has_z = code & EWKB_Z != 0 || iso == 1 || iso == 3;
        let has_m = code & EWKB_M != 0 || iso >= 2;
        Ok(Header {
            kind,
            dimensions: 2 + usize::from(has_z) + usize::from(has_m),
        })
    }

    fn polygon(&mut self, dimensions: usize, rings: &mut Vec<Ring>) -> Result<(), OutlineError> {
        let count = self.count(4)?;
        for index in 0..count {
            let vertices = self.count(dimensions * 8)?;
            self.vertices_left =
                self.vertices_left
                    .checked_sub(vertices)
                    .ok_or(OutlineError::TooManyVertices {
                        allowed: self.max_vertices,
                    })?;
            let mut points = Vec::with_capacity(vertices);
            for _ in 0..vertices {
                points.push((self.f64()?, self.f64()?));
                for _ in 2..dimensions {
                    self.f64()?;
                }
            }
            rings.push(Ring {
                points,
                is_hole: index > 0,
            });
        }
        Ok(())
    }
}
