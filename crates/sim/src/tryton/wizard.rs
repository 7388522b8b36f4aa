//! The one wizard a synchronising program needs: what becomes of a cancelled shipment's goods.

use serde_json::{Value as Json, json};

use super::{
    context::Context,
    errors::{Failure, Outcome},
    records::ids_of,
    sales,
    state::Erp,
};

const EXCEPTION: &str = "sale.handle.shipment.exception";

/// `wizard.<name>.<step>`.
pub(super) fn call(
    erp: &mut Erp,
    name: &str,
    step: &str,
    params: &[Json],
    context: &Context,
) -> Outcome<Json> {
    if name != EXCEPTION {
        return Err(Failure::key(name));
    }
    let sale = || {
        let id = context.active_id.filter(|id| erp.store.exists(sales::SALE, *id));
        id.ok_or_else(|| Failure::key("active_id"))
    };
    let session = params.first().and_then(Json::as_i64).unwrap_or(0);
    let known = erp.wizards.contains(&session);
    match step {
        "create" => {
            sale()?;
            let session = erp.wizards.last().map_or(1, |last| last + 1);
            erp.wizards.insert(session);
            Ok(json!([session, "ask", "end"]))
        }
        "delete" => {
            erp.wizards.remove(&session);
            Ok(Json::Null)
        }
        "execute" if known => match params.get(2).and_then(Json::as_str) {
            Some("ask") => {
                let open = sales::open_exceptions(&erp.store, sale()?);
                Ok(json!({"view": {
                    "defaults": {"domain_moves": open, "ignore_moves": open, "recreate_moves": []},
                    "state": "ask",
                }}))
            }
            Some("handle") => {
                let sale = sale()?;
                let ask = params.get(1).and_then(|data| data.get("ask")).cloned().unwrap_or_default();
                let chosen = |field: &str| ids_of(ask.get(field).unwrap_or(&json!([])));
                let (ignored, recreated) = (chosen("ignore_moves")?, chosen("recreate_moves")?);
                sales::settle_exceptions(&mut erp.store, sale, &ignored, &recreated)?;
                Ok(json!({}))
            }
            _ => Err(Failure::key("state")),
        },
        "execute" => Err(Failure::key("session")),
        _ => Err(Failure::Http(http::StatusCode::FORBIDDEN, super::rpc::FORBIDDEN)),
    }
}
