//! Actions on orders: moves of the shipping status, invoices, tags, splits.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Answer,
    control::ControlError,
    errors::ApiError,
    json::need_text,
    orders::{Shown, base_number},
    placing::set_payment,
    state::{Invoice, Line, Order, Shop, take},
    statuses::{PaymentStatus, ShippingStatus},
};

impl Shop {
    /// `PATCH /orders/{id}/{action}` (documented actions only: there is none for `confirmed`).
    pub(super) fn act(&mut self, id: &str, action: &str, now: Timestamp) -> Result<Answer, ApiError> {
        if self.order(id).is_none() {
            return Err(ApiError::not_found());
        }
        if action == "create_invoice" {
            return self.invoice(id, now);
        }
        let next = ShippingStatus::read(action).ok_or_else(ApiError::not_found)?;
        self.move_order(id, next, now)?;
        Ok(Answer::ok(self.full_order(id)))
    }

    /// One legal move; illegal ones, a repeated one included, are refused with the vendor's words (inferred).
    pub(super) fn move_order(
        &mut self,
        id: &str,
        next: ShippingStatus,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let restock = self.settings.restock_on_cancel;
        let order = self.order_mut(id).ok_or_else(ApiError::not_found)?;
        if !order.shipping_status.may_become(next) {
            return Err(ApiError::operation());
        }
        order.shipping_status = next;
        order.modified = now;
        match next {
            ShippingStatus::Shipped => order.date_shipped = Some(now),
            ShippingStatus::Delivered => order.date_delivered = Some(now),
            _ => {}
        }
        if next == ShippingStatus::Cancelled && restock {
            let lines = order.lines.clone();
            self.release_goods(&lines, now);
        }
        self.emit("order.updated", |shop| shop.full_order(id));
        Ok(())
    }

    /// At once (inferred), and the answer does not hold it (seen live). A second one is refused (inferred).
    fn invoice(&mut self, id: &str, now: Timestamp) -> Result<Answer, ApiError> {
        let number = self.next.invoice;
        let order = self.order_mut(id).ok_or_else(ApiError::not_found)?;
        let wrong = matches!(order.shipping_status, ShippingStatus::Cancelled | ShippingStatus::Temporary);
        if wrong || order.invoice.is_some() {
            return Err(ApiError::operation());
        }
        order.invoice = Some(Invoice { id: number, number, date: now });
        order.modified = now;
        take(&mut self.next.invoice);
        self.emit("order.updated", |shop| shop.full_order(id));
        let shown = Shown { invoice: false, ..Shown::PLAIN };
        Ok(Answer::ok(self.order(id).map(|order| self.order_row(order, shown, &[]))))
    }

    /// Answers the tag (inferred: any JSON will do for the one known client).
    pub(super) fn tag_order(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let name = need_text("name", body.get("name").unwrap_or(&Value::Null))?;
        if name.is_empty() {
            return Err(ApiError::invalid("name", "a text that is not empty"));
        }
        let next = self.tags.len() as u64 + 1;
        let tag = self.tags.get(&name).copied().unwrap_or(next);
        let order = self.order_mut(id).ok_or_else(ApiError::not_found)?;
        if !order.tags.iter().any(|(known, _)| *known == tag) {
            order.tags.push((tag, name.clone()));
            order.modified = now;
        }
        self.tags.insert(name.clone(), tag);
        Ok(Answer::new(StatusCode::CREATED, Some(json!({"id": tag, "name": name}))))
    }

    /// `PATCH /payment_request/{code}` of payment apps (documented).
    pub(super) fn payment_request(
        &mut self,
        code: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let text = |key: &str| need_text(key, body.get(key).unwrap_or(&Value::Null));
        let status = match text("status")?.as_str() {
            "paid" => PaymentStatus::Paid,
            "awaiting" => PaymentStatus::Awaiting,
            "failed" => PaymentStatus::Failed,
            _ => return Err(ApiError::invalid("status", "paid, awaiting or failed")),
        };
        let reference = text("payment_reference")?;
        let order = self
            .orders
            .values_mut()
            .find(|order| order.public_code == code)
            .ok_or_else(ApiError::not_found)?;
        set_payment(order, status, now);
        order.payment_reference = Some(reference).filter(|text| !text.is_empty());
        order.modified = now;
        let id = order.id.clone();
        self.emit("order.updated", |shop| shop.full_order(&id));
        Ok(Answer::ok(Some(json!({"code": code, "status": status.as_str()}))))
    }

    /// Replaces an order by children with suffixes; the base number then answers 404 (seen in a client). Rows
    /// that no group names stay with the first child, and so do shipping and store credit. Row ids, dates of
    /// creation and statuses are kept (inferred).
    pub(super) fn split(
        &mut self,
        id: &str,
        groups: &[Vec<String>],
        now: Timestamp,
    ) -> Result<Vec<String>, ControlError> {
        let order = self.order(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?;
        let mut rows: Vec<Line> = order.lines.clone();
        let mut parts: Vec<Vec<Line>> = Vec::new();
        for group in groups {
            let mut part = Vec::new();
            for row_id in group {
                let place = rows.iter().position(|line| line.row_id == *row_id);
                let place = place.ok_or_else(|| ControlError::UnknownRow(row_id.clone()))?;
                part.push(rows.remove(place));
            }
            parts.push(part);
        }
        if parts.len() < 2 {
            return Err(ControlError::NotAllowed("an order splits into two or more"));
        }
        if let Some(first) = parts.first_mut() {
            first.extend(rows);
        }
        let parent = self.remove_order(id).ok_or_else(|| ControlError::UnknownOrder(id.to_owned()))?;
        let base = base_number(id).to_owned();
        let mut children = Vec::new();
        for (place, lines) in parts.into_iter().enumerate() {
            let suffix = self.splits.entry(base.clone()).or_default();
            *suffix += 1;
            let mut child = Order {
                id: format!("{base}.{suffix}"),
                sys_id: take(&mut self.next.system),
                parent: Some((parent.sys_id, parent.id.clone())),
                public_code: format!("{:032x}", self.random.u128(..)),
                modified: now,
                lines,
                ..parent.clone()
            };
            if place > 0 {
                child.shipping_gross = rust_decimal::Decimal::ZERO;
                child.wallet = rust_decimal::Decimal::ZERO;
                child.unexplained = rust_decimal::Decimal::ZERO;
            }
            children.push(child.id.clone());
            self.store_order(child);
        }
        for child in &children {
            self.emit("order.created", |shop| shop.full_order(child));
        }
        Ok(children)
    }
}
