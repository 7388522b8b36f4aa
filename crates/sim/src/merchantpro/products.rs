//! `/products`: lists, single products, creating, changing, deleting.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Answer,
    errors::ApiError,
    filters::{DateCondition, bracket},
    paging::{Page, Query, envelope},
    product_json::Shown,
    state::{Product, Shop},
};

impl Shop {
    pub(super) fn list_products(&self, query: &Query, now: Timestamp) -> Result<Value, ApiError> {
        let page = Page::read(query, &self.settings)?;
        let filters = self.product_filters(query)?;
        let sort = query.sort(&["date_created", "date_modified", "id", "name"])?;
        // The plain list is by id, ascending (inferred), and costs only its page.
        let found: Vec<u64>;
        let ids = if filters.is_empty() && sort.is_none() {
            &self.product_ids
        } else {
            let mut rows: Vec<&Product> = self
                .products
                .values()
                .filter(|product| filters.iter().all(|filter| filter.holds(product)))
                .collect();
            if let Some((field, descending)) = sort {
                match field {
                    "date_created" => rows.sort_by_key(|product| product.created),
                    "date_modified" => rows.sort_by_key(|product| product.modified),
                    "name" => rows.sort_by(|one, other| one.name.cmp(&other.name)),
                    _ => {}
                }
                if descending {
                    rows.reverse();
                }
            }
            found = rows.into_iter().map(|product| product.id).collect();
            &found
        };
        let fields = query.list("fields");
        let shown = Shown {
            texts: self.settings.descriptions_in_lists && fields.iter().any(|field| field == "description"),
            variants: query.includes("variants"),
            images: query.includes("images"),
            images_included: true,
        };
        let rows = page
            .of(ids)
            .iter()
            .filter_map(|id| self.products.get(id))
            .map(|product| self.product_row(product, shown, &fields, now))
            .collect();
        Ok(envelope("/api/v2/products", query, page, ids.len(), rows))
    }

    pub(super) fn read_product(&self, id: u64, query: &Query, now: Timestamp) -> Result<Value, ApiError> {
        let parent = self.parents.get(&id).filter(|_| self.settings.variant_id_reads_product);
        let product = self.products.get(parent.unwrap_or(&id)).ok_or_else(ApiError::not_found)?;
        // The single answer holds texts and images (documented).
        let shown = Shown {
            texts: true,
            variants: query.includes("variants"),
            images: true,
            images_included: query.includes("images"),
        };
        Ok(self.product_row(product, shown, &query.list("fields"), now))
    }

    /// The product as the answer to a write shows it.
    fn written_product(&self, id: u64, now: Timestamp) -> Option<Value> {
        let whole = self.settings.writes_answer_whole;
        let shown = Shown { texts: true, variants: whole, images: whole, images_included: true };
        self.products.get(&id).map(|product| self.product_row(product, shown, &[], now))
    }

    /// The whole product, for webhooks and the control interface.
    pub(super) fn full_product(&self, id: u64, now: Timestamp) -> Option<Value> {
        let shown = Shown { texts: true, variants: true, images: true, images_included: true };
        self.products.get(&id).map(|product| self.product_row(product, shown, &[], now))
    }

    pub(super) fn create_product(
        &mut self,
        body: &Map<String, Value>,
        query: &Query,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let mut product = self.blank_product(now);
        if !body.contains_key("name") {
            return Err(ApiError::bad_request("missing_field", "Field `name` is required"));
        }
        self.write_product(&mut product, body, query.is_on("ignore_nonexistent_fields"), true, now)?;
        let id = product.id;
        self.store_product(product);
        self.emit("product.created", |shop| shop.full_product(id, now));
        Ok(Answer::new(StatusCode::CREATED, self.written_product(id, now)))
    }

    pub(super) fn update_product(
        &mut self,
        id: u64,
        body: &Map<String, Value>,
        ignore_unknown: bool,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        // Written to a copy first: a refused field must not leave half a change behind.
        let mut product = self.products.get(&id).ok_or_else(ApiError::not_found)?.clone();
        self.write_product(&mut product, body, ignore_unknown, false, now)?;
        product.modified = now;
        self.store_product(product);
        self.emit("product.updated", |shop| shop.full_product(id, now));
        Ok(Answer::ok(self.written_product(id, now)))
    }

    pub(super) fn delete_product_by_id(&mut self, id: u64) -> Result<Answer, ApiError> {
        if self.remove_product(id) { Ok(Answer::deleted()) } else { Err(ApiError::not_found()) }
    }

    fn product_filters(&self, query: &Query) -> Result<Vec<ProductFilter>, ApiError> {
        let zone = &self.settings.filter_zone;
        let mut filters = Vec::new();
        for (key, value) in query.filters() {
            let filter = match key {
                "id" => {
                    ProductFilter::Id(value.parse().map_err(|_| ApiError::invalid(key, "a whole number"))?)
                }
                "status" => ProductFilter::Active(value == "active"),
                "is_new" => ProductFilter::New(matches!(value, "1" | "true")),
                _ if bracket("meta_fields", key).is_some() => {
                    let name = bracket("meta_fields", key).unwrap_or_default();
                    ProductFilter::Meta(name.to_owned(), value.to_owned())
                }
                _ if self.settings.products_date_filters => {
                    if let Some(condition) = DateCondition::bracketed("created", key, value, zone)? {
                        ProductFilter::Created(condition)
                    } else if let Some(condition) = DateCondition::bracketed("modified", key, value, zone)? {
                        ProductFilter::Modified(condition)
                    } else {
                        return Err(ApiError::undefined_filter(key));
                    }
                }
                _ => return Err(ApiError::undefined_filter(key)),
            };
            filters.push(filter);
        }
        Ok(filters)
    }
}

enum ProductFilter {
    Id(u64),
    Active(bool),
    New(bool),
    Meta(String, String),
    Created(DateCondition),
    Modified(DateCondition),
}

impl ProductFilter {
    fn holds(&self, product: &Product) -> bool {
        match self {
            Self::Id(id) => product.id == *id,
            Self::Active(active) => product.unit.active == *active,
            Self::New(new) => product.is_new == *new,
            Self::Meta(key, value) => product.meta_fields.get(key) == Some(value),
            Self::Created(condition) => condition.holds(product.created),
            Self::Modified(condition) => condition.holds(product.modified),
        }
    }
}
