//! SKUs that are missing, padded or given twice.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use zygos_core::stock::Figure;
use zygos_scenarios::{
    stories::{MINUTE, open_issue, open_issues, plenty, ready, sales_of, stock, warehouse},
    world::World,
};
use zygos_sim::{
    merchantpro::{NewProduct, NewVariant},
    tryton,
};

use crate::support::{Bystanders, assert_says, bought, buyer, held};

/// Long enough for the store's whole catalogue to be read again.
const A_SWEEP: std::time::Duration = std::time::Duration::from_secs(16 * 60);

fn in_cluj(world: &World, sku: Option<&str>) -> u64 {
    let product = NewProduct {
        name: "Cană albastră".to_owned(),
        sku: sku.map(str::to_owned),
        price_net: Some(Decimal::TEN),
        stock: Decimal::from(4),
        tax_id: Some(1),
        ..NewProduct::default()
    };
    world.shops[0].sandbox.add_product(product, world.now())
}

fn in_erp(world: &World, sku: &str, pieces: u32) -> i64 {
    let id =
        world.erp.add_product(&tryton::NewProduct::new(sku, Decimal::TEN), world.now()).expect("a product");
    world.erp.set_stock(id, warehouse(world), Decimal::from(pieces), world.now()).expect("it is counted");
    id
}

fn set_sku(world: &World, product: u64, sku: &str) {
    let fields: Map<String, Value> = Map::from_iter([("sku".to_owned(), json!(sku))]);
    world.shops[0].sandbox.edit_product(product, &fields, world.now()).expect("it is edited");
}

#[test]
fn a_product_without_sku_is_named_with_its_orders_until_it_has_one() {
    for sku in [None, Some("   ")] {
        let (world, engine) = ready(Figure::Free);
        let product = in_cluj(&world, sku);
        in_erp(&world, "MUG-BLUE", 9);
        let order = bought(&world, 0, &[(product, Decimal::ONE)], buyer());
        let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
        world.let_run(&engine, A_SWEEP);

        let issue = open_issue(&world, "blank_sku", &format!("store {product}")).expect("it is named");
        assert_says(
            &issue,
            &format!(
                "cluj: the product \"Cană albastră\" (id {product}) in the store has no SKU, so it cannot be matched; give \
                 it the SKU that the other side uses"
            ),
        );
        assert_says(
            &held(&world, &order),
            &format!(
                "order {order} of cluj (C-{order}): line 1: the product has no SKU and is not linked to a product of the \
                 ERP; give it a SKU in the store."
            ),
        );
        bystanders.assert_unharmed(&world);

        set_sku(&world, product, "MUG-BLUE");
        world.let_run(&engine, A_SWEEP);
        assert_eq!(sales_of(&world, &world.shops[0], &order), 1, "{sku:?}");
        assert_eq!(world.shops[0].sandbox.stock(product), Some(Decimal::from(8)));
        assert_eq!(open_issues(&world), []);
    }
}

#[test]
fn a_padded_sku_is_matched_and_named_until_somebody_trims_it() {
    let (world, engine) = ready(Figure::Free);
    let product = in_cluj(&world, Some(" MUG-BLUE "));
    in_erp(&world, "MUG-BLUE", 9);
    let order = bought(&world, 0, &[(product, Decimal::ONE)], buyer());
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, A_SWEEP);

    let issue = open_issue(&world, "padded_sku", &format!("store {product}")).expect("it is named");
    assert_says(
        &issue,
        &format!(
            "cluj: the SKU \" MUG-BLUE \" (id {product}) in the store begins or ends with a space; it was matched without \
             it, remove it there"
        ),
    );
    assert_eq!(sales_of(&world, &world.shops[0], &order), 1);
    assert_eq!(world.shops[0].sandbox.stock(product), Some(Decimal::from(8)));
    bystanders.assert_unharmed(&world);

    set_sku(&world, product, "MUG-BLUE");
    world.let_run(&engine, A_SWEEP);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn two_products_of_a_store_with_one_sku_are_both_named_and_left_alone() {
    let (world, engine) = ready(Figure::Free);
    let twins = [in_cluj(&world, Some("MUG-BLUE")), in_cluj(&world, Some("MUG-BLUE"))];
    in_erp(&world, "MUG-BLUE", 9);
    let order = bought(&world, 0, &[(twins[0], Decimal::ONE)], buyer());
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, A_SWEEP);

    let issue = open_issue(&world, "duplicate_sku", "store MUG-BLUE").expect("they are named");
    assert_says(
        &issue,
        &format!(
            "cluj: 2 products in the store have the SKU \"MUG-BLUE\" (ids {}, {}); give each a SKU of its own. Until then \
             none is newly matched",
            twins[0], twins[1]
        ),
    );
    assert!(held(&world, &order).text.contains("the SKU \"MUG-BLUE\" is not linked"));
    // Neither figure is touched: 4 less the one sold, and 4.
    assert_eq!(twins.map(|twin| world.shops[0].sandbox.stock(twin)), [Some(3.into()), Some(4.into())]);
    bystanders.assert_unharmed(&world);

    set_sku(&world, twins[1], "MUG-GREEN");
    world.let_run(&engine, A_SWEEP);
    assert_eq!(sales_of(&world, &world.shops[0], &order), 1);
    assert_eq!(world.shops[0].sandbox.stock(twins[0]), Some(Decimal::from(8)));
    let left: Vec<String> = open_issues(&world).into_iter().map(|issue| issue.kind).collect();
    assert_eq!(left, ["only_in_store"], "the other one is not in the ERP yet");
    in_erp(&world, "MUG-GREEN", 2);
    world.let_run(&engine, 3 * MINUTE);
    assert_eq!(world.shops[0].sandbox.stock(twins[1]), Some(Decimal::TWO));
    assert_eq!(open_issues(&world), []);
}

