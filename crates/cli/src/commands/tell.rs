use serde::Serialize;
use zygos_engine::{OrderStory, UnitStory};

use crate::{assemble::Assembled, failure::Failure, show::Form};

#[derive(Serialize)]
struct Stories {
    units: Vec<UnitStory>,
    orders: Vec<OrderStory>,
}

/// Explains a figure or an order. Reads the ERP; makes no call on a store.
pub async fn explain(assembled: &Assembled, what: &str, form: Form) -> Result<(), Failure> {
    let engine = &assembled.engine;
    let orders = engine.explain_order(what).await?;
    let units = if orders.is_empty() { engine.explain_unit(what).await? } else { Vec::new() };
    if orders.is_empty() && units.is_empty() {
        return Err(Failure::Configuration(format!(
            "there is no order and no product `{what}` in any store; as far as they have been read (`zygos sync` reads \
             them once, `zygos serve` all the time)"
        )));
    }
    let stories = Stories { units, orders };
    form.print(&stories, || {
        let units = stories.units.iter().flat_map(UnitStory::lines);
        units.chain(stories.orders.iter().flat_map(OrderStory::lines)).collect()
    })
}

/// Runs something again.
pub async fn replay(assembled: &Assembled, what: &str, form: Form) -> Result<(), Failure> {
    let engine = &assembled.engine;
    let found = engine.find_to_replay(what).await?;
    if found.is_empty() {
        return Err(Failure::Configuration(format!(
            "`{what}` is no connection, no order and no SKU; connections are {}",
            engine.connection_names().join(", ")
        )));
    }
    let mut count = 0;
    for one in &found {
        count += engine.replay(one).await?;
    }
    form.print(&count, || {
        vec![format!("decided again: {count}; `zygos serve` does it at once, else run `zygos sync`")]
    })
}
