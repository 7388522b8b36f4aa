//! Tryton 8, over JSON-RPC. What it can do, how figures and deductions are read and what is inferred: `docs.md`.

mod barcode;
mod calls;
mod catalogue;
mod categories;
mod config;
mod deductions;
mod editing;
mod errors;
mod feed;
mod following;
mod held;
mod making;
mod movements;
mod names;
mod parties;
mod prices;
mod products;
mod sales;
mod series;
mod session;
mod stock;
mod values;
mod wire;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::civil::Date;
use serde_json::{Value, json};
use zygos_core::{
    RemoteKey, SharedClock,
    contract::{
        Absence, Applied, CallContext, Capabilities, CheckFinding, CheckReport, Checkpoint, Connector,
        ConnectorError, DiscoveredTax, Discovery, DocumentKind, EntityCapabilities, ErrorKind, Fetch,
        FieldCapability, Item, Lookup, Outcome, Page, ProductUse, ReadMode, Severity, Side, Totals, Write,
        WriteMode,
    },
    http::Transport,
    model::{Entity, Field, NewParty},
    money::Currency,
};

pub use config::{TrytonConfig, VENDOR};

use self::{
    calls::Query, categories::Categories, errors::Failure, names::Names, parties::Entered,
    prices::PriceLists, session::Door, stock::Place,
};
use crate::one_by_one::stopped_by;

/// One company at a Tryton server.
pub struct Tryton {
    door: Door,
    names: Names,
    categories: Categories,
    price_lists: PriceLists,
    capabilities: Capabilities,
}

impl Tryton {
    /// Makes no call.
    pub fn new(config: TrytonConfig, transport: Arc<dyn Transport>, clock: SharedClock) -> Self {
        Self {
            door: Door::new(config, transport, clock),
            names: Names::default(),
            categories: Categories::default(),
            price_lists: PriceLists::default(),
            capabilities: capabilities(),
        }
    }

    /// The server's own date: its forecasts end with it.
    async fn today(&self, context: &CallContext) -> Result<Date, ConnectorError> {
        let answer = self.door.read(context, "model.ir.date.today", Vec::new()).await?;
        wire::read_date(&answer).ok_or_else(|| {
            ConnectorError::new(ErrorKind::Protocol { maybe_applied: false }, "Tryton did not tell its date")
        })
    }

    async fn products(&self, context: &CallContext, query: &Query) -> Result<Vec<Item>, ConnectorError> {
        Ok(products::read(&self.door.search_under(context, query, &products::with_retired()).await?))
    }

    /// Two calls a warehouse, and two for all: the places and the date.
    async fn stock(
        &self,
        context: &CallContext,
        units: &[RemoteKey],
        warehouses: &[RemoteKey],
    ) -> Result<Vec<Item>, ConnectorError> {
        let ids: Vec<i64> = units.iter().filter_map(wire::id).collect();
        let wanted: Vec<i64> = warehouses.iter().filter_map(wire::id).collect();
        if ids.is_empty() || wanted.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<Place> =
            stock::read_places(&self.door.search(context, &stock::places(Some(&wanted))).await?);
        let today = wire::date(self.today(context).await?);
        let mut items = Vec::new();
        for place in &places {
            for chunk in ids.chunks(usize::try_from(stock::PAGE).unwrap_or(100)) {
                let whole = stock::under_whole(*place, &today);
                let whole = self.door.search_under(context, &stock::whole(chunk), &whole).await?;
                let storage = stock::under_storage(*place);
                let storage = self.door.search_under(context, &stock::storage(chunk), &storage).await?;
                items.extend(stock::read(*place, &whole, &storage));
            }
        }
        let gone =
            warehouses.iter().filter(|key| !places.iter().any(|place| wire::key(place.warehouse) == **key));
        items.extend(gone.map(stock::no_such_warehouse));
        Ok(items)
    }

