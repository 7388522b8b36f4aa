//! Price lists: what they compute, and constants written into them.
//!
//! A list is a row of lines, those without a sequence first, then by sequence and id; the first that fits a product
//! and quantity gives the price by its formula. A line for one product with a plain number as formula is a price that
//! can be written.

use std::{collections::BTreeMap, sync::Arc};

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;
use zygos_core::{
    RemoteKey,
    contract::{CallContext, ConnectorError, ErrorKind, Item, Named, PriceKind, ProductChanges, Unreadable},
    model::{Field, PriceRow, Record},
    money::plain,
};

use super::{
    Tryton,
    calls::Query,
    editing,
    errors::Failure,
    held::Held,
    products,
    values::{CHUNK, PRICE_DECIMALS, refused},
    wire::{self, Row, Trouble},
};

pub(super) const PAGE: u32 = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PriceList {
    pub id: i64,
    pub name: String,
    /// Its prices are with tax.
    pub tax_included: bool,
}

#[derive(Default)]
pub(super) struct PriceLists(Mutex<Option<Arc<Vec<PriceList>>>>);

impl PriceLists {
    /// The next look reads them again.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

/// One line as it stands in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    id: i64,
    product: Option<i64>,
    category: Option<i64>,
    quantity: Option<Decimal>,
    sequence: Option<i64>,
    formula: String,
}

/// What has to be written so that a list has certain prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ListPlan {
    /// By line: another formula.
    formulas: BTreeMap<i64, String>,
    /// By line: another sequence, so that new lines come before it.
    sequences: BTreeMap<i64, i64>,
    /// Product, formula, sequence.
    new: Vec<(i64, String, Option<i64>)>,
}

