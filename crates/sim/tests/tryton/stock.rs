//! Quantities through every state, as a running server counted them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Company, company, decimal};

const TODAY: [i32; 3] = [2026, 3, 5];

fn today() -> Value {
    json!({"__class__": "date", "year": TODAY[0], "month": TODAY[1], "day": TODAY[2]})
}

/// Quantity and forecast of the warehouse, of its storage zone, and of that with assigned goods taken off.
fn table(company: &Company) -> [[String; 2]; 3] {
    [
        json!({"company": 1, "locations": [company.warehouse]}),
        json!({"company": 1, "locations": [company.storage]}),
        json!({"company": 1, "locations": [company.storage], "stock_assign": true}),
    ]
    .map(|context| ["quantity", "forecast_quantity"].map(|field| company.figure(field, context.clone())))
}

fn rows(values: [[&str; 2]; 3]) -> [[String; 2]; 3] {
    values.map(|row| row.map(str::to_owned))
}

#[test]
fn an_order_of_two_from_a_hundred_runs_through_the_known_table() {
    let company = company();
    let sale = company.draft("A", vec![company.line(2, "10.00", &[1])]);
    let full = rows([["100.0", "100.0"], ["100.0", "100.0"], ["100.0", "100.0"]]);
    assert_eq!(table(&company), full);
    company.press(sale, "quote");
    assert_eq!(table(&company), full);
    company.press(sale, "confirm");
    let shipment = company.shipments(sale)[0];
    let expected = [
        ("confirmed", rows([["100.0", "98.0"], ["100.0", "98.0"], ["100.0", "98.0"]])),
        ("assign_try", rows([["100.0", "98.0"], ["100.0", "98.0"], ["98.0", "98.0"]])),
        ("pick", rows([["100.0", "98.0"], ["98.0", "98.0"], ["98.0", "98.0"]])),
        ("pack", rows([["100.0", "98.0"], ["98.0", "98.0"], ["98.0", "98.0"]])),
        ("ship", rows([["100.0", "98.0"], ["98.0", "98.0"], ["98.0", "98.0"]])),
        ("do", rows([["98.0", "98.0"], ["98.0", "98.0"], ["98.0", "98.0"]])),
    ];
    for (button, figures) in expected {
        if button != "confirmed" {
            company.call(&format!("stock.shipment.out.{button}"), json!([[shipment]]));
        }
        assert_eq!(table(&company), figures, "{button}");
    }
    assert_eq!(company.sale_field(sale, "shipment_state"), "sent");
}

#[test]
fn a_whole_warehouse_with_assigned_goods_taken_off_forgets_them_between_picking_and_packing() {
    let company = company();
    let sale = company.confirmed("A", 2);
    let shipment = company.shipments(sale)[0];
    let context = json!({"company": 1, "locations": [company.warehouse], "stock_assign": true});
    for (button, figure) in [("assign_try", "98.0"), ("pick", "100.0"), ("pack", "98.0"), ("do", "98.0")] {
        company.call(&format!("stock.shipment.out.{button}"), json!([[shipment]]));
        assert_eq!(company.figure("quantity", context.clone()), figure, "{button}");
    }
}

/// Moved out, reserved and recorded, from one call.
fn deductions(company: &Company, sale: i64) -> [i64; 3] {
    let fields = json!([
        "moves.state",
        "moves.internal_quantity",
        "moves.planned_date",
        "moves.outcome_moves.state",
        "moves.outcome_moves.internal_quantity"
    ]);
    let lines = company.call("sale.line.search_read", json!([[["sale", "=", sale]], 0, null, null, fields]));
    let mut sums = [0, 0, 0];
    let whole = |record: &Value| {
        record["internal_quantity"].to_string().trim_end_matches(".0").parse::<i64>().unwrap()
    };
    for outgoing in lines.as_array().unwrap().iter().flat_map(|line| line["moves."].as_array().unwrap()) {
        let state = outgoing["state"].as_str().unwrap();
        if state == "done" {
            sums[0] += whole(outgoing);
        }
        for inventory in outgoing["outcome_moves."].as_array().unwrap() {
            if ["assigned", "done"].contains(&inventory["state"].as_str().unwrap()) {
                sums[1] += whole(inventory);
            }
        }
        let due = state == "draft" && outgoing["planned_date"] == today();
        if due || state == "assigned" || state == "done" {
            sums[2] += whole(outgoing);
        }
    }
    sums
}

