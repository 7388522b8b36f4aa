//! `POST`, `PATCH` and `DELETE` of orders.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{
    Answer,
    errors::ApiError,
    json::{decimal, need_decimal, need_list, need_text, need_whole, optional_text, read_php_map},
    placing::set_payment,
    pricing::{Price, gross_of, net_of},
    state::{Address, Line, Order, Shop},
    statuses::{PaymentStatus, ShippingStatus},
};

/// Known and not writable; clients send back what they read, so they are left alone (inferred).
const READ_ONLY: [&str; 48] = [
    "id",
    "sys_id",
    "parent_id",
    "public_code",
    "channel_id",
    "order_checkout_id",
    "has_returns",
    "is_cancellable",
    "is_returnable",
    "payment_status_text",
    "payment_details",
    "payment_date",
    "shipping_status_text",
    "shipping_delivery_info",
    "carrier_tracking",
    "fulfillment_info",
    "date_shipped",
    "date_delivered",
    "shipping_tax_percent",
    "shipping_tax_amount",
    "shipping_cod_amount",
    "order_adjustments",
    "subtotal_excluding_tax",
    "subtotal_including_tax",
    "tax_amount",
    "subtotal_amount",
    "total_amount",
    "paid_amount",
    "wallet_amount",
    "customer_id",
    "customer_ip_address",
    "customer_ip_country",
    "customer_lang",
    "date_created",
    "date_modified",
    "created_by",
    "source_type",
    "traffic_source",
    "source_referrer",
    "tags",
    "rma_requests",
    "warehouse_count",
    "bank_name",
    "bank_account",
    "info_url",
    "proforma_url",
    "invoice",
    "invoices",
];

impl Shop {
    /// 201 with the whole order. Stock is lowered as for a shop order; there is no idempotency key (inferred).
    pub(super) fn create_order(
        &mut self,
        body: &Map<String, Value>,
        ignore_unknown: bool,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let mut order = self.blank_order("system", now);
        order.shipping = Some(Address::default());
        let entries = body
            .get("line_items")
            .ok_or_else(|| ApiError::bad_request("missing_field", "Field `line_items` is required"))?;
        for (key, value) in body {
            self.write_order_field(&mut order, key, value, true, ignore_unknown, now)?;
        }
        if order.shipping.as_ref().is_some_and(|address| address.name.is_none() && address.address.is_none())
        {
            order.shipping = None;
        }
        order.lines = self.read_lines(need_list("line_items", entries)?, &[])?;
        if order.lines.is_empty() {
            return Err(ApiError::invalid("line_items", "a list that is not empty"));
        }
        let id = self.commit_new(order, now);
        Ok(Answer::new(StatusCode::CREATED, self.full_order(&id)))
    }

    /// The complete updated order (seen live).
    pub(super) fn update_order(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
        ignore_unknown: bool,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        // A copy, so that a refused field leaves nothing behind.
        let mut order = self.order(id).ok_or_else(ApiError::not_found)?.clone();
        for (key, value) in body {
            self.write_order_field(&mut order, key, value, false, ignore_unknown, now)?;
        }
        let mut differences = BTreeMap::new();
        if let Some(entries) = body.get("line_items") {
            // The list replaces the former one: a line that is not sent is lost (seen in a client).
            let lines = self.read_lines(need_list("line_items", entries)?, &order.lines)?;
            differences = stock_differences(&order.lines, &lines);
            order.lines = lines;
        }
        self.replace_order(order, differences, now);
        Ok(Answer::ok(self.full_order(id)))
    }

    /// Puts an edited order in place; `differences` are quantities sold more (positive) or less per unit.
    pub(super) fn replace_order(
        &mut self,
        mut order: Order,
        differences: BTreeMap<u64, Decimal>,
        now: Timestamp,
    ) {
        order.modified = now;
        if self.settings.line_edits_move_stock && order.shipping_status.holds_stock() {
            for (unit_id, more) in differences {
                self.move_stock(unit_id, -more, now);
            }
        }
        let id = order.id.clone();
        self.store_order(order);
        self.emit("order.updated", |shop| shop.full_order(&id));
    }

