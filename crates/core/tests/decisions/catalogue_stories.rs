//! Fields of a product, edited here and there.

use zygos_core::{
    catalogue::{
        ChangeCause, Choice, Clash, Gone, Owner, Removal, TROUBLE_KINDS, TroubleKind, removal, writes,
    },
    contract::{FieldCapability, PriceKind, Side},
    guard::{CatalogueSize, GuardLimits, inspect_catalogue},
    linking::{LinkProposal, link_units, without_those_to_be_made},
    model::{Field, Shape, Value},
};

use crate::{
    catalogue_samples::{Bench, planned, product, variant},
    samples::{decimal, key, unit},
};

#[test]
fn two_that_are_alike_are_remembered_and_nothing_is_written() {
    let mut bench = Bench::new();
    let first = bench.decide();
    assert_eq!(first.changes, []);
    assert!(first.agreed.len() > 8, "{:?}", first.agreed);
    bench.carry_out(&first);
    assert_eq!(bench.decide(), Default::default(), "and then nothing is left to say");
}

#[test]
fn different_fields_edited_on_both_sides_both_arrive() {
    let mut bench = Bench::new().agreed();
    bench.store_text(Field::Name, "Hoodie, warm");
    bench.erp_text(Field::Ean, "4006381333931");
    assert_eq!(
        bench.planned(),
        [
            (Side::Erp, Field::Name, "Hoodie, warm".to_owned()),
            (Side::Store, Field::Ean, "4006381333931".to_owned())
        ]
    );
    let decision = bench.decide();
    assert_eq!(decision.changes[0].why, "the store owns the name: it was Hoodie and is Hoodie, warm now");
    assert!(decision.changes.iter().all(|change| change.cause == ChangeCause::OwnerChanged));
}

#[test]
fn the_owner_of_a_field_holds_against_an_edit_on_the_other_side() {
    let mut bench = Bench::new().agreed();
    bench.erp_text(Field::Name, "HOODIE");
    let decision = bench.decide();
    assert_eq!(planned(&decision), [(Side::Erp, Field::Name, "Hoodie".to_owned())]);
    assert_eq!(decision.changes[0].cause, ChangeCause::OtherEdited);
    assert!(decision.changes[0].cause.is_drift());
    assert_eq!(
        decision.changes[0].why,
        "edited in the ERP, where it was Hoodie and is HOODIE now: the store owns the name, and the store's holds (Hoodie)"
    );
    bench.store_text(Field::Name, "Warm hoodie");
    let both = bench.decide();
    assert_eq!(planned(&both), [(Side::Erp, Field::Name, "Warm hoodie".to_owned())]);
    assert!(
        both.changes[0].why.ends_with("the ERP's was edited too and gives way"),
        "{}",
        both.changes[0].why
    );
}

#[test]
fn without_an_owner_the_only_edit_moves_and_two_edits_ask() {
    let mut bench = Bench::new();
    bench.own(Field::Name, Owner::Newest);
    bench = bench.agreed();
    bench.erp_text(Field::Name, "HOODIE");
    let (name, other) = (bench.erp.facts[&Field::Name].clone(), Value::text("Warm"));
    bench.set(Side::Erp, &key("T"), Field::Name, name);
    let decision = bench.decide();
    assert_eq!(planned(&decision), [(Side::Store, Field::Name, "HOODIE".to_owned())]);
    assert!(decision.changes[0].needs_fresh());
    bench.set(Side::Store, &key("S"), Field::Name, other);
    let both = bench.decide();
    assert_eq!(both.changes, []);
    assert_eq!(both.conflicts[0].clash, Clash::BothMoved);
    assert_eq!(
        both.conflicts[0].why,
        "the name was changed on both sides since they agreed (the store had Hoodie, the ERP had Hoodie): the store has \
         Warm, the ERP has HOODIE"
    );
    bench.set(Side::Store, &key("S"), Field::Name, Value::text("HOODIE"));
    assert_eq!(bench.decide().conflicts, [], "both edited to the same");
}

#[test]
fn what_never_agreed_and_has_no_owner_asks_and_what_has_one_is_the_owners() {
    let mut bench = Bench::new();
    bench.store_text(Field::Name, "Warm");
    let owned = bench.decide();
    assert_eq!(planned(&owned), [(Side::Erp, Field::Name, "Warm".to_owned())]);
    assert_eq!(owned.changes[0].cause, ChangeCause::FirstMeeting);
    bench.own(Field::Name, Owner::Newest);
    assert_eq!(bench.decide().conflicts[0].clash, Clash::NeverAgreed);
    bench.own(Field::Name, Owner::Ask);
    assert_eq!(bench.decide().conflicts[0].clash, Clash::Asked);
}

