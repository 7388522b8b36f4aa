//! A plan as a shop owner reads it, and its carrying out.

use std::path::Path;

use zygos_core::{ConnectionId, money::plain, pacing::length};
use zygos_engine::{CarriedOut, Cost, Plan, PlanLine, PlannedProduct, PlannedStep, PlannedStock, SeenPlan};

use super::{balance::kept, plan_file};
use crate::{
    arguments::PlanArguments, assemble::Assembled, clock::machine_clock, failure::Failure, leases::Leases,
    show::Form,
};

/// Of longer groups the beginning is shown.
const SHOWN: usize = 20;

/// Shows what would be written, and keeps it in a file if wanted.
pub async fn plan(assembled: &Assembled, wanted: &PlanArguments, form: Form) -> Result<(), Failure> {
    if let Some(file) = &wanted.out {
        plan_file::may_be_written(file, wanted.force)?;
    }
    let leases = Leases::of(assembled, &machine_clock());
    leases.take_or_explain().await?;
    let made_at = assembled.engine.now();
    let plan = assembled.engine.plan().await;
    leases.release().await?;
    let plan = plan?;
    if let Some(file) = &wanted.out {
        let seen = SeenPlan::of(&plan, assembled.workspace.clone(), made_at);
        plan_file::write(file, &seen, wanted.force)?;
    }
    form.print(&plan, || {
        let mut lines = words(&plan, wanted.all);
        if let Some(file) = &wanted.out {
            let file = file.display();
            lines.push(format!("the plan is in {file}; `zygos sync --plan {file}` does exactly this"));
        }
        lines
    })
}

/// The plan by store and by kind of change.
pub(super) fn words(plan: &Plan, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for store in stores_of(plan) {
        lines.push(format!("{store}:"));
        for (title, entries) in groups(plan, store) {
            if entries.is_empty() {
                continue;
            }
            lines.push(format!("  {title} ({})", entries.len()));
            let shown = if all { entries.len() } else { SHOWN };
            lines.extend(entries.iter().take(shown).map(|entry| format!("    {entry}")));
            if entries.len() > shown {
                lines.push(format!("    and {} more; --all shows them", entries.len() - shown));
            }
        }
        lines.extend(
            plan.costs.iter().filter(|cost| &cost.store == store).map(|one| format!("  {}", cost(one))),
        );
    }
    let enter = plan.orders.iter().filter(|order| order.step == PlannedStep::Enter).count();
    let fields = plan.products.iter().filter(|product| product.held.is_none()).count();
    let products =
        if plan.products.is_empty() { String::new() } else { format!(", {fields} changes of products") };
    lines.push(format!("{} figures to write, {enter} orders to enter{products}", plan.stock.len()));
    lines
}

/// In the order of the configuration: every store has its costs.
fn stores_of(plan: &Plan) -> Vec<&ConnectionId> {
    let named = plan.costs.iter().map(|cost| &cost.store);
    let others = plan.stock.iter().map(|stock| &stock.store);
    let others = others.chain(plan.orders.iter().map(|order| &order.store));
    let others = others.chain(plan.products.iter().map(|product| &product.store));
    let mut stores = Vec::new();
    for store in named.chain(others).chain(plan.left_alone.iter().map(|left| &left.store)) {
        if !stores.contains(&store) {
            stores.push(store);
        }
    }
    stores
}

