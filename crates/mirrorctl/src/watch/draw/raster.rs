//! Dots in cells: two lines in one small picture. In braille a cell has two by four dots, in ASCII it is one. The
//! primary's line is solid and the shadow's is dashed, so that both are seen where they lie on each other, and without
//! colour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::watch::look::Look;

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The primary's.
    Primary,
    /// The shadow's.
    Shadow,
}

/// A picture of some cells.
pub struct Raster {
    look: Look,
    cells: (u16, u16),
    /// By cell, row by row: the dots of the primary and those of the shadow.
    dots: Vec<[u8; 2]>,
}

/// The dots of a dash, and those of a dash and the gap behind it.
const DASH: (usize, usize) = (10, 14);

/// The bits of a braille sign from U+2800 on, by row and column.
const BRAILLE: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

// === impl Raster ===

impl Raster {
    /// An empty picture.
    pub fn new(width: u16, height: u16, look: Look) -> Self {
        Self {
            look,
            cells: (width, height),
            dots: vec![[0; 2]; usize::from(width) * usize::from(height)],
        }
    }

    /// A line through points, `(0, 0)` left and above, `(1, 1)` right and below. An unknown point is a gap; a point
    /// between two gaps is a dot.
    pub fn line(&mut self, whose: Whose, points: impl Iterator<Item = Option<(f64, f64)>>) {
        let mut last: Option<(i64, i64)> = None;
        let mut travelled = 0;
        for point in points {
            let place = point.map(|point| self.place(point));
            match (last, place) {
                (Some(from), Some(to)) => travelled = self.stroke(whose, from, to, travelled),
                (None, Some(to)) => {
                    self.dot(whose, to);
                    travelled = 0;
                }
                (_, None) => {}
            }
            last = place;
        }
    }

    /// Puts the picture's signs into a buffer.
    pub fn render(&self, area: Rect, buffer: &mut Buffer) {
        let (width, _) = self.cells;
        let area = area.intersection(buffer.area);
        for (row, cells) in (area.y..area.bottom()).zip(self.dots.chunks(usize::from(width.max(1)))) {
            for (column, &dots) in (area.x..area.right()).zip(cells) {
                let Some(cell) = buffer.cell_mut((column, row)) else {
                    continue;
                };
                let style = match dots {
                    [0, 0] => continue,
                    [_, 0] => self.look.primary(),
                    _ => self.look.shadow(),
                };
                cell.set_char(self.sign(dots)).set_style(style);
            }
        }
    }

    fn sign(&self, [primary, shadow]: [u8; 2]) -> char {
        match (self.look.unicode, primary > 0, shadow > 0) {
            (true, ..) => char::from_u32(0x2800 + u32::from(primary | shadow)).unwrap_or('*'),
            (false, true, true) => '#',
            (false, true, false) => '*',
            (false, ..) => 'o',
        }
    }

    /// The dots of the picture, across and down.
    fn size(&self) -> (i64, i64) {
        let (width, height) = self.cells;
        let (across, down) = if self.look.unicode { (2, 4) } else { (1, 1) };
        (i64::from(width) * across, i64::from(height) * down)
    }

    fn place(&self, (x, y): (f64, f64)) -> (i64, i64) {
        let (width, height) = self.size();
        let scale = |part: f64, size: i64| (part.clamp(0.0, 1.0) * (size - 1).max(0) as f64).round() as i64;
        (scale(x, width), scale(y, height))
    }

    /// From dot to dot (Bresenham), without the first. Dashes go on from line to line.
    fn stroke(&mut self, whose: Whose, from: (i64, i64), to: (i64, i64), mut travelled: usize) -> usize {
        let (across, down) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
        let (right, under) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
        let (mut x, mut y) = from;
        let mut error = across - down;
        while (x, y) != to {
            let doubled = error * 2;
            if doubled > -down {
                error -= down;
                x += right;
            }
            if doubled < across {
                error += across;
                y += under;
            }
            travelled += 1;
            let is_dashed = self.look.unicode && whose == Whose::Shadow;
            if !is_dashed || travelled % DASH.1 < DASH.0 {
                self.dot(whose, (x, y));
            }
        }
        travelled
    }

    fn dot(&mut self, whose: Whose, (x, y): (i64, i64)) {
        let (across, down) = if self.look.unicode { (2, 4) } else { (1, 1) };
        let index = y / down * i64::from(self.cells.0) + x / across;
        let bit = match self.look.unicode {
            true => BRAILLE
                .get((y % down) as usize)
                .and_then(|row| row.get((x % across) as usize))
                .copied()
                .unwrap_or_default(),
            false => 1,
        };
        let cell = usize::try_from(index).ok().and_then(|index| self.dots.get_mut(index));
        if let Some([primary, shadow]) = cell {
            match whose {
                Whose::Primary => *primary |= bit,
                Whose::Shadow => *shadow |= bit,
            }
        }
    }
}
