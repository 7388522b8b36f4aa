//! What nobody should do and somebody does. Each is told in plain words, leaves nothing half-written, holds up nobody
//! else, and heals once it is put right.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rust_decimal::Decimal;
use serde_json::json;
use zygos_core::{catalogue::Owner, contract::PriceKind, model::Field};
use zygos_engine::{PriceFlow, by_cause};
use zygos_scenarios::flows::{BOTH, both_ways, gross_prices, owned};
use zygos_sim::{merchantpro::NewProduct, tryton};
use zygos_storage::Issue;

use crate::support::{ATHENS, CLUJ, OTHER, SKU, Shelf, decimal, mug, number, shirt, size_of, text};

pub fn says(issue: &Issue, words: &[&str]) {
    for word in words {
        assert!(issue.text.contains(word), "`{word}` is not in: {}", issue.text);
    }
}

fn all_say(shelf: &Shelf, kind: &str, words: &[&str]) -> Vec<Issue> {
    let found: Vec<Issue> = shelf.issues().into_iter().filter(|issue| issue.kind == kind).collect();
    assert!(!found.is_empty(), "{kind}: {:?}", shelf.issues());
    found.iter().for_each(|issue| says(issue, words));
    found
}

fn swap_in_erp(shelf: &Shelf) {
    let (one, other) = (shelf.erp_id(SKU), shelf.erp_id(OTHER));
    shelf.world.erp.swap_skus(one, other, shelf.world.now()).expect("they change places");
}

fn skus_of_shop(shelf: &Shelf, shop: usize, ids: [u64; 2]) -> [String; 2] {
    ids.map(|id| {
        let product = shelf.world.shops[shop].sandbox.product(id).expect("it is there");
        text(&product["sku"])
    })
}

