//! Keeping products: what a running 8.2 lets anybody write, and what its people do.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_sim::tryton::NewProduct;

use crate::support::{Company, company, company_with, decimal, money};

fn template(name: &str, code: Option<&str>, suffixes: &[&str]) -> Value {
    let variants: Vec<Value> = suffixes.iter().map(|suffix| json!({"suffix_code": suffix})).collect();
    json!({"name": name, "code": code, "type": "goods", "default_uom": 1, "sale_uom": 1, "purchase_uom": 1,
           "salable": true, "list_price": money("10"), "account_category": 1, "products": [["create", variants]]})
}

/// A template and its variants.
fn made(company: &Company, values: Value) -> (i64, Vec<i64>) {
    let whole = company.call("product.template.create", json!([[values]]))[0].as_i64().unwrap();
    let domain = json!([[["template", "=", whole]], 0, null, [["id", "ASC"]]]);
    (whole, serde_json::from_value(company.call("product.product.search", domain)).unwrap())
}

fn text_of(error: &Value) -> &str {
    assert_eq!(error[0], "UserError");
    error[1][0].as_str().unwrap()
}

fn price(company: &Company, list: i64, product: i64) -> Value {
    let context = json!({"company": 1, "price_list": list, "quantity": 1});
    let params = json!([[product], ["sale_price_uom"]]);
    company.call_in("product.product.read", params, context)[0]["sale_price_uom"].clone()
}

#[test]
fn blanks_are_kept_between_the_two_parts_of_a_sku_and_stripped_around_it() {
    let company = company();
    let (_, variants) = made(&company, template("Padded", Some(" XX "), &[" P1 "]));
    let read = company.call("product.product.read", json!([[variants[0]], ["code", "suffix_code"]]));
    assert_eq!((&read[0]["code"], &read[0]["suffix_code"]), (&json!("XX  P1"), &json!(" P1")));
}

#[test]
fn two_skus_are_swapped_in_one_write() {
    let company = company();
    let (_, variants) = made(&company, template("Hoodie", Some("HD-"), &["S", "M"]));
    let clash = json!([[variants[0]], {"suffix_code": "M"}]);
    assert_eq!(
        text_of(&company.refused("product.product.write", clash)),
        "Code of active product must be unique."
    );
    company.call(
        "product.product.write",
        json!([[variants[0]], {"suffix_code": "M"}, [variants[1]], {"suffix_code": "S"}]),
    );
    assert_eq!(company.sandbox.product(variants[0]).unwrap().sku, "HD-M");
    company.sandbox.swap_skus(variants[0], variants[1], company.now).unwrap();
    assert_eq!(company.sandbox.product(variants[0]).unwrap().sku, "HD-S");
}

#[test]
fn a_retired_record_is_read_only_and_putting_it_back_is_a_call_of_its_own() {
    let company = company();
    let (whole, variants) = made(&company, template("Hoodie", Some("HD-"), &["S"]));
    let one = variants[0];
    let off = json!([[one], {"active": false, "description": "last words"}]);
    company.call("product.product.write", off);
    for refused in [
        json!([[one], {"description": "x"}]),
        json!([[one], {"active": true, "description": "x"}]),
        json!([[one], {"active": true}, [one], {"description": "x"}]),
    ] {
        let error = company.refused("product.product.write", refused);
        assert!(text_of(&error).starts_with("You are not allowed to modify the field \"Description\""));
    }
    company.call("product.product.write", json!([[one], {"active": true}]));
    company.call("product.product.write", json!([[one], {"description": "x"}]));
    company.call("product.template.write", json!([[whole], {"active": false}]));
    let error = company.refused("product.product.write", json!([[one], {"list_price": money("1")}]));
    assert!(text_of(&error).contains("\"List Price\""));
    let read = company.call("product.product.read", json!([[one], ["active", "template.active"]]));
    assert_eq!((&read[0]["active"], &read[0]["template."]["active"]), (&json!(1), &json!(0)));
    assert!(!company.sandbox.product(one).unwrap().active);
}