fn figures(company: &Company) -> [i64; 3] {
    let whole = |text: String| text.trim_end_matches(".0").parse::<i64>().unwrap();
    let at = |location: i64, more: Value| {
        let mut context = json!({"company": 1, "locations": [location]});
        context.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        context
    };
    [
        whole(company.figure("quantity", at(company.warehouse, json!({})))),
        whole(company.figure("quantity", at(company.storage, json!({"stock_assign": true})))),
        whole(company.figure("forecast_quantity", at(company.warehouse, json!({"stock_date_end": today()})))),
    ]
}

#[test]
fn each_figure_misses_exactly_what_its_own_deduction_says_in_every_state() {
    let company = company();
    let check = |sale: i64, shipped_before: i64, when: &str| {
        let hundred = 100 - shipped_before;
        let left = deductions(&company, sale).map(|taken| hundred - taken);
        assert_eq!(figures(&company), left, "{when}");
    };
    let sale = company.draft("A", vec![company.line(5, "10.00", &[1])]);
    check(sale, 0, "draft");
    company.press(sale, "quote");
    check(sale, 0, "quotation");
    company.press(sale, "confirm");
    check(sale, 0, "processing");
    let shipment = company.shipments(sale)[0];
    let inventory = company.call("stock.shipment.out.read", json!([[shipment], ["inventory_moves"]]));
    company.call("stock.move.write", json!([inventory[0]["inventory_moves"], {"quantity": 3.0}]));
    check(sale, 0, "short pick entered");
    for button in ["assign_try", "pick", "pack", "ship", "do"] {
        company.call(&format!("stock.shipment.out.{button}"), json!([[shipment]]));
        check(sale, 0, button);
    }
    let rest = company.shipments(sale)[1];
    company.call("stock.shipment.out.assign_try", json!([[rest]]));
    check(sale, 0, "rest assigned");
    company.call("stock.shipment.out.cancel", json!([[rest]]));
    check(sale, 0, "rest cancelled");

    for stages in 1..=4 {
        let sale = company.confirmed(&format!("B{stages}"), 4);
        let shipment = company.shipments(sale)[0];
        for button in ["assign_try", "pick", "pack", "ship"].iter().take(stages) {
            company.call(&format!("stock.shipment.out.{button}"), json!([[shipment]]));
        }
        check(sale, 3, "before it is cancelled");
        company.call("stock.shipment.out.cancel", json!([[shipment]]));
        check(sale, 3, "cancelled");
        assert_eq!(deductions(&company, sale), [0, 0, 0]);
    }
}

#[test]
fn assigning_more_than_there_is_says_nothing_and_takes_what_there_is() {
    let company = company();
    let sale = company.confirmed("A", 500);
    let shipment = company.shipments(sale)[0];
    company.call("stock.shipment.out.assign_try", json!([[shipment]]));
    let row = company.call("stock.shipment.out.read", json!([[shipment], ["state", "partially_assigned"]]));
    assert_eq!((&row[0]["state"], &row[0]["partially_assigned"]), (&json!("waiting"), &json!(true)));
    assert_eq!(figures(&company), [100, 0, -400]);
    company.call("stock.shipment.out.wait", json!([[shipment]]));
    assert_eq!(figures(&company), [100, 100, -400]);
}

#[test]
fn an_order_that_is_still_waiting_tomorrow_drops_out_of_the_forecast() {
    let mut company = company();
    company.confirmed("A", 2);
    let context = json!({"company": 1, "locations": [company.warehouse]});
    assert_eq!(company.figure("forecast_quantity", context.clone()), "98.0");
    company.now += SignedDuration::from_hours(24);
    assert_eq!(company.figure("forecast_quantity", context), "100.0");
}

