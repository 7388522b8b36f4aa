//! What people do at the ERP, for tests and demonstrations: nothing here goes over the wire.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    NewProduct, TrytonSandbox, amounts, buttons, catalogue,
    context::{Context, within},
    errors::{Failure, Outcome},
    inventories::INVENTORY,
    invoices::{self, INVOICE},
    products,
    purchases::{IN, PURCHASE},
    sales::{self, LINE, SALE},
    schema, seed,
    shipments::{self, INTERNAL, OUT},
    state::Erp,
    stock::{self, MOVE, NewMove, Question},
    store::{Store, Values},
    values::Value,
};
use crate::locked;

/// Why the ERP would not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(match failure {
            Failure::User(text) | Failure::Explained(text, _) | Failure::Server(text) => text,
            other => format!("{other:?}"),
        })
    }
}

/// A sale as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleView {
    pub id: i64,
    /// Name of the shop.
    pub web_shop: Option<String>,
    pub web_id: Option<String>,
    pub reference: Option<String>,
    pub number: Option<String>,
    pub state: String,
    pub shipment_state: String,
    pub invoice_state: String,
    pub warehouse: Option<i64>,
    pub party: Option<i64>,
    pub untaxed: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub lines: Vec<SaleLineView>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleLineView {
    pub id: i64,
    /// SKU of the product, when the line has one.
    pub sku: Option<String>,
    pub description: Option<String>,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub taxes: Vec<i64>,
    pub amount: Decimal,
    /// Assigned in the storage zone, or gone from it.
    pub reserved: Decimal,
    /// Gone to the customer.
    pub moved: Decimal,
}

