//! From the bytes of an image to those of its thumbnail. The bytes are anybody's: what they claim is held against limits
//! before memory is taken for it.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

/// Longest side of a thumbnail.
const SIDE: u32 = 320;
/// Longest side of an image.
const MAX_SIDE: u32 = 30_000;
const MAX_PIXELS: u64 = 50_000_000;
/// Memory for the pixels of an image.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Of 100; smaller files, and nothing that shows at this size.
const QUALITY: u8 = 80;

/// Why an image has no thumbnail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The bytes are of no known type.
    #[error("it is no JPEG, PNG, GIF or WebP image, whatever its name says")]
    Unknown,
    /// More pixels than are taken into memory.
    #[error("it has {width} x {height} pixels; {} million are the most", MAX_PIXELS / 1_000_000)]
    TooManyPixels {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// It cannot be read.
    #[error("it is damaged, or of a kind that cannot be read")]
    Broken,
}

/// A JPEG image, or WebP where something shines through, of at most [`SIDE`] pixels a side, turned upright.
pub(super) fn thumbnail(content: &[u8]) -> Result<Vec<u8>, Unfit> {
    let format = image::guess_format(content).map_err(|_| Unfit::Unknown)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Gif | ImageFormat::WebP) {
        return Err(Unfit::Unknown);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| unfit(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || decoder.total_bytes() > MAX_BYTES {
        return Err(Unfit::TooManyPixels { width, height });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder).map_err(|error| unfit(&error))?;
    let mut small = if width.max(height) > SIDE { whole.thumbnail(SIDE, SIDE) } else { whole };
    small.apply_orientation(orientation);
    encoded(&small).map_err(|error| unfit(&error))
}

fn encoded(image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let rgba = image.to_rgba8();
    if rgba.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
        let encoder = WebPEncoder::new_lossless(&mut bytes);
        encoder.encode(rgba.as_raw(), rgba.width(), rgba.height(), ExtendedColorType::Rgba8)?;
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&image.to_rgb8())?;
    }
    Ok(bytes)
}

fn unfit(error: &ImageError) -> Unfit {
    tracing::debug!("an image cannot be read: {error}");
    Unfit::Broken
}

#[cfg(test)]
pub(in crate::primary) mod tests {
    use super::*;

    /// A red image, with a blue corner at the top left.
    pub(in crate::primary) fn image(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut image = image::RgbImage::from_pixel(width, height, image::Rgb([220, 20, 20]));
        for (x, y) in (0..width / 2).flat_map(|x| (0..height / 2).map(move |y| (x, y))) {
            image.put_pixel(x, y, image::Rgb([20, 20, 220]));
        }
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(image).write_to(&mut bytes, format).expect("image");
        bytes.into_inner()
    }

    #[test]
    fn images_of_all_types_become_small_and_keep_their_shape() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let small = thumbnail(&image(1000, 500, format)).expect("thumbnail");
            let read = image::load_from_memory_with_format(&small, ImageFormat::Jpeg).expect("JPEG");
            assert_eq!((read.width(), read.height()), (320, 160), "{format:?}");
            let corner = read.to_rgb8().get_pixel(10, 10).0;
            assert!(corner[2] > 150 && corner[0] < 90, "{format:?}: {corner:?}");
        }
        let tiny = thumbnail(&image(4, 2, ImageFormat::Png)).expect("thumbnail");
        assert_eq!(
            image::load_from_memory(&tiny).expect("image").width(),
            4,
            "small ones are not made larger"
        );
    }

    #[test]
    fn what_shines_through_stays_so() {
        let mut bytes = Cursor::new(Vec::new());
        let image = image::RgbaImage::from_pixel(500, 500, image::Rgba([1, 2, 3, 0]));
        DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Png).expect("image");
        let small = thumbnail(bytes.get_ref()).expect("thumbnail");
        assert_eq!(image::guess_format(&small).expect("format"), ImageFormat::WebP);
        assert_eq!(image::load_from_memory(&small).expect("image").to_rgba8().get_pixel(0, 0).0[3], 0);
    }

    #[test]
    fn a_photo_that_says_it_lies_on_its_side_is_put_upright() {
        let photo = image(400, 200, ImageFormat::Jpeg);
        // An EXIF segment with nothing but orientation 6: turn clockwise by a quarter.
        let exif = [
            &b"\xff\xe1\x00\x22Exif\0\0"[..],
            &b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"[..],
        ]
        .concat();
        let photo = [&photo[..2], &exif, &photo[2..]].concat();
        let read = image::load_from_memory(&thumbnail(&photo).expect("thumbnail")).expect("image").to_rgb8();
        assert_eq!((read.width(), read.height()), (160, 320));
        assert!(read.get_pixel(150, 10).0[2] > 150, "the corner is at the top right now");
    }

    #[test]
    fn bombs_and_broken_images_are_refused() {
        // A PNG of a few bytes that claims a billion pixels.
        let mut bomb = image(2, 2, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        assert!(thumbnail(&bomb).is_err());
        let photo = image(600, 600, ImageFormat::Png);
        assert_eq!(thumbnail(&photo[..photo.len() / 2]), Err(Unfit::Broken));
        assert_eq!(thumbnail(b"<svg onload=alert(1)>"), Err(Unfit::Unknown));
        assert_eq!(thumbnail(b""), Err(Unfit::Unknown));
        assert_eq!(
            thumbnail(&image::load_from_memory(&photo).map(|_| b"BM123456".to_vec()).expect("image")),
            Err(Unfit::Unknown)
        );
    }

    #[test]
    fn an_image_with_too_many_pixels_is_told_so() {
        let content = image(1, 1, ImageFormat::Gif);
        let mut large = content.clone();
        // The size of the canvas stands behind the six bytes of the signature.
        large[6..10].copy_from_slice(&[0x30, 0x75, 0x30, 0x75]);
        assert!(matches!(
            thumbnail(&large),
            Err(Unfit::TooManyPixels { width: 30_000, height: 30_000 } | Unfit::Broken)
        ));
        assert!(thumbnail(&content).is_ok());
    }
}