fn groups(plan: &Plan, store: &ConnectionId) -> Vec<(&'static str, Vec<String>)> {
    let stock = |of: fn(&PlannedStock) -> bool| -> Vec<String> {
        let here = plan.stock.iter().filter(|stock| &stock.store == store && of(stock));
        here.map(figure).collect()
    };
    let orders = |step: PlannedStep| -> Vec<String> {
        let here = plan.orders.iter().filter(|order| &order.store == store && order.step == step);
        here.map(|order| format!("{}: {}", order.order, order.what)).collect()
    };
    let left = plan.left_alone.iter().filter(|left| &left.store == store);
    let products = |of: &dyn Fn(&PlannedProduct) -> bool| -> Vec<String> {
        let here = plan.products.iter().filter(|product| &product.store == store && of(product));
        here.map(product).collect()
    };
    let is_new = |product: &PlannedProduct| product.field.starts_with("new");
    let is_price = |product: &PlannedProduct| product.field == "price";
    vec![
        ("products to make", products(&|product| product.held.is_none() && is_new(product))),
        ("prices to write", products(&|product| product.held.is_none() && is_price(product))),
        (
            "fields of products to write",
            products(&|product| product.held.is_none() && !is_new(product) && !is_price(product)),
        ),
        ("products that wait", products(&|product| product.held.is_some())),
        ("stock raised", stock(|stock| !is_to_zero(stock) && !is_lowered(stock))),
        ("stock lowered", stock(|stock| !is_to_zero(stock) && is_lowered(stock))),
        ("stock to zero", stock(is_to_zero)),
        ("orders to enter in the ERP", orders(PlannedStep::Enter)),
        ("orders that wait", orders(PlannedStep::Wait)),
        ("orders that are left", orders(PlannedStep::Leave)),
        ("products left alone", left.map(|left| format!("{}: {}", left.sku, left.why)).collect()),
    ]
}

fn product(product: &PlannedProduct) -> String {
    let PlannedProduct { to, name, field, before, after, why, held, .. } = product;
    let why = held.as_ref().map_or_else(|| why.clone(), |held| format!("waits: {held}"));
    match before {
        None => format!("{name} in {to}: {field} {after} ({why})"),
        Some(before) => format!("{name} in {to}, {field}: {before} → {after} ({why})"),
    }
}

fn is_to_zero(stock: &PlannedStock) -> bool {
    stock.after.is_zero()
}

fn is_lowered(stock: &PlannedStock) -> bool {
    stock.before.is_some_and(|before| stock.after < before)
}

fn figure(stock: &PlannedStock) -> String {
    let before = stock.before.map_or("?".to_owned(), plain);
    format!("{}: {before} → {} ({})", stock.sku, plain(stock.after), stock.why)
}

/// Does what a plan in a file says, as far as that is still so.
pub async fn carry_out(assembled: &Assembled, file: &Path, form: Form) -> Result<(), Failure> {
    let seen = plan_file::read(file, &assembled.workspace)?;
    let leases = Leases::of(assembled, &machine_clock());
    leases.take_or_explain().await?;
    let outcome = kept(&leases, assembled.engine.carry_out(&seen)).await;
    leases.release().await?;
    let carried = outcome?;
    form.print(&carried, || carried_in_words(&carried))?;
    if !carried.troubles.is_empty() {
        return Err(Failure::Unavailable("not everything could be reached; run again later".to_owned()));
    }
    if carried.moved.is_empty() && carried.waiting.is_empty() {
        return Ok(());
    }
    Err(Failure::NeedsAttention(format!(
        "{} entries of the plan have moved and {} wait; make a new plan, or run `zygos sync`",
        carried.moved.len(),
        carried.waiting.len()
    )))
}

fn carried_in_words(carried: &CarriedOut) -> Vec<String> {
    let groups: [(&str, &[PlanLine]); 4] = [
        ("done", &carried.done),
        ("so already", &carried.already),
        ("moved since, left alone", &carried.moved),
        ("not done yet", &carried.waiting),
    ];
    let mut lines = Vec::new();
    for (title, entries) in groups {
        if entries.is_empty() {
            continue;
        }
        lines.push(format!("{title} ({})", entries.len()));
        lines.extend(entries.iter().map(|line| format!("  {} in {}: {}", line.what, line.store, line.words)));
    }
    if carried.new_since > 0 {
        lines.push(format!("{} changes are new since the plan and were left alone", carried.new_since));
    }
    lines.extend(carried.troubles.iter().map(|(connection, why)| format!("{connection}: {why}")));
    if lines.is_empty() {
        lines.push("the plan is empty; nothing was to be done".to_owned());
    }
    lines
}

fn cost(cost: &Cost) -> String {
    let time = match cost.seconds {
        Some(seconds) => format!("about {} within its call limits", length(seconds)),
        None => "no call limit is configured for it".to_owned(),
    };
    let calls = if cost.is_least { "at least" } else { "about" };
    format!("{calls} {} calls for {} writes, {time}", cost.calls, cost.writes)
}

#[cfg(test)]
mod tests;
