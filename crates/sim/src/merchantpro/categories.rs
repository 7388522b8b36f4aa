//! `/categories`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Answer,
    errors::ApiError,
    json::{need_text, need_whole},
    paging::{Page, Query, choose_fields, envelope},
    state::{Category, Shop, take},
};

/// Known and not writable; `id` is sent by one client (seen).
const READ_ONLY: [&str; 6] =
    ["id", "url", "meta_noindex", "subcategories", "default_sorting", "custom_order"];

impl Shop {
    /// Filters: the spellings are not known (inferred).
    pub(super) fn list_categories(&self, query: &Query) -> Result<Value, ApiError> {
        let page = Page::read(query, &self.settings)?;
        let mut rows: Vec<&Category> = self.categories.values().collect();
        for (key, value) in query.filters() {
            match key {
                "id" => rows.retain(|category| category.id.to_string() == value),
                "name" => rows.retain(|category| category.name == value),
                "parent_id" => rows.retain(|category| category.parent_id.to_string() == value),
                "status" => rows.retain(|category| category.active == (value == "active")),
                _ => return Err(ApiError::undefined_filter(key)),
            }
        }
        if let Some((field, descending)) = query.sort(&["id", "name"])? {
            if field == "name" {
                rows.sort_by(|one, other| one.name.cmp(&other.name));
            }
            if descending {
                rows.reverse();
            }
        }
        let fields = query.list("fields");
        let shown =
            page.of(&rows).iter().map(|category| choose_fields(self.category_json(category), &fields, &[]));
        Ok(envelope("/api/v2/categories", query, page, rows.len(), shown.collect()))
    }

    pub(super) fn read_category(&self, id: u64, query: &Query) -> Result<Value, ApiError> {
        let category = self.categories.get(&id).ok_or_else(ApiError::not_found)?;
        Ok(choose_fields(self.category_json(category), &query.list("fields"), &[]))
    }

    pub(super) fn create_category(
        &mut self,
        body: &Map<String, Value>,
        ignore_unknown: bool,
    ) -> Result<Answer, ApiError> {
        let mut category = Category {
            id: 0,
            name: String::new(),
            description: String::new(),
            meta_title: String::new(),
            meta_description: String::new(),
            parent_id: 0,
            page_template: "products".to_owned(),
            active: true,
        };
        self.write_category(&mut category, body, ignore_unknown)?;
        category.id = take(&mut self.next.category);
        let shown = Value::Object(self.category_json(&category));
        self.categories.insert(category.id, category);
        Ok(Answer::new(StatusCode::CREATED, Some(shown)))
    }

    pub(super) fn update_category(
        &mut self,
        id: u64,
        body: &Map<String, Value>,
        ignore_unknown: bool,
    ) -> Result<Answer, ApiError> {
        let mut category = self.categories.get(&id).ok_or_else(ApiError::not_found)?.clone();
        self.write_category(&mut category, body, ignore_unknown)?;
        let shown = Value::Object(self.category_json(&category));
        self.categories.insert(id, category);
        Ok(Answer::ok(Some(shown)))
    }

    pub(super) fn delete_category(&mut self, id: u64) -> Result<Answer, ApiError> {
        self.categories.remove(&id).map(|_| Answer::deleted()).ok_or_else(ApiError::not_found)
    }

    fn write_category(
        &self,
        category: &mut Category,
        body: &Map<String, Value>,
        ignore_unknown: bool,
    ) -> Result<(), ApiError> {
        for (key, value) in body {
            match key.as_str() {
                "name" => category.name = need_text(key, value)?,
                "description" => category.description = need_text(key, value)?,
                "meta_title" => category.meta_title = need_text(key, value)?,
                "meta_description" => category.meta_description = need_text(key, value)?,
                "parent_id" => {
                    let parent = if value.is_null() { 0 } else { need_whole(key, value)? };
                    // A parent must exist before its child (seen in a client).
                    if parent != 0 && (parent == category.id || !self.categories.contains_key(&parent)) {
                        return Err(ApiError::invalid(key, "the id of another category, or 0"));
                    }
                    category.parent_id = parent;
                }
                "page_template" => {
                    let template = need_text(key, value)?;
                    if !["products", "subcategories", "mixed", "highlights"].contains(&template.as_str()) {
                        return Err(ApiError::invalid(key, "products, subcategories, mixed or highlights"));
                    }
                    category.page_template = template;
                }
                "status" => category.active = need_text(key, value)? == "active",
                // One client's attempt to write them was refused (seen).
                "meta_fields" if !ignore_unknown => return Err(ApiError::operation()),
                _ if READ_ONLY.contains(&key.as_str()) || ignore_unknown => {}
                _ => return Err(ApiError::undefined_field(key)),
            }
        }
        if category.name.is_empty() {
            return Err(ApiError::invalid("name", "a text that is not empty"));
        }
        Ok(())
    }

    fn category_json(&self, category: &Category) -> Map<String, Value> {
        let pairs = [
            ("id", json!(category.id)),
            ("name", json!(category.name)),
            ("description", json!(category.description)),
            ("meta_title", json!(category.meta_title)),
            ("meta_description", json!(category.meta_description)),
            ("parent_id", json!(category.parent_id)),
            ("page_template", json!(category.page_template)),
            ("status", json!(if category.active { "active" } else { "inactive" })),
            ("meta_noindex", json!("off")),
            ("url", json!(format!("https://{}/c/{}", self.settings.host, category.id))),
            ("meta_fields", json!([])),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
