//! Every symbol of the header has its version, and every function its place in `volcv_api`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::header::Header;
use super::layout::workspace_version;
use super::{Build, compile, fresh_folder, ran, root};

/// The lines of `docs/symbols-in-versions`: a name, and the version that brought it.
fn listed() -> Vec<(String, Vec<u32>)> {
    let text = fs::read_to_string(root().join("docs/symbols-in-versions")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once(' ').unwrap_or_else(|| panic!("{line} is not a name and a version")));
    pairs.map(|(name, version)| (name.to_owned(), numbers(version))).collect()
}

fn numbers(version: &str) -> Vec<u32> {
    let numbers: Vec<u32> = version.split('.').map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers.len(), 3, "{version}");
    numbers
}

/// Every name that the header gives to a program.
fn names() -> BTreeSet<String> {
    let text = Header::read().text;
    let code: String = text.split("/*").map(|piece| piece.split_once("*/").map_or(piece, |it| it.1)).collect();
    let mut names = BTreeSet::new();
    for line in code.lines() {
        let name = if let Some(rest) = line.strip_prefix("#define ") {
            rest.split([' ', '(']).next()
        } else if let Some(rest) = line.strip_prefix("static inline void ") {
            rest.split('(').next()
        } else if let Some((_, rest)) = line.split_once("(VOLCV_CALL *").filter(|_| line.starts_with("typedef ")) {
            rest.split(')').next()
        } else if let Some((_, rest)) = line.split_once("VOLCV_CALL ").filter(|_| line.starts_with("VOLCV_API ")) {
            rest.split('(').next()
        } else if line.starts_with("typedef struct ") {
            line.split([' ', ';']).nth(2)
        } else if line.starts_with("typedef ") {
            line.trim_end_matches(';').split(' ').next_back()
        } else {
            None
        };
        names.extend(name.map(str::to_owned));
    }
    // The guard is nobody's to use.
    assert!(names.remove("VOLCV_H") && names.len() > 240, "{names:#?}");
    names
}

#[test]
fn each_symbol_of_the_header_is_listed_with_the_version_that_brought_it() {
    let listed = listed();
    let in_list: BTreeSet<_> = listed.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(in_list.len(), listed.len(), "a name is there twice");
    let (missing, stale): (Vec<_>, Vec<_>) =
        (&names() ^ &in_list).into_iter().partition(|name| !in_list.contains(name));
    assert!(missing.is_empty() && stale.is_empty(), "missing: {missing:#?}, not in the header: {stale:#?}");
    let lower: Vec<_> = listed.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert!(lower.is_sorted(), "the names are in alphabetical order");
    let now = numbers(&workspace_version());
    let late: Vec<_> = listed.iter().filter(|(_, version)| *version > now).collect();
    assert!(late.is_empty(), "newer than the workspace: {late:?}");
}

/// The functions of the table in the order that never changes: by version, then as in the header.
fn in_order() -> Vec<String> {
    let listed = listed();
    let functions = Header::read().functions().into_iter().map(|function| function.name);
    let mut functions: Vec<_> = functions.filter(|name| name != "volcv_get_api").collect();
    functions.sort_by_key(|name| listed.iter().find(|(known, _)| known == name).map(|(_, version)| version.clone()));
    functions
}

#[test]
fn the_table_has_every_function_in_an_order_that_only_grows() {
    let mut text = String::from("#include \"check.h\"\n\nint main(void)\n{\n    volcv_api api = VOLCV_API_INIT;\n");
    text += "    size_t at = 8;\n    IS(volcv_get_api(VOLCV_ABI_VERSION, &api), VOLCV_OK);\n";
    text += "    CHECK(api.struct_size == sizeof api && api.reserved == 0);\n";
    for function in in_order() {
        let field = function.strip_prefix("volcv_").unwrap();
        writeln!(text, "    CHECK(api.{field} == {function} && offsetof(volcv_api, {field}) == at);").unwrap();
        text += "    at += sizeof(void *);\n";
    }
    text += "    CHECK(at == sizeof api);\n    puts(\"ok\");\n    return 0;\n}\n";
    let source = fresh_folder("table").join("table.c");
    fs::write(&source, text).unwrap();
    let include = format!("-I{}", root().join("tests/c").display());
    for build in [Build::Full, Build::NoHttp] {
        let program = compile("cc", &["-std=gnu11", "-pthread", &include], source.to_str().unwrap(), build);
        assert_eq!(ran(Command::new(program).env_remove("LD_LIBRARY_PATH")), "ok\n");
    }
}

#[test]
fn a_host_with_another_header_gets_the_part_of_the_table_that_it_knows() {
    let source = r#"#include "check.h"

static union { volcv_api api; unsigned char bytes[5000]; } room;

static volcv_result get(uint32_t abi, uint32_t size)
{
    memset(&room, 0xAB, sizeof room);
    room.api.struct_size = size;
    return volcv_get_api(abi, &room.api);
}

/* Every byte from `from` to `to` is `value`. */
static int all(size_t from, size_t to, unsigned char value)
{
    for (; from < to && room.bytes[from] == value; from++) {}
    return from == to;
}

int main(void)
{
    const uint32_t size = sizeof(volcv_api), pointer = sizeof(void *);
    const uint32_t wrong[] = {0, 4, 7, 4097, 0x80000000u, 0xFFFFFFFFu};
    volcv_api whole = VOLCV_API_INIT;
    IS(volcv_get_api(VOLCV_ABI_VERSION, &whole), VOLCV_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        IS(get(VOLCV_ABI_VERSION, wrong[i]), VOLCV_E_INVALID_ARGUMENT);
        CHECK(room.api.struct_size == wrong[i] && all(4, sizeof room, 0xAB));
    }
    /* Older ones, with each number of functions, and one that cuts a pointer. */
    for (uint32_t known = 8; known <= size; known += pointer) {
        IS(get(VOLCV_ABI_VERSION, known), VOLCV_OK);
        CHECK(memcmp(room.bytes + 8, (const unsigned char *)&whole + 8, known - 8) == 0 && all(known, sizeof room, 0xAB));
    }
    IS(get(VOLCV_ABI_VERSION, size - 1), VOLCV_OK);
    CHECK(all(size - pointer, size - 1, 0) && all(size - 1, sizeof room, 0xAB));
    /* A newer one: what this library does not have is NULL. */
    IS(get(VOLCV_ABI_VERSION, 4096), VOLCV_OK);
    CHECK(room.api.struct_size == 4096 && memcmp(room.bytes + 8, (const unsigned char *)&whole + 8, size - 8) == 0);
    CHECK(all(size, 4096, 0) && all(4096, sizeof room, 0xAB));
    /* Another ABI. */
    IS(get(VOLCV_ABI_VERSION + 1, size), VOLCV_E_ABI_MISMATCH);
    CHECK(room.api.struct_size == size && all(4, size, 0) && all(size, sizeof room, 0xAB));
    puts("ok");
    return 0;
}
"#;
    let file = fresh_folder("other-table").join("other.c");
    fs::write(&file, source).unwrap();
    let include = format!("-I{}", root().join("tests/c").display());
    let flags = ["-std=gnu11", "-pthread", "-Wno-unused-function", &include];
    assert_eq!(
        ran(Command::new(compile("cc", &flags, file.to_str().unwrap(), Build::Full)).env_remove("LD_LIBRARY_PATH")),
        "ok\n"
    );
}
