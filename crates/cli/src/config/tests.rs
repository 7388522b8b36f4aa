//! One report holds everything that is wrong with a configuration.

use jiff::tz::TimeZone;

use super::{orders::moment, *};

mod products;

const GOOD: &str = r#"
[workspace]
name = "company"

[erp]
name = "erp"
vendor = "tryton"
url = "https://tryton.example.com"
database = "erp"
user = "sync"
password = { env = "TRYTON_PASSWORD" }

[[store]]
name = "shop"
vendor = "merchantpro"
url = "https://shop.example"
key = { env = "SHOP_KEY" }
secret = { env = "SHOP_SECRET" }

[store.stock]
warehouses = { WH = "free" }

[store.orders]
prefix = "A-"
orders_from = "2026-11-24"
currency = "RON"
shop = "shop"
warehouse = "WH"
taxes = { "21" = ["VAT 21%"], "0" = [] }
"#;

fn problems(text: &str) -> Vec<Problem> {
    read(text).err().unwrap_or_default()
}

/// The line of the first occurrence of `needle`, from 1.
fn line_of(text: &str, needle: &str) -> usize {
    let before = text.find(needle).map(|at| &text[..at]).expect("it is in the text");
    before.matches('\n').count() + 1
}

#[test]
fn the_readme_s_configuration_is_a_good_one() {
    assert_eq!(problems(GOOD), []);
    let readme = include_str!("../../../../README.md");
    let examples: Vec<&str> =
        readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [whole, products] = examples[..] else { panic!("the README shows {} of them", examples.len()) };
    assert_eq!(problems(whole), []);
    assert_eq!(problems(&format!("{whole}{products}")), []);
}

#[test]
fn everything_that_is_wrong_comes_in_one_report_with_line_reason_and_choices() {
    let text = r#"
[workspace]
name = "company"
listen = "everywhere"

[erp]
name = "erp"
vendor = "tryton"
url = "https://tryton.example.com"
database = "erp"
user = 7

[[store]]
name = "shop"
vendor = "merchantpo"
url = "https://shop.example"
key = "in clear"
bufer = 1

[store.stock]
warehouses = { WH = "phisical" }

[store.orders]
prefix = "A-"
orders_from = "soon"
currency = "EURO"
warehouse = "WH"
taxes = { "VAT" = ["VAT 21%"] }

[[store]]
name = "erp"
vendor = "merchantpro"
url = "https://other.example"
key = { env = "OTHER_KEY" }
secret = { env = "OTHER_SECRET" }

[store.orders]
prefix = "A-"
orders_from = "2026-11-24"
currency = "RON"
shop = "other"
warehouse = "WH"
payment = { card = "whenever" }
taxes = { "0" = [] }

[pace]
poll_every = "5 parsecs"
"#;
    let found = problems(text);
    let expected = [
        ("workspace.listen", "listen =", "127.0.0.1:8390"),
        ("erp.password", "[erp]", "env ="),
        ("erp.user", "user = 7", "must be a text in quotes, but is a number"),
        ("store[0].vendor", "vendor = \"merchantpo\"", "did you mean `merchantpro`?"),
        ("store[0].bufer", "bufer", "is not a setting"),
        ("store[0].stock.warehouses.WH", "warehouses =", "did you mean `physical`?"),
        ("store[0].orders.orders_from", "orders_from = \"soon\"", "2026-11-24"),
        ("store[0].orders.currency", "currency = \"EURO\"", ""),
        ("store[0].orders.taxes.VAT", "taxes = { \"VAT\"", "rate in percent"),
        ("store[1].name", "name = \"erp\"\nvendor = \"merchantpro\"", "another connection"),
        ("store[1].orders.prefix", "prefix = \"A-\"\norders_from = \"2026-11-24\"", "another store's prefix"),
        ("store[1].orders.payment.card", "payment =", "`at_once`, `when_paid`, `never`"),
        ("pace.poll_every", "poll_every", "\"30s\""),
    ];
    for (path, needle, words) in expected {
        let problem = found.iter().find(|problem| problem.path == path);
        let problem = problem.unwrap_or_else(|| panic!("{path} is not told of: {found:#?}"));
        assert_eq!(problem.line, line_of(text, needle), "{path}");
        assert!(problem.message.contains(words), "{path}: {}", problem.message);
    }
    assert!(found.is_sorted_by_key(|problem| problem.line));
}

#[test]
fn the_state_may_be_a_database_whose_password_is_kept_elsewhere() {
    let with =
        |state: &str| GOOD.replacen("[workspace]\n", &format!("[workspace]\nstate = \"{state}\"\n"), 1);
    let found = problems(&with("postgres://zygos:plain@db.test/zygos"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].path, "workspace.state");
    assert!(
        found[0].message.contains("PGPASSWORD") && !found[0].message.contains("plain"),
        "{}",
        found[0].message
    );
    let config = read(&with("postgres://zygos@db.test/zygos")).expect("it is good");
    assert_eq!(config.state.file(), None);
    let config = read(&with("elsewhere.db")).expect("it is good");
    assert_eq!(config.state.file(), Some(std::path::Path::new("elsewhere.db")));
}

#[test]
fn orders_into_tryton_need_a_web_shop() {
    let text = GOOD.replace("shop = \"shop\"\n", "");
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].path.as_str(), found[0].line),
        ("store[0].orders.shop", line_of(&text, "[store.orders]"))
    );
    assert!(found[0].message.contains("entered twice"), "{}", found[0].message);
    // Without orders there is nothing to enter twice.
    let only_stock = GOOD.split("[store.orders]").next().expect("a beginning");
    assert_eq!(problems(only_stock), []);
}

#[test]
fn a_go_live_in_the_hour_that_comes_twice_must_say_which_of_the_two() {
    let bucharest = TimeZone::get("Europe/Bucharest").unwrap();
    let read = |text: &str| moment(text, &bucharest).map(|moment| moment.to_string());
    assert_eq!(read("2026-10-25T03:30:00"), None);
    assert_eq!(read("2026-10-25T03:30:00+03:00").as_deref(), Some("2026-10-25T00:30:00Z"));
    assert_eq!(read("2026-10-25T03:30:00+02:00").as_deref(), Some("2026-10-25T01:30:00Z"));
    assert_eq!(read("2026-10-25").as_deref(), Some("2026-10-24T21:00:00Z"));
}

#[test]
fn a_run_is_limited_only_if_it_is_written() {
    let limit = |text: &str| read(text).ok().map(|config| config.guard.writes_per_run);
    assert_eq!(limit(GOOD), Some(None));
    assert_eq!(limit(&format!("{GOOD}\n[limits]\nwrites_per_run = 500\n")), Some(Some(500)));
    let wrong = format!("{GOOD}\n[limits]\nwrites_per_ran = 0\n");
    assert!(problems(&wrong)[0].message.contains("writes_per_run"), "{:?}", problems(&wrong));
}
