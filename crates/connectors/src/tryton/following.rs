//! Which models a feed of changes looks at, and what its records are.

use std::collections::BTreeMap;

use serde_json::json;
use zygos_core::{
    RemoteKey,
    contract::{CallContext, Checkpoint, ConnectorError, Item, Page},
    model::{Entity, PriceNews, Record},
};

use super::{
    Tryton,
    calls::Query,
    feed::{self, Cursor, Follow, Look},
    movements, products, sales, wire,
    wire::Row,
};

/// Products that one renamed category brings into the feed at most. The rest is seen by the next listing of all:
/// whoever renames the root of a tree would otherwise have the whole of it read within one page.
const MOST_RENAMED: u32 = 200;

/// Models with the fields that are asked for.
type Models = &'static [(&'static str, &'static [&'static str])];

fn models(entity: Entity) -> Option<Models> {
    Some(match entity {
        Entity::Product => &[
            ("product.product", &["id"]),
            ("product.template", &["products"]),
            ("product.identifier", &["product"]),
        ],
        Entity::Catalogue => &[
            ("product.product", &["template"]),
            ("product.template", &["id"]),
            ("product.identifier", &["product.template"]),
            ("product.category", &["id"]),
        ],
        Entity::Price => {
            &[("product.price_list", &["name"]), ("product.price_list.line", &["price_list.name", "product"])]
        }
        Entity::Movement => &[("stock.move", &movements::FIELDS)],
        Entity::Document => &[("sale.sale", &["id"]), ("stock.shipment.out", &["moves.sale"])],
        _ => return None,
    })
}

impl Tryton {
    pub(super) async fn follow(
        &self,
        context: &CallContext,
        entity: Entity,
        since: Option<&Checkpoint>,
    ) -> Result<Page, ConnectorError> {
        let mut cursor = Cursor::read(since)?.unwrap_or_default();
        let models = models(entity).ok_or_else(|| {
            ConnectorError::unsupported(format_args!("a feed of changes of {}", entity.name()))
        })?;
        // A retired record has changed too.
        let retired = products::with_retired();
        let mut more = false;
        let mut ids: Vec<i64> = Vec::new();
        let mut items = Vec::new();
        let mut news = News::default();
        let due = cursor.due(models.iter().map(|(model, _)| *model));
        for (model, fields) in models.iter().filter(|(model, _)| due.contains(model)) {
            let under: &[_] = if model.starts_with("product.") { &retired } else { &[] };
            let follow = Follow { model, domain: Vec::new(), fields, under };
            let look = feed::look(&self.door, context, &follow, &mut cursor).await?;
            more |= look.more;
            match (entity, *model) {
                (_, "stock.move") => {
                    let fresh: Vec<Row<'_>> = look.fresh().collect();
                    if !fresh.is_empty() {
                        let above = self.door.search(context, &movements::locations()).await?;
                        items = movements::read(&fresh, &movements::Warehouses::read(&above));
                    }
                }
                (Entity::Product, "product.template") => {
                    ids.extend(look.fresh().flat_map(|row| row.ids("products")));
                }
                (Entity::Product, "product.identifier") => {
                    ids.extend(look.fresh().filter_map(|row| row.number("product").ok()?));
                }
                (Entity::Catalogue, "product.product") => {
                    ids.extend(look.fresh().filter_map(|row| row.number("template").ok()?));
                }
                (Entity::Catalogue, "product.identifier") => {
                    ids.extend(
                        look.fresh().filter_map(|row| row.inside("product")?.number("template").ok()?),
                    );
                }
                (Entity::Catalogue, "product.category") => {
                    ids.extend(self.in_changed_categories(context, &look).await?);
                }
                (Entity::Price, _) => news.add(&look, model),
                (_, "stock.shipment.out") => ids.extend(look.fresh().flat_map(|row| {
                    row.many("moves").filter_map(|row| row.number("sale").ok()?).collect::<Vec<_>>()
                })),
                _ => ids.extend(look.fresh().filter_map(|row| row.id().ok())),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            items = match entity {
                Entity::Product => self.products(context, &products::by_ids(&ids)).await?,
                Entity::Catalogue => self.wholes_by_ids(context, &ids).await?,
                _ => {
                    let sales = self.door.search(context, &sales::by_ids(&ids)).await?;
                    sales::read(&sales)
                }
            };
        }
        if !news.0.is_empty() {
            self.price_lists.forget().await;
            items = news.items();
        }
        Ok(Page { items, next: Some(cursor.checkpoint()), more, total: None })
    }

    /// Nothing of a product changes when a category above it is renamed or moved.
    async fn in_changed_categories(
        &self,
        context: &CallContext,
        look: &Look,
    ) -> Result<Vec<i64>, ConnectorError> {
        let changed: Vec<i64> = look.fresh().filter_map(|row| row.id().ok()).collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        self.categories.forget().await;
        let tree = self.categories.tree(&self.door, context, &[]).await?;
        let domain = json!([["categories", "in", tree.with_children(&changed)], products::any()]);
        let mut query = Query::new("product.template", domain, &["id"]);
        query.limit = Some(MOST_RENAMED);
        let found = self.door.search(context, &query).await?;
        Ok(wire::rows(&found).filter_map(|row| row.id().ok()).collect())
    }
}

/// Lists by id: their names, and the products that changed lines are for; `None` for any.
#[derive(Default)]
struct News(BTreeMap<i64, (String, Option<Vec<RemoteKey>>)>);

impl News {
    fn add(&mut self, look: &Look, model: &str) {
        for row in look.fresh() {
            let list = if model == "product.price_list" { Some(row) } else { row.inside("price_list") };
            let Some(list) = list else { continue };
            let (Ok(id), Ok(Some(name))) = (list.id(), list.text("name")) else { continue };
            let known = self.0.entry(id).or_insert_with(|| (name.to_owned(), Some(Vec::new())));
            let product =
                if model == "product.price_list" { None } else { row.number("product").ok().flatten() };
            match (product, &mut known.1) {
                (Some(product), Some(units)) => {
                    let key = wire::key(product);
                    if !units.contains(&key) {
                        units.push(key);
                    }
                }
                (Some(_), None) => {}
                (None, units) => *units = None,
            }
        }
    }

    fn items(self) -> Vec<Item> {
        let record = |(id, (list_name, units))| {
            Ok(Record::PriceNews(PriceNews { list: wire::key(id), list_name, units }))
        };
        self.0.into_iter().map(record).collect()
    }
}