/// A sale's customer and the address it is billed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerView {
    pub name: String,
    pub address_name: String,
    pub street: String,
    pub city: String,
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl TrytonSandbox {
    pub(super) fn act<T>(
        &self,
        now: Timestamp,
        act: impl FnOnce(&mut Erp) -> Outcome<T>,
    ) -> Result<T, Refusal> {
        let mut erp = locked(&self.erp);
        erp.advance(now);
        let result = act(&mut erp);
        match result {
            Ok(value) => {
                erp.store.commit();
                Ok(value)
            }
            Err(failure) => {
                erp.store.roll_back();
                Err(failure.into())
            }
        }
    }

    /// While down, every request is answered with 503.
    pub fn set_down(&self, down: bool) {
        locked(&self.erp).down = down;
    }

    /// As an administrator's reset or a restart would: every session answers 401 from now on.
    pub fn kill_sessions(&self) {
        locked(&self.erp).auth.kill_sessions();
    }

    /// An administrator gives the synchronising program another password; its sessions end.
    pub fn set_password(&self, password: &str) {
        let mut erp = locked(&self.erp);
        erp.auth.set_password(password);
        erp.auth.kill_sessions();
    }

    pub fn add_warehouse(&self, code: &str, name: &str, now: Timestamp) -> Result<i64, Refusal> {
        self.act(now, |erp| Ok(catalogue::warehouse(&mut erp.store, code, name)))
    }

    /// A tax and an account category of its own, named `category`; returns the tax. `rate` is a fraction.
    pub fn add_tax(
        &self,
        category: &str,
        label: &str,
        rate: Decimal,
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            catalogue::taxed_category(&mut erp.store, category, Some((label, rate)))
                .ok_or_else(|| Failure::user("The tax was not made."))
        })
    }

    pub fn add_product(&self, new: &NewProduct, now: Timestamp) -> Result<i64, Refusal> {
        self.act(now, |erp| catalogue::product(&mut erp.store, new))
    }

    /// Writes a template's list price, as the catalogue's keeper does.
    pub fn set_list_price(&self, product: i64, price: Decimal, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let template = erp.store.one("product.product", product, "template");
            let template = template.ok_or_else(|| Failure::user("There is no such product."))?;
            erp.store.set("product.template", template, "list_price", Value::Numeric(price));
            Ok(())
        })
    }

    /// The catalogue's keeper writes another SKU. Of a template with several variants only the end is written.
    pub fn set_sku(&self, product: i64, sku: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            erp.store.set("product.product", product, "suffix_code", Value::text(sku));
            products::set_code(&mut erp.store, product);
            products::check(&erp.store, product)
        })
    }

    /// A product that is sold no more and shown in no shop; its SKU may be given to another.
    pub fn retire(&self, product: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let off = [("active", Value::Boolean(false)), ("web_shops", Value::Many(Vec::new()))];
            erp.store.update("product.product", product, off);
            Ok(())
        })
    }

    /// Who a sale is for.
    pub fn customer(&self, sale: i64) -> Option<CustomerView> {
        let erp = locked(&self.erp);
        customer_view(&erp.store, sale)
    }

    /// A party with an address; `code` when the party is to have one of its own.
    pub fn add_party(&self, name: &str, now: Timestamp) -> Result<i64, Refusal> {
        self.act(now, |erp| Ok(seed::party(&mut erp.store, name)))
    }

    pub fn product_id(&self, sku: &str) -> Option<i64> {
        locked(&self.erp).store.having("product.product", "code", &Value::text(sku)).first().copied()
    }

    pub fn warehouse_id(&self, code: &str) -> Option<i64> {
        let erp = locked(&self.erp);
        let mut ids = erp.store.ids("stock.location").into_iter();
        ids.find(|id| {
            erp.store.text("stock.location", *id, "code") == code
                && erp.store.text("stock.location", *id, "type") == "warehouse"
        })
    }

    /// Counts the storage zone: an inventory makes the difference a move.
    pub fn set_stock(
        &self,
        product: i64,
        warehouse: i64,
        quantity: Decimal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let storage = zone(&erp.store, warehouse, "storage_location")?;
            let company = Value::One(erp.store.base.company);
            let today = Value::Date(erp.store.today());
            let number = Value::Text(erp.store.next_number(INVENTORY));
            let inventory = erp.store.insert(
                INVENTORY,
                Values::from([
                    ("number", number),
                    ("state", Value::text("draft")),
                    ("company", company),
                    ("location", Value::One(storage)),
                    ("date", today),
                ]),
            );
            erp.store.insert(
                "stock.inventory.line",
                Values::from([
                    ("inventory", Value::One(inventory)),
                    ("product", Value::One(product)),
                    ("quantity", Value::Float(quantity)),
                ]),
            );
            press(erp, INVENTORY, &["confirm"], inventory)
        })
    }

    /// Buys and receives at once; returns the purchase.
    pub fn receive_purchase(
        &self,
        supplier: i64,
        warehouse: i64,
        lines: &[(i64, Decimal)],
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        let purchase = self.order_from(supplier, warehouse, lines, now)?;
        self.receive(purchase, now)?;
        Ok(purchase)
    }

    /// Buys without receiving: expected, not there.
    pub fn order_from(
        &self,
        supplier: i64,
        warehouse: i64,
        lines: &[(i64, Decimal)],
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            let address = erp.store.pointing("party.address", "party", supplier).first().copied();
            let values = Values::from([
                ("party", Value::One(supplier)),
                ("invoice_address", Value::one(address)),
                ("warehouse", Value::One(warehouse)),
                ("currency", Value::One(erp.store.base.currency)),
                ("company", Value::One(erp.store.base.company)),
                ("state", Value::text("draft")),
                ("shipment_state", Value::text("none")),
                ("invoice_state", Value::text("none")),
                ("invoice_method", Value::text("manual")),
            ]);
            let purchase = erp.store.insert(PURCHASE, values);
            for (product, quantity) in lines {
                let values = Values::from([
                    ("purchase", Value::One(purchase)),
                    ("type", Value::text("line")),
                    ("product", Value::One(*product)),
                    ("quantity", Value::Float(*quantity)),
                    ("unit", Value::One(erp.store.base.unit)),
                    ("unit_price", Value::Numeric(Decimal::ONE)),
                ]);
                erp.store.insert("purchase.line", values);
            }
            press(erp, PURCHASE, &["quote", "confirm"], purchase)?;
            Ok(purchase)
        })
    }

    /// Everything of a purchase that is still to come arrives and is put into storage.
    pub fn receive(&self, purchase: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let open: Vec<i64> = sales::moves(&erp.store, PURCHASE, purchase)
                .into_iter()
                .filter(|id| erp.store.state(MOVE, *id) == "draft")
                .collect();
            let warehouse = erp.store.one(PURCHASE, purchase, "warehouse").unwrap_or(0);
            let input = zone(&erp.store, warehouse, "input_location")?;
            let storage = zone(&erp.store, warehouse, "storage_location")?;
            let number = Value::Text(erp.store.next_number(IN));
            let values = Values::from([
                ("number", number),
                ("state", Value::text("draft")),
                ("company", Value::One(erp.store.base.company)),
                ("supplier", erp.store.get(PURCHASE, purchase, "party").clone()),
                ("warehouse", Value::One(warehouse)),
                ("warehouse_input", Value::One(input)),
                ("warehouse_storage", Value::One(storage)),
            ]);
            let shipment = erp.store.insert(IN, values);
            for id in open {
                erp.store.set(MOVE, id, "shipment", Value::Reference(IN, shipment));
            }
            press(erp, IN, &["receive", "do"], shipment)
        })
    }

    /// Presses buttons of the sale's open shipment in order: `assign_try`, `pick`, `pack`, `ship`, `do`, `cancel`.
    pub fn press_shipment(&self, sale: i64, names: &[&str], now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let shipment = open_shipment(&erp.store, sale)?;
            press(erp, OUT, names, shipment)
        })
    }

    /// Ships all that is left of a sale; `tracking` becomes the shipment's reference. Returns the shipment.
    pub fn ship_sale(&self, sale: i64, tracking: Option<&str>, now: Timestamp) -> Result<i64, Refusal> {
        self.act(now, |erp| ship(erp, sale, None, tracking))
    }

    /// Ships at most this much of each product: a short pick. The rest waits in a second shipment.
    pub fn ship_part(
        &self,
        sale: i64,
        quantities: &[(i64, Decimal)],
        tracking: Option<&str>,
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| ship(erp, sale, Some(quantities), tracking))
    }

    /// Cancels the open shipment of a sale and gives up its goods.
    pub fn cancel_shipment(&self, sale: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let shipment = open_shipment(&erp.store, sale)?;
            press(erp, OUT, &["cancel"], shipment)?;
            let open = sales::open_exceptions(&erp.store, sale);
            sales::settle_exceptions(&mut erp.store, sale, &open, &[])
        })
    }

    /// Presses a button of a sale, as shop staff do: `cancel`, `draft`, `quote`, `confirm`.
    pub fn press_sale(&self, sale: i64, name: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            press(erp, SALE, &[name], sale)?;
            if name == "confirm" {
                erp.enqueue_processing(sale);
            }
            Ok(())
        })
    }

    /// Goods leave over the counter: one move from storage to the customer, done at once.
    pub fn sell_on_shop_floor(
        &self,
        product: i64,
        warehouse: i64,
        quantity: Decimal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let storage = zone(&erp.store, warehouse, "storage_location")?;
            let planned = Value::Date(erp.store.today());
            let customer = erp.store.base.customer_location;
            let id = stock::new_move(
                &mut erp.store,
                NewMove {
                    product,
                    quantity,
                    from: storage,
                    to: customer,
                    origin: Value::Null,
                    shipment: Value::Null,
                    planned,
                },
            );
            stock::finish(&mut erp.store, id);
            Ok(())
        })
    }

    /// Between warehouses, arrived at once. Fails when there is not enough.
    pub fn transfer(
        &self,
        product: i64,
        from: i64,
        to: i64,
        quantity: Decimal,
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            let from = zone(&erp.store, from, "storage_location")?;
            let to = zone(&erp.store, to, "storage_location")?;
            let number = Value::Text(erp.store.next_number(INTERNAL));
            let values = Values::from([
                ("number", number),
                ("state", Value::text("draft")),
                ("company", Value::One(erp.store.base.company)),
                ("from_location", Value::One(from)),
                ("to_location", Value::One(to)),
            ]);
            let shipment = erp.store.insert(INTERNAL, values);
            stock::new_move(
                &mut erp.store,
                NewMove {
                    product,
                    quantity,
                    from,
                    to,
                    origin: Value::Null,
                    shipment: Value::Reference(INTERNAL, shipment),
                    planned: Value::Null,
                },
            );
            press(erp, INTERNAL, &["wait", "assign_try", "pack", "ship", "do"], shipment)?;
            Ok(shipment)
        })
    }

    pub fn sales(&self) -> Vec<SaleView> {
        let erp = locked(&self.erp);
        erp.store.ids(SALE).into_iter().map(|id| sale_view(&erp.store, id)).collect()
    }

    pub fn sale(&self, id: i64) -> Option<SaleView> {
        let erp = locked(&self.erp);
        erp.store.exists(SALE, id).then(|| sale_view(&erp.store, id))
    }

    /// In the warehouse, output zone included.
    pub fn quantity(&self, product: i64, warehouse: i64) -> Decimal {
        self.count(product, warehouse, false, false)
    }

    /// In the storage zone and not assigned to anybody.
    pub fn free(&self, product: i64, warehouse: i64) -> Decimal {
        self.count(product, warehouse, true, true)
    }

    fn count(&self, product: i64, warehouse: i64, storage_only: bool, assigned_is_gone: bool) -> Decimal {
        let erp = locked(&self.erp);
        let locations: BTreeSet<i64> = within(&erp.store, warehouse, storage_only).into_iter().collect();
        let question = Question { locations: &locations, forecast: false, assigned_is_gone, until: None };
        stock::quantity(&erp.store, product, &question)
    }

    /// Posts the sale's invoice; returns its number.
    pub fn post_invoice(&self, sale: i64, now: Timestamp) -> Result<String, Refusal> {
        self.act(now, |erp| {
            let invoice = invoice_of(&erp.store, sale)?;
            press(erp, INVOICE, &["post"], invoice)?;
            Ok(erp.store.text(INVOICE, invoice, "number").to_owned())
        })
    }

    /// The sale's posted invoice is paid.
    pub fn pay_invoice(&self, sale: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let invoice = invoice_of(&erp.store, sale)?;
            invoices::pay(&mut erp.store, invoice);
            Ok(())
        })
    }
}

