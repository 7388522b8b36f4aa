//! Where the state is: a file beside the configuration, or a PostgreSQL database that several machines share.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::{ExposeSecret, SecretString};
use zygos_core::WorkspaceId;
use zygos_storage::{PostgresRepository, Repository, SqliteRepository, StorageError};

use crate::{failure::Failure, owner::OwnerLock};

/// As the configuration or the command says it.
#[derive(Clone, Debug)]
pub enum StatePlace {
    /// As written: counted from the configuration's own folder.
    File(PathBuf),
    /// Its address may hold a password.
    Database(SecretString),
}

impl StatePlace {
    /// An address is a database, anything else a file.
    pub fn of(text: &str) -> Self {
        if is_address(text) {
            Self::Database(SecretString::from(text.to_owned()))
        } else {
            Self::File(PathBuf::from(text))
        }
    }

    /// What `--database` or ZYGOS_DATABASE says.
    pub fn of_address(text: &str) -> Result<Self, Failure> {
        if is_address(text) {
            return Ok(Self::of(text));
        }
        Err(Failure::Configuration(
            "--database (or ZYGOS_DATABASE) takes the address of a PostgreSQL database: \
             postgres://USER:PASSWORD@HOST:PORT/DATABASE"
                .to_owned(),
        ))
    }

    pub fn within(self, folder: &Path) -> Self {
        match self {
            Self::File(file) => Self::File(folder.join(file)),
            database @ Self::Database(_) => database,
        }
    }

    /// Whether a password is written into the address.
    pub fn holds_password(text: &str) -> bool {
        let user = text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        is_address(text) && (user.is_some_and(|(user, _)| user.contains(':')) || text.contains("password="))
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Database(_) => None,
        }
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// The open state.
#[derive(Clone)]
pub enum State {
    File(SqliteRepository),
    Database(PostgresRepository),
}

impl State {
    pub async fn open(place: &StatePlace, workspace: WorkspaceId) -> Result<Self, StorageError> {
        Ok(match place {
            StatePlace::File(file) => Self::File(SqliteRepository::open(file, workspace).await?),
            StatePlace::Database(url) => {
                Self::Database(PostgresRepository::open(url.expose_secret(), workspace).await?)
            }
        })
    }

    pub fn repository(&self) -> Arc<dyn Repository> {
        match self {
            Self::File(file) => Arc::new(file.clone()),
            Self::Database(database) => Arc::new(database.clone()),
        }
    }

    pub async fn close(self) {
        match self {
            Self::File(file) => file.close().await,
            Self::Database(database) => database.close().await,
        }
    }
}

/// What others know this process by. Of a database other machines work with, a lock on this one's disk says nothing.
pub fn owner(place: &StatePlace) -> Result<OwnerLock, Failure> {
    match place {
        StatePlace::File(file) => OwnerLock::take(file),
        StatePlace::Database(_) => Ok(OwnerLock::without_a_file()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_database_and_anything_else_a_file() {
        assert!(StatePlace::of("zygos.db").file().is_some());
        assert!(StatePlace::of("postgres://zygos@localhost/zygos").file().is_none());
        assert!(StatePlace::of("postgresql://localhost/zygos").file().is_none());
        let error = StatePlace::of_address("localhost/zygos").unwrap_err().to_string();
        assert!(error.contains("postgres://USER:PASSWORD@HOST:PORT/DATABASE"), "{error}");
    }

    #[test]
    fn a_password_in_an_address_is_seen() {
        assert!(StatePlace::holds_password("postgres://zygos:secret@localhost:5432/zygos"));
        assert!(StatePlace::holds_password("postgres://localhost/zygos?user=zygos&password=secret"));
        assert!(!StatePlace::holds_password("postgres://zygos@localhost:5432/zygos"));
        assert!(!StatePlace::holds_password("zygos:1@2.db"));
    }
}
