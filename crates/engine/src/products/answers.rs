//! What people answered about fields of products. An answer counts for the two values it was given about, and for no
//! others: whatever is edited afterwards asks again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Choice, Decision},
    contract::{Checkpoint, Lane, Side},
    model::{Field, Value},
};
use zygos_storage::{Issue, Mutation};

use super::{Subject, Work, pairing::Paired, telling::Place};

use crate::{engine::Engine, error::Result, progress::digest_of, settings::StoreSettings};

/// Answers that hold now.
pub(super) type Answers = BTreeMap<(RemoteKey, Field), Choice>;

/// Answers about one product of a store, by `UNIT FIELD`.
type Kept = BTreeMap<String, Answer>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    choice: String,
    /// Of what it was given about.
    about: String,
}

impl Engine {
    /// Which of the answers given about a pair fit what was decided without them.
    pub(super) async fn answers_for(
        &self,
        store: &StoreSettings,
        pair: &Paired,
        decision: &Decision,
    ) -> Result<Answers> {
        let mut answers = Answers::new();
        let questions = questions_in(decision);
        if questions.is_empty() {
            return Ok(answers);
        }
        let kept = self.kept_answers(&store.connection.id, &pair.store.product.key).await?;
        for question in questions {
            let Some(answer) = kept.get(&name(question.key, question.field)) else { continue };
            if answer.about == question.about()?
                && let Some(choice) = question.choice(&answer.choice)
            {
                answers.insert((question.key.clone(), question.field), choice);
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
        let id = &issue.connection;
        let mut kept = self.kept_answers(id, &place.product).await?;
        if let Some(about) = self.asked_about(store, &place).await? {
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
    async fn asked_about(&self, store: &StoreSettings, place: &Place) -> Result<Option<String>> {
        let Subject::Pairs(pairs) = self.subject_of(store, Side::Store, &place.product).await? else {
            return Ok(None);
        };
        for pair in pairs {
            let units: Vec<RemoteKey> = pair.erp_units().collect();
            let (rule, prices) = self.priced(store, &units, Lane::Catalogue).await?;
            let work = Work::of(store, &rule, prices);
            let decision = self.decide_unanswered(&work, &pair).await?;
            for question in questions_in(&decision) {
                if (question.key, question.field) == (&place.key, place.field) {
                    return Ok(Some(question.about()?));
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

/// Something about a field that a person is asked, and the two values that it is about.
struct Question<'a> {
    key: &'a RemoteKey,
    field: Field,
    values: (&'a Value, &'a Value),
    /// Of a change that waits: the choice that lets it go on.
    agreed: Option<Choice>,
}

impl Question<'_> {
    fn about(&self) -> Result<String> {
        digest_of(&self.values, "an answer")
    }

    fn choice(&self, word: &str) -> Option<Choice> {
        match (word, self.agreed) {
            ("approve", agreed) => agreed,
            (word, _) => Choice::CHOICES.iter().find(|(code, _)| *code == word).map(|(_, choice)| *choice),
        }
    }
}

fn questions_in(decision: &Decision) -> Vec<Question<'_>> {
    let conflicts = decision.conflicts.iter().map(|conflict| Question {
        key: &conflict.key,
        field: conflict.field,
        values: (&conflict.store, &conflict.erp),
        agreed: None,
    });
    let held = decision.changes.iter().filter(|change| change.hold.is_some()).map(|change| Question {
        key: &change.store_key,
        field: change.field,
        values: (&change.store, &change.erp),
        agreed: Some(match change.to {
            Side::Store => Choice::Erp,
            Side::Erp => Choice::Store,
        }),
    });
    conflicts.chain(held).collect()
}