fn zone(store: &Store, warehouse: i64, field: &str) -> Outcome<i64> {
    store
        .one("stock.location", warehouse, field)
        .ok_or_else(|| Failure::user(format!("Location {warehouse} is not a warehouse.")))
}

fn invoice_of(store: &Store, sale: i64) -> Outcome<i64> {
    let invoices = store.get(SALE, sale, "invoices").as_many();
    invoices.first().copied().ok_or_else(|| Failure::user(format!("Sale {sale} has no invoice.")))
}

fn open_shipment(store: &Store, sale: i64) -> Outcome<i64> {
    sales::shipments(store, SALE, sale, OUT)
        .into_iter()
        .find(|id| !matches!(store.state(OUT, *id), "done" | "cancelled"))
        .ok_or_else(|| Failure::user(format!("Sale {sale} has no open shipment.")))
}

pub(super) fn press(erp: &mut Erp, model: &str, names: &[&str], id: i64) -> Outcome<()> {
    let model = schema::model(model).ok_or_else(|| Failure::key(model))?;
    let context = Context::staff(&erp.store);
    for name in names {
        buttons::press(&mut erp.store, model, name, &[id], &context).ok_or_else(|| Failure::key(name))??;
    }
    Ok(())
}

fn ship(erp: &mut Erp, sale: i64, only: Option<&[(i64, Decimal)]>, tracking: Option<&str>) -> Outcome<i64> {
    let shipment = open_shipment(&erp.store, sale)?;
    if let (Some(only), "waiting") = (only, erp.store.state(OUT, shipment)) {
        for id in shipments::inventory_moves(&erp.store, shipment) {
            let product = erp.store.one(MOVE, id, "product");
            let wanted = erp.store.decimal(MOVE, id, "quantity");
            let limit = only.iter().find(|(chosen, _)| Some(*chosen) == product).map(|(_, limit)| *limit);
            erp.store.set(MOVE, id, "quantity", Value::Float(limit.unwrap_or_default().min(wanted)));
        }
    }
    let rest: &[&str] = match erp.store.state(OUT, shipment) {
        "waiting" => &["assign_try", "pick", "pack", "do"],
        "assigned" => &["pick", "pack", "do"],
        "picked" => &["pack", "do"],
        _ => &["do"],
    };
    press(erp, OUT, rest, shipment)?;
    if let Some(tracking) = tracking {
        erp.store.set(OUT, shipment, "reference", Value::text(tracking));
    }
    Ok(shipment)
}

