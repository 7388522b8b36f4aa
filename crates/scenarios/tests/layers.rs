//! The directions in which the rooms may depend on each other, and who alone may do what. ARCHITECTURE.md says why.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A room and the rooms it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("connectors", &["core"]),
    ("storage", &["core"]),
    ("sim", &["core"]),
    ("engine", &["core", "storage"]),
    ("server", &["core", "engine", "storage"]),
    ("scenarios", &["core", "connectors", "storage", "engine", "server", "sim"]),
    ("cli", &["core", "connectors", "storage", "engine", "server", "sim"]),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates/").to_owned()
}

fn dependencies(room: &str) -> Vec<String> {
    let manifest = fs::read_to_string(crates().join(room).join("Cargo.toml")).expect("a manifest");
    let table = manifest.split("[dependencies]").nth(1).expect("dependencies");
    let table = table.split("\n[").next().unwrap_or_default();
    table
        .lines()
        .filter_map(|line| Some(line.split(['.', ' ', '=']).next()?.to_owned()))
        .filter(|name| !name.is_empty())
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn text_of(room: &str) -> BTreeMap<PathBuf, String> {
    let mut found = Vec::new();
    sources(&crates().join(room).join("src"), &mut found);
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).expect("a source"))).collect()
}

#[test]
fn rooms_depend_only_downwards() {
    for (room, allowed) in ROOMS {
        for dependency in dependencies(room) {
            if let Some(other) = dependency.strip_prefix("zygos-") {
                assert!(allowed.contains(&other), "{room} must not depend on {other}");
            }
        }
    }
    let rooms = fs::read_dir(crates()).expect("crates/").count();
    assert_eq!(rooms, ROOMS.len(), "a room is missing from this list");
}

#[test]
fn only_storage_has_sql_and_only_the_transport_calls_out() {
    for (room, _) in ROOMS {
        let names = dependencies(room);
        assert!(*room == "storage" || !names.iter().any(|name| name == "sqlx"), "{room} has SQL");
        assert!(*room == "connectors" || !names.iter().any(|name| name == "reqwest"), "{room} calls out");
    }
    for (path, text) in text_of("connectors") {
        let is_transport = path.ends_with("transport.rs");
        assert!(is_transport || !text.contains("reqwest::"), "{} calls out", path.display());
    }
}

#[test]
fn core_asks_no_clock_no_file_and_no_environment() {
    for (path, text) in text_of("core") {
        for forbidden in
            ["std::fs", "std::env", "std::net", "tokio", "Timestamp::now", "SystemTime", "Instant::now"]
        {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn the_sandboxes_share_no_wire_types_with_the_connectors() {
    for (path, text) in text_of("sim") {
        assert!(!text.contains("zygos_connectors"), "{} shares types", path.display());
    }
}