#[test]
fn received_goods_are_in_the_warehouse_before_they_can_be_picked() {
    let company = company();
    let supplier =
        company.call("party.party.search", json!([[["name", "=", "Wholesale Supplier"]]]))[0].clone();
    let address = company.call("party.address.search", json!([[["party", "=", supplier]]]))[0].clone();
    let purchase = company.staff(
        "purchase.purchase.create",
        json!([[{
        "party": supplier, "invoice_address": address, "warehouse": company.warehouse, "currency": 1,
        "lines": [["create", [{"product": company.lamp, "quantity": 7.0, "unit": 1,
                               "unit_price": {"__class__": "Decimal", "decimal": "3.50"}}]]]}]]),
    );
    company.staff("purchase.purchase.quote", json!([purchase]));
    company.staff("purchase.purchase.confirm", json!([purchase]));
    assert_eq!(figures(&company), [100, 100, 100]);
    let context = json!({"company": 1, "locations": [company.warehouse]});
    assert_eq!(company.figure("forecast_quantity", context), "107.0");

    let moves =
        company.staff("stock.move.search", json!([[["origin.purchase", "=", purchase[0], "purchase.line"]]]));
    let zones = company.call("stock.location.read", json!([[company.warehouse], ["input_location"]]));
    let shipment = company.staff(
        "stock.shipment.in.create",
        json!([[{
        "supplier": supplier, "warehouse": company.warehouse, "warehouse_input": zones[0]["input_location"],
        "warehouse_storage": company.storage, "incoming_moves": [["add", moves]]}]]),
    );
    company.staff("stock.move.write", json!([moves, {"quantity": 4.0}]));
    company.staff("stock.shipment.in.receive", json!([shipment]));
    assert_eq!(figures(&company), [104, 100, 104]);
    company.staff("stock.shipment.in.do", json!([shipment]));
    assert_eq!(figures(&company), [104, 104, 104]);
    let state = company.call("purchase.purchase.read", json!([purchase, ["shipment_state"]]));
    assert_eq!(state[0]["shipment_state"], "partially shipped");
}

#[test]
fn a_transfer_is_in_neither_warehouse_between_ship_and_do() {
    let company = company();
    let target = company.call("stock.location.read", json!([[company.second], ["storage_location"]]));
    let ends = json!({"from_location": company.storage, "to_location": target[0]["storage_location"]});
    let mut a_move = ends.clone();
    a_move["product"] = json!(company.lamp);
    a_move["quantity"] = json!(5.0);
    a_move["unit"] = json!(1);
    a_move["company"] = json!(1);
    let mut values = ends;
    values["moves"] = json!([["create", [a_move]]]);
    let transfer = company.call("stock.shipment.internal.create", json!([[values]]));
    let quantities =
        || [company.warehouse, company.second].map(|at| company.sandbox.quantity(company.lamp, at));
    let free = || company.sandbox.free(company.lamp, company.warehouse);
    let press = |button: &str| company.call(&format!("stock.shipment.internal.{button}"), json!([transfer]));
    press("wait");
    assert_eq!(free(), decimal("100"));
    press("assign_try");
    assert_eq!(free(), decimal("95"));
    company.refused("stock.shipment.internal.do", json!([transfer]));
    press("pack");
    press("ship");
    assert_eq!(quantities(), [decimal("95"), decimal("0")]);
    press("do");
    assert_eq!(quantities(), [decimal("95"), decimal("5")]);
}

#[test]
fn a_count_sets_the_storage_zone_and_warehouses_are_not_counted() {
    let company = company();
    let count = |location: i64| json!([[{"location": location, "lines": [["create", [{"product": company.lamp, "quantity": 77.0}]]]}]]);
    company.refused("stock.inventory.create", count(company.warehouse));
    let inventory = company.call("stock.inventory.create", count(company.storage));
    company.call("stock.inventory.confirm", json!([inventory]));
    assert_eq!(company.sandbox.quantity(company.lamp, company.warehouse), decimal("77"));
    company.refused("stock.inventory.confirm", json!([inventory]));
}

#[test]
fn without_locations_there_is_nothing_anywhere() {
    let company = company();
    assert_eq!(company.figure("quantity", json!({"company": 1})), "0.0");
    let rows = company.call_in(
        "stock.location.search_read",
        json!([[["type", "=", "warehouse"]], 0, null, [["code", "ASC"]], ["code", "quantity"]]),
        json!({"product": company.lamp}),
    );
    assert_eq!(
        (rows[0]["quantity"].to_string(), rows[1]["quantity"].to_string()),
        ("100.0".into(), "0.0".into())
    );
}
