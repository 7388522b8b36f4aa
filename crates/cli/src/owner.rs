//! A process proves that it lives by a lock that the system lets go of when it dies, however it dies.
//!
//! A state in SQLite belongs to one machine, so a file's lock says it all: beside the state lies a folder with one
//! file for each process that works with it, and each process keeps its own locked to its end. Whoever can lock
//! another's file knows that the other is dead, and need not wait until its leases run out.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use zygos_storage::StorageError;

use crate::failure::Failure;

/// Names that begin so have a file; who bears another name proves nothing by having none.
const PREFIX: &str = "lock-";
/// Names of processes that share a database.
const SHARED: &str = "shared-";

/// This process's name and its lock. Dropping it is the end of the process as far as others can tell.
pub struct OwnerLock {
    name: String,
    file: Option<Locked>,
}

/// A process's own file.
struct Locked {
    path: PathBuf,
    folder: PathBuf,
    _file: File,
}

impl OwnerLock {
    /// Locks a file of a new name beside the state, which must exist. Files of the dead are removed.
    pub fn take(state: &Path) -> Result<Self, Failure> {
        let name = format!("{PREFIX}{}-{}", std::process::id(), uuid::Uuid::now_v7());
        let folder = folder_of(state);
        let open = || {
            fs::create_dir_all(&folder)?;
            // Under its name it is locked from its first moment on: nobody ever sees it free.
            let path = folder.join(&name);
            let unnamed = folder.join(format!("{name}.new"));
            let file = File::create_new(&unnamed)?;
            file.try_lock().map_err(std::io::Error::from)?;
            fs::rename(&unnamed, &path)?;
            Ok((path, file))
        };
        let (path, file) = open().map_err(|error: std::io::Error| {
            let reason = format!("{error}; free some space, or let the user that runs Zygos write there");
            Failure::State(StorageError::Unwritable { place: folder.display().to_string(), reason })
        })?;
        let lock = Self { name, file: Some(Locked { path, folder, _file: file }) };
        lock.sweep();
        Ok(lock)
    }

    /// For a state that other machines work with too: nobody can be seen to be dead, and leases run out.
    pub fn without_a_file() -> Self {
        let name = format!("{SHARED}{}-{}", std::process::id(), uuid::Uuid::now_v7());
        Self { name, file: None }
    }

    /// Whether somebody who keeps a lease can be seen to live.
    pub fn tells_the_living(&self) -> bool {
        self.file.is_some()
    }

    /// How leases name this process.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this owner of leases is dead for certain. Its file, if any, is removed then.
    pub fn is_dead(&self, owner: &str) -> bool {
        let Some(own) = self.file.as_ref().filter(|_| owner != self.name && is_name(owner)) else {
            return false;
        };
        let path = own.folder.join(owner);
        match File::open(&path) {
            // It had one before it had a lease. If ours is gone too, somebody emptied the folder, and a gap says nothing.
            Err(error) if error.kind() == ErrorKind::NotFound => own.path.exists(),
            Err(_) => false,
            // Shared, so that two who ask at once don't take each other for the owner.
            Ok(file) => match file.try_lock_shared() {
                Ok(()) => {
                    // Left behind it does no harm: the next process sweeps it away.
                    let _ = fs::remove_file(&path);
                    true
                }
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
            },
        }
    }

    fn sweep(&self) {
        let Some(own) = &self.file else { return };
        let Ok(entries) = fs::read_dir(&own.folder) else { return };
        for entry in entries.flatten() {
            if let Some(name) = entry.file_name().to_str() {
                self.is_dead(name);
            }
        }
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // Left behind it is unlocked, which says the same.
        if let Some(own) = &self.file {
            let _ = fs::remove_file(&own.path);
        }
    }
}

/// One folder for all names of one file: a state reached through a link is the same state.
fn folder_of(state: &Path) -> PathBuf {
    let real = state.canonicalize().unwrap_or_else(|_| state.to_owned());
    let mut folder = real.into_os_string();
    folder.push(".owners");
    PathBuf::from(folder)
}

