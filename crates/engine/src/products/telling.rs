//! What a person must know or decide about a pair, as issues; and what both sides agree on, as the base.

use std::collections::{BTreeMap, BTreeSet};

use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Choice, Decision},
    contract::Side,
    model::Field,
};
use zygos_storage::{FieldBases, Mutation};

use super::pairing::Paired;
use crate::{engine::Engine, error::Result, settings::StoreSettings};

const CONFLICT: &str = "product_conflict";
const HOLD: &str = "product_hold";

/// Which field of which product an issue is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The store's product.
    pub product: RemoteKey,
    /// The store's product again, or one of its units.
    pub key: RemoteKey,
    pub field: Field,
}

impl Place {
    pub fn subject(&self) -> String {
        format!("{} {} {}", self.product, self.key, self.field)
    }

    pub fn read(subject: &str) -> Option<Self> {
        let mut parts = subject.rsplitn(3, ' ');
        let field = Field::from_code(parts.next()?)?;
        let key = RemoteKey::new(parts.next()?);
        Some(Self { product: RemoteKey::new(parts.next()?), key, field })
    }
}

impl Engine {
    /// Whether a person would be asked about a field now who isn't asked yet.
    pub(super) async fn asks_something_new(
        &self,
        store: &StoreSettings,
        pair: &Paired,
        decision: &Decision,
    ) -> Result<bool> {
        for conflict in &decision.conflicts {
            let place = Place {
                product: pair.store.product.key.clone(),
                key: conflict.key.clone(),
                field: conflict.field,
            };
            let open = self.repository.open_issue(&store.connection.id, CONFLICT, &place.subject()).await?;
            if open.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stores what both sides agree on, and opens and closes the issues about this pair.
    pub(super) async fn tell_of(
        &self,
        store: &StoreSettings,
        pair: &Paired,
        decision: &Decision,
    ) -> Result<()> {
        let id = &store.connection.id;
        let product = &pair.store.product.key;
        let mut mutations = agreed(id, decision);
        let mut open_now: BTreeSet<(String, String)> = BTreeSet::new();
        let title = pair.store.product.title();
        for conflict in &decision.conflicts {
            let place = Place { product: product.clone(), key: conflict.key.clone(), field: conflict.field };
            let name = conflict.sku.as_deref().unwrap_or(title);
            let base = conflict.base.as_ref().map_or_else(
                || "they were never the same before".to_owned(),
                |base| format!("both last agreed on {} (store) and {} (ERP)", base.store, base.erp),
            );
            let text = format!(
                "{id}: the {} of {name} is \"{}\" in the store and \"{}\" in the ERP; {base}. {}. Answer {} (`zygos approve \
                 NUMBER WORD`).",
                conflict.field.words(),
                conflict.store,
                conflict.erp,
                sentence(&conflict.why),
                answers_in_words(&conflict.choices)
            );
            open_now.insert((CONFLICT.to_owned(), place.subject()));
            let choices: Vec<&str> = Choice::CHOICES
                .iter()
                .filter(|(_, choice)| conflict.choices.contains(choice))
                .map(|(word, _)| *word)
                .collect();
            mutations.push(self.issue(id, CONFLICT, place.subject(), text, &choices));
        }
        for change in &decision.changes {
            let Some(hold) = &change.hold else { continue };
            let place =
                Place { product: product.clone(), key: change.store_key.clone(), field: change.field };
            let text = format!(
                "{id}: the {} of {} would go from {} to {} in {}: {hold}. Answer `approve` if that is right, `leave` if not \
                 (`zygos approve NUMBER WORD`).",
                change.field.words(),
                super::sending::name_of(change, &pair.store.product),
                change.before,
                change.after,
                match change.to {
                    Side::Store => "the store",
                    Side::Erp => "the ERP",
                }
            );
            open_now.insert((HOLD.to_owned(), place.subject()));
            mutations.push(self.issue(id, HOLD, place.subject(), text, &["approve", "leave"]));
        }
        for trouble in &decision.troubles {
            let subject = format!("{product} {}", trouble.subject);
            open_now.insert((trouble.kind.code().to_owned(), subject.clone()));
            mutations.push(self.issue(
                id,
                trouble.kind.code(),
                subject,
                format!("{id}: {}", trouble.text),
                &[],
            ));
        }
        let of_this = format!("{product} ");
        for open in self.repository.issues(false).await? {
            let kept = open_now.contains(&(open.kind.clone(), open.subject.clone()));
            let ours = open.kind == CONFLICT
                || open.kind == HOLD
                || zygos_core::catalogue::TROUBLE_KINDS.contains(&open.kind.as_str());
            if &open.connection == id && ours && open.subject.starts_with(&of_this) && !kept {
                mutations.push(self.close_issue(id, &open.kind, open.subject));
            }
        }
        self.commit(mutations).await
    }
}

/// What may be answered, and what comes of it.
fn answers_in_words(choices: &[Choice]) -> String {
    let words =
        Choice::CHOICES.iter().filter(|(_, choice)| choices.contains(choice)).map(|(word, choice)| {
            let what = match choice {
                Choice::Store => "to take the store's",
                Choice::Erp => "to take the ERP's",
                Choice::Leave => "to leave both as they are",
            };
            format!("`{word}` {what}")
        });
    words.collect::<Vec<_>>().join(", ")
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The bases that are to be stored anew, one mutation a key.
pub(super) fn agreed(store: &ConnectionId, decision: &Decision) -> Vec<Mutation> {
    let mut by_key: BTreeMap<RemoteKey, FieldBases> = BTreeMap::new();
    for agreement in &decision.agreed {
        by_key
            .entry(agreement.key.clone())
            .or_insert_with(|| FieldBases {
                store: store.clone(),
                key: agreement.key.clone(),
                halves: BTreeMap::new(),
            })
            .halves
            .insert(agreement.field, agreement.halves.clone());
    }
    by_key.into_values().map(Mutation::PutFieldBases).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_whatever_the_keys_are() {
        let place = Place {
            product: RemoteKey::new("product.template,5"),
            key: RemoteKey::new("17"),
            field: Field::MetaTitle,
        };
        assert_eq!(Place::read(&place.subject()), Some(place));
        assert_eq!(Place::read("12 13 colour"), None);
    }
}
