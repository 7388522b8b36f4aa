//! Lists to choose from.

use serde_json::Value;
use zygos_core::{
    RemoteKey,
    contract::{ConnectorError, ErrorKind, Named},
};

use super::{known::Visit, read::Fields};

/// Units of measure. The list is known, the shape of its entries is not: `{id, name}` and plain names are read
/// (inferred, dossier §5.6). A store without the list has none to offer.
pub(super) async fn measures(visit: Visit<'_>) -> Result<Vec<Named>, ConnectorError> {
    let answer = match visit.get("/taxonomy/measurement_units").await {
        Ok(answer) => answer,
        Err(ConnectorError { kind: ErrorKind::NotFound | ErrorKind::Unsupported, .. }) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let rows = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(rows.iter().filter_map(measure).collect())
}

fn measure(row: &Value) -> Option<Named> {
    if let Some(name) = row.as_str() {
        return Some(Named { key: RemoteKey::new(name), code: None, name: name.to_owned() });
    }
    let fields = Fields::of(row).ok()?;
    let name = fields.text("name")?;
    Some(Named { key: fields.key("id").ok()?.unwrap_or_else(|| RemoteKey::new(&name)), code: None, name })
}
