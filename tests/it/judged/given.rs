//! The pictures of the folder `VOLCV_TEST_PICTURES`: PngSuite, EXIF samples, the test pictures of libjpeg-turbo, and BMPs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::judge::{EXACT, JPEG, Pixels, Tolerance, Verdict, agree, close, libspng, ours, pillow};

/// The files of a folder with these endings, sorted. Without the variable it says what is not checked.
fn given(folder: &str, endings: &[&str]) -> Option<Vec<PathBuf>> {
    let Some(root) = std::env::var_os("VOLCV_TEST_PICTURES") else {
        // Not by a macro: the test runner would keep the line.
        let _ = writeln!(std::io::stderr(), "NOT CHECKED: VOLCV_TEST_PICTURES is not set: {folder}/");
        return None;
    };
    let files = fs::read_dir(Path::new(&root).join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let wanted = |file: &PathBuf| file.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted));
    let mut files: Vec<PathBuf> = files.filter(wanted).collect();
    files.sort();
    Some(files)
}

fn name(file: &Path) -> &str {
    file.file_name().unwrap().to_str().unwrap()
}

fn one(verdicts: Vec<Verdict>) -> Pixels {
    let [verdict] = <[Verdict; 1]>::try_from(verdicts).ok().unwrap();
    verdict.unwrap()
}

#[test]
fn the_161_good_files_of_pngsuite_decode_as_libspng_decodes_them() {
    let Some(mut files) = given("pngsuite", &["png"]) else { return };
    files.retain(|file| !name(file).starts_with('x'));
    assert_eq!(files.len(), 161);
    agree(&files, &libspng("suite", &files), EXACT, &[]);
}

#[test]
fn the_14_broken_files_of_pngsuite_are_refused() {
    let Some(mut files) = given("pngsuite", &["png"]) else { return };
    files.retain(|file| name(file).starts_with('x'));
    assert_eq!(files.len(), 14);
    let accepted: Vec<_> = files.iter().filter(|file| ours(file).is_ok()).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn photos_with_an_exif_orientation_are_upright_as_with_pillow() {
    let Some(files) = given("exif", &["jpg"]) else { return };
    agree(&files, &pillow("exif", "", &files), JPEG, &[]);
}

#[test]
fn the_pictures_of_libjpeg_turbo_decode_as_with_pillow_or_are_refused_by_name() {
    let Some(mut files) = given("jpeg", &["jpg"]) else { return };
    let root = files[0].parent().unwrap().to_owned();
    let refused = [("monkey12.jpg", "12"), ("testimgari.jpg", "arithmetic")];
    for (file, why) in refused {
        let error = ours(&root.join(file)).err().unwrap_or_else(|| panic!("{file} is accepted"));
        assert!(error.contains(why), "{file}: {error}");
    }
    files.retain(|file| refused.iter().all(|(refused, _)| name(file) != *refused));
    agree(&files, &pillow("turbo", "", &files), JPEG, &[]);
    // The reference that comes with the file. Pillow's pixels of the file are themselves 0.2 levels away from it.
    let reference = one(pillow("reference", "", &[root.join("testorig.ppm")]));
    close(&ours(&root.join("testorig.jpg")).unwrap(), &reference, JPEG).unwrap();
    // 16 bits with a profile, converted by LittleCMS.
    let deep = [root.join("monkey16.png")];
    agree(&deep, &pillow("profile", "icc:", &deep), Tolerance { most: 4, mean: 0.6 }, &[]);
}

#[test]
fn bitmaps_of_every_header_decode_as_with_pillow() {
    let Some(files) = given("bmp", &["bmp"]) else { return };
    // Pillow of Debian 12 does not read the header of 56 bytes.
    let unjudged = ["V3_A4_R4_G4_B4.bmp", "V3_R5_G6_B5.bmp"];
    agree(&files, &pillow("bmp", "", &files), EXACT, &unjudged);
}
