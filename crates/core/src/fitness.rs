//! Whether two connections can do what a store's flows ask of them, in plain words.

use crate::contract::{Capabilities, CheckFinding, DocumentKind, Lookup, Severity, Totals, WriteMode};
use crate::model::Entity;

/// What is asked of a store and its ERP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Stock, ERP → store.
    pub stock: bool,
    /// Orders, store → ERP.
    pub orders: bool,
    /// Of the orders, back to the store.
    pub status: bool,
    pub tracking: bool,
    pub invoice_tag: bool,
}

/// Every limit that stands in the way of what is wanted (blocking) or narrows it (warning). `name` is the store's.
pub fn fitness(name: &str, wanted: Wanted, store: &Capabilities, erp: &Capabilities) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    let mut find = |severity, message: String| findings.push(CheckFinding { severity, message });
    use Severity::{Blocking, Warning};
    let (shop, ledger) = (store.vendor, erp.vendor);
    if wanted.stock {
        if !erp.can_fetch(Entity::Stock) {
            find(
                Blocking,
                format!("store {name}, stock: {ledger} cannot tell its stock; remove [store.stock]"),
            );
        }
        if !store.can_write(Entity::Stock, WriteMode::Update) {
            find(Blocking, format!("store {name}, stock: {shop} takes no stock; remove [store.stock]"));
        }
        if !erp.can_fetch(Entity::Deduction) {
            if erp.document == Some(DocumentKind::Invoice) {
                find(
                    Warning,
                    format!(
                        "store {name}, stock: {ledger} does not tell what it reserved for an order; its goods count as \
                         taken until the order is closed, so the store shows rather too little"
                    ),
                );
            } else {
                find(
                    Blocking,
                    format!(
                        "store {name}, stock: {ledger} cannot tell what it has taken off its figures for an order, so goods \
                         already sold would be put back on the shelf; remove [store.stock]"
                    ),
                );
            }
        }
        if !wanted.orders {
            find(
                Warning,
                format!(
                    "store {name}, stock: its orders are not read, so what it sold is put back on the shelf until the ERP \
                     knows of it by another way; add [store.orders]"
                ),
            );
        }
    }
    if wanted.orders {
        if !store.can_scan(Entity::Order) {
            find(
                Blocking,
                format!("store {name}, orders: {shop} cannot list its orders; remove [store.orders]"),
            );
        }
        for (entity, what) in [(Entity::Document, "sales"), (Entity::Customer, "customers")] {
            if !erp.can_write(entity, WriteMode::Create) {
                find(
                    Blocking,
                    format!("store {name}, orders: {ledger} takes no {what}; remove [store.orders]"),
                );
            }
        }
        if !erp.reference_enforced && erp.lookup == Lookup::None {
            find(
                Warning,
                format!(
                    "store {name}, orders: {ledger} neither refuses a second sale of the same order nor can be asked whether \
                     one arrived; an entry without answer waits for a person"
                ),
            );
        }
        if erp.totals == Totals::Never {
            find(
                Warning,
                format!(
                    "store {name}, orders: {ledger} does not tell the total it computes, so it cannot be compared with what \
                     the customer paid"
                ),
            );
        }
        let told = [
            (wanted.status, WriteMode::Transition, "status", "status"),
            (wanted.tracking, WriteMode::Tracking, "tracking", "waybill"),
            (wanted.invoice_tag, WriteMode::Tag, "invoice_tag", "tag"),
        ];
        for (is_wanted, mode, setting, what) in told {
            if is_wanted && !store.can_write(Entity::Order, mode) {
                find(
                    Warning,
                    format!(
                        "store {name}, feedback.{setting}: {shop} takes no {what} of an order; it will not be told"
                    ),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::contract::{Absence, EntityCapabilities, ReadMode, Side};

    fn side(side: Side, vendor: &'static str) -> Capabilities {
        let everything = EntityCapabilities {
            read: vec![ReadMode::Scan, ReadMode::Changes, ReadMode::Fetch],
            write: vec![
                WriteMode::Create,
                WriteMode::Update,
                WriteMode::Transition,
                WriteMode::Tracking,
                WriteMode::Tag,
            ],
            ..EntityCapabilities::default()
        };
        let entities = [
            Entity::Product,
            Entity::Stock,
            Entity::Order,
            Entity::Document,
            Entity::Deduction,
            Entity::Customer,
        ];
        Capabilities {
            vendor,
            side,
            entities: entities
                .into_iter()
                .map(|entity| (entity, everything.clone()))
                .collect::<BTreeMap<_, _>>(),
            reference_enforced: true,
            lookup: Lookup::Reference,
            max_in_flight: Duration::ZERO,
            totals: Totals::BeforeCommit,
            absence: Absence::Unknown,
            document: Some(DocumentKind::Order),
            line_needs_product: false,
        }
    }

    const ALL: Wanted = Wanted { stock: true, orders: true, status: true, tracking: true, invoice_tag: true };

    fn found(wanted: Wanted, change: impl FnOnce(&mut Capabilities, &mut Capabilities)) -> Vec<CheckFinding> {
        let (mut store, mut erp) = (side(Side::Store, "stall"), side(Side::Erp, "books"));
        change(&mut store, &mut erp);
        fitness("shop", wanted, &store, &erp)
    }

    #[test]
    fn sides_that_can_do_everything_have_nothing_against_them() {
        assert_eq!(found(ALL, |_, _| {}), []);
        assert_eq!(
            found(Wanted::default(), |store, erp| {
                store.entities.clear();
                erp.entities.clear();
            }),
            [],
            "what nobody wants limits nothing"
        );
    }

    #[test]
    fn stock_without_any_proof_of_what_the_erp_deducts_is_refused() {
        let without = |document| {
            found(ALL, |_, erp| {
                erp.entities.remove(&Entity::Deduction);
                erp.document = document;
            })
        };
        let refused = without(Some(DocumentKind::Order));
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(refused[0].severity, Severity::Blocking);
        assert!(refused[0].message.contains("store shop") && refused[0].message.contains("books"));
        assert_eq!(without(Some(DocumentKind::Invoice))[0].severity, Severity::Warning);
    }

    #[test]
    fn each_missing_ability_is_named_with_its_flow() {
        let cases: [(Entity, bool, usize, &str); 5] = [
            (Entity::Stock, false, 1, "cannot tell its stock"),
            (Entity::Stock, true, 1, "takes no stock"),
            (Entity::Document, false, 1, "takes no sales"),
            (Entity::Customer, false, 1, "takes no customers"),
            // Neither listed nor told anything.
            (Entity::Order, true, 4, "cannot list its orders"),
        ];
        for (entity, of_store, count, words) in cases {
            let findings = found(ALL, |store, erp| {
                let side = if of_store { store } else { erp };
                side.entities.remove(&entity);
            });
            assert_eq!(findings.len(), count, "{findings:?}");
            assert!(findings[0].message.contains(words), "{findings:?}");
        }
    }

    #[test]
    fn an_erp_that_can_be_asked_nothing_is_a_warning() {
        let findings = found(ALL, |_, erp| {
            erp.reference_enforced = false;
            erp.lookup = Lookup::None;
            erp.totals = Totals::Never;
        });
        assert_eq!(findings.iter().map(|found| found.severity).collect::<Vec<_>>(), [Severity::Warning; 2]);
        let unread = found(Wanted { stock: true, ..Wanted::default() }, |_, _| {});
        assert!(unread[0].message.contains("add [store.orders]"), "{unread:?}");
    }
}
