//! Envelopes, addresses, compression.

use std::io::Read;

use flate2::read::GzDecoder;
use http::{HeaderValue, Method, header};
use serde_json::json;
use zygos_sim::{
    Sandbox,
    tryton::{OverSocket, encode_for_socket},
};

use crate::support::{body, company, request};

#[test]
fn the_version_is_told_without_credentials_and_only_at_the_address_of_series_eight() {
    let company = company();
    let probe = json!({"id": 1, "method": "common.server.version", "params": []});
    assert_eq!(body(&company.post("/rpc/", &probe, None)), json!({"id": 1, "result": "8.2"}));
    assert_eq!(company.post("/", &probe, None).status, 405);
    assert_eq!(company.post("/other/rpc/", &probe, None).status, 404);
}

#[test]
fn a_call_without_context_is_unprocessable() {
    let company = company();
    let answer = company.send("model.sale.sale.search", &json!([[]]), company.session());
    assert_eq!(answer.status, 422);
}

#[test]
fn bodies_that_are_no_call_are_bad_requests_and_other_verbs_are_not_allowed() {
    let company = company();
    for text in [json!([]), json!({}), json!({"id": 1, "method": "model.sale.sale.search"})] {
        assert_eq!(company.post("/erp/rpc/", &text, Some(company.session())).status, 400);
    }
    let mut get = request("/erp/rpc/", &json!({}), None);
    get.method = Method::GET;
    assert_eq!(company.sandbox.handle(&get, company.now).status, 405);
}

#[test]
fn refusals_travel_inside_status_200_only_in_the_complete_envelope() {
    let company = company();
    let params = json!([[9999], {"company": 1}]);
    let complete = company.send("model.sale.sale.quote", &params, company.session());
    assert_eq!(complete.status, 200);
    assert_eq!(body(&complete)["error"][0], "UserError");
    let bare = json!({"method": "model.sale.sale.quote", "params": params});
    assert_eq!(company.post("/erp/rpc/", &bare, Some(company.session())).status, 400);
    let fine = json!({"method": "model.sale.sale.search", "params": [[], {}]});
    assert_eq!(body(&company.post("/erp/rpc/", &fine, Some(company.session()))), json!([]));
}

#[test]
fn unknown_names_fail_in_their_own_ways() {
    let company = company();
    assert_eq!(company.refused("company.company.read", json!([[1], ["nofield"]])), json!(["'nofield'", ""]));
    assert_eq!(company.refused("foo.bar.search", json!([[]])), json!(["'foo.bar'", ""]));
    assert_eq!(company.refused("sale.sale.search", json!([[["foo", "=", 1]]])), json!(["'foo'", ""]));
    let answer = company.send("model.sale.sale.jump", &json!([[1], {}]), company.session());
    assert_eq!(answer.status, 403);
}

#[test]
fn long_answers_are_labelled_gzip_over_a_socket_even_when_they_are_plain() {
    let company = company();
    let all = json!({"id": 1, "method": "model.sale.sale.fields_get", "params": [[], {}]});
    let mut call = request("/erp/rpc/", &all, Some(company.session()));
    let served = OverSocket(company.sandbox.clone());
    let plain = company.sandbox.handle(&call, company.now);
    assert!(plain.body.len() > 1400 && plain.headers.get(header::CONTENT_ENCODING).is_none());

    let lied = served.handle(&call, company.now);
    assert_eq!(lied.headers[header::CONTENT_ENCODING], "gzip");
    assert_eq!(lied.body, plain.body);

    call.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let compressed = served.handle(&call, company.now);
    let mut text = String::new();
    GzDecoder::new(compressed.body.as_ref()).read_to_string(&mut text).unwrap();
    assert_eq!(text.as_bytes(), plain.body);
}

#[test]
fn short_answers_are_neither_compressed_nor_labelled() {
    let company = company();
    let call = request("/rpc/", &json!({"id": 1, "method": "common.db.list", "params": []}), None);
    let answer = encode_for_socket(&call, company.sandbox.handle(&call, company.now));
    assert!(answer.headers.get(header::CONTENT_ENCODING).is_none());
    assert_eq!(body(&answer)["result"], json!(["erp"]));
}
