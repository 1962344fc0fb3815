//! The form of a zip archive, written from front to back (APPNOTE 6.3). Contents are stored as they are: most of what
//! people keep is compressed already, and the size of the whole is known before its first byte. The checksum of a file
//! is only known behind it, so it stands in a data descriptor there and in the directory at the end.
//!
//! Sizes and offsets that do not fit in 32 bits are written in the 64-bit form, and only those.

use crc32fast::Hasher;

use crate::protocol::Timestamp;

/// The largest number of the 32-bit form; it stands for "see the 64-bit form" itself.
const MAX_32: u64 = 0xFFFF_FFFF;
const MAX_16: u64 = 0xFFFF;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// Checksum and sizes stand behind the content.
const DESCRIPTOR: u16 = 1 << 3;
/// What a reader has to know: 2.0 has folders, 4.5 the 64-bit form.
const PLAIN_VERSION: u16 = 20;
const LARGE_VERSION: u16 = 45;
/// Made on Unix, so that the modes below count.
const MADE_BY: u16 = (3 << 8) | LARGE_VERSION;
const FILE_MODE: u32 = 0o100_644 << 16;
/// With the flag that DOS has for folders.
const FOLDER_MODE: u32 = (0o040_755 << 16) | 0x10;

/// Something that the archive has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// Path with `/`; that of a folder ends in one.
    pub(super) path: String,
    /// Bytes of a file; of a folder 0.
    pub(super) size: u64,
    /// Last change.
    pub(super) changed_at: Timestamp,
}

impl Head {
    fn is_folder(&self) -> bool {
        self.path.ends_with('/')
    }

    fn is_large(&self) -> bool {
        self.size >= MAX_32
    }

    fn flags(&self) -> u16 {
        if self.is_folder() { UTF8 } else { UTF8 | DESCRIPTOR }
    }

    fn version(&self) -> u16 {
        if self.is_large() { LARGE_VERSION } else { PLAIN_VERSION }
    }

    /// Bytes before the content.
    fn header_bytes(&self) -> u64 {
        30 + self.path.len() as u64 + if self.is_large() { 20 } else { 0 }
    }

    /// Bytes behind the content.
    fn descriptor_bytes(&self) -> u64 {
        match (self.is_folder(), self.is_large()) {
            (true, _) => 0,
            (false, true) => 24,
            (false, false) => 16,
        }
    }

    /// The 64-bit form in the directory: what of size (twice) and offset does not fit.
    fn directory_extra_bytes(&self, offset: u64) -> u64 {
        let fields = if self.is_large() { 16 } else { 0 } + if offset >= MAX_32 { 8 } else { 0 };
        if fields == 0 { 0 } else { 4 + fields }
    }
}

/// Bytes of an archive of these.
pub(super) fn total_bytes<'a>(heads: impl Iterator<Item = &'a Head>) -> u64 {
    let (mut offset, mut directory, mut count) = (0, 0, 0);
    for head in heads {
        directory += 46 + head.path.len() as u64 + head.directory_extra_bytes(offset);
        offset += head.header_bytes() + head.size + head.descriptor_bytes();
        count += 1;
    }
    offset + directory + end(count, offset, directory).len() as u64
}

/// Writes the parts of one archive; the caller sends them, and the contents between them.
#[derive(Debug, Default)]
pub(super) struct ZipWriter {
    offset: u64,
    directory: Vec<u8>,
    count: u64,
}

/// A file whose content is on its way.
#[derive(Debug)]
pub(super) struct OpenFile {
    head: Head,
    offset: u64,
    checksum: Hasher,
}

impl OpenFile {
    /// Takes note of the next piece of the content.
    pub(super) fn content(&mut self, piece: &[u8]) {
        self.checksum.update(piece);
    }
}

impl ZipWriter {
    /// A folder, whole.
    pub(super) fn folder(&mut self, head: &Head) -> Vec<u8> {
        let bytes = local_header(head);
        self.list(head, self.offset, 0);
        self.offset += bytes.len() as u64;
        bytes
    }

    /// The beginning of a file; as many bytes as it has must follow.
    pub(super) fn begin(&mut self, head: Head) -> (Vec<u8>, OpenFile) {
        let bytes = local_header(&head);
        let offset = self.offset;
        self.offset += bytes.len() as u64 + head.size;
        (bytes, OpenFile { head, offset, checksum: Hasher::new() })
    }

