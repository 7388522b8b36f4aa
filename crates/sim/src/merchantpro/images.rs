//! `/products/{id}/images`.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};
use zygos_core::clock::later;

use super::{
    Answer,
    errors::ApiError,
    json::need_text,
    state::{Image, Product, Shop},
};

impl Shop {
    /// An image given by `url` waits in the import queue; `content` is there at once (documented).
    pub(super) fn new_image(&mut self, entry: &Value, now: Timestamp) -> Result<Image, ApiError> {
        let text = |key: &str| need_text(key, entry.get(key).unwrap_or(&Value::Null));
        let url = if let Value::String(url) = entry { url.clone() } else { text("url")? };
        let id = self.small_id();
        if !url.is_empty() {
            let visible_from = later(now, self.settings.image_import);
            return Ok(Image { id, url, caption: text("caption")?, visible_from });
        }
        if text("content")?.is_empty() {
            return Err(ApiError::invalid("images", "given by `url` or by `content`"));
        }
        let url = format!("https://{}/i/{id}.jpg", self.settings.host);
        Ok(Image { id, url, caption: text("caption")?, visible_from: now })
    }

    fn pictured(&mut self, product_id: u64) -> Result<&mut Product, ApiError> {
        self.products.get_mut(&product_id).ok_or_else(ApiError::not_found)
    }

    /// A bare array (documented).
    pub(super) fn list_images(&self, product_id: u64, now: Timestamp) -> Result<Value, ApiError> {
        let product = self.products.get(&product_id).ok_or_else(ApiError::not_found)?;
        let visible = product.images.iter().enumerate().filter(|(_, image)| image.visible_from <= now);
        Ok(visible.map(|(place, image)| image.json(place)).collect())
    }

    pub(super) fn add_image(
        &mut self,
        product_id: u64,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        self.pictured(product_id)?;
        let image = self.new_image(&Value::Object(body.clone()), now)?;
        let product = self.pictured(product_id)?;
        let shown = image.json(product.images.len());
        product.images.push(image);
        product.modified = now;
        Ok(Answer::new(StatusCode::CREATED, Some(shown)))
    }

    /// Only the caption can change (documented).
    pub(super) fn update_image(
        &mut self,
        product_id: u64,
        image_id: u64,
        body: &Map<String, Value>,
    ) -> Result<Answer, ApiError> {
        let images = &mut self.pictured(product_id)?.images;
        let place = images.iter().position(|image| image.id == image_id).ok_or_else(ApiError::not_found)?;
        let image = images.get_mut(place).ok_or_else(ApiError::not_found)?;
        if let Some(caption) = body.get("caption") {
            image.caption = need_text("caption", caption)?;
        }
        Ok(Answer::ok(Some(image.json(place))))
    }

    pub(super) fn delete_image(&mut self, product_id: u64, image_id: u64) -> Result<Answer, ApiError> {
        let images = &mut self.pictured(product_id)?.images;
        let before = images.len();
        images.retain(|image| image.id != image_id);
        if images.len() == before { Err(ApiError::not_found()) } else { Ok(Answer::deleted()) }
    }
}
