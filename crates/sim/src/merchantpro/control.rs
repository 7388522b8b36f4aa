//! What a shop's people and customers do, for tests and the demo.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::{
    MerchantProSandbox,
    errors::ApiError,
    limits::CallCounts,
    new_records::{NewOrder, NewProduct},
    order_writes::stock_differences,
    placing::set_payment,
    settings::{ShopSettings, Windows},
    state::{Category, Image, Order, Product, ProductKind, Shop, Tax, Unit, Variant, take},
    statuses::{PaymentStatus, ShippingStatus},
    webhooks::WebhookDelivery,
};
use crate::locked;

/// Why a wish could not be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("there is no sellable product or variant {0}")]
    UnknownUnit(u64),
    #[error("product or variant {0} has less in stock than is asked for")]
    OutOfStock(u64),
    #[error("there is no order {0}")]
    UnknownOrder(String),
    #[error("there is no row {0} in the order")]
    UnknownRow(String),
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The API's own words.
    #[error("{0}")]
    Refused(String),
}

impl From<ApiError> for ControlError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.message)
    }
}

impl MerchantProSandbox {
    /// Changes settings while everything runs.
    pub fn configure(&self, change: impl FnOnce(&mut ShopSettings)) {
        change(&mut locked(&self.shop).settings);
    }

    /// Switches the rate windows; `None` is off.
    pub fn set_windows(&self, windows: Option<Windows>) {
        self.configure(|settings| settings.windows = windows);
    }

    /// Moves the shop's time against the caller's by that much more.
    pub fn move_time(&self, by: SignedDuration) {
        let mut shop = locked(&self.shop);
        shop.offset = shop.offset.saturating_add(by);
    }

    /// Adds a category under `parent_id` (0 is the root) and returns its id.
    pub fn add_category(&self, name: &str, parent_id: u64) -> u64 {
        let mut shop = locked(&self.shop);
        let id = take(&mut shop.next.category);
        let category = Category {
            id,
            name: name.to_owned(),
            description: String::new(),
            meta_title: String::new(),
            meta_description: String::new(),
            parent_id,
            page_template: "products".to_owned(),
            active: true,
        };
        shop.categories.insert(id, category);
        id
    }

    /// Adds a tax of `percent` and returns its id.
    pub fn add_tax(&self, name: &str, percent: Decimal) -> u64 {
        let mut shop = locked(&self.shop);
        let id = take(&mut shop.next.tax);
        shop.taxes.insert(id, Tax { id, name: name.to_owned(), value: percent });
        id
    }

    /// Adds a product and returns its id; its variants take the ids that follow.
    pub fn add_product(&self, new: NewProduct, now: Timestamp) -> u64 {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.add_product(new, now)
    }

    /// Edits a product as the API's PATCH would, without its limits.
    pub fn edit_product(
        &self,
        id: u64,
        fields: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.update_product(id, fields, false, now)?;
        Ok(())
    }

    /// Deletes a product with its variants; false when there was none.
    pub fn delete_product(&self, id: u64) -> bool {
        locked(&self.shop).remove_product(id)
    }

    /// A person types a stock figure; false when there is no such unit.
    pub fn edit_stock(&self, unit_id: u64, stock: Decimal) -> bool {
        locked(&self.shop).edit_stock(unit_id, stock)
    }

    /// The stock of a product or variant.
    pub fn stock(&self, unit_id: u64) -> Option<Decimal> {
        locked(&self.shop).unit(unit_id).map(|(_, unit, _)| unit.stock)
    }

    /// Id, SKU and stock of every sellable unit, by id.
    pub fn units(&self) -> Vec<(u64, String, Decimal)> {
        locked(&self.shop).units()
    }

    /// The product as the API shows it, with variants and images.
    pub fn product(&self, id: u64) -> Option<Value> {
        let shop = locked(&self.shop);
        shop.full_product(id, shop.last_seen)
    }