#[test]
fn a_person_who_was_asked_is_heard() {
    let mut bench = Bench::new();
    bench.own(Field::Name, Owner::Ask);
    bench = bench.agreed();
    bench.store_text(Field::Name, "Warm");
    let asked = bench.decide();
    assert_eq!(asked.changes, []);
    assert_eq!(asked.conflicts[0].choices, [Choice::Store, Choice::Erp, Choice::Leave]);
    let answered = |choice| {
        let mut bench = bench.clone();
        bench.answers.insert((key("S"), Field::Name), choice);
        bench
    };
    assert_eq!(answered(Choice::Store).planned(), [(Side::Erp, Field::Name, "Warm".to_owned())]);
    assert_eq!(answered(Choice::Erp).planned(), [(Side::Store, Field::Name, "Hoodie".to_owned())]);
    let mut left = answered(Choice::Leave);
    let decision = left.decide();
    assert_eq!(decision.changes, []);
    left.carry_out(&decision);
    left.answers.clear();
    assert_eq!(left.decide(), Default::default(), "left as they are: the pair is what agrees");
    left.store_text(Field::Name, "Warmer");
    assert_eq!(left.decide().conflicts.len(), 1, "until one of them is changed");
}

#[test]
fn a_direction_that_is_off_never_writes() {
    let mut bench = Bench::new().agreed();
    bench.rule.to_erp = false;
    bench.store_text(Field::Name, "Warm");
    assert_eq!(bench.decide(), Default::default());
    bench.own(Field::Name, Owner::Ask);
    bench.answers.insert((key("S"), Field::Name), Choice::Store);
    assert_eq!(bench.decide().conflicts[0].clash, Clash::NoWay { to: Side::Erp });
    bench.rule.to_store = false;
    bench.answers.clear();
    assert_eq!(bench.decide(), Default::default(), "and nobody is asked about what can't be done");
}

#[test]
fn a_side_that_takes_no_change_of_a_field_or_lacks_it_is_left_alone() {
    let mut bench = Bench::new().agreed();
    bench.store_text(Field::Name, "Warm");
    bench.rule.erp_fields.get_mut(&Field::Name).unwrap().update = false;
    assert_eq!(bench.decide(), Default::default());
    bench.erp.facts.remove(&Field::Description);
    bench.store_text(Field::Description, "Other");
    assert_eq!(bench.decide(), Default::default(), "what couldn't be read says nothing");
}

#[test]
fn a_text_that_is_too_long_is_a_question_and_never_cut() {
    let mut bench = Bench::new().agreed();
    bench.rule.erp_fields.get_mut(&Field::Name).unwrap().length = Some(6);
    bench.store_text(Field::Name, "Γούνα ζεστή");
    let decision = bench.decide();
    assert_eq!(decision.changes, []);
    assert_eq!(decision.conflicts[0].clash, Clash::TooLong { to: Side::Erp, most: 6, length: 11 });
    bench.store_text(Field::Name, "Ζεστό!");
    assert_eq!(bench.planned(), [(Side::Erp, Field::Name, "Ζεστό!".to_owned())]);
}

#[test]
fn what_a_side_cannot_be_without_is_not_emptied() {
    let mut bench = Bench::new().agreed();
    bench.rule.erp_fields.get_mut(&Field::Name).unwrap().required = true;
    bench.store_text(Field::Name, "");
    assert_eq!(bench.decide().conflicts[0].clash, Clash::Needed { to: Side::Erp });
}

#[test]
fn an_owner_who_has_nothing_erases_nothing_unseen_at_the_first_meeting() {
    let mut bench = Bench::new();
    bench.store.variants[0].unit.ean = Some("4006381333931".to_owned());
    let decision = bench.decide();
    assert_eq!(decision.changes[0].after, Value::Empty);
    assert!(decision.changes[0].hold.is_some());
    assert_eq!(writes(&decision.changes, &bench.rule), (None, None));
    bench.answers.insert((key("S"), Field::Ean), Choice::Erp);
    assert_eq!(bench.decide().changes[0].hold, None, "a person has seen it");
}

#[test]
fn text_in_any_script_and_html_pass_untouched() {
    let text = "<p style=\"color:red\">Φούτερ &amp; hanorac călduros — теплая толстовка 👕</p>\r\n  <br/>";
    let mut bench = Bench::new().agreed();
    bench.store_text(Field::Description, text);
    let decision = bench.decide();
    let (_, erp) = writes(&decision.changes, &bench.rule);
    assert_eq!(erp.unwrap().facts[&Field::Description], Value::Text(text.to_owned()));
}

