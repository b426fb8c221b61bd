//! Carrying rings from degrees to pixels, with as many vertices between as curvature asks for.

use super::{OutlineError, Ring};
use crate::{crs::Crs, grid::Grid};

/// How far, in pixels, the middle of an edge may lie from where it is in truth. Every division
/// makes the distance four times smaller, so a tight bound costs little.
const TOLERANCE_PIXELS: f64 = 0.002;
/// Longest edge whose middle alone says how it bends, degrees; longer ones may bend twice.
const LONGEST_PLAIN_EDGE: f64 = 1.0;
/// Most vertices an outline has on a grid.
const MAX_VERTICES: usize = 1_000_000;
/// A straight edge in degrees bends no tighter than a parallel at 85 degrees on the maps in use:
/// `R / tan(85°)`, metres. Edges too short to leave the tolerance on such a curve are not looked at.
const TIGHTEST_CURVE_M: f64 = 557_000.0;
/// Latitude up to which that holds.
const MAX_PLAIN_LATITUDE: f64 = 85.0;

/// A vertex in degrees and in pixels.
#[derive(Clone, Copy)]
struct Vertex {
    degrees: (f64, f64),
    pixels: (f64, f64),
}

/// An edge's start, and whether the edge may still bend.
#[derive(Clone, Copy)]
struct Start {
    vertex: Vertex,
    may_bend: bool,
}

/// The rings in fractional columns and rows, without polygons of which the reference system reaches
/// no vertex: the grid has no pixel there.
pub(super) fn onto(rings: &[Ring], crs: &Crs, grid: &Grid) -> Result<Vec<Ring>, OutlineError> {
    let mut vertices = 0;
    let mut projected = Vec::with_capacity(rings.len());
    for polygon in rings.chunk_by(|_, next| next.is_hole) {
        if polygon.iter().all(|ring| is_out_of_reach(ring, crs)) {
            continue;
        }
        let turn = turn_columns(&polygon[0], crs, grid);
        for ring in polygon {
            let mut points = ring_onto(&ring.points, crs, grid, MAX_VERTICES - vertices)?;
            for (col, _) in &mut points {
                *col += turn;
            }
            vertices += points.len();
            projected.push(Ring {
                points,
                is_hole: ring.is_hole,
            });
        }
    }
    Ok(projected)
}

/// Columns by which a polygon moves so that it lies on a grid of degrees as the grid counts them:
/// rasters of 0 to 360 degrees have the west of Greenwich on their right. It moves as a whole, to
/// where it shares most with the grid; a polygon on the seam keeps its larger part.
fn turn_columns(ring: &Ring, crs: &Crs, grid: &Grid) -> f64 {
    if !crs.is_geographic() {
        return 0.0;
    }
    let whole_turn = 360.0 / grid.transform.pixel_width;
    let [west, _, east, _] = super::bounds(ring.points.iter());
    let col = |lon: f64| grid.transform.to_pixel(lon, 0.0).0;
    let shared = |turn: f64| {
        let right = (col(east) + turn).min(f64::from(grid.width));
        right - (col(west) + turn).max(0.0)
    };
    [whole_turn, -whole_turn]
        .into_iter()
        .fold(0.0, |best, turn| {
            if shared(turn) > shared(best).max(0.0) {
                turn
            } else {
                best
            }
        })
}

fn is_out_of_reach(ring: &Ring, crs: &Crs) -> bool {
    let mut points = ring.points.iter();
    points.all(|point| crs.project(&mut [*point]).is_err())
}

