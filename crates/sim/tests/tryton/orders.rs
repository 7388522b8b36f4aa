//! The life of a sale.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{company, company_with, money};

#[test]
fn a_web_id_is_unique_in_its_shop_and_only_there() {
    let company = company();
    company.draft("A", vec![]);
    let again = company.sale_values("A", vec![]);
    assert_eq!(
        company.refused("sale.sale.create", json!([[again]])),
        json!(["UserError", ["The web ID on the sale must be unique per shop.", "", null]])
    );
    let mut other_shop = again.clone();
    other_shop["web_shop"] = json!(2);
    let mut no_shop = again;
    no_shop["web_shop"] = Value::Null;
    let ids = company.call("sale.sale.create", json!([[other_shop, no_shop.clone(), no_shop]]));
    assert_eq!(ids.as_array().unwrap().len(), 3);
}

#[test]
fn one_call_is_one_transaction() {
    let company = company();
    company.draft("A", vec![]);
    let pair = [company.sale_values("B", vec![]), company.sale_values("A", vec![])];
    company.refused("sale.sale.create", json!([pair]));
    assert_eq!(company.call("sale.sale.search", json!([[["web_id", "=", "B"]]])), json!([]));

    let good = company.draft("C", vec![company.line(1, "10.00", &[1])]);
    let done = company.confirmed("D", 1);
    company.refused("sale.sale.quote", json!([[good, done]]));
    assert_eq!(company.sale_field(good, "state"), "draft");
}

#[test]
fn quoting_needs_lines_addresses_a_warehouse_and_a_carrier_when_shipping_is_charged() {
    let company = company();
    let error_of = |web_id: &str, change: Value| {
        let mut values = company.sale_values(web_id, vec![company.line(1, "10.00", &[1])]);
        for (field, value) in change.as_object().unwrap() {
            values[field] = value.clone();
        }
        let id = company.call("sale.sale.create", json!([[values]]))[0].clone();
        company.refused("sale.sale.quote", json!([[id]]))[1][0].as_str().unwrap().to_owned()
    };
    assert!(error_of("A", json!({"lines": []})).contains("can not call \"quote\""));
    assert!(error_of("B", json!({"invoice_address": null})).contains("invoice address"));
    assert!(error_of("C", json!({"shipment_address": null})).contains("shipment address"));
    assert!(error_of("D", json!({"warehouse": null})).contains("warehouse"));
    assert!(error_of("E", json!({"shipment_cost_method": "order"})).contains("carrier"));
}

#[test]
fn a_carrier_adds_its_own_line_when_shipping_is_charged_by_order() {
    let company = company();
    let mut values = company.sale_values("A", vec![company.line(1, "10.00", &[1])]);
    values["shipment_cost_method"] = json!("order");
    values["carrier"] = json!(1);
    let sale = company.call("sale.sale.create", json!([[values]]))[0].as_i64().unwrap();
    assert_eq!(company.sale_field(sale, "total_amount"), money("11.90"));
    company.press(sale, "quote");
    assert_eq!(company.sale_field(sale, "total_amount"), money("17.73"));
    company.press(sale, "draft");
    company.press(sale, "quote");
    assert_eq!(company.sale_field(sale, "lines").as_array().unwrap().len(), 2);
}

#[test]
fn confirming_processes_within_the_call_when_there_is_no_worker() {
    let company = company();
    let sale = company.confirmed("A", 2);
    assert_eq!(company.sale_field(sale, "state"), "processing");
    assert_eq!(company.sale_field(sale, "shipment_state"), "waiting");
    assert_eq!(company.sale_field(sale, "invoice_state"), "pending");
    let shipment = company.shipments(sale)[0];
    assert_eq!(company.shipment_state(shipment), "waiting");
    let rows = company.call(
        "sale.line.search_read",
        json!([[["sale", "=", sale]], 0, null, null, ["moves.state", "moves.outcome_moves.state"]]),
    );
    assert_eq!(rows[0]["moves."][0]["state"], "draft");
    assert_eq!(rows[0]["moves."][0]["outcome_moves."][0]["state"], "draft");
}

#[test]
fn with_a_worker_a_sale_stays_confirmed_until_the_worker_gets_to_it() {
    let mut company = company_with(|settings| settings.worker_delay = Some(Duration::from_secs(2)));
    let sale = company.confirmed("A", 2);
    assert_eq!(company.sale_field(sale, "state"), "confirmed");
    assert!(company.shipments(sale).is_empty());
    company.now += SignedDuration::from_secs(3);
    assert_eq!(company.sale_field(sale, "state"), "processing");
    assert_eq!(company.shipments(sale).len(), 1);
}

#[test]
fn a_button_that_does_not_fit_the_state_is_refused() {
    let company = company();
    let sale = company.confirmed("A", 1);
    for button in ["quote", "confirm", "draft", "cancel"] {
        let error = company.refused(&format!("sale.sale.{button}"), json!([[sale]]));
        assert!(error[1][0].as_str().unwrap().starts_with("You can not call"), "{button}");
    }
    let shipment = company.shipments(sale)[0];
    for button in ["pick", "pack", "ship", "do"] {
        company.refused(&format!("stock.shipment.out.{button}"), json!([[shipment]]));
    }
}