#[test]
fn numbers_are_rounded_to_what_the_other_side_takes_and_then_agree() {
    let mut bench = Bench::new().agreed();
    bench.rule.store_fields.get_mut(&Field::Weight).unwrap().decimals = Some(2);
    bench.set(Side::Erp, &key("E"), Field::Weight, Value::number(decimal("1.2350")));
    let decision = bench.decide();
    assert_eq!(planned(&decision), [(Side::Store, Field::Weight, "1.24".to_owned())]);
    bench.carry_out(&decision);
    assert_eq!(bench.decide(), Default::default());
}

#[test]
fn images_are_added_and_never_taken_away() {
    let images = |of: &[&str]| Value::addresses(of.iter().map(|&image| image.to_owned()));
    let mut bench = Bench::new().agreed();
    bench.set(Side::Erp, &key("T"), Field::Images, images(&["c", "a"]));
    bench.set(Side::Store, &key("S"), Field::Images, images(&["a", "b"]));
    let decision = bench.decide();
    assert_eq!(planned(&decision), [(Side::Erp, Field::Images, "c, a, b".to_owned())]);
    bench.carry_out(&decision);
    assert_eq!(bench.planned(), []);
    bench.set(Side::Store, &key("S"), Field::Images, images(&["b"]));
    assert_eq!(bench.planned(), [], "removed by its owner: stays where it is");
}

#[test]
fn images_that_a_side_keeps_under_its_own_addresses_are_not_added_twice() {
    let images = |of: &[&str]| Value::addresses(of.iter().map(|&image| image.to_owned()));
    let mut bench = Bench::new();
    bench.set(Side::Store, &key("S"), Field::Images, images(&["store/1"]));
    bench.set(Side::Erp, &key("T"), Field::Images, images(&["erp/copy-of-1"]));
    bench = bench.agreed();
    bench.set(Side::Store, &key("S"), Field::Images, images(&["store/1", "store/2"]));
    assert_eq!(bench.planned(), [(Side::Erp, Field::Images, "erp/copy-of-1, store/2".to_owned())]);
}

#[test]
fn categories_move_as_a_whole() {
    let paths =
        |of: &[&str]| Value::paths(of.iter().map(|name| vec!["Clothes".to_owned(), (*name).to_owned()]));
    let mut bench = Bench::new().agreed();
    bench.set(Side::Store, &key("S"), Field::Categories, paths(&["Warm", "Hoodies"]));
    assert_eq!(
        bench.planned(),
        [(Side::Erp, Field::Categories, "Clothes > Hoodies, Clothes > Warm".to_owned())]
    );
}

#[test]
fn swapped_skus_are_a_question() {
    let mut bench = Bench::with_variants(2).agreed();
    bench.erp.variants[0].unit.sku = Some("HD-1".to_owned());
    bench.erp.variants[1].unit.sku = Some("HD-0".to_owned());
    let decision = bench.decide();
    assert_eq!(decision.changes, []);
    assert_eq!(decision.conflicts.len(), 2);
    assert_eq!(decision.conflicts[0].clash, Clash::Taken { to: Side::Store, by: key("s1") });
    assert!(decision.conflicts[0].why.contains("SKU HD-1") && decision.conflicts[0].why.contains("id s1"));
    bench.erp.variants[0].unit.sku = Some("HD-9".to_owned());
    bench.erp.variants[1].unit.sku = Some("HD-1".to_owned());
    assert_eq!(bench.planned(), [(Side::Store, Field::Sku, "HD-9".to_owned())], "a free one is given");
}

#[test]
fn a_sku_that_is_gone_is_not_written() {
    let mut bench = Bench::new().agreed();
    bench.erp.variants[0].unit.sku = Some("  ".to_owned());
    let decision = bench.decide();
    assert_eq!(decision.changes, []);
    assert_eq!(decision.troubles[0].kind, TroubleKind::NoSku);
    assert!(decision.troubles.iter().all(|trouble| TROUBLE_KINDS.contains(&trouble.kind.code())));
    assert_eq!(
        decision.troubles[0].text,
        "SKU HD: the ERP has no SKU for it any more; give it one there; until then the store's stays"
    );
}

