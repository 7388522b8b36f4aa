//! What the office does in Tryton, and what is found there.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use zygos_scenarios::clerk::{Clerk, id};

use crate::goods::{Article, Lists, Piece};

/// Templates made by one call: with more than 80 variants SQLite's parser gives up.
const TOGETHER: usize = 30;

pub fn decimal(number: Decimal) -> Value {
    json!({"__class__": "Decimal", "decimal": number.to_string()})
}

fn number(value: &Value) -> Option<Decimal> {
    value["decimal"].as_str()?.parse().ok()
}

pub trait Office {
    async fn create(&self, model: &str, records: Vec<Value>) -> Vec<i64>;
    async fn write(&self, model: &str, ids: &[i64], values: Value);
    async fn rows(&self, model: &str, domain: Value, fields: &[&str]) -> Vec<Value>;
    async fn make_lists(&self, run: &str) -> Lists;
    /// Sets a fixed price in a list, in a line before all others.
    async fn fix_price(&self, lists: &mut Lists, store: usize, sku: &str, price: Decimal);
    async fn make(&self, articles: &[Article]);
    /// They are sold no more, so that no other story on this server makes them in its stores.
    async fn withdraw(&self, articles: &[Article]);
    /// The only active variant of a SKU and its template.
    async fn variant(&self, sku: &str) -> (i64, i64);
    /// In words: what Tryton has otherwise than these articles are meant to be.
    async fn differences(&self, articles: &[Article]) -> Vec<String>;
    /// SKUs that several active variants have, and categories of a run that are there twice.
    async fn doubles(&self, run: &str) -> Vec<String>;
}

impl Office for Clerk {
    async fn create(&self, model: &str, records: Vec<Value>) -> Vec<i64> {
        let made = self.call(&format!("model.{model}.create"), vec![json!(records)]).await;
        made.as_array().expect("ids").iter().filter_map(Value::as_i64).collect()
    }

    async fn write(&self, model: &str, ids: &[i64], values: Value) {
        self.call(&format!("model.{model}.write"), vec![json!(ids), values]).await;
    }

    async fn rows(&self, model: &str, domain: Value, fields: &[&str]) -> Vec<Value> {
        let params = vec![domain, json!(0), Value::Null, Value::Null, json!(fields)];
        let found = self.call(&format!("model.{model}.search_read"), params).await;
        found.as_array().cloned().unwrap_or_default()
    }

    async fn make_lists(&self, run: &str) -> Lists {
        let mut lists = Lists::default();
        for (store, town) in ["Cluj", "Athens"].into_iter().enumerate() {
            let name = format!("{run} {town}");
            let list = json!({
                "name": name, "company": id("TRYTON_COMPANY"), "tax_included": false, "unit": "product_default",
                "price": "list_price",
                "lines": [["create", [{"formula": Lists::FORMULAS[store], "sequence": 100}]]],
            });
            lists.ids[store] = self.create("product.price_list", vec![list]).await[0];
            lists.names[store] = name;
        }
        lists
    }

    async fn fix_price(&self, lists: &mut Lists, store: usize, sku: &str, price: Decimal) {
        let list = lists.ids[store];
        let (product, _) = self.variant(sku).await;
        let domain = json!([["price_list", "=", list], ["product", "=", product]]);
        match self.rows("product.price_list.line", domain, &["id"]).await.first() {
            Some(line) => {
                let line = line["id"].as_i64().expect("an id");
                self.write("product.price_list.line", &[line], json!({"formula": price.to_string()})).await;
            }
            None => {
                let line = json!({
                    "price_list": list, "product": product, "formula": price.to_string(), "sequence": 10,
                });
                self.create("product.price_list.line", vec![line]).await;
            }
        }
        lists.fixed.insert((store, sku.to_owned()), price);
    }

    async fn make(&self, articles: &[Article]) {
        let mut categories: BTreeMap<Vec<String>, i64> = BTreeMap::new();
        for depth in 1..=2 {
            let mut paths: Vec<Vec<String>> =
                articles.iter().map(|article| article.path[..depth].to_vec()).collect();
            paths.sort();
            paths.dedup();
            let record = |path: &Vec<String>| {
                let parent = categories.get(&path[..depth - 1]);
                json!({"name": path[depth - 1], "parent": parent})
            };
            let made = self.create("product.category", paths.iter().map(record).collect()).await;
            categories.extend(paths.into_iter().zip(made));
        }
        let unit = id("TRYTON_UNIT");
        let record = |article: &Article| {
            let price = article.pieces[0].price;
            let piece = |piece: &Piece| {
                let ending = piece.sku.strip_prefix(article.code.as_deref().unwrap_or_default());
                let mut values = json!({
                    "suffix_code": ending, "description": article.descriptions[0],
                    "cost_price": decimal(Decimal::from(5)),
                    "identifiers": [["create", [{"type": "ean", "code": piece.ean}]]],
                });
                if piece.price != price {
                    values["list_price"] = decimal(piece.price);
                }
                values
            };
            let class = if article.percent == Decimal::from(9) {
                "TRYTON_ACCOUNT_CATEGORY_REDUCED"
            } else {
                "TRYTON_ACCOUNT_CATEGORY"
            };
            json!({
                "name": article.name, "code": article.code, "type": "goods", "default_uom": unit, "sale_uom": unit,
                "purchase_uom": unit, "salable": true, "purchasable": true, "account_category": id(class),
                "list_price": decimal(price), "categories": [["add", [categories[&article.path]]]],
                "products": [["create", article.pieces.iter().map(piece).collect::<Vec<_>>()]],
            })
        };
        for some in articles.chunks(TOGETHER) {
            self.create("product.template", some.iter().map(record).collect()).await;
        }
    }

