//! Orders that can't be entered as they are: each waits alone, with the reason, until it can.

use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_engine::EngineSettings;
use zygos_scenarios::{
    stories::{MINUTE, open_issue, open_issues, plenty, ready, sales_of, stock, warehouse},
    world::World,
};
use zygos_sim::{
    merchantpro::{NewOrder, NewProduct},
    tryton,
};

use crate::support::{Bystanders, assert_says, bought, buyer, held};

/// A product that both sides know, with this many in the first warehouse.
fn known_to_both(world: &World, sku: &str, tax: u64, new: tryton::NewProduct, pieces: Decimal) -> u64 {
    let product = world.erp.add_product(&new, world.now()).expect("a product");
    world.erp.set_stock(product, warehouse(world), pieces, world.now()).expect("it is counted");
    let product = NewProduct {
        name: format!("Produs {sku}"),
        sku: Some(sku.to_owned()),
        price_net: Some(Decimal::TEN),
        stock: pieces,
        tax_id: Some(tax),
        ..NewProduct::default()
    };
    world.shops[0].sandbox.add_product(product, world.now())
}

/// The total of an order's only sale, and what the customer pays.
fn totals(world: &World, order: &str) -> (Decimal, Decimal) {
    let reference = format!("C-{order}");
    let sale = world.erp.sales().into_iter().find(|sale| sale.web_id.as_deref() == Some(&reference));
    let paid = world.shops[0].sandbox.order(order).expect("the order")["total_amount"].to_string();
    (sale.expect("a sale").total, paid.parse().expect("a total"))
}

#[test]
fn an_order_with_a_tax_that_nobody_mapped_waits_alone_until_it_is_mapped() {
    let (world, engine) = ready(Figure::Free);
    let tax = world.shops[0].sandbox.add_tax("VAT 7%", Decimal::from(7));
    world.erp.add_tax("Books", "VAT 7%", Decimal::new(7, 2), world.now()).expect("a tax");
    let book =
        tryton::NewProduct { category: "Books".to_owned(), ..tryton::NewProduct::new("BOOK", Decimal::TEN) };
    let product = known_to_both(&world, "BOOK", tax, book, Decimal::from(9));
    let order = bought(&world, 0, &[(product, Decimal::TWO)], buyer());
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, 16 * MINUTE);
    assert_says(
        &held(&world, &order),
        &format!(
            "order {order} of cluj (C-{order}): line 1: the tax of 7 % has no counterpart in the ERP; add it under \
             `orders.taxes` in the configuration."
        ),
    );
    bystanders.assert_unharmed(&world);
    assert_eq!(sales_of(&world, &world.shops[0], &order), 0);

    drop(engine);
    let mapped = world.engine_with(|settings: &mut EngineSettings| {
        for flow in settings.stores.iter_mut().filter_map(|store| store.orders.as_mut()) {
            flow.taxes.push((Decimal::from(7), vec!["VAT 7%".to_owned()]));
        }
    });
    world.let_run(&mapped, 6 * MINUTE);
    let (sale, paid) = totals(&world, &order);
    assert_eq!(sale, paid);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn an_order_in_a_foreign_currency_waits_with_both_currencies_until_it_is_cancelled() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 8);
    let cluj = &world.shops[0];
    let before = [0, 1].map(|index| stock(&world.shops[index], &sku));
    let foreign = NewOrder { currency: Some("RON".to_owned()), ..buyer() };
    let order = bought(&world, 0, &[(cluj.units[&sku], Decimal::TWO)], foreign);
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 16 * MINUTE);
    assert_says(
        &held(&world, &order),
        &format!(
            "order {order} of cluj (C-{order}): its currency is RON but this store's orders are booked in EUR; enter it in \
             the ERP by hand under its reference, or cancel it in the store."
        ),
    );
    bystanders.assert_unharmed(&world);
    assert_eq!(sales_of(&world, cluj, &order), 0);
    // Its goods are the customer's all the same, in both stores: two, and one of each bystander.
    let shown = [0, 1].map(|index| stock(&world.shops[index], &sku));
    assert_eq!(shown, before.map(|figure| figure - Decimal::from(4)));

    cluj.sandbox.cancel_order(&order, world.now()).expect("it can be cancelled");
    world.let_run(&engine, 16 * MINUTE);
    let shown = [0, 1].map(|index| stock(&world.shops[index], &sku));
    assert_eq!(shown, before.map(|figure| figure - Decimal::TWO));
    assert_eq!((sales_of(&world, cluj, &order), open_issues(&world)), (0, Vec::new()));
}

