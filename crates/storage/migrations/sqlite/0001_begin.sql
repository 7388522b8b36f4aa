-- Every key begins with the workspace. Amounts and quantities are exact decimal text; times are microseconds since
-- 1970 (UTC). What is looked up by has a column, the rest of a record is JSON. What changes at every reading lies in
-- narrow rows apart from bodies that seldom change.

CREATE TABLE connection (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    mode TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (workspace, connection)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    feed TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    PRIMARY KEY (workspace, connection, feed)
) STRICT, WITHOUT ROWID;

-- sku and ean are without the blanks around them, and missing when nothing is left.
CREATE TABLE unit (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    sku TEXT,
    ean TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, connection, key)
) STRICT;
CREATE INDEX unit_by_position ON unit (workspace, connection, position, key);
CREATE INDEX unit_by_sku ON unit (workspace, connection, sku) WHERE sku IS NOT NULL;
CREATE INDEX unit_by_ean ON unit (workspace, connection, ean) WHERE ean IS NOT NULL;

CREATE TABLE figure (
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    key TEXT NOT NULL,
    stock TEXT,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, connection, key),
    FOREIGN KEY (workspace, connection, key) REFERENCES unit (workspace, connection, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    store_key TEXT NOT NULL,
    erp TEXT NOT NULL,
    erp_key TEXT NOT NULL,
    matched_by TEXT NOT NULL,
    PRIMARY KEY (workspace, store, store_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_erp ON link (workspace, erp, erp_key, store, store_key);

CREATE TABLE stock_base (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    unit TEXT NOT NULL,
    figure TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, store, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE store_order (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    state_code TEXT NOT NULL,
    reference TEXT NOT NULL,
    party TEXT,
    root TEXT,
    first_seen INTEGER NOT NULL,
    last_read INTEGER NOT NULL,
    seen_by TEXT NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (workspace, store, id)
) STRICT;
CREATE INDEX store_order_by_age ON store_order (workspace, created_at DESC, store, id);
CREATE INDEX store_order_by_closed ON store_order (workspace, closed, created_at DESC, store, id);
CREATE INDEX store_order_by_reference ON store_order (workspace, reference, store, id) WHERE root IS NULL;
CREATE INDEX store_order_by_root ON store_order (workspace, store, root, id) WHERE root IS NOT NULL;

CREATE TABLE store_order_body (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    document TEXT,
    PRIMARY KEY (workspace, store, id),
    FOREIGN KEY (workspace, store, id) REFERENCES store_order (workspace, store, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE ledger (
    workspace TEXT NOT NULL,
    store TEXT NOT NULL,
    order_id TEXT NOT NULL,
    unit TEXT NOT NULL,
    warehouse TEXT,
    quantity TEXT NOT NULL,
    recorded TEXT NOT NULL,
    reserved TEXT NOT NULL,
    moved TEXT NOT NULL,
    proven_at INTEGER,
    entered_at INTEGER NOT NULL,
    reference TEXT NOT NULL,
    undecided INTEGER NOT NULL,
    PRIMARY KEY (workspace, store, order_id, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_by_unit ON ledger (workspace, unit, store, order_id);

-- record_store is empty but for orders. lease_until is set while somebody holds the row under the fence.
CREATE TABLE outbox (
    workspace TEXT NOT NULL,
    id INTEGER NOT NULL,
    connection TEXT NOT NULL,
    kind INTEGER NOT NULL,
    record_store TEXT NOT NULL,
    record_key TEXT NOT NULL,
    lane INTEGER NOT NULL,
    reason TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    sent TEXT,
    held_by INTEGER,
    created_at INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    lease_until INTEGER,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX outbox_by_record ON outbox (workspace, connection, kind, record_store, record_key);
CREATE INDEX outbox_by_turn ON outbox (workspace, connection, kind, lane, due_at, id) WHERE held_by IS NULL;
CREATE INDEX outbox_by_wake ON outbox (workspace, connection, kind, coalesce(lease_until, due_at))
    WHERE held_by IS NULL;

CREATE TABLE attempt (
    workspace TEXT NOT NULL,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    connection TEXT NOT NULL,
    record TEXT NOT NULL,
    write TEXT NOT NULL,
    outcome TEXT NOT NULL,
    run TEXT,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_by_record ON attempt (workspace, record, id);

CREATE TABLE journal (
    workspace TEXT NOT NULL,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    connection TEXT NOT NULL,
    entity TEXT NOT NULL,
    key TEXT NOT NULL,
    field TEXT NOT NULL,
    before TEXT,
    after TEXT,
    why TEXT NOT NULL,
    run TEXT,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_key ON journal (workspace, key, id);

CREATE TABLE issue (
    workspace TEXT NOT NULL,
    id INTEGER NOT NULL,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    choices TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    answer TEXT,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX issue_open ON issue (workspace, connection, kind, subject) WHERE closed_at IS NULL;

CREATE TABLE drift (
    workspace TEXT NOT NULL,
    id INTEGER NOT NULL,
    store TEXT NOT NULL,
    unit TEXT NOT NULL,
    sku TEXT,
    should_be TEXT NOT NULL,
    was TEXT NOT NULL,
    cause TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    corrected_at INTEGER,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX drift_open ON drift (workspace, store, unit) WHERE corrected_at IS NULL;

CREATE TABLE run (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    flow TEXT NOT NULL,
    connection TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    counts TEXT NOT NULL,
    outcome TEXT,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_by_start ON run (workspace, started_at DESC, id DESC);

CREATE TABLE hint (
    workspace TEXT NOT NULL,
    id INTEGER NOT NULL,
    connection TEXT NOT NULL,
    entity TEXT NOT NULL,
    key TEXT,
    digest TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hint_by_digest ON hint (workspace, connection, digest);

CREATE TABLE lease (
    workspace TEXT NOT NULL,
    credential TEXT NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (workspace, credential)
) STRICT, WITHOUT ROWID;

-- The last id given out, by table.
CREATE TABLE sequence (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