    async fn withdraw(&self, articles: &[Article]) {
        let codes: Vec<&String> = articles.iter().filter_map(|article| article.code.as_ref()).collect();
        let found = self.rows("product.template", json!([["code", "in", codes]]), &["id"]).await;
        let ids: Vec<i64> = found.iter().filter_map(|row| row["id"].as_i64()).collect();
        self.write("product.template", &ids, json!({"active": false})).await;
    }

    async fn variant(&self, sku: &str) -> (i64, i64) {
        let found = self.rows("product.product", json!([["code", "=", sku]]), &["template"]).await;
        assert_eq!(found.len(), 1, "Tryton has {sku} {} times", found.len());
        let id = |name: &str| found[0][name].as_i64().expect("an id");
        (id("id"), id("template"))
    }

    async fn differences(&self, articles: &[Article]) -> Vec<String> {
        let paths: BTreeMap<i64, String> = self
            .rows("product.category", json!([["accounting", "=", false]]), &["rec_name"])
            .await
            .iter()
            .filter_map(|row| Some((row["id"].as_i64()?, row["rec_name"].as_str()?.to_owned())))
            .collect();
        let fields = [
            "code",
            "suffix_code",
            "list_price_used",
            "description",
            "type",
            "consumable",
            "identifiers.code",
            "default_uom.name",
            "template.name",
            "template.code",
            "template.categories",
            "template.account_category",
        ];
        let skus: Vec<&String> =
            articles.iter().flat_map(|article| &article.pieces).map(|piece| &piece.sku).collect();
        let rows = self.rows("product.product", json!([["code", "in", skus]]), &fields).await;
        let mut found = Vec::new();
        for article in articles {
            let mut templates = Vec::new();
            for piece in &article.pieces {
                let sku = &piece.sku;
                let mut say = |what: String| found.push(format!("Tryton {sku}: {what}"));
                let own: Vec<&Value> = rows.iter().filter(|row| row["code"] == json!(sku)).collect();
                let [row] = own.as_slice() else {
                    say(format!("is there {} times", own.len()));
                    continue;
                };
                let whole = &row["template."];
                templates.push(whole["id"].as_i64());
                let categories: Vec<&str> = whole["categories"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|id| paths.get(&id.as_i64()?).map(String::as_str))
                    .collect();
                let class = if article.percent == Decimal::from(9) {
                    id("TRYTON_ACCOUNT_CATEGORY_REDUCED")
                } else {
                    id("TRYTON_ACCOUNT_CATEGORY")
                };
                let suffix = sku.strip_prefix(article.code.as_deref().unwrap_or_default());
                let identifiers: Vec<&Value> = row["identifiers."]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|identifier| &identifier["code"])
                    .collect();
                for (field, is, should) in [
                    ("name", json!(whole["name"]), json!(article.name)),
                    ("description", json!(row["description"]), json!(article.descriptions[0])),
                    ("code of the whole", json!(whole["code"]), json!(article.code)),
                    ("suffix", json!(row["suffix_code"]), json!(suffix)),
                    ("identifiers", json!(identifiers), json!([piece.ean])),
                    ("type", json!(row["type"]), json!("goods")),
                    ("consumable", json!(row["consumable"]), json!(false)),
                    ("unit of measure", json!(row["default_uom."]["name"]), json!("Unit")),
                    ("accounting category", json!(whole["account_category"]), json!(class)),
                    ("categories", json!(categories), json!([article.path.join(" / ")])),
                ] {
                    if is != should {
                        say(format!("has the {field} {is} instead of {should}"));
                    }
                }
                let price = number(&row["list_price_used"]);
                if price != Some(piece.price) {
                    say(format!("costs {price:?} instead of {}", piece.price));
                }
            }
            templates.dedup();
            if templates.len() > 1 {
                found.push(format!("Tryton {}: its variants are in several templates", article.name));
            }
        }
        found
    }

    async fn doubles(&self, run: &str) -> Vec<String> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for row in self.rows("product.product", json!([["code", "!=", null]]), &["code"]).await {
            *counts.entry(format!("SKU {}", row["code"])).or_default() += 1;
        }
        let own = json!([["rec_name", "like", format!("{run} %")]]);
        for row in self.rows("product.category", own, &["rec_name"]).await {
            *counts.entry(format!("category {}", row["rec_name"])).or_default() += 1;
        }
        let doubled = counts.into_iter().filter(|(_, count)| *count > 1);
        doubled.map(|(what, count)| format!("Tryton: {what} is there {count} times")).collect()
    }
}
