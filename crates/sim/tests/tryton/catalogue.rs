//! Products, domains, paging, writes.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_sim::tryton::NewProduct;

use crate::support::{Company, company, money};

fn codes(company: &Company, domain: Value) -> Vec<String> {
    let rows =
        company.call("product.product.search_read", json!([domain, 0, null, [["code", "ASC"]], ["code"]]));
    rows.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

fn shirts(company: &Company) {
    for size in ["S", "M", "L"] {
        let mut shirt = NewProduct::new(&format!("TS-{size}"), Decimal::new(1990, 2));
        shirt.name = "T-Shirt".to_owned();
        shirt.template = Some("TS-".to_owned());
        shirt.ean = (size == "S").then(|| "4006381333931".to_owned());
        company.sandbox.add_product(&shirt, company.now).unwrap();
    }
}

#[test]
fn domains_select_as_the_server_does() {
    let company = company();
    shirts(&company);
    for (domain, expected) in [
        (json!([["template.name", "=", "T-Shirt"]]), vec!["TS-L", "TS-M", "TS-S"]),
        (json!([["template", "=", "T-Shirt"], ["suffix_code", "!=", "M"]]), vec!["TS-L", "TS-S"]),
        (json!(["OR", [["code", "=", "SKU-1"]], [["code", "=", "TS-S"]]]), vec!["SKU-1", "TS-S"]),
        (
            json!([["code", "like", "TS-_"], ["OR", ["suffix_code", "=", "S"], ["suffix_code", "=", "L"]]]),
            vec!["TS-L", "TS-S"],
        ),
        (json!([["code", "ilike", "ts-%"], ["code", "not in", ["TS-S"]]]), vec!["TS-L", "TS-M"]),
        (json!(["AND", ["code", ">", "SKU-1"], ["code", "<=", "TS-M"]]), vec!["TS-L", "TS-M"]),
        (json!([["identifiers.code", "=", "4006381333931"]]), vec!["TS-S"]),
        (json!([["type", "=", "service"]]), vec!["DISCOUNT", "ROUNDING", "SHIPPING"]),
        (json!([["template.account_category.name", "=", "Untaxed"]]), vec!["ROUNDING"]),
        (json!([["id", "in", []]]), vec![]),
    ] {
        assert_eq!(codes(&company, domain.clone()), expected, "{domain}");
    }
    let error = company.refused("product.product.search", json!([[["code", "~~", "x"]]]));
    assert!(error[0].as_str().unwrap().contains("recursion"));
}

#[test]
fn quantities_can_be_searched() {
    let company = company();
    let context = json!({"company": 1, "locations": [company.warehouse]});
    let found = company.call_in("product.product.search", json!([[["quantity", ">=", 100]]]), context);
    assert_eq!(found, json!([company.lamp]));
}

#[test]
fn inactive_products_are_found_only_when_the_domain_names_active() {
    let company = company();
    company.sandbox.retire(company.lamp, company.now).unwrap();
    assert_eq!(codes(&company, json!([["code", "=", "SKU-1"]])), Vec::<String>::new());
    assert_eq!(codes(&company, json!([["code", "=", "SKU-1"], ["active", "in", [true, false]]])), ["SKU-1"]);
}

#[test]
fn reading_follows_dots_gives_labels_and_names_each_record_once() {
    let company = company();
    let fields = json!([
        "code",
        "active",
        "salable",
        "type:string",
        "template.name",
        "template.account_category.customer_taxes",
        "list_price",
        "list_price_used",
        "web_shops"
    ]);
    let rows = company.call("product.product.read", json!([[company.lamp, company.lamp], fields]));
    let row = &rows[0];
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(
        (&row["active"], &row["salable"], &row["type:string"]),
        (&json!(1), &json!(true), &json!("Goods"))
    );
    assert_eq!(row["template."]["account_category."]["customer_taxes"], json!([1]));
    assert_eq!((&row["list_price"], &row["list_price_used"]), (&Value::Null, &money("10")));
    assert_eq!(row["web_shops"], json!([1, 2]));
    assert!(row.get("template").is_none());
}

#[test]
fn a_variants_own_price_hides_the_templates() {
    let company = company();
    company.call("product.product.write", json!([[company.lamp], {"list_price": money("8.50")}]));
    let row = company
        .call("product.product.read", json!([[company.lamp], ["list_price_used", "template.list_price"]]));
    assert_eq!(row[0]["list_price_used"], money("8.50"));
    assert_eq!(row[0]["template."]["list_price"], money("10"));
}

#[test]
fn writes_take_pairs_and_all_of_them_or_none() {
    let company = company();
    let discount = company.sandbox.product_id("DISCOUNT").unwrap();
    company
        .call("product.product.write", json!([[company.lamp], {"position": 1}, [discount], {"position": 2}]));
    company.refused(
        "product.product.write",
        json!([[company.lamp], {"position": 9}, [discount], {"code": "X"}]),
    );
    let rows = company.call("product.product.read", json!([[company.lamp, discount], ["position"]]));
    assert_eq!((&rows[0]["position"], &rows[1]["position"]), (&json!(1), &json!(2)));
}

#[test]
fn what_a_product_may_not_be_is_refused() {
    let company = company();
    let template = |values: Value| json!([[values]]);
    let twin = json!({"name": "X", "type": "goods", "default_uom": 1, "products": [["create", [{"suffix_code": "SKU-1"}]]]});
    for (method, params) in [
        ("product.template.create", template(twin)),
        ("product.template.create", template(json!({"name": "X", "type": "goods"}))),
        (
            "product.identifier.create",
            template(json!({"product": company.lamp, "type": "ean", "code": "4006381333932"})),
        ),
        ("product.product.write", json!([[company.lamp], {"name": "X"}])),
        ("product.product.write", json!([[company.lamp], {"cost_price": money("1")}])),
        ("product.product.write", json!([[company.lamp], {"list_price": money("7.12345")}])),
        ("product.product.delete", json!([[company.lamp]])),
    ] {
        assert_eq!(company.refused(method, params.clone())[0], "UserError", "{method} {params}");
    }
}

#[test]
fn a_template_is_created_with_its_variants_and_makes_their_codes() {
    let company = company();
    company.call("product.template.create", json!([[{
        "name": "Hoodie", "code": "HD-", "type": "goods", "default_uom": 1, "sale_uom": 1, "salable": true,
        "list_price": money("49.90"), "account_category": 1,
        "products": [["create", [{"suffix_code": "S", "identifiers": [["create", [{"type": "ean", "code": "4006381333931"}]]]},
                                  {"suffix_code": "M"}]]]}]]));
    assert_eq!(codes(&company, json!([["template.code", "=", "HD-"]])), ["HD-M", "HD-S"]);
    let template = company.call("product.template.search", json!([[["code", "=", "HD-"]]]));
    company.call("product.template.write", json!([template, {"code": "HOOD-"}]));
    assert_eq!(codes(&company, json!([["template", "=", template[0]]])), ["HOOD-M", "HOOD-S"]);
}

#[test]
fn a_stale_time_stamp_is_a_concurrency_exception() {
    let company = company();
    let write = |stamp: &Value| {
        let context =
            json!({"company": 1, "_timestamp": {format!("product.product,{}", company.lamp): stamp}});
        let params = json!([[company.lamp], {"position": 4}, context]);
        crate::support::body(&company.send("model.product.product.write", &params, company.session()))
    };
    let error = write(&json!("1.5"));
    assert_eq!(error["error"], json!(["ConcurrencyException", "Records were modified in the meanwhile"]));
    let stamp = company.call("product.product.read", json!([[company.lamp], ["_timestamp"]]));
    assert_eq!(write(&stamp[0]["_timestamp"])["result"], Value::Null);
}

#[test]
fn pages_by_key_visit_a_thousand_products_once_each() {
    let company = company();
    for number in 0..1000 {
        let new = NewProduct::new(&format!("BULK-{number:04}"), Decimal::ONE);
        let product = company.sandbox.add_product(&new, company.now).unwrap();
        company.sandbox.set_stock(product, company.warehouse, Decimal::from(number), company.now).unwrap();
    }
    let context = json!({"company": 1, "locations": [company.warehouse]});
    let (mut last, mut seen) = (0, 0);
    loop {
        let rows = company.call_in(
            "product.product.search_read",
            json!([
                [["id", ">", last], ["code", "like", "BULK-%"]],
                0,
                300,
                [["id", "ASC"]],
                ["code", "quantity"]
            ]),
            context.clone(),
        );
        let Some(row) = rows.as_array().unwrap().last() else { break };
        last = row["id"].as_i64().unwrap();
        seen += rows.as_array().unwrap().len();
    }
    assert_eq!(seen, 1000);
    let all: Vec<i64> =
        serde_json::from_value(company.call("product.product.search", json!([[["code", "like", "BULK-%"]]])))
            .unwrap();
    let rows = company.call_in("product.product.read", json!([all, ["code", "quantity"]]), context);
    let last = rows.as_array().unwrap().iter().find(|row| row["code"] == "BULK-0999").unwrap();
    assert_eq!(last["quantity"].to_string(), "999.0");
}

#[test]
fn fields_get_tells_types_options_and_relations() {
    let company = company();
    let fields = company.call("sale.sale.fields_get", json!([["state", "party", "total_amount"]]));
    assert_eq!(
        (&fields["party"]["type"], &fields["party"]["relation"]),
        (&json!("many2one"), &json!("party.party"))
    );
    assert_eq!(fields["state"]["selection"][0], json!(["draft", "Draft"]));
    assert_eq!(fields["total_amount"]["readonly"], true);
    company.refused("sale.sale.fields_get", json!([["nofield"]]));
}
