//! A damaged file never causes a panic or a long search, and a cut file keeps the facts of its start.

use proptest::prelude::*;
use volcv_types::PictureInfo;

use crate::build::*;
use crate::fixtures;

/// Reads the header and looks for the end.
fn read(bytes: &[u8]) -> Option<PictureInfo> {
    let info = PictureInfo::read(bytes);
    if let Some(info) = info {
        info.is_whole(bytes);
        info.upright_size();
        assert!((1..=8).contains(&info.orientation));
        assert!(info.size.is_none_or(|size| size.width > 0 && size.height > 0));
    }
    info
}

fn files() -> Vec<Vec<u8>> {
    let rle = bmp_with(&bmp_header(40, 5, 2, 8, 1), b"\x02a\0\x03xyz\0\0\0\0\x02\x01\0\x02b\0\x01");
    let core = bmp(&[&12_u32.to_le_bytes()[..], &[5, 0, 3, 0, 1, 0, 24, 0]].concat(), 48);
    let made = [rle, core, jpeg(&[(0xe1, &exif(true, 6)), (0xc0, &frame(8, 3, 2, 3))])];
    fixtures::all().into_iter().map(|(_, bytes)| bytes).chain(made).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_files_never_panic_and_cuts_never_change_the_size(
        file: prop::sample::Index,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut: prop::sample::Index,
    ) {
        let mut bytes = file.get(&files()).clone();
        let end = cut.index(bytes.len() + 1);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (all, cut) = (read(&bytes), read(&bytes[..end]));
        if let Some(cut) = cut {
            let all = all.unwrap();
            prop_assert_eq!(cut.format, all.format);
            prop_assert!(cut.size.is_none() || cut.size == all.size);
        }
    }

    #[test]
    fn any_bytes_after_any_magic_never_panic(magic: prop::sample::Index, tail: Vec<u8>) {
        let magics: [&[u8]; 14] = [
            b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\0\xffExif\0\0II\x2a\0", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBPVP8X",
            b"RIFF....WEBPVP8L", b"BM............\x0c\0\0\0", b"BM............\x28\0\0\0", b"BM............\x7c\0\0\0",
            b"GIF89a", b"II\x2a\0\x08\0\0\0", b"MM\0\x2a\0\0\0\x08", b"MM\0\x2b\0\x08\0\0\0\0\0\0\0\0\0\x10",
            b"\0\0\0\x10ftypavif\0\0\0\0\0\0\xff\xffmeta\0\0\0\0", b"\0\0\0\x10ftypheic\0\0\0\0\0\0\0\x40meta\0\0\0\0",
        ];
        read(&[magic.get(&magics), &tail[..]].concat());
    }
}

/// Each of these would take minutes if the work grew with the square of the file.
#[test]
fn files_that_lead_in_circles_are_read_in_one_go() {
    const MANY: usize = 1 << 20;
    for tiff in Tiff::ALL {
        // A directory with many strips that is its own successor: where the first one is, stands in the head.
        let fields = [(256, LONG, [1].as_slice()), (257, LONG, &[1]), (273, SHORT, &[1; MANY])];
        let mut circle = tiff.file(&fields, b"");
        let (first, next) = (tiff.word(), tiff.next_directory(fields.len()));
        circle.copy_within(first..first + tiff.word(), next);
        assert_eq!(read(&circle).unwrap().size.unwrap().to_string(), "1x1", "{tiff:?}");
    }
    // Locations of items with extents that take no bytes, and properties without end.
    let location = [vec![0, 0, 0, 0, 0, 0, 0xff, 0xff], [0, 1, 0, 0, 0xff, 0xff].repeat(MANY / 6)].concat();
    let properties = boxed(b"iprp", &boxed(b"ipco", &boxed(b"ispe", b"").repeat(MANY / 8)));
    let meta = boxed(b"meta", &[vec![0; 4], boxed(b"iloc", &location), properties].concat());
    read(&[boxed(b"ftyp", b"avif\0\0\0\0"), meta].concat());
    read(&[b"\xff\xd8".to_vec(), vec![0xff; MANY]].concat());
    read(&[b"\xff\xd8".to_vec(), b"\xff\0".repeat(MANY / 2)].concat());
    read(&[b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), b"\x21\xf9\0".repeat(MANY / 3)].concat());
    read(&webp(&[(b"VP8X", &[0; 10]), (b"junk", &[]), (b"VP8 ", &[0; MANY])]));
}