    /// The end of a file.
    pub(super) fn finish(&mut self, file: OpenFile) -> Vec<u8> {
        let checksum = file.checksum.finalize();
        let mut bytes = Vec::with_capacity(24);
        put32(&mut bytes, 0x0807_4b50);
        put32(&mut bytes, checksum);
        for _ in 0..2 {
            if file.head.is_large() {
                put64(&mut bytes, file.head.size)
            } else {
                put32(&mut bytes, low(file.head.size))
            }
        }
        self.list(&file.head, file.offset, checksum);
        self.offset += bytes.len() as u64;
        bytes
    }

    /// The directory, with which the archive ends.
    pub(super) fn close(self) -> Vec<u8> {
        let end = end(self.count, self.offset, self.directory.len() as u64);
        let mut bytes = self.directory;
        bytes.extend(end);
        bytes
    }

    fn list(&mut self, head: &Head, offset: u64, checksum: u32) {
        self.count += 1;
        let extra = head.directory_extra_bytes(offset);
        let bytes = &mut self.directory;
        put32(bytes, 0x0201_4b50);
        put16(bytes, MADE_BY);
        put16(bytes, if extra > 0 { LARGE_VERSION } else { PLAIN_VERSION });
        common(bytes, head, checksum, head.size.min(MAX_32));
        put16(bytes, length(&head.path));
        put16(bytes, extra as u16);
        // No comment, the first disk, no attributes of its own.
        bytes.extend([0; 6]);
        put32(bytes, if head.is_folder() { FOLDER_MODE } else { FILE_MODE });
        put32(bytes, low(offset.min(MAX_32)));
        bytes.extend(head.path.as_bytes());
        if extra > 0 {
            put16(bytes, 1);
            put16(bytes, extra as u16 - 4);
            if head.is_large() {
                put64(bytes, head.size);
                put64(bytes, head.size);
            }
            if offset >= MAX_32 {
                put64(bytes, offset);
            }
        }
    }
}

fn local_header(head: &Head) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(50 + head.path.len());
    put32(&mut bytes, 0x0403_4b50);
    put16(&mut bytes, head.version());
    common(&mut bytes, head, 0, if head.is_large() { MAX_32 } else { 0 });
    put16(&mut bytes, length(&head.path));
    put16(&mut bytes, if head.is_large() { 20 } else { 0 });
    bytes.extend(head.path.as_bytes());
    if head.is_large() {
        put16(&mut bytes, 1);
        put16(&mut bytes, 16);
        // The sizes stand in the descriptor; that this form is here says that it has 64 bits.
        bytes.extend([0; 16]);
    }
    bytes
}

/// What local header and directory have in common: flags, stored, time, checksum and the size twice.
fn common(bytes: &mut Vec<u8>, head: &Head, checksum: u32, size: u64) {
    put16(bytes, head.flags());
    put16(bytes, 0);
    let (date, time) = dos_time(head.changed_at);
    put16(bytes, time);
    put16(bytes, date);
    put32(bytes, checksum);
    put32(bytes, low(size));
    put32(bytes, low(size));
}

/// The record behind the directory, with the 64-bit one before it where something does not fit.
fn end(count: u64, offset: u64, directory: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(98);
    if count >= MAX_16 || offset >= MAX_32 || directory >= MAX_32 {
        put32(&mut bytes, 0x0606_4b50);
        put64(&mut bytes, 44);
        put16(&mut bytes, MADE_BY);
        put16(&mut bytes, LARGE_VERSION);
        bytes.extend([0; 8]);
        for number in [count, count, directory, offset] {
            put64(&mut bytes, number);
        }
        put32(&mut bytes, 0x0706_4b50);
        put32(&mut bytes, 0);
        put64(&mut bytes, offset + directory);
        put32(&mut bytes, 1);
    }
    put32(&mut bytes, 0x0605_4b50);
    bytes.extend([0; 4]);
    for _ in 0..2 {
        put16(&mut bytes, u16::try_from(count).unwrap_or(u16::MAX));
    }
    put32(&mut bytes, low(directory.min(MAX_32)));
    put32(&mut bytes, low(offset.min(MAX_32)));
    bytes.extend([0; 2]);
    bytes
}

/// Date and time as DOS has them, in UTC: from 1980 to 2107, to two seconds.
fn dos_time(moment: Timestamp) -> (u16, u16) {
    let Ok(moment) = time::OffsetDateTime::from_unix_timestamp(moment.unix_secs()) else { return (0x21, 0) };
    match u16::try_from(moment.year() - 1980) {
        Ok(year @ 0..=127) => {
            let date = (year << 9) | (u16::from(u8::from(moment.month())) << 5) | u16::from(moment.day());
            let seconds = u16::from(moment.second()) / 2;
            (date, (u16::from(moment.hour()) << 11) | (u16::from(moment.minute()) << 5) | seconds)
        }
        _ => (0x21, 0),
    }
}

