-- Products as each connection has them. What changes at every reading is in a narrow row; the body is written when
-- the digest says that something was edited.
CREATE TABLE product (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, connection, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_body (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, connection, key),
    FOREIGN KEY (workspace, connection, key) REFERENCES product (workspace, connection, key) ON DELETE CASCADE
) STRICT;

-- To which product a unit belongs, by the latest reading.
CREATE TABLE product_unit (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    unit TEXT NOT NULL,
    product TEXT NOT NULL,
    PRIMARY KEY (workspace, connection, unit),
    FOREIGN KEY (workspace, connection, product) REFERENCES product (workspace, connection, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX product_unit_by_product ON product_unit (workspace, connection, product, unit);

-- What both sides last agreed on, of all fields of a product or a unit together, as JSON.
CREATE TABLE field_base (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    key TEXT NOT NULL,
    halves TEXT NOT NULL,
    PRIMARY KEY (workspace, store, key)
) STRICT;

-- Products that are gone on one side. left_on: the side on which they still are, 0 the store, 1 the ERP.
CREATE TABLE tombstone (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    left_on INTEGER NOT NULL,
    unit TEXT NOT NULL,
    sku TEXT,
    at INTEGER NOT NULL,
    decided TEXT,
    PRIMARY KEY (workspace, store, left_on, unit)
) STRICT, WITHOUT ROWID;

-- Until now only stock was compared. One drift is open per field from now on.
ALTER TABLE drift ADD COLUMN field TEXT NOT NULL DEFAULT 'stock';
DROP INDEX drift_open;
CREATE UNIQUE INDEX drift_open ON drift (workspace, store, unit, field) WHERE corrected_at IS NULL;

PRAGMA user_version = 2;