#[test]
fn what_the_erp_retires_leaves_the_sale_and_comes_back_with_it() {
    let mut bench = Bench::new().agreed();
    bench.erp.variants[0].unit.active = false;
    let retired = bench.decide();
    assert_eq!(planned(&retired), [(Side::Store, Field::Active, "no".to_owned())]);
    assert_eq!(retired.changes[0].why, "the ERP sells it no more, so it is taken off sale");
    bench.carry_out(&retired);
    assert_eq!(bench.decide(), Default::default());
    bench.erp.variants[0].unit.active = true;
    assert_eq!(bench.planned(), [(Side::Store, Field::Active, "yes".to_owned())]);
}

#[test]
fn being_on_sale_is_the_shops_own_decision() {
    let mut bench = Bench::new().agreed();
    bench.store.variants[0].unit.active = false;
    let off = bench.decide();
    assert_eq!(off.changes, []);
    bench.carry_out(&off);
    for erp in [false, true] {
        bench.erp.variants[0].unit.active = erp;
        let decision = bench.decide();
        assert_eq!(decision.changes, [], "the shop took it off sale itself");
        bench.carry_out(&decision);
    }
    bench.own(Field::Active, Owner::Store);
    bench.bases.clear();
    assert_eq!(bench.planned(), [(Side::Erp, Field::Active, "no".to_owned())], "unless it was chosen");
}

#[test]
fn retired_goods_ask_or_stay_as_the_policy_says() {
    let mut bench = Bench::new().agreed();
    bench.erp.variants[0].unit.active = false;
    bench.rule.gone = Gone::Ask;
    assert_eq!(bench.decide().conflicts[0].clash, Clash::Retired);
    bench.answers.insert((key("S"), Field::Active), Choice::Erp);
    assert_eq!(bench.planned(), [(Side::Store, Field::Active, "no".to_owned())]);
    bench.answers.clear();
    bench.rule.gone = Gone::Leave;
    let left = bench.decide();
    assert_eq!(left.changes, []);
    bench.carry_out(&left);
    assert_eq!(bench.decide(), Default::default());
}

#[test]
fn a_product_that_is_gone_is_archived_asked_about_or_left() {
    let bench = Bench::new();
    let of = |left, rule: &zygos_core::catalogue::ProductRule, decided| {
        let product = if left == Side::Store { &bench.store } else { &bench.erp };
        removal(left, product, &bench.links, rule, decided)
    };
    let Removal::Archive(changes) = of(Side::Store, &bench.rule, None) else { panic!("archived by policy") };
    assert_eq!((changes.len(), changes[0].to, &changes[0].after), (1, Side::Store, &Value::Flag(false)));
    assert_eq!(changes[0].why, "\"Hoodie\" (id S) is no longer in the ERP, so it is taken off sale");
    let asking = zygos_core::catalogue::ProductRule { gone: Gone::Ask, to_erp: false, ..bench.rule.clone() };
    assert!(matches!(of(Side::Store, &asking, None), Removal::Ask(_)));
    assert!(matches!(of(Side::Store, &asking, Some(Gone::Archive)), Removal::Archive(_)));
    assert_eq!(of(Side::Store, &asking, Some(Gone::Leave)), Removal::Leave);
    assert!(
        matches!(of(Side::Erp, &asking, Some(Gone::Archive)), Removal::Ask(text) if text.contains("by hand"))
    );
}

#[test]
fn one_product_against_several_variants_is_told_and_nothing_is_written() {
    let mut bench = Bench::new().agreed();
    bench.erp.variants.push(variant("E2", "HD-2"));
    bench.store_text(Field::Name, "Warm");
    let decision = bench.decide();
    assert_eq!(decision.changes, []);
    assert_eq!(decision.troubles[0].kind, TroubleKind::Shape);
    for named in ["id S", "id T", "2 variants"] {
        assert!(decision.troubles[0].text.contains(named), "{}", decision.troubles[0].text);
    }
    bench.erp.variants[1].unit.active = false;
    assert_eq!(bench.decide().troubles, [], "one that isn't sold doesn't count");
}

#[test]
fn units_of_products_that_do_not_correspond_share_nothing_but_themselves() {
    let mut bench = Bench::new();
    bench.erp.variants.push(variant("E2", "HD-2"));
    bench.whole = false;
    bench.store_text(Field::Name, "Warm");
    bench.erp_text(Field::Ean, "4006381333931");
    assert_eq!(bench.planned(), [(Side::Store, Field::Ean, "4006381333931".to_owned())]);
}