/// Paths are bounded by the levels of folders and the length of a name, far below 64 KiB.
fn length(path: &str) -> u16 {
    u16::try_from(path.len()).expect("64 levels of names of at most 255 bytes and their numbers")
}

/// The lower half of a number that was seen to fit.
fn low(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn put16(bytes: &mut Vec<u8>, number: u16) {
    bytes.extend(number.to_le_bytes());
}

fn put32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend(number.to_le_bytes());
}

fn put64(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend(number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::process::Command;

    use super::*;

    fn head(path: &str, size: u64) -> Head {
        Head { path: path.to_owned(), size, changed_at: Timestamp::from_unix_ms(1_767_225_600_000) }
    }

    /// Reads an archive with another program, which tests all checksums; gives its lines of name and size.
    fn listed(file: &std::path::Path) -> String {
        const READ: &str = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                            [print(i.filename, i.file_size, i.date_time[0]) for i in z.infolist()]";
        let done = Command::new("python3").args(["-c", READ]).arg(file).output().expect("python3");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    }

    #[test]
    fn another_program_reads_what_is_written_and_its_size_is_known_before() {
        let heads = [head("a/", 0), head("a/ü.txt", 5), head("empty", 0)];
        let (mut zip, mut bytes) = (ZipWriter::default(), Vec::new());
        bytes.extend(zip.folder(&heads[0]));
        for (head, content) in [(&heads[1], "hello"), (&heads[2], "")] {
            let (begin, mut file) = zip.begin(head.clone());
            bytes.extend(begin);
            for piece in content.as_bytes().chunks(2) {
                file.content(piece);
                bytes.extend(piece);
            }
            bytes.extend(zip.finish(file));
        }
        bytes.extend(zip.close());
        assert_eq!(bytes.len() as u64, total_bytes(heads.iter()));
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(&bytes).expect("write");
        assert_eq!(listed(file.path()), "a/ 0 2026\na/ü.txt 5 2026\nempty 0 2026\n");
    }

    #[test]
    fn what_does_not_fit_in_32_bits_is_read_by_another_program_as_well() {
        // A file of 4 GiB that is a hole, and one behind it whose offset is large.
        let heads = [head("large", MAX_32 + 1), head("behind", 2)];
        let mut file = tempfile::NamedTempFile::new().expect("file");
        let mut zip = ZipWriter::default();
        let (begin, mut large) = zip.begin(heads[0].clone());
        file.write_all(&begin).expect("write");
        let zeros = vec![0; 1 << 20];
        for _ in 0..4096 {
            large.content(&zeros);
        }
        file.seek(SeekFrom::Current((MAX_32 + 1).cast_signed())).expect("seek");
        file.write_all(&zip.finish(large)).expect("write");
        let (begin, mut small) = zip.begin(heads[1].clone());
        file.write_all(&begin).expect("write");
        small.content(b"hi");
        file.write_all(b"hi").expect("write");
        file.write_all(&zip.finish(small)).expect("write");
        file.write_all(&zip.close()).expect("write");
        assert_eq!(file.stream_position().expect("position"), total_bytes(heads.iter()));
        const READ: &str = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\n\
                            print([i.file_size for i in z.infolist()], z.read('behind'))";
        let done = Command::new("python3").args(["-c", READ]).arg(file.path()).output().expect("python3");
        assert_eq!(String::from_utf8_lossy(&done.stdout), "[4294967296, 2] b'hi'\n");
        // The descriptor has sizes of 64 bits.
        let mut descriptor = [0; 24];
        file.seek(SeekFrom::Start(begin_of_descriptor(&heads[0]))).expect("seek");
        file.read_exact(&mut descriptor).expect("read");
        assert_eq!(descriptor[8..16], (MAX_32 + 1).to_le_bytes());
    }

    fn begin_of_descriptor(head: &Head) -> u64 {
        head.header_bytes() + head.size
    }

    #[test]
    fn times_outside_of_dos_are_its_first_day() {
        assert_eq!(dos_time(Timestamp::from_unix_ms(0)), (0x21, 0));
        assert_eq!(dos_time(Timestamp::from_unix_ms(i64::MAX)), (0x21, 0));
        assert_eq!(dos_time(Timestamp::from_unix_ms(315_532_800_000)), (0x21, 0));
        assert_eq!(dos_time(Timestamp::from_unix_ms(1_767_225_602_000)), ((46 << 9) | (1 << 5) | 1, 1));
    }
}
