//! Whether two connections can do what a store's flows ask of them, in plain words.

use std::collections::BTreeMap;

use crate::{
    catalogue::Owner,
    contract::{
        Capabilities, CheckFinding, DocumentKind, Lookup, ProductUse, Severity, Side, Totals, WriteMode,
    },
    model::{Entity, Field},
};

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
    /// Products, by the way their fields go.
    pub products_to_store: bool,
    pub products_to_erp: bool,
    /// Products that only the other side has are made.
    pub create_in_store: bool,
    pub create_in_erp: bool,
    /// Prices, by the way they go.
    pub prices_to_store: bool,
    pub prices_to_erp: bool,
    /// Prices are a list's of the ERP.
    pub price_list: bool,
}

impl Wanted {
    fn any_products(self) -> bool {
        self.products_to_store || self.products_to_erp || self.create_in_store || self.create_in_erp
    }

    fn any_prices(self) -> bool {
        self.prices_to_store || self.prices_to_erp
    }

    /// What is done with the products of one side, which takes rights that other flows don't need.
    pub fn product_uses(self, side: Side) -> Vec<ProductUse> {
        let writes = match side {
            Side::Store => self.products_to_store || self.create_in_store || self.prices_to_store,
            Side::Erp => self.products_to_erp || self.create_in_erp || self.prices_to_erp,
        };
        let reads = self.any_products() || self.any_prices();
        let uses = [(reads, ProductUse::Read), (writes, ProductUse::Write)];
        uses.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, wanted)| wanted).collect()
    }
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
    if wanted.any_products() || wanted.any_prices() {
        catalogue(name, wanted, store, erp, &mut find);
    }
    findings
}

/// What stands in the way of products and prices.
fn catalogue(
    name: &str,
    wanted: Wanted,
    store: &Capabilities,
    erp: &Capabilities,
    find: &mut impl FnMut(Severity, String),
) {
    use Severity::{Blocking, Warning};
    let ledger = erp.vendor;
    let section = if wanted.any_products() { "[store.products]" } else { "[store.prices]" };
    for side in [store, erp] {
        if !side.can_scan(Entity::Catalogue) || !side.can_fetch(Entity::Catalogue) {
            let vendor = side.vendor;
            find(
                Blocking,
                format!("store {name}, products: {vendor} cannot show its products; remove {section}"),
            );
        }
    }
    for (is_wanted, side) in [(wanted.products_to_store, store), (wanted.products_to_erp, erp)] {
        if is_wanted && !side.can_write(Entity::Catalogue, WriteMode::Update) {
            let vendor = side.vendor;
            find(
                Blocking,
                format!(
                    "store {name}, products.direction: {vendor} takes no changes of its products; let them go the other \
                     way only"
                ),
            );
        }
    }
    for (is_wanted, side) in [(wanted.create_in_store, store), (wanted.create_in_erp, erp)] {
        if is_wanted && !side.can_write(Entity::Catalogue, WriteMode::Create) {
            let vendor = side.vendor;
            find(
                Blocking,
                format!(
                    "store {name}, products.create: {vendor} takes no new products; make them there by hand"
                ),
            );
        }
    }
    for (is_wanted, side) in [(wanted.prices_to_store, store), (wanted.prices_to_erp, erp)] {
        let is_taken = side.field(Field::Price).is_some_and(|ability| ability.update);
        if is_wanted && !is_taken {
            let vendor = side.vendor;
            find(
                Blocking,
                format!(
                    "store {name}, prices.direction: {vendor} takes no prices; let them go the other way only, or remove \
                     [store.prices]"
                ),
            );
        }
    }
    if wanted.any_prices() {
        for side in [store, erp] {
            if side.field(Field::Tax).is_none() {
                let vendor = side.vendor;
                find(
                    Warning,
                    format!(
                        "store {name}, prices: {vendor} does not tell the tax of its products; where the other side \
                         doesn't either, net and gross prices cannot be compared"
                    ),
                );
            }
        }
        if wanted.price_list && !erp.can_fetch(Entity::Price) {
            find(
                Blocking,
                format!("store {name}, prices.list: {ledger} has no price lists; leave the setting out"),
            );
        }
    }
}

