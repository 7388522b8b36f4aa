//! The machine that this runs on: this program, and the disk with the state.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use zygos_core::{
    contract::{CheckFinding, Severity},
    doctor::{Room, room},
};
use zygos_storage::SqliteRepository;

use crate::state::StatePlace;

/// This program and the state it knows.
pub(super) fn product() -> String {
    format!("zygos {}, state version {}", env!("CARGO_PKG_VERSION"), SqliteRepository::schema_version())
}

/// A database's disk is its server's matter.
pub(super) fn findings(state: &StatePlace) -> Vec<CheckFinding> {
    state.file().map(of_disk).into_iter().collect()
}

fn of_disk(state: &Path) -> CheckFinding {
    let folder = match state.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match free(folder) {
        Ok(free) => room(&folder.display().to_string(), Room { free, state: size(state) }),
        Err(error) => CheckFinding {
            severity: Severity::Warning,
            message: format!("how much room {} has cannot be told: {error}", folder.display()),
        },
    }
}

/// Octets that this user may still write there.
fn free(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The state's file with what SQLite keeps beside it.
fn size(state: &Path) -> u64 {
    let beside = |end: &str| {
        let mut name = state.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let files = [state.to_owned(), beside("-wal"), beside("-shm")];
    files.iter().filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_state_counts_with_what_lies_beside_it() {
        let directory = TempDir::new().unwrap();
        let state = directory.path().join("zygos.db");
        assert_eq!(size(&state), 0);
        fs::write(&state, vec![0; 4096]).unwrap();
        fs::write(directory.path().join("zygos.db-wal"), vec![0; 1000]).unwrap();
        fs::write(directory.path().join("zygos.db.before"), vec![0; 7]).unwrap();
        assert_eq!(size(&state), 5096);
    }

    #[test]
    fn the_disk_is_asked_about_the_folder_of_the_state() {
        let directory = TempDir::new().unwrap();
        let found = vec![of_disk(&directory.path().join("zygos.db"))];
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains(&directory.path().display().to_string()), "{found:?}");
        assert!(found[0].message.contains(" free in "), "{found:?}");
        let missing = vec![of_disk(&directory.path().join("missing").join("zygos.db"))];
        assert_eq!(missing[0].severity, Severity::Warning);
        assert!(missing[0].message.contains("cannot be told"), "{missing:?}");
        // A name without a folder is in the current one.
        assert!(
            of_disk(Path::new("zygos.db")).message.contains(" free in .;"),
            "{:?}",
            of_disk(Path::new("zygos.db"))
        );
    }
}
