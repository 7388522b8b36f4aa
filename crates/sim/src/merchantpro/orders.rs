//! `/orders`: lists, single orders and their arithmetic.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    errors::ApiError,
    filters::DateCondition,
    json::{number, php_map},
    paging::{Page, Query, choose_fields, envelope},
    pricing::net_of,
    settings::ParentId,
    state::{Address, Line, Order, Shop},
    statuses::{PaymentStatus, ShippingStatus},
    times,
};

/// Sub-resources of an order, shown when asked for.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub line_items: bool,
    pub tags: bool,
    pub rma_requests: bool,
    pub invoice: bool,
}

impl Shown {
    pub const PLAIN: Self = Self { line_items: false, tags: false, rma_requests: false, invoice: true };
    pub const ALL: Self = Self { line_items: true, tags: true, rma_requests: true, invoice: true };
}

/// Sums of an order, exact.
pub(super) struct Totals {
    pub net: Decimal,
    pub gross: Decimal,
    pub shipping_tax: Decimal,
    pub tax: Decimal,
    pub subtotal: Decimal,
    pub total: Decimal,
}

impl Order {
    /// Rules read from captures: goods include discount lines; tax is the lines' and the shipping's.
    pub(super) fn totals(&self) -> Totals {
        let net: Decimal = self.lines.iter().map(Line::net).sum();
        let gross: Decimal = self.lines.iter().map(Line::gross).sum();
        let shipping_tax = self.shipping_gross - net_of(self.shipping_gross, self.shipping_tax_percent);
        let subtotal = gross + self.shipping_gross;
        Totals {
            net,
            gross,
            shipping_tax,
            tax: gross - net + shipping_tax,
            subtotal,
            total: subtotal - self.wallet + self.unexplained,
        }
    }
}

impl Shop {
    pub(super) fn list_orders(&self, query: &Query) -> Result<Value, ApiError> {
        let page = Page::read(query, &self.settings)?;
        let filters = self.order_filters(query)?;
        let sort = query.sort(&["date_created", "date_modified", "id"])?;
        let named = filters.iter().find_map(|filter| match filter {
            OrderFilter::Ids(ids) => Some(ids),
            _ => None,
        });
        let candidates: Box<dyn Iterator<Item = &Order>> = match named {
            Some(ids) => Box::new(ids.iter().filter_map(|id| self.order(id))),
            None => Box::new(self.orders.values()),
        };
        let mut found: Vec<&Order> =
            candidates.filter(|order| filters.iter().all(|filter| filter.holds(order))).collect();
        // Without `sort` by internal number, ascending (inferred).
        let (field, descending) = sort.unwrap_or(("id", false));
        found.sort_by_key(|order| {
            let moment = match field {
                "date_created" => Some(order.created),
                "date_modified" => Some(order.modified),
                _ => None,
            };
            let zone = self.settings.sorts_by_local_time.then_some(&self.settings.zone);
            (moment.map(|at| times::as_sorted(at, zone)), order.sys_id)
        });
        if descending {
            found.reverse();
        }
        let shown = self.order_includes(query);
        let fields = query.list("fields");
        let rows = page.of(&found).iter().map(|order| self.order_row(order, shown, &fields)).collect();
        Ok(envelope("/api/v2/orders", query, page, found.len(), rows))
    }

    pub(super) fn read_order(&self, id: &str, query: &Query) -> Result<Value, ApiError> {
        let order = self.order(id).ok_or_else(ApiError::not_found)?;
        Ok(self.order_row(order, self.order_includes(query), &query.list("fields")))
    }

    /// The order with everything.
    pub(super) fn full_order(&self, id: &str) -> Option<Value> {
        self.order(id).map(|order| self.order_row(order, Shown::ALL, &[]))
    }

    fn order_includes(&self, query: &Query) -> Shown {
        Shown {
            line_items: self.settings.line_items_always || query.includes("line_items"),
            tags: query.includes("tags"),
            rma_requests: query.includes("rma_requests"),
            invoice: true,
        }
    }

