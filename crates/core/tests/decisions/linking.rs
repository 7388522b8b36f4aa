//! Pairing by SKU and EAN: what is certain is linked, what is not is asked.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use zygos_core::{
    RemoteKey,
    contract::Side,
    linking::{ISSUE_KINDS, LinkIssue, LinkProposal, MatchedBy, link_units},
    model::{Unit, UnitKind},
};

use crate::samples::{cases, key, unit};

fn links(proposals: &[LinkProposal]) -> Vec<(&str, &str, MatchedBy)> {
    proposals
        .iter()
        .filter_map(|proposal| match proposal {
            LinkProposal::Link { store, erp, by } => Some((store.as_str(), erp.as_str(), *by)),
            LinkProposal::Issue(_) => None,
        })
        .collect()
}

fn issues(proposals: &[LinkProposal]) -> Vec<&LinkIssue> {
    proposals
        .iter()
        .filter_map(|proposal| match proposal {
            LinkProposal::Issue(issue) => Some(issue),
            LinkProposal::Link { .. } => None,
        })
        .collect()
}

#[test]
fn the_same_sku_links_and_the_ean_helps_where_the_sku_finds_nothing() {
    let store = [
        unit("S1", Some("MUG"), Some("111")),
        unit("S2", Some("CUP"), Some("222")),
        unit("S3", None, Some("333")),
    ];
    let erp = [
        unit("E1", Some("MUG"), Some("999")),
        unit("E2", Some("CUP-OLD"), Some("222")),
        unit("E3", None, Some("333")),
    ];
    let proposals = link_units(&store, &erp, &[]);
    assert_eq!(
        links(&proposals),
        [("S1", "E1", MatchedBy::Sku), ("S2", "E2", MatchedBy::Ean), ("S3", "E3", MatchedBy::Ean)]
    );
    assert_eq!(issues(&proposals), Vec::<&LinkIssue>::new());
}

#[test]
fn an_existing_link_wins_over_the_same_sku() {
    let store = [unit("S1", Some("MUG"), None)];
    let erp = [unit("E1", Some("MUG"), None), unit("E2", Some("CUP"), None)];
    assert_eq!(link_units(&store, &erp, &[(key("S1"), key("E2"))]), []);
}

#[test]
fn an_erp_product_that_is_linked_already_is_not_given_away_again() {
    let store = [unit("S1", Some("MUG"), None), unit("S2", Some("CUP"), None)];
    let erp = [unit("E1", Some("CUP"), None)];
    let proposals = link_units(&store, &erp, &[(key("S1"), key("E1"))]);
    assert_eq!(links(&proposals), []);
    assert!(issues(&proposals).iter().any(|issue| issue.subject() == "S2"), "{proposals:?}");
}

#[test]
fn a_padded_sku_links_and_is_reported_on_its_side() {
    let proposals = link_units(&[unit("S1", Some("MUG "), None)], &[unit("E1", Some("MUG"), None)], &[]);
    assert_eq!(links(&proposals), [("S1", "E1", MatchedBy::Sku)]);
    assert_eq!(
        issues(&proposals),
        [&LinkIssue::PaddedSku { side: Side::Store, unit: key("S1"), sku: "MUG ".to_owned() }]
    );
    let proposals = link_units(&[unit("S1", Some("MUG"), None)], &[unit("E1", Some(" MUG"), None)], &[]);
    assert_eq!(links(&proposals), [("S1", "E1", MatchedBy::Sku)]);
    assert!(matches!(issues(&proposals)[..], [LinkIssue::PaddedSku { side: Side::Erp, .. }]));
}

#[test]
fn a_sku_that_is_double_once_spaces_are_gone_links_nothing_on_either_side() {
    let store = [unit("S1", Some("MUG"), None), unit("S2", Some("MUG "), None)];
    let proposals = link_units(&store, &[unit("E1", Some("MUG"), None)], &[]);
    assert_eq!(links(&proposals), []);
    assert!(issues(&proposals).iter().any(|issue| matches!(
        issue,
        LinkIssue::DuplicateSku { side: Side::Store, sku, units } if sku == "MUG" && units.len() == 2
    )));
    let erp = [unit("E1", Some("MUG"), None), unit("E2", Some(" MUG"), None)];
    let proposals = link_units(&[unit("S1", Some("MUG"), None)], &erp, &[]);
    assert_eq!(links(&proposals), []);
    // Told once, on the side that must put it right, and not again for each product of the store.
    assert!(matches!(
        issues(&proposals)[..],
        [LinkIssue::PaddedSku { side: Side::Erp, .. }, LinkIssue::DuplicateSku { side: Side::Erp, sku, units }]
            if sku == "MUG" && units.len() == 2
    ));
}