/// Fields whose owner the merchant chose and whose value can't reach the other side.
pub fn field_fitness(
    name: &str,
    chosen: &BTreeMap<Field, Owner>,
    wanted: Wanted,
    store: &Capabilities,
    erp: &Capabilities,
) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    let mut warn = |message: String| findings.push(CheckFinding { severity: Severity::Warning, message });
    for (field, owner) in chosen {
        let lacking = [store, erp].into_iter().find(|side| side.field(*field).is_none());
        if let Some(side) = lacking {
            warn(format!(
                "store {name}, products.owners.{field}: {} has no {}; it is left alone",
                side.vendor,
                field.words()
            ));
            continue;
        }
        let (into_store, into_erp) = ((store, wanted.products_to_store), (erp, wanted.products_to_erp));
        let targets: &[_] = match owner {
            Owner::Store => &[into_erp],
            Owner::Erp => &[into_store],
            Owner::Newest | Owner::Ask => &[into_store, into_erp],
        };
        for (side, is_wanted) in targets {
            if !is_wanted {
                warn(format!(
                    "store {name}, products.owners.{field}: products don't go to {} (products.direction), so what the \
                     other side has of it never gets there",
                    side.vendor
                ));
            } else if !side.field(*field).is_some_and(|ability| ability.update) {
                warn(format!(
                    "store {name}, products.owners.{field}: {} takes no change of the {}; what the other side has never \
                     gets there",
                    side.vendor,
                    field.words()
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contract::{Absence, EntityCapabilities, FieldCapability, ReadMode, Side};

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
            fields: [Field::Name, Field::Price, Field::Tax]
                .into_iter()
                .map(|field| {
                    (field, FieldCapability { create: true, update: true, ..FieldCapability::default() })
                })
                .collect(),
            ..EntityCapabilities::default()
        };
        let entities = [
            Entity::Product,
            Entity::Catalogue,
            Entity::Price,
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

    const ALL: Wanted = Wanted {
        stock: true,
        orders: true,
        status: true,
        tracking: true,
        invoice_tag: true,
        products_to_store: true,
        products_to_erp: true,
        create_in_store: true,
        create_in_erp: true,
        prices_to_store: true,
        prices_to_erp: true,
        price_list: true,
    };

    const PRODUCTS: Wanted =
        Wanted { stock: false, orders: false, status: false, tracking: false, invoice_tag: false, ..ALL };

    fn found(wanted: Wanted, change: impl FnOnce(&mut Capabilities, &mut Capabilities)) -> Vec<CheckFinding> {
        let (mut store, mut erp) = (side(Side::Store, "stall"), side(Side::Erp, "books"));
        change(&mut store, &mut erp);
        fitness("shop", wanted, &store, &erp)
    }

    #[test]
    fn rights_about_products_matter_only_where_flows_put_products_to_use() {
        let orders = Wanted { stock: true, orders: true, ..Wanted::default() };
        assert_eq!(orders.product_uses(Side::Erp), []);
        let published = Wanted { products_to_store: true, ..orders };
        assert_eq!(published.product_uses(Side::Erp), [ProductUse::Read]);
        assert_eq!(published.product_uses(Side::Store), [ProductUse::Read, ProductUse::Write]);
        let priced = Wanted { prices_to_erp: true, ..orders };
        assert_eq!(priced.product_uses(Side::Erp), [ProductUse::Read, ProductUse::Write]);
        let made = Wanted { create_in_store: true, ..orders };
        assert_eq!(made.product_uses(Side::Store), [ProductUse::Read, ProductUse::Write]);
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
    fn what_products_and_prices_need_is_named_where_it_lacks() {
        let words = |change: fn(&mut Capabilities, &mut Capabilities)| -> Vec<String> {
            let findings = found(PRODUCTS, change);
            assert!(findings.iter().all(|found| found.severity == Severity::Blocking), "{findings:?}");
            findings.into_iter().map(|found| found.message).collect()
        };
        assert_eq!(words(|_, _| {}), [""; 0]);
        let unread = words(|_, erp| catalogue_of(erp, |abilities| abilities.read.clear()));
        assert_eq!(unread, ["store shop, products: books cannot show its products; remove [store.products]"]);
        let fixed = words(|store, _| catalogue_of(store, |abilities| abilities.write.clear()));
        assert_eq!(fixed.len(), 2, "{fixed:?}");
        assert!(
            fixed[0].contains("takes no changes") && fixed[1].contains("takes no new products"),
            "{fixed:?}"
        );
        let priceless = words(|store, _| {
            catalogue_of(store, |abilities| {
                abilities.fields.remove(&Field::Price);
            });
        });
        assert!(priceless[0].contains("stall takes no prices"), "{priceless:?}");
        let listless = words(|_, erp| {
            erp.entities.remove(&Entity::Price);
        });
        assert_eq!(listless.len(), 1, "{listless:?}");
        assert!(listless[0].contains("has no price lists"), "{listless:?}");
        let untaxed = found(PRODUCTS, |_, erp| {
            catalogue_of(erp, |abilities| {
                abilities.fields.remove(&Field::Tax);
            });
        });
        assert_eq!(untaxed.iter().map(|found| found.severity).collect::<Vec<_>>(), [Severity::Warning]);
    }

    #[test]
    fn a_chosen_owner_whose_value_goes_nowhere_is_told() {
        let told = |field, owner, wanted, change: fn(&mut EntityCapabilities)| -> Vec<String> {
            let (store, mut erp) = (side(Side::Store, "stall"), side(Side::Erp, "books"));
            catalogue_of(&mut erp, change);
            let findings = field_fitness("shop", &BTreeMap::from([(field, owner)]), wanted, &store, &erp);
            findings.into_iter().map(|found| found.message).collect()
        };
        assert_eq!(told(Field::Name, Owner::Ask, PRODUCTS, |_| {}), [""; 0]);
        let absent = told(Field::Brand, Owner::Store, PRODUCTS, |_| {});
        assert_eq!(absent, ["store shop, products.owners.brand: stall has no brand; it is left alone"]);
        let fixed = told(Field::Name, Owner::Store, PRODUCTS, |abilities| {
            abilities.fields.insert(Field::Name, FieldCapability::default());
        });
        assert!(fixed[0].contains("books takes no change of the name"), "{fixed:?}");
        let one_way = Wanted { products_to_erp: false, ..PRODUCTS };
        assert_eq!(told(Field::Name, Owner::Erp, one_way, |_| {}), [""; 0]);
        let stuck = told(Field::Name, Owner::Newest, one_way, |_| {});
        assert!(stuck[0].contains("products don't go to books"), "{stuck:?}");
    }

    fn catalogue_of(side: &mut Capabilities, change: impl FnOnce(&mut EntityCapabilities)) {
        if let Some(abilities) = side.entities.get_mut(&Entity::Catalogue) {
            change(abilities);
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