    async fn deductions(
        &self,
        context: &CallContext,
        shop: Option<i64>,
        references: &[String],
    ) -> Result<Vec<Item>, ConnectorError> {
        let answer = self.door.search(context, &deductions::query(shop, references)).await?;
        let today =
            if deductions::depend_on_today(&answer) { Some(self.today(context).await?) } else { None };
        Ok(deductions::read(&answer, today))
    }

    async fn shop(
        &self,
        context: &CallContext,
        shop: Option<&String>,
    ) -> Result<Option<i64>, ConnectorError> {
        match shop {
            Some(shop) => Ok(Some(self.names.shop(&self.door, context, shop).await?)),
            None => Ok(None),
        }
    }

    async fn create_party(&self, context: &CallContext, party: &NewParty) -> Result<Applied, Failure> {
        let language = match &party.language {
            Some(tag) => self.names.language(&self.door, context, tag).await?,
            None => None,
        };
        let mut refused = None;
        for entered in [Entered::Typed, Entered::Plain] {
            let values = vec![json!([parties::new(party, language, entered)])];
            match self.door.write(context, "model.party.party.create", values).await {
                Ok(answer) => {
                    let id = answer.get(0).and_then(Value::as_i64).map(wire::key);
                    return Ok(Applied { key: id, ..Applied::default() });
                }
                Err(Failure::Refused { field, message }) => {
                    // The code is unique: who carries it is the customer that was to be made.
                    let found = self.door.search(context, &parties::by_code(&party.code)).await?;
                    if let Some(Ok(record)) = parties::read(&found).into_iter().next() {
                        let key = Some(record.key().clone());
                        return Ok(Applied { key, record: Some(record), already: true });
                    }
                    refused = Some(Failure::Refused { field, message });
                }
                Err(other) => return Err(other),
            }
        }
        Err(refused.unwrap_or_else(|| Failure::Other(ConnectorError::unsupported("creating this customer"))))
    }

    async fn one(&self, context: &CallContext, write: &Write) -> Result<Applied, Failure> {
        match write {
            Write::CreateParty(party) => self.create_party(context, party).await,
            Write::CreateDocument(new) => sales::create(&self.door, &self.names, context, new).await,
            Write::AddDocumentLines { document, lines } => {
                sales::add_lines(&self.door, context, document, lines).await
            }
            Write::TransitionDocument { document, to } => {
                sales::transition(&self.door, context, document, *to).await
            }
            Write::CreateProduct(new) => self.create_product(context, new).await,
            Write::CreateVariants { product, variants, prices } => {
                self.create_variants(context, product, variants, *prices).await
            }
            Write::UpdateProduct(changes) => self.update_product(context, changes).await,
            Write::CreateCategory { path } => self.create_category(context, path).await,
            Write::SetStock { .. }
            | Write::TransitionOrder { .. }
            | Write::SetTracking { .. }
            | Write::AddTag { .. }
            | Write::SetErpId { .. } => Err(Failure::Other(ConnectorError::unsupported("this write"))),
        }
    }
}

/// What orders are entered into.
const WRITTEN: [(&str, &str); 4] = [
    ("sale.sale", "sales"),
    ("sale.line", "lines of sales"),
    ("party.party", "customers"),
    ("party.address", "addresses"),
];

/// What products are entered into.
const KEPT: [(&str, &str); 4] = [
    ("product.template", "products"),
    ("product.product", "variants"),
    ("product.identifier", "EANs"),
    ("product.category", "categories"),
];

/// Whether the answer of `get_access` lets the user make and change records of a model.
fn may_enter(rights: &Value, model: &str) -> bool {
    let may = |right: &str| {
        let right = rights.get(model).and_then(|rights| rights.get(right));
        // Booleans that are stored come as 1 and 0.
        right.is_some_and(|right| right.as_bool() == Some(true) || right.as_i64() == Some(1))
    };
    may("create") && may("write")
}

