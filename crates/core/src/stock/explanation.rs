use rust_decimal::Decimal;
use serde::Serialize;

use super::Figure;
use crate::{
    ids::{ConnectionId, RemoteKey},
    money::plain,
};

/// Why a figure is what it is: every number of the formula.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// What the store should show.
    pub figure: Decimal,
    pub warehouses: Vec<WarehouseTerm>,
    /// Orders whose warehouse nobody knows: taken off the sum, once.
    pub unplaced: Vec<Taken>,
    pub sum: Decimal,
    pub buffer: Decimal,
    pub multiple: Decimal,
    pub max_listed: Option<Decimal>,
    pub backorders: bool,
}

/// One warehouse's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WarehouseTerm {
    pub warehouse: RemoteKey,
    pub name: String,
    pub kind: Figure,
    pub value: Decimal,
    /// Orders that the value doesn't deduct yet.
    pub taken: Vec<Taken>,
    /// What it adds to the sum.
    pub counts: Decimal,
}

/// What one order still takes off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Taken {
    pub store: ConnectionId,
    pub order: RemoteKey,
    pub quantity: Decimal,
}

impl Explanation {
    /// The formula in one line, for the journal.
    pub fn summary(&self) -> String {
        let mut parts: Vec<String> = self
            .warehouses
            .iter()
            .map(|term| {
                let taken: Decimal = term.taken.iter().map(|taken| taken.quantity).sum();
                let mut text = format!("{} {} {}", term.name, term.kind.name(), plain(term.value));
                if !taken.is_zero() {
                    text.push_str(&format!(" − {} ordered", plain(taken)));
                }
                text
            })
            .collect();
        let unplaced: Decimal = self.unplaced.iter().map(|taken| taken.quantity).sum();
        if !unplaced.is_zero() {
            parts.push(format!("− {} ordered, warehouse unknown", plain(unplaced)));
        }
        if !self.buffer.is_zero() {
            parts.push(format!("− buffer {}", plain(self.buffer)));
        }
        format!("{} = {}", parts.join(" + ").replace("+ −", "−"), plain(self.figure))
    }

    /// The formula line by line, for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for term in &self.warehouses {
            lines.push(format!("{}: {} {}", term.name, term.kind.name(), plain(term.value)));
            lines.extend(term.taken.iter().map(taken_line));
            if term.value < Decimal::ZERO {
                lines.push("  less than nothing cannot be there; count it in the ERP".to_owned());
            }
            if term.counts != term.value {
                lines.push(format!("  counts {}", plain(term.counts)));
            }
        }
        if !self.unplaced.is_empty() {
            lines.push("orders whose warehouse is not known:".to_owned());
            lines.extend(self.unplaced.iter().map(taken_line));
        }
        lines.push(format!("together {}", plain(self.sum)));
        if !self.buffer.is_zero() {
            lines.push(format!("less the buffer of {}", plain(self.buffer)));
        }
        let unplaced: Decimal = self.unplaced.iter().map(|taken| taken.quantity).sum();
        let exact = (self.sum - unplaced - self.buffer).normalize();
        if self.multiple > Decimal::ONE {
            lines.push(format!("rounded down to a multiple of {}", plain(self.multiple)));
        } else if exact.scale() > self.figure.scale() {
            lines.push("rounded down: it is not sold in smaller parts".to_owned());
        }
        if let Some(most) = self.max_listed {
            lines.push(format!("at most {} are listed", plain(most)));
        }
        lines.push(format!("= {}", plain(self.figure)));
        lines
    }
}

fn taken_line(taken: &Taken) -> String {
    format!("  less {} of order {} in {}", plain(taken.quantity), taken.order, taken.store)
}
