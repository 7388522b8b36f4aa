//! Repositories: everything Zygos remembers, behind one trait. The only SQL lives here.
//!
//! Reading is a set of plain questions. Writing is one method, [`Repository::commit`]: a list of [`Mutation`]s
//! that lands whole or not at all. That a decision and its outbox rows, or an outcome, its new base, its link and its
//! journal entry, belong together is therefore visible where they are made, and every implementation keeps it.
//!
//! What is in `sql` serves SQLite and PostgreSQL alike: it is compiled once over the types of each driver, and what
//! differs between the two is in the `dialect` and `connect` beside it.

#![expect(clippy::duplicate_mod, reason = "`sql` is compiled over either driver's types")]

mod error;
mod keys;
mod memory;
mod mutation;
mod postgres;
mod repository;
mod rows;
mod sqlite;

pub use error::StorageError;
pub use memory::MemoryRepository;
pub use mutation::Mutation;
pub use postgres::PostgresRepository;
pub use repository::Repository;
pub use rows::*;
pub use sqlite::SqliteRepository;
