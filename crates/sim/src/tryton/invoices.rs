//! Invoices: numbered when posted.

use super::{sales, store::Store, values::Value};

pub(super) const INVOICE: &str = "account.invoice";

fn tell_sales(store: &mut Store, invoice: i64) {
    for sale in store.get(INVOICE, invoice, "sales").as_many().to_vec() {
        sales::refresh(store, sale);
    }
}

pub(super) fn post(store: &mut Store, invoice: i64) {
    let today = Value::Date(store.today());
    let number = Value::Text(store.next_number(INVOICE));
    store.update(
        INVOICE,
        invoice,
        [("state", Value::text("posted")), ("number", number), ("invoice_date", today)],
    );
    tell_sales(store, invoice);
}

pub(super) fn pay(store: &mut Store, invoice: i64) {
    store.set(INVOICE, invoice, "state", Value::text("paid"));
    tell_sales(store, invoice);
}

pub(super) fn cancel(store: &mut Store, invoice: i64) {
    store.set(INVOICE, invoice, "state", Value::text("cancelled"));
    tell_sales(store, invoice);
}
