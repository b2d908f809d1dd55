//! Whatever file is decoded, it is an error or pixels of the size that its header said; memory of the caller is written inside
//! of its rows only, and is the same picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use volcv_image::{DecodeLimits, DecodeOptions, Layout, PixelFormat, PixelsMut, RowOrder, decode, decode_into, probe};

/// Between the rows.
const GAP: u8 = 0x5a;

fuzz_target!(|file: &[u8]| {
    let options = DecodeOptions::new().limits(DecodeLimits::default().max_pixels(1 << 16).max_memory(16 << 20));
    let Ok(info) = probe(file) else {
        assert!(decode(file, &options).is_err());
        return;
    };
    let Ok((image, decoded)) = decode(file, &options) else { return };
    assert_eq!((decoded, image.size()), (info, info.size));

    let stride = info.size.width as usize * 4 + 3;
    let layout = Layout::new(info.size, PixelFormat::Rgba8).stride(stride).rows(RowOrder::BottomUp);
    let mut memory = vec![GAP; stride * info.size.height as usize];
    let mut target = PixelsMut::new(&mut memory, layout).expect("the memory was made for this layout");
    assert_eq!(decode_into(file, &mut target, &options), Ok(info));
    for (y, row) in memory.chunks(stride).rev().enumerate() {
        let (pixels, gap) = row.split_at(stride - 3);
        assert!(gap.iter().all(|byte| *byte == GAP));
        let expected = image.row(y as u32).chunks(image.channels());
        for (pixel, expected) in pixels.chunks(4).zip(expected) {
            assert_eq!(pixel[..3], expected[..3]);
            assert_eq!(pixel[3], expected.get(3).copied().unwrap_or(255));
        }
    }
});
