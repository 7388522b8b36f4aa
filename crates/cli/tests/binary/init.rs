//! `zygos init` without a terminal: from flags to a file, a plan, and two sides in balance.

use std::fs;

use rust_decimal::Decimal;
use zygos_core::Clock;
use zygos_sim::merchantpro::{Area, NewProduct};

use crate::{
    process::Done,
    world::{ERP_PASSWORD, MachineClock, STORE_SECRET, World},
};

/// Everything that can't be proposed, written to `shop.toml`.
fn flags(world: &World) -> Vec<String> {
    let flags = [
        "init",
        "--out",
        "shop.toml",
        "--store-url",
        &world.shops[0].served.url,
        "--store-key-env",
        "STORE_KEY",
        "--store-secret-env",
        "STORE_SECRET",
        "--erp-url",
        &world.erp.url,
        "--erp-database",
        "erp",
        "--erp-user",
        "sync",
        "--erp-password-env",
        "ERP_PASSWORD",
        "--name",
        "cluj",
        "--orders-from",
        "2020-01-01",
        "--shop",
        "shop-a",
        "--warehouse",
        "WH=free",
        "--warehouse",
        "WH2=free",
    ];
    flags.map(str::to_owned).to_vec()
}

/// Runs with `change` made to the flags.
fn init(world: &World, change: impl FnOnce(&mut Vec<String>)) -> Done {
    let mut flags = flags(world);
    change(&mut flags);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    world.run(&flags)
}

/// Removes a flag and its value.
fn without(flags: &mut Vec<String>, flag: &str) {
    while let Some(at) = flags.iter().position(|known| known == flag) {
        flags.drain(at..=at + 1);
    }
}

fn with(flags: &mut [String], flag: &str, value: &str) {
    let at = flags.iter().position(|known| known == flag).expect("the flag");
    value.clone_into(&mut flags[at + 1]);
}

fn says(done: &Done, words: &[&str]) {
    let all = done.all();
    for word in words {
        assert!(all.contains(word), "{word:?} is not said:\n{all}");
    }
    for secret in [ERP_PASSWORD, STORE_SECRET] {
        assert!(!all.contains(secret), "{secret:?} is said:\n{all}");
    }
}

/// Nothing was changed on either side, and no file is there.
fn untouched(world: &World) {
    assert_eq!(world.shops[0].served.writes(), Vec::<String>::new());
    assert_eq!(world.erp.writes(), Vec::<String>::new());
    assert!(!world.file("shop.toml").exists());
}

#[test]
fn from_flags_to_two_sides_in_balance() {
    let world = World::new();
    let reference = world.place_order(0);
    let shop = &world.shops[0].served;
    let edited = shop.sandbox.units()[0].clone();
    shop.sandbox.edit_stock(edited.0, edited.2 + Decimal::from(5));
    let done = init(&world, |_| {}).expect_code(0);
    says(
        &done,
        &[
            "proposed:",
            "shop.toml is written",
            "cluj MerchantPro API v2 (observe)",
            "tax 19 %: VAT 19%",
            "cash_delivery",
            "next: read the file",
            "at least ",
        ],
    );
    says(&done, &[&format!("{}: ", edited.1), &format!("{}: enter in the ERP", &reference[2..])]);
    assert_eq!(shop.writes(), Vec::<String>::new(), "it only observes");
    assert_eq!(world.erp.writes(), Vec::<String>::new());
    let text = fs::read_to_string(world.file("shop.toml")).expect("the file");
    assert!(!text.contains(STORE_SECRET) && !text.contains(ERP_PASSWORD), "{text}");

    let command = |word: &str| world.run(&["--config", "shop.toml", word]);
    command("check").expect_code(0);
    command("approve").expect_code(0);
    command("sync").expect_code(0);
    assert!(world.is_placed(&reference));
    let wrong = world.wrong_figures();
    let wrong: Vec<&String> = wrong.iter().filter(|wrong| wrong.starts_with("cluj")).collect();
    assert_eq!(wrong, Vec::<&String>::new());
    says(&command("verify").expect_code(0), &["cluj: 22 units read, 20 compared, 0 different"]);
}

