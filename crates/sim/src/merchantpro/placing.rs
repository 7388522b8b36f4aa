//! How an order comes into being, and what it does to stock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    control::ControlError,
    new_records::{NewAddress, NewCompany, NewDiscount, NewOrder},
    pricing::{GROSS_DECIMALS, NET_DECIMALS, Price, net_of, round},
    state::{Address, Company, Customer, Line, Order, Product, Shop, Variant, take},
    statuses::{PaymentStatus, ShippingStatus},
};

impl Variant {
    /// The product's name with the variant's values (inferred).
    pub(super) fn full_name(&self, product: &Product) -> String {
        let values: Vec<&str> = self.options.iter().map(|(_, value)| value.as_str()).collect();
        format!("{} - {}", product.name, values.join(", "))
    }
}

impl Line {
    pub(super) fn is_goods(&self) -> bool {
        self.item_type == "product"
    }

    pub(super) fn net(&self) -> Decimal {
        round(self.unit.net * self.quantity, NET_DECIMALS)
    }

    pub(super) fn gross(&self) -> Decimal {
        round(self.unit.gross * self.quantity, GROSS_DECIMALS)
    }
}

impl Shop {
    pub(super) fn place(&mut self, new: NewOrder, now: Timestamp) -> Result<String, ControlError> {
        let mut lines = Vec::new();
        let mut wanted: BTreeMap<u64, Decimal> = BTreeMap::new();
        for line in &new.lines {
            let unit = self.goods_line(line.unit_id, line.quantity, line.unit_price_gross);
            lines.push(unit.ok_or(ControlError::UnknownUnit(line.unit_id))?);
            *wanted.entry(line.unit_id).or_default() += line.quantity;
        }
        for (id, quantity) in wanted {
            if self.is_parent(id) {
                return Err(ControlError::UnknownUnit(id));
            }
            let Some((_, unit, _)) = self.unit(id) else { continue };
            let limited = unit.inventory_enabled && !unit.allow_backorders && new.created_by == "shop";
            if limited && unit.stock < quantity {
                return Err(ControlError::OutOfStock(id));
            }
        }
        for discount in &new.discounts {
            let line = self.discount_line(discount, &lines);
            lines.push(line);
        }
        let mut order = self.blank_order(&new.created_by, now);
        if let Some(name) = new.payment_method_name {
            order.payment_method_name = name;
        } else {
            order.payment_method_name = self.payment_method_name(&new.payment_method_code);
        }
        order.payment_method_code = new.payment_method_code;
        set_payment(&mut order, new.payment_status, now);
        order.shipping_status = new.shipping_status;
        order.shipping_method_id = new.shipping_method_id;
        order.shipping_method_name =
            new.shipping_method_name.unwrap_or_else(|| self.shipping_method_name(new.shipping_method_id));
        order.shipping_gross = new.shipping_gross;
        if let Some(percent) = new.shipping_tax_percent {
            order.shipping_tax_percent = percent;
        }
        if let Some(currency) = new.currency {
            order.currency = currency;
        }
        order.wallet = new.wallet;
        order.unexplained = new.unexplained;
        order.erp_id = new.erp_id;
        order.customer_email = new.customer_email;
        order.customer_note = new.customer_note;
        order.billing = new.billing.into();
        order.billing.company = new.company.map(Company::from);
        order.shipping = new.shipping.map(Address::from);
        order.meta_fields = new.meta_fields;
        order.lines = lines;
        Ok(self.commit_new(order, now))
    }

    /// Gives the order its number, takes its goods from stock and tells the webhooks.
    pub(super) fn commit_new(&mut self, mut order: Order, now: Timestamp) -> String {
        order.id = take(&mut self.next.order).to_string();
        order.sys_id = take(&mut self.next.system);
        order.customer_id = self.customer_for(&order, now);
        if order.shipping_status.holds_stock() {
            for line in &mut order.lines {
                self.take_goods(line, now);
            }
        }
        let id = order.id.clone();
        self.store_order(order);
        self.emit("order.created", |shop| shop.full_order(&id));
        id
    }

