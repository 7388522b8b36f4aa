//! What every repository does, asked of each implementation.
//!
//! A behaviour is a function over `&dyn Repository`. In SQLite and PostgreSQL it runs in a database that another workspace
//! uses too, with records of the same names; that one must not notice.
//!
//! The modules are marked as tests for the lints: what panics in them is a test that fails.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod enqueueing;
#[cfg(test)]
mod everything;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod issues;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod links;
#[cfg(test)]
mod orders;
#[cfg(test)]
#[cfg(feature = "real-postgres")]
mod postgres_server;
#[cfg(test)]
mod products;
#[cfg(test)]
mod records;
#[cfg(test)]
mod sqlite_file;
#[cfg(test)]
mod support;
#[cfg(test)]
mod units;

/// Makes a test of each behaviour for each implementation.
#[macro_export]
macro_rules! behaviours {
    ($($behaviour:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(&zygos_storage::MemoryRepository::new()).await;
            })*
        }

        mod in_sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                let shared = $crate::support::SharedFile::new().await;
                super::$behaviour(&shared.repository).await;
                shared.neighbour_noticed_nothing().await;
            })*
        }

        #[cfg(feature = "real-postgres")]
        mod in_postgres {
            $(#[tokio::test]
            async fn $behaviour() {
                let shared = $crate::support::SharedDatabase::new().await;
                super::$behaviour(&shared.repository).await;
                shared.neighbour_noticed_nothing().await;
            })*
        }
    };
}
