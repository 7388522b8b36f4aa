//! The products of a plan that was seen.

use zygos_core::{ConnectionId, RunId, contract::Lane};
use zygos_storage::{Mutation, OutboxRecord};

use crate::{
    carry_out::{Kind, PlanLine, ROUNDS},
    engine::Engine,
    error::Result,
    plan_seen::{Fate, Seen, SeenPlan, SeenProduct, record_of_product},
};

impl Engine {
    pub(crate) async fn carry_out_products(
        &self,
        seen: &Seen<'_>,
        run: &RunId,
        plan: &SeenPlan,
        troubles: &mut Vec<(ConnectionId, String)>,
    ) -> Result<()> {
        let reason = format!("the plan of {:.0}", plan.made_at);
        for store in &self.settings.stores {
            let id = &store.connection.id;
            let records: Vec<OutboxRecord> =
                seen.products().filter(|product| &product.store == id).map(record_of_product).collect();
            if records.is_empty() {
                continue;
            }
            let none_move = self.product_rule(store).is_none();
            let gone = none_move.then_some("no products or prices of its store move any more");
            if let Some(why) = self.in_the_way(id, gone).await? {
                for record in records {
                    seen.put(id, record, Fate::Waits(why.clone()));
                }
                continue;
            }
            let wishes: Vec<Mutation> = records
                .into_iter()
                .map(|record| self.wish(id, record, Lane::Catalogue, reason.clone()))
                .collect();
            self.commit(wishes).await?;
            for _ in 0..ROUNDS {
                seen.begin_round();
                let pass = loop {
                    match self.product_pass_of(store, Some(run), Some(seen)).await {
                        Ok(pass) if pass.looked_at > 0 => {}
                        other => break other,
                    }
                };
                if let Err(error) = pass {
                    self.note_trouble(id, Err(error), troubles)?;
                    break;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn outcome_of_product(
        &self,
        seen: &Seen<'_>,
        product: &SeenProduct,
    ) -> Result<(PlanLine, Kind)> {
        let store = &product.store;
        let record = record_of_product(product);
        let line = |words: String| PlanLine { store: store.clone(), what: product.name.clone(), words };
        let rows = self.repository.outbox(Some(store), u32::MAX >> 1).await?;
        Ok(match seen.fate(store, &record) {
            Some(Fate::Already) => (line("it is so already".to_owned()), Kind::Already),
            Some(Fate::Moved(words)) => (line(words), Kind::Moved),
            Some(Fate::Waits(words)) => (line(words), Kind::Waiting),
            None if rows.iter().any(|row| row.record == record) => {
                (line(self.why_it_waits(store, &record).await?), Kind::Waiting)
            }
            None => (line(product.words.join("; ")), Kind::Done),
        })
    }
}
