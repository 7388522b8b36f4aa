//! What the writer does for products, what was agreed about them, and those that are gone.

use sqlx::query::Query;
use zygos_core::ConnectionId;

use super::{
    apply::Apply,
    decode::{FieldBaseColumns, Meaning},
    dialect::{Arguments, Db},
    fault::Fault,
    statements,
    values::{micros, side_number, to_json},
};
use crate::{
    keys::units_of,
    rows::{FieldBases, StoredProduct, Tombstone},
};

type Result<T> = std::result::Result<T, Fault>;

impl<'a> Apply<'a> {
    pub(super) async fn put_product(
        &mut self,
        connection: &ConnectionId,
        stored: &StoredProduct,
    ) -> Result<()> {
        let product = &stored.product;
        let read = |query: Query<'a, Db, Arguments>| {
            query
                .bind(connection.as_str().to_owned())
                .bind(product.key.as_str().to_owned())
                .bind(micros(stored.read_at))
                .bind(stored.digest.clone())
        };
        let same = read(self.query(statements::READ_PRODUCT));
        if self.run(same).await? == 0 {
            let put = read(self.query(statements::PUT_PRODUCT));
            if self.run(put).await? == 0 {
                return Ok(());
            }
            let body = self.query(statements::PUT_PRODUCT_BODY).bind(connection.as_str());
            let body = body.bind(product.key.as_str()).bind(to_json("product_body", product)?);
            self.run(body).await?;
        }
        let units = to_json("product_unit", &units_of(product))?;
        let belonging = |query: Query<'a, Db, Arguments>| {
            query
                .bind(connection.as_str().to_owned())
                .bind(product.key.as_str().to_owned())
                .bind(units.clone())
        };
        let part = belonging(self.query(statements::PART_UNITS));
        self.run(part).await?;
        let join = belonging(self.query(statements::JOIN_UNITS)).bind(micros(stored.read_at));
        self.run(join).await?;
        Ok(())
    }

    pub(super) async fn put_field_bases(&mut self, bases: &FieldBases) -> Result<()> {
        if bases.halves.is_empty() {
            return Ok(());
        }
        let stored: Option<FieldBaseColumns> = sqlx::query_as(statements::FIELD_BASE)
            .bind(self.workspace)
            .bind(bases.store.as_str())
            .bind(bases.key.as_str())
            .fetch_optional(&mut *self.connection)
            .await?;
        let mut halves =
            stored.map(Meaning::meaning).transpose()?.map(|known| known.halves).unwrap_or_default();
        halves.extend(bases.halves.iter().map(|(field, half)| (*field, half.clone())));
        let put = self
            .query(statements::PUT_FIELD_BASE)
            .bind(bases.store.as_str())
            .bind(bases.key.as_str())
            .bind(to_json("field_base", &halves)?);
        self.run(put).await?;
        Ok(())
    }

    pub(super) async fn put_tombstone(&mut self, tombstone: &Tombstone) -> Result<()> {
        let put = self
            .query(statements::PUT_TOMBSTONE)
            .bind(tombstone.store.as_str())
            .bind(side_number(tombstone.left))
            .bind(tombstone.unit.as_str())
            .bind(tombstone.sku.as_deref())
            .bind(micros(tombstone.at))
            .bind(tombstone.decided.as_deref());
        self.run(put).await?;
        Ok(())
    }
}