#[test]
fn json_is_one_object_and_an_earlier_file_is_replaced_only_by_force_and_gone_on_with() {
    let world = World::new();
    let done = init(&world, |flags| flags.push("--json".to_owned())).expect_code(0);
    let answer: serde_json::Value = serde_json::from_str(&done.out).expect("one object");
    assert_eq!(answer["file"], "shop.toml");
    assert_eq!(answer["survey"]["units"]["linked"], 20);
    assert_eq!(answer["proposal"]["prefix"]["value"], "C-");
    assert_eq!(answer["plan"]["costs"][0]["store"], "cluj");
    let first = fs::read_to_string(world.file("shop.toml")).expect("the file");
    let again = |flags: &mut Vec<String>| flags.extend(["--prefix".to_owned(), "X-".to_owned()]);
    says(&init(&world, again).expect_code(2), &["shop.toml is there already", "--force"]);
    assert_eq!(fs::read_to_string(world.file("shop.toml")).expect("the file"), first);
    // What was approved before observes again.
    world.run(&["--config", "shop.toml", "approve"]).expect_code(0);
    let forced = init(&world, |flags| {
        again(flags);
        flags.push("--force".to_owned());
    });
    says(&forced.expect_code(1), &["(observe)", "prefix: it was C-", "the earlier one is shop.toml.before"]);
    // Said once, a name and a prefix stay.
    let kept = init(&world, |flags| {
        without(flags, "--name");
        flags.push("--force".to_owned());
    });
    kept.expect_code(0);
    let text = fs::read_to_string(world.file("shop.toml")).expect("the file");
    assert!(text.contains("prefix = \"X-\"") && text.contains("name = \"cluj\""), "{text}");
}

#[test]
fn a_configuration_with_several_stores_is_never_replaced_by_one() {
    let world = World::new();
    let before = fs::read_to_string(world.file("zygos.toml")).expect("the file");
    let done = init(&world, |flags| {
        with(flags, "--out", "zygos.toml");
        flags.push("--force".to_owned());
    });
    says(&done.expect_code(2), &["holds 2 stores", "--out"]);
    assert_eq!(fs::read_to_string(world.file("zygos.toml")).expect("the file"), before);
}

#[test]
fn all_that_is_missing_is_told_in_one_report_before_any_call() {
    let world = World::new();
    let done = world.run(&["init", "--out", "shop.toml", "--store-key-env", "s3cret-Key"]).expect_code(2);
    says(
        &done,
        &[
            "--store-url is missing",
            "--store-key-env: must be the NAME",
            "--store-secret-env is missing",
            "--erp-url is missing",
            "--erp-database is missing",
            "--erp-user is missing",
            "--erp-password-env is missing",
            "7 to give",
        ],
    );
    assert!(!done.all().contains("s3cret-Key"), "{}", done.all());
    let done = init(&world, |flags| with(flags, "--erp-password-env", "NOT_THERE")).expect_code(2);
    says(&done, &["--erp-password-env: the environment variable NOT_THERE is not set"]);
    let done = init(&world, |flags| {
        with(flags, "--orders-from", "soon");
        flags.extend(["--timezone", "Europe/Nowhere", "--currency", "EURO"].map(str::to_owned));
    });
    says(&done.expect_code(2), &["--timezone: is not a time zone", "--currency: "]);
    assert_eq!(world.shops[0].served.carried_out(""), 0);
    untouched(&world);
}

#[test]
fn choices_that_only_a_person_can_make_are_listed_together() {
    let world = World::new();
    let done = init(&world, |flags| {
        without(flags, "--warehouse");
        without(flags, "--shop");
    });
    says(
        &done.expect_code(2),
        &["--warehouse: the ERP has 3 warehouses", "It can be WH, WH2, WH3.", "--shop: ", "shop-a, shop-b"],
    );
    let done = init(&world, |flags| with(flags, "--shop", "shop-z")).expect_code(2);
    says(&done, &["--shop: the ERP has no web shop `shop-z`"]);
    untouched(&world);
}

