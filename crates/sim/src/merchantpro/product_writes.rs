//! Fields of products and variants, written.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{
    errors::ApiError,
    json::{need_decimal, need_list, need_text, need_whole, optional_text, read_php_map},
    price_writes::{PriceWrites, reprice},
    pricing::Derivation,
    state::{Attribute, Product, ProductKind, Shop, Unit, Variant, take},
};

/// Sent back by clients that write what they read; not an error, not a change (inferred).
const READ_ONLY: [&str; 10] = [
    "id",
    "url",
    "image_url",
    "tax_value",
    "tax_name",
    "category_name",
    "warehouses",
    "date_created",
    "date_modified",
    "manufacturer_id",
];

/// Refused on the parent of variants (seen in a client).
const UNIT_ONLY: [&str; 6] =
    ["stock", "price_net", "price_gross", "old_price_net", "old_price_gross", "weight"];

impl Shop {
    pub(super) fn blank_product(&mut self, now: Timestamp) -> Product {
        Product {
            id: take(&mut self.next.unit),
            kind: ProductKind::Basic,
            unit: Unit::default(),
            name: String::new(),
            description: String::new(),
            meta_title: String::new(),
            meta_description: String::new(),
            availability_id: None,
            tax_id: None,
            shipping_type: "default".to_owned(),
            shipping_unit_cost: Decimal::ZERO,
            quantity_multiplier: Decimal::ONE,
            unit_type: String::new(),
            category_id: None,
            categories: Vec::new(),
            manufacturer: None,
            is_new: false,
            images: Vec::new(),
            attributes: Vec::new(),
            variants: Vec::new(),
            meta_fields: std::collections::BTreeMap::new(),
            created: now,
            modified: now,
        }
    }

    pub(super) fn write_product(
        &mut self,
        product: &mut Product,
        body: &Map<String, Value>,
        ignore_unknown: bool,
        creating: bool,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        if let Some(kind) = body.get("type") {
            let text = need_text("type", kind)?;
            product.kind = ProductKind::read(&text)
                .ok_or_else(|| ApiError::invalid("type", "basic, multi_variant, digital or bundle"))?;
        }
        let old_rate = self.rate(product.tax_id);
        if let Some(tax) = body.get("tax_id") {
            let id = need_whole("tax_id", tax)?;
            if !self.taxes.contains_key(&id) {
                return Err(ApiError::invalid("tax_id", "the id of a tax"));
            }
            product.tax_id = Some(id);
        }
        let derivation = self.derivation(product.tax_id);
        let parent = product.kind == ProductKind::MultiVariant;
        let mut prices = PriceWrites::default();
        for (key, value) in body {
            if parent && !creating && UNIT_ONLY.contains(&key.as_str()) {
                return Err(ApiError::bad_request(
                    "parent_field",
                    format!("Field `{key}` cannot be set on a product with variants; set it on its variants"),
                ));
            }
            if product.unit.write_field(key, value, &mut prices)?
                || self.write_product_field(product, key, value, now)?
            {
                continue;
            }
            let known =
                READ_ONLY.contains(&key.as_str()) || matches!(key.as_str(), "type" | "tax_id" | "variants");
            if !known && !ignore_unknown {
                return Err(ApiError::undefined_field(key));
            }
        }
        prices.apply(&mut product.unit, derivation);
        if derivation.rate != old_rate {
            // The customer goes on paying the same (inferred).
            reprice(&mut product.unit, derivation, prices.touches_price());
            for variant in &mut product.variants {
                reprice(&mut variant.unit, derivation, false);
            }
        }
        if product.name.is_empty() {
            return Err(ApiError::invalid("name", "a text that is not empty"));
        }
        if let Some(variants) = body.get("variants") {
            if !parent {
                return Err(ApiError::bad_request(
                    "not_multi_variant",
                    "Only a multi_variant product has variants",
                ));
            }
            self.write_variants(product, need_list("variants", variants)?, derivation, ignore_unknown)?;
        }
        Ok(())
    }