#[test]
fn two_products_of_the_erp_that_swap_skus_are_asked_about_and_neither_is_written() {
    let shelf = Shelf::both();
    let ids = [SKU, OTHER].map(|sku| shelf.unit(CLUJ, sku).expect("it is there"));
    let before = ids.map(|id| shelf.world.shops[CLUJ].sandbox.product(id));
    swap_in_erp(&shelf);
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    let asked = all_say(&shelf, "product_conflict", &["SKU", "Were the two swapped"]);
    assert_eq!(asked.len(), 4, "two in each store: {asked:?}");
    assert!(asked.iter().any(|issue| {
        issue.text.starts_with("cluj: the SKU of ") && issue.text.contains(SKU) && issue.text.contains(OTHER)
    }));
    assert_eq!(ids.map(|id| shelf.world.shops[CLUJ].sandbox.product(id)), before);
    shelf.assert_bystander_moved();
    // Put right in the ERP.
    let (one, other) = (shelf.erp_id(SKU), shelf.erp_id(OTHER));
    shelf.world.erp.swap_skus(one, other, shelf.world.now()).expect("they change places");
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_swap_that_was_meant_heals_when_the_store_does_the_same() {
    let shelf = Shelf::with(|settings| {
        settings.stores[CLUJ].products = Some(both_ways());
        settings.stores[CLUJ].prices = Some(gross_prices(None));
    });
    let ids = [SKU, OTHER].map(|sku| shelf.unit(CLUJ, sku).expect("it is there"));
    swap_in_erp(&shelf);
    shelf.sync();
    let swapped = [OTHER, SKU];
    for (id, sku) in ids.iter().zip(swapped) {
        let fields = crate::support::map(json!({"sku": sku}));
        shelf.world.shops[CLUJ].sandbox.edit_product(*id, &fields, shelf.world.now()).expect("it is edited");
    }
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    assert_eq!(skus_of_shop(&shelf, CLUJ, ids), swapped);
    shelf.assert_quiet();
}

#[test]
fn two_products_of_a_store_that_swap_skus_are_asked_about_and_neither_is_written() {
    let shelf = Shelf::both();
    let ids = [SKU, OTHER].map(|sku| shelf.unit(CLUJ, sku).expect("it is there"));
    let swap = |skus: [&str; 2]| {
        for (id, sku) in ids.iter().zip(skus) {
            let fields = crate::support::map(json!({"sku": sku}));
            let sandbox = &shelf.world.shops[CLUJ].sandbox;
            sandbox.edit_product(*id, &fields, shelf.world.now()).expect("it is edited");
        }
    };
    let in_erp = [shelf.in_erp(SKU), shelf.in_erp(OTHER)];
    swap([OTHER, SKU]);
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    all_say(&shelf, "product_conflict", &["cluj: the SKU of ", "Were the two swapped", "zygos approve"]);
    assert_eq!([shelf.in_erp(SKU), shelf.in_erp(OTHER)], in_erp);
    assert_eq!(skus_of_shop(&shelf, CLUJ, ids), [OTHER, SKU]);
    shelf.assert_bystander_moved();
    swap([SKU, OTHER]);
    shelf.sync();
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_sku_renamed_in_the_erp_goes_to_the_stores_and_one_renamed_in_a_store_is_put_back() {
    let shelf = Shelf::both();
    let id = shelf.unit(CLUJ, SKU).expect("it is there");
    shelf.world.erp.set_sku(shelf.erp_id(SKU), "P00001-NEW", shelf.world.now()).expect("it is renamed");
    shelf.bystander_moves();
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.units(shop, SKU), Vec::<u64>::new());
        assert_eq!(shelf.units(shop, "P00001-NEW").len(), 1, "it is renamed, not made anew");
    }
    assert_eq!(shelf.unit(CLUJ, "P00001-NEW"), Some(id));
    shelf.assert_bystander_moved();
    shelf.edit(CLUJ, "P00001-NEW", json!({"sku": "TYPO"}));
    shelf.sync();
    assert_eq!(shelf.unit(CLUJ, "P00001-NEW"), Some(id));
    assert_eq!(shelf.all_in_erp("TYPO"), []);
    assert_eq!(shelf.units(ATHENS, "TYPO"), Vec::<u64>::new());
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_parent_without_variants_is_named_on_either_side_and_made_once_it_has_some() {
    let shelf = Shelf::both();
    let parent =
        shelf.world.shops[CLUJ].sandbox.add_product(shirt("SHIRT-", &["S"], "20"), shelf.world.now());
    let sandbox = &shelf.world.shops[CLUJ].sandbox;
    assert!(sandbox.delete_variant(parent + 1, shelf.world.now()));
    shelf.bystander_moves();
    shelf.sync();
    let issue = shelf.issue("incomplete_product");
    says(
        &issue,
        &["cluj: Tricou", "is not made in erp yet", "it has no variants that could be sold; add one"],
    );
    shelf.assert_bystander_moved();
    sandbox.add_variant(parent, size_of("SHIRT-", "M"), shelf.world.now()).expect("a variant");
    shelf.edit_unit(CLUJ, "SHIRT-M", json!({"price_net": 20}));
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.all_in_erp("SHIRT-M").len(), 1);
    assert!(shelf.unit(ATHENS, "SHIRT-M").is_some());
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_product_of_three_hundred_variants_is_whole_on_all_sides() {
    let shelf = Shelf::both();
    let sizes: Vec<String> = (0..300).map(|number| format!("{number:03}")).collect();
    let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
    shelf.world.shops[CLUJ].sandbox.add_product(shirt("BIG-", &sizes, "20"), shelf.world.now());
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    let template = shelf.in_erp("BIG-000").template;
    let made = shelf.world.erp.products().into_iter().filter(|product| product.template == template);
    assert_eq!(made.count(), 300);
    let sister = shelf.product(ATHENS, "BIG-000");
    assert_eq!(sister["variants"].as_array().map(Vec::len), Some(300));
    shelf.assert_bystander_moved();
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
    // One of them is edited, and only that one.
    let one = shelf.erp_id("BIG-123");
    shelf.world.erp.set_own_price(one, Some(number("21")), shelf.world.now()).expect("its own price");
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(
            (shelf.gross(shop, "BIG-123"), shelf.gross(shop, "BIG-124")),
            (number("24.99"), number("23.80"))
        );
    }
    shelf.assert_quiet();
}

