//! `zygos check` on what stands in the way before anything is written.

use std::fs;

use crate::world::World;

fn edit(world: &World, change: impl FnOnce(String) -> String) {
    let path = world.file("zygos.toml");
    let text = fs::read_to_string(&path).expect("the configuration");
    fs::write(path, change(text)).expect("a file");
}

#[test]
fn what_the_erp_does_not_have_or_has_otherwise_is_told_together() {
    let world = World::new();
    world.run(&["check"]).expect_code(0);
    // Sections at the end belong to the second store.
    edit(&world, |text| {
        text.replacen("\"19\" = [\"VAT 19%\"]", "\"19\" = [\"VAT 9%\"]", 1)
            + "[store.products]\ncreate = \"to_erp\"\nmeasure = \"Crate\"\n\
               [store.products.tax_classes]\n\"19\" = \"Nothing\"\n\
               [store.prices]\nlist = \"Nowhere\"\ncurrency = \"RON\"\n"
    });
    let told = world.run(&["check"]).expect_code(2).all();
    for words in [
        "store cluj, orders.taxes.19: customers pay 19 %, but the ERP's tax `VAT 9%` is 9 %",
        "store athens, products.measure: the ERP has no unit of measure called `Crate`",
        "store athens, products.tax_classes: the ERP has no goods of a tax called `Nothing`",
        "store athens, prices.list: the ERP has no price list called `Nowhere`",
        "store athens, prices.currency: is RON, but the ERP's prices are in EUR",
    ] {
        assert!(told.contains(words), "{words:?} is not said:\n{told}");
    }
    assert_eq!(world.erp.writes(), Vec::<String>::new());
}

#[test]
fn this_machine_s_room_and_a_store_s_call_limits_are_told() {
    let world = World::new();
    world.approve();
    world.run(&["sync"]).expect_code(0);
    let told = world.run(&["check"]).expect_code(0).all();
    for words in ["this machine zygos ", "state version ", " are free in ", "one reading of its "] {
        assert!(told.contains(words), "{words:?} is not said:\n{told}");
    }
    edit(&world, |text| text.replacen("calls_a_minute = 1000000", "calls_a_minute = 10", 1));
    let told = world.run(&["check"]).expect_code(1).all();
    assert!(told.contains("asked for every 3 s") && told.contains("verify_every = \"1m\""), "{told}");
}
