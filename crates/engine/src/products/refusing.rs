//! What a side refuses of a write, and what else of it can go all the same.

use std::collections::BTreeMap;

use zygos_core::{
    catalogue::{FieldChange, ProductRule, writes},
    contract::{ConnectorError, ErrorKind, PriceKind, ProductChanges, Side},
    model::Field,
};
use zygos_storage::{OutboxRecord, OutboxRow, Settled};

use super::{REFUSED, Work};
use crate::{
    engine::{Engine, lock},
    error::Result,
    settings::{Connection, StoreSettings},
};

/// What is left of a write whose refused fields were taken out.
pub(super) struct Rest {
    /// To either side.
    pub changes: Vec<FieldChange>,
    /// `None`: nothing else was to be written.
    pub write: Option<ProductChanges>,
    /// What waits.
    pub fields: Vec<Field>,
}

/// What can be written to `side` without the field that it refused; `None`: no field of these is what it refused.
///
/// A price with tax is meant with the tax it was computed by: where that can't be set, it waits too, whichever side it
/// is written to.
pub(super) fn without_refused(
    error: &ConnectorError,
    changes: &[FieldChange],
    side: Side,
    rule: &ProductRule,
) -> Option<Rest> {
    let ErrorKind::Rejected { field: Some(field) } = &error.kind else { return None };
    let refused = Field::from_code(field)?;
    let (to_store, to_erp) = writes(changes, rule);
    let write = match side {
        Side::Store => to_store?,
        Side::Erp => to_erp?,
    };
    // The other side's prices were computed by the tax that the store was to have.
    let is_converted = rule.price.as_ref().is_some_and(|price| price.authority != price.erp_holds);
    let by_tax = |change: &FieldChange| {
        let is_priced = matches!(change.field, Field::Price | Field::OldPrice);
        is_priced
            && match change.to == side {
                true => write.prices == PriceKind::Gross || !change.settles(),
                false => side == Side::Store && is_converted,
            }
    };
    let is_among = |change: &&FieldChange| {
        (change.to == side && change.field == refused) || (refused == Field::Tax && by_tax(change))
    };
    let mut fields: Vec<Field> = changes
        .iter()
        .filter(is_among)
        .filter(|change| change.settles())
        .map(|change| change.field)
        .collect();
    if !fields.contains(&refused) {
        return None;
    }
    if refused == Field::Tax && side == Side::Store && is_converted {
        // Even one that is right for the tax that was to be, and stays as it is.
        fields.push(Field::Price);
    }
    fields.sort_unstable();
    fields.dedup();
    let changes: Vec<FieldChange> = changes.iter().filter(|change| !is_among(change)).cloned().collect();
    let (to_store, to_erp) = writes(&changes, rule);
    let write = match side {
        Side::Store => to_store,
        Side::Erp => to_erp,
    };
    Some(Rest { changes, write, fields })
}

/// What a side refused of one write, field after field.
#[derive(Default)]
pub(super) struct Refused {
    fields: Vec<Field>,
    said: Vec<String>,
}

impl Refused {
    pub fn add(&mut self, fields: Vec<Field>, error: &ConnectorError) {
        self.fields.extend(fields);
        self.said.push(error.to_string());
    }

    pub fn is_nothing(&self) -> bool {
        self.said.is_empty()
    }

    fn said(&self) -> String {
        self.said.join("; ")
    }

    fn waiting(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(|field| field.words()).collect();
        match names.as_slice() {
            [] => "this product waits".to_owned(),
            [one] => format!("its {one} waits"),
            several => format!("its {} wait", several.join(" and ")),
        }
    }
}

/// What waits for a person because it was refused: the text of its issue, by row.
pub(super) type Waiting = BTreeMap<OutboxRecord, String>;

/// What an issue says of this field, if it is among those that wait.
pub(super) fn waits_for(text: &str, field: Option<Field>) -> Option<String> {
    let waits = text.split("Only ").skip(1).any(|part| match (part.split_once(" wait"), field) {
        (Some(("this product", _)), _) => true,
        (Some((names, _)), Some(field)) => names.contains(field.words()),
        _ => false,
    });
    waits.then(|| text.to_owned())
}

impl Engine {
    /// The rows of a store that wait because something of them was refused.
    pub(super) async fn refused_rows(&self, store: &StoreSettings) -> Result<Waiting> {
        let rows = self.repository.outbox(Some(&store.connection.id), u32::MAX >> 1).await?;
        let mut waiting = Waiting::new();
        for row in rows {
            let Some(held_by) = row.held_by else { continue };
            let issue = self.repository.issue(held_by).await?;
            if let Some(issue) = issue.filter(|issue| issue.kind == REFUSED) {
                waiting.insert(row.record, issue.text);
            }
        }
        Ok(waiting)
    }

    /// Tells a person what a side refuses, beside what was refused of this row before; answers how the row ends by it.
    pub(super) async fn held_by_refusal(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        target: &Connection,
        record: &str,
        refused: &Refused,
    ) -> Result<Option<Settled>> {
        let OutboxRecord::Product { key, side } = &row.record else { return Ok(None) };
        let store = &work.store.connection.id;
        let home = match side {
            Side::Store => store,
            Side::Erp => &self.settings.erp.id,
        };
        let text = format!(
            "{} refuses {record} (id {key} in {home}): {}. Only {}; it is tried again when it is edited on either side, or by \
             `zygos replay`.",
            target.id,
            refused.said(),
            refused.waiting()
        );
        let text = {
            let mut refusals = lock(&work.refusals);
            let of_row = refusals.entry(row.id).or_default();
            of_row.push(text);
            of_row.join(" ")
        };
        self.commit(vec![self.issue(store, REFUSED, key.as_str(), text, &["retry"])]).await?;
        let issue = self.repository.open_issue(store, REFUSED, key.as_str()).await?;
        Ok(issue.map(|issue| Settled::Held { issue: issue.id }))
    }
}