    pub(super) fn blank_order(&mut self, created_by: &str, now: Timestamp) -> Order {
        Order {
            id: String::new(),
            sys_id: 0,
            parent: None,
            public_code: format!("{:032x}", self.random.u128(..)),
            erp_id: None,
            created: now,
            modified: now,
            created_by: created_by.to_owned(),
            payment_status: PaymentStatus::Awaiting,
            payment_method_code: String::new(),
            payment_method_name: String::new(),
            payment_date: None,
            payment_reference: None,
            shipping_status: ShippingStatus::Awaiting,
            shipping_substatus_id: None,
            shipping_method_id: 0,
            shipping_method_name: String::new(),
            shipping_gross: Decimal::ZERO,
            shipping_tax_percent: self.settings.shipping_tax_percent,
            shipping_awb: None,
            awb_url: None,
            date_shipped: None,
            date_delivered: None,
            wallet: Decimal::ZERO,
            unexplained: Decimal::ZERO,
            currency: self.settings.currency.clone(),
            customer_id: 0,
            customer_email: None,
            customer_device: None,
            customer_note: None,
            billing: Address::default(),
            shipping: None,
            lines: Vec::new(),
            tags: Vec::new(),
            rma_requests: Vec::new(),
            invoice: None,
            meta_fields: BTreeMap::new(),
        }
    }

    pub(super) fn payment_method_name(&self, code: &str) -> String {
        let known = self.settings.payment_methods.iter().find(|(known, _)| known == code);
        known.map_or_else(|| code.to_owned(), |(_, name)| name.clone())
    }

    pub(super) fn shipping_method_name(&self, id: u64) -> String {
        let known = self.settings.shipping_methods.iter().find(|(known, _)| *known == id);
        known.map(|(_, name)| name.clone()).unwrap_or_default()
    }

    /// A line at list price, or at a promotion's gross price.
    pub(super) fn goods_line(
        &mut self,
        unit_id: u64,
        quantity: Decimal,
        gross: Option<Decimal>,
    ) -> Option<Line> {
        let row_id = self.row_id();
        let (product, unit, variant) = self.unit(unit_id)?;
        let rate = self.rate(product.tax_id);
        let tax_name = product.tax_id.and_then(|id| self.taxes.get(&id)).map(|tax| tax.name.clone());
        let list = Price { net: unit.price.net, gross: round(unit.price.gross, GROSS_DECIMALS) };
        let host = &self.settings.host;
        let category = product.category_id.and_then(|id| self.categories.get(&id));
        Some(Line {
            row_id,
            item_type: "product".to_owned(),
            product_id: unit_id,
            sku: unit.sku.clone(),
            ean: unit.ean.clone(),
            ext_ref: unit.ext_ref.clone(),
            name: variant.map_or_else(|| product.name.clone(), |variant| variant.full_name(product)),
            url: format!("https://{host}/p/{}", product.id),
            image_url: format!("https://{host}/i/{}_250x250.jpg", product.id),
            tax_name: tax_name.unwrap_or_default(),
            tax_percent: rate,
            availability_id: product.availability_id,
            category: category.map(|category| (category.id, category.name.clone())),
            manufacturer: product.manufacturer.clone(),
            quantity,
            unit: gross.map_or(list, |gross| Price { net: net_of(gross, rate), gross }),
            regular: gross.map(|_| list.gross),
            weight: unit.weight,
            stock_snapshot: unit.stock,
            backorder: Decimal::ZERO,
            status_id: None,
            meta_fields: BTreeMap::new(),
            applied_discounts: Vec::new(),
        })
    }

    /// A line for no product: a discount, or what `POST /orders` sends with `product_id` 0.
    pub(super) fn free_line(&mut self, item_type: &str, name: &str, rate: Decimal, unit: Price) -> Line {
        let tax_name = self.taxes.values().find(|tax| tax.value == rate).map(|tax| tax.name.clone());
        Line {
            row_id: self.row_id(),
            item_type: item_type.to_owned(),
            product_id: 0,
            sku: None,
            ean: None,
            ext_ref: String::new(),
            name: name.to_owned(),
            url: String::new(),
            image_url: String::new(),
            tax_name: tax_name.unwrap_or_default(),
            tax_percent: rate,
            availability_id: None,
            category: None,
            manufacturer: None,
            quantity: Decimal::ONE,
            unit,
            regular: None,
            weight: Decimal::ZERO,
            stock_snapshot: Decimal::ZERO,
            backorder: Decimal::ZERO,
            status_id: None,
            meta_fields: BTreeMap::new(),
            applied_discounts: Vec::new(),
        }
    }

