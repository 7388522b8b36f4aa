use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    Guests, HoldReason, IgnoreReason, ImportWhen, OrderRule,
    text::{fit, fit_address},
};
use crate::{
    ids::RemoteKey,
    model::{
        Address, DocumentLine, LineKind, NewDocument, NewParty, Order, OrderLine, OrderStatus, PartyQuery,
        PaymentStatus,
    },
    money::round,
};

/// Decimals of a unit price that every ERP met so far keeps.
const PRICE_PLACES: u32 = 4;

/// What is to become of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportDecision {
    Ignore(IgnoreReason),
    Hold(HoldReason),
    Import(Box<ImportPlan>),
}

/// Everything the ERP's document needs but the ERP's own key of the customer.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportPlan {
    pub reference: String,
    /// By what the customer is looked for, in this order.
    pub lookups: Vec<PartyQuery>,
    /// Created when none is found.
    pub new_party: NewParty,
    /// Set when guests are booked on one customer.
    pub fixed_party: Option<RemoteKey>,
    pub billing: Address,
    pub shipping: Address,
    pub date: Date,
    pub lines: Vec<DocumentLine>,
    pub note: Option<String>,
}

impl ImportPlan {
    pub fn document(&self, rule: &OrderRule, party: RemoteKey) -> NewDocument {
        NewDocument {
            reference: self.reference.clone(),
            shop: rule.shop.clone(),
            party,
            billing: self.billing.clone(),
            shipping: self.shipping.clone(),
            currency: rule.currency,
            date: self.date,
            warehouse: rule.warehouse.clone(),
            lines: self.lines.clone(),
            note: self.note.clone(),
        }
    }
}

/// Decides whether and as what an order is imported. `link` tells the ERP's key of a store's unit; `by_hand` is set
/// when a person wants it in although it is from before the go-live.
pub fn decide_import(
    order: &Order,
    rule: &OrderRule,
    by_hand: bool,
    link: &dyn Fn(&RemoteKey) -> Option<RemoteKey>,
) -> ImportDecision {
    match &order.status {
        OrderStatus::Temporary => return ImportDecision::Ignore(IgnoreReason::NotFinished),
        OrderStatus::Cancelled => return ImportDecision::Ignore(IgnoreReason::CancelledBefore),
        OrderStatus::Unknown(status) => {
            return ImportDecision::Hold(HoldReason::UnknownStatus { status: status.clone() });
        }
        OrderStatus::New
        | OrderStatus::Confirmed
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Returned => {}
    }
    if order.created_at < rule.orders_from && !by_hand {
        return ImportDecision::Ignore(IgnoreReason::BeforeGoLive);
    }
    match rule.import_when(&order.payment_method) {
        ImportWhen::Never => return ImportDecision::Ignore(IgnoreReason::NeverImported),
        ImportWhen::WhenPaid if order.payment != PaymentStatus::Paid => {
            let method = if order.payment_method.name.is_empty() {
                order.payment_method.code.clone()
            } else {
                order.payment_method.name.clone()
            };
            return ImportDecision::Hold(HoldReason::WaitingForPayment { method });
        }
        ImportWhen::WhenPaid | ImportWhen::AtOnce => {}
    }
    match plan(order, rule, link) {
        Ok(plan) => ImportDecision::Import(Box::new(plan)),
        Err(reason) => ImportDecision::Hold(reason),
    }
}

fn plan(
    order: &Order,
    rule: &OrderRule,
    link: &dyn Fn(&RemoteKey) -> Option<RemoteKey>,
) -> Result<ImportPlan, HoldReason> {
    if order.currency != rule.currency {
        return Err(HoldReason::ForeignCurrency { currency: order.currency, expected: rule.currency });
    }
    let counted: Vec<(usize, &OrderLine)> =
        order.lines.iter().enumerate().filter(|(_, line)| !line.quantity.is_zero()).collect();
    if counted.is_empty() {
        return Err(HoldReason::NoLines);
    }
    let sum: Decimal = order.lines.iter().map(|line| line.total_gross).sum();
    if (sum - order.total).abs() > rule.rounding_limit {
        return Err(HoldReason::DoesNotAddUp { lines: sum, total: order.total });
    }
    let lines = counted
        .into_iter()
        .map(|(index, line)| document_line(index + 1, line, rule, link))
        .collect::<Result<Vec<_>, _>>()?;
    let customer = &order.customer;
    let is_guest = customer.key.is_none();
    let fixed_party = match &rule.guests {
        Guests::Fixed(party) if is_guest => Some(party.clone()),
        Guests::Fixed(_) | Guests::Match => None,
    };
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let vat_number = customer.company.as_ref().and_then(|company| filled(&company.vat_number));
    let code = match (&customer.key, &vat_number) {
        // Who orders for a company has another code than privately: codes are unique.
        (Some(key), Some(number)) => format!("{}C{key}-{}", rule.prefix, compact(number)),
        (Some(key), None) => format!("{}C{key}", rule.prefix),
        (None, _) => format!("{}G{}", rule.prefix, order.id),
    };
    let name = match &customer.company {
        Some(company) if !company.name.trim().is_empty() => &company.name,
        _ => &customer.name,
    };
    let email = filled(&customer.email);
    let phone = filled(&customer.phone);
    let mut lookups = Vec::new();
    lookups.extend(vat_number.clone().map(PartyQuery::VatNumber));
    lookups.push(PartyQuery::Code(code.clone()));
    lookups.extend(email.clone().map(PartyQuery::Email));
    lookups.extend(phone.clone().map(PartyQuery::Phone));
    Ok(ImportPlan {
        reference: format!("{}{}", rule.prefix, order.id),
        lookups,
        new_party: NewParty {
            code,
            name: fit(rule, "name", name)?,
            email,
            phone: phone.map(|phone| fit(rule, "phone", &phone)).transpose()?,
            vat_number,
            language: customer.language.clone(),
        },
        fixed_party,
        billing: fit_address(rule, &order.billing)?,
        shipping: fit_address(rule, &order.shipping)?,
        date: order.created_at.to_zoned(rule.zone()).date(),
        lines,
        note: filled(&order.note).map(|note| fit(rule, "note", &note)).transpose()?,
    })
}

/// A VAT number without blanks and punctuation.
fn compact(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// `number` counts lines from 1, as people do.
fn document_line(
    number: usize,
    line: &OrderLine,
    rule: &OrderRule,
    link: &dyn Fn(&RemoteKey) -> Option<RemoteKey>,
) -> Result<DocumentLine, HoldReason> {
    if line.quantity < Decimal::ZERO {
        return Err(HoldReason::NegativeQuantity { line: number, quantity: line.quantity });
    }
    let product = if line.kind == LineKind::Product {
        let linked = line.unit.as_ref().and_then(link);
        linked.ok_or_else(|| {
            let sku = line.sku.clone().filter(|sku| !sku.trim().is_empty());
            HoldReason::UnknownSku { line: number, sku }
        })?
    } else {
        let service = rule.service_for(line.kind).cloned();
        service.ok_or(HoldReason::UnmappedLineKind { line: number, kind: line.kind })?
    };
    let taxes = rule
        .taxes_for(line.tax_percent)
        .ok_or(HoldReason::UnmappedTax { line: number, percent: line.tax_percent })?;
    Ok(DocumentLine {
        product: Some(product),
        description: fit(rule, "description", &line.description)?,
        quantity: line.quantity,
        unit_price_net: round(line.unit_net, PRICE_PLACES),
        total_gross: line.total_gross,
        taxes: taxes.to_vec(),
    })
}
