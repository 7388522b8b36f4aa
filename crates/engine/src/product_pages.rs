//! Reading all products of a side, page by page: each page is kept before the next one is asked for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId, RemoteKey,
    contract::{Checkpoint, Lane, Page},
    model::{Entity, Field, Product, Record, Unit, Value},
};
use zygos_storage::{Mutation, StoredUnit};

use crate::{
    catalogue::names_differ,
    engine::{Engine, lock},
    error::Result,
    event::Event,
    health::Deed,
    products::{READ_FEED, UNREADABLE_FIELD, products_in},
    settings::Connection,
};

const UNREADABLE: &str = "unreadable_product";

/// A full reading under way.
pub(crate) struct ProductPages<'a> {
    connection: &'a Connection,
    lane: Lane,
    /// What it is for, as progress is told.
    what: &'static str,
    began: Timestamp,
    from: Option<Checkpoint>,
    over: bool,
    position: u64,
    expected: Option<u64>,
    unreadable: BTreeSet<String>,
    /// Fields and variants of products that couldn't be read.
    troubles: BTreeSet<String>,
    /// Whole products, where they are read.
    met: u64,
    pub pages: u64,
}

impl ProductPages<'_> {
    pub fn unreadable(&self) -> u64 {
        u64::try_from(self.unreadable.len()).unwrap_or(u64::MAX)
    }
}

impl Engine {
    pub(crate) fn product_pages<'a>(
        &self,
        connection: &'a Connection,
        lane: Lane,
        what: &'static str,
    ) -> ProductPages<'a> {
        ProductPages {
            connection,
            lane,
            what,
            began: self.now(),
            from: None,
            over: false,
            position: 0,
            expected: None,
            unreadable: BTreeSet::new(),
            troubles: BTreeSet::new(),
            met: 0,
            pages: 0,
        }
    }

    /// Reads and keeps the next page and answers its units; `None` behind the last.
    pub(crate) async fn next_products(&self, pages: &mut ProductPages<'_>) -> Result<Option<Vec<RemoteKey>>> {
        if pages.over {
            return Ok(None);
        }
        let connection = pages.connection;
        let id = &connection.id;
        let read_at = self.now();
        let context = self.context(pages.lane);
        let entity = if self.reads_catalogue(id) { Entity::Catalogue } else { Entity::Product };
        let scan = connection.connector.scan(&context, entity, pages.from.as_ref());
        let page = self.ask(connection, Deed::Read(entity), scan).await?;
        pages.pages += 1;
        pages.expected = page.total.or(pages.expected);
        if entity == Entity::Catalogue {
            return self.keep_page(pages, page, read_at).await.map(Some);
        }
        let mut mutations = Vec::new();
        let mut units: Vec<Unit> = Vec::new();
        for item in page.items {
            match item {
                Ok(Record::Product(unit)) => {
                    units.push(unit.clone());
                    let unit = StoredUnit { unit, position: pages.position, read_at };
                    mutations.push(Mutation::PutUnit { connection: id.clone(), unit });
                }
                Ok(_) => {}
                Err(unreadable) => {
                    let subject = unreadable.key.as_ref().map_or("?", RemoteKey::as_str).to_owned();
                    pages.unreadable.insert(subject.clone());
                    mutations.push(self.issue(id, UNREADABLE, subject, format!("{id}: {unreadable}"), &[]));
                }
            }
            pages.position += 1;
        }
        let keys: Vec<RemoteKey> = units.iter().map(|unit| unit.key.clone()).collect();
        let known: BTreeMap<RemoteKey, Unit> = self
            .repository
            .units_by_key(id, &keys)
            .await?
            .into_iter()
            .map(|stored| (stored.unit.key.clone(), stored.unit))
            .collect();
        let renamed =
            units.iter().any(|unit| known.get(&unit.key).is_none_or(|known| names_differ(known, unit)));
        self.commit(mutations).await?;
        self.relink_if(renamed);
        let done = pages.position;
        self.page_is_kept(pages, done, page.next);
        Ok(Some(keys))
    }

    /// Keeps a page of whole products.
    async fn keep_page(
        &self,
        pages: &mut ProductPages<'_>,
        page: Page,
        read_at: Timestamp,
    ) -> Result<Vec<RemoteKey>> {
        let id = &pages.connection.id;
        let (products, unreadable) = products_in(&page.items);
        let kept = self.keeping(id, &products, read_at, Some(pages.position)).await?;
        let mut mutations = kept.mutations;
        for unreadable in unreadable {
            let subject = unreadable.key.as_ref().map_or("?", RemoteKey::as_str).to_owned();
            pages.unreadable.insert(subject.clone());
            mutations.push(self.issue(id, UNREADABLE, subject, format!("{id}: {unreadable}"), &[]));
        }
        pages.troubles.extend(kept.unreadable);
        pages.position += u64::try_from(kept.units.len()).unwrap_or(u64::MAX);
        pages.met += u64::try_from(products.len()).unwrap_or(u64::MAX);
        self.note_categories(id, &products);
        self.commit(mutations).await?;
        self.relink_if(kept.renamed);
        let done = pages.met;
        self.page_is_kept(pages, done, page.next);
        Ok(kept.units)
    }

    fn page_is_kept(&self, pages: &mut ProductPages<'_>, done: u64, next: Option<Checkpoint>) {
        self.tell(&Event::Progress {
            connection: pages.connection.id.clone(),
            what: pages.what,
            done,
            of: pages.expected,
        });
        pages.over = next.is_none();
        pages.from = next;
    }

    fn note_categories(&self, connection: &ConnectionId, products: &[Product]) {
        let mut known = lock(&self.known_categories);
        for product in products {
            let Some(Value::Paths(paths)) = product.facts.get(&Field::Categories) else { continue };
            known.extend(paths.iter().map(|path| (connection.clone(), path.clone())));
        }
    }

    /// What follows from a reading that came to its end: units it didn't meet may be gone, and what could not be read
    /// before and can be now is no trouble any more. Answers whether everything was read.
    pub(crate) async fn end_of_products(&self, pages: &ProductPages<'_>) -> Result<bool> {
        let id = &pages.connection.id;
        let open = self.repository.issues(false).await?;
        let mended = open.iter().filter(|issue| {
            &issue.connection == id
                && match issue.kind.as_str() {
                    UNREADABLE => !pages.unreadable.contains(&issue.subject),
                    UNREADABLE_FIELD => !pages.troubles.contains(&issue.subject),
                    _ => false,
                }
        });
        let mut mutations: Vec<Mutation> =
            mended.map(|issue| self.close_issue(id, &issue.kind, issue.subject.as_str())).collect();
        // What can't be read now may be what would be made on the other side: asked for by its SKU before that.
        mutations.push(Mutation::PutCursor {
            connection: id.clone(),
            feed: READ_FEED.to_owned(),
            checkpoint: Checkpoint(pages.began.to_string()),
        });
        self.commit(mutations).await?;
        // Listings shift while they are read: "not seen" is believed only when the count says all were seen.
        let complete = pages.unreadable.is_empty() && pages.position > 0;
        if complete {
            self.drop_vanished(pages.connection, pages.began).await?;
        }
        Ok(complete)
    }
}
