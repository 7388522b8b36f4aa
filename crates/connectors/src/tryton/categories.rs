//! The tree of categories: paths of the plain ones, taxes of the accounting ones. One call reads all of it.
//!
//! A plain category's name may occur several times below one parent; a path then means the one that was made first.

use std::{collections::BTreeMap, sync::Arc};

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use zygos_core::{
    contract::{Applied, CallContext, ConnectorError, DiscoveredTax},
    money::plain,
};

use super::{
    Tryton,
    calls::Query,
    errors::Failure,
    products,
    session::Door,
    wire::{self, Row, Trouble},
};

const MODEL: &str = "product.category";

/// What Tryton itself joins the names of a path with; no name may hold it.
const SEPARATOR: &str = " / ";

#[derive(Clone, Debug)]
struct Node {
    name: String,
    parent: Option<i64>,
    accounting: bool,
    /// Of an accounting one: what customers are charged, when it is one percentage.
    percent: Option<Decimal>,
}

/// Every category as it was when it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree(BTreeMap<i64, Node>);

#[derive(Default)]
pub(super) struct Categories(Mutex<Option<Arc<Tree>>>);

impl Categories {
    /// The tree; read again when one of `needed` is not in it.
    pub async fn tree(
        &self,
        door: &Door,
        context: &CallContext,
        needed: &[i64],
    ) -> Result<Arc<Tree>, ConnectorError> {
        let mut kept = self.0.lock().await;
        if let Some(tree) = kept.as_ref().filter(|tree| needed.iter().all(|id| tree.0.contains_key(id))) {
            return Ok(tree.clone());
        }
        let tree = Arc::new(Tree::read(&door.search(context, &query()).await?));
        *kept = Some(tree.clone());
        Ok(tree)
    }

    /// The next look reads the tree again.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

fn query() -> Query {
    let fields = ["name", "parent", "accounting", "customer_taxes_used.rate", "customer_taxes_used.active"];
    Query::new(MODEL, json!([]), &fields)
}

impl Tree {
    pub fn read(answer: &Value) -> Self {
        let node = |row: Row<'_>| {
            let accounting = row.flag("accounting");
            let taxes: Vec<Row<'_>> = row.many("customer_taxes_used").collect();
            let node = Node {
                name: row.text("name").ok()?.unwrap_or_default().to_owned(),
                parent: row.number("parent").ok()?,
                accounting,
                percent: if accounting { products::percent_of(&taxes).ok()? } else { None },
            };
            Some((row.id().ok()?, node))
        };
        Self(wire::rows(answer).filter_map(node).collect())
    }

