//! Totals as a running server worked them out.

use serde_json::{Value, json};

use crate::support::{Company, company, money};

fn totals(company: &Company, web_id: &str, lines: Vec<Value>) -> [String; 3] {
    let sale = company.draft(web_id, lines);
    ["untaxed_amount", "tax_amount", "total_amount"]
        .map(|field| company.sale_field(sale, field)["decimal"].as_str().unwrap().to_owned())
}

#[test]
fn lines_are_rounded_half_to_even_and_taxes_once_per_tax_on_unrounded_bases() {
    let company = company();
    let many = |count: usize, line: Value| vec![line; count];
    let cases: [(&str, Vec<Value>, [&str; 3]); 9] = [
        ("three of 0.3333", vec![company.line(3, "0.3333", &[1])], ["1.00", "0.19", "1.19"]),
        ("half down", vec![company.line(1, "1.005", &[])], ["1.00", "0", "1.00"]),
        ("half up", vec![company.line(1, "1.015", &[])], ["1.02", "0", "1.02"]),
        ("half down again", vec![company.line(1, "1.025", &[])], ["1.02", "0", "1.02"]),
        ("tax of unrounded bases", many(10, company.line(1, "0.0349", &[1])), ["0.30", "0.07", "0.37"]),
        ("tax half to even", vec![company.line(1, "1.50", &[1])], ["1.50", "0.28", "1.78"]),
        ("negative", vec![company.line(1, "-0.50", &[2])], ["-0.50", "-0.04", "-0.54"]),
        ("two taxes on a line", vec![company.line(1, "10.00", &[1, 2])], ["10.00", "2.80", "12.80"]),
        (
            "two taxes on lines",
            [many(3, company.line(1, "0.55", &[1])), many(3, company.line(1, "0.55", &[2]))].concat(),
            ["3.30", "0.46", "3.76"],
        ),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(totals(&company, name, lines), expected, "{name}");
    }
}

#[test]
fn a_line_without_tax_moves_the_total_by_exactly_its_amount() {
    let company = company();
    let rounding = company.sandbox.product_id("ROUNDING").unwrap();
    let cent = json!({"product": rounding, "quantity": 1, "unit": 1, "unit_price": money("0.01")});
    let lines = vec![company.line(1, "10.00", &[1]), cent];
    assert_eq!(totals(&company, "A", lines), ["10.01", "1.90", "11.91"]);
}

#[test]
fn a_price_is_a_text_or_exact_and_has_four_decimals_at_most() {
    let company = company();
    let priced =
        |price: Value| json!({"product": company.lamp, "quantity": 1, "unit": 1, "unit_price": price});
    let create = |price: Value| json!([[company.sale_values("A", vec![priced(price)])]]);
    for refused in [json!(5.1), money("0.12345"), json!("0.12345")] {
        assert_eq!(company.refused("sale.sale.create", create(refused))[0], "UserError");
    }
    for (accepted, total) in [(json!("5.1"), "5.10"), (json!(5.5), "5.50"), (json!(5), "5.00")] {
        let id = company.draft(total, vec![priced(accepted)]);
        assert_eq!(company.sale_field(id, "total_amount"), money(total));
    }
}

#[test]
fn a_quantity_in_units_is_whole() {
    let company = company();
    let mut line = company.line(1, "10.00", &[]);
    line["quantity"] = json!(1.5);
    let error = company.refused("sale.sale.create", json!([[company.sale_values("A", vec![line])]]));
    assert!(error[1][0].as_str().unwrap().contains("number of digits"));
}

#[test]
fn required_parts_of_a_line_are_missed_and_a_free_line_needs_only_a_price() {
    let company = company();
    for missing in ["quantity", "unit", "unit_price"] {
        let mut line = company.line(1, "10.00", &[]);
        line.as_object_mut().unwrap().remove(missing);
        let error = company.refused("sale.sale.create", json!([[company.sale_values("A", vec![line])]]));
        assert!(error[1][0].as_str().unwrap().starts_with("A value is required"), "{missing}");
    }
    let coupon =
        json!({"description": "Coupon", "quantity": 1, "unit_price": money("-2.5"), "taxes": [["add", [1]]]});
    let comment = json!({"type": "comment", "description": "gift"});
    assert_eq!(totals(&company, "B", vec![coupon, comment]), ["-2.50", "-0.48", "-2.98"]);
}
