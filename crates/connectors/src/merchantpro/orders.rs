//! Orders as the API tells them.

use rust_decimal::Decimal;
use serde_json::Value;
use zygos_core::{
    contract::{Item, Unreadable},
    model::{
        Address, Company, Customer, LineKind, Order, OrderLine, OrderStatus, PaymentMethod, PaymentStatus,
        Record, WarehouseQuantity,
    },
    money::{Currency, round},
};

use super::{
    item_of,
    read::{Fields, unreadable},
};

/// Newest first, with lines and tags.
pub(super) fn page_path(start: u64, limit: u32) -> String {
    format!("/orders?sort=date_created.desc&include=line_items,tags&start={start}&limit={limit}")
}

pub(super) fn item(row: &Value) -> Item {
    item_of(row, read(row).map(|order| Record::Order(Box::new(order))))
}

pub(super) fn read(row: &Value) -> Result<Order, Unreadable> {
    let fields = Fields::of(row)?;
    let currency = fields.required_text("currency")?;
    let currency = Currency::parse(&currency).map_err(|error| unreadable("currency", &error.to_string()))?;
    // Asked for with every order: without it an order would pass for one that takes nothing from the shelf.
    if fields.value("line_items").is_none() {
        return Err(unreadable("line_items", "it is missing"));
    }
    let mut lines = Vec::new();
    for line in fields.list("line_items") {
        lines.push(product_or_discount(line)?);
    }
    lines.extend(shipping_line(&fields)?);
    lines.extend(wallet_line(&fields)?);
    let tags = fields.list("tags").iter().filter_map(|tag| Fields::of(tag).ok()?.text("name")).collect();
    Ok(Order {
        id: fields.required_key("id")?,
        parent: fields.key("parent_id")?,
        created_at: fields
            .date("date_created")?
            .ok_or_else(|| unreadable("date_created", "it is missing"))?,
        modified_at: fields.date("date_modified")?,
        status: status(&fields.required_text("shipping_status")?),
        payment: payment(fields.text("payment_status").as_deref()),
        payment_method: PaymentMethod {
            code: fields.text("payment_method_code").unwrap_or_default(),
            name: fields.text("payment_method_name").unwrap_or_default(),
        },
        shipping_method: fields.text("shipping_method_name"),
        currency,
        total: fields.required_decimal("total_amount")?,
        tax_total: fields.decimal("tax_amount")?,
        customer: customer(&fields)?,
        billing: address(&fields, "billing"),
        shipping: address(&fields, "shipping"),
        lines,
        note: fields.text("customer_note"),
        tags,
        awb: fields.text("shipping_awb"),
        erp_id: fields.text("erp_id"),
    })
}

/// The statuses of dossier §5.4.
fn status(text: &str) -> OrderStatus {
    match text {
        "temporary" => OrderStatus::Temporary,
        "awaiting" => OrderStatus::New,
        "confirmed" => OrderStatus::Confirmed,
        "in_process" => OrderStatus::Processing,
        "shipped" => OrderStatus::Shipped,
        "delivered" => OrderStatus::Delivered,
        "returned" => OrderStatus::Returned,
        "cancelled" | "canceled" => OrderStatus::Cancelled,
        other => OrderStatus::Unknown(other.to_owned()),
    }
}

fn payment(text: Option<&str>) -> PaymentStatus {
    match text {
        Some("temporary") => PaymentStatus::Temporary,
        Some("awaiting") | None => PaymentStatus::Awaiting,
        Some("paid") => PaymentStatus::Paid,
        Some("refunded") => PaymentStatus::Refunded,
        Some("failed" | "rejected") => PaymentStatus::Failed,
        Some("canceled" | "cancelled") => PaymentStatus::Cancelled,
        Some(other) => PaymentStatus::Unknown(other.to_owned()),
    }
}

/// Names of the company's fields are unconfirmed (dossier §9): these are read where they are present.
fn customer(fields: &Fields<'_>) -> Result<Customer, Unreadable> {
    let name = fields.text("billing_name").or_else(|| fields.text("shipping_name")).unwrap_or_default();
    let is_company = fields.text("billing_type").as_deref() == Some("company");
    let company = is_company.then(|| Company {
        name: fields
            .text("billing_company_name")
            .or_else(|| fields.text("billing_company"))
            .unwrap_or_else(|| name.clone()),
        vat_number: fields.text("billing_company_vat").or_else(|| fields.text("company_vat")),
        registration_number: fields.text("billing_company_registration"),
    });
    Ok(Customer {
        key: fields.key("customer_id")?,
        name,
        email: fields.text("customer_email"),
        phone: fields.text("billing_phone").or_else(|| fields.text("shipping_phone")),
        company,
        language: fields.text("customer_lang"),
    })
}