    fn write_product_field(
        &mut self,
        product: &mut Product,
        key: &str,
        value: &Value,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        match key {
            "name" => product.name = need_text(key, value)?,
            "description" => product.description = need_text(key, value)?,
            "meta_title" => product.meta_title = need_text(key, value)?,
            "meta_description" => product.meta_description = need_text(key, value)?,
            "availability_id" => {
                product.availability_id = if value.is_null() { None } else { Some(need_whole(key, value)?) };
            }
            "shipping_type" => {
                product.shipping_type = choice(key, value, &["default", "free", "unit", "disabled"])?;
            }
            "shipping_unit_cost" => product.shipping_unit_cost = need_decimal(key, value)?,
            "quantity_multiplier" => product.quantity_multiplier = need_decimal(key, value)?,
            "unit_type" => product.unit_type = need_text(key, value)?,
            "category_id" => {
                let id = need_whole(key, value)?;
                self.need_category(id)?;
                product.category_id = Some(id);
                if !product.categories.contains(&id) {
                    product.categories.push(id);
                }
            }
            "categories" => {
                let mut ids = Vec::new();
                for entry in need_list(key, value)? {
                    let id = need_whole(key, entry.get("id").unwrap_or(&Value::Null))?;
                    self.need_category(id)?;
                    ids.push(id);
                }
                product.categories = ids;
            }
            "manufacturer_name" => {
                product.manufacturer = optional_text(key, value)?.map(|name| self.manufacturer(&name));
            }
            // Keys given are set, the others stay (inferred).
            "meta_fields" => product.meta_fields.extend(read_php_map(key, value)?),
            // Images given in an update are added to those there are (documented).
            "images" => {
                for entry in need_list(key, value)? {
                    let image = self.new_image(entry, now)?;
                    product.images.push(image);
                }
            }
            "variant_attributes" => {
                product.attributes.clear();
                for entry in need_list(key, value)? {
                    let name = need_text("name", entry.get("name").unwrap_or(&Value::Null))?;
                    let options = entry.get("options").and_then(Value::as_array).cloned().unwrap_or_default();
                    let id = self.small_id();
                    let mut attribute = Attribute { id, name, options: Vec::new() };
                    for option in options {
                        let text = need_text("value", option.get("value").unwrap_or(&option))?;
                        attribute.options.push((self.small_id(), text));
                    }
                    product.attributes.push(attribute);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn need_category(&self, id: u64) -> Result<(), ApiError> {
        // 0 is "none", as for a category's parent.
        if id == 0 || self.categories.contains_key(&id) {
            return Ok(());
        }
        Err(ApiError::invalid("category_id", "the id of a category"))
    }

    fn write_variants(
        &mut self,
        product: &mut Product,
        entries: &[Value],
        derivation: Derivation,
        ignore_unknown: bool,
    ) -> Result<(), ApiError> {
        let mut named = Vec::new();
        for entry in entries {
            let fields =
                entry.as_object().ok_or_else(|| ApiError::invalid("variants", "a list of objects"))?;
            // An id addresses an existing variant, no id makes a new one (seen in a client).
            let id = match fields.get("id") {
                None | Some(Value::Null) => {
                    let id = take(&mut self.next.unit);
                    product.variants.push(Variant { id, unit: Unit::default(), options: Vec::new() });
                    id
                }
                Some(value) => need_whole("id", value)?,
            };
            let variant = product
                .variants
                .iter_mut()
                .find(|variant| variant.id == id)
                .ok_or_else(|| ApiError::invalid("variants.id", "the id of a variant of this product"))?;
            let mut prices = PriceWrites::default();
            for (key, value) in fields {
                if variant.unit.write_field(key, value, &mut prices)? {
                    continue;
                }
                match key.as_str() {
                    "id" => {}
                    "variant_options" => variant.options = read_options(value)?,
                    _ if ignore_unknown => {}
                    _ => return Err(ApiError::undefined_field(key)),
                }
            }
            prices.apply(&mut variant.unit, derivation);
            named.push(id);
        }
        if !self.settings.omitted_variants_survive {
            product.variants.retain(|variant| named.contains(&variant.id));
        }
        self.complete_attributes(product);
        Ok(())
    }

    /// Every option a variant has is offered by the product.
    pub(super) fn complete_attributes(&mut self, product: &mut Product) {
        for variant in &product.variants {
            for (name, value) in &variant.options {
                let place = product.attributes.iter().position(|attribute| attribute.name == *name);
                let place = place.unwrap_or_else(|| {
                    let attribute =
                        Attribute { id: take(&mut self.next.small), name: name.clone(), options: Vec::new() };
                    product.attributes.push(attribute);
                    product.attributes.len() - 1
                });
                if let Some(attribute) = product.attributes.get_mut(place)
                    && !attribute.options.iter().any(|(_, known)| known == value)
                {
                    attribute.options.push((take(&mut self.next.small), value.clone()));
                }
            }
        }
    }
}

impl Unit {
    /// Takes a field products and variants share; false when `key` is none.
    pub(super) fn write_field(
        &mut self,
        key: &str,
        value: &Value,
        prices: &mut PriceWrites,
    ) -> Result<bool, ApiError> {
        match key {
            "sku" => self.sku = optional_text(key, value)?,
            "ean" => self.ean = optional_text(key, value)?,
            "ext_ref" => self.ext_ref = need_text(key, value)?,
            "inventory_enabled" => self.inventory_enabled = choice(key, value, &["on", "off"])? == "on",
            // Absolute (inferred); fractions are accepted (seen in a client).
            "stock" => self.stock = need_decimal(key, value)?,
            "stock_reserved" => self.stock_reserved = need_decimal(key, value)?,
            "allow_backorders" => {
                self.allow_backorders =
                    value.as_bool().ok_or_else(|| ApiError::invalid(key, "true or false"))?;
            }
            "weight" => self.weight = need_decimal(key, value)?,
            "status" => self.active = choice(key, value, &["active", "inactive"])? == "active",
            "visibility" => self.visible = choice(key, value, &["visible", "hidden"])? == "visible",
            _ => return prices.read(key, value),
        }
        Ok(true)
    }
}

fn read_options(value: &Value) -> Result<Vec<(String, String)>, ApiError> {
    need_list("variant_options", value)?
        .iter()
        .map(|entry| {
            let text = |key: &str| need_text(key, entry.get(key).unwrap_or(&Value::Null));
            Ok((text("name")?, text("value")?))
        })
        .collect()
}

fn choice(key: &str, value: &Value, choices: &[&str]) -> Result<String, ApiError> {
    let text = need_text(key, value)?;
    if choices.contains(&text.as_str()) {
        Ok(text)
    } else {
        Err(ApiError::invalid(key, &choices.join(" or ")))
    }
}
