-- As in SQLite. Texts are ordered by their bytes, as they are there.
--
-- Every key begins with the workspace. Amounts and quantities are exact decimal text; times are microseconds since
-- 1970 (UTC). What is looked up by has a column, the rest of a record is JSON. What changes at every reading lies in
-- narrow rows apart from bodies that seldom change.

CREATE TABLE connection (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    PRIMARY KEY (workspace, connection)
);

CREATE TABLE cursor (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    feed TEXT COLLATE "C" NOT NULL,
    checkpoint TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, connection, feed)
);

-- sku and ean are without the blanks around them, and missing when nothing is left.
CREATE TABLE unit (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    sku TEXT COLLATE "C",
    ean TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, connection, key)
);
CREATE INDEX unit_by_position ON unit (workspace, connection, position, key);
CREATE INDEX unit_by_sku ON unit (workspace, connection, sku) WHERE sku IS NOT NULL;
CREATE INDEX unit_by_ean ON unit (workspace, connection, ean) WHERE ean IS NOT NULL;

CREATE TABLE figure (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    stock TEXT COLLATE "C",
    read_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, connection, key),
    FOREIGN KEY (workspace, connection, key) REFERENCES unit (workspace, connection, key) ON DELETE CASCADE
);

CREATE TABLE link (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    store_key TEXT COLLATE "C" NOT NULL,
    erp TEXT COLLATE "C" NOT NULL,
    erp_key TEXT COLLATE "C" NOT NULL,
    matched_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, store, store_key)
);
CREATE INDEX link_by_erp ON link (workspace, erp, erp_key, store, store_key);

CREATE TABLE stock_base (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    figure TEXT COLLATE "C" NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, store, unit)
);

CREATE TABLE store_order (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    state_code TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    party TEXT COLLATE "C",
    root TEXT COLLATE "C",
    first_seen BIGINT NOT NULL,
    last_read BIGINT NOT NULL,
    seen_by TEXT COLLATE "C" NOT NULL,
    closed BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, store, id)
);
CREATE INDEX store_order_by_age ON store_order (workspace, created_at DESC, store, id);
CREATE INDEX store_order_by_closed ON store_order (workspace, closed, created_at DESC, store, id);
CREATE INDEX store_order_by_reference ON store_order (workspace, reference, store, id) WHERE root IS NULL;
CREATE INDEX store_order_by_root ON store_order (workspace, store, root, id) WHERE root IS NOT NULL;

CREATE TABLE store_order_body (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C",
    PRIMARY KEY (workspace, store, id),
    FOREIGN KEY (workspace, store, id) REFERENCES store_order (workspace, store, id) ON DELETE CASCADE
);

CREATE TABLE ledger (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    warehouse TEXT COLLATE "C",
    quantity TEXT COLLATE "C" NOT NULL,
    recorded TEXT COLLATE "C" NOT NULL,
    reserved TEXT COLLATE "C" NOT NULL,
    moved TEXT COLLATE "C" NOT NULL,
    proven_at BIGINT,
    entered_at BIGINT NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    undecided BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, store, order_id, unit)
);
CREATE INDEX ledger_by_unit ON ledger (workspace, unit, store, order_id);

-- record_store is empty but for orders. lease_until is set while somebody holds the row under the fence.
CREATE TABLE outbox (
    workspace TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    kind BIGINT NOT NULL,
    record_store TEXT COLLATE "C" NOT NULL,
    record_key TEXT COLLATE "C" NOT NULL,
    lane BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    sent TEXT COLLATE "C",
    held_by BIGINT,
    created_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    lease_until BIGINT,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX outbox_by_record ON outbox (workspace, connection, kind, record_store, record_key);
CREATE INDEX outbox_by_turn ON outbox (workspace, connection, kind, lane, due_at, id) WHERE held_by IS NULL;
CREATE INDEX outbox_by_wake ON outbox (workspace, connection, kind, (coalesce(lease_until, due_at)))
    WHERE held_by IS NULL;

CREATE TABLE attempt (
    workspace TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    record TEXT COLLATE "C" NOT NULL,
    write TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    run TEXT COLLATE "C",
    PRIMARY KEY (workspace, id)
);
CREATE INDEX attempt_by_record ON attempt (workspace, record, id);

CREATE TABLE journal (
    workspace TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    before TEXT COLLATE "C",
    after TEXT COLLATE "C",
    why TEXT COLLATE "C" NOT NULL,
    run TEXT COLLATE "C",
    PRIMARY KEY (workspace, id)
);
CREATE INDEX journal_by_key ON journal (workspace, key, id);

CREATE TABLE issue (
    workspace TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    choices TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    answer TEXT COLLATE "C",
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX issue_open ON issue (workspace, connection, kind, subject) WHERE closed_at IS NULL;

CREATE TABLE drift (
    workspace TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    sku TEXT COLLATE "C",
    should_be TEXT COLLATE "C" NOT NULL,
    was TEXT COLLATE "C" NOT NULL,
    cause TEXT COLLATE "C" NOT NULL,
    found_at BIGINT NOT NULL,
    corrected_at BIGINT,
    field TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, id)
);
-- One drift is open per field.
CREATE UNIQUE INDEX drift_open ON drift (workspace, store, unit, field) WHERE corrected_at IS NULL;

CREATE TABLE run (
    workspace TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    flow TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C",
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    counts TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    PRIMARY KEY (workspace, id)
);
CREATE INDEX run_by_start ON run (workspace, started_at DESC, id DESC);

CREATE TABLE hint (
    workspace TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C",
    digest TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX hint_by_digest ON hint (workspace, connection, digest);

CREATE TABLE lease (
    workspace TEXT COLLATE "C" NOT NULL,
    credential TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (workspace, credential)
);

-- The last id given out, by table.
CREATE TABLE sequence (
    workspace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);


-- Products as each connection has them. What changes at every reading is in a narrow row; the body is written when
-- the digest says that something was edited.
CREATE TABLE product (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, connection, key)
);

CREATE TABLE product_body (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, connection, key),
    FOREIGN KEY (workspace, connection, key) REFERENCES product (workspace, connection, key) ON DELETE CASCADE
);

-- To which product a unit belongs, by the latest reading.
CREATE TABLE product_unit (
    workspace TEXT COLLATE "C" NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, connection, unit),
    FOREIGN KEY (workspace, connection, product) REFERENCES product (workspace, connection, key) ON DELETE CASCADE
);
CREATE INDEX product_unit_by_product ON product_unit (workspace, connection, product, unit);

-- What both sides last agreed on, of all fields of a product or a unit together, as JSON.
CREATE TABLE field_base (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    halves TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace, store, key)
);

-- Products that are gone on one side. left_on: the side on which they still are, 0 the store, 1 the ERP.
CREATE TABLE tombstone (
    workspace TEXT COLLATE "C" NOT NULL,
    store TEXT COLLATE "C" NOT NULL,
    left_on BIGINT NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    sku TEXT COLLATE "C",
    at BIGINT NOT NULL,
    decided TEXT COLLATE "C",
    PRIMARY KEY (workspace, store, left_on, unit)
);

CREATE TABLE zygos_schema (version BIGINT NOT NULL);
INSERT INTO zygos_schema (version) VALUES (1);
