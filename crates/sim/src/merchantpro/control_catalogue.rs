//! What a shop's people do to its products and categories, for tests and the demo. [`MerchantProSandbox::edit_product`]
//! edits what all variants share.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    MerchantProSandbox,
    control::ControlError,
    json::number,
    new_records::NewVariant,
    price_writes::PriceWrites,
    state::{Product, ProductKind, Shop, Unit, Variant, take},
};
use crate::locked;

impl MerchantProSandbox {
    /// Edits fields of one sellable unit, spelled as in the API: a simple product or a variant. Other variants stay as
    /// they are, whatever the API would do.
    pub fn edit_unit(
        &self,
        unit_id: u64,
        fields: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.edit_unit(unit_id, fields, now)
    }

    /// A person types a price with tax.
    pub fn edit_price(&self, unit_id: u64, gross: Decimal, now: Timestamp) -> Result<(), ControlError> {
        let fields = Map::from_iter([("price_gross".to_owned(), number(gross))]);
        self.edit_unit(unit_id, &fields, now)
    }

    /// Adds a variant to a product that has some and returns its id. Without a price of its own it costs what the first
    /// one costs.
    pub fn add_variant(
        &self,
        product_id: u64,
        variant: NewVariant,
        now: Timestamp,
    ) -> Result<u64, ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.add_variant(product_id, variant, now)
    }

    /// Deletes one variant; false when there was none.
    pub fn delete_variant(&self, variant_id: u64, now: Timestamp) -> bool {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.delete_variant(variant_id, now)
    }

    /// Calls a value of an attribute otherwise, such as `Size` from `M` to `Medium`, on all variants.
    pub fn rename_option(
        &self,
        product_id: u64,
        attribute: &str,
        value: &str,
        becomes: &str,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.rename_option(product_id, attribute, value, becomes, now)
    }

    /// Renames a category; false when there is none.
    pub fn rename_category(&self, id: u64, name: &str) -> bool {
        let mut shop = locked(&self.shop);
        let category = shop.categories.get_mut(&id);
        category.map(|category| name.clone_into(&mut category.name)).is_some()
    }

    /// Moves a category under another one (0 is the root), even one that lies under itself or doesn't exist: shops have
    /// such trees. False when there is no such category.
    pub fn move_category(&self, id: u64, parent_id: u64) -> bool {
        let mut shop = locked(&self.shop);
        let category = shop.categories.get_mut(&id);
        category.map(|category| category.parent_id = parent_id).is_some()
    }

    /// Deletes a category; its products and subcategories go on naming it.
    pub fn delete_category(&self, id: u64) -> bool {
        locked(&self.shop).categories.remove(&id).is_some()
    }

    /// Id, name and parent of every category, by id.
    pub fn categories(&self) -> Vec<(u64, String, u64)> {
        let shop = locked(&self.shop);
        shop.categories
            .values()
            .map(|category| (category.id, category.name.clone(), category.parent_id))
            .collect()
    }

    /// Every product as the API shows it, by id.
    pub fn products(&self) -> Vec<Value> {
        let shop = locked(&self.shop);
        shop.product_ids.iter().filter_map(|id| shop.full_product(*id, shop.last_seen)).collect()
    }

    /// Images by address that wait in the import queue are there at once.
    pub fn finish_image_import(&self) {
        let mut shop = locked(&self.shop);
        let now = shop.last_seen;
        for image in shop.products.values_mut().flat_map(|product| &mut product.images) {
            image.visible_from = image.visible_from.min(now);
        }
    }
}

impl Shop {
    /// A copy to be changed, so that what is refused leaves nothing behind.
    fn product_of(&self, unit_id: u64) -> Result<Product, ControlError> {
        let id = self.parents.get(&unit_id).unwrap_or(&unit_id);
        self.products.get(id).cloned().ok_or(ControlError::UnknownUnit(unit_id))
    }

