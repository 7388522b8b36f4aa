//! Whether and as what an order is imported.

use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;
use zygos_core::{
    model::{Company, LineKind, Order, OrderLine, OrderStatus, Party, PartyQuery, PaymentStatus},
    orders::{
        Guests, HoldReason, IgnoreReason, ImportDecision, ImportPlan, ImportWhen, OrderRule, OrderState,
        PaymentRule, TooLong, decide_import,
    },
};

use crate::samples::{
    cases, currency, decimal, key, link, moment, mugs, order, rule, service, shipping, whole,
};

fn decide(order: &Order, rule: &OrderRule) -> ImportDecision {
    decide_import(order, rule, false, &link)
}

fn plan(order: &Order, rule: &OrderRule) -> ImportPlan {
    match decide(order, rule) {
        ImportDecision::Import(plan) => *plan,
        other => panic!("not imported: {other:?}"),
    }
}

fn held(order: &Order, rule: &OrderRule) -> HoldReason {
    match decide(order, rule) {
        ImportDecision::Hold(reason) => reason,
        other => panic!("not held: {other:?}"),
    }
}

fn with_lines(lines: Vec<OrderLine>) -> Order {
    Order { total: lines.iter().map(|line| line.total_gross).sum(), lines, ..order() }
}

#[test]
fn an_ordinary_order_becomes_a_whole_document() {
    let rule = rule();
    let document = plan(&order(), &rule).document(&rule, key("P1"));
    assert_eq!(document.reference, "CJ-95700001");
    assert_eq!((document.shop.as_deref(), document.warehouse), (Some("Cluj"), key("W1")));
    assert_eq!((document.party, document.currency), (key("P1"), currency("RON")));
    assert_eq!((document.billing, document.shipping), (order().billing, order().shipping));
    let lines: Vec<_> = document
        .lines
        .iter()
        .map(|line| {
            (line.product.clone(), line.quantity, line.unit_price_net, line.total_gross, line.taxes.clone())
        })
        .collect();
    assert_eq!(
        lines,
        [
            (Some(key("E1")), whole(2), decimal("40.3361"), decimal("96.00"), vec![key("T19")]),
            (Some(key("SHIP")), whole(1), decimal("16.8067"), decimal("20.00"), vec![key("T19")]),
        ]
    );
}

#[test]
fn the_document_is_dated_by_the_day_in_the_store() {
    let late = Order { created_at: moment("2026-03-31T22:30:00Z"), ..order() };
    assert_eq!(plan(&late, &rule()).date, date(2026, 4, 1));
    let utc = OrderRule { timezone: "UTC".to_owned(), ..rule() };
    assert_eq!(plan(&late, &utc).date, date(2026, 3, 31));
}

#[test]
fn orders_that_are_not_for_the_erp_are_ignored_with_their_reason() {
    let never = OrderRule {
        payment: vec![PaymentRule { method: "*".to_owned(), import: ImportWhen::Never }],
        ..rule()
    };
    let cases = [
        (Order { status: OrderStatus::Temporary, ..order() }, rule(), IgnoreReason::NotFinished),
        (Order { status: OrderStatus::Cancelled, ..order() }, rule(), IgnoreReason::CancelledBefore),
        (Order { created_at: moment("2026-02-28T23:59:59Z"), ..order() }, rule(), IgnoreReason::BeforeGoLive),
        (order(), never, IgnoreReason::NeverImported),
    ];
    for (order, rule, reason) in cases {
        assert_eq!(decide(&order, &rule), ImportDecision::Ignore(reason));
    }
}

#[test]
fn a_person_can_have_an_order_from_before_the_go_live_but_not_a_cancelled_one() {
    let old = Order { created_at: moment("2026-02-01T00:00:00Z"), ..order() };
    assert!(matches!(decide_import(&old, &rule(), true, &link), ImportDecision::Import(_)));
    let cancelled = Order { status: OrderStatus::Cancelled, ..old };
    assert_eq!(
        decide_import(&cancelled, &rule(), true, &link),
        ImportDecision::Ignore(IgnoreReason::CancelledBefore)
    );
}