fn ring_onto(
    ring: &[(f64, f64)],
    crs: &Crs,
    grid: &Grid,
    max_vertices: usize,
) -> Result<Vec<(f64, f64)>, OutlineError> {
    let too_intricate = OutlineError::TooIntricate {
        allowed: MAX_VERTICES,
    };
    let vertices = project(ring.to_vec(), crs, grid)?;
    if vertices.len() > max_vertices {
        return Err(too_intricate);
    }
    if crs.epsg() == 4326 {
        // Degrees already: a straight edge stays straight.
        return Ok(vertices.into_iter().map(|vertex| vertex.pixels).collect());
    }
    let plain_length = plain_length_pixels(crs, grid);
    let may_bend = |from: &Vertex, to: &Vertex| {
        let polar = from.degrees.1.abs().max(to.degrees.1.abs()) > MAX_PLAIN_LATITUDE;
        let length = distance(from.pixels, to.pixels);
        polar || length > plain_length || span_degrees(from, to) > LONGEST_PLAIN_EDGE
    };
    let mut starts: Vec<Start> = vertices
        .iter()
        .enumerate()
        .map(|(index, &vertex)| Start {
            vertex,
            may_bend: vertices
                .get(index + 1)
                .is_some_and(|next| may_bend(&vertex, next)),
        })
        .collect();
    while starts.iter().any(|start| start.may_bend) {
        starts = divide(&starts, crs, grid)?;
        if starts.len() > max_vertices {
            return Err(too_intricate);
        }
    }
    Ok(starts
        .into_iter()
        .map(|start| start.vertex.pixels)
        .collect())
}

/// Puts a vertex into the middle of every edge that bends.
fn divide(starts: &[Start], crs: &Crs, grid: &Grid) -> Result<Vec<Start>, OutlineError> {
    let ends = || starts.iter().zip(starts.iter().skip(1));
    let middles: Vec<(f64, f64)> = ends()
        .filter(|(from, _)| from.may_bend)
        .map(|(from, to)| middle(from.vertex.degrees, to.vertex.degrees))
        .collect();
    let mut middles = project(middles, crs, grid)?.into_iter();

    let mut divided = Vec::with_capacity(starts.len() + middles.len());
    for (from, to) in ends() {
        let Some(between) = from.may_bend.then(|| middles.next()).flatten() else {
            divided.push(*from);
            continue;
        };
        let straight = middle(from.vertex.pixels, to.vertex.pixels);
        let bends = distance(straight, between.pixels) > TOLERANCE_PIXELS
            || span_degrees(&from.vertex, &to.vertex) > LONGEST_PLAIN_EDGE;
        // An edge that cannot be halved in degrees any more is as straight as it gets.
        let can_divide =
            between.degrees != from.vertex.degrees && between.degrees != to.vertex.degrees;
        let may_bend = bends && can_divide;
        divided.push(Start { may_bend, ..*from });
        if may_bend {
            divided.push(Start {
                vertex: between,
                may_bend,
            });
        }
    }
    divided.extend(starts.last());
    Ok(divided)
}

fn project(
    mut points: Vec<(f64, f64)>,
    crs: &Crs,
    grid: &Grid,
) -> Result<Vec<Vertex>, OutlineError> {
    let degrees = points.clone();
    crs.project(&mut points)?;
    Ok(degrees
        .into_iter()
        .zip(points)
        .map(|(degrees, (x, y))| Vertex {
            degrees,
            pixels: grid.transform.to_pixel(x, y),
        })
        .collect())
}

/// Length in pixels up to which an edge stays within the tolerance: of an arc of length `L` and
/// radius `R`, the middle lies `L² / 8R` off the chord.
fn plain_length_pixels(crs: &Crs, grid: &Grid) -> f64 {
    if crs.is_geographic() {
        return 0.0;
    }
    let metres = crs.metres_per_unit();
    let finer = grid.transform.pixel_width.min(grid.transform.pixel_height) * metres;
    (8.0 * TIGHTEST_CURVE_M * TOLERANCE_PIXELS * finer).sqrt() / finer
}

fn middle((x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> (f64, f64) {
    (x0.midpoint(x1), y0.midpoint(y1))
}

fn distance((x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> f64 {
    (x1 - x0).hypot(y1 - y0)
}

fn span_degrees(from: &Vertex, to: &Vertex) -> f64 {
    distance(from.degrees, to.degrees)
}