    /// An open order's goods go back as on cancellation (inferred).
    pub(super) fn delete_order(&mut self, id: &str, now: Timestamp) -> Result<Answer, ApiError> {
        let order = self.remove_order(id).ok_or_else(ApiError::not_found)?;
        if order.shipping_status.is_open() && self.settings.restock_on_cancel {
            self.release_goods(&order.lines, now);
        }
        Ok(Answer::deleted())
    }

    fn write_order_field(
        &self,
        order: &mut Order,
        key: &str,
        value: &Value,
        creating: bool,
        ignore_unknown: bool,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        match key {
            "line_items" => {}
            "payment_status" => {
                let status = PaymentStatus::read(&need_text(key, value)?);
                set_payment(order, status.ok_or_else(|| ApiError::invalid(key, "a payment status"))?, now);
            }
            "payment_method_code" => {
                order.payment_method_code = need_text(key, value)?;
                order.payment_method_name = self.payment_method_name(&order.payment_method_code);
            }
            // The name belongs to the code: only the code is written (documented for POST).
            "payment_method_name" => {}
            "shipping_status" if creating => {
                let status = ShippingStatus::read(&need_text(key, value)?);
                order.shipping_status = status.ok_or_else(|| ApiError::invalid(key, "a shipping status"))?;
            }
            // Later only actions move it (documented for POST and actions); refusing is inferred.
            "shipping_status" => {
                if need_text(key, value)? != order.shipping_status.as_str() {
                    return Err(ApiError::bad_request(
                        "read_only_field",
                        "Field `shipping_status` is changed through actions",
                    ));
                }
            }
            "shipping_substatus_id" => {
                order.shipping_substatus_id =
                    if value.is_null() { None } else { Some(need_whole(key, value)?) };
            }
            "shipping_method_id" => {
                order.shipping_method_id = need_whole(key, value)?;
                order.shipping_method_name = self.shipping_method_name(order.shipping_method_id);
            }
            "shipping_method_name" | "shipping_carrier_id" => {}
            "shipping_amount" => {
                order.shipping_gross =
                    if value.is_null() { Decimal::ZERO } else { need_decimal(key, value)? };
            }
            "shipping_awb" => order.shipping_awb = optional_text(key, value)?,
            "awb_url" => order.awb_url = optional_text(key, value)?,
            "erp_id" => {
                let reference = optional_text(key, value)?;
                if self.settings.keeps_erp_id {
                    order.erp_id = reference;
                }
            }
            "currency" => order.currency = need_text(key, value)?,
            "customer_email" => order.customer_email = optional_text(key, value)?,
            "customer_device" => order.customer_device = optional_text(key, value)?,
            "customer_note" => order.customer_note = optional_text(key, value)?,
            "meta_fields" => order.meta_fields.extend(read_php_map(key, value)?),
            "shipping_as_billing" => {
                if value.as_bool().unwrap_or(false) {
                    order.shipping = None;
                }
            }
            _ if self.write_address_field(order, key, value)? => {}
            _ if READ_ONLY.contains(&key) || ignore_unknown => {}
            _ => return Err(ApiError::undefined_field(key)),
        }
        Ok(())
    }

    fn write_address_field(&self, order: &mut Order, key: &str, value: &Value) -> Result<bool, ApiError> {
        if let Some(suffix) = key.strip_prefix("billing_") {
            let mut company = order.billing.company.clone().unwrap_or_default();
            match suffix {
                "type" => {
                    let is_company = need_text(key, value)? == "company";
                    order.billing.company = is_company.then_some(company);
                    return Ok(true);
                }
                "company_name" => company.name = optional_text(key, value)?,
                "company_vat" => company.vat = optional_text(key, value)?,
                "company_registration_number" => company.registration = optional_text(key, value)?,
                _ => return order.billing.write_field(suffix, key, value),
            }
            let filled = company.name.is_some() || company.vat.is_some() || company.registration.is_some();
            order.billing.company = filled.then_some(company);
            return Ok(true);
        }
        let Some(suffix) = key.strip_prefix("shipping_") else { return Ok(false) };
        let mut address = order.shipping.clone().unwrap_or_else(|| order.billing.clone());
        let known = address.write_field(suffix, key, value)?;
        if known {
            order.shipping = Some(address);
        }
        Ok(known)
    }

    fn read_lines(&mut self, entries: &[Value], former: &[Line]) -> Result<Vec<Line>, ApiError> {
        entries.iter().map(|entry| self.read_line(entry, former)).collect()
    }