#[test]
fn an_order_placed_at_the_very_moment_of_the_go_live_is_imported() {
    let first = Order { created_at: rule().orders_from, ..order() };
    assert!(matches!(decide(&first, &rule()), ImportDecision::Import(_)));
}

#[test]
fn the_first_payment_rule_that_fits_decides_and_none_means_at_once() {
    let rules = |rows: &[(&str, ImportWhen)]| OrderRule {
        payment: rows
            .iter()
            .map(|(method, import)| PaymentRule { method: (*method).to_owned(), import: *import })
            .collect(),
        ..rule()
    };
    let cash_at_once = rules(&[("cash_delivery", ImportWhen::AtOnce), ("*", ImportWhen::WhenPaid)]);
    assert!(matches!(decide(&order(), &cash_at_once), ImportDecision::Import(_)));
    let all_when_paid = rules(&[("*", ImportWhen::WhenPaid), ("cash_delivery", ImportWhen::AtOnce)]);
    assert_eq!(
        held(&order(), &all_when_paid),
        HoldReason::WaitingForPayment { method: "Cash on delivery".to_owned() }
    );
    let paid = Order { payment: PaymentStatus::Paid, ..order() };
    assert!(matches!(decide(&paid, &all_when_paid), ImportDecision::Import(_)));
    let another_method = rules(&[("card", ImportWhen::Never)]);
    assert!(matches!(decide(&order(), &another_method), ImportDecision::Import(_)));
}

/// One order for every reason that deciding itself can give.
fn troubled() -> Vec<(&'static str, Order, OrderRule)> {
    let when_paid = OrderRule {
        payment: vec![PaymentRule { method: "*".to_owned(), import: ImportWhen::WhenPaid }],
        ..rule()
    };
    let mut narrow = rule();
    narrow.text_lengths.insert("street".to_owned(), 10);
    vec![
        ("waiting_for_payment", order(), when_paid),
        (
            "unknown_sku",
            with_lines(vec![OrderLine { unit: Some(key("S404")), ..mugs() }, shipping()]),
            rule(),
        ),
        ("unmapped_tax", with_lines(vec![mugs(), OrderLine { tax_percent: whole(9), ..shipping() }]), rule()),
        ("foreign_currency", Order { currency: currency("EUR"), ..order() }, rule()),
        ("does_not_add_up", Order { total: decimal("115.94"), ..order() }, rule()),
        ("text_too_long", order(), narrow),
        (
            "unmapped_line",
            with_lines(vec![mugs(), service(LineKind::GiftCard, -1_000)]),
            OrderRule { gift_product: None, ..rule() },
        ),
        (
            "negative_quantity",
            with_lines(vec![OrderLine { quantity: whole(-1), total_gross: decimal("-48.00"), ..mugs() }]),
            rule(),
        ),
        (
            "unknown_status",
            Order { status: OrderStatus::Unknown("on_the_moon".to_owned()), ..order() },
            rule(),
        ),
        ("no_lines", with_lines(Vec::new()), rule()),
    ]
}

#[test]
fn each_trouble_holds_the_order_under_its_own_code() {
    for (code, order, rule) in troubled() {
        assert_eq!(held(&order, &rule).code(), code);
    }
}

#[test]
fn an_order_that_was_held_is_imported_once_its_trouble_is_gone() {
    for (code, order, _) in troubled() {
        let cured = Order { id: order.id, ..crate::samples::order() };
        assert!(matches!(decide(&cured, &rule()), ImportDecision::Import(_)), "{code}");
    }
}

#[test]
fn a_hold_names_line_and_value_and_what_to_do() {
    let texts: Vec<String> =
        troubled().into_iter().map(|(_, order, rule)| held(&order, &rule).to_string()).collect();
    let expected = [
        "waits for payment by Cash on delivery; it is imported as soon as the store says paid",
        "line 1: the SKU \"MUG-1\" is not linked to a product of the ERP; create it there or correct the SKU on either \
         side",
        "line 2: the tax of 9 % has no counterpart in the ERP; add it under `orders.taxes` in the configuration",
        "its currency is EUR but this store's orders are booked in RON; enter it in the ERP by hand under its \
         reference, or cancel it in the store",
        "its lines add up to 116 but the customer pays 115.94; correct the order in the store",
        "the street has 24 characters and the ERP takes 10; shorten it in the store, or set \
         `orders.too_long = \"shorten\"`",
        "line 2: there is no ERP product for lines of kind gift card; name its SKU in the configuration \
         (`orders.gift_sku`)",
        "line 1: the quantity -1 is negative; a return is booked by hand",
        "the store's status \"on_the_moon\" is not known to this version; set a known status in the store",
        "it has no lines; look at the order in the store",
    ];
    assert_eq!(texts, expected);
}