#[test]
fn lines_change_in_drafts_only_while_references_and_comments_always_may() {
    let company = company();
    let sale = company.draft("A", vec![company.line(1, "10.00", &[1])]);
    company.call("sale.sale.write", json!([[sale], {"lines": [["create", [company.line(1, "1.00", &[])]]]}]));
    company.press(sale, "quote");
    let line = company.sale_field(sale, "lines")[0].clone();
    let mut more = company.line(1, "1.00", &[]);
    more["sale"] = json!(sale);
    company.refused("sale.line.create", json!([[more]]));
    company.refused("sale.line.write", json!([[line], {"quantity": 3.0}]));
    company.refused("sale.line.delete", json!([[line]]));
    company
        .refused("sale.sale.write", json!([[sale], {"lines": [["create", [company.line(1, "1.00", &[])]]]}]));
    company.refused("sale.sale.write", json!([[sale], {"warehouse": null}]));
    company.refused("sale.sale.write", json!([[sale], {"state": "draft"}]));
    company.refused("sale.sale.delete", json!([[sale]]));
    company.call("sale.sale.write", json!([[sale], {"comment": "hello", "reference": "R-1"}]));
    company.press(sale, "draft");
    company.call("sale.line.write", json!([[line], {"quantity": 3.0}]));
    assert_eq!(company.sale_field(sale, "untaxed_amount"), money("31.00"));
    company.call("sale.sale.delete", json!([[sale]]));
    let error = company.refused("sale.sale.read", json!([[sale], ["state"]]));
    assert!(error[1][0].as_str().unwrap().contains("don't exist"));
}

#[test]
fn an_address_of_somebody_else_is_refused_unless_the_sale_ships_to_them() {
    let company = company();
    let mut values = company.sale_values("A", vec![]);
    values["party"] = json!(1);
    values["invoice_address"] = Value::Null;
    company.refused("sale.sale.create", json!([[values.clone()]]));
    values["shipment_party"] = json!(company.customer);
    company.call("sale.sale.create", json!([[values]]));
}

#[test]
fn a_negative_line_makes_a_return_and_a_service_ships_nothing() {
    let company = company();
    let mut back = company.line(1, "10.00", &[1]);
    back["quantity"] = json!(-1);
    let returned = company.draft("A", vec![back]);
    let shipping = company.sandbox.product_id("SHIPPING").unwrap();
    let service = company.draft(
        "B",
        vec![json!({"product": shipping, "quantity": 1, "unit": 1, "unit_price": money("4.90")})],
    );
    company.call("sale.sale.quote", json!([[returned, service]]));
    company.call("sale.sale.confirm", json!([[returned, service]]));
    assert!(company.shipments(returned).is_empty());
    assert_eq!(company.sale_field(returned, "shipment_returns").as_array().unwrap().len(), 1);
    assert_eq!(company.sale_field(service, "shipment_state"), "none");
    assert_eq!(company.sale_field(service, "state"), "processing");
}

#[test]
fn goods_of_a_cancelled_shipment_are_an_exception_until_the_wizard_settles_it() {
    for (ignored, state, shipments) in [(true, "sent", 2), (false, "partially shipped", 3)] {
        let company = company();
        let sale = company.confirmed("A", 5);
        let part = [(company.lamp, crate::support::decimal("3"))];
        company.sandbox.ship_part(sale, &part, None, company.now).unwrap();
        assert_eq!(company.sale_field(sale, "shipment_state"), "partially shipped");
        let rest = company.shipments(sale)[1];
        company.call("stock.shipment.out.cancel", json!([[rest]]));
        assert_eq!(company.sale_field(sale, "shipment_state"), "exception");

        let context =
            json!({"active_model": "sale.sale", "active_id": sale, "active_ids": [sale], "company": 1});
        let wizard = |step: &str, params: Vec<Value>| {
            let mut params = params;
            params.push(context.clone());
            let method = format!("wizard.sale.handle.shipment.exception.{step}");
            let answer =
                crate::support::body(&company.send(&method, &Value::Array(params), company.session()));
            assert!(answer.get("error").is_none(), "{step}: {answer}");
            answer["result"].clone()
        };
        let session = wizard("create", vec![])[0].clone();
        let view = wizard("execute", vec![session.clone(), json!({}), json!("ask")]);
        let moves = &view["view"]["defaults"]["domain_moves"];
        let none = json!([]);
        let (ignore, recreate) = if ignored { (moves, &none) } else { (&none, moves) };
        let ask = json!({"ask": {"domain_moves": moves, "ignore_moves": ignore, "recreate_moves": recreate}});
        wizard("execute", vec![session.clone(), ask, json!("handle")]);
        wizard("delete", vec![session]);
        assert_eq!(company.sale_field(sale, "shipment_state"), state);
        assert_eq!(company.shipments(sale).len(), shipments);
    }
}

#[test]
fn an_invoice_has_its_number_when_posted_and_the_sale_is_done_when_it_is_also_paid() {
    let company = company();
    let sale = company.confirmed("A", 2);
    company.sandbox.ship_sale(sale, Some("AWB1"), company.now).unwrap();
    let invoice = |field: &str| {
        company.call("sale.sale.read", json!([[sale], [format!("invoices.{field}")]]))[0]["invoices."][0]
            [field]
            .clone()
    };
    assert_eq!((invoice("number"), invoice("state")), (Value::Null, json!("draft")));
    let number = company.sandbox.post_invoice(sale, company.now).unwrap();
    assert_eq!((invoice("number"), invoice("state")), (json!(number), json!("posted")));
    assert_eq!(invoice("total_amount"), money("23.80"));
    assert_eq!(company.sale_field(sale, "invoice_state"), "awaiting payment");
    company.sandbox.pay_invoice(sale, company.now).unwrap();
    assert_eq!(company.sale_field(sale, "state"), "done");
}