#[test]
fn a_template_names_its_retired_variants_only_when_asked_for() {
    let company = company();
    let (whole, variants) = made(&company, template("Hoodie", Some("HD-"), &["S", "M"]));
    company.sandbox.retire(variants[0], company.now).unwrap();
    let params = || json!([[whole], ["products"]]);
    assert_eq!(company.call("product.template.read", params())[0]["products"], json!([variants[1]]));
    let context = json!({"company": 1, "active_test": false});
    assert_eq!(company.call_in("product.template.read", params(), context)[0]["products"], json!(variants));
}

#[test]
fn retiring_goods_that_are_in_stock_asks_first_and_in_a_shop_is_refused() {
    let company = company();
    let retire = || json!([[company.lamp], {"active": false}]);
    let warning = company.refused("product.product.write", retire());
    assert_eq!(warning[0], "UserWarning");
    company.call("res.user.warning.skip", json!([warning[1][0], false]));
    assert!(text_of(&company.refused("product.product.write", retire())).contains("\"Web Shops\""));
    // What was confirmed holds until a call went well.
    let both = || json!([[company.lamp], {"active": false, "web_shops": [["remove", [1, 2]]]}]);
    company.call("product.product.write", both());
    company.sandbox.restore(company.lamp, company.now).unwrap();
    assert_eq!(company.refused("product.product.write", both())[0], "UserWarning");
}

#[test]
fn more_than_eighty_products_in_a_call_are_too_many_for_sqlite() {
    let suffixes: Vec<String> = (0..90).map(|number| number.to_string()).collect();
    let suffixes: Vec<&str> = suffixes.iter().map(String::as_str).collect();
    let company = company();
    let context = json!({"company": 1});
    let params = json!([[template("Many", Some("M-"), &suffixes)], context]);
    let answer = company.send("model.product.template.create", &params, company.session());
    assert_eq!(answer.status, 503);
    let (whole, _) = made(&company, template("Many", Some("M-"), &suffixes[..60]));
    let more: Vec<Value> =
        suffixes[60..].iter().map(|suffix| json!({"template": whole, "suffix_code": suffix})).collect();
    company.call("product.product.create", json!([more]));
    let recode = json!([[whole], {"code": "N-"}, context]);
    let answer = company.send("model.product.template.write", &recode, company.session());
    assert_eq!(answer.status, 503);
    let unlimited = company_with(|settings| settings.products_per_call = None);
    made(&unlimited, template("Many", Some("M-"), &suffixes));
}

#[test]
fn the_tree_of_categories_refuses_circles_and_mixtures_and_survives_deletions() {
    let company = company();
    let top = company.sandbox.add_category("Clothes", None, company.now).unwrap();
    let below = company.sandbox.add_category("Shirts", Some(top), company.now).unwrap();
    company.sandbox.move_category(top, Some(below), company.now).unwrap_err();
    company.sandbox.add_category("A / B", None, company.now).unwrap_err();
    company.sandbox.add_category("Plain", Some(1), company.now).unwrap_err();
    company.sandbox.set_categories(company.lamp, &[below], company.now).unwrap();
    assert_eq!(company.sandbox.product(company.lamp).unwrap().categories, [["Clothes", "Shirts"]]);
    let whole = company.sandbox.product(company.lamp).unwrap().template;
    let modified = || company.call("product.template.read", json!([[whole], ["last_modified_at"]]));
    let before = modified();
    company.sandbox.rename_category(top, "Wear", company.now).unwrap();
    company.call("product.category.delete", json!([[top]]));
    assert_eq!(company.sandbox.product(company.lamp).unwrap().categories, [["Shirts"]]);
    company.call("product.category.delete", json!([[below]]));
    assert_eq!(company.sandbox.product(company.lamp).unwrap().categories, Vec::<Vec<String>>::new());
    assert_eq!(modified(), before, "a product's date tells nothing of its categories");
    let one = company.sandbox.add_category("One", None, company.now).unwrap();
    let two = company.sandbox.add_category("Two", Some(one), company.now).unwrap();
    company.sandbox.force_category_parent(one, two, company.now);
    assert_eq!(company.sandbox.categories().len(), 2);
}