    /// A customer orders; returns the order's id.
    pub fn place_order(&self, order: NewOrder, now: Timestamp) -> Result<String, ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.place(order, now)
    }

    /// The order as the API shows it, with everything included.
    pub fn order(&self, id: &str) -> Option<Value> {
        locked(&self.shop).full_order(id)
    }

    /// All orders, oldest first.
    pub fn orders(&self) -> Vec<Value> {
        let shop = locked(&self.shop);
        shop.orders.values().filter_map(|order| shop.full_order(&order.id)).collect()
    }

    /// The shop's staff or its payment gateway changes the payment.
    pub fn set_payment_status(
        &self,
        id: &str,
        status: PaymentStatus,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.pay(id, status, now)
    }

    /// The shop's staff moves the order; the same moves are legal as through the API, and `confirmed` too.
    pub fn set_shipping_status(
        &self,
        id: &str,
        status: ShippingStatus,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        Ok(shop.move_order(id, status, now)?)
    }

    /// Cancels an open order.
    pub fn cancel_order(&self, id: &str, now: Timestamp) -> Result<(), ControlError> {
        self.set_shipping_status(id, ShippingStatus::Cancelled, now)
    }

    /// The shop's staff changes a line's quantity; zero removes it.
    pub fn edit_order_line(
        &self,
        id: &str,
        row_id: &str,
        quantity: Decimal,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.edit_line(id, row_id, quantity, now)
    }

    /// What the total holds beyond its lines becomes `amount`; zero makes it add up.
    pub fn set_unexplained(&self, id: &str, amount: Decimal, now: Timestamp) -> Result<(), ControlError> {
        self.edit_order(id, now, |order| order.unexplained = amount)
    }

    /// The shop's staff corrects the address that an order is billed (and, without another, shipped) to.
    pub fn set_street(&self, id: &str, street: &str, now: Timestamp) -> Result<(), ControlError> {
        self.edit_order(id, now, |order| order.billing.address = Some(street.to_owned()))
    }

    fn edit_order(
        &self,
        id: &str,
        now: Timestamp,
        edit: impl FnOnce(&mut Order),
    ) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        let mut order = shop.order(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?.clone();
        edit(&mut order);
        shop.replace_order(order, BTreeMap::new(), now);
        Ok(())
    }

    /// Splits an order into one child per group of row ids and returns the children's ids. Rows no group names
    /// stay with the first.
    pub fn split_order(
        &self,
        id: &str,
        groups: Vec<Vec<String>>,
        now: Timestamp,
    ) -> Result<Vec<String>, ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        shop.split(id, &groups, now)
    }

    /// The shop's staff enters a waybill.
    pub fn set_waybill(&self, id: &str, waybill: &str, now: Timestamp) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        let order = shop.order_mut(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?;
        order.shipping_awb = Some(waybill.to_owned());
        order.modified = now;
        Ok(())
    }

    /// The shop's staff deletes an order; false when there was none. Its goods are not put back.
    pub fn delete_order(&self, id: &str) -> bool {
        locked(&self.shop).remove_order(id).is_some()
    }

    /// A customer asks to return goods.
    pub fn add_return_request(&self, id: &str, status: &str, now: Timestamp) -> Result<(), ControlError> {
        let mut shop = locked(&self.shop);
        let now = shop.time(now);
        let number = shop.small_id();
        let order = shop.order_mut(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?;
        order.rma_requests.push((number, status.to_owned()));
        order.modified = now;
        Ok(())
    }

    /// Calls per API key.
    pub fn calls(&self) -> BTreeMap<String, CallCounts> {
        locked(&self.shop).calls()
    }

    /// Webhook deliveries since the last time, oldest first.
    pub fn take_webhooks(&self) -> Vec<WebhookDelivery> {
        locked(&self.shop).webhooks.drain(..).collect()
    }
}

