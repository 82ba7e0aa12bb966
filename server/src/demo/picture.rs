//! A figure for tasks that have one, drawn as a PNG.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

const WIDTH: u32 = 120;
const HEIGHT: u32 = 80;

/// A right triangle with legs of this many pixels, as a `data:` URI.
pub(super) fn triangle(width: u32, height: u32) -> String {
    let (width, height) = (width.clamp(8, WIDTH - 16), height.clamp(8, HEIGHT - 16));
    let mut pixels = Vec::new();
    for y in 0..HEIGHT {
        // Each line begins with its filter: none.
        pixels.push(0);
        for x in 0..WIDTH {
            let (right, up) = (x.wrapping_sub(8), (HEIGHT - 8).wrapping_sub(y));
            // On or below the line from the top of one leg to the end of the other.
            let inside = right <= width && up <= height && right * height + up * width <= width * height;
            let edge = inside
                && (right <= 1 || up <= 1 || right * height + up * width + 2 * height >= width * height);
            pixels.push(if edge {
                32
            } else if inside {
                176
            } else {
                250
            });
        }
    }
    format!("data:image/png;base64,{}", STANDARD.encode(png(&pixels)))
}

fn png(pixels: &[u8]) -> Vec<u8> {
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    let _ = compressed.write_all(pixels);
    let compressed = compressed.finish().unwrap_or_default();
    let mut head = Vec::new();
    head.extend_from_slice(&WIDTH.to_be_bytes());
    head.extend_from_slice(&HEIGHT.to_be_bytes());
    // 8 bits of grey.
    head.extend_from_slice(&[8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &head), (b"IDAT", &compressed), (b"IEND", &Vec::new())] {
        let mut check = Crc::new();
        check.update(kind);
        check.update(data);
        png.extend_from_slice(&u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
        png.extend_from_slice(kind);
        png.extend_from_slice(data);
        png.extend_from_slice(&check.sum().to_be_bytes());
    }
    png
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_small_png() {
        let uri = triangle(90, 50);
        let bytes = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() < 1_000, "{}", bytes.len());
        assert!(bytes.windows(4).any(|window| window == b"IEND"));
    }
}