    pub(super) fn order_row(&self, order: &Order, shown: Shown, fields: &[String]) -> Value {
        let mut row = self.order_json(order);
        let mut included = Vec::new();
        if shown.line_items {
            let lines = order.lines.iter().map(|line| self.line_json(line)).collect();
            row.insert("line_items".to_owned(), Value::Array(lines));
            included.push("line_items");
        }
        if shown.tags {
            let tags = order.tags.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
            row.insert("tags".to_owned(), Value::Array(tags));
            included.push("tags");
        }
        if shown.rma_requests {
            let requests = order.rma_requests.iter().map(|(id, status)| json!({"id": id, "status": status}));
            row.insert("rma_requests".to_owned(), requests.collect());
            included.push("rma_requests");
        }
        if !shown.invoice {
            row.remove("invoice");
            row.remove("invoices");
        }
        choose_fields(row, fields, &included)
    }

    fn order_json(&self, order: &Order) -> Map<String, Value> {
        let settings = &self.settings;
        let zone = &settings.zone;
        let language = settings.language;
        let totals = order.totals();
        let paid = order.payment_status == PaymentStatus::Paid;
        // To collect at the door: the total of an unpaid cash-on-delivery order (seen live).
        let collect = order.payment_method_code == "cash_delivery" && !paid;
        let mut row = Map::new();
        let mut set = |key: &str, value: Value| row.insert(key.to_owned(), value);
        set("id", json!(order.id));
        set("sys_id", json!(order.sys_id));
        set("public_code", json!(order.public_code));
        set("channel_id", Value::Null);
        set("erp_id", json!(order.erp_id));
        set("has_returns", json!(!order.rma_requests.is_empty()));
        set("is_cancellable", json!(order.shipping_status.may_become(ShippingStatus::Cancelled)));
        set("is_returnable", json!(order.shipping_status.may_become(ShippingStatus::Returned)));
        set("payment_status", json!(order.payment_status.as_str()));
        set("payment_status_text", json!(order.payment_status.text(language)));
        set("payment_method_code", json!(order.payment_method_code));
        set("payment_method_name", json!(order.payment_method_name));
        set(
            "payment_details",
            order.payment_reference.as_ref().map_or_else(|| json!([]), |text| json!({"reference": text})),
        );
        set("payment_date", order.payment_date.map_or(Value::Null, |at| times::without_zone(at, zone)));
        set("shipping_status", json!(order.shipping_status.as_str()));
        set("shipping_status_text", json!(order.shipping_status.text(language)));
        set("shipping_method_id", json!(order.shipping_method_id));
        set("shipping_method_name", json!(order.shipping_method_name));
        set("shipping_delivery_info", json!({"delivery_time": "1-2"}));
        set("shipping_amount", number(order.shipping_gross));
        set("shipping_tax_percent", number(order.shipping_tax_percent));
        set("shipping_tax_amount", number(totals.shipping_tax));
        set("shipping_cod_amount", number(if collect { totals.total } else { Decimal::ZERO }));
        set("order_adjustments", Value::Null);
        set("subtotal_excluding_tax", number(totals.net));
        set("subtotal_including_tax", number(totals.gross));
        set("tax_amount", number(totals.tax));
        set("subtotal_amount", number(totals.subtotal));
        set("total_amount", number(totals.total));
        set("paid_amount", number(if paid { totals.total } else { Decimal::ZERO }));
        set("currency", json!(order.currency));
        set("customer_id", json!(order.customer_id));
        set("customer_email", json!(order.customer_email));
        set("customer_ip_address", Value::Null);
        set("customer_ip_country", Value::Null);
        set("customer_device", json!(order.customer_device));
        set("customer_lang", json!(language.locale()));
        set("customer_note", json!(order.customer_note));
        set("date_created", times::with_offset(order.created, zone));
        set("date_modified", times::with_offset(order.modified, zone));
        set("created_by", json!(order.created_by));
        set("source_type", json!(order.created_by));
        set("bank_name", Value::Null);
        set("bank_account", Value::Null);
        set("info_url", json!(format!("https://{}/comanda/info/{}", settings.host, order.public_code)));
        set(
            "proforma_url",
            json!(format!("https://{}/comanda/proforma/{}", settings.host, order.public_code)),
        );
        set("shipping_as_billing", json!(order.shipping.is_none()));
        set(
            "carrier_tracking",
            order.shipping_awb.as_ref().map_or_else(
                || json!([]),
                |awb| {
                    let link = format!("https://{}/awb/{awb}", settings.host);
                    json!({"name": order.shipping_method_name, "url": link})
                },
            ),
        );
        // Absent until they mean something (seen live).
        if let Some((sys_id, id)) = &order.parent {
            let shown = match settings.parent_id {
                ParentId::OrderNumber => json!(base_number(id).parse::<u64>().unwrap_or(*sys_id)),
                ParentId::SystemNumber => json!(sys_id),
            };
            set("parent_id", shown);
        }
        if let Some(id) = order.shipping_substatus_id {
            set("shipping_substatus_id", json!(id));
        }
        if let Some(awb) = &order.shipping_awb {
            set("shipping_awb", json!(awb));
        }
        if let Some(url) = &order.awb_url {
            set("awb_url", json!(url));
        }
        if let Some(at) = order.date_shipped {
            set("date_shipped", times::with_offset(at, zone));
        }
        if let Some(at) = order.date_delivered {
            set("date_delivered", times::with_offset(at, zone));
        }
        if !order.wallet.is_zero() {
            set("wallet_amount", number(order.wallet));
        }
        if !order.meta_fields.is_empty() {
            set("meta_fields", php_map(&order.meta_fields));
        }
        if let Some(invoice) = &order.invoice {
            let entry = json!({
                "id": invoice.id, "prefix": "MP", "number": invoice.number.to_string(), "app": "internal",
                "cancelled": false, "ref_id": null, "date": times::without_zone(invoice.date, zone),
                "url": format!("https://{}/factura/{}", settings.host, order.public_code),
            });
            set("invoices", json!([entry]));
            set("invoice", entry);
        }
        order.billing.write_json(&mut row, "billing");
        order.shipping.as_ref().unwrap_or(&order.billing).write_json(&mut row, "shipping");
        // Only the billing set tells people from companies.
        let kind = if order.billing.company.is_some() { "company" } else { "individual" };
        row.insert("billing_type".to_owned(), json!(kind));
        if let Some(company) = &order.billing.company {
            // The names of company fields are unconfirmed (inferred).
            row.insert("billing_company_name".to_owned(), json!(company.name));
            row.insert("billing_company_vat".to_owned(), json!(company.vat));
            row.insert("billing_company_registration_number".to_owned(), json!(company.registration));
        }
        row
    }

