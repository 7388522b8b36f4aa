//! What the merchant or the order calls by name, as ids. Read once; read again when a name is not found.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::sync::Mutex;
use zygos_core::{
    contract::{CallContext, ConnectorError, Named},
    money::Currency,
};

use super::{calls::Query, session::Door, wire};

#[derive(Default)]
pub(super) struct Names {
    lists: Mutex<BTreeMap<String, Arc<Vec<Named>>>>,
    /// Names of the fields that sales have.
    sale_fields: Mutex<Option<Arc<BTreeSet<String>>>>,
}

/// A region as a text or as a record of Tryton's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    Known(i64),
    Text(String),
}

impl Names {
    async fn list(
        &self,
        door: &Door,
        context: &CallContext,
        kept_as: &str,
        query: &Query,
        again: bool,
    ) -> Result<Arc<Vec<Named>>, ConnectorError> {
        let mut lists = self.lists.lock().await;
        if let Some(list) = lists.get(kept_as).filter(|_| !again) {
            return Ok(list.clone());
        }
        let list = Arc::new(named(&door.search(context, query).await?));
        lists.insert(kept_as.to_owned(), list.clone());
        Ok(list)
    }

    async fn find(
        &self,
        door: &Door,
        context: &CallContext,
        query: &Query,
        text: &str,
    ) -> Result<Option<i64>, ConnectorError> {
        for again in [false, true] {
            let list = self.list(door, context, query.model, query, again).await?;
            if let Some(found) = list.iter().find(|named| named.is_called(text)) {
                return Ok(wire::id(&found.key));
            }
        }
        Ok(None)
    }

    /// The `web.shop` of this name.
    pub async fn shop(&self, door: &Door, context: &CallContext, name: &str) -> Result<i64, ConnectorError> {
        let found = self.find(door, context, &shops(), name).await?;
        found.ok_or_else(|| {
            ConnectorError::rejected(
                Some("shop"),
                format!("Tryton has no web shop called {name:?}; create it there or correct the name in the settings"),
            )
        })
    }

    pub async fn currency(
        &self,
        door: &Door,
        context: &CallContext,
        currency: Currency,
    ) -> Result<i64, ConnectorError> {
        let query = Query::new("currency.currency", json!([]), &["code", "name"]);
        let found = self.find(door, context, &query, currency.code()).await?;
        found.ok_or_else(|| {
            ConnectorError::rejected(
                Some("currency"),
                format!("Tryton has no currency {currency}; activate it there"),
            )
        })
    }

    /// The configured payment term; `None` where none is configured.
    pub async fn payment_term(
        &self,
        door: &Door,
        context: &CallContext,
    ) -> Result<Option<i64>, ConnectorError> {
        let Some(name) = &door.config.payment_term else { return Ok(None) };
        let query = Query::new("account.invoice.payment_term", json!([]), &["name"]);
        let found = self.find(door, context, &query, name).await?;
        found.map(Some).ok_or_else(|| {
            let message =
                format!("Tryton has no payment term called {name:?}; correct the name in the settings");
            ConnectorError::rejected(Some("payment_term"), message)
        })
    }

    pub async fn country(
        &self,
        door: &Door,
        context: &CallContext,
        code: &str,
    ) -> Result<i64, ConnectorError> {
        let query = Query::new("country.country", json!([]), &["code", "name"]);
        let found = self.find(door, context, &query, &code.to_ascii_uppercase()).await?;
        found.ok_or_else(|| {
            ConnectorError::rejected(
                Some("country"),
                format!("Tryton knows no country {code}; load its countries (trytond_import_countries)"),
            )
        })
    }

    /// A party's language; `None` when Tryton has no translation into it.
    pub async fn language(
        &self,
        door: &Door,
        context: &CallContext,
        tag: &str,
    ) -> Result<Option<i64>, ConnectorError> {
        let query = Query::new("ir.lang", json!([["translatable", "=", true]]), &["code", "name"]);
        let list = self.list(door, context, query.model, &query, false).await?;
        let short = tag.split(['_', '-']).next().unwrap_or(tag);
        let called = |text: &str| list.iter().find(|named| named.code.as_deref() == Some(text));
        Ok(called(tag).or_else(|| called(short)).and_then(|named| wire::id(&named.key)))
    }