/// What a state says is not trusted to be a file name.
fn is_name(owner: &str) -> bool {
    owner.starts_with(PREFIX) && owner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// An owner of leases as people can find it.
pub fn in_words(owner: &str) -> String {
    let process = |prefix: &str| owner.strip_prefix(prefix).and_then(|rest| rest.split('-').next());
    match (process(PREFIX), process(SHARED)) {
        (Some(id), _) => format!("process {id}"),
        (None, Some(id)) => format!("process {id}, perhaps of another machine"),
        (None, None) => owner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn state(directory: &TempDir) -> PathBuf {
        let path = directory.path().join("zygos.db");
        fs::write(&path, "").unwrap();
        path
    }

    /// As a process that was killed leaves it: unlocked, but there.
    fn leave_behind(state: &Path) -> String {
        let name = format!("{PREFIX}1-{}", uuid::Uuid::now_v7());
        fs::create_dir_all(folder_of(state)).unwrap();
        fs::write(folder_of(state).join(&name), "").unwrap();
        name
    }

    fn files(state: &Path) -> usize {
        fs::read_dir(folder_of(state)).unwrap().count()
    }

    #[test]
    fn who_lives_is_never_taken_for_dead() {
        let directory = TempDir::new().unwrap();
        let state = state(&directory);
        let (one, other) = (OwnerLock::take(&state).unwrap(), OwnerLock::take(&state).unwrap());
        assert_ne!(one.name(), other.name());
        assert!(!one.is_dead(other.name()) && !other.is_dead(one.name()) && !one.is_dead(one.name()));
        assert_eq!(files(&state), 2);
    }

    #[test]
    fn who_ended_or_was_killed_is_dead_and_leaves_no_file() {
        let directory = TempDir::new().unwrap();
        let state = state(&directory);
        let one = OwnerLock::take(&state).unwrap();
        let other = OwnerLock::take(&state).unwrap();
        let (ended, killed) = (other.name().to_owned(), leave_behind(&state));
        drop(other);
        assert!(one.is_dead(&ended) && one.is_dead(&killed));
        assert_eq!(files(&state), 1);
        // Asked again, it stays dead.
        assert!(one.is_dead(&killed));
    }

    #[test]
    fn files_of_the_dead_are_swept_away_at_the_next_start() {
        let directory = TempDir::new().unwrap();
        let state = state(&directory);
        leave_behind(&state);
        leave_behind(&state);
        let _one = OwnerLock::take(&state).unwrap();
        assert_eq!(files(&state), 1);
    }

    #[test]
    fn owners_without_a_lock_of_their_own_are_never_dead_for_certain() {
        let directory = TempDir::new().unwrap();
        let one = OwnerLock::take(&state(&directory)).unwrap();
        for owner in ["", "scenario", "4711-0190", "lock-1-../../zygos.db", "lock-1.new"] {
            assert!(!one.is_dead(owner), "{owner}");
        }
    }

    #[test]
    fn an_emptied_folder_proves_nobodys_death() {
        let directory = TempDir::new().unwrap();
        let state = state(&directory);
        let (one, other) = (OwnerLock::take(&state).unwrap(), OwnerLock::take(&state).unwrap());
        fs::remove_dir_all(folder_of(&state)).unwrap();
        assert!(!one.is_dead(other.name()));
    }

    #[test]
    fn a_state_reached_through_a_link_is_the_same_state() {
        let directory = TempDir::new().unwrap();
        let state = state(&directory);
        let link = directory.path().join("link.db");
        std::os::unix::fs::symlink(&state, &link).unwrap();
        let (one, other) = (OwnerLock::take(&state).unwrap(), OwnerLock::take(&link).unwrap());
        assert!(!one.is_dead(other.name()) && !other.is_dead(one.name()));
    }

    #[test]
    fn an_owner_is_told_by_its_process() {
        assert_eq!(in_words("lock-4711-0190-af"), "process 4711");
        assert_eq!(in_words("scenario"), "scenario");
    }
}
