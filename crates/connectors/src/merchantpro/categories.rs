//! The tree of categories: paths of ids, ids of paths, and new places in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use zygos_core::{
    RemoteKey,
    contract::{Applied, CallContext, ConnectorError, ErrorKind, Outcome},
};

use super::{
    PAGE,
    calls::Caller,
    known::Visit,
    read::{self, Fields, id_value},
};

/// All categories, in the store's order. Names are kept as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree {
    rows: Vec<Category>,
    places: BTreeMap<RemoteKey, usize>,
    /// Asked for and not in the list when it was read.
    missing: BTreeSet<RemoteKey>,
}

#[derive(Clone, Debug, PartialEq)]
struct Category {
    id: RemoteKey,
    name: String,
    /// `None` for a root.
    parent: Option<RemoteKey>,
}

impl Tree {
    /// Reads all pages. A row without id or name is as if it weren't there.
    pub async fn read(caller: &Caller, context: &CallContext) -> Result<Self, ConnectorError> {
        let mut tree = Self::default();
        let mut start = 0_u64;
        loop {
            let path = format!("/categories?start={start}&limit={PAGE}&fields=id,name,parent_id");
            let answer = caller.get(context, &path).await?;
            let rows = read::rows(&answer)?;
            for row in rows {
                let Ok(fields) = Fields::of(row) else { continue };
                if let (Ok(Some(id)), Some(name), Ok(parent)) =
                    (fields.key("id"), fields.text("name"), fields.key("parent_id"))
                {
                    tree.add(id, name, parent);
                }
            }
            start += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            if rows.is_empty() || start >= read::total(&answer)? {
                return Ok(tree);
            }
        }
    }

    fn add(&mut self, id: RemoteKey, name: String, parent: Option<RemoteKey>) {
        self.missing.remove(&id);
        self.places.entry(id.clone()).or_insert(self.rows.len());
        self.rows.push(Category { id, name, parent });
    }

    fn category(&self, id: &RemoteKey) -> Option<&Category> {
        self.rows.get(*self.places.get(id)?)
    }

    /// Whether it is known of each of these if the store has it.
    pub fn answers_for(&self, ids: &BTreeSet<RemoteKey>) -> bool {
        ids.iter().all(|id| self.places.contains_key(id) || self.missing.contains(id))
    }

    pub fn note_missing(&mut self, ids: &BTreeSet<RemoteKey>) {
        self.missing.extend(ids.iter().filter(|id| !self.places.contains_key(id)).cloned());
    }

    /// Names from the root down, or what is wrong with the category and what to do.
    pub fn path(&self, id: &RemoteKey) -> Result<Vec<String>, String> {
        let first = self.category(id).ok_or_else(|| {
            format!(
                "category {id} is not in the store's list of categories; choose the product's categories again in the \
                 store"
            )
        })?;
        let mut names = vec![first.name.clone()];
        let mut passed = BTreeSet::from([id]);
        let mut at = first;
        while let Some(parent) = &at.parent {
            if !passed.insert(parent) {
                names.reverse();
                return Err(format!(
                    "category {id} ({}) lies under itself: the way to it is … > {}, and comes back to category {parent}; give \
                     one of them another parent in the store",
                    first.name,
                    names.join(" > ")
                ));
            }
            at = self.category(parent).ok_or_else(|| {
                format!(
                    "category {id} ({}) lies under category {parent}, which does not exist; give category {} ({}) another \
                     parent in the store",
                    first.name, at.id, at.name
                )
            })?;
            names.push(at.name.clone());
        }
        names.reverse();
        Ok(names)
    }

    /// The category of this path; the first one where the store has it twice.
    pub fn find(&self, path: &[String]) -> Option<&RemoteKey> {
        let (found, rest) = self.deepest(path);
        found.filter(|_| rest.is_empty())
    }

    /// How far down a path goes: the last category of it that is there, and the names that are not.
    fn deepest<'p>(&self, path: &'p [String]) -> (Option<&RemoteKey>, &'p [String]) {
        let mut at: Option<&RemoteKey> = None;
        let mut rest = path;
        while let Some((name, below)) = rest.split_first() {
            let child = self.rows.iter().find(|row| row.parent.as_ref() == at && row.name == *name);
            let Some(child) = child else { break };
            at = Some(&child.id);
            rest = below;
        }
        (at, rest)
    }
}

/// Makes what is missing of a path, parents first. The list is read anew, for a category made twice stays twice.
pub(super) async fn create(visit: Visit<'_>, path: &[String]) -> Outcome {
    if path.is_empty() || path.iter().any(String::is_empty) {
        return Err(ConnectorError::rejected(
            Some("categories"),
            "a path of categories needs a name at every step; correct the names of the categories",
        ));
    }
    let mut tree = Tree::clone(visit.tree(true).await?.as_ref());
    let (found, missing) = tree.deepest(path);
    let mut parent = found.cloned();
    for (made, name) in missing.iter().enumerate() {
        let parent_id = parent.as_ref().map_or_else(|| json!(0), id_value);
        let answer = visit.post("/categories", &json!({"name": name, "parent_id": parent_id})).await;
        let id = answer.and_then(|answer| id_of_new(&answer));
        if made > 0 || id.is_ok() {
            // Also when a later step fails: what was made is there.
            if let Ok(id) = &id {
                tree.add(id.clone(), name.clone(), parent.clone());
            }
            visit.keep_tree(tree.clone()).await;
        }
        parent = Some(id?);
    }
    Ok(Applied { key: parent, record: None, already: missing.is_empty() })
}

fn id_of_new(answer: &Value) -> Result<RemoteKey, ConnectorError> {
    read::key_of(answer).ok_or_else(|| {
        ConnectorError::new(
            ErrorKind::Protocol { maybe_applied: true },
            "the store's answer does not say what id the new category has",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(rows: &[(&str, &str, Option<&str>)]) -> Tree {
        let mut tree = Tree::default();
        for (id, name, parent) in rows {
            tree.add((*id).into(), (*name).to_owned(), parent.map(RemoteKey::from));
        }
        tree
    }

    fn names(path: &[&str]) -> Vec<String> {
        path.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_path_and_its_category_are_found_from_each_other() {
        let tree = tree(&[("1", "Lamps", None), ("9", "Desk", Some("1")), ("10", "Desk", Some("1"))]);
        assert_eq!(tree.path(&"9".into()), Ok(names(&["Lamps", "Desk"])));
        assert_eq!(tree.find(&names(&["Lamps", "Desk"])), Some(&"9".into()), "the first of two");
        assert_eq!(tree.find(&names(&["Desk"])), None);
        assert_eq!(tree.find(&names(&["lamps"])), None, "names are not guessed");
    }

    #[test]
    fn a_way_up_without_an_end_says_so_and_does_not_last_forever() {
        let tree = tree(&[
            ("1", "A", Some("2")),
            ("2", "B", Some("1")),
            ("3", "C", Some("1")),
            ("4", "D", Some("8")),
        ]);
        for (id, told) in [("1", "under itself"), ("3", "under itself"), ("4", "category 8"), ("7", "not in")]
        {
            let message = tree.path(&id.into()).expect_err("it has no path");
            assert!(message.contains(told), "{message}");
        }
        assert_eq!(tree.find(&names(&["A"])), None);
    }
}
