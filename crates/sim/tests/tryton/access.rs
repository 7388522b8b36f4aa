//! Logins, sessions, rights, and a server that is down.

use jiff::SignedDuration;
use serde_json::json;

use crate::support::{basic, body, company};

fn login(password: &str) -> serde_json::Value {
    json!({"id": 1, "method": "common.db.login", "params": ["sync", {"password": password}, "en"]})
}

#[test]
fn after_six_wrong_passwords_even_the_right_one_is_too_many_until_five_minutes_have_passed() {
    let mut company = company();
    for _ in 0..6 {
        assert_eq!(company.post("/erp/rpc/", &login("wrong"), None).status, 401);
    }
    assert_eq!(company.post("/erp/rpc/", &login("sync-Secret-1"), None).status, 429);
    company.now += SignedDuration::from_mins(6);
    assert_eq!(company.post("/erp/rpc/", &login("sync-Secret-1"), None).status, 200);
}

#[test]
fn a_killed_session_answers_401_without_a_body_and_a_new_login_works() {
    let mut company = company();
    company.sandbox.kill_sessions();
    let answer = company.send("model.sale.sale.search", &json!([[], {}]), company.session());
    assert_eq!(answer.status, 401);
    assert!(answer.body.is_empty());
    company.log_in();
    assert_eq!(company.call("sale.sale.search", json!([[]])), json!([]));
}

#[test]
fn logging_out_ends_the_session_and_basic_needs_none() {
    let company = company();
    company.send("common.db.logout", &json!([]), company.session());
    assert_eq!(company.send("model.sale.sale.search", &json!([[], {}]), company.session()).status, 401);
    let answer =
        company.send("model.res.user.get_preferences", &json!([true, {}]), &basic("sync", "sync-Secret-1"));
    assert_eq!(body(&answer)["result"]["company"], 1);
    assert_eq!(company.send("model.sale.sale.search", &json!([[], {}]), &basic("sync", "no")).status, 401);
}

#[test]
fn a_session_ends_by_itself_after_thirty_days() {
    let mut company = company();
    company.now += SignedDuration::from_hours(31 * 24);
    assert_eq!(company.send("model.sale.sale.search", &json!([[], {}]), company.session()).status, 401);
}

#[test]
fn while_down_everything_is_unavailable() {
    let company = company();
    company.sandbox.set_down(true);
    assert_eq!(company.post("/erp/rpc/", &login("sync-Secret-1"), None).status, 503);
    company.sandbox.set_down(false);
    assert_eq!(company.post("/erp/rpc/", &login("sync-Secret-1"), None).status, 200);
}

#[test]
fn the_synchronising_user_may_not_buy_process_force_or_post() {
    let company = company();
    let sale = company.confirmed("A", 1);
    let invoices = company.sale_field(sale, "invoices");
    let shipment = company.shipments(sale)[0];
    for (method, params) in [
        ("purchase.purchase.create", json!([[{"party": company.customer}]])),
        ("sale.sale.process", json!([[sale]])),
        ("stock.shipment.out.assign_force", json!([[shipment]])),
        ("account.invoice.post", json!([invoices])),
    ] {
        assert_eq!(company.refused(method, params)[0], "UserError", "{method}");
    }
}

#[test]
fn a_sale_without_a_company_in_the_context_fails_an_access_rule() {
    let company = company();
    let params = json!([[company.sale_values("A", vec![])], {}]);
    let answer = body(&company.send("model.sale.sale.create", &params, company.session()));
    assert!(answer["error"][1][0].as_str().unwrap().contains("fail on at least one of these rules"));
}