#[test]
fn a_hold_never_repeats_personal_data() {
    for (_, order, rule) in troubled() {
        let text = held(&order, &rule).to_string();
        for private in ["Ionescu", "ana@", "0700", "Memorandumului", "Cluj-Napoca", "400114"] {
            assert!(!text.contains(private), "{text}");
        }
    }
}

/// Every reason there is; a new one doesn't compile until it is here.
fn all_reasons() -> Vec<HoldReason> {
    let text = || "x".to_owned();
    let all = vec![
        HoldReason::WaitingForPayment { method: text() },
        HoldReason::UnknownSku { line: 1, sku: None },
        HoldReason::UnmappedTax { line: 1, percent: decimal("19.00") },
        HoldReason::ForeignCurrency { currency: currency("EUR"), expected: currency("RON") },
        HoldReason::DoesNotAddUp { lines: decimal("1.10"), total: decimal("1.2") },
        HoldReason::TotalsDiffer { store: decimal("0.10"), erp: decimal("123456789012345678.90") },
        HoldReason::TextTooLong { field: text(), length: 3, limit: 2 },
        HoldReason::UnmappedLineKind { line: 1, kind: LineKind::Coupon },
        HoldReason::NegativeQuantity { line: 1, quantity: decimal("-0.5") },
        HoldReason::UnknownStatus { status: text() },
        HoldReason::NoLines,
        HoldReason::SeveralCustomers { count: 2, by: text() },
        HoldReason::SeveralDocuments { count: 2 },
        HoldReason::Refused { what: text(), message: text() },
        HoldReason::Unknowable { what: text() },
    ];
    for reason in &all {
        match reason {
            HoldReason::WaitingForPayment { .. }
            | HoldReason::UnknownSku { .. }
            | HoldReason::UnmappedTax { .. }
            | HoldReason::ForeignCurrency { .. }
            | HoldReason::DoesNotAddUp { .. }
            | HoldReason::TotalsDiffer { .. }
            | HoldReason::TextTooLong { .. }
            | HoldReason::UnmappedLineKind { .. }
            | HoldReason::NegativeQuantity { .. }
            | HoldReason::UnknownStatus { .. }
            | HoldReason::NoLines
            | HoldReason::SeveralCustomers { .. }
            | HoldReason::SeveralDocuments { .. }
            | HoldReason::Refused { .. }
            | HoldReason::Unknowable { .. } => {}
        }
    }
    all
}

#[test]
fn every_reason_has_a_code_of_its_own_and_only_waiting_for_payment_is_everyday() {
    let all = all_reasons();
    let codes: BTreeSet<&str> = all.iter().map(HoldReason::code).collect();
    assert_eq!(codes.len(), all.len());
    let everyday: Vec<&HoldReason> = all.iter().filter(|reason| reason.is_everyday()).collect();
    assert!(matches!(everyday[..], [HoldReason::WaitingForPayment { .. }]));
}

#[test]
fn a_held_state_survives_being_stored_to_the_last_cent() {
    for reason in all_reasons() {
        let state = OrderState::Held(reason);
        let stored = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<OrderState>(&stored).unwrap(), state, "{stored}");
    }
}