fn address(fields: &Fields<'_>, kind: &str) -> Address {
    let text = |suffix: &str| fields.text(&format!("{kind}_{suffix}"));
    Address {
        name: text("name").unwrap_or_default(),
        street: text("address").unwrap_or_default(),
        city: text("city").unwrap_or_default(),
        postal_code: text("postal_code"),
        region: text("state"),
        country: text("country_code"),
        phone: text("phone"),
    }
}

fn product_or_discount(line: &Value) -> Result<OrderLine, Unreadable> {
    let fields = Fields::of(line)?;
    let item_type = fields.text("item_type").unwrap_or_else(|| "product".to_owned());
    let kind = match item_type.as_str() {
        "product" => LineKind::Product,
        "promo_product" | "promo_cart" | "discount" => LineKind::Discount,
        "coupon" => LineKind::Coupon,
        "gift_card" => LineKind::GiftCard,
        _ => {
            return Err(unreadable("line_items.item_type", "this kind of line is not known to this version"));
        }
    };
    let quantity = fields.decimal("quantity")?.unwrap_or(Decimal::ONE);
    let unit_net = fields.decimal("unit_price_net")?.unwrap_or_default();
    let unit_gross = match fields.decimal("unit_price_gross")? {
        Some(gross) => gross,
        None => unit_net + fields.decimal("unit_tax_amount")?.unwrap_or_default(),
    };
    let total_gross = match fields.decimal("line_subtotal_gross")? {
        Some(total) => total,
        None => unit_gross * quantity,
    };
    let mut warehouses = Vec::new();
    for taken in fields.list("warehouse_quantities") {
        let taken = Fields::of(taken)?;
        warehouses.push(WarehouseQuantity {
            name: taken.text("name").unwrap_or_default(),
            quantity: taken.decimal("quantity")?.unwrap_or_default(),
        });
    }
    Ok(OrderLine {
        key: fields
            .key("row_id")?
            .or(fields.key("id")?)
            .ok_or_else(|| unreadable("line_items.row_id", "it is missing"))?,
        kind,
        unit: if kind == LineKind::Product { fields.key("product_id")? } else { None },
        sku: fields.text("product_sku"),
        ean: fields.text("product_ean"),
        description: fields.text("product_name").unwrap_or_default(),
        quantity,
        unit_net,
        unit_gross,
        tax_percent: fields.decimal("product_tax_percent")?.unwrap_or_default(),
        total_gross,
        warehouses,
    })
}

/// Shipping is a pair of fields of the order, with tax.
fn shipping_line(fields: &Fields<'_>) -> Result<Option<OrderLine>, Unreadable> {
    let gross = fields.decimal("shipping_amount")?.unwrap_or_default();
    if gross.is_zero() {
        return Ok(None);
    }
    let tax = fields.decimal("shipping_tax_amount")?.unwrap_or_default();
    let percent = fields.decimal("shipping_tax_percent")?.unwrap_or_default();
    Ok(Some(service_line("shipping", LineKind::Shipping, "Shipping", gross, gross - tax, percent)))
}

/// Store credit lowers what is paid; the sign of the field is not relied on (dossier §5.4).
fn wallet_line(fields: &Fields<'_>) -> Result<Option<OrderLine>, Unreadable> {
    let used = fields.decimal("wallet_amount")?.unwrap_or_default().abs();
    Ok((!used.is_zero())
        .then(|| service_line("wallet", LineKind::StoreCredit, "Store credit", -used, -used, Decimal::ZERO)))
}

fn service_line(
    key: &str,
    kind: LineKind,
    words: &str,
    gross: Decimal,
    net: Decimal,
    percent: Decimal,
) -> OrderLine {
    OrderLine {
        key: key.into(),
        kind,
        unit: None,
        sku: None,
        ean: None,
        description: words.to_owned(),
        quantity: Decimal::ONE,
        unit_net: round(net, 4),
        unit_gross: gross,
        tax_percent: percent,
        total_gross: gross,
        warehouses: Vec::new(),
    }
}
