//! What people answered about fields of products. An answer counts for the two values it was given about, and for no
//! others: whatever is edited afterwards asks again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Choice, Decision, ProductRule},
    contract::{Checkpoint, Lane, Side},
    model::{Field, Value},
};
use zygos_storage::{Issue, Mutation};

use super::{Subject, Work, pairing::Paired, telling::Place};
use crate::{engine::Engine, error::Result, progress::digest_of, settings::StoreSettings};

/// Answers about one product of a store, by `UNIT FIELD`.
type Kept = BTreeMap<String, Answer>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    choice: String,
    /// Of what it was given about.
    about: String,
}

/// Answers that hold now.
#[derive(Default)]
pub(crate) struct Answers {
    pub choices: BTreeMap<(RemoteKey, Field), Choice>,
    /// Changes that a person let go on.
    pub approved: Vec<(RemoteKey, Field)>,
    /// Changes that a person does not want.
    pub refused: Vec<(RemoteKey, Field)>,
}

impl Engine {
    /// Which of the answers given about a pair fit what was decided without them.
    pub(super) async fn answers_for(
        &self,
        store: &StoreSettings,
        pair: &Paired,
        decision: &Decision,
    ) -> Result<Answers> {
        let mut answers = Answers::default();
        if decision.conflicts.is_empty() && decision.changes.iter().all(|change| change.hold.is_none()) {
            return Ok(answers);
        }
        let kept = self.kept_answers(&store.connection.id, &pair.store.product.key).await?;
        for conflict in &decision.conflicts {
            let answer = kept.get(&name(&conflict.key, conflict.field));
            if let Some(answer) = answer
                && answer.about == about(&conflict.store, &conflict.erp)?
                && let Some(choice) = choice_of(&answer.choice)
            {
                answers.choices.insert((conflict.key.clone(), conflict.field), choice);
            }
        }
        for change in decision.changes.iter().filter(|change| change.hold.is_some()) {
            let answer = kept.get(&name(&change.store_key, change.field));
            if let Some(answer) = answer
                && answer.about == about(&change.before, &change.after)?
            {
                let key = (change.store_key.clone(), change.field);
                match answer.choice.as_str() {
                    "approve" => answers.approved.push(key),
                    _ => answers.refused.push(key),
                }
            }
        }
        Ok(answers)
    }

    async fn kept_answers(&self, store: &ConnectionId, product: &RemoteKey) -> Result<Kept> {
        let cursor = self.repository.cursor(store, &feed(product)).await?;
        Ok(cursor.and_then(|checkpoint| serde_json::from_str(&checkpoint.0).ok()).unwrap_or_default())
    }

    /// Keeps a person's answer about a field and has the product looked at.
    pub(crate) async fn field_answer(&self, issue: &Issue, choice: &str) -> Result<Vec<Mutation>> {
        let Some(place) = Place::read(&issue.subject) else { return Ok(Vec::new()) };
        let Some(store) = self.store(&issue.connection) else { return Ok(Vec::new()) };
        let rule = self.rule_of(store)?;
        let id = &issue.connection;
        let mut kept = self.kept_answers(id, &place.product).await?;
        if let Some(about) = self.asked_about(store, &rule, &place).await? {
            kept.insert(name(&place.key, place.field), Answer { choice: choice.to_owned(), about });
        }
        let text = serde_json::to_string(&kept).unwrap_or_default();
        Ok(vec![
            Mutation::PutCursor {
                connection: id.clone(),
                feed: feed(&place.product),
                checkpoint: Checkpoint(text),
            },
            self.product_wish(id, Side::Store, &place.product, "a person decided about it"),
        ])
    }

    /// The two values that are in question now; `None`: none are any more.
    async fn asked_about(
        &self,
        store: &StoreSettings,
        rule: &ProductRule,
        place: &Place,
    ) -> Result<Option<String>> {
        let Subject::Pairs(pairs) = self.subject_of(store, Side::Store, &place.product).await? else {
            return Ok(None);
        };
        for pair in pairs {
            let units: Vec<RemoteKey> = pair.links.iter().map(|(_, erp)| erp.clone()).collect();
            let prices = self.list_prices(rule, &units, Lane::Catalogue).await?;
            let work = Work { store, rule, prices, run: None, seen: None };
            let decision = self.decide_unanswered(&work, &pair).await?;
            for conflict in &decision.conflicts {
                if (&conflict.key, conflict.field) == (&place.key, place.field) {
                    return Ok(Some(about(&conflict.store, &conflict.erp)?));
                }
            }
            for change in decision.changes.iter().filter(|change| change.hold.is_some()) {
                if (&change.store_key, change.field) == (&place.key, place.field) {
                    return Ok(Some(about(&change.before, &change.after)?));
                }
            }
        }
        Ok(None)
    }
}

fn feed(product: &RemoteKey) -> String {
    format!("answers about {product}")
}

fn name(key: &RemoteKey, field: Field) -> String {
    format!("{key} {field}")
}

fn about(one: &Value, other: &Value) -> Result<String> {
    digest_of(&(one, other), "an answer")
}

fn choice_of(word: &str) -> Option<Choice> {
    match word {
        "store" => Some(Choice::Store),
        "erp" => Some(Choice::Erp),
        "leave" => Some(Choice::Leave),
        _ => None,
    }
}
