//! What happens to two stores and the ERP in one day, step by step, while one engine works.

use std::time::Instant;

use rust_decimal::Decimal;
use serde_json::json;
use zygos_engine::Engine;
use zygos_storage::Issue;

use crate::{
    goods::{Article, Piece},
    office::{Office, decimal},
    shelf,
    story::Story,
};

pub async fn tell(story: &mut Story, engine: &Engine, articles: &mut Vec<Article>) {
    made_in_tryton(story, articles).await;
    let mut own = made_in_a_store(story, engine).await;
    edits_of_different_fields_merge(story, engine, &mut articles[20]).await;
    the_owner_of_a_field_is_not_overwritten(story, engine, articles).await;
    a_person_decides_between_two_edits(story, engine, articles).await;
    a_price_list_reaches_its_own_store(story, &articles[10]).await;
    new_variants_appear(story, [&mut articles[40], &mut own[7]]).await;
    a_retired_product_is_taken_off_sale(story, articles).await;
    articles.extend(own);
    story.until_nothing_waits().await;
}

/// Products made in Tryton appear in both stores, each once, at the price of the store's own list.
async fn made_in_tryton(story: &mut Story, articles: &[Article]) {
    let began = Instant::now();
    story.clerk.make(articles).await;
    for store in [0, 1] {
        let sku = &articles[10 + store].pieces[0].sku;
        story.clerk.fix_price(&mut story.lists, store, sku, Decimal::new(1777, 2)).await;
    }
    println!("{:>5.1} s to make {} products in Tryton", began.elapsed().as_secs_f32(), articles.len());
    story.until("they are in both stores", async || story.on_shelves(articles)).await;
}

/// Products made in one store appear in Tryton and in the other store, each once, and their stock moves.
async fn made_in_a_store(story: &Story, engine: &Engine) -> Vec<Article> {
    let own = story.run.of_a_store(0);
    story.hush();
    shelf::make(story.shop(0), &own, story.world.taxes, story.world.now());
    story.deliver(engine).await;
    story
        .until("products of a store are in Tryton and in the other store", async || {
            let mut left = story.on_shelves(&own);
            left.extend(story.clerk.differences(&own).await);
            left
        })
        .await;
    let skus = [&own[0].pieces[0].sku, &own[8].pieces[1].sku];
    for sku in skus {
        let (product, _) = story.clerk.variant(sku).await;
        story.clerk.receive(product, 7).await;
    }
    story
        .until("what arrived of them is in both stores", async || {
            let mut left = Vec::new();
            for shop in &story.world.shops {
                for unit in shelf::shown(shop) {
                    let should = if skus.contains(&&unit.sku) { Decimal::from(7) } else { Decimal::ZERO };
                    let is_own = own.iter().flat_map(|article| &article.pieces).any(|p| p.sku == unit.sku);
                    if is_own && unit.stock != should {
                        left.push(format!(
                            "{} has {} of {} instead of {should}",
                            shop.id, unit.stock, unit.sku
                        ));
                    }
                }
            }
            left
        })
        .await;
    own
}

/// The store edits texts and Tryton price and EAN of the same product, in the same minute.
async fn edits_of_different_fields_merge(story: &Story, engine: &Engine, article: &mut Article) {
    story.hush();
    let here = shelf::unit(story.shop(0), &article.pieces[0].sku);
    article.name = format!("{} renamed in the shop", story.run.name);
    article.descriptions[0] = "Told by the shop.".to_owned();
    let texts = json!({"name": article.name, "description": article.descriptions[0]});
    shelf::edit(story.shop(0), here.product, texts, story.world.now());
    let (product, template) = story.clerk.variant(&article.pieces[0].sku).await;
    for piece in &mut article.pieces {
        piece.price += Decimal::new(125, 2);
    }
    story
        .clerk
        .write("product.template", &[template], json!({"list_price": decimal(article.pieces[0].price)}))
        .await;
    article.pieces[0].ean = story.run.ean(80_001);
    set_ean(story, product, &article.pieces[0]).await;
    story.deliver(engine).await;
    let wanted = std::slice::from_ref(&*article);
    story
        .until("edits of different fields on both sides are on both sides", async || {
            let mut left = story.on_shelves(wanted);
            left.extend(story.clerk.differences(wanted).await);
            left
        })
        .await;
}

async fn set_ean(story: &Story, product: i64, piece: &Piece) {
    let domain = json!([["product", "=", product], ["type", "=", "ean"]]);
    let known = story.clerk.rows("product.identifier", domain, &["code"]).await;
    let known = known[0]["id"].as_i64().expect("an id");
    story.clerk.write("product.identifier", &[known], json!({"code": piece.ean})).await;
}