    /// A line is known by `row_id`, or by `id` holding the same (seen in a client); other lines are new.
    fn read_line(&mut self, entry: &Value, former: &[Line]) -> Result<Line, ApiError> {
        let fields = entry.as_object().ok_or_else(|| ApiError::invalid("line_items", "a list of objects"))?;
        let key = ["id", "row_id"].into_iter().find_map(|key| fields.get(key).and_then(Value::as_str));
        let known = key.and_then(|key| former.iter().find(|line| line.row_id == key)).cloned();
        let is_new = known.is_none();
        let mut line = match known {
            Some(line) => line,
            None => self.new_line(fields)?,
        };
        match fields.get("quantity") {
            Some(quantity) => line.quantity = need_decimal("quantity", quantity)?,
            None if is_new => return Err(ApiError::invalid("quantity", "a number")),
            None => {}
        }
        let given = |key: &str| fields.get(key).and_then(decimal);
        let (net, gross) = (given("unit_price_net"), given("unit_price_gross"));
        // Written back as read, a price stays as it is; otherwise gross wins (inferred).
        let same =
            net.is_none_or(|net| net == line.unit.net) && gross.is_none_or(|gross| gross == line.unit.gross);
        if !same {
            line.unit = match (gross, net) {
                (Some(gross), _) => Price { net: net_of(gross, line.tax_percent), gross },
                (None, Some(net)) => Price { net, gross: gross_of(net, line.tax_percent, 2) },
                (None, None) => line.unit,
            };
        }
        if let Some(id) = fields.get("status").and_then(|status| status.get("id")) {
            line.status_id = Some(need_whole("status.id", id)?);
        }
        if let Some(meta) = fields.get("meta_fields") {
            line.meta_fields = read_php_map("meta_fields", meta)?;
        }
        Ok(line)
    }

    fn new_line(&mut self, fields: &Map<String, Value>) -> Result<Line, ApiError> {
        let text = |key: &str| need_text(key, fields.get(key).unwrap_or(&Value::Null));
        let product_id = match fields.get("product_id") {
            None | Some(Value::Null) => 0,
            Some(value) => need_whole("product_id", value)?,
        };
        let zero = Decimal::ZERO;
        let given = |key: &str| fields.get(key).and_then(decimal);
        if product_id == 0 {
            let rate = given("product_tax_percent").unwrap_or(zero);
            let item_type = text("item_type")?;
            let item_type = if item_type.is_empty() { "product" } else { &item_type };
            let mut line = self.free_line(item_type, &text("product_name")?, rate, Price::default());
            line.sku = optional_text("product_sku", fields.get("product_sku").unwrap_or(&Value::Null))?;
            return Ok(line);
        }
        let line = if self.is_parent(product_id) { None } else { self.goods_line(product_id, zero, None) };
        line.ok_or_else(|| ApiError::invalid("product_id", "the id of a product or variant"))
    }
}

impl Address {
    fn write_field(&mut self, suffix: &str, key: &str, value: &Value) -> Result<bool, ApiError> {
        let id = |value: &Value| if value.is_null() { Ok(None) } else { need_whole(key, value).map(Some) };
        match suffix {
            "name" => self.name = optional_text(key, value)?,
            "country_id" => self.country_id = id(value)?,
            "country_code" => self.country_code = optional_text(key, value)?,
            "country_name" => self.country_name = optional_text(key, value)?,
            "state_id" => self.state_id = id(value)?,
            "state" => self.state = optional_text(key, value)?,
            "district" => self.district = optional_text(key, value)?,
            "city" => self.city = optional_text(key, value)?,
            "address" => self.address = optional_text(key, value)?,
            "postal_code" => self.postal_code = optional_text(key, value)?,
            "phone" => self.phone = optional_text(key, value)?,
            // Made from the other parts.
            "full_address" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Quantities sold more, per unit.
pub(super) fn stock_differences(former: &[Line], lines: &[Line]) -> BTreeMap<u64, Decimal> {
    let mut differences: BTreeMap<u64, Decimal> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.is_goods()) {
        *differences.entry(line.product_id).or_default() += line.quantity;
    }
    for line in former.iter().filter(|line| line.is_goods()) {
        *differences.entry(line.product_id).or_default() -= line.quantity;
    }
    differences
}