    fn line_json(&self, line: &Line) -> Value {
        let (net, gross) = (line.net(), line.gross());
        let stock = self.unit(line.product_id).map_or(Decimal::ZERO, |(_, unit, _)| unit.stock);
        let mut row = Map::new();
        let mut set = |key: &str, value: Value| row.insert(key.to_owned(), value);
        set("row_id", json!(line.row_id));
        set("item_type", json!(line.item_type));
        set("product_id", json!(line.product_id));
        set("product_sku", json!(line.sku));
        set("product_ean", json!(line.ean));
        set("product_erp_id", json!(line.ext_ref));
        set("product_name", json!(line.name));
        set("product_url", json!(line.url));
        set("product_image_url", json!(line.image_url));
        set("product_tax_name", json!(line.tax_name));
        set("product_tax_percent", number(line.tax_percent));
        set("product_availability_id", json!(line.availability_id));
        set("category_id", json!(line.category.as_ref().map(|(id, _)| id)));
        set("category_name", json!(line.category.as_ref().map(|(_, name)| name)));
        set("manufacturer_id", json!(line.manufacturer.as_ref().map(|(id, _)| id)));
        set("manufacturer_name", json!(line.manufacturer.as_ref().map(|(_, name)| name)));
        set("quantity", number(line.quantity));
        set("unit_price_net", number(line.unit.net));
        set("unit_tax_amount", number(line.unit.gross - line.unit.net));
        set("unit_price_gross", number(line.unit.gross));
        set("line_subtotal_net", number(net));
        set("line_tax_amount", number(gross - net));
        set("line_subtotal_gross", number(gross));
        set("weight", number(line.weight));
        set("stock_snapshot", number(line.stock_snapshot));
        // The one quantity that is a text (seen live).
        set("product_stock", json!(format!("{stock:.3}")));
        set("backorder_quantity", number(line.backorder));
        set("gift_card_delivery", Value::Null);
        if let Some(regular) = line.regular {
            set("unit_price_regular", number(regular));
        }
        if let Some(id) = line.status_id {
            set("status", json!({"id": id, "name": format!("Status {id}"), "color": "#3C763DFF"}));
        }
        if !line.meta_fields.is_empty() {
            set("meta_fields", php_map(&line.meta_fields));
        }
        if !line.is_goods() {
            let shares = line.applied_discounts.iter();
            let shares = shares.map(|(id, amount)| json!({"product_id": id, "amount": number(*amount)}));
            set("applied_discounts", shares.collect());
        }
        Value::Object(row)
    }