/// What it means that of [`KEPT`] the user may not enter `closed`.
fn may_keep(closed: &[&str]) -> CheckFinding {
    if closed.is_empty() {
        return CheckFinding { severity: Severity::Good, message: "products can be written".to_owned() };
    }
    // Without categories and EANs the rest of a product can still be kept.
    let is_hopeless = closed.iter().any(|what| ["products", "variants"].contains(what));
    CheckFinding {
        severity: if is_hopeless { Severity::Blocking } else { Severity::Warning },
        message: format!(
            "the user may not write {}; flows that write products into Tryton need the groups Product Administration \
             and Account Product Administration",
            closed.join(", ")
        ),
    }
}

fn capabilities() -> Capabilities {
    let entity = |read: &[ReadMode], write: &[WriteMode], page_size: u32| EntityCapabilities {
        read: read.to_vec(),
        write: write.to_vec(),
        page_size,
        batch: 1,
        // Texts have no limits of their own on 8.2 (seen with 300 characters).
        lengths: BTreeMap::new(),
        fields: BTreeMap::new(),
    };
    Capabilities {
        vendor: "tryton",
        side: Side::Erp,
        entities: BTreeMap::from([
            (
                Entity::Product,
                entity(&[ReadMode::Scan, ReadMode::Changes, ReadMode::Fetch], &[], products::PAGE),
            ),
            (
                Entity::Catalogue,
                EntityCapabilities {
                    fields: product_fields(),
                    ..entity(
                        &[ReadMode::Scan, ReadMode::Changes, ReadMode::Fetch],
                        &[WriteMode::Create, WriteMode::Update],
                        catalogue::PAGE,
                    )
                },
            ),
            (Entity::Price, entity(&[ReadMode::Changes, ReadMode::Fetch], &[], prices::PAGE)),
            (Entity::Category, entity(&[], &[WriteMode::Create], 1)),
            (Entity::Stock, entity(&[ReadMode::Fetch], &[], stock::PAGE)),
            (Entity::Deduction, entity(&[ReadMode::Fetch], &[], 100)),
            (
                Entity::Document,
                entity(
                    &[ReadMode::Changes, ReadMode::Fetch],
                    &[WriteMode::Create, WriteMode::Update, WriteMode::Transition],
                    feed::PAGE,
                ),
            ),
            (Entity::Customer, entity(&[ReadMode::Fetch], &[WriteMode::Create], 100)),
            (Entity::Movement, entity(&[ReadMode::Changes], &[], feed::PAGE)),
        ]),
        // Module web_shop: shop and web_id are unique together; `check` reports a server without it.
        reference_enforced: true,
        lookup: Lookup::Reference,
        max_in_flight: series::MAX_IN_FLIGHT,
        totals: Totals::BeforeCommit,
        absence: Absence::Unknown,
        document: Some(DocumentKind::Order),
        line_needs_product: false,
    }
}

/// What every Tryton has; weights, pictures and the like come with modules that many don't have.
fn product_fields() -> BTreeMap<Field, FieldCapability> {
    let both = FieldCapability { create: true, update: true, ..FieldCapability::default() };
    let price = FieldCapability { decimals: Some(values::PRICE_DECIMALS), ..both };
    BTreeMap::from([
        (Field::Name, FieldCapability { required: true, ..both }),
        (Field::Description, both),
        (Field::Categories, both),
        // Without an accounting category goods can't be invoiced.
        (Field::Tax, FieldCapability { required: true, ..both }),
        (Field::Measure, FieldCapability { update: false, required: true, ..both }),
        (Field::Sku, FieldCapability { required: true, ..both }),
        (Field::Ean, both),
        (Field::Price, price),
        // Refused once goods have moved, so it is given at the beginning or never.
        (Field::Cost, FieldCapability { update: false, ..price }),
        (Field::Active, both),
    ])
}