    /// The country's subdivision of this name or code, when exactly one fits.
    pub async fn region(
        &self,
        door: &Door,
        context: &CallContext,
        country: Option<i64>,
        text: &str,
    ) -> Result<Region, ConnectorError> {
        let Some(country) = country else { return Ok(Region::Text(text.to_owned())) };
        let query = Query::new("country.subdivision", json!([["country", "=", country]]), &["code", "name"]);
        let list = self.list(door, context, &format!("subdivisions of {country}"), &query, false).await?;
        let wanted = folded(text);
        let mut fitting = list.iter().filter(|named| {
            let code = named.code.as_deref().unwrap_or_default();
            let short = code.split_once('-').map_or(code, |(_, short)| short);
            folded(&named.name) == wanted || (!short.is_empty() && (short == text || code == text))
        });
        Ok(match (fitting.next().and_then(|named| wire::id(&named.key)), fitting.next()) {
            (Some(id), None) => Region::Known(id),
            _ => Region::Text(text.to_owned()),
        })
    }

    /// Whether sales have `shipment_cost_method` (module `sale_shipment_cost`), which must be emptied: its default
    /// demands a carrier and adds a shipping line of its own.
    pub async fn has_shipping_cost(
        &self,
        door: &Door,
        context: &CallContext,
    ) -> Result<bool, ConnectorError> {
        self.sales_have(door, context, "shipment_cost_method").await
    }

    /// Whether sales have a field, which tells whether the module that adds it is active.
    pub async fn sales_have(
        &self,
        door: &Door,
        context: &CallContext,
        field: &str,
    ) -> Result<bool, ConnectorError> {
        let mut kept = self.sale_fields.lock().await;
        if let Some(known) = kept.as_ref() {
            return Ok(known.contains(field));
        }
        let fields = door.read(context, "model.sale.sale.fields_get", vec![Value::Null]).await?;
        let known: BTreeSet<String> =
            fields.as_object().into_iter().flat_map(|f| f.keys().cloned()).collect();
        let has = known.contains(field);
        *kept = Some(Arc::new(known));
        Ok(has)
    }

    /// The unit of measure of this name or symbol.
    pub async fn measure(
        &self,
        door: &Door,
        context: &CallContext,
        name: &str,
    ) -> Result<i64, ConnectorError> {
        let found = self.find(door, context, &measures(), name).await?;
        found.ok_or_else(|| {
            ConnectorError::rejected(
                Some("measure"),
                format!("Tryton has no unit of measure called {name:?}; map it to one that it has"),
            )
        })
    }
}

pub(super) fn measures() -> Query {
    Query::new("product.uom", json!([]), &["name", "symbol"])
}

pub(super) fn shops() -> Query {
    Query::new("web.shop", json!([]), &["name"])
}

/// Records with a name, and a code or symbol where it was asked for.
pub(super) fn named(answer: &Value) -> Vec<Named> {
    let one = |row: wire::Row<'_>| {
        let code = row.text("code").ok().flatten().or(row.text("symbol").ok().flatten()).map(str::to_owned);
        let name = row.text("name").ok().flatten().unwrap_or_default().to_owned();
        Some(Named { key: row.key().ok()?, code, name })
    };
    wire::rows(answer).filter_map(one).collect()
}

/// For comparing names of regions: small letters, without the accents of the languages shops are met in, without
/// anything but letters and digits.
pub(super) fn folded(text: &str) -> String {
    let plain = |letter: char| match letter {
        'ă' | 'â' | 'á' | 'à' | 'ä' | 'ã' | 'å' => 'a',
        'î' | 'í' | 'ì' | 'ï' => 'i',
        'ș' | 'ş' | 'š' => 's',
        'ț' | 'ţ' | 'ť' => 't',
        'é' | 'è' | 'ê' | 'ë' | 'ě' => 'e',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ő' => 'o',
        'ú' | 'ù' | 'û' | 'ü' | 'ű' | 'ů' => 'u',
        'ç' | 'č' | 'ć' => 'c',
        'ñ' | 'ň' => 'n',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        other => other,
    };
    text.chars().flat_map(char::to_lowercase).map(plain).filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_compared_without_case_accents_and_hyphens() {
        assert_eq!(folded("Bistrița-Năsăud"), folded("BISTRITA NASAUD"));
        assert_eq!(folded("Κρήτη"), folded("ΚΡΗΤΗ"));
        assert_ne!(folded("Sofia"), folded("Sofia (stolitsa)"));
    }
}