    /// Amounts are negative (inferred); shares are positive net sums per product's whole line (seen in a client).
    fn discount_line(&mut self, discount: &NewDiscount, lines: &[Line]) -> Line {
        let goods: Vec<&Line> = lines.iter().filter(|line| line.is_goods()).collect();
        let first_rate = goods.first().map_or(Decimal::ZERO, |line| line.tax_percent);
        let rate = discount.tax_percent.unwrap_or(first_rate);
        let net = net_of(discount.gross, rate);
        let unit = Price { net: -net, gross: -discount.gross };
        let mut line = self.free_line(&discount.item_type, &discount.name, rate, unit);
        let total: Decimal = goods.iter().map(|line| line.net()).sum();
        let mut left = net;
        for (place, goods_line) in goods.iter().enumerate() {
            // The last one takes what rounding left over, so that the shares add up.
            let share = if place + 1 == goods.len() {
                left
            } else {
                round((net * goods_line.net()).checked_div(total).unwrap_or_default(), NET_DECIMALS)
            };
            left -= share;
            line.applied_discounts.push((goods_line.product_id, share));
        }
        line
    }

    /// The platform lowers stock when the order is placed, not when it is paid or shipped (inferred from a capture).
    fn take_goods(&mut self, line: &mut Line, now: Timestamp) {
        if !line.is_goods() {
            return;
        }
        let Some((_, unit, _)) = self.unit(line.product_id) else { return };
        line.stock_snapshot = unit.stock;
        if !unit.inventory_enabled {
            return;
        }
        let after = unit.stock - line.quantity;
        // 0 in stock and 1 sold gives -1 (seen live).
        line.backorder = after.clamp(-line.quantity.abs(), Decimal::ZERO);
        self.move_stock(line.product_id, -line.quantity, now);
    }

    /// Puts back what an order took.
    pub(super) fn release_goods(&mut self, lines: &[Line], now: Timestamp) {
        for line in lines.iter().filter(|line| line.is_goods()) {
            self.move_stock(line.product_id, line.quantity, now);
        }
    }

    pub(super) fn move_stock(&mut self, unit_id: u64, by: Decimal, now: Timestamp) {
        let touches = self.settings.sales_modify_products;
        let Some(unit) = self.unit_mut(unit_id) else { return };
        if !unit.inventory_enabled {
            return;
        }
        unit.stock += by;
        if touches {
            let product_id = self.parents.get(&unit_id).copied().unwrap_or(unit_id);
            if let Some(product) = self.products.get_mut(&product_id) {
                product.modified = now;
            }
        }
    }

    fn customer_for(&mut self, order: &Order, now: Timestamp) -> u64 {
        let Some(email) = order.customer_email.clone() else { return 0 };
        if let Some(id) = self.customer_emails.get(&email) {
            return *id;
        }
        let id = take(&mut self.next.customer);
        let customer = Customer {
            id,
            email: email.clone(),
            name: order.billing.name.clone().unwrap_or_default(),
            phone: order.billing.phone.clone().unwrap_or_default(),
            created: now,
        };
        self.customers.insert(id, customer);
        self.customer_emails.insert(email, id);
        id
    }
}

pub(super) fn set_payment(order: &mut Order, status: PaymentStatus, now: Timestamp) {
    order.payment_status = status;
    if status == PaymentStatus::Paid && order.payment_date.is_none() {
        order.payment_date = Some(now);
    }
}

impl From<NewAddress> for Address {
    fn from(new: NewAddress) -> Self {
        Self {
            name: Some(new.name),
            company: None,
            country_id: Some(180),
            country_code: Some(new.country_code),
            country_name: Some(new.country_name),
            state_id: None,
            state: Some(new.state),
            district: None,
            city: Some(new.city),
            address: Some(new.address),
            postal_code: new.postal_code,
            phone: Some(new.phone),
        }
    }
}

impl From<NewCompany> for Company {
    fn from(new: NewCompany) -> Self {
        Self { name: Some(new.name), vat: Some(new.vat), registration: new.registration }
    }
}
