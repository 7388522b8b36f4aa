//! Products as the API shows them.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    json::{number, optional_number, php_map},
    paging::choose_fields,
    state::{Attribute, Category, Image, Product, ProductKind, Shop, Unit, Variant},
    times,
};

/// Parts of a product, shown when asked for.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub texts: bool,
    pub variants: bool,
    pub images: bool,
    /// Asked for by `include`, so that `fields` does not take them away.
    pub images_included: bool,
}

impl Shop {
    pub(super) fn product_row(
        &self,
        product: &Product,
        shown: Shown,
        fields: &[String],
        now: Timestamp,
    ) -> Value {
        let mut row = self.product_json(product, shown.texts, now);
        let mut included = Vec::new();
        // The key is missing on simple products even when asked for (seen live).
        if shown.variants && product.kind == ProductKind::MultiVariant {
            let variants = product.variants.iter().map(|variant| variant_json(product, variant)).collect();
            row.insert("variants".to_owned(), Value::Array(variants));
            included.push("variants");
        }
        if shown.images {
            let images = product.images.iter().enumerate().filter(|(_, image)| image.visible_from <= now);
            let images = images.map(|(place, image)| image.json(place)).collect();
            row.insert("images".to_owned(), Value::Array(images));
            if shown.images_included {
                included.push("images");
            }
        }
        choose_fields(row, fields, &included)
    }

    fn product_json(&self, product: &Product, with_texts: bool, now: Timestamp) -> Map<String, Value> {
        let zone = &self.settings.zone;
        let host = &self.settings.host;
        let tax = product.tax_id.and_then(|id| self.taxes.get(&id));
        let categories: Vec<Value> = product
            .categories
            .iter()
            .filter_map(|id| self.categories.get(id))
            .map(|Category { id, name, .. }| json!({"id": id, "name": name}))
            .collect();
        let mut row = Map::new();
        let mut set = |key: &str, value: Value| row.insert(key.to_owned(), value);
        set("id", json!(product.id));
        set("type", json!(product.kind.as_str()));
        set("name", json!(product.name));
        set("meta_title", json!(product.meta_title));
        set("meta_description", json!(product.meta_description));
        set("tax_id", json!(product.tax_id));
        set("tax_value", number(tax.map_or(Decimal::ZERO, |tax| tax.value)));
        set("tax_name", json!(tax.map_or("", |tax| tax.name.as_str())));
        set("shipping_type", json!(product.shipping_type));
        set("shipping_unit_cost", number(product.shipping_unit_cost));
        set("quantity_multiplier", number(product.quantity_multiplier));
        set("unit_type", json!(product.unit_type));
        set("category_id", json!(product.category_id));
        set("category_name", self.category_name(product.category_id));
        set("categories", Value::Array(categories));
        set("manufacturer_id", json!(product.manufacturer.as_ref().map(|(id, _)| id)));
        set("manufacturer_name", json!(product.manufacturer.as_ref().map(|(_, name)| name)));
        set("url", json!(format!("https://{host}/p/{}", product.id)));
        set("meta_fields", php_map(&product.meta_fields));
        set("date_created", times::with_offset(product.created, zone));
        set("date_modified", times::with_offset(product.modified, zone));
        if with_texts {
            set("description", json!(product.description));
        }
        // Absent rather than null when empty (dossier §8.4, 20a).
        if let Some(id) = product.availability_id {
            set("availability_id", json!(id));
        }
        if let Some(image) = product.images.iter().find(|image| image.visible_from <= now) {
            let size = |size: &str| format!("https://{host}/i/{}_{size}.jpg", image.id);
            set(
                "image_url",
                json!({"thumb": size("100x100"), "medium": size("250x250"), "large": size("1000x1000")}),
            );
        }
        if !product.attributes.is_empty() {
            set("variant_attributes", product.attributes.iter().map(Attribute::json).collect());
        }
        product.unit.write_json(&mut row);
        if product.kind == ProductKind::MultiVariant {
            // The parent has no stock of its own; a price must be there all the same (dossier §8.4, 8).
            let cheapest =
                product.variants.iter().map(|variant| variant.unit.price).min_by_key(|price| price.gross);
            let price = cheapest.unwrap_or_default();
            row.insert("stock".to_owned(), json!(0));
            row.insert("price_net".to_owned(), number(price.net));
            row.insert("price_gross".to_owned(), number(price.gross));
        }
        row
    }
}

impl Unit {
    /// The fields products, variants and nothing else share.
    fn write_json(&self, row: &mut Map<String, Value>) {
        let mut set = |key: &str, value: Value| row.insert(key.to_owned(), value);
        set("sku", json!(self.sku));
        set("ean", json!(self.ean));
        set("ext_ref", json!(self.ext_ref));
        set("inventory_enabled", json!(if self.inventory_enabled { "on" } else { "off" }));
        set("stock", number(self.stock));
        set("allow_backorders", json!(self.allow_backorders));
        set("price_net", number(self.price.net));
        set("price_gross", number(self.price.gross));
        set("weight", number(self.weight));
        set("status", json!(if self.active { "active" } else { "inactive" }));
        set("visibility", json!(if self.visible { "visible" } else { "hidden" }));
        set("cost_net", optional_number(self.cost.map(|cost| cost.net)));
        set("cost_gross", optional_number(self.cost.map(|cost| cost.gross)));
        // Absent when there was no reduction (seen in a client).
        if let Some(old) = self.old_price {
            set("old_price_net", number(old.net));
            set("old_price_gross", number(old.gross));
        }
    }
}

fn variant_json(product: &Product, variant: &Variant) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(variant.id));
    variant.unit.write_json(&mut row);
    let options: Vec<Value> = variant
        .options
        .iter()
        .map(|(name, value)| {
            let attribute = product.attributes.iter().find(|attribute| attribute.name == *name);
            let option = attribute
                .and_then(|attribute| attribute.options.iter().find(|(_, known)| known == value))
                .map(|(id, _)| id);
            json!({"id": attribute.map(|attribute| attribute.id), "option_id": option, "name": name, "value": value})
        })
        .collect();
    row.insert("variant_options".to_owned(), Value::Array(options));
    Value::Object(row)
}

impl Attribute {
    fn json(&self) -> Value {
        let options: Vec<Value> = self
            .options
            .iter()
            .enumerate()
            .map(|(place, (id, value))| json!({"id": id, "value": value, "position": place, "available": true}))
            .collect();
        json!({"id": self.id, "name": self.name, "options": options})
    }
}

impl Image {
    pub(super) fn json(&self, place: usize) -> Value {
        let size = |side: u32| json!({"h": side, "w": side});
        json!({
            "id": self.id, "url": self.url, "caption": self.caption, "name": self.id.to_string(),
            "hash": format!("{:032x}", self.id), "extension": "jpg", "default": place == 0, "position": place,
            "dimensions": {"l": size(1000), "m": size(250), "t": size(100)},
        })
    }
}