#[test]
fn the_first_line_of_a_price_list_that_fits_holds_and_unnumbered_ones_come_first() {
    let company = company();
    let new = NewProduct::new("SKU-2", decimal("20"));
    let other = company.sandbox.add_product(&new, company.now).unwrap();
    let fixed = [(company.lamp, decimal("12.5"))];
    let list =
        company.sandbox.add_price_list("Wholesale", Some("unit_price * 0.9"), &fixed, company.now).unwrap();
    assert_eq!(price(&company, list, company.lamp), money("12.5000"));
    assert_eq!(price(&company, list, other), money("18.0000"));
    company.sandbox.set_price_line(list, company.lamp, "13", company.now).unwrap();
    company.sandbox.set_price_line(list, other, "14", company.now).unwrap();
    assert_eq!(price(&company, list, company.lamp), money("13.0000"));
    assert_eq!(price(&company, list, other), money("14.0000"));
    let empty = company.sandbox.add_price_list("Empty", None, &[], company.now).unwrap();
    assert_eq!(price(&company, empty, other), Value::Null);
    let late = json!([[{"price_list": empty, "formula": "2", "sequence": 5},
        {"price_list": empty, "formula": "1"}]]);
    company.call("product.price_list.line.create", late);
    assert_eq!(price(&company, empty, other), money("1.0000"));
    let wrong = json!([[{"price_list": empty, "formula": "12,5"}]]);
    assert!(
        text_of(&company.refused("product.price_list.line.create", wrong)).starts_with("Invalid formula")
    );
}

#[test]
fn a_formula_that_fails_for_one_product_fails_the_whole_read() {
    let company = company();
    let list = company.sandbox.add_price_list("By cost", None, &[], company.now).unwrap();
    let line = json!([[{"price_list": list, "formula": "list_price / cost_price"}]]);
    company.call("product.price_list.line.create", line);
    let context = json!({"company": 1, "price_list": list});
    let params = json!([[company.lamp], ["sale_price_uom"], context]);
    let answer = company.send("model.product.product.read", &params, company.session());
    assert!(crate::support::body(&answer)["error"][1][0].as_str().unwrap().contains("DivisionByZero"));
}

#[test]
fn the_catalogues_keeper_edits_what_a_program_then_reads() {
    let company = company();
    let sandbox = &company.sandbox;
    let now = company.now;
    sandbox.set_name(company.lamp, "Lamp", now).unwrap();
    sandbox.set_description(company.lamp, "It shines.", now).unwrap();
    sandbox.set_ean(company.lamp, Some("4006381333931"), now).unwrap();
    sandbox.set_ean(company.lamp, Some("96385075"), now).unwrap_err();
    sandbox.set_own_price(company.lamp, Some(decimal("9.95")), now).unwrap();
    sandbox.set_tax_class(company.lamp, "Reduced rate goods", now).unwrap();
    let lamp = sandbox.product(company.lamp).unwrap();
    assert_eq!((lamp.name.as_str(), lamp.description.as_deref()), ("Lamp", Some("It shines.")));
    assert_eq!((lamp.ean.as_deref(), lamp.price), (Some("4006381333931"), Some(decimal("9.95"))));
    assert_eq!((lamp.tax_class.as_deref(), lamp.measure.as_str()), (Some("Reduced rate goods"), "Unit"));
    assert_eq!((lamp.cost, lamp.consumable, lamp.active), (Decimal::ZERO, false, true));
    sandbox.set_ean(company.lamp, None, now).unwrap();
    sandbox.set_own_price(company.lamp, None, now).unwrap();
    let lamp = sandbox.product(company.lamp).unwrap();
    assert_eq!((lamp.ean, lamp.price), (None, Some(Decimal::TEN)));
    sandbox.delete_product(company.lamp, now).unwrap_err();
    let new = sandbox.add_product(&NewProduct::new("SKU-3", Decimal::ONE), now).unwrap();
    sandbox.set_template_active(new, false, now).unwrap();
    assert!(!sandbox.products().iter().any(|product| product.id == new && product.active));
    sandbox.set_template_active(new, true, now).unwrap();
    sandbox.delete_product(new, now).unwrap();
    assert_eq!(sandbox.product(new), None);
}