/// What the ERP owns comes back when a store edits it, whether or not the ERP was edited too; an edit of the store
/// alone is recorded.
async fn the_owner_of_a_field_is_not_overwritten(story: &Story, engine: &Engine, articles: &mut [Article]) {
    story.hush();
    let now = story.world.now();
    let by_hand = articles[25].pieces[0].clone();
    let unit = shelf::unit(story.shop(0), &by_hand.sku);
    shelf::edit_ean(story.shop(0), unit.unit, "4006381333931", now);
    let both = shelf::unit(story.shop(0), &articles[26].pieces[0].sku);
    shelf::edit_ean(story.shop(0), both.unit, "4006381333931", now);
    articles[26].pieces[0].ean = story.run.ean(80_002);
    let (product, _) = story.clerk.variant(&both.sku).await;
    set_ean(story, product, &articles[26].pieces[0]).await;
    story.deliver(engine).await;
    let wanted = articles[25..27].to_vec();
    story
        .until("the EANs of Tryton are back in the store", async || {
            let mut left = story.on_shelves(&wanted);
            left.extend(story.clerk.differences(&wanted).await);
            left
        })
        .await;
    let drifts = story.world.repository.drifts(Some(&story.shop(0).id), 100).await.expect("the state");
    let found: Vec<_> = drifts
        .iter()
        .filter(|drift| drift.sku.as_deref() == Some(&by_hand.sku))
        .map(|drift| {
            (drift.field.as_str(), drift.cause.as_str(), drift.is.as_str(), drift.corrected_at.is_some())
        })
        .collect();
    assert_eq!(found, [("ean", "edited_by_hand", "4006381333931", true)], "{drifts:#?}");
}

/// A name that nobody owns and that was edited on both sides is asked about, and the answer holds everywhere.
async fn a_person_decides_between_two_edits(story: &Story, engine: &Engine, articles: &mut [Article]) {
    story.hush();
    let chosen = [(30, "store"), (31, "erp")];
    for (number, _) in chosen {
        let unit = shelf::unit(story.shop(0), &articles[number].pieces[0].sku);
        let name = name_by("the shop", number, story);
        shelf::edit(story.shop(0), unit.product, json!({"name": name}), story.world.now());
        let (_, template) = story.clerk.variant(&unit.sku).await;
        let name = name_by("the office", number, story);
        story.clerk.write("product.template", &[template], json!({"name": name})).await;
    }
    story.deliver(engine).await;
    story
        .until("both edits of a name are asked about", async || {
            let asked = conflicts(story).await.len();
            if asked == 2 { Vec::new() } else { vec![format!("{asked} conflicts are open")] }
        })
        .await;
    for (number, choice) in chosen {
        let [shop, office] = ["the shop", "the office"].map(|side| name_by(side, number, story));
        let issues = conflicts(story).await;
        let issue =
            issues.iter().find(|issue| issue.text.contains(&shop)).expect("an issue with the shop's name");
        assert!(issue.text.contains(&office), "{}", issue.text);
        println!("        {}", issue.text);
        engine.answer(issue.id, choice).await.expect("it can be answered");
        articles[number].name = if choice == "store" { shop } else { office };
    }
    let wanted = articles[30..32].to_vec();
    story
        .until("the answers hold on both sides", async || {
            let mut left = story.on_shelves(&wanted);
            left.extend(story.clerk.differences(&wanted).await);
            left
        })
        .await;
    assert_eq!(conflicts(story).await, Vec::new());
}

fn name_by(side: &str, number: usize, story: &Story) -> String {
    format!("{} number {number} named by {side}", story.run.name)
}

async fn conflicts(story: &Story) -> Vec<Issue> {
    let mut issues = story.world.repository.issues(false).await.expect("the state");
    issues.retain(|issue| issue.kind == "product_conflict");
    issues
}

async fn a_price_list_reaches_its_own_store(story: &mut Story, article: &Article) {
    let before = story.world.writes().len();
    let sku = &article.pieces[0].sku;
    story.clerk.fix_price(&mut story.lists, 0, sku, Decimal::new(1999, 2)).await;
    story
        .until("an edited line of a price list is in its store", async || {
            story.on_shelves(std::slice::from_ref(article))
        })
        .await;
    let elsewhere: Vec<String> =
        story.world.writes().split_off(before).into_iter().filter(|write| write.contains("athens")).collect();
    assert_eq!(elsewhere, Vec::<String>::new(), "the other store has nothing to do with it");
}

async fn new_variants_appear(story: &Story, articles: [&mut Article; 2]) {
    let mut wanted = Vec::new();
    for (article, number) in articles.into_iter().zip(80_003..) {
        let (_, template) = story.clerk.variant(&article.pieces[0].sku).await;
        let suffix = if article.made_in.is_some() { "-XL" } else { "XL" };
        let piece = Piece {
            sku: format!("{}{suffix}", article.code.as_deref().expect("a code")),
            ean: story.run.ean(number),
            ending: "XL".to_owned(),
            price: article.pieces[0].price,
        };
        let values = json!({
            "template": template, "suffix_code": suffix, "description": article.descriptions[0],
            "identifiers": [["create", [{"type": "ean", "code": piece.ean}]]],
        });
        story.clerk.create("product.product", vec![values]).await;
        article.pieces.push(piece);
        wanted.push(article.clone());
    }
    story.until("new variants are in both stores", async || story.on_shelves(&wanted)).await;
}

async fn a_retired_product_is_taken_off_sale(story: &Story, articles: &mut Vec<Article>) {
    let article = articles.remove(50);
    let (_, template) = story.clerk.variant(&article.pieces[0].sku).await;
    story.clerk.write("product.template", &[template], json!({"active": false})).await;
    story
        .until("a retired product is off sale in both stores", async || {
            let mut left = Vec::new();
            for shop in &story.world.shops {
                for piece in &article.pieces {
                    let unit = shelf::unit(shop, &piece.sku);
                    if unit.on_sale {
                        left.push(format!("{}: {} is on sale", shop.id, piece.sku));
                    }
                }
            }
            left
        })
        .await;
}