    /// From the root to this one; `None` for one that is about accounts and taxes.
    pub fn path(&self, id: i64) -> Result<Option<Vec<String>>, Trouble> {
        let mut path = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            let node = self.0.get(&id).ok_or_else(|| {
                Trouble::new("categories", format!("category {id} is not in Tryton's tree (any more)"))
            })?;
            if node.accounting {
                return Ok(None);
            }
            if path.len() > self.0.len() {
                let message = format!("category {id} is above itself; give it another parent in Tryton");
                return Err(Trouble::new("categories", message));
            }
            path.insert(0, node.name.clone());
            next = node.parent;
        }
        Ok(Some(path))
    }

    /// The one at the end of a path; of several the first that was made.
    pub fn find(&self, path: &[String]) -> Option<i64> {
        let mut at = None;
        for name in path {
            at = Some(self.child(at, name)?);
        }
        at
    }

    fn child(&self, of: Option<i64>, name: &str) -> Option<i64> {
        let fits = |node: &Node| !node.accounting && node.parent == of && node.name == name.trim();
        self.0.iter().find(|(_, node)| fits(node)).map(|(id, _)| *id)
    }

    /// These and everything above them: what a price list may ask for.
    pub fn with_parents(&self, ids: &[i64]) -> Vec<i64> {
        self.spread(ids, |found| found.iter().filter_map(|id| self.0.get(id)?.parent).collect())
    }

    /// These and everything below them.
    pub fn with_children(&self, ids: &[i64]) -> Vec<i64> {
        self.spread(ids, |found| {
            let below = |node: &Node| node.parent.is_some_and(|parent| found.contains(&parent));
            self.0.iter().filter(|(_, node)| below(node)).map(|(id, _)| *id).collect()
        })
    }

    fn spread(&self, ids: &[i64], next: impl Fn(&[i64]) -> Vec<i64>) -> Vec<i64> {
        let mut all: Vec<i64> = ids.to_vec();
        let mut last = all.clone();
        while !last.is_empty() {
            last = next(&last);
            last.retain(|id| !all.contains(id));
            last.sort_unstable();
            last.dedup();
            all.extend(&last);
        }
        all
    }

    pub fn percent(&self, id: i64) -> Option<Decimal> {
        self.0.get(&id).and_then(|node| node.percent)
    }

    pub fn tax_classes(&self) -> Vec<DiscoveredTax> {
        let accounting = self.0.iter().filter(|(_, node)| node.accounting);
        accounting
            .map(|(id, node)| DiscoveredTax {
                key: wire::key(*id),
                name: node.name.clone(),
                percent: node.percent,
            })
            .collect()
    }

    /// The accounting category that goods are to have: the one of this name, or the only one that charges `percent`.
    pub fn tax_class(&self, named: Option<&str>, percent: Option<Decimal>) -> Result<i64, ConnectorError> {
        let rejected = |message: String| ConnectorError::rejected(Some("tax"), message);
        let classes = || self.0.iter().filter(|(_, node)| node.accounting);
        if let Some(name) = named {
            let (id, node) = classes().find(|(_, node)| node.name == name).ok_or_else(|| {
                rejected(format!(
                    "Tryton has no accounting category called {name:?}; it has {}",
                    list(classes().map(|(_, node)| node.name.as_str()))
                ))
            })?;
            return match (percent, node.percent) {
                (Some(wanted), Some(charged)) if wanted != charged => Err(rejected(format!(
                    "the accounting category {name:?} charges {} %, not {} %; correct tax_classes",
                    plain(charged),
                    plain(wanted)
                ))),
                _ => Ok(*id),
            };
        }
        let percent = percent.ok_or_else(|| {
            rejected("no tax is given, and Tryton needs an accounting category; set tax_classes".to_owned())
        })?;
        let fitting: Vec<(&i64, &Node)> =
            classes().filter(|(_, node)| node.percent == Some(percent)).collect();
        match fitting.as_slice() {
            [(id, _)] => Ok(**id),
            [] => Err(rejected(format!(
                "Tryton has no accounting category that charges {} % alone; make one there, or set tax_classes",
                plain(percent)
            ))),
            several => Err(rejected(format!(
                "several accounting categories of Tryton charge {} %: {}; say which in tax_classes",
                plain(percent),
                list(several.iter().map(|(_, node)| node.name.as_str()))
            ))),
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    names.sort();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl Tryton {
    /// Ids of these paths.
    pub(super) async fn category_ids(
        &self,
        context: &CallContext,
        paths: &[Vec<String>],
    ) -> Result<Vec<i64>, ConnectorError> {
        let mut tree = self.categories.tree(&self.door, context, &[]).await?;
        let mut is_fresh = false;
        let mut ids = Vec::with_capacity(paths.len());
        for path in paths {
            let mut found = tree.find(path);
            if found.is_none() && !is_fresh {
                self.categories.forget().await;
                tree = self.categories.tree(&self.door, context, &[]).await?;
                is_fresh = true;
                found = tree.find(path);
            }
            ids.push(found.ok_or_else(|| {
                let message = format!("Tryton has no category {}; make it first", path.join(" > "));
                ConnectorError::rejected(Some("categories"), message)
            })?);
        }
        Ok(ids)
    }

    /// Makes what is missing of a path, the parents first, each in a call of its own.
    pub(super) async fn create_category(
        &self,
        context: &CallContext,
        path: &[String],
    ) -> Result<Applied, Failure> {
        let unusable = |name: &String| name.trim().is_empty() || name.contains(SEPARATOR);
        if let Some(name) = path.iter().find(|name| unusable(name)) {
            let message = format!(
                "Tryton takes no category called {name:?}: a name must not be empty nor hold {SEPARATOR:?}; \
                 rename it in the store or map it to another"
            );
            return Err(Failure::Other(ConnectorError::rejected(Some("categories"), message)));
        }
        self.categories.forget().await;
        let tree = self.categories.tree(&self.door, context, &[]).await?;
        let mut at: Option<i64> = None;
        let mut made = false;
        for name in path {
            let known = if made { None } else { tree.child(at, name) };
            at = Some(match known {
                Some(id) => id,
                None => {
                    let values = json!([{"name": name.trim(), "parent": at, "accounting": false}]);
                    self.categories.forget().await;
                    made = true;
                    let answer =
                        self.door.write(context, "model.product.category.create", vec![values]).await?;
                    created(&answer)?
                }
            });
        }
        Ok(Applied { key: at.map(wire::key), record: None, already: !made })
    }
}

/// The id of the one record that was made.
pub(super) fn created(answer: &Value) -> Result<i64, ConnectorError> {
    answer.get(0).and_then(Value::as_i64).ok_or_else(|| {
        let kind = zygos_core::contract::ErrorKind::Protocol { maybe_applied: true };
        ConnectorError::new(kind, "Tryton did not tell the id of what it made")
    })
}

#[cfg(test)]
mod tests {
    use zygos_core::contract::ErrorKind;

    use super::*;

    fn recorded() -> Tree {
        Tree::read(&serde_json::from_str(include_str!("fixtures/categories.json")).unwrap())
    }

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn paths_go_from_the_root_and_back_and_accounting_ones_have_none() {
        let tree = recorded();
        let shirts = tree.find(&path(&["Clothes", "Shirts"])).unwrap();
        assert_eq!(tree.path(shirts).unwrap(), Some(path(&["Clothes", "Shirts"])));
        assert_eq!(tree.find(&path(&["Shirts"])), None);
        assert_eq!(tree.find(&path(&["Shop goods"])), None);
        assert_eq!(tree.path(1).unwrap(), None);
    }

    #[test]
    fn of_two_categories_with_one_path_the_first_that_was_made_is_meant() {
        let tree = Tree::read(&json!([
            {"id": 8, "name": "Clothes", "parent": null, "accounting": 0, "customer_taxes_used.": []},
            {"id": 4, "name": "Clothes", "parent": null, "accounting": 0, "customer_taxes_used.": []},
        ]));
        assert_eq!(tree.find(&path(&["Clothes"])), Some(4));
    }

    #[test]
    fn a_circle_is_a_trouble_and_no_endless_walk() {
        let tree = Tree::read(&json!([
            {"id": 4, "name": "A", "parent": 5, "accounting": 0},
            {"id": 5, "name": "B", "parent": 4, "accounting": 0},
        ]));
        assert_eq!(tree.path(4).unwrap_err().field, "categories");
        assert_eq!(tree.with_parents(&[4]), [4, 5]);
        assert_eq!(tree.with_children(&[4]), [4, 5]);
    }

    #[test]
    fn a_tax_is_found_by_its_percentage_or_by_name_and_never_guessed() {
        let tree = recorded();
        let nineteen = Decimal::new(19, 0);
        assert_eq!(tree.tax_class(None, Some(nineteen)), Ok(1));
        assert_eq!(tree.tax_class(Some("Reduced rate goods"), Some(Decimal::new(9, 0))), Ok(2));
        assert_eq!(tree.tax_class(None, Some(Decimal::ZERO)), Ok(3));
        for refused in [
            tree.tax_class(Some("Reduced rate goods"), Some(nineteen)),
            tree.tax_class(Some("Nothing"), None),
            tree.tax_class(None, Some(Decimal::new(24, 0))),
            tree.tax_class(None, None),
        ] {
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind, ErrorKind::Rejected { field: Some("tax".to_owned()) });
            assert!(
                refused.message.contains("tax_classes") || refused.message.contains("has no"),
                "{refused}"
            );
        }
    }

    #[test]
    fn two_accounting_categories_of_one_rate_are_asked_about() {
        let mut tree = recorded();
        let twin = tree.0[&1].clone();
        tree.0.insert(77, Node { name: "Books".to_owned(), ..twin });
        let refused = tree.tax_class(None, Some(Decimal::new(19, 0))).unwrap_err();
        assert!(refused.message.contains("\"Books\", \"Shop goods\""), "{refused}");
    }
}
