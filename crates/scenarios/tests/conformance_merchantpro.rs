//! The MerchantPro connector on the sandbox.

#![expect(clippy::unwrap_used, reason = "a subject that cannot be set up ends its test")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use zygos_connectors::merchantpro::MerchantPro;
use zygos_core::{
    Clock, RemoteKey, SharedClock,
    clock::later,
    contract::{
        CallContext, Connector, Lane, NewProduct as NewProductWrite, NewVariant as NewVariantWrite, PriceKind,
    },
    model::{Facts, Field, Shape, Value},
};
use zygos_scenarios::conformance::{self, KnownUnit, Subject};
use zygos_sim::{
    Faults, InProcess, ManualClock,
    merchantpro::{MerchantProSandbox, NewLine, NewOrder, NewProduct, NewVariant, ShopSettings, Webhook},
};

struct Shop {
    connector: MerchantPro,
    shop: Arc<MerchantProSandbox>,
    clock: Arc<ManualClock>,
    units: Vec<(u64, String)>,
    used: AtomicU32,
}

impl Shop {
    fn new(change: impl FnOnce(&mut ShopSettings)) -> Self {
        let start: Timestamp = "2026-03-05T08:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let secret = |text: &str| SecretString::from(text.to_owned());
        let webhook = Webhook {
            url: "https://zygos.test/hook".to_owned(),
            secret: "hook-secret".to_owned(),
            topics: BTreeSet::new(),
        };
        let mut settings = ShopSettings { windows: None, webhooks: vec![webhook], ..ShopSettings::default() };
        change(&mut settings);
        let shop = Arc::new(MerchantProSandbox::new(settings));
        shop.add_tax("TVA", Decimal::from(21));
        // More than a page of the scan, and a product with variants.
        for number in 1..=120_u32 {
            let stock = Decimal::from(1_000);
            let variants = |sizes: &[&str]| -> Vec<NewVariant> {
                sizes
                    .iter()
                    .map(|size| NewVariant {
                        sku: Some(format!("P{number:03}-{size}")),
                        stock,
                        options: vec![("Size".to_owned(), (*size).to_owned())],
                        ..NewVariant::default()
                    })
                    .collect()
            };
            let product = NewProduct {
                sku: Some(format!("P{number:03}")),
                name: format!("Κούπα {number}"),
                price_gross: Some(Decimal::from(number)),
                stock,
                variants: if number == 60 { variants(&["S", "M"]) } else { Vec::new() },
                ..NewProduct::default()
            };
            shop.add_product(product, start);
        }
        let units: Vec<(u64, String)> = shop
            .units()
            .into_iter()
            .filter(|(_, sku, _)| !sku.is_empty())
            .map(|(id, sku, _)| (id, sku))
            .collect();
        let shared: SharedClock = clock.clone();
        let transport =
            InProcess::new(shared.clone()).with_host("shop.test", shop.clone(), Arc::new(Faults::new(1)));
        let connector = MerchantPro::new(
            "https://shop.test",
            &secret("key"),
            &secret("secret"),
            Some(secret("hook-secret")),
            Arc::new(transport),
            shared,
        );
        Self { connector, shop, clock, units, used: AtomicU32::new(0) }
    }
}

#[async_trait]
impl Subject for Shop {
    fn connector(&self) -> &dyn Connector {
        &self.connector
    }

    fn context(&self) -> CallContext {
        self.clock.advance(Duration::from_secs(1));
        CallContext { lane: Lane::Orders, deadline: later(self.clock.now(), Duration::from_secs(60)) }
    }

    fn unique(&self, stem: &str) -> String {
        format!("{stem}-{}", self.used.fetch_add(1, Ordering::Relaxed))
    }

    fn units(&self) -> Vec<KnownUnit> {
        let known =
            |(id, sku): &(u64, String)| KnownUnit { key: RemoteKey::new(id.to_string()), sku: sku.clone() };
        self.units.iter().map(known).collect()
    }

    fn new_product(&self, shape: Shape) -> Option<NewProductWrite> {
        let options: &[&str] = if shape == Shape::Simple { &[""] } else { &["S", "M", "L"] };
        let variant = |size: &&str| NewVariantWrite {
            facts: Facts::from([
                (Field::Sku, Value::Text(self.unique("NEW"))),
                (Field::Price, Value::Number(Decimal::new(4990, 2))),
                (Field::Active, Value::Flag(true)),
            ]),
            options: if size.is_empty() { Vec::new() } else { vec![("Size".to_owned(), (*size).to_owned())] },
            tracked: true,
        };
        Some(NewProductWrite {
            shape,
            facts: Facts::from([
                (Field::Name, Value::Text(self.unique("Κούπα"))),
                (Field::Tax, Value::Number(Decimal::from(21))),
                (Field::Description, Value::Text("<p>Ceașcă</p>".to_owned())),
            ]),
            tax_class: None,
            code: None,
            variants: options.iter().map(variant).collect(),
            prices: PriceKind::Net,
        })
    }

    async fn place_order(&self) -> Option<RemoteKey> {
        let order = NewOrder { lines: vec![NewLine::new(self.units[0].0, 1)], ..NewOrder::default() };
        let id = self.shop.place_order(order, self.clock.now()).unwrap();
        Some(RemoteKey::new(id))
    }

    async fn webhook(&self) -> Option<(HeaderMap, Vec<u8>)> {
        let delivery = self.shop.take_webhooks().pop().unwrap();
        let header = |(name, value): (&'static str, String)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::try_from(value).unwrap())
        };
        Some((delivery.headers.into_iter().map(header).collect(), delivery.body.to_vec()))
    }
}

#[tokio::test]
async fn merchantpro_on_the_sandbox_keeps_every_promise_it_declares() {
    let summary = conformance::run(&Shop::new(|_| {})).await;
    assert_eq!(summary.lacking, Vec::<&str>::new());
    assert_eq!(
        summary.kept,
        [
            "what_is_not_declared_answers_unsupported",
            "a_check_tells_what_is_there_and_changes_nothing",
            "a_scan_of_products_ends_and_has_every_unit_once",
            "a_page_can_be_read_again_from_its_checkpoint",
            "a_missing_key_is_absent_and_no_error",
            "a_unit_is_found_by_key_and_by_sku",
            "a_scan_of_the_catalogue_has_every_unit_in_one_product",
            "a_product_is_found_by_key_and_by_the_sku_of_its_unit",
            "a_product_that_is_made_is_read_back_and_found_by_its_skus",
            "an_update_sets_what_is_given_and_nothing_else",
            "a_category_is_made_once_with_its_parents",
            "a_figure_that_is_set_is_the_one_read_back",
            "the_newest_order_comes_first",
            "a_transition_of_an_order_reads_the_state_first",
            "a_waybill_can_be_written_twice",
            "a_tag_can_be_added_twice_and_is_there_once",
            "a_webhook_is_believed_only_with_its_signature",
        ]
    );
}

#[tokio::test]
async fn the_promises_are_kept_whichever_way_the_open_questions_about_products_are_answered() {
    let summary = conformance::run(&Shop::new(|settings| {
        settings.omitted_variants_survive = true;
        settings.variant_id_reads_product = true;
        settings.descriptions_in_lists = false;
        settings.writes_answer_whole = false;
        settings.net_follows_gross = false;
    }))
    .await;
    assert_eq!((summary.lacking.len(), summary.kept.len()), (0, 17));
}
