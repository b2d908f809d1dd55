//! Stored rows into an upright target: colours, orientation, and the target's own layout.

use volcv_types::Size;
use volcv_types::memory;

use crate::ImageError;
use crate::convert::{Channels, Orientation, RowWriter, TILE, mirror, upright_band};
use crate::icc::Transform;
use crate::pixels::PixelsMut;

/// Takes the rows of a codec. Orientations that swap the sides need the whole picture, which is collected here.
pub(crate) struct Sink<'a, 'b> {
    target: &'a mut PixelsMut<'b>,
    writer: RowWriter,
    stored: Size,
    orientation: Orientation,
    channels: Channels,
    transform: Option<Transform>,
    collected: Vec<u8>,
}

impl<'a, 'b> Sink<'a, 'b> {
    /// The target has the upright size.
    pub(crate) fn new(
        target: &'a mut PixelsMut<'b>,
        writer: RowWriter,
        stored: Size,
        orientation: Orientation,
        channels: Channels,
        transform: Option<Transform>,
    ) -> Self {
        Self { target, writer, stored, orientation, channels, transform, collected: Vec::new() }
    }

    /// The next stored row from the top; its content is changed. `v` is its number.
    pub(crate) fn row(&mut self, v: u32, row: &mut [u8]) -> Result<(), ImageError> {
        if let Some(transform) = &self.transform {
            transform.apply(row, self.channels);
        }
        if self.orientation.swaps_sides() {
            if self.collected.is_empty() {
                self.collected = memory::copy(&[], row.len() * self.stored.height as usize)?;
            }
            self.collected.extend_from_slice(row);
            return Ok(());
        }
        if self.orientation.mirrors_rows() {
            mirror(row, self.channels.count());
        }
        let y = self.orientation.row(v, self.stored.height);
        self.writer.write(self.channels, row, self.target.row_mut(y));
        Ok(())
    }

    /// All stored rows at once, without gaps.
    pub(crate) fn whole(&mut self, mut data: Vec<u8>) -> Result<(), ImageError> {
        if self.orientation.swaps_sides() {
            if let Some(transform) = &self.transform {
                transform.apply(&mut data, self.channels);
            }
            self.collected = data;
            return Ok(());
        }
        let row_bytes = self.stored.width as usize * self.channels.count();
        for (v, row) in (0..self.stored.height).zip(data.chunks_exact_mut(row_bytes)) {
            self.row(v, row)?;
        }
        Ok(())
    }

    /// Ends the picture; all rows are there.
    pub(crate) fn finish(self) -> Result<(), ImageError> {
        if !self.orientation.swaps_sides() {
            return Ok(());
        }
        let row_bytes = self.stored.height as usize * self.channels.count();
        let upright_height = self.stored.width;
        let mut scratch = memory::zeros(TILE.min(upright_height) as usize * row_bytes)?;
        for top in (0..upright_height).step_by(TILE as usize) {
            let rows = TILE.min(upright_height - top);
            scratch.truncate(rows as usize * row_bytes);
            let bytes = self.channels.count();
            upright_band(self.orientation, self.stored, &self.collected, bytes, top, &mut scratch);
            for (y, row) in (top..).zip(scratch.chunks_exact(row_bytes)) {
                self.writer.write(self.channels, row, self.target.row_mut(y));
            }
        }
        Ok(())
    }
}
