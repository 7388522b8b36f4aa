//! Names and streets as people write them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{orders::TooLong, stock::Figure};
use zygos_engine::Engine;
use zygos_scenarios::{
    stories::{MINUTE, begun, open_issue, open_issues, plenty, ready, sales_of},
    world::World,
};
use zygos_sim::{
    merchantpro::{NewAddress, NewOrder},
    tryton::CustomerView,
};

use crate::support::{Bystanders, assert_private, assert_says, bought, buyer, held};

fn living_at(name: &str, street: &str, city: &str) -> NewOrder {
    let billing = NewAddress {
        name: name.to_owned(),
        address: street.to_owned(),
        city: city.to_owned(),
        ..buyer().billing
    };
    NewOrder { billing, customer_email: None, ..buyer() }
}

fn customer(world: &World, order: &str) -> CustomerView {
    let reference = format!("C-{order}");
    let sale = world.erp.sales().into_iter().find(|sale| sale.web_id.as_deref() == Some(&reference));
    world.erp.customer(sale.expect("a sale").id).expect("its customer")
}

#[test]
fn capitals_accents_and_emoji_of_every_alphabet_arrive_unharmed() {
    let people = [
        ("ΑΓΓΕΛΙΚΉ ΠΑΠΑΔΟΠΟΎΛΟΥ", "ΛΕΩΦΌΡΟΣ ΒΑΣΙΛΊΣΣΗΣ ΣΟΦΊΑΣ 12, ΌΡΟΦΟΣ Γ΄", "ΑΘΉΝΑ"),
        ("Οδυσσέας Ξενάκης", "Ερμού 5 · ϊ ϋ ΐ ΰ ς", "Θεσσαλονίκη"),
        ("Ștefan Țăranu-Înălțatu", "Șoseaua Țebea 3 (ș ț, not ş ţ)", "Târgu Mureș"),
        ("Mary 👩‍👩‍👧 Ann 🇬🇷", "Sunny Street 🌞 1", "Cluj ❤️"),
        ("Щърбан Желязков", "ул. „Цар Асен“ № 7", "София"),
        ("O'Brien \"Bob\" <b>\\n%s</b>", "C:\\new \\u0041; DROP TABLE x --", "Nice & 'Easy'"),
    ];
    let (world, engine) = ready(Figure::Free);
    let unit = world.shops[0].units[&plenty(&world, 9)];
    for php_json in [false, true] {
        world.shops[0].sandbox.configure(|shop| shop.php_json = php_json);
        for (index, (name, street, city)) in people.into_iter().enumerate() {
            // Staff may sell what is not there. A telephone number each: customers are known by it.
            let mut new = NewOrder { created_by: "system".to_owned(), ..living_at(name, street, city) };
            new.billing.phone = format!("074011100{index}");
            let order = bought(&world, 0, &[(unit, Decimal::ONE)], new);
            world.let_run(&engine, MINUTE);
            let entered = customer(&world, &order);
            assert_eq!((entered.name.as_str(), entered.address_name.as_str()), (name, name));
            assert_eq!(entered.city, city);
            // A county that the ERP doesn't list stands on a line of its own.
            assert_eq!(entered.street.lines().next(), Some(street));
        }
    }
    assert_eq!(open_issues(&world), []);
}

/// A street of 300 characters, most of them two bytes long.
fn long_street() -> String {
    let street: String = "Στρ. Ζεφύρου ".chars().cycle().take(300).collect();
    format!("{}!", &street.chars().take(299).collect::<String>())
}

fn with_limit(world: &World, policy: TooLong) -> Engine {
    world.engine_with(|settings| {
        settings.text_lengths = BTreeMap::from([("street".to_owned(), 120)]);
        for flow in settings.stores.iter_mut().filter_map(|store| store.orders.as_mut()) {
            flow.too_long = policy;
        }
    })
}

#[test]
fn a_street_of_300_characters_goes_whole_where_the_erp_has_room() {
    let (world, engine) = ready(Figure::Free);
    let unit = world.shops[0].units[&plenty(&world, 5)];
    let order = bought(
        &world,
        0,
        &[(unit, Decimal::ONE)],
        living_at("Maria Ionescu-Tăriceanu", &long_street(), "Reșița"),
    );
    world.let_run(&engine, 2 * MINUTE);
    assert_eq!(customer(&world, &order).street.lines().next(), Some(long_street().as_str()));
}

#[test]
fn a_street_of_300_characters_waits_where_it_has_not_until_somebody_shortens_it() {
    let world = World::new(12, Figure::Free, 3);
    let engine = begun(&world, with_limit(&world, TooLong::Hold));
    let sku = plenty(&world, 5);
    let cluj = &world.shops[0];
    let order = bought(
        &world,
        0,
        &[(cluj.units[&sku], Decimal::ONE)],
        living_at("Maria Ionescu-Tăriceanu", &long_street(), "Reșița"),
    );
    let bystanders = Bystanders::appear(&world, &sku);
    world.let_run(&engine, 16 * MINUTE);
    let issue = held(&world, &order);
    assert_says(
        &issue,
        &format!(
            "order {order} of cluj (C-{order}): the street has 300 characters and the ERP takes 120; shorten it in the \
             store, or set `orders.too_long = \"shorten\"`."
        ),
    );
    assert!(!issue.text.contains("Ζεφύρου"));
    bystanders.assert_unharmed(&world);
    assert_eq!(sales_of(&world, cluj, &order), 0);

    cluj.sandbox.set_street(&order, "Zefirului 77", world.now()).expect("it is corrected");
    world.let_run(&engine, 6 * MINUTE);
    assert_eq!(customer(&world, &order).street.lines().next(), Some("Zefirului 77"));
    assert_eq!(open_issues(&world), []);
    assert_private(&world);
}

#[test]
fn a_street_of_300_characters_is_shortened_visibly_where_that_is_configured() {
    let world = World::new(12, Figure::Free, 3);
    let engine = begun(&world, with_limit(&world, TooLong::Shorten));
    let unit = world.shops[0].units[&plenty(&world, 5)];
    let order = bought(
        &world,
        0,
        &[(unit, Decimal::ONE)],
        living_at("Maria Ionescu-Tăriceanu", &long_street(), "Reșița"),
    );
    world.let_run(&engine, 2 * MINUTE);
    let street = customer(&world, &order).street;
    let first = street.lines().next().expect("a street");
    assert_eq!(first.chars().count(), 120);
    let kept = first.strip_suffix('…').expect("the cut shows");
    assert!(long_street().starts_with(kept));
    assert!(open_issue(&world, "held", &order).is_none());
}