#[test]
fn capitals_make_another_sku() {
    let proposals = link_units(&[unit("S1", Some("mug"), None)], &[unit("E1", Some("MUG"), None)], &[]);
    assert_eq!(issues(&proposals), [&LinkIssue::OnlyInStore { unit: key("S1"), sku: "mug".to_owned() }]);
}

#[test]
fn two_products_with_the_same_ean_are_asked_about_and_never_guessed_between() {
    let erp = [unit("E1", Some("A"), Some("111")), unit("E2", Some("B"), Some("111"))];
    let proposals = link_units(&[unit("S1", None, Some("111"))], &erp, &[]);
    assert_eq!(links(&proposals), []);
    assert!(matches!(
        issues(&proposals)[..],
        [LinkIssue::Ambiguous { candidates, .. }] if *candidates == [key("E1"), key("E2")]
    ));
    // One of the two being linked already doesn't make the other certain.
    let proposals = link_units(&[unit("S1", None, Some("111"))], &erp, &[(key("S9"), key("E1"))]);
    assert_eq!(links(&proposals), []);
}

#[test]
fn a_product_without_sku_and_ean_is_reported_in_the_store_only() {
    let proposals = link_units(&[unit("S1", Some("  "), None)], &[unit("E1", None, None)], &[]);
    assert!(matches!(issues(&proposals)[..], [LinkIssue::BlankSku { side: Side::Store, .. }]));
}

#[test]
fn parents_and_services_are_left_out_even_with_equal_skus() {
    for kind in [UnitKind::Parent, UnitKind::Service] {
        let odd = |named: &str| Unit { kind, ..unit(named, Some("MUG"), None) };
        assert_eq!(link_units(&[odd("S1")], &[odd("E1")], &[]), []);
        // Nor do they make another's SKU double.
        let proposals = link_units(
            &[odd("S1"), unit("S2", Some("MUG"), None)],
            &[odd("E1"), unit("E2", Some("MUG"), None)],
            &[],
        );
        assert_eq!(proposals, [LinkProposal::Link { store: key("S2"), erp: key("E2"), by: MatchedBy::Sku }]);
    }
}

#[test]
fn a_product_that_the_erp_sells_no_more_does_not_make_its_sku_double() {
    let retired = Unit { active: false, ..unit("E1", Some("MUG"), None) };
    let proposals =
        link_units(&[unit("S1", Some("MUG"), None)], &[retired, unit("E2", Some("MUG"), None)], &[]);
    assert_eq!(proposals, [LinkProposal::Link { store: key("S1"), erp: key("E2"), by: MatchedBy::Sku }]);
}

#[test]
fn every_issue_has_a_listed_kind_and_says_what_to_do_in_words() {
    let store = [
        unit("S1", None, None),
        unit("S2", Some(" PAD"), None),
        unit("S3", Some("TWICE"), None),
        unit("S4", Some("TWICE"), None),
        unit("S5", Some("ALONE"), None),
        unit("S6", Some("LOST"), Some("111")),
    ];
    let erp = [
        unit("E1", Some("A"), Some("111")),
        unit("E2", Some("B"), Some("111")),
        unit("E3", Some("PAD"), None),
    ];
    let proposals = link_units(&store, &erp, &[]);
    let kinds: BTreeSet<&str> = issues(&proposals).iter().map(|issue| issue.kind()).collect();
    assert_eq!(kinds, ISSUE_KINDS.into_iter().collect());
    for issue in issues(&proposals) {
        let text = issue.to_string();
        assert!(
            ["give it", "remove it", "give each", "correct the SKU"]
                .iter()
                .any(|advice| text.contains(advice)),
            "{text}"
        );
    }
}

#[test]
fn a_hundred_thousand_products_are_paired_one_to_one() {
    let units = |side: &str| -> Vec<Unit> {
        (0..100_000).map(|n| unit(&format!("{side}{n}"), Some(&format!("SKU-{n}")), None)).collect()
    };
    let mut erp = units("E");
    erp.reverse();
    let proposals = link_units(&units("S"), &erp, &[]);
    assert_eq!(proposals.len(), 100_000);
    assert!(links(&proposals).iter().all(|(store, erp, _)| store[1..] == erp[1..]));
}

/// Few enough SKUs and EANs that they collide, with spaces here and there.
fn units(side: &'static str) -> impl Strategy<Value = Vec<Unit>> {
    let sku = prop::option::weighted(
        0.8,
        prop::sample::select(vec!["A", "A ", " B", "B", "C", "D", "E", "F", " "]),
    );
    let ean = prop::option::weighted(0.4, prop::sample::select(vec!["1", "2", "3", "4"]));
    let kind = prop::sample::select(vec![
        UnitKind::Goods,
        UnitKind::Goods,
        UnitKind::Goods,
        UnitKind::Parent,
        UnitKind::Service,
    ]);
    prop::collection::vec((sku, ean, kind), 0..9).prop_map(move |rows| {
        rows.into_iter()
            .enumerate()
            .map(|(number, (sku, ean, kind))| Unit { kind, ..unit(&format!("{side}{number}"), sku, ean) })
            .collect()
    })
}