#[test]
fn sides_that_refuse_or_are_not_there_are_both_told_and_nothing_is_written() {
    let world = World::new();
    let flags = flags(&world);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut command = world.command(&flags);
    command.env("STORE_SECRET", "wrong").env("ERP_PASSWORD", "wrong");
    says(
        &Done::of(command).expect_code(3),
        &[
            "cluj: ",
            "does not accept the key and secret",
            "erp: ",
            "does not accept the user name and password",
        ],
    );
    let nobody =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let done = init(&world, |flags| with(flags, "--store-url", &format!("http://{nobody}"))).expect_code(3);
    says(&done, &["cluj: ", "cannot be reached", "nothing was written"]);
    untouched(&world);
}

#[test]
fn a_key_that_may_not_read_what_the_flows_need_is_told() {
    let world = World::new();
    world.shops[0].served.sandbox.configure(|settings| {
        for key in &mut settings.keys {
            key.read.remove(&Area::Orders);
        }
    });
    says(
        &init(&world, |_| {}).expect_code(3),
        &["cluj: the API user may not read orders", "nothing was written"],
    );
    untouched(&world);
}

#[test]
fn what_needs_a_person_is_named_and_is_code_1() {
    let world = World::new();
    let shop = &world.shops[0].served.sandbox;
    let now = MachineClock.now();
    let reduced = shop.add_tax("VAT 5%", Decimal::from(5));
    let sku = shop.units()[0].1.clone();
    let padded = format!("{} ", shop.units()[1].1);
    for (name, sku) in [("Blank", None), ("Twin", Some(sku.clone())), ("New", Some("ONLY-HERE".to_owned()))] {
        shop.add_product(
            NewProduct { name: name.to_owned(), sku, tax_id: Some(reduced), ..NewProduct::default() },
            now,
        );
    }
    let erp = &world.erp.sandbox;
    let product = erp.product_id(padded.trim()).expect("the ERP has it");
    erp.set_sku(product, &padded, now).expect("it takes any");
    let done = init(&world, |_| {}).expect_code(1);
    says(
        &done,
        &[
            "blank sku: 1",
            "duplicate sku: 1",
            "padded sku: 1",
            "only in store: 1",
            "ONLY-HERE",
            "tax 5 %: to be chosen",
            "SKUs: 4 to put right",
            "2 things need a person",
        ],
    );
    let text = fs::read_to_string(world.file("shop.toml")).expect("it is written all the same");
    assert!(text.contains("# \"5\" = [\"VAT 19%\"]"), "{text}");
    world.run(&["--config", "shop.toml", "check"]).expect_code(0);
}

#[test]
fn products_that_are_kept_are_in_the_first_plan() {
    let world = World::new();
    let shop = &world.shops[0].served;
    shop.sandbox.add_product(
        NewProduct {
            name: "Only here".to_owned(),
            sku: Some("ONLY-HERE".to_owned()),
            ..NewProduct::default()
        },
        MachineClock.now(),
    );
    let done = init(&world, |flags| {
        let more = ["--products", "both", "--create", "both", "--prices", "to_store", "--authority", "net"];
        flags.extend(more.map(str::to_owned));
    });
    says(&done, &["products: both (as chosen)", "prices: to_store (as chosen)", "products can be written"]);
    let text = fs::read_to_string(world.file("shop.toml")).expect("the file");
    assert!(text.contains("\n[store.products]\n") && text.contains("\n[store.prices]\n"), "{text}");
    let plan = world.run(&["--config", "shop.toml", "plan", "--all"]);
    says(&plan, &["ONLY-HERE"]);
    assert_eq!(shop.writes(), Vec::<String>::new(), "it only observes");
    assert_eq!(world.erp.writes(), Vec::<String>::new());
    // What was said then is gone on with.
    let done = init(&world, |flags| flags.push("--force".to_owned()));
    says(&done, &["products: both (as chosen)"]);
    let done = init(&world, |flags| flags.extend(["--prices", "down"].map(str::to_owned))).expect_code(2);
    says(&done, &["--prices", "to_store"]);
}