#[async_trait]
impl Connector for Tryton {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self, context: &CallContext) -> Result<CheckReport, ConnectorError> {
        let version = self.door.version(context).await?;
        let mut findings = Vec::new();
        let mut find =
            |severity, message: &str| findings.push(CheckFinding { severity, message: message.to_owned() });
        if series::is_supported(&version) {
            find(Severity::Good, "the version is one that Zygos knows");
        } else {
            find(
                Severity::Blocking,
                "the version is older than 8.0, which has no feeds of changes; update the server",
            );
        }
        for (model, what) in [
            ("sale.sale", "sales"),
            ("stock.move", "stock movements"),
            ("product.product", "products"),
            ("party.party", "customers"),
        ] {
            let mut query = Query::new(model, json!([]), &["id"]);
            query.limit = Some(1);
            match self.door.search(context, &query).await {
                Ok(_) => find(Severity::Good, &format!("{what} can be read")),
                Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::Rejected { .. }) => {
                    find(
                        Severity::Blocking,
                        &format!(
                            "the user may not read {what}; give it the groups Sales and Stock in Tryton"
                        ),
                    )
                }
                Err(error) => return Err(error),
            }
        }
        let asked = WRITTEN.map(|(model, _)| model);
        let rights = self.door.read(context, "model.ir.model.access.get_access", vec![json!(asked)]).await?;
        for (model, what) in WRITTEN {
            if !may_enter(&rights, model) {
                find(
                    Severity::Blocking,
                    &format!("the user may not enter {what}; give it the group Sales in Tryton"),
                );
            }
        }
        let asked = KEPT.map(|(model, _)| model);
        let rights = self.door.read(context, "model.ir.model.access.get_access", vec![json!(asked)]).await?;
        let closed: Vec<&str> =
            KEPT.iter().filter(|(model, _)| !may_enter(&rights, model)).map(|(_, what)| *what).collect();
        let of_products = vec![(ProductUse::Write, may_keep(&closed))];
        if !self.names.sales_have(&self.door, context, "price_list").await? {
            find(
                // Who configures a list hears that there is none.
                Severity::Good,
                "the module sale_price_list is not active; only prices of a price list need it",
            );
        }
        match self.door.search(context, &names::shops()).await {
            Ok(_) => find(Severity::Good, "the module web_shop is active: no order can be entered twice"),
            Err(_) => find(
                Severity::Blocking,
                "the module web_shop is not active or not readable; activate it, for it keeps orders from being entered twice",
            ),
        }
        Ok(CheckReport { product: format!("Tryton {version}"), findings, of_products })
    }

    async fn scan(
        &self,
        context: &CallContext,
        entity: Entity,
        from: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        let last = from.and_then(|checkpoint| checkpoint.0.parse().ok()).unwrap_or(0);
        let (page, ids, items) = match entity {
            Entity::Product => {
                let under = products::with_retired();
                let answer = self.door.search_under(context, &products::page_after(last), &under).await?;
                let ids: Vec<i64> = wire::rows(&answer).filter_map(|row| row.id().ok()).collect();
                (products::PAGE, ids, products::read(&answer))
            }
            Entity::Catalogue => {
                if from.is_none() {
                    self.categories.forget().await;
                }
                let (ids, items) = self.wholes(context, &catalogue::page_after(last)).await?;
                (catalogue::PAGE, ids, items)
            }
            other => {
                return Err(ConnectorError::unsupported(format_args!("listing every {}", other.name())));
            }
        };
        let is_full = ids.len() >= usize::try_from(page).unwrap_or(usize::MAX);
        let next = ids.last().filter(|_| is_full).map(|last| Checkpoint(last.to_string()));
        Ok(Page { items, more: next.is_some(), next, total: None })
    }

    async fn changes(
        &self,
        context: &CallContext,
        entity: Entity,
        since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        self.follow(context, entity, since).await
    }

    async fn fetch(&self, context: &CallContext, fetch: &Fetch) -> Result<Vec<Item>, ConnectorError> {
        match fetch {
            Fetch::Keys { entity, keys } => {
                let ids: Vec<i64> = keys.iter().filter_map(wire::id).collect();
                match entity {
                    Entity::Product => self.products(context, &products::by_ids(&ids)).await,
                    Entity::Catalogue => {
                        let ids: Vec<i64> = keys.iter().filter_map(products::whole_id).collect();
                        self.wholes_by_ids(context, &ids).await
                    }
                    Entity::Document => {
                        Ok(sales::read(&self.door.search(context, &sales::by_ids(&ids)).await?))
                    }
                    Entity::Customer => {
                        Ok(parties::read(&self.door.search(context, &parties::by_ids(&ids)).await?))
                    }
                    other => {
                        Err(ConnectorError::unsupported(format_args!("looking up a {} by key", other.name())))
                    }
                }
            }
            Fetch::UnitsBySku { skus } => self.products(context, &products::by_sku(skus)).await,
            Fetch::ProductsBySku { skus } => self.wholes_by_sku(context, skus).await,
            Fetch::Prices { list, units } => self.prices(context, list, units).await,
            Fetch::Stock { units, warehouses } => self.stock(context, units, warehouses).await,
            Fetch::Deductions { shop, references } => {
                let shop = self.shop(context, shop.as_ref()).await?;
                self.deductions(context, shop, references).await
            }
            Fetch::Documents { shop, references } => {
                let shop = self.shop(context, shop.as_ref()).await?;
                Ok(sales::read(&self.door.search(context, &sales::by_references(shop, references)).await?))
            }
            Fetch::Candidates { shop, order } => {
                let shop = self.shop(context, shop.as_ref()).await?;
                Ok(sales::read(&self.door.search(context, &sales::candidates(shop, order)).await?))
            }
            Fetch::Parties(query) => {
                Ok(parties::read(&self.door.search(context, &parties::query(query)).await?))
            }
            Fetch::SplitChildren { .. } => {
                Err(ConnectorError::unsupported("looking for parts of a split order"))
            }
        }
    }

    async fn apply(&self, context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.len());
        for write in batch {
            let outcome = match stopped_by(&outcomes) {
                Some(stopped) => Err(stopped),
                None => self.one(context, write).await.map_err(ConnectorError::from),
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn discover(&self, context: &CallContext) -> Result<Discovery, ConnectorError> {
        let warehouses = Query::new("stock.location", json!([["type", "=", "warehouse"]]), &["code", "name"]);
        let warehouses = names::named(&self.door.search(context, &warehouses).await?);
        let taxes = Query::new("account.tax", json!([["parent", "=", null]]), &["name", "type", "rate"]);
        let taxes = self.door.search(context, &taxes).await?;
        let taxes = wire::rows(&taxes)
            .filter_map(|row| {
                let rate = row.decimal("rate").ok()?;
                Some(DiscoveredTax {
                    key: row.key().ok()?,
                    name: row.text("name").ok()??.to_owned(),
                    percent: rate
                        .and_then(|rate| rate.checked_mul(rust_decimal::Decimal::ONE_HUNDRED))
                        .map(|p| p.normalize()),
                })
            })
            .collect();
        let shops = names::named(&self.door.search(context, &names::shops()).await?);
        let company = Query::new("company.company", json!([]), &["currency.code"]);
        let company = self.door.search(context, &company).await?;
        let currency = wire::rows(&company)
            .find_map(|row| Currency::parse(row.inside("currency")?.text("code").ok()??).ok());
        let price_lists = self.price_lists_named(context).await?;
        self.categories.forget().await;
        let tax_classes = self.categories.tree(&self.door, context, &[]).await?.tax_classes();
        let measures = names::named(&self.door.search(context, &names::measures()).await?);
        Ok(Discovery {
            warehouses,
            taxes,
            shops,
            payment_methods: Vec::new(),
            price_lists,
            tax_classes,
            measures,
            currency,
        })
    }
}
