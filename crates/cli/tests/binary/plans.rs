//! A plan is shown, kept, and done as it was seen; then everybody can read what was written.

use serde_json::Value;

use crate::world::World;

#[test]
fn a_plan_that_was_kept_is_done_as_seen_and_is_in_the_history_afterwards() {
    let world = World::new();
    world.approve();
    world.run(&["sync"]).expect_code(0);
    let file = world.state_file().with_file_name("plan.json");
    let file = file.to_str().expect("a path");
    let [kept, cancelled] = [world.place_order(0), world.place_order(1)];
    let shown = world.run(&["plan", "--out", file]).expect_code(0).out;
    for words in ["orders to enter in the ERP (1)", &format!("enter in the ERP as {kept}"), "sync --plan"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(world.run(&["plan", "--out", file]).expect_code(2).err.contains("--force"));
    let left: Vec<_> = std::fs::read_dir(world.state_file().parent().expect("a folder"))
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains(".part"))
        .collect();
    assert_eq!(left, Vec::<String>::new());

    let id = |reference: &str| reference.split_at(2).1.to_owned();
    let now = zygos_core::Clock::now(&crate::world::MachineClock);
    world.shops[1].served.sandbox.cancel_order(&id(&cancelled), now).expect("it can be cancelled");
    let unseen = world.place_order(0);
    let done = world.run(&["sync", "--plan", file]).expect_code(1);
    assert!(
        done.out.contains(&format!("order {} in athens: the plan said", id(&cancelled))),
        "{}",
        done.all()
    );
    assert!(world.is_placed(&kept), "{}", done.all());
    assert!(world.sales(&unseen).is_empty() && world.sales(&cancelled).is_empty(), "{}", done.all());

    world.run(&["sync"]).expect_code(0);
    assert!(world.is_placed(&unseen));
    let history = world.run(&["history", &id(&kept), "--json"]).expect_code(0).out;
    let history: Value = serde_json::from_str(&history).expect("one object");
    let groups = history["connections"].as_array().expect("the sides");
    let erp = groups.iter().find(|group| group["connection"] == "erp").expect("the ERP");
    let fields: Vec<&str> = erp["entries"]
        .as_array()
        .expect("writes")
        .iter()
        .filter_map(|entry| entry["field"].as_str())
        .collect();
    assert!(fields.contains(&"sale") && fields.last() == Some(&"confirmation"), "{history}");
    let told = world.run(&["history", &kept]).expect_code(0).out;
    assert!(told.contains("sale") && told.contains("confirmation: draft → "), "{told}");
}
