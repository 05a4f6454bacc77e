use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::*;

const SMALL: Limits = Limits {
    bytes: 10_000,
    entries: 20,
};

/// Entries with whatever path and kind, which a well-behaved writer would refuse.
#[derive(Default)]
struct Bad(Vec<u8>);

impl Bad {
    fn entry(self, path: &str, kind: EntryType, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if let Some(name) = header.as_gnu_mut() {
            name.name[..path.len()].copy_from_slice(path.as_bytes());
            if kind == EntryType::GNUSparse {
                name.set_real_size(0);
            }
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                name.linkname[..11].copy_from_slice(b"/etc/passwd");
            }
        }
        self.with_header(header, content)
    }

    fn with_header(mut self, mut header: Header, content: &[u8]) -> Self {
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        let full = self.0.len().div_ceil(512) * 512;
        self.0.resize(full, 0);
        self
    }

    fn file(self, path: &str, content: &str) -> Self {
        self.entry(path, EntryType::Regular, content.as_bytes())
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        zipped(&self.0)
    }
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn names(folder: &Folder) -> Vec<&str> {
    folder.files().map(|(path, _)| path).collect()
}

fn refusal(archive: &[u8]) -> String {
    match unpack(archive, &SMALL) {
        Err(Refusal::Lasting(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_come_out_as_they_went_in() {
    let mut builder = Builder::new(Vec::new());
    let long = format!("{}/main.py", "folder".repeat(30));
    for (path, content) in [
        ("./main.py", "print('hello')"),
        ("lib/deep/util.py", ""),
        (&*long, "long"),
    ] {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        builder
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    let archive = zipped(&builder.into_inner().unwrap());
    let folder = unpack(&archive, &SMALL).unwrap();
    assert_eq!(names(&folder), [&*long, "lib/deep/util.py", "main.py"]);
    let (_, main) = folder.files().last().unwrap();
    assert_eq!(main, b"print('hello')");
}

#[test]
fn folders_and_words_about_the_commit_are_no_files() {
    let archive = Bad::default()
        .entry(
            "pax_global_header",
            EntryType::XGlobalHeader,
            b"19 comment=deadbeef\n",
        )
        .entry("./", EntryType::Directory, b"")
        .entry("src/", EntryType::Directory, b"")
        .file("src//./main.py", "x")
        .end();
    let folder = unpack(&archive, &SMALL).unwrap();
    assert_eq!(names(&folder), ["src/main.py"]);
    assert!(
        unpack(&zipped(&[]), &SMALL)
            .unwrap()
            .files()
            .next()
            .is_none()
    );
}

#[test]
fn parts_that_were_packed_one_by_one_are_one_archive() {
    let whole = Bad::default().file("main.py", &"x".repeat(3000)).0;
    let (first, second) = whole.split_at(700);
    let archive = [zipped(first), zipped(second)].concat();
    assert_eq!(names(&unpack(&archive, &SMALL).unwrap()), ["main.py"]);
}

#[test]
fn nothing_leads_out_and_nothing_but_files_is_taken() {
    let rows: [(&str, EntryType, &str); 14] = [
        ("../main.py", EntryType::Regular, "leads out"),
        ("a/../../main.py", EntryType::Regular, "leads out"),
        ("a/..", EntryType::Directory, "leads out"),
        ("/etc/passwd", EntryType::Regular, "absolute"),
        ("a\\..\\b.py", EntryType::Regular, "backslash"),
        ("a\nb.py", EntryType::Regular, "control character"),
        (".", EntryType::Regular, "no name"),
        ("link.py", EntryType::Symlink, "is a link"),
        ("hard.py", EntryType::Link, "is a link"),
        ("dev", EntryType::Char, "neither a file nor a folder"),
        ("disk", EntryType::Block, "neither a file nor a folder"),
        ("pipe", EntryType::Fifo, "neither a file nor a folder"),
        ("holes", EntryType::GNUSparse, "neither a file nor a folder"),
        ("odd", EntryType::new(b'Q'), "neither a file nor a folder"),
    ];
    for (path, kind, words) in rows {
        let archive = Bad::default()
            .file("main.py", "x")
            .entry(path, kind, b"")
            .end();
        let why = refusal(&archive);
        assert!(why.contains(words), "{path}: {why}");
        assert!(why.contains("spec.ignore"), "what mends it: {why}");
    }
}

#[test]
fn a_path_is_short_and_is_text() {
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(0);
    let long = vec!["folder"; 200].join("/");
    builder.append_data(&mut header, &long, &[][..]).unwrap();
    let why = refusal(&zipped(&builder.into_inner().unwrap()));
    assert!(why.contains("900 bytes"), "{why}");
    assert!(why.len() < 800, "it is not all repeated: {why}");

    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..4].copy_from_slice(b"\xff\xfe.p");
    header.set_size(0);
    let why = refusal(&Bad::default().with_header(header, b"").end());
    assert!(why.contains("not UTF-8"), "{why}");
}

#[test]
fn one_path_is_one_file() {
    for (first, second) in [
        ("main.py", "./main.py"),
        ("lib", "lib/util.py"),
        ("lib/util.py", "lib"),
    ] {
        let archive = Bad::default().file(first, "1").file(second, "2").end();
        let why = refusal(&archive);
        assert!(why.contains("twice"), "{first} and {second}: {why}");
    }
}

#[test]
fn what_inflates_without_end_is_left_soon() {
    let zeros = "\0".repeat(6_000);
    let two = Bad::default().file("a", &zeros).file("b", &zeros).end();
    assert!(refusal(&two).contains("unpacks to more than"));

    // A size that no content follows.
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[0] = b'a';
    header.set_size(1 << 40);
    let liar = Bad::default().with_header(header, b"").end();
    assert!(refusal(&liar).contains("unpacks to more than"));

    // A header that would be read into memory as a whole.
    let long = vec![b'a'; 3_000_000];
    let name = Bad::default()
        .entry("././@LongLink", EntryType::GNULongName, &long)
        .end();
    assert!(refusal(&name).contains("more beside its files"));

    // A folder with a content, which is skipped.
    let full = Bad::default()
        .entry("a/", EntryType::Directory, &long)
        .file("b", "x")
        .end();
    assert!(refusal(&full).contains("more beside its files"));

    // After the end of the archive.
    let mut tail = Bad::default().file("main.py", "x").0;
    tail.resize(3_000_000, 0);
    assert!(refusal(&zipped(&tail)).contains("more beside its files"));
}

#[test]
fn what_comes_out_is_within_the_limit_by_its_own_count() {
    let limits = Limits {
        bytes: 10_000,
        entries: 1_000,
    };
    let of = |count| {
        let all = (0..count).fold(Bad::default(), |all, index| {
            all.file(&format!("{index:0>90}.py"), "x")
        });
        unpack(&all.end(), &limits)
    };
    let fits = limits.bytes / Folder::takes(&"x".repeat(93), 1);
    assert!(of(fits).unwrap().size() <= limits.bytes);
    match of(fits + 1) {
        Err(Refusal::Lasting(why)) => assert!(why.contains("unpacks to more"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bomb_of_the_real_size_is_left_at_the_limit() {
    let header = |size| {
        let mut header = Header::new_gnu();
        header.as_gnu_mut().unwrap().name[0] = b'a';
        header.set_size(size);
        header
    };
    let mut archive = GzEncoder::new(Vec::new(), Compression::fast());
    let exact = Bad::default().with_header(header(LIMITS.bytes as u64 + 1), b"");
    archive.write_all(&exact.0).unwrap();
    let archive = archive.finish().unwrap();
    match unpack(&archive, &LIMITS) {
        Err(Refusal::Lasting(why)) => assert!(why.contains("more than 64 MiB"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn there_are_not_too_many() {
    let many = |count| {
        (0..count).fold(Bad::default(), |all, index| {
            all.entry(&format!("d{index}/"), EntryType::Directory, b"")
        })
    };
    assert!(unpack(&many(SMALL.entries).end(), &SMALL).is_ok());
    let why = refusal(&many(SMALL.entries + 1).end());
    assert!(why.contains("more than 20 entries"), "{why}");
}

#[test]
fn half_an_archive_is_none() {
    let noise: String = (0_u32..2_000)
        .map(|index| char::from(b'a' + u8::try_from(index.wrapping_mul(7919) >> 3 & 15).unwrap()))
        .collect();
    let whole = Bad::default()
        .file("main.py", &noise)
        .file("b.py", "x")
        .end();
    assert!(unpack(&whole, &SMALL).is_ok());
    for length in (1..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let why = refusal(&whole[..length]);
        assert!(
            why.contains("ends in the middle") || why.contains("not a sound"),
            "{length} of {}: {why}",
            whole.len()
        );
    }
    let inner = Bad::default().file("main.py", &noise).0;
    assert!(refusal(&zipped(&inner[..700])).contains("ends in the middle"));
}

#[test]
fn what_is_no_archive_is_told() {
    for bytes in [
        &b"<html>not found</html>"[..],
        &zipped(&b"no tar at all".repeat(100)),
        &zipped(b"short"),
    ] {
        let why = refusal(bytes);
        assert!(why.contains("tar.gz") || why.contains("middle"), "{why}");
    }
    let mut spoilt = Bad::default().file("main.py", "x").end();
    let at = spoilt.len() - 6;
    spoilt[at] ^= 1;
    assert!(
        refusal(&spoilt).contains("tar.gz"),
        "the checksum is checked"
    );
}