fn sale_view(store: &Store, id: i64) -> SaleView {
    let text = |field: &str| optional(store.text(SALE, id, field));
    let amounts = amounts::of(store, SALE, id);
    let shop = store.one(SALE, id, "web_shop");
    SaleView {
        id,
        web_shop: shop.and_then(|shop| optional(store.text("web.shop", shop, "name"))),
        web_id: text("web_id"),
        reference: text("reference"),
        number: text("number"),
        state: store.state(SALE, id).to_owned(),
        shipment_state: store.text(SALE, id, "shipment_state").to_owned(),
        invoice_state: store.text(SALE, id, "invoice_state").to_owned(),
        warehouse: store.one(SALE, id, "warehouse"),
        party: store.one(SALE, id, "party"),
        untaxed: amounts.untaxed,
        tax: amounts.tax,
        total: amounts.total(),
        lines: sales::lines(store, id).into_iter().map(|line| line_view(store, line)).collect(),
    }
}

fn customer_view(store: &Store, sale: i64) -> Option<CustomerView> {
    let party = store.one(SALE, sale, "party")?;
    let address = store.one(SALE, sale, "invoice_address")?;
    let text = |field: &str| store.text("party.address", address, field).to_owned();
    Some(CustomerView {
        name: store.text("party.party", party, "name").to_owned(),
        address_name: text("party_name"),
        street: text("street_unstructured"),
        city: text("city"),
    })
}

fn line_view(store: &Store, line: i64) -> SaleLineView {
    let product = store.one(LINE, line, "product");
    let amount_in = |moves: &[i64], states: &[&str]| -> Decimal {
        let counts = |id: &&i64| states.contains(&store.state(MOVE, **id));
        moves.iter().filter(counts).map(|id| store.decimal(MOVE, *id, "quantity")).sum()
    };
    let outgoing = sales::line_moves(store, line);
    let inventory: Vec<i64> =
        outgoing.iter().flat_map(|id| store.referring(MOVE, "origin", MOVE, *id)).collect();
    SaleLineView {
        id: line,
        sku: product.and_then(|product| optional(store.text("product.product", product, "code"))),
        description: optional(store.text(LINE, line, "description")),
        quantity: store.decimal(LINE, line, "quantity"),
        unit_price: store.decimal(LINE, line, "unit_price"),
        taxes: store.get(LINE, line, "taxes").as_many().to_vec(),
        amount: amounts::line(store, LINE, line),
        reserved: amount_in(&inventory, &["assigned", "done"]),
        moved: amount_in(&outgoing, &["done"]),
    }
}
