use zygos_core::{RemoteKey, contract::Side};
use zygos_engine::{LeftAlone, PlannedOrder, PlannedProduct};

use super::*;

fn shop() -> ConnectionId {
    ConnectionId::new("shop")
}

fn stock(sku: &str, before: i64, after: i64) -> PlannedStock {
    PlannedStock {
        store: shop(),
        unit: RemoteKey::new(sku),
        sku: sku.to_owned(),
        before: Some(before.into()),
        after: after.into(),
        why: "WH free".to_owned(),
    }
}

fn order(id: &str, step: PlannedStep, what: &str) -> PlannedOrder {
    PlannedOrder {
        store: shop(),
        order: RemoteKey::new(id),
        digest: String::new(),
        step,
        what: what.to_owned(),
    }
}

#[test]
fn a_plan_says_how_long_each_store_will_take() {
    let told = |calls, is_least, seconds| {
        let cost = Cost { store: shop(), writes: calls / 2, calls, is_least, seconds };
        let plan = Plan { costs: vec![cost], ..Plan::default() };
        let mut lines = words(&plan, false);
        lines.pop();
        lines.pop().expect("the last line of the store").trim().to_owned()
    };
    let long = "about 10000 calls for 5000 writes, about 2 h 46 min within its call limits";
    assert_eq!(told(10_000, false, Some(10_000)), long);
    let least = "at least 80 calls for 40 writes, about 1 min within its call limits";
    assert_eq!(told(80, true, Some(60)), least);
    assert_eq!(told(0, false, Some(0)), "about 0 calls for 0 writes, about 0 s within its call limits");
    assert_eq!(told(7, false, None), "about 7 calls for 3 writes, no call limit is configured for it");
}

fn planned(field: &str, before: Option<&str>, after: &str, held: Option<&str>) -> PlannedProduct {
    PlannedProduct {
        store: shop(),
        to: ConnectionId::new("erp"),
        side: Side::Store,
        key: RemoteKey::new("7"),
        name: "VASE".to_owned(),
        field: field.to_owned(),
        before: before.map(str::to_owned),
        after: after.to_owned(),
        why: "the ERP owns it".to_owned(),
        held: held.map(str::to_owned),
        words: String::new(),
    }
}

#[test]
fn a_plan_is_grouped_by_store_and_by_kind_each_with_before_after_and_reason() {
    let plan = Plan {
        stock: vec![stock("UP", 1, 4), stock("DOWN", 5, 3), stock("OUT", 2, 0)],
        orders: vec![
            order("8", PlannedStep::Wait, "wait: it is not paid yet"),
            order("7", PlannedStep::Enter, "enter in the ERP as A-7"),
        ],
        left_alone: vec![LeftAlone {
            store: shop(),
            sku: "BOX".to_owned(),
            why: "it is not linked".to_owned(),
        }],
        products: vec![
            planned("new", None, "VASE", None),
            planned("price", Some("10"), "12", None),
            planned("name", Some("Vase"), "Tall vase", None),
            planned("price", Some("10"), "0", Some("it would go to zero")),
        ],
        costs: vec![Cost { store: shop(), writes: 3, calls: 7, is_least: false, seconds: None }],
    };
    assert_eq!(
        words(&plan, false),
        [
            "shop:",
            "  products to make (1)",
            "    VASE in erp: new VASE (the ERP owns it)",
            "  prices to write (1)",
            "    VASE in erp, price: 10 → 12 (the ERP owns it)",
            "  fields of products to write (1)",
            "    VASE in erp, name: Vase → Tall vase (the ERP owns it)",
            "  products that wait (1)",
            "    VASE in erp, price: 10 → 0 (waits: it would go to zero)",
            "  stock raised (1)",
            "    UP: 1 → 4 (WH free)",
            "  stock lowered (1)",
            "    DOWN: 5 → 3 (WH free)",
            "  stock to zero (1)",
            "    OUT: 2 → 0 (WH free)",
            "  orders to enter in the ERP (1)",
            "    7: enter in the ERP as A-7",
            "  orders that wait (1)",
            "    8: wait: it is not paid yet",
            "  products left alone (1)",
            "    BOX: it is not linked",
            "  about 7 calls for 3 writes, no call limit is configured for it",
            "3 figures to write, 1 orders to enter, 3 changes of products",
        ]
    );
}

#[test]
fn of_a_long_group_the_beginning_is_shown_unless_all_is_wanted() {
    let many = (0..25).map(|number| stock(&format!("S{number}"), 1, 2)).collect();
    let plan = Plan { stock: many, ..Plan::default() };
    let short = words(&plan, false);
    assert!(short.contains(&"    and 5 more; --all shows them".to_owned()), "{short:?}");
    assert!(!short.iter().any(|line| line.contains("S20:")), "{short:?}");
    let whole = words(&plan, true);
    assert!(whole.iter().any(|line| line.contains("S24:")) && whole.len() == short.len() + 4, "{whole:?}");
}