impl Shop {
    pub(super) fn add_product(&mut self, new: NewProduct, now: Timestamp) -> u64 {
        let mut product = self.blank_product(now);
        let derivation = self.derivation(new.tax_id);
        let price = derivation.complete(new.price_net, new.price_gross).unwrap_or_default();
        product.unit = Unit {
            sku: new.sku,
            ean: new.ean,
            ext_ref: new.ext_ref,
            inventory_enabled: new.tracked,
            stock: new.stock,
            allow_backorders: new.allow_backorders,
            price,
            weight: new.weight,
            active: new.active,
            visible: new.visible,
            ..Unit::default()
        };
        product.name = new.name;
        product.description = new.description;
        product.tax_id = new.tax_id;
        product.quantity_multiplier = new.quantity_multiplier;
        product.category_id = new.category_id;
        product.categories = new.category_id.into_iter().collect();
        product.manufacturer = new.manufacturer_name.map(|name| self.manufacturer(&name));
        product.is_new = new.is_new;
        product.meta_fields = new.meta_fields;
        for url in new.images {
            let id = self.small_id();
            product.images.push(Image { id, url, caption: String::new(), visible_from: now });
        }
        if !new.variants.is_empty() {
            product.kind = ProductKind::MultiVariant;
            product.unit.stock = Decimal::ZERO;
        }
        for variant in new.variants {
            let own = derivation.complete(variant.price_net, variant.price_gross);
            let unit = Unit {
                sku: variant.sku,
                ean: variant.ean,
                ext_ref: variant.ext_ref,
                inventory_enabled: new.tracked,
                stock: variant.stock,
                allow_backorders: variant.allow_backorders,
                price: own.unwrap_or(price),
                weight: new.weight,
                ..Unit::default()
            };
            product.variants.push(Variant { id: take(&mut self.next.unit), unit, options: variant.options });
        }
        self.complete_attributes(&mut product);
        let id = product.id;
        self.store_product(product);
        self.emit("product.created", |shop| shop.full_product(id, now));
        id
    }

    pub(super) fn edit_stock(&mut self, unit_id: u64, stock: Decimal) -> bool {
        if self.is_parent(unit_id) {
            return false;
        }
        let now = self.last_seen;
        let Some(unit) = self.unit_mut(unit_id) else { return false };
        unit.stock = stock;
        let product_id = self.parents.get(&unit_id).copied().unwrap_or(unit_id);
        if let Some(product) = self.products.get_mut(&product_id) {
            product.modified = product.modified.max(now);
        }
        self.emit("product.updated", |shop| shop.full_product(product_id, now));
        true
    }

    pub(super) fn units(&self) -> Vec<(u64, String, Decimal)> {
        let row = |id: u64, unit: &Unit| (id, unit.sku.clone().unwrap_or_default(), unit.stock);
        let mut units: Vec<_> = self
            .products
            .values()
            .flat_map(|product: &Product| {
                let own = (product.kind != ProductKind::MultiVariant).then(|| row(product.id, &product.unit));
                own.into_iter()
                    .chain(product.variants.iter().map(move |variant| row(variant.id, &variant.unit)))
            })
            .collect();
        units.sort_by_key(|(id, _, _)| *id);
        units
    }

    pub(super) fn pay(
        &mut self,
        id: &str,
        status: PaymentStatus,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let order = self.order_mut(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?;
        set_payment(order, status, now);
        order.modified = now;
        self.emit("order.updated", |shop| shop.full_order(id));
        Ok(())
    }

    pub(super) fn edit_line(
        &mut self,
        id: &str,
        row_id: &str,
        quantity: Decimal,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let mut order = self.order(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?.clone();
        let former = order.lines.clone();
        let line = order.lines.iter_mut().find(|line| line.row_id == row_id);
        line.ok_or_else(|| ControlError::UnknownRow(row_id.to_owned()))?.quantity = quantity;
        order.lines.retain(|line| !line.quantity.is_zero());
        let differences = stock_differences(&former, &order.lines);
        self.replace_order(order, differences, now);
        Ok(())
    }

    pub(super) fn calls(&self) -> BTreeMap<String, CallCounts> {
        self.meters.iter().map(|(key, meter)| (key.clone(), meter.counts)).collect()
    }
}
