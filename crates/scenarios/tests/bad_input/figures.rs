//! Figures that can't be: below zero, and parts of what is sold whole.

use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_engine::Engine;
use zygos_scenarios::{
    stories::{MINUTE, open_issue, open_issues, plenty, ready, stock, warehouse},
    world::World,
};
use zygos_sim::{
    merchantpro::{NewOrder, NewProduct},
    tryton,
};

use crate::support::{Bystanders, another, assert_says, bought};

const A_SWEEP: std::time::Duration = std::time::Duration::from_secs(16 * 60);

/// A product of both sides: its id in the ERP and in cluj.
fn product(world: &World, new: &tryton::NewProduct, pieces: Decimal) -> (i64, u64) {
    let product = world.erp.add_product(new, world.now()).expect("a product");
    world.erp.set_stock(product, warehouse(world), pieces, world.now()).expect("it is counted");
    let unit = NewProduct {
        sku: Some(new.sku.clone()),
        price_net: Some(Decimal::TEN),
        tax_id: Some(1),
        ..NewProduct::default()
    };
    (product, world.shops[0].sandbox.add_product(unit, world.now()))
}

fn why(world: &World, engine: &Engine, sku: &str) -> Vec<String> {
    let stories = world.block_on(engine.explain_unit(sku)).expect("both sides answer");
    stories.iter().find(|story| story.store == world.shops[0].id).expect("cluj has it").lines()
}

#[test]
fn a_figure_below_zero_in_the_erp_shows_as_nothing_and_is_named_until_it_is_counted() {
    for figure in [Figure::Free, Figure::Physical] {
        let (world, engine) = ready(figure);
        let (in_erp, in_cluj) = product(&world, &tryton::NewProduct::new("VASE", Decimal::TEN), Decimal::TWO);
        world.let_run(&engine, A_SWEEP);
        assert_eq!(world.shops[0].sandbox.stock(in_cluj), Some(Decimal::TWO));
        let there = warehouse(&world);
        world.erp.sell_on_shop_floor(in_erp, there, Decimal::from(5), world.now()).expect("it is sold");
        let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
        world.let_run(&engine, A_SWEEP);

        assert_eq!(world.shops[0].sandbox.stock(in_cluj), Some(Decimal::ZERO));
        bystanders.assert_unharmed(&world);
        let issue = open_issue(&world, "negative_stock", "VASE in WH").expect("it is named");
        assert_says(
            &issue,
            &format!(
                "erp: warehouse WH has -3 of VASE ({}), and less than nothing cannot be there; count it in the ERP. Until \
                 then it is taken off what the store's other warehouses have",
                figure.name()
            ),
        );
        let lines = why(&world, &engine, "VASE");
        assert!(
            lines.iter().any(|line| line.contains("less than nothing cannot be there; count it in the ERP")),
            "{lines:?}"
        );

        world.erp.set_stock(in_erp, there, Decimal::from(4), world.now()).expect("it is counted");
        world.let_run(&engine, A_SWEEP);
        assert_eq!(world.shops[0].sandbox.stock(in_cluj), Some(Decimal::from(4)));
        assert_eq!(open_issues(&world), []);
    }
}

#[test]
fn a_figure_below_zero_in_a_store_is_put_right_and_its_cause_is_told() {
    let (world, engine) = ready(Figure::Free);
    let sku = plenty(&world, 5);
    let edited = another(&world, &sku);
    let right = stock(&world.shops[0], &edited);
    world.shops[0].sandbox.edit_stock(world.shops[0].units[&edited], Decimal::from(-4));
    world.let_run(&engine, A_SWEEP);
    assert_eq!(stock(&world.shops[0], &edited), right);
    let drifts = world.block_on(world.repository.drifts(None, 10)).expect("the state can be read");
    assert_eq!(
        (drifts[0].is.clone(), drifts[0].should.clone(), drifts[0].cause.as_str()),
        ("-4".to_owned(), zygos_core::money::plain(right), "edited_by_hand")
    );

    // Staff may sell what is not there: the store goes below zero and comes back to what is left, nothing.
    let (in_erp, in_cluj) = product(&world, &tryton::NewProduct::new("VASE", Decimal::TEN), Decimal::ONE);
    world.let_run(&engine, A_SWEEP);
    let by_staff = NewOrder { created_by: "system".to_owned(), ..NewOrder::default() };
    let order = bought(&world, 0, &[(in_cluj, Decimal::from(3))], by_staff);
    assert_eq!(world.shops[0].sandbox.stock(in_cluj), Some(Decimal::from(-2)));
    world.let_run(&engine, A_SWEEP);
    assert_eq!(world.shops[0].sandbox.stock(in_cluj), Some(Decimal::ZERO));
    assert_eq!(world.living_sales().get(&format!("C-{order}")), Some(&1));
    // Ten arrive, two of them for what was oversold.
    let there = warehouse(&world);
    world
        .erp
        .receive_purchase(world.supplier, there, &[(in_erp, Decimal::TEN)], world.now())
        .expect("it is received");
    world.let_run(&engine, 3 * MINUTE);
    assert_eq!(world.shops[0].sandbox.stock(in_cluj), Some(Decimal::from(8)));
    assert_eq!(open_issues(&world), []);
}

#[test]
fn half_a_piece_in_the_erp_is_not_sold_and_half_a_metre_is() {
    let (world, engine) = ready(Figure::Free);
    let half = Decimal::new(35, 1);
    let (_, vase) = product(&world, &tryton::NewProduct::new("VASE", Decimal::TEN), half);
    let by_length = tryton::NewProduct { decimals: 2, ..tryton::NewProduct::new("FABRIC", Decimal::TEN) };
    let (_, fabric) = product(&world, &by_length, half);
    let bystanders = Bystanders::appear(&world, &plenty(&world, 5));
    world.let_run(&engine, A_SWEEP);
    assert_eq!(world.shops[0].sandbox.stock(vase), Some(Decimal::from(3)));
    assert_eq!(world.shops[0].sandbox.stock(fabric), Some(half));
    bystanders.assert_unharmed(&world);
    let lines = why(&world, &engine, "VASE");
    assert!(
        lines.iter().any(|line| line.contains("rounded down: it is not sold in smaller parts")),
        "{lines:?}"
    );
    let lines = why(&world, &engine, "FABRIC");
    assert!(!lines.iter().any(|line| line.contains("rounded down")), "{lines:?}");
    assert_eq!(open_issues(&world), []);

    // Somebody types half a piece into the store.
    world.shops[0].sandbox.edit_stock(vase, half);
    world.let_run(&engine, A_SWEEP);
    assert_eq!(world.shops[0].sandbox.stock(vase), Some(Decimal::from(3)));
}
