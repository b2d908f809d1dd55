//! Headers and small files made by hand.

/// A bitmap: the file header, the header that is given, and rows of zeros.
pub(crate) fn bmp(header: &[u8], pixels: usize) -> Vec<u8> {
    bmp_with(header, &vec![0; pixels])
}

pub(crate) fn bmp_with(header: &[u8], pixels: &[u8]) -> Vec<u8> {
    let offset = 14 + header.len() as u32;
    let length = offset + pixels.len() as u32;
    [b"BM", &length.to_le_bytes()[..], &[0; 4], &offset.to_le_bytes(), header, pixels].concat()
}

/// The fields that all headers but the oldest begin with, and zeros up to `length`.
pub(crate) fn bmp_header(length: u32, width: i32, height: i32, bits: u16, compression: u32) -> Vec<u8> {
    let mut header = length.to_le_bytes().to_vec();
    header.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    header.extend([1_u16.to_le_bytes(), bits.to_le_bytes()].concat());
    header.extend(compression.to_le_bytes());
    header.resize(length as usize, 0);
    header
}

/// In place of a value: the offset of the data behind the directory.
pub(crate) const DATA: u64 = u64::MAX;

pub(crate) const SHORT: u16 = 3;
pub(crate) const LONG: u16 = 4;

/// The two byte orders and the two lengths of an offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiff {
    pub(crate) big_endian: bool,
    pub(crate) big: bool,
}

impl Tiff {
    pub(crate) const ALL: [Tiff; 4] = [
        Tiff { big_endian: false, big: false },
        Tiff { big_endian: true, big: false },
        Tiff { big_endian: false, big: true },
        Tiff { big_endian: true, big: true },
    ];

    /// One directory of fields (tag, type, values), then values that do not fit into their fields, then data.
    pub(crate) fn file(self, fields: &[(u16, u16, &[u64])], data: &[u8]) -> Vec<u8> {
        let word = self.word();
        let directory = self.next_directory(fields.len()) + word;
        let value_length = |kind| if kind == SHORT { 2 } else { 4 };
        let outside = |(_, kind, values): &&(u16, u16, &[u64])| values.len() * value_length(*kind) > word;
        let behind: usize =
            fields.iter().filter(outside).map(|(_, kind, values)| values.len() * value_length(*kind)).sum();
        let data_at = (directory + behind) as u64;

        let mut file = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        let number = if self.big { [43, 8, 0].as_slice() } else { &[42] };
        number.iter().for_each(|number| self.push(&mut file, *number, 2));
        self.push(&mut file, 2 * word as u64, word);
        self.push(&mut file, fields.len() as u64, if self.big { 8 } else { 2 });
        let mut far = Vec::new();
        for (tag, kind, values) in fields {
            self.push(&mut file, (*tag).into(), 2);
            self.push(&mut file, (*kind).into(), 2);
            self.push(&mut file, values.len() as u64, word);
            let mut list = Vec::new();
            for value in *values {
                self.push(&mut list, if *value == DATA { data_at } else { *value }, value_length(*kind));
            }
            if list.len() > word {
                self.push(&mut file, (directory + far.len()) as u64, word);
                far.extend(list);
            } else {
                list.resize(word, 0);
                file.extend(list);
            }
        }
        self.push(&mut file, 0, word);
        [file, far, data.to_vec()].concat()
    }

    /// The length of an offset.
    pub(crate) fn word(self) -> usize {
        if self.big { 8 } else { 4 }
    }

    /// Where the offset of the next directory stands, behind this many fields.
    pub(crate) fn next_directory(self, fields: usize) -> usize {
        let word = self.word();
        2 * word + if self.big { 8 } else { 2 } + fields * (4 + 2 * word)
    }

    fn push(self, bytes: &mut Vec<u8>, value: u64, length: usize) {
        match self.big_endian {
            true => bytes.extend(&value.to_be_bytes()[8 - length..]),
            false => bytes.extend(&value.to_le_bytes()[..length]),
        }
    }
}

/// An EXIF block with this orientation.
pub(crate) fn exif(big_endian: bool, orientation: u64) -> Vec<u8> {
    Tiff { big_endian, big: false }.file(&[(0x10f, SHORT, &[1, 2, 3]), (0x112, SHORT, &[orientation])], b"")
}

/// The start of a JPEG, segments (marker and data) and a scan of nothing.
pub(crate) fn jpeg(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = b"\xff\xd8".to_vec();
    for (marker, data) in segments {
        bytes.extend([0xff, *marker]);
        bytes.extend((data.len() as u16 + 2).to_be_bytes());
        bytes.extend(*data);
    }
    [&bytes, b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\x34\xff\xd9".as_slice()].concat()
}

/// The data of a frame header: precision, height, width, components.
pub(crate) fn frame(bits: u8, width: u16, height: u16, components: u8) -> Vec<u8> {
    let mut data = vec![bits];
    data.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    data.push(components);
    data.extend((0..components).flat_map(|component| [component, 0x11, 0]));
    data
}

/// A PNG of chunks behind its IHDR; checksums are zeros.
pub(crate) fn png(width: u32, height: u32, depth: u8, colour: u8, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    let all = [(b"IHDR", &head[..])].into_iter().chain(chunks.iter().copied()).chain([(b"IEND", &b""[..])]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    all.for_each(|(kind, data)| bytes.extend([&(data.len() as u32).to_be_bytes(), &kind[..], data, &[0; 4]].concat()));
    bytes
}

/// A WebP of chunks.
pub(crate) fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"WEBP".to_vec();
    for (kind, data) in chunks {
        bytes.extend([&kind[..], &(data.len() as u32).to_le_bytes(), data, &vec![0; data.len() % 2]].concat());
    }
    [b"RIFF", &(bytes.len() as u32).to_le_bytes()[..], &bytes].concat()
}

/// An ISO media box.
pub(crate) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

pub(crate) fn ispe(width: u32, height: u32) -> Vec<u8> {
    boxed(b"ispe", &[&[0; 4], &width.to_be_bytes()[..], &height.to_be_bytes()].concat())
}

/// A HEIF file with these properties. Each item has those with the given indices (counted from 1).
pub(crate) fn heif(primary: Option<u16>, properties: &[Vec<u8>], items: &[(u16, &[u8])]) -> Vec<u8> {
    let mut places = vec![0; 4];
    places.extend((items.len() as u32).to_be_bytes());
    for (item, list) in items {
        places.extend(item.to_be_bytes());
        places.push(list.len() as u8);
        places.extend(*list);
    }
    let properties = boxed(b"iprp", &[boxed(b"ipco", &properties.concat()), boxed(b"ipma", &places)].concat());
    let primary = primary.map(|item| boxed(b"pitm", &[&[0; 4], &item.to_be_bytes()[..]].concat())).unwrap_or_default();
    let meta = boxed(b"meta", &[vec![0; 4], primary, properties].concat());
    [boxed(b"ftyp", b"heic\0\0\0\0mif1heic"), meta, boxed(b"mdat", b"pixels")].concat()
}