    fn order_filters(&self, query: &Query) -> Result<Vec<OrderFilter>, ApiError> {
        let zone = &self.settings.filter_zone;
        let mut filters = Vec::new();
        for (key, value) in query.filters() {
            let wrong = || ApiError::invalid(key, "one of its documented values");
            let filter = match key {
                "created_after" => OrderFilter::Created(DateCondition::after(key, value, zone)?),
                "created_before" => OrderFilter::Created(DateCondition::before(key, value, zone)?),
                "ids" => OrderFilter::Ids(value.split(',').map(|id| id.trim().to_owned()).collect()),
                "id" => OrderFilter::Ids(BTreeSet::from([value.to_owned()])),
                // `status` is sent by one client and never checked; read as the shipping status (inferred).
                "shipping_status" | "status" => {
                    OrderFilter::Shipping(ShippingStatus::read(value).ok_or_else(wrong)?)
                }
                "payment_status" => OrderFilter::Payment(PaymentStatus::read(value).ok_or_else(wrong)?),
                "payment_method_code" => OrderFilter::Method(value.to_owned()),
                "shipping_substatus_id" => OrderFilter::Substatus(value.parse().map_err(|_| wrong())?),
                _ => match DateCondition::bracketed("created", key, value, zone)? {
                    Some(condition) => OrderFilter::Created(condition),
                    None if self.settings.orders_modified_filter => {
                        let condition = DateCondition::bracketed("modified", key, value, zone)?;
                        OrderFilter::Modified(condition.ok_or_else(|| ApiError::undefined_filter(key))?)
                    }
                    None => return Err(ApiError::undefined_filter(key)),
                },
            };
            filters.push(filter);
        }
        Ok(filters)
    }
}

enum OrderFilter {
    Created(DateCondition),
    Modified(DateCondition),
    Ids(BTreeSet<String>),
    Shipping(ShippingStatus),
    Payment(PaymentStatus),
    Method(String),
    Substatus(u64),
}

impl OrderFilter {
    fn holds(&self, order: &Order) -> bool {
        match self {
            Self::Created(condition) => condition.holds(order.created),
            Self::Modified(condition) => condition.holds(order.modified),
            Self::Ids(ids) => ids.contains(&order.id),
            Self::Shipping(status) => order.shipping_status == *status,
            Self::Payment(status) => order.payment_status == *status,
            Self::Method(code) => order.payment_method_code == *code,
            Self::Substatus(id) => order.shipping_substatus_id == Some(*id),
        }
    }
}

impl Address {
    fn write_json(&self, row: &mut Map<String, Value>, prefix: &str) {
        let mut set = |suffix: &str, value: Value| row.insert(format!("{prefix}_{suffix}"), value);
        set("name", json!(self.name));
        set("country_id", json!(self.country_id));
        set("country_code", json!(self.country_code));
        set("country_name", json!(self.country_name));
        set("state_id", json!(self.state_id));
        set("state", json!(self.state));
        set("district", json!(self.district));
        set("city", json!(self.city));
        set("address", json!(self.address));
        set("postal_code", json!(self.postal_code));
        set("phone", json!(self.phone));
        let parts = [&self.address, &self.postal_code, &self.city, &self.state, &self.country_code];
        let parts: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
        set("full_address", json!(parts.join(", ")));
    }
}

/// `95700001` of `95700001.3`.
pub(super) fn base_number(id: &str) -> &str {
    id.split_once('.').map_or(id, |(base, _)| base)
}