#[test]
fn a_newcomer_with_the_sku_of_a_matched_product_takes_nothing_from_it() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let newcomer = in_cluj(&world, Some(&sku));
    let bystanders = Bystanders::appear(&world, &sku);
    let right = stock(&world.shops[0], &sku) - Decimal::ONE;
    world.let_run(&engine, A_SWEEP);
    let issue = open_issue(&world, "duplicate_sku", &format!("store {sku}")).expect("they are named");
    assert!(
        issue.text.contains(&newcomer.to_string())
            && issue.text.contains(&world.shops[0].units[&sku].to_string())
    );
    // The order of each store is of this very product.
    bystanders.assert_unharmed(&world);
    assert_eq!(stock(&world.shops[0], &sku), right);
    assert_eq!(world.shops[0].sandbox.stock(newcomer), Some(Decimal::from(4)));
    assert!(world.shops[0].sandbox.delete_product(newcomer));
    world.let_run(&engine, A_SWEEP);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn two_products_of_the_erp_with_one_sku_are_both_named_and_a_retired_one_counts_for_nothing() {
    let (world, engine) = ready(Figure::Free);
    let product = in_cluj(&world, Some("MUG-BLUE"));
    // Tryton refuses equal codes; a space makes them different to it and to nobody else.
    let twins = [in_erp(&world, "MUG-BLUE", 9), in_erp(&world, "MUG-BLUE ", 5)];
    let order = bought(&world, 0, &[(product, Decimal::ONE)], buyer());
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, A_SWEEP);

    let named = open_issues(&world).into_iter().filter(|issue| issue.kind == "duplicate_sku");
    let texts: Vec<String> =
        named.filter(|issue| issue.connection == world.shops[0].id).map(|issue| issue.text).collect();
    assert_eq!(
        texts,
        [format!(
            "cluj: 2 products in the ERP have the SKU \"MUG-BLUE\" (ids {}, {}); give each a SKU of its own. Until then \
             none is newly matched",
            twins[0], twins[1]
        )]
    );
    assert!(held(&world, &order).text.contains("the SKU \"MUG-BLUE\" is not linked"));
    bystanders.assert_unharmed(&world);

    world.erp.retire(twins[1], world.now()).expect("it is retired");
    world.let_run(&engine, 6 * MINUTE);
    assert_eq!(sales_of(&world, &world.shops[0], &order), 1);
    assert_eq!(world.shops[0].sandbox.stock(product), Some(Decimal::from(8)));
    assert!(open_issues(&world).iter().all(|issue| issue.kind != "duplicate_sku"));
}

#[test]
fn an_order_with_an_unknown_sku_waits_alone_until_the_erp_has_it() {
    let (world, engine) = ready(Figure::Free);
    let product = in_cluj(&world, Some("NOT-IN-ERP"));
    let order = bought(&world, 0, &[(product, Decimal::TWO)], buyer());
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, A_SWEEP);

    assert_says(
        &held(&world, &order),
        &format!(
            "order {order} of cluj (C-{order}): line 1: the SKU \"NOT-IN-ERP\" is not linked to a product of the ERP; \
             create it there or correct the SKU on either side."
        ),
    );
    let issue = open_issue(&world, "only_in_store", &product.to_string()).expect("it is named");
    assert_says(
        &issue,
        &format!(
            "cluj: the SKU \"NOT-IN-ERP\" (id {product}) is in the store but not in the ERP; create it there or correct the \
             SKU. Until then its stock is left alone and orders with it are held"
        ),
    );
    bystanders.assert_unharmed(&world);

    in_erp(&world, "NOT-IN-ERP", 9);
    world.let_run(&engine, 2 * MINUTE);
    assert_eq!(sales_of(&world, &world.shops[0], &order), 1);
    assert_eq!(world.shops[0].sandbox.stock(product), Some(Decimal::from(7)), "nine less the two sold");
    assert_eq!(open_issues(&world), []);
}

#[test]
fn one_variant_without_sku_holds_up_neither_its_sisters_nor_their_orders() {
    let (world, engine) = ready(Figure::Free);
    let variant = |sku: Option<&str>, size: &str| NewVariant {
        sku: sku.map(str::to_owned),
        stock: Decimal::from(4),
        options: vec![("Size".to_owned(), size.to_owned())],
        ..NewVariant::default()
    };
    let shirt = NewProduct {
        name: "Tricou".to_owned(),
        price_net: Some(Decimal::TEN),
        tax_id: Some(1),
        variants: vec![variant(Some("SHIRT-S"), "S"), variant(None, "M")],
        ..NewProduct::default()
    };
    let parent = world.shops[0].sandbox.add_product(shirt, world.now());
    in_erp(&world, "SHIRT-S", 9);
    let (small, medium) = (parent + 1, parent + 2);
    let order = bought(&world, 0, &[(small, Decimal::ONE)], buyer());
    world.let_run(&engine, A_SWEEP);
    assert!(open_issue(&world, "blank_sku", &format!("store {medium}")).is_some());
    assert_eq!(sales_of(&world, &world.shops[0], &order), 1);
    assert_eq!(world.shops[0].sandbox.stock(small), Some(Decimal::from(8)));
    assert_eq!(world.shops[0].sandbox.stock(medium), Some(Decimal::from(4)));
}