#[test]
fn a_customer_is_looked_for_by_vat_number_then_code_then_mail_then_phone() {
    let mut company = order();
    company.customer.company = Some(Company {
        name: "Căni SRL".to_owned(),
        vat_number: Some("ro 123".to_owned()),
        registration_number: None,
    });
    let company = plan(&company, &rule());
    assert_eq!(
        company.lookups,
        [
            PartyQuery::VatNumber("ro 123".to_owned()),
            PartyQuery::Code("CJ-C77-RO123".to_owned()),
            PartyQuery::Email("ana@example.org".to_owned()),
            PartyQuery::Phone("0700000001".to_owned()),
        ]
    );
    assert_eq!(
        (company.new_party.name.as_str(), company.new_party.code.as_str()),
        ("Căni SRL", "CJ-C77-RO123")
    );
    let party = |is_company| Party { key: key("P"), code: None, name: "Known".to_owned(), is_company };
    let fits =
        |plan: &ImportPlan| [Some(true), Some(false), None].map(|kind| plan.new_party.can_be(&party(kind)));
    assert_eq!(fits(&company), [true, false, true]);
    assert_eq!(fits(&plan(&order(), &rule())), [false, true, true]);
}

#[test]
fn empty_contact_data_is_not_looked_for() {
    let mut bare = order();
    bare.customer.email = Some(" ".to_owned());
    bare.customer.phone = None;
    assert_eq!(plan(&bare, &rule()).lookups, [PartyQuery::Code("CJ-C77".to_owned())]);
}

#[test]
fn guests_are_booked_on_one_customer_only_where_configured_and_only_guests() {
    let fixed = OrderRule { guests: Guests::Fixed(key("GUESTS")), ..rule() };
    let mut guest = order();
    guest.customer.key = None;
    assert_eq!(plan(&guest, &fixed).fixed_party, Some(key("GUESTS")));
    assert_eq!(plan(&order(), &fixed).fixed_party, None);
    let matched = plan(&guest, &rule());
    assert_eq!(matched.fixed_party, None);
    // The code of a guest is of this order alone, so that two guests never become one.
    assert_eq!(matched.new_party.code, "CJ-G95700001");
}

#[test]
fn each_kind_of_line_has_its_product_and_a_fee_falls_back_on_shipping() {
    let kinds = [
        (LineKind::Shipping, "SHIP"),
        (LineKind::CashOnDeliveryFee, "FEE"),
        (LineKind::Discount, "DISCOUNT"),
        (LineKind::Coupon, "DISCOUNT"),
        (LineKind::GiftCard, "GIFT"),
        (LineKind::StoreCredit, "GIFT"),
    ];
    for (kind, product) in kinds {
        let order = with_lines(vec![mugs(), service(kind, 500)]);
        assert_eq!(plan(&order, &rule()).lines[1].product, Some(key(product)), "{kind:?}");
    }
    let no_fee = OrderRule { fee_product: None, ..rule() };
    let order = with_lines(vec![mugs(), service(LineKind::CashOnDeliveryFee, 500)]);
    assert_eq!(plan(&order, &no_fee).lines[1].product, Some(key("SHIP")));
}

#[test]
fn a_discount_is_a_line_with_a_negative_price_and_its_tax() {
    let order = with_lines(vec![mugs(), service(LineKind::Discount, -1_000)]);
    let discount = plan(&order, &rule()).lines.remove(1);
    assert_eq!((discount.quantity, discount.unit_price_net), (Decimal::ONE, decimal("-8.4034")));
    assert_eq!((discount.total_gross, discount.taxes), (decimal("-10.00"), vec![key("T19")]));
}

#[test]
fn metres_keep_their_decimals() {
    let order = with_lines(vec![OrderLine { quantity: decimal("1.25"), ..mugs() }]);
    assert_eq!(plan(&order, &rule()).lines[0].quantity, decimal("1.25"));
}

#[test]
fn a_line_of_nothing_is_left_out() {
    let order = with_lines(vec![
        OrderLine { quantity: Decimal::ZERO, total_gross: Decimal::ZERO, unit: Some(key("S404")), ..mugs() },
        mugs(),
    ]);
    assert_eq!(plan(&order, &rule()).lines.len(), 1);
}