impl Tryton {
    /// The lists of the company; none where the module `sale_price_list` isn't active.
    pub(super) async fn price_lists(
        &self,
        context: &CallContext,
    ) -> Result<Arc<Vec<PriceList>>, ConnectorError> {
        let mut kept = self.price_lists.0.lock().await;
        if let Some(lists) = kept.as_ref() {
            return Ok(lists.clone());
        }
        // Without that module a sale's price heeds no list, whatever the context says.
        let lists = if self.names.sales_have(&self.door, context, "price_list").await? {
            let query = Query::new("product.price_list", json!([]), &["name", "tax_included"]);
            let answer = self.door.search(context, &query).await?;
            let list = |row: Row<'_>| {
                Some(PriceList {
                    id: row.id().ok()?,
                    name: row.text("name").ok()??.to_owned(),
                    tax_included: row.flag("tax_included"),
                })
            };
            wire::rows(&answer).filter_map(list).collect()
        } else {
            Vec::new()
        };
        let lists = Arc::new(lists);
        *kept = Some(lists.clone());
        Ok(lists)
    }

    pub(super) async fn price_lists_named(
        &self,
        context: &CallContext,
    ) -> Result<Vec<Named>, ConnectorError> {
        self.price_lists.forget().await;
        let lists = self.price_lists(context).await?;
        let named = |list: &PriceList| Named { key: wire::key(list.id), code: None, name: list.name.clone() };
        Ok(lists.iter().map(named).collect())
    }

    async fn price_list(&self, context: &CallContext, name: &str) -> Result<PriceList, ConnectorError> {
        let rejected = |message: String| ConnectorError::rejected(Some("price_list"), message);
        let mut known = self.price_lists(context).await?;
        if !known.iter().any(|list| list.name == name) {
            self.price_lists.forget().await;
            known = self.price_lists(context).await?;
        }
        let mut fitting = known.iter().filter(|list| list.name == name);
        match (fitting.next(), fitting.next()) {
            (Some(list), None) => Ok(list.clone()),
            (Some(_), Some(_)) => Err(rejected(format!(
                "Tryton has several price lists called {name:?}; give them different names there"
            ))),
            (None, _) => {
                let mut names: Vec<String> = known.iter().map(|list| format!("{:?}", list.name)).collect();
                names.sort();
                let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Err(rejected(format!("Tryton has no price list called {name:?}; it has {has}")))
            }
        }
    }

    /// One call for 100 units, and one more for each unit of measure that sales of some of them are made in another.
    pub(super) async fn prices(
        &self,
        context: &CallContext,
        name: &str,
        units: &[RemoteKey],
    ) -> Result<Vec<Item>, ConnectorError> {
        let list = self.price_list(context, name).await?;
        let ids: Vec<i64> = units.iter().filter_map(wire::id).collect();
        let mut items = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(usize::try_from(PAGE).unwrap_or(100)) {
            let mut waiting: Vec<(Vec<i64>, Option<i64>)> = vec![(chunk.to_vec(), None)];
            while let Some((ids, measure)) = waiting.pop() {
                match self.priced(context, &list, &ids, measure).await {
                    Ok(answer) => {
                        let mut elsewhere: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
                        for row in wire::rows(&answer) {
                            match (measure, other_measure(row)) {
                                (None, Some(measure)) => {
                                    elsewhere.entry(measure).or_default().extend(row.id().ok());
                                }
                                _ => items.push(price(row, &list)),
                            }
                        }
                        waiting.extend(elsewhere.into_iter().map(|(measure, ids)| (ids, Some(measure))));
                    }
                    // A formula may fail for one product (a division by its cost), and then the whole call does.
                    Err(error) if matches!(error.kind, ErrorKind::Rejected { .. }) => match ids.as_slice() {
                        [] => {}
                        [only] => items.push(Err(Unreadable {
                            key: Some(wire::key(*only)),
                            field: "price".to_owned(),
                            message: format!("the price list {name:?} can't compute it: {}", error.message),
                        })),
                        several => {
                            let (left, right) = several.split_at(several.len() / 2);
                            waiting.extend([(left.to_vec(), measure), (right.to_vec(), measure)]);
                        }
                    },
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(items)
    }

    async fn priced(
        &self,
        context: &CallContext,
        list: &PriceList,
        ids: &[i64],
        measure: Option<i64>,
    ) -> Result<Json, ConnectorError> {
        let fields = [
            "sale_price_uom",
            "default_uom",
            "sale_uom",
            "account_category.customer_taxes_used.rate",
            "account_category.customer_taxes_used.active",
        ];
        let domain = json!([["id", "in", ids], products::any()]);
        let query = Query::new("product.product", domain, &fields);
        let mut under = vec![("price_list", json!(list.id)), ("quantity", json!(1))];
        under.extend(measure.map(|measure| ("uom", json!(measure))));
        self.door.search_under(context, &query, &under).await
    }

    /// Prices of a list: its own lines for these products, written or made. Answers whether anything was.
    pub(super) async fn write_listed(
        &self,
        context: &CallContext,
        name: &str,
        held: &Held,
        changes: &ProductChanges,
    ) -> Result<bool, Failure> {
        let prices = editing::prices(held, changes)?;
        if prices.is_empty() {
            return Ok(false);
        }
        let list = self.price_list(context, name).await?;
        if list.tax_included != (changes.prices == PriceKind::Gross) {
            let (has, given) = if list.tax_included { ("with", "without") } else { ("without", "with") };
            let message =
                format!("the prices of the list {name:?} are {has} tax, and those of the flow {given}");
            return Err(Failure::Other(ConnectorError::unsupported(message)));
        }
        let fields = ["product", "category", "quantity", "sequence", "formula"];
        let query = Query::new("product.price_list.line", json!([["price_list", "=", list.id]]), &fields);
        let lines = read_lines(&self.door.search(context, &query).await?).map_err(|trouble| {
            let message = format!("a line of the price list {name:?}: {} {}", trouble.field, trouble.message);
            ConnectorError::new(ErrorKind::Protocol { maybe_applied: false }, message)
        })?;
        let tree = self.categories.tree(&self.door, context, &held.categories).await?;
        let mut own = held.categories.clone();
        own.extend(held.account_category);
        let plan = planned(lines, &prices, &tree.with_parents(&own))?;
        self.write_lines(context, &list, plan).await
    }

    /// The lines themselves are written, and what makes room before what needs it: a list that stays half done has
    /// the prices that it had.
    async fn write_lines(
        &self,
        context: &CallContext,
        list: &PriceList,
        plan: ListPlan,
    ) -> Result<bool, Failure> {
        let mut changed: BTreeMap<i64, Json> = BTreeMap::new();
        for (id, sequence) in &plan.sequences {
            changed.insert(*id, json!({"sequence": sequence}));
        }
        for (id, formula) in &plan.formulas {
            changed.entry(*id).or_insert_with(|| json!({}))["formula"] = json!(formula);
        }
        let pairs: Vec<Json> = changed.into_iter().flat_map(|(id, values)| [json!([id]), values]).collect();
        let wrote = !pairs.is_empty() || !plan.new.is_empty();
        for chunk in pairs.chunks(2 * CHUNK) {
            self.door.write(context, "model.product.price_list.line.write", chunk.to_vec()).await?;
        }
        for chunk in plan.new.chunks(CHUNK) {
            let record = |(product, formula, sequence): &(i64, String, Option<i64>)| json!({"price_list": list.id, "product": product, "formula": formula, "sequence": sequence});
            let records: Vec<Json> = chunk.iter().map(record).collect();
            self.door.write(context, "model.product.price_list.line.create", vec![json!(records)]).await?;
        }
        Ok(wrote)
    }
}

/// The unit of measure that a product is kept in, when its sales are made in another: a price is per unit of sale
/// unless the context names one.
fn other_measure(row: Row<'_>) -> Option<i64> {
    let kept = row.number("default_uom").ok()??;
    (row.number("sale_uom").ok()?? != kept).then_some(kept)
}

fn price(row: Row<'_>, list: &PriceList) -> Item {
    let read = || {
        let computed = row.decimal("sale_price_uom")?;
        let (net, gross) = if list.tax_included {
            let category = row.inside("account_category");
            let taxes: Vec<Row<'_>> =
                category.map(|category| category.many("customer_taxes_used").collect()).unwrap_or_default();
            let percent = products::percent_of(&taxes)?;
            (computed.and_then(|gross| without_tax(gross, percent?)), computed)
        } else {
            (computed, None)
        };
        Ok(PriceRow { unit: row.key()?, list: list.name.clone(), net, gross })
    };
    read().map(Record::Price).map_err(|trouble: Trouble| products::unreadable(row, trouble))
}

/// As Tryton takes a tax off.
fn without_tax(gross: Decimal, percent: Decimal) -> Option<Decimal> {
    let factor = Decimal::ONE_HUNDRED.checked_add(percent)?;
    gross.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(factor).map(|net| net.round_dp(PRICE_DECIMALS))
}

fn read_lines(answer: &Json) -> Result<Vec<Line>, Trouble> {
    let line = |row: Row<'_>| {
        Ok(Line {
            id: row.id()?,
            product: row.number("product")?,
            category: row.number("category")?,
            quantity: row.decimal("quantity")?,
            sequence: row.number("sequence")?,
            formula: row.text("formula")?.unwrap_or_default().to_owned(),
        })
    };
    let mut lines = wire::rows(answer).map(line).collect::<Result<Vec<_>, Trouble>>()?;
    lines.sort_by_key(|line| (line.sequence, line.id));
    Ok(lines)
}

/// A formula that is a number and nothing else.
fn constant(formula: &str) -> Option<Decimal> {
    let formula = formula.trim();
    formula.parse().ok().or_else(|| Decimal::from_scientific(formula).ok())
}

impl Line {
    fn fits_one_of(&self, product: i64, categories: &[i64]) -> bool {
        self.product.is_none_or(|own| own == product)
            && self.category.is_none_or(|own| categories.contains(&own))
            && self.quantity.is_none_or(|least| least <= Decimal::ONE)
    }
}

/// `lines` in their order; `categories` are those of the products, with all above them.
fn planned(
    lines: Vec<Line>,
    prices: &[(i64, Decimal)],
    categories: &[i64],
) -> Result<ListPlan, ConnectorError> {
    let mut plan = ListPlan::default();
    /// A line that is there, or one to be made.
    enum Place {
        There(Line),
        New(i64, String),
    }
    let mut order: Vec<Place> = lines.into_iter().map(Place::There).collect();
    for (product, price) in prices {
        let formula = plain(*price);
        let first = order
            .iter()
            .position(|place| matches!(place, Place::There(line) if line.fits_one_of(*product, categories)));
        match first.and_then(|at| order.get(at)) {
            Some(Place::There(line)) if line.product == Some(*product) => match constant(&line.formula) {
                Some(held) if held == *price => {}
                Some(_) => {
                    plan.formulas.insert(line.id, formula);
                }
                None => {
                    let message = "the price list computes it by a formula; change it in Tryton";
                    return Err(refused(Field::Price, message));
                }
            },
            _ => order.insert(first.unwrap_or(order.len()), Place::New(*product, formula)),
        }
    }
    // Where the last one stands; a new line has the highest id of all that have its sequence.
    let mut last: Option<(Option<i64>, i64)> = None;
    for place in order {
        let sequence = last.and_then(|(sequence, _)| sequence);
        match place {
            Place::New(product, formula) => {
                plan.new.push((product, formula, sequence));
                last = Some((sequence, i64::MAX));
            }
            Place::There(line) => {
                let mut at = (line.sequence, line.id);
                if last.is_some_and(|last| at <= last) {
                    let behind = sequence.unwrap_or(0).saturating_add(10);
                    plan.sequences.insert(line.id, behind);
                    at.0 = Some(behind);
                }
                last = Some(at);
            }
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64, sequence: Option<i64>, product: Option<i64>, formula: &str) -> Line {
        Line { id, product, category: None, quantity: None, sequence, formula: formula.to_owned() }
    }

    fn one(price: i64) -> Vec<(i64, Decimal)> {
        vec![(7, Decimal::new(price, 2))]
    }

    #[test]
    fn a_line_with_a_number_is_rewritten_and_one_with_a_formula_is_not() {
        let lines = vec![line(1, None, Some(7), "12.50"), line(2, None, None, "unit_price * 0.9")];
        let plan = planned(lines.clone(), &one(999), &[]).unwrap();
        assert_eq!(
            plan,
            ListPlan { formulas: BTreeMap::from([(1, "9.99".to_owned())]), ..ListPlan::default() }
        );
        assert_eq!(planned(lines, &one(1250), &[]).unwrap(), ListPlan::default());
        let computed = vec![line(1, None, Some(7), "cost_price * 2")];
        let refused = planned(computed, &one(999), &[]).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Rejected { field: Some("price".to_owned()) });
    }

    #[test]
    fn a_new_line_goes_before_the_one_that_holds_now_and_the_others_keep_their_order() {
        let lines = vec![
            line(1, None, Some(8), "3"),
            line(2, None, None, "unit_price * 0.9"),
            line(3, None, None, "unit_price"),
            line(4, Some(15), Some(9), "4"),
        ];
        let plan = planned(lines, &one(999), &[]).unwrap();
        assert_eq!(plan.new, [(7, "9.99".to_owned(), None)]);
        assert_eq!(plan.sequences, BTreeMap::from([(2, 10), (3, 20), (4, 30)]));
    }

    #[test]
    fn where_lines_are_numbered_a_new_one_fits_between_without_moving_any() {
        let lines = vec![line(1, Some(5), Some(8), "3"), line(2, Some(6), None, "unit_price")];
        let plan = planned(lines, &[(7, Decimal::ONE), (9, Decimal::TWO)], &[]).unwrap();
        assert_eq!(plan.new, [(7, "1".to_owned(), Some(5)), (9, "2".to_owned(), Some(5))]);
        assert!(plan.sequences.is_empty());
    }

    #[test]
    fn a_line_for_many_pieces_or_another_category_does_not_hold_for_one() {
        let mut many = line(1, None, Some(7), "8");
        many.quantity = Some(Decimal::TEN);
        let mut shirts = line(2, None, None, "6");
        shirts.category = Some(4);
        let lines = vec![many, shirts, line(3, Some(2), Some(7), "9")];
        let elsewhere = planned(lines.clone(), &one(999), &[5]).unwrap();
        assert_eq!(elsewhere.formulas, BTreeMap::from([(3, "9.99".to_owned())]));
        let within = planned(lines, &one(999), &[4]).unwrap();
        assert_eq!(within.new, [(7, "9.99".to_owned(), None)]);
        assert_eq!(within.sequences, BTreeMap::from([(2, 10), (3, 20)]));
    }

    #[test]
    fn an_empty_list_gets_its_first_line() {
        assert_eq!(planned(Vec::new(), &one(999), &[]).unwrap().new, [(7, "9.99".to_owned(), None)]);
    }

    #[test]
    fn prices_with_tax_are_read_with_and_without_it() {
        let list = PriceList { id: 1, name: "Gross".to_owned(), tax_included: true };
        let row = json!({"id": 7, "sale_price_uom": {"__class__": "Decimal", "decimal": "10.0000"},
            "account_category.": {"id": 2, "customer_taxes_used.": [
                {"id": 2, "active": 1, "rate": {"__class__": "Decimal", "decimal": "0.09"}}]}});
        let Ok(Record::Price(price)) = price(Row::of(&row).unwrap(), &list) else { panic!() };
        assert_eq!(price.net, Some(Decimal::new(91743, 4)));
        assert_eq!(price.gross, Some(Decimal::new(100000, 4)));
    }

    #[test]
    fn a_list_without_a_line_for_a_product_has_no_price_for_it() {
        let list = PriceList { id: 1, name: "Some".to_owned(), tax_included: false };
        let row = json!({"id": 7, "sale_price_uom": null});
        let Ok(Record::Price(price)) = price(Row::of(&row).unwrap(), &list) else { panic!() };
        assert_eq!((price.net, price.gross), (None, None));
    }
}