    fn keep_edited(&mut self, mut product: Product, now: Timestamp) {
        let id = product.id;
        product.modified = now;
        self.complete_attributes(&mut product);
        self.store_product(product);
        self.emit("product.updated", |shop| shop.full_product(id, now));
    }

    pub(super) fn edit_unit(
        &mut self,
        unit_id: u64,
        fields: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut product = self.product_of(unit_id)?;
        let derivation = self.derivation(product.tax_id);
        let unit = match product.variants.iter_mut().find(|variant| variant.id == unit_id) {
            Some(variant) => &mut variant.unit,
            None if product.kind == ProductKind::MultiVariant => {
                return Err(ControlError::NotAllowed(
                    "a product with variants has nothing to edit as a unit",
                ));
            }
            None => &mut product.unit,
        };
        let mut prices = PriceWrites::default();
        for (key, value) in fields {
            if !unit.write_field(key, value, &mut prices)? {
                return Err(ControlError::NotAllowed("a unit has no such field"));
            }
        }
        prices.apply(unit, derivation);
        self.keep_edited(product, now);
        Ok(())
    }

    pub(super) fn add_variant(
        &mut self,
        product_id: u64,
        variant: NewVariant,
        now: Timestamp,
    ) -> Result<u64, ControlError> {
        let mut product =
            self.products.get(&product_id).cloned().ok_or(ControlError::UnknownUnit(product_id))?;
        if product.kind != ProductKind::MultiVariant {
            return Err(ControlError::NotAllowed("only a product with variants takes another one"));
        }
        let own = self.derivation(product.tax_id).complete(variant.price_net, variant.price_gross);
        let first = product.variants.first().map(|variant| variant.unit.clone()).unwrap_or_default();
        let unit = Unit {
            sku: variant.sku,
            ean: variant.ean,
            ext_ref: variant.ext_ref,
            inventory_enabled: first.inventory_enabled,
            stock: variant.stock,
            allow_backorders: variant.allow_backorders,
            price: own.unwrap_or(first.price),
            weight: first.weight,
            ..Unit::default()
        };
        let id = take(&mut self.next.unit);
        product.variants.push(Variant { id, unit, options: variant.options });
        self.keep_edited(product, now);
        Ok(id)
    }

    pub(super) fn delete_variant(&mut self, variant_id: u64, now: Timestamp) -> bool {
        if !self.parents.contains_key(&variant_id) {
            return false;
        }
        let Ok(mut product) = self.product_of(variant_id) else { return false };
        product.variants.retain(|variant| variant.id != variant_id);
        self.keep_edited(product, now);
        true
    }

    pub(super) fn rename_option(
        &mut self,
        product_id: u64,
        attribute: &str,
        value: &str,
        becomes: &str,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut product =
            self.products.get(&product_id).cloned().ok_or(ControlError::UnknownUnit(product_id))?;
        let of_variants = product
            .variants
            .iter_mut()
            .flat_map(|variant| &mut variant.options)
            .filter(|(name, _)| name == attribute)
            .map(|(_, value)| value);
        let offered = product
            .attributes
            .iter_mut()
            .filter(|known| known.name == attribute)
            .flat_map(|known| &mut known.options)
            .map(|(_, value)| value);
        for option in of_variants.chain(offered).filter(|option| *option == value) {
            becomes.clone_into(option);
        }
        self.keep_edited(product, now);
        Ok(())
    }

    /// Renames and moves a category without the API's limits.
    pub(super) fn control_category(&mut self, id: u64, change: &Map<String, Value>) -> Value {
        let Some(category) = self.categories.get_mut(&id) else { return json!({"done": false}) };
        if let Some(name) = change.get("name").and_then(Value::as_str) {
            name.clone_into(&mut category.name);
        }
        if let Some(parent) = change.get("parent_id").and_then(Value::as_u64) {
            category.parent_id = parent;
        }
        json!({"done": true})
    }
}