fn trimmed(unit: &Unit) -> Option<&str> {
    unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_link_is_a_guess(
        store in units("S"),
        erp in units("E"),
        linked in prop::collection::btree_map(0_usize..9, 0_usize..9, 0..3),
    ) {
        let mut taken = BTreeSet::new();
        let existing: Vec<(RemoteKey, RemoteKey)> = linked
            .into_iter()
            .filter(|(_, erp)| taken.insert(*erp))
            .map(|(store, erp)| (key(&format!("S{store}")), key(&format!("E{erp}"))))
            .collect();
        let proposals = link_units(&store, &erp, &existing);
        prop_assert_eq!(&proposals, &link_units(&store, &erp, &existing), "equal input, equal output");

        let mut stores: BTreeSet<&str> = existing.iter().map(|(store, _)| store.as_str()).collect();
        let mut erps: BTreeSet<&str> = existing.iter().map(|(_, erp)| erp.as_str()).collect();
        let goods = |units: &[Unit]| -> Vec<Unit> {
            units.iter().filter(|unit| unit.kind == UnitKind::Goods).cloned().collect()
        };
        let (store_goods, erp_goods) = (goods(&store), goods(&erp));
        for (store, erp, by) in links(&proposals) {
            prop_assert!(stores.insert(store), "{} is linked twice", store);
            prop_assert!(erps.insert(erp), "{} is linked twice", erp);
            let ours = store_goods.iter().find(|unit| unit.key.as_str() == store);
            let theirs = erp_goods.iter().find(|unit| unit.key.as_str() == erp);
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                return Err(TestCaseError::fail(format!("{store} and {erp} are not both goods")));
            };
            match by {
                MatchedBy::Sku => {
                    prop_assert_eq!(trimmed(ours), trimmed(theirs));
                    for side in [&store_goods, &erp_goods] {
                        prop_assert_eq!(side.iter().filter(|unit| trimmed(unit) == trimmed(ours)).count(), 1);
                    }
                }
                MatchedBy::Ean => {
                    prop_assert_eq!(&ours.ean, &theirs.ean);
                    prop_assert_eq!(erp_goods.iter().filter(|unit| unit.ean == ours.ean).count(), 1);
                }
            }
        }
    }

    #[test]
    fn a_product_with_a_sku_is_linked_or_somebody_is_told_why_not(store in units("S"), erp in units("E")) {
        let proposals = link_units(&store, &erp, &[]);
        let linked: BTreeSet<&str> = links(&proposals).into_iter().map(|(store, _, _)| store).collect();
        let issues = issues(&proposals);
        for unit in store.iter().filter(|unit| unit.kind == UnitKind::Goods) {
            let Some(sku) = trimmed(unit) else { continue };
            let told = issues.iter().any(|issue| match issue {
                LinkIssue::DuplicateSku { sku: double, .. } => double == sku,
                LinkIssue::Ambiguous { unit: about, .. } | LinkIssue::OnlyInStore { unit: about, .. } => {
                    *about == unit.key
                }
                LinkIssue::BlankSku { .. } | LinkIssue::PaddedSku { .. } => false,
            });
            prop_assert!(linked.contains(unit.key.as_str()) || told, "{:?} of {:?}", unit.key, proposals);
        }
    }

    #[test]
    fn linking_again_with_the_links_in_place_finds_no_new_ones(store in units("S"), erp in units("E")) {
        let first = link_units(&store, &erp, &[]);
        let existing: Vec<(RemoteKey, RemoteKey)> =
            links(&first).into_iter().map(|(store, erp, _)| (key(store), key(erp))).collect();
        let second = link_units(&store, &erp, &existing);
        prop_assert_eq!(links(&second), []);
    }

    #[test]
    fn the_order_in_which_the_erp_lists_its_products_changes_no_link(
        store in units("S"),
        erp in units("E"),
        turn in 0_usize..9,
    ) {
        let pairs = |erp: &[Unit]| -> BTreeMap<String, String> {
            links(&link_units(&store, erp, &[]))
                .into_iter()
                .map(|(store, erp, _)| (store.to_owned(), erp.to_owned()))
                .collect()
        };
        let before = pairs(&erp);
        let mut turned = erp.clone();
        if !turned.is_empty() {
            let turn = turn % turned.len();
            turned.rotate_left(turn);
        }
        prop_assert_eq!(before, pairs(&turned));
    }
}
