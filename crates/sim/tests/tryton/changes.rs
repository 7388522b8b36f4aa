//! What a change moves the time stamps of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Company, company};

fn stamps(company: &Company, sale: i64) -> BTreeMap<String, Value> {
    let of = |model: &str, id: &Value| {
        company.call(&format!("{model}.read"), json!([[id], ["last_modified_at"]]))[0]["last_modified_at"]
            .clone()
    };
    let all = |field: &str| company.sale_field(sale, field).as_array().unwrap().clone();
    let mut stamps = BTreeMap::from([
        ("sale".to_owned(), of("sale.sale", &json!(sale))),
        ("product".to_owned(), of("product.product", &json!(company.lamp))),
    ]);
    for shipment in all("shipments") {
        stamps.insert("shipment".to_owned(), of("stock.shipment.out", &shipment));
        for (field, name) in [("outgoing_moves", "outgoing"), ("inventory_moves", "inventory")] {
            let row = company.call("stock.shipment.out.read", json!([[shipment], [field]]));
            stamps.insert(name.to_owned(), of("stock.move", &row[0][field][0]));
        }
    }
    for invoice in all("invoices") {
        stamps.insert("invoice".to_owned(), of("account.invoice", &invoice));
    }
    stamps
}

#[test]
fn each_step_touches_what_it_touches_on_a_running_server() {
    let mut company = company();
    let sale = company.draft("A", vec![company.line(2, "10.00", &[1])]);
    let mut known = stamps(&company, sale);
    let steps: [(&str, &[&str]); 10] = [
        ("sale.sale.quote", &["sale"]),
        ("sale.sale.confirm", &["inventory", "invoice", "outgoing", "sale", "shipment"]),
        ("stock.shipment.out.assign_try", &["inventory", "shipment"]),
        ("stock.shipment.out.pick", &["inventory", "shipment"]),
        ("stock.shipment.out.pack", &["outgoing", "shipment"]),
        ("stock.shipment.out.ship", &["shipment"]),
        ("stock.shipment.out.do", &["outgoing", "sale", "shipment"]),
        ("tracking", &["shipment"]),
        ("invoice", &["invoice", "sale"]),
        ("nothing", &[]),
    ];
    for (step, touched) in steps {
        company.now += SignedDuration::from_secs(10);
        match step {
            "tracking" => {
                let shipment = company.shipments(sale)[0];
                company.call("stock.shipment.out.write", json!([[shipment], {"reference": "AWB1"}]));
            }
            "invoice" => {
                company.sandbox.post_invoice(sale, company.now).unwrap();
            }
            "nothing" => {}
            _ if step.starts_with("sale") => {
                company.call(step, json!([[sale]]));
            }
            _ => {
                company.call(step, json!([[company.shipments(sale)[0]]]));
            }
        }
        let after = stamps(&company, sale);
        let changed: BTreeSet<&str> = after
            .iter()
            .filter(|(name, at)| known.get(*name) != Some(at))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(changed, touched.iter().copied().collect(), "{step}");
        known = after;
    }
}

#[test]
fn polling_by_time_finds_what_changed_since_and_nothing_else() {
    let mut company = company();
    let first = company.confirmed("A", 1);
    company.now += SignedDuration::from_secs(60);
    let second = company.confirmed("B", 1);
    let since = company.sale_field(second, "last_modified_at");
    let changed = |operator: &str| {
        let domain = json!([["last_modified_at", operator, since]]);
        company
            .call("sale.sale.search", json!([domain, 0, null, [["last_modified_at", "ASC"], ["id", "ASC"]]]))
    };
    assert_eq!(changed(">="), json!([second]));
    assert_eq!(changed(">"), json!([]));
    assert_eq!(changed("<"), json!([first]));
}

#[test]
fn a_products_row_stays_still_when_its_template_changes() {
    let mut company = company();
    let since = company.call("product.product.read", json!([[company.lamp], ["last_modified_at"]]))[0]
        ["last_modified_at"]
        .clone();
    company.now += SignedDuration::from_secs(60);
    company.sandbox.set_list_price(company.lamp, "12.5".parse().unwrap(), company.now).unwrap();
    let own = json!([["last_modified_at", ">", since]]);
    assert_eq!(company.call("product.product.search", json!([own])), json!([]));
    let either = json!(["OR", ["last_modified_at", ">", since], ["template.last_modified_at", ">", since]]);
    assert_eq!(company.call("product.product.search", json!([either])), json!([company.lamp]));
}

#[test]
fn the_moves_of_an_order_are_found_through_their_origin() {
    let company = company();
    let sale = company.confirmed("A", 1);
    let moves = company.call(
        "stock.move.search_read",
        json!([
            [["origin.sale.web_id", "=", "A", "sale.line"]],
            0,
            null,
            null,
            ["origin", "sale", "shipment"]
        ]),
    );
    assert_eq!(moves.as_array().unwrap().len(), 1);
    assert_eq!(moves[0]["sale"], sale);
    assert_eq!(moves[0]["origin"], "sale.line,1");
    assert_eq!(moves[0]["shipment"], "stock.shipment.out,1");
}
