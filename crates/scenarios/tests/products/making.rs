//! A product made on one side appears on the others, once, with all that both can say of it.

use rust_decimal::Decimal;
use serde_json::json;
use zygos_core::catalogue::Owner;
use zygos_core::model::Field;
use zygos_scenarios::flows::{both_ways, gross_prices, owned};
use zygos_sim::{merchantpro::NewProduct, tryton};

use crate::support::{ATHENS, CLUJ, Shelf, decimal, mug, number, shirt, size_of, text};

#[test]
fn a_simple_product_made_in_the_erp_is_in_both_stores_with_its_price_categories_and_stock() {
    let shelf = Shelf::both();
    let erp = &shelf.world.erp;
    let now = shelf.world.now();
    let id = shelf.make_in_erp("LAMP-1", "49.9");
    let house = erp.add_category("House", None, now).expect("a category");
    let light = erp.add_category("Light", Some(house), now).expect("a category");
    erp.set_categories(id, &[light], now).expect("it is put there");
    erp.set_description(id, "Bright.", now).expect("it is described");
    erp.set_ean(id, Some("4006381333931"), now).expect("it has an EAN");
    erp.set_stock(id, erp.warehouse_id("WH").expect("it"), Decimal::from(7), now).expect("it is counted");
    shelf.sync();

    for shop in [CLUJ, ATHENS] {
        let shown = shelf.product(shop, "LAMP-1");
        assert_eq!(shelf.units(shop, "LAMP-1").len(), 1);
        assert_eq!(text(&shown["name"]), "Product LAMP-1");
        assert_eq!(text(&shown["description"]), "Bright.");
        assert_eq!(text(&shown["ean"]), "4006381333931");
        assert_eq!(decimal(&shown["price_gross"]), number("59.38"));
        assert_eq!(decimal(&shown["tax_value"]), number("19"));
        assert_eq!(decimal(&shown["stock"]), number("7"));
        assert_eq!(text(&shown["status"]), "active");
        let categories = shelf.world.shops[shop].sandbox.categories();
        let parent = categories.iter().find(|(_, name, _)| name == "House").expect("the parent").0;
        let leaf = categories.iter().find(|(_, name, _)| name == "Light").expect("the leaf");
        assert_eq!(leaf.2, parent);
        assert_eq!(shown["categories"], json!([{"id": leaf.0, "name": "Light"}]));
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_product_in_variants_made_in_the_erp_is_one_product_in_variants_in_both_stores() {
    let shelf = Shelf::both();
    for (size, price) in [("S", "20"), ("M", "20"), ("L", "20")] {
        let new = tryton::NewProduct {
            template: Some("TS-".to_owned()),
            name: "T-shirt".to_owned(),
            ..tryton::NewProduct::new(&format!("TS-{size}"), number(price))
        };
        shelf.world.erp.add_product(&new, shelf.world.now()).expect("a variant");
    }
    let large = shelf.erp_id("TS-L");
    shelf.world.erp.set_own_price(large, Some(number("25")), shelf.world.now()).expect("its own price");
    shelf.sync();
    for shop in [CLUJ, ATHENS] {
        let product = shelf.product(shop, "TS-S");
        assert_eq!(product["type"], "multi_variant");
        assert_eq!(product["variants"].as_array().map(Vec::len), Some(3));
        assert_eq!(shelf.product(shop, "TS-L")["id"], product["id"]);
        assert_eq!(shelf.gross(shop, "TS-S"), number("23.80"));
        assert_eq!(shelf.gross(shop, "TS-L"), number("29.75"));
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_product_made_in_a_store_is_in_the_erp_and_in_the_sister_store() {
    let shelf = Shelf::both();
    let shop = &shelf.world.shops[CLUJ].sandbox;
    let house = shop.add_category("Casa", 0);
    let cups = shop.add_category("Căni", house);
    let new = NewProduct {
        sku: Some("MUG-1".to_owned()),
        price_net: Some(number("8.4")),
        description: "<p>Bună</p>".to_owned(),
        category_id: Some(cups),
        ..mug()
    };
    shop.add_product(new, shelf.world.now());
    shelf.sync();
    shelf.sync();
    let made = shelf.in_erp("MUG-1");
    assert_eq!(shelf.all_in_erp("MUG-1").len(), 1);
    assert_eq!(made.name, "Cană albastră");
    assert_eq!(made.description.as_deref(), Some("<p>Bună</p>"));
    // What the customer pays is what holds: 10.00 with tax.
    assert_eq!(made.price, Some(number("8.4034")));
    assert_eq!(made.tax_class.as_deref(), Some("Shop goods"));
    assert_eq!(made.categories, [["Casa", "Căni"]]);
    let sister = shelf.product(ATHENS, "MUG-1");
    assert_eq!(text(&sister["name"]), "Cană albastră");
    assert_eq!(text(&sister["description"]), "<p>Bună</p>");
    assert_eq!(shelf.gross(ATHENS, "MUG-1"), number("10.00"));
    assert_eq!(sister["categories"][0]["name"], "Căni");
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn variants_made_in_a_store_are_in_the_erp_and_in_the_sister_store() {
    let shelf = Shelf::both();
    shelf.world.shops[CLUJ].sandbox.add_product(shirt("SHIRT-", &["S", "M"], "20"), shelf.world.now());
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.in_erp("SHIRT-S").template, shelf.in_erp("SHIRT-M").template);
    assert_eq!(shelf.product(ATHENS, "SHIRT-S")["id"], shelf.product(ATHENS, "SHIRT-M")["id"]);
    assert_eq!(shelf.gross(ATHENS, "SHIRT-M"), number("23.80"));
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn a_variant_added_on_either_side_is_added_on_the_other() {
    let shelf = Shelf::both();
    let parent = shelf.product(CLUJ, "V00005-S")["id"].as_u64().expect("an id");
    let larger = size_of("V00005-", "XXL");
    shelf.world.shops[CLUJ].sandbox.add_variant(parent, larger, shelf.world.now()).expect("a variant");
    let new = tryton::NewProduct {
        template: Some("V00005-".to_owned()),
        ..tryton::NewProduct::new("V00005-XS", number("1"))
    };
    shelf.world.erp.add_product(&new, shelf.world.now()).expect("a variant");
    shelf.sync();
    shelf.sync();
    assert_eq!(shelf.in_erp("V00005-XXL").template, shelf.in_erp("V00005-S").template);
    for shop in [CLUJ, ATHENS] {
        let product = shelf.product(shop, "V00005-S");
        assert_eq!(product["variants"].as_array().map(Vec::len), Some(6), "{product}");
        for size in ["XS", "XXL"] {
            let sku = format!("V00005-{size}");
            assert_eq!(shelf.product(shop, &sku)["id"], product["id"]);
            assert_eq!(shelf.gross(shop, &sku), shelf.gross(shop, "V00005-S"));
        }
    }
    assert_eq!(shelf.issues(), []);
    shelf.assert_quiet();
}

#[test]
fn only_the_first_of_two_stores_that_own_the_name_fills_the_erp() {
    let shelf = Shelf::of(owned([(Field::Name, Owner::Store)]), gross_prices(None));
    shelf.edit(ATHENS, "P00001", json!({"name": "Λάμπα"}));
    let before = shelf.in_erp("P00001").name;
    shelf.sync();
    assert_eq!(shelf.in_erp("P00001").name, before, "the second store's name is its own");
    shelf.edit(CLUJ, "P00001", json!({"name": "Lampă"}));
    shelf.sync();
    assert_eq!(shelf.in_erp("P00001").name, "Lampă");
    assert_eq!(shelf.name(ATHENS, "P00001"), "Λάμπα");
    shelf.assert_quiet();
}

#[test]
fn what_a_store_must_not_get_is_not_made_there() {
    let mut flow = both_ways();
    flow.create.to_store = false;
    let shelf = Shelf::of(flow, gross_prices(None));
    shelf.make_in_erp("LAMP-1", "10");
    shelf.sync();
    assert_eq!(shelf.unit(CLUJ, "LAMP-1"), None);
    shelf.assert_quiet();
}
