//! A block under construction: each pixel from the first scene that shows it.

use furrow_raster::grid::Window;
use furrow_raster::zonal::PixelState;

use super::layer::{Cells, Layer, Piece};
use crate::stack::{IndexBlock, IndexValues};

/// Source of a pixel that no scene covers.
const NO_SCENE: u8 = u8::MAX;

/// A block of which more is to be read.
#[derive(Debug)]
pub struct Unfinished {
    pub(super) window: Window,
    /// The layer that is looked at.
    pub(super) layer: usize,
    /// What is to be read of it, the last one first.
    pub(super) pieces: Vec<Piece>,
    index_count: usize,
    /// One an index; empty as long as nothing was computed.
    merged: Vec<IndexValues>,
}

impl Unfinished {
    /// Nothing but the first pieces of the first layer.
    pub(super) fn new(window: Window, index_count: usize, pieces: Vec<Piece>) -> Self {
        Self {
            window,
            layer: 0,
            pieces,
            index_count,
            merged: Vec::new(),
        }
    }

    /// Whether any of some indices has no pixel here that shows the ground.
    pub(super) fn is_missing(&self, indices: &[usize], place: usize) -> bool {
        self.merged.is_empty()
            || indices
                .iter()
                .any(|index| !self.merged[*index].states[place].is_clear())
    }

    /// The smallest part of a window, which lies in the block, that holds all its missing pixels.
    pub(super) fn part_missing(&self, indices: &[usize], window: Window) -> Option<Window> {
        if self.merged.is_empty() {
            return Some(window);
        }
        let width = self.window.width as usize;
        let (mut rows, mut cols) = (None::<(u32, u32)>, None::<(u32, u32)>);
        for row in window.row..window.row_end() {
            let start = (row - self.window.row) as usize * width;
            let start = start + (window.col - self.window.col) as usize;
            let is_missing = |col: &u32| self.is_missing(indices, start + *col as usize);
            let Some(first) = (0..window.width).find(is_missing) else {
                continue;
            };
            let last = (first..window.width).rfind(is_missing).unwrap_or(first);
            rows = Some((rows.map_or(row, |(top, _)| top), row));
            cols = Some(match cols {
                None => (first, last),
                Some((left, right)) => (left.min(first), right.max(last)),
            });
        }
        let ((top, bottom), (left, right)) = rows.zip(cols)?;
        Some(Window {
            col: window.col + left,
            row: top,
            width: right - left + 1,
            height: bottom - top + 1,
        })
    }

    /// Takes what is missing from the piece that was read last.
    pub(super) fn take(&mut self, layer: &Layer, found: IndexBlock) {
        let Some(piece) = self.pieces.pop() else {
            return;
        };
        let whole = Cells::Shifted {
            col: self.window.col,
            row: self.window.row,
        };
        let size = |window: Window| (window.width, window.height);
        if self.merged.is_empty()
            && piece.cells == whole
            && size(found.window) == size(self.window)
            && layer.indices.len() == self.index_count
        {
            // The usual block, which the first scene covers: nothing is copied.
            self.merged = found.indices;
            for index in &mut self.merged {
                index.sources = vec![layer.scene; index.states.len()];
            }
            return;
        }
        self.begin();
        for (index, from) in layer.indices.iter().zip(&found.indices) {
            let onto = &mut self.merged[*index];
            let mut take = |place: usize, from_place: usize| {
                let state = from.states[from_place];
                let is_unseen = onto.sources[place] == NO_SCENE;
                if !onto.states[place].is_clear() && (state.is_clear() || is_unseen) {
                    onto.values[place] = from.values[from_place];
                    onto.states[place] = state;
                    onto.sources[place] = layer.scene;
                }
            };
            let read = found.window;
            match &piece.cells {
                Cells::Shifted { col, row } => {
                    let (col, row) = (col - self.window.col, row - self.window.row);
                    for line in 0..read.height {
                        let start = (row + line) as usize * self.window.width as usize;
                        let start = start + col as usize;
                        let from_start = line as usize * read.width as usize;
                        for step in 0..read.width as usize {
                            take(start + step, from_start + step);
                        }
                    }
                }
                Cells::Listed(cells) => {
                    for cell in cells {
                        let (col, row) = (cell.col - read.col, cell.row - read.row);
                        let from_place = row as usize * read.width as usize + col as usize;
                        take(cell.place as usize, from_place);
                    }
                }
            }
        }
    }

    /// Pixels that nobody covers, where nothing was computed yet.
    fn begin(&mut self) {
        if !self.merged.is_empty() {
            return;
        }
        let count = usize::try_from(self.window.pixel_count()).unwrap_or(usize::MAX);
        let nothing = || IndexValues {
            values: vec![f32::NAN; count],
            states: vec![PixelState::NoData; count],
            sources: vec![NO_SCENE; count],
        };
        self.merged = (0..self.index_count).map(|_| nothing()).collect();
    }

    /// The block as it is.
    pub(super) fn finish(mut self) -> IndexBlock {
        self.begin();
        IndexBlock {
            window: self.window,
            indices: self.merged,
        }
    }
}