#[test]
fn variants_that_one_side_lacks_are_named_for_making() {
    let mut bench = Bench::with_variants(2);
    bench.erp.variants.push(variant("e7", "HD-7"));
    bench.erp.variants.push(variant("e8", " "));
    bench.erp.variants.push(variant("e9", "HD-9"));
    bench.erp.variants[4].unit.active = false;
    bench.store.variants.push(variant("s6", "HD-6"));
    bench.store.variants.push(variant("s5", "HD-7"));
    let decision = bench.decide();
    assert_eq!(decision.new_in_store, [""; 0].map(key), "the store has HD-7 already: it is to be linked");
    assert_eq!(decision.new_in_erp, [key("s6")]);
    bench.store.variants.pop();
    assert_eq!(bench.decide().new_in_store, [key("e7")]);
    bench.rule.create_in_store = false;
    assert_eq!(bench.decide().new_in_store, [""; 0].map(key));
}

#[test]
fn three_hundred_variants_are_one_decision() {
    let mut bench = Bench::with_variants(300).agreed();
    for erp in &mut bench.erp.variants {
        erp.unit.ean = erp.unit.sku.as_ref().map(|sku| format!("EAN {sku}"));
    }
    let decision = bench.decide();
    assert_eq!(decision.changes.len(), 300);
    let (store, erp) = writes(&decision.changes, &bench.rule);
    assert_eq!(store.unwrap().units.len(), 300);
    assert_eq!(erp, None);
    bench.carry_out(&decision);
    assert_eq!(bench.decide(), Default::default());
}

#[test]
fn the_two_writes_hold_what_each_side_gets() {
    let mut bench = Bench::new().agreed();
    bench.store_text(Field::Name, "Warm");
    bench.erp_price("55");
    bench.set(Side::Store, &key("S"), Field::Tax, Value::number(decimal("21")));
    bench.own(Field::Tax, Owner::Store);
    let (store, erp) = writes(&bench.decide().changes, &bench.rule);
    let (store, erp) = (store.unwrap(), erp.unwrap());
    assert_eq!((store.product, store.prices), (key("S"), PriceKind::Gross));
    assert_eq!(store.units[&key("S")][&Field::Price], Value::number(decimal("66.55")));
    assert_eq!((erp.product, erp.prices, erp.price_list), (key("T"), PriceKind::Net, None));
    assert_eq!(erp.facts.keys().copied().collect::<Vec<_>>(), [Field::Name, Field::Tax]);
    assert_eq!(erp.tax_class.as_deref(), Some("Goods 21"));
    assert_eq!(erp.units[&key("E")][&Field::Price], Value::number(decimal("55")), "it goes with its tax");
}

#[test]
fn mass_changes_of_a_catalogue_are_held() {
    let limits = GuardLimits::default();
    let mut bench = Bench::with_variants(100).agreed();
    for erp in bench.erp.variants.iter_mut().take(11) {
        erp.unit.active = false;
    }
    for erp in &mut bench.erp.variants {
        erp.facts.insert(Field::Weight, Value::number(decimal("2")));
    }
    let changes = bench.decide().changes;
    let of = |units| {
        let size = CatalogueSize { products: 1, units };
        let found = inspect_catalogue(Side::Store, &changes, size, &limits);
        found.into_iter().map(|finding| (finding.field, finding.text)).collect::<Vec<_>>()
    };
    assert_eq!(
        of(100),
        [
            (Field::Weight, "the weight of 100 of the store's 100 units would change together".to_owned()),
            (Field::Active, "11 of the store's 100 units would be taken off sale together".to_owned()),
        ]
    );
    assert_eq!(of(10_000), []);
    let nowhere = CatalogueSize { products: 1, units: 100 };
    assert_eq!(inspect_catalogue(Side::Erp, &changes, nowhere, &limits), []);
}

#[test]
fn units_about_to_be_made_in_the_erp_are_nobodys_trouble() {
    let proposals = link_units(&[unit("S1", Some("A"), None), unit("S2", Some("B"), None)], &[], &[]);
    assert_eq!(proposals.len(), 2);
    let left = without_those_to_be_made(proposals, |unit| unit == &key("S1"));
    let [LinkProposal::Issue(issue)] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!(issue.subject(), "S2");
}

#[test]
fn a_field_with_limits_of_its_own_is_told_by_the_side() {
    let ability = FieldCapability { update: true, ..FieldCapability::default() };
    let mut bench = Bench::new();
    bench.rule.erp_fields = [(Field::Name, ability)].into();
    bench.store = product("S", Shape::Simple, &[("S", "OTHER")]);
    bench.store_text(Field::Name, "Warm");
    assert_eq!(bench.planned(), [(Side::Erp, Field::Name, "Warm".to_owned())], "the ERP has only names");
}
