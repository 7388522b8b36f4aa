//! Sign-in, permissions and rate windows.

use http::Method;
use jiff::ToSpan;
use serde_json::json;
use zygos_sim::merchantpro::{ApiKey, Windows};

use crate::support::{Shop, shop_with};

const WRONG: &str = "Basic a2V5Ondyb25n";

#[test]
fn wrong_credentials_are_401_and_repeated_ones_403_for_a_while() {
    let mut shop = shop_with(|settings| settings.wrong_logins = 2);
    let wrong = |shop: &Shop| shop.call_as(Method::GET, "products", "", WRONG).status;
    assert_eq!([wrong(&shop), wrong(&shop), wrong(&shop)], [401, 401, 403]);
    assert_eq!(shop.get("products").status, 403, "locked for the right secret too");
    shop.now += 15.minutes();
    assert_eq!(shop.get("products").status, 200);
}

#[test]
fn a_right_login_forgets_the_wrong_ones() {
    let shop = shop_with(|settings| settings.wrong_logins = 1);
    for _ in 0..3 {
        assert_eq!(shop.call_as(Method::GET, "products", "", WRONG).status, 401);
        assert_eq!(shop.get("products").status, 200);
    }
}

#[test]
fn a_key_without_permission_is_refused_with_403() {
    let shop = shop_with(|settings| settings.keys = vec![ApiKey::read_only("key", "secret")]);
    assert_eq!(shop.get("products").status, 200);
    let reply = shop.patch(&format!("inventory/id/{}", shop.lamp), r#"{"stock":1}"#);
    assert_eq!((reply.status, &reply.body["error"]["name"]), (403, &json!("forbidden")));
}

#[test]
fn each_window_slides_and_names_the_moment_it_frees_up() {
    let windows = Windows { second: 2, minute: 3, hour: 4, day: 5 };
    let mut shop = shop_with(|settings| settings.windows = Some(windows));
    let begin = shop.now;
    let call = |shop: &Shop| shop.get("products?limit=1");
    assert_eq!([call(&shop).status, call(&shop).status, call(&shop).status], [200, 200, 429]);
    // Fractions: the second is full for a whole second, not until the next tick.
    shop.now = begin + 999.milliseconds();
    assert_eq!(call(&shop).status, 429);
    shop.now = begin + 1.second();
    assert_eq!(call(&shop).status, 200);
    shop.now = begin + 2.seconds();
    let refused = call(&shop);
    assert_eq!((refused.status, refused.headers["retry-after"].to_str().unwrap()), (429, "58"));
    shop.now = begin + 60.seconds();
    assert_eq!(call(&shop).status, 200);
    let refused = call(&shop);
    assert_eq!(refused.body["error"]["details"]["reset_time"], json!(begin.as_second() + 3_600));
    shop.now = begin + 1.hour();
    assert_eq!(call(&shop).status, 200);
    assert_eq!(call(&shop).body["error"]["details"]["reset_time"], json!(begin.as_second() + 86_400));
}

#[test]
fn calls_are_counted_per_key_with_the_most_seen_in_each_window() {
    let mut shop = shop_with(|settings| settings.windows = Some(Windows { second: 2, ..Windows::default() }));
    for _ in 0..3 {
        shop.get("products?limit=1");
    }
    shop.now += 2.seconds();
    shop.get("products?limit=1");
    let counts = shop.sandbox.calls()["key"];
    assert_eq!((counts.calls, counts.refused), (4, 1));
    assert_eq!((counts.most_in_second, counts.most_in_minute), (3, 4));
    shop.sandbox.set_windows(None);
    for _ in 0..100 {
        assert_eq!(shop.get("products?limit=1").status, 200);
    }
}