#[test]
fn an_order_that_does_not_add_up_waits_with_both_sums_until_it_does() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 8);
    let cluj = &world.shops[0];
    let odd = NewOrder { unexplained: Decimal::new(1250, 2), ..buyer() };
    let order = bought(&world, 0, &[(cluj.units[&sku], Decimal::TWO)], odd);
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 16 * MINUTE);
    let paid: Decimal =
        cluj.sandbox.order(&order).expect("the order")["total_amount"].to_string().parse().expect("a total");
    assert_says(
        &held(&world, &order),
        &format!(
            "order {order} of cluj (C-{order}): its lines add up to {} but the customer pays {}; correct the order in the \
             store.",
            (paid - Decimal::new(1250, 2)).normalize(),
            paid.normalize()
        ),
    );
    bystanders.assert_unharmed(&world);
    assert_eq!(sales_of(&world, cluj, &order), 0);

    cluj.sandbox.set_unexplained(&order, Decimal::ZERO, world.now()).expect("it is corrected");
    world.let_run(&engine, 6 * MINUTE);
    let (sale, paid) = totals(&world, &order);
    assert_eq!(sale, paid);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn an_order_that_is_a_few_cents_off_gets_a_rounding_line_and_nobody_is_asked() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let odd = NewOrder { unexplained: Decimal::new(-3, 2), ..buyer() };
    let order = bought(&world, 0, &[(world.shops[0].units[&sku], Decimal::TWO)], odd);
    world.let_run(&engine, 2 * MINUTE);
    let (sale, paid) = totals(&world, &order);
    assert_eq!(sale, paid);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn goods_sold_by_length_keep_their_decimals_on_both_sides() {
    let (world, engine) = ready(Figure::Free);
    let fabric = tryton::NewProduct { decimals: 2, ..tryton::NewProduct::new("FABRIC", Decimal::TEN) };
    let product = known_to_both(&world, "FABRIC", 1, fabric, Decimal::new(105, 1));
    world.let_run(&engine, 16 * MINUTE);
    let order = bought(&world, 0, &[(product, Decimal::new(125, 2))], buyer());
    world.let_run(&engine, 3 * MINUTE);
    let reference = format!("C-{order}");
    let sale = world.erp.sales().into_iter().find(|sale| sale.web_id.as_deref() == Some(&reference));
    let line = sale.expect("a sale").lines.into_iter().find(|line| line.sku.as_deref() == Some("FABRIC"));
    assert_eq!(line.expect("a line").quantity, Decimal::new(125, 2));
    assert_eq!(world.shops[0].sandbox.stock(product), Some(Decimal::new(925, 2)));
    let (sale, paid) = totals(&world, &order);
    assert_eq!(sale, paid);
    assert_eq!(open_issues(&world), []);
}

#[test]
fn half_a_piece_is_refused_by_the_erp_in_its_own_words_until_the_order_is_corrected() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let cluj = &world.shops[0];
    let order = bought(&world, 0, &[(cluj.units[&sku], Decimal::new(5, 1))], buyer());
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 16 * MINUTE);
    assert_says(
        &held(&world, &order),
        &format!(
            "order {order} of cluj (C-{order}): the ERP refuses the sale: The number of digits in the value \"…\" for field \
             \"Quantity\" exceeds the limit of \"…\". Correct it on the side where it is wrong; it is tried again by \
             itself, and at once by `zygos replay`."
        ),
    );
    bystanders.assert_unharmed(&world);

    let row = cluj.sandbox.order(&order).expect("the order")["line_items"][0]["row_id"].clone();
    let row = row.as_str().map_or_else(|| row.to_string(), str::to_owned);
    cluj.sandbox.edit_order_line(&order, &row, Decimal::ONE, world.now()).expect("it is corrected");
    let found = world.block_on(engine.find_to_replay(&order)).expect("the state can be read");
    assert_eq!(world.block_on(engine.replay(&found[0])).expect("it is run again"), 1);
    world.let_run(&engine, MINUTE);
    assert_eq!(sales_of(&world, cluj, &order), 1, "at once, as asked");
    assert!(open_issue(&world, "held", &order).is_none());
}

#[test]
fn a_negative_quantity_waits_for_a_person_and_the_rest_moves() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let cluj = &world.shops[0];
    let other = cluj.units[&crate::support::another(&world, &sku)];
    let by_staff = NewOrder { created_by: "system".to_owned(), ..buyer() };
    let lines = [(cluj.units[&sku], Decimal::TWO), (other, Decimal::NEGATIVE_ONE)];
    let order = bought(&world, 0, &lines, by_staff);
    let bystander = bought(&world, 0, &[(cluj.units[&sku], Decimal::ONE)], buyer());
    world.let_run(&engine, 3 * MINUTE);
    assert_says(
        &held(&world, &order),
        &format!(
            "order {order} of cluj (C-{order}): line 2: the quantity -1 is negative; a return is booked by hand."
        ),
    );
    assert_eq!(sales_of(&world, cluj, &bystander), 1);
}