#[test]
fn lines_may_miss_the_total_by_as_much_as_a_rounding_line_may_close() {
    assert!(matches!(
        decide(&Order { total: decimal("116.05"), ..order() }, &rule()),
        ImportDecision::Import(_)
    ));
    assert_eq!(held(&Order { total: decimal("116.06"), ..order() }, &rule()).code(), "does_not_add_up");
}

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!['a', 'Ș', '漢', '🙂', ' ']), 0..30)
        .prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn texts_fit_or_hold_and_those_that_fit_stay_as_they_are(
        texts in [texts(), texts(), texts()],
        limit in 1_u32..25,
        shorten in any::<bool>(),
    ) {
        let mut rule = rule();
        for field in ["street", "description", "note"] {
            rule.text_lengths.insert(field.to_owned(), limit);
        }
        rule.too_long = if shorten { TooLong::Shorten } else { TooLong::Hold };
        let [street, description, note] = texts;
        let mut order = order();
        order.billing.street = street.clone();
        order.shipping.street = String::new();
        order.lines[0].description = description.clone();
        order.lines[1].description = String::new();
        order.note = Some(note.clone());
        let room = usize::try_from(limit).unwrap();
        let fits = |text: &str| text.chars().count() <= room;
        // A note of spaces is no note.
        let counts = [&street, &description].into_iter().all(|text| fits(text)) && (fits(&note) || note.trim().is_empty());
        match decide(&order, &rule) {
            ImportDecision::Import(plan) => {
                prop_assert!(shorten || counts);
                let pairs = [
                    (&street, plan.billing.street.clone()),
                    (&description, plan.lines[0].description.clone()),
                    (&note, plan.note.clone().unwrap_or_else(|| note.clone())),
                ];
                for (before, after) in pairs {
                    if fits(before) || before.trim().is_empty() && *before == after {
                        prop_assert_eq!(before, &after);
                    } else {
                        prop_assert_eq!(after.chars().count(), room);
                        let kept = after.strip_suffix('…');
                        prop_assert!(kept.is_some_and(|kept| before.starts_with(kept)), "{} of {}", after, before);
                    }
                }
            }
            ImportDecision::Hold(HoldReason::TextTooLong { length, limit: told, .. }) => {
                prop_assert!(!shorten && !counts);
                prop_assert!(told == limit && length > room);
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }

    #[test]
    fn an_imported_order_loses_no_money_and_no_goods(
        rows in prop::collection::vec((0_i64..4, 1_i64..99_999, prop::sample::select(vec![
            LineKind::Product, LineKind::Shipping, LineKind::Discount, LineKind::Coupon, LineKind::StoreCredit,
        ])), 1..8),
        off_by in -9_i64..10,
        id in "[0-9]{1,9}(\\.[0-9])?",
    ) {
        let lines: Vec<OrderLine> = rows
            .iter()
            .map(|(quantity, price, kind)| {
                let sign = if matches!(kind, LineKind::Product | LineKind::Shipping) { 1 } else { -1 };
                let mut line = service(*kind, sign * price);
                line.quantity = whole(*quantity);
                line.total_gross = line.unit_gross * line.quantity;
                if *kind == LineKind::Product {
                    line.unit = Some(key("S1"));
                }
                line
            })
            .collect();
        let mut order = with_lines(lines);
        order.id = key(&id);
        order.total += Decimal::new(off_by, 2);
        let rule = rule();
        match decide(&order, &rule) {
            ImportDecision::Import(plan) => {
                prop_assert!(off_by.abs() <= 5);
                prop_assert_eq!(&plan.reference, &format!("CJ-{id}"));
                let gross: Decimal = plan.lines.iter().map(|line| line.total_gross).sum();
                prop_assert!((gross - order.total).abs() <= rule.rounding_limit);
                let goods = |product: &str| -> Decimal {
                    plan.lines.iter().filter(|l| l.product == Some(key(product))).map(|l| l.quantity).sum()
                };
                let ordered: Decimal =
                    order.lines.iter().filter(|l| l.kind == LineKind::Product).map(|l| l.quantity).sum();
                prop_assert_eq!(goods("E1"), ordered);
                for line in &plan.lines {
                    prop_assert!(line.unit_price_net.scale() <= 4 && line.quantity > Decimal::ZERO);
                }
            }
            ImportDecision::Hold(HoldReason::DoesNotAddUp { lines, total }) => {
                prop_assert!(off_by.abs() > 5);
                prop_assert_eq!(total - lines, Decimal::new(off_by, 2));
            }
            ImportDecision::Hold(HoldReason::NoLines) => {
                prop_assert!(rows.iter().all(|(quantity, _, _)| *quantity == 0));
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }
}
