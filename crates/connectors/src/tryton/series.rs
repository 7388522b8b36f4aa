//! What differs between series of Tryton, and what is inferred rather than seen. Nothing else knows of either.

use std::time::Duration;

/// Path of a database's JSON-RPC door on 8.0 and newer (7.x: `/DB/`).
pub(super) fn rpc_path(database: &str) -> String {
    format!("/{database}/rpc/")
}

/// Path of the door that needs no login; it answers the version. 7.x has it at `/`.
pub(super) const ROOT_PATH: &str = "/rpc/";

/// Whether a version as the server tells it (`8.2`) has what the feeds of changes need: `last_modified_at` came
/// with 8.0.
pub(super) fn is_supported(version: &str) -> bool {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= 8)
}

/// When a record was last written; searchable and sortable on every stored model since 8.0.
pub(super) const MODIFIED: &str = "last_modified_at";

/// The price a variant is sold for, its own or its template's (8.x; on 7.0 `list_price` is that).
pub(super) const PRICE: &str = "list_price_used";

/// A party's identifiers as compared: without blanks and with the country in front (8.x).
pub(super) const IDENTIFIER_COMPACT: &str = "identifiers.code_compact";

/// *Inferred*: a write without answer may still be carried out this long. The server ends a request after 60 s of
/// reading; writes have no limit of their own, and queued work follows within seconds.
pub(super) const MAX_IN_FLIGHT: Duration = Duration::from_secs(120);

/// The longest that one call may take, when the caller's deadline does not come first.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Timestamps are the start of the writing transaction on PostgreSQL; one may be committed this much later than a
/// newer one was read. *Inferred* (source reading, not measured).
pub(super) const OVERLAP: Duration = Duration::from_secs(120);

/// The move that brings an outgoing move's goods from storage to the output zone (its `origin` names the outgoing
/// one). Seen on 8.2.
pub(super) const BROUGHT_BY: &str = "outcome_moves";