#[test]
fn an_option_that_is_renamed_changes_nothing_else() {
    let shelf = Shelf::both();
    let parent = shelf.product(CLUJ, "V00005-S")["id"].as_u64().expect("an id");
    let sandbox = &shelf.world.shops[CLUJ].sandbox;
    sandbox.rename_option(parent, "Size", "M", "Medium", shelf.world.now()).expect("it is renamed");
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.unit(CLUJ, "V00005-M").map(|_| ()), Some(()));
    let shown = shelf.shown(CLUJ, "V00005-M");
    assert_eq!(shown["variant_options"][0]["value"], "Medium");
    assert_eq!(shelf.product(CLUJ, "V00005-S")["variants"].as_array().map(Vec::len), Some(4));
    assert_eq!(shelf.all_in_erp("V00005-M").len(), 1);
    assert_eq!(shelf.shown(ATHENS, "V00005-M")["variant_options"][0]["value"], "M");
    shelf.assert_bystander_moved();
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_tax_that_only_the_erp_has_is_named_with_the_product_until_the_store_has_it_too() {
    let shelf = Shelf::both();
    shelf.world.erp.add_tax("Books", "VAT 5%", Decimal::new(5, 2), shelf.world.now()).expect("a tax");
    shelf.world.erp.set_tax_class(shelf.erp_id(SKU), "Books", shelf.world.now()).expect("its tax");
    let new = tryton::NewProduct {
        category: "Books".to_owned(),
        ..tryton::NewProduct::new("BOOK-1", number("10"))
    };
    shelf.world.erp.add_product(&new, shelf.world.now()).expect("a book");
    let before = shelf.product(CLUJ, SKU);
    shelf.bystander_moves();
    shelf.sync();
    let refused =
        all_say(&shelf, "product_refused", &["has no tax of 5 %; make it there", "(id ", "Only ", " wait"]);
    assert_eq!(refused.len(), 4, "two products in two stores: {refused:?}");
    assert!(refused.iter().all(|issue| issue.text.contains(issue.connection.as_str())), "{refused:?}");
    assert_eq!(shelf.product(CLUJ, SKU), before, "nothing is half-written");
    assert_eq!(shelf.unit(CLUJ, "BOOK-1"), None);
    shelf.assert_bystander_moved();
    for shop in &shelf.world.shops {
        shop.sandbox.add_tax("VAT 5%", Decimal::from(5));
    }
    for issue in &refused {
        shelf.answer(issue, "retry");
    }
    shelf.sync();
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(decimal(&shelf.product(shop, SKU)["tax_value"]), number("5"));
        assert_eq!(shelf.gross(shop, "BOOK-1"), number("10.50"));
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_tax_that_the_store_refuses_moves_no_price_in_the_erp_either() {
    let prices = PriceFlow { direction: BOTH, owner: Owner::Store, ..gross_prices(None) };
    let shelf = Shelf::with(move |settings| {
        settings.stores[CLUJ].products = Some(owned([(Field::Tax, Owner::Erp)]));
        settings.stores[CLUJ].prices = Some(prices.clone());
    });
    let before = (shelf.gross(CLUJ, SKU), shelf.in_erp(SKU).price);
    shelf.world.erp.add_tax("Books", "VAT 5%", Decimal::new(5, 2), shelf.world.now()).expect("a tax");
    shelf.world.erp.set_tax_class(shelf.erp_id(SKU), "Books", shelf.world.now()).expect("its tax");
    shelf.sync();
    says(&shelf.issue("product_refused"), &["has no tax of 5 %", "Only its tax and price wait"]);
    assert_eq!((shelf.gross(CLUJ, SKU), shelf.in_erp(SKU).price), before);
    let plan = shelf.world.block_on(shelf.engine.plan()).expect("both sides can be read");
    assert!(
        !plan.products.is_empty() && plan.products.iter().all(|planned| planned.held.is_some()),
        "{plan:?}"
    );
    shelf.world.shops[CLUJ].sandbox.add_tax("VAT 5%", Decimal::from(5));
    shelf.answer(&shelf.issue("product_refused"), "retry");
    shelf.sync();
    let net = (before.0 / Decimal::new(105, 2)).round_dp(4);
    assert_eq!((shelf.gross(CLUJ, SKU), shelf.in_erp(SKU).price), (before.0, Some(net)));
    shelf.assert_quiet();
}

#[test]
fn what_the_store_refuses_of_a_product_waits_alone_and_its_other_fields_go() {
    for (authority, price_goes) in [(PriceKind::Gross, false), (PriceKind::Net, true)] {
        let shelf = Shelf::of(both_ways(), PriceFlow { authority, ..gross_prices(None) });
        shelf.world.erp.add_tax("Books", "VAT 5%", Decimal::new(5, 2), shelf.world.now()).expect("a tax");
        let book = shelf.erp_id(SKU);
        shelf.world.erp.set_tax_class(book, "Books", shelf.world.now()).expect("its tax");
        shelf.world.erp.set_ean(book, Some("5941234567899"), shelf.world.now()).expect("its bar code");
        let (net, gross) = (shelf.net(CLUJ, SKU), shelf.gross(CLUJ, SKU));
        shelf.erp_price(SKU, "45");
        shelf.sync();
        let issues = all_say(&shelf, "product_refused", &["has no tax of 5 %"]);
        let waits = if price_goes { "Only its tax waits" } else { "Only its tax and price wait" };
        assert!(issues.iter().all(|issue| issue.text.contains(waits)), "{issues:?}");
        let causes = by_cause(&issues);
        assert_eq!(causes.len(), 2, "one a store: {causes:?}");
        assert!(causes[0].cause.starts_with("cluj refuses: the store has no tax of 5 %; make it there"));
        for shop in [CLUJ, ATHENS] {
            assert_eq!(shelf.shown(shop, SKU)["ean"], "5941234567899");
            assert_eq!(decimal(&shelf.product(shop, SKU)["tax_value"]), number("19"));
        }
        match price_goes {
            true => assert_eq!(shelf.net(CLUJ, SKU), number("45")),
            false => assert_eq!((shelf.net(CLUJ, SKU), shelf.gross(CLUJ, SKU)), (net, gross)),
        }
        // Nobody edits it, so it isn't tried again and again.
        shelf.assert_quiet();
        shelf.world.shops.iter().for_each(|shop| {
            shop.sandbox.add_tax("VAT 5%", Decimal::from(5));
        });
        for issue in &issues {
            shelf.answer(issue, "retry");
        }
        shelf.sync();
        shelf.sync();
        for shop in [CLUJ, ATHENS] {
            assert_eq!(decimal(&shelf.product(shop, SKU)["tax_value"]), number("5"));
            assert_eq!(shelf.net(shop, SKU), if price_goes { number("45") } else { shelf.net(CLUJ, SKU) });
        }
        if !price_goes {
            assert_eq!(shelf.gross(CLUJ, SKU), number("47.25"));
        }
        assert_eq!(shelf.issues(), []);
        shelf.assert_quiet();
    }
}

#[test]
fn a_tax_that_only_a_store_has_is_named_with_the_product_until_the_erp_has_it_too() {
    let mut shelf = Shelf::both();
    let sandbox = &shelf.world.shops[CLUJ].sandbox;
    let tax = sandbox.add_tax("VAT 5%", Decimal::from(5));
    let new = NewProduct {
        sku: Some("BOOK-1".to_owned()),
        price_net: Some(number("10")),
        tax_id: Some(tax),
        ..mug()
    };
    sandbox.add_product(new, shelf.world.now());
    shelf.bystander_moves();
    shelf.sync();
    let told: Vec<Issue> = shelf.issues().into_iter().filter(|issue| issue.text.contains("5 %")).collect();
    assert_eq!(told.len(), 1, "{:?}", shelf.issues());
    says(&told[0], &["erp refuses product Cană albastră (id ", "in cluj)", "set tax_classes"]);
    assert_eq!(shelf.all_in_erp("BOOK-1"), []);
    assert_eq!(shelf.units(ATHENS, "BOOK-1"), Vec::<u64>::new());
    shelf.assert_bystander_moved();
    // The merchant says what the ERP calls such goods, and gives the sister store the tax.
    shelf.world.erp.add_tax("Books", "VAT 5%", Decimal::new(5, 2), shelf.world.now()).expect("a tax");
    shelf.world.shops[ATHENS].sandbox.add_tax("VAT 5%", Decimal::from(5));
    shelf.restart_with(|settings| {
        for flow in settings.stores.iter_mut().filter_map(|store| store.products.as_mut()) {
            flow.tax_classes.push((Decimal::from(5), "Books".to_owned()));
        }
    });
    for issue in shelf.issues().iter().filter(|issue| issue.choices.contains(&"retry".to_owned())) {
        shelf.answer(issue, "retry");
    }
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.in_erp("BOOK-1").tax_class.as_deref(), Some("Books"));
    assert_eq!(shelf.gross(ATHENS, "BOOK-1"), number("10.50"));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_product_without_a_price_worth_the_name_is_not_made_and_a_negative_one_is_never_written() {
    let shelf = Shelf::both();
    let before = [CLUJ, ATHENS].map(|shop| shelf.gross(shop, SKU));
    shelf.erp_price(SKU, "-3");
    shelf.make_in_erp("FREE-1", "0");
    shelf.bystander_moves();
    shelf.sync();
    let negative = all_say(&shelf, "price_negative", &[SKU, "the ERP", "is below zero; correct it there"]);
    assert_eq!(negative.len(), 2);
    assert_eq!([CLUJ, ATHENS].map(|shop| shelf.gross(shop, SKU)), before);
    all_say(&shelf, "incomplete_product", &["FREE-1", "its price is zero", "give it a price"]);
    assert_eq!(shelf.unit(CLUJ, "FREE-1"), None);
    shelf.assert_bystander_moved();
    shelf.erp_price(SKU, "45");
    shelf.erp_price("FREE-1", "10");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"));
    assert_eq!(shelf.gross(ATHENS, "FREE-1"), number("11.90"));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_negative_or_zero_price_typed_in_a_store_never_reaches_the_erp_unseen() {
    for (typed, kind) in [("-2", "price_negative"), ("0", "product_hold")] {
        let shelf = Shelf::net_both_ways();
        let before = shelf.in_erp(SKU).price;
        let right = shelf.net(CLUJ, SKU);
        shelf.edit_unit(CLUJ, SKU, json!({"price_net": number(typed)}));
        shelf.sync();
        assert_eq!(shelf.in_erp(SKU).price, before);
        says(&shelf.issue(kind), &["cluj", SKU, "price"]);
        assert_eq!(shelf.net(ATHENS, SKU), right);
        shelf.edit_unit(CLUJ, SKU, json!({"price_net": right}));
        shelf.sync();
        assert_eq!(shelf.issues(), [], "{typed}");
        shelf.assert_quiet();
    }
}

#[test]
fn a_price_with_six_decimals_is_rounded_once_and_never_comes_back_as_an_edit() {
    let shelf = Shelf::net_both_ways();
    shelf.erp_price(SKU, "41.123456");
    shelf.sync();
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(shelf.net(shop, SKU), number("41.1235"));
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
    shelf.run(60);
    assert_eq!(shelf.take_written(), Vec::<String>::new());
}

/// HTML, three scripts, and more than any form expects.
fn long_text() -> String {
    let part = "<p class=\"a\">Pătură &amp; pernă — Κουβέρτα &lt;3 Одеяло</p>\n<ul><li>1</li></ul>\t\"quoted\" \\ 'it'\n";
    part.chars().cycle().take(70_000).collect::<String>().trim_end().to_owned()
}

#[test]
fn long_texts_with_markup_in_three_scripts_arrive_untouched_both_ways() {
    let wanted = long_text();
    let shelf = Shelf::both();
    shelf.edit(CLUJ, SKU, json!({"description": wanted, "name": "Lampă Λάμπα Лампа <b>&amp;</b>"}));
    shelf.bystander_moves();
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).description.as_deref(), Some(wanted.as_str()));
    assert_eq!(shelf.in_erp(SKU).name, "Lampă Λάμπα Лампа <b>&amp;</b>");
    shelf.assert_bystander_moved();
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();

    let shelf =
        Shelf::of(owned([(Field::Name, Owner::Erp), (Field::Description, Owner::Erp)]), gross_prices(None));
    shelf.world.erp.set_description(shelf.erp_id(SKU), &wanted, shelf.world.now()).expect("it is described");
    shelf.erp_name(SKU, "Lampă Λάμπα Лампа <b>&amp;</b>");
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        assert_eq!(text(&shelf.product(shop, SKU)["description"]), wanted);
        assert_eq!(shelf.name(shop, SKU), "Lampă Λάμπα Лампа <b>&amp;</b>");
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn what_the_target_cannot_be_without_is_named_and_made_once_it_is_there() {
    let shelf = Shelf::both();
    let sandbox = &shelf.world.shops[CLUJ].sandbox;
    let blank = NewProduct {
        sku: Some("MUG-1".to_owned()),
        price_net: Some(number("8")),
        name: " ".to_owned(),
        ..mug()
    };
    let id = sandbox.add_product(blank, shelf.world.now());
    let nameless =
        NewProduct { sku: None, price_net: Some(number("8")), name: "Fără cod".to_owned(), ..mug() };
    let without = sandbox.add_product(nameless, shelf.world.now());
    shelf.bystander_moves();
    shelf.sync();
    let told =
        all_say(&shelf, "incomplete_product", &["cluj", "cannot be created in the ERP yet", "give it one"]);
    assert_eq!(told.len(), 2, "{:?}", shelf.issues());
    assert!(
        told.iter().any(|issue| issue.text.contains("has no name"))
            && told.iter().any(|issue| issue.text.contains("has no SKU"))
    );
    assert_eq!(shelf.all_in_erp("MUG-1"), []);
    shelf.assert_bystander_moved();
    let put_right = |id: u64, fields| {
        sandbox.edit_product(id, &crate::support::map(fields), shelf.world.now()).expect("it is edited");
    };
    put_right(id, json!({"name": "Cană"}));
    put_right(without, json!({"sku": "MUG-2"}));
    shelf.sync();
    shelf.sync();
    for sku in ["MUG-1", "MUG-2"] {
        assert_eq!(shelf.all_in_erp(sku).len(), 1);
        assert_eq!(shelf.units(ATHENS, sku).len(), 1);
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_field_emptied_by_its_owner_is_not_written_where_it_cannot_be_empty() {
    let shelf = Shelf::both();
    let was = shelf.in_erp(SKU).name;
    shelf.edit(CLUJ, SKU, json!({"name": "  "}));
    shelf.bystander_moves();
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).name, was);
    let issue = shelf.issue("product_conflict");
    says(
        &issue,
        &[
            "cluj: the name of ",
            "The name is empty in the store, and the ERP can't be without it; fill it in there",
        ],
    );
    shelf.assert_bystander_moved();
    shelf.edit(CLUJ, SKU, json!({"name": "Lampă"}));
    shelf.sync();
    assert_eq!(shelf.in_erp(SKU).name, "Lampă");
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_product_deleted_in_the_store_while_it_is_being_written_is_found_gone_and_asked_about() {
    let shelf = Shelf::both();
    let id = shelf.unit(CLUJ, SKU).expect("it is there");
    let (sandbox, done) = (shelf.world.shops[CLUJ].sandbox.clone(), Arc::new(AtomicBool::new(false)));
    let deleted = done.clone();
    shelf.before_each(move |request| {
        if request.method == http::Method::PATCH && request.url.ends_with(&format!("/{id}")) {
            deleted.store(sandbox.delete_product(id) || deleted.load(Ordering::SeqCst), Ordering::SeqCst);
        }
    });
    shelf.erp_price(SKU, "45");
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    assert!(
        done.load(Ordering::SeqCst),
        "it was deleted between decision and write: {:?}",
        shelf.take_written()
    );
    assert_eq!(shelf.gross(ATHENS, SKU), number("53.55"));
    let issue = shelf.issue("product_gone");
    says(&issue, &["cluj", SKU, "is gone from the store", "create"]);
    assert_eq!(shelf.unit(CLUJ, SKU), None, "it isn't made again unasked");
    shelf.assert_bystander_moved();
    shelf.answer(&issue, "create");
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("53.55"));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_product_deleted_in_the_erp_while_it_is_being_written_is_found_gone_and_asked_about() {
    let shelf = Shelf::both();
    let product = shelf.make_in_erp("LAMP-1", "10");
    shelf.sync();
    let (erp, now) = (shelf.world.erp.clone(), shelf.world.now());
    let done = Arc::new(AtomicBool::new(false));
    let deleted = done.clone();
    shelf.before_each(move |request| {
        let is_write = String::from_utf8_lossy(&request.body).contains("model.product.template.write");
        if is_write && erp.product(product).is_some() && erp.delete_product(product, now).is_ok() {
            deleted.store(true, Ordering::SeqCst);
        }
    });
    shelf.edit(CLUJ, "LAMP-1", json!({"name": "Lampă nouă"}));
    shelf.sync();
    shelf.bystander_moves();
    shelf.sync();
    shelf.wait(std::time::Duration::from_secs(25 * 3600));
    shelf.sync();
    shelf.sync();
    assert!(done.load(Ordering::SeqCst), "it was deleted between decision and write");
    assert_eq!(shelf.all_in_erp("LAMP-1"), []);
    all_say(&shelf, "product_gone", &["LAMP-1", "is gone from the ERP"]);
    shelf.assert_bystander_moved();
}

#[test]
fn a_variant_deleted_in_a_store_is_asked_about_and_its_sisters_go_on() {
    let shelf = Shelf::both();
    let medium = shelf.unit(CLUJ, "V00005-M").expect("it is there");
    assert!(shelf.world.shops[CLUJ].sandbox.delete_variant(medium, shelf.world.now()));
    shelf.bystander_moves();
    shelf.sync();
    shelf.sync();
    let issue = shelf.issue("product_gone");
    says(&issue, &["cluj: V00005-M is gone from the store and still is in the ERP"]);
    assert_eq!(shelf.unit(CLUJ, "V00005-M"), None, "it isn't made again unasked");
    assert!(shelf.in_erp("V00005-M").active);
    shelf.assert_bystander_moved();
    let small = shelf.erp_id("V00005-S");
    shelf.world.erp.set_own_price(small, Some(number("45")), shelf.world.now()).expect("its own price");
    shelf.sync();
    assert_eq!(shelf.gross(ATHENS, "V00005-S"), number("53.55"));
    assert_eq!(shelf.gross(CLUJ, "V00005-S"), number("53.55"));
    shelf.answer(&issue, "create");
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.product(CLUJ, "V00005-M")["id"], shelf.product(CLUJ, "V00005-S")["id"]);
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn skus_of_two_variants_that_swap_are_asked_about_while_everything_runs() {
    let shelf = Shelf::both();
    let (one, other) = (shelf.erp_id("V00005-S"), shelf.erp_id("V00005-M"));
    let before = shelf.product(CLUJ, "V00005-S");
    shelf.world.erp.swap_skus(one, other, shelf.world.now()).expect("they change places");
    shelf.bystander_moves();
    shelf.run(20);
    all_say(&shelf, "product_conflict", &["the SKU of V00005-", "Were the two swapped"]);
    let after = shelf.product(CLUJ, "V00005-S");
    assert_eq!(after["variants"], before["variants"]);
    shelf.assert_bystander_moved();
    shelf.world.erp.swap_skus(one, other, shelf.world.now()).expect("they change places");
    shelf.run(20);
    assert_eq!(shelf.issues(), []);
}

#[test]
fn a_product_that_its_price_list_forgets_keeps_its_price_and_is_named() {
    let shelf = Shelf::observing(12, |settings| {
        settings.stores[CLUJ].products = Some(both_ways());
        settings.stores[CLUJ].prices = Some(gross_prices(Some("Romania")));
    });
    let erp = &shelf.world.erp;
    let now = shelf.world.now();
    let listed: Vec<(i64, Decimal)> = erp
        .products()
        .into_iter()
        .filter(|product| product.sku != SKU)
        .filter_map(|product| Some((product.id, product.price?)))
        .collect();
    let list = erp.add_price_list("Romania", None, &listed, now).expect("a list");
    let before = shelf.gross(CLUJ, SKU);
    shelf.approve();
    shelf.sync();
    shelf.sync();
    let issue = shelf.issue("price_not_in_list");
    says(&issue, &["cluj: ", SKU, "the price list Romania has no price for it; add one in the ERP"]);
    assert_eq!(shelf.gross(CLUJ, SKU), before);
    erp.set_price_line(list, shelf.erp_id(SKU), "41", shelf.world.now()).expect("a line");
    shelf.sync();
    assert_eq!(shelf.gross(CLUJ, SKU), number("48.79"));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn one_product_that_a_store_refuses_holds_up_none_of_a_hundred_others() {
    let shelf = Shelf::both();
    let sandbox = &shelf.world.shops[CLUJ].sandbox;
    let tax = sandbox.add_tax("VAT 5%", Decimal::from(5));
    for place in 0..100 {
        let bad = place == 37;
        let new = NewProduct {
            sku: Some(format!("M-{place:03}")),
            price_net: Some(number("8")),
            tax_id: Some(if bad { tax } else { 1 }),
            ..mug()
        };
        sandbox.add_product(new, shelf.world.now());
    }
    shelf.run(30);
    let there = |place: &u32| shelf.all_in_erp(&format!("M-{place:03}")).len() == 1;
    assert_eq!((0..100).filter(there).count(), 99);
    let sister = |place: &u32| shelf.units(ATHENS, &format!("M-{place:03}")).len() == 1;
    assert_eq!((0..100).filter(sister).count(), 99);
    assert_eq!(shelf.issues().len(), 1, "{:?}", shelf.issues());
}
