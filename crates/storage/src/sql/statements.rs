//! Every statement there is, each naming the workspace as its first parameter.

macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(pub(super) const $name: &str = $sql;)*

        /// For the tests that walk over all of them.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];
    };
}

macro_rules! units_from {
    () => {
        "FROM unit u JOIN figure f ON f.workspace = $1 AND f.connection = u.connection AND f.key = u.key"
    };
}

macro_rules! unit_columns {
    () => {
        "SELECT u.position, u.body, f.stock, f.read_at "
    };
}

macro_rules! link_columns {
    () => {
        "SELECT store, store_key, erp, erp_key, matched_by FROM link WHERE workspace = $1 "
    };
}

macro_rules! order_columns {
    () => {
        "SELECT o.store, b.body, o.digest, o.state, o.state_code, o.reference, o.party, b.document, o.root, \
         o.first_seen, o.last_read, o.seen_by, o.closed \
         FROM store_order o \
         JOIN store_order_body b ON b.workspace = $1 AND b.store = o.store AND b.id = o.id \
         WHERE o.workspace = $1 "
    };
}

macro_rules! order_filter {
    () => {
        "AND ($2 IS NULL OR o.store = $2) AND ($3 IS NULL OR o.state_code = $3) \
         AND o.last_read < $4 AND o.created_at >= $5 "
    };
}

macro_rules! ledger_columns {
    () => {
        "SELECT store, order_id, unit, warehouse, quantity, recorded, reserved, moved, proven_at, entered_at, \
         reference, undecided FROM ledger WHERE workspace = $1 "
    };
}

macro_rules! outbox_columns {
    () => {
        "id, connection, kind, record_store, record_key, lane, reason, due_at, attempts, revision, sent, \
         held_by, created_at, fence"
    };
}

macro_rules! issue_columns {
    () => {
        "SELECT id, connection, kind, subject, text, choices, opened_at, closed_at, answer \
         FROM issue WHERE workspace = $1 "
    };
}

macro_rules! journal_columns {
    () => {
        "SELECT at, connection, entity, key, field, before, after, why, run FROM journal WHERE workspace = $1 "
    };
}

macro_rules! attempt_columns {
    () => {
        "SELECT at, connection, record, write, outcome, run FROM attempt WHERE workspace = $1 "
    };
}

macro_rules! drift_columns {
    () => {
        "SELECT d.id, d.store, d.unit, d.sku, d.field, d.should_be, d.was, d.cause, d.found_at, d.corrected_at "
    };
}

macro_rules! run_columns {
    () => {
        "SELECT id, flow, connection, started_at, ended_at, counts, outcome FROM run WHERE workspace = $1 "
    };
}

/// The condition under which a worker may still write to an outbox row it claimed.
macro_rules! claimed {
    () => {
        " WHERE workspace = $1 AND id = $2 AND fence = $3 AND lease_until IS NOT NULL"
    };
}

statements! {
    NEXT_ID = "INSERT INTO sequence (workspace, name, last) VALUES ($1, $2, 1) \
        ON CONFLICT (workspace, name) DO UPDATE SET last = sequence.last + 1 RETURNING last";

    CONNECTION = "SELECT mode, reason FROM connection \
        WHERE workspace = $1 AND connection = $2";
    PUT_CONNECTION = "INSERT INTO connection (workspace, connection, mode, reason) \
        VALUES ($1, $2, $3, $4) \
        ON CONFLICT (workspace, connection) DO UPDATE SET mode = excluded.mode, reason = excluded.reason";

    CURSOR = "SELECT checkpoint FROM cursor WHERE workspace = $1 AND connection = $2 AND feed = $3";
    PUT_CURSOR = "INSERT INTO cursor (workspace, connection, feed, checkpoint) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (workspace, connection, feed) DO UPDATE SET checkpoint = excluded.checkpoint \
        WHERE cursor.checkpoint <> excluded.checkpoint";

    UNIT = concat!(unit_columns!(), units_from!(),
        " WHERE u.workspace = $1 AND u.connection = $2 AND u.key = $3");
    UNITS_BY_KEY = concat!(unit_columns!(),
        "FROM ", asked_then!("$3"), " unit u ON u.workspace = $1 AND u.connection = $2 AND u.key = asked.value \
        JOIN figure f ON f.workspace = $1 AND f.connection = $2 AND f.key = u.key ORDER BY asked.key");
    // The last position is never split, so that a reader who goes on behind it misses nothing.
    UNITS = concat!(unit_columns!(), units_from!(),
        " WHERE u.workspace = $1 AND u.connection = $2 AND u.position >= $3 AND u.position <= coalesce( \
        (SELECT position FROM unit WHERE workspace = $1 AND connection = $2 AND position >= $3 \
        ORDER BY position LIMIT 1 OFFSET $4 - 1), 9223372036854775807) ORDER BY u.position, u.key");
    UNITS_CALLED = concat!(unit_columns!(), units_from!(),
        " WHERE u.workspace = $1 AND u.connection = $2 AND (u.key = $3 OR u.sku = $3 OR u.ean = $3) \
        ORDER BY u.position, u.key");
    UNIT_COUNT = "SELECT count(*) FROM unit WHERE workspace = $1 AND connection = $2";
    PUT_UNIT = "INSERT INTO unit (workspace, connection, key, position, sku, ean, body) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (workspace, connection, key) DO UPDATE SET position = excluded.position, \
        sku = excluded.sku, ean = excluded.ean, body = excluded.body \
        WHERE unit.position <> excluded.position OR unit.body <> excluded.body";
    // A figure that was read earlier than the stored one is not taken over.
    PUT_UNIT_FIGURE = "INSERT INTO figure (workspace, connection, key, stock, read_at) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (workspace, connection, key) DO UPDATE SET stock = excluded.stock, \
        read_at = excluded.read_at WHERE figure.read_at < excluded.read_at \
        OR (figure.read_at = excluded.read_at AND figure.stock IS DISTINCT FROM excluded.stock)";
    PUT_FIGURE = "UPDATE figure SET stock = $4, read_at = $5 \
        WHERE workspace = $1 AND connection = $2 AND key = $3 AND read_at <= $5";
    DROP_UNIT = "DELETE FROM unit WHERE workspace = $1 AND connection = $2 AND key = $3";

    PRODUCTS = concat!("SELECT b.body, p.digest, p.read_at FROM ", asked_then!("$3"), " product p ON p.workspace = $1 AND p.connection = $2 AND p.key = asked.value \
        JOIN product_body b ON b.workspace = $1 AND b.connection = $2 AND b.key = p.key \
        ORDER BY asked.key");
    PRODUCTS_OF = concat!("SELECT u.unit, u.product FROM ", asked_then!("$3"), " product_unit u ON u.workspace = $1 AND u.connection = $2 AND u.unit = asked.value \
        ORDER BY asked.key");
    PRODUCT_KEYS = "SELECT key FROM product WHERE workspace = $1 AND connection = $2 AND key > $3 \
        ORDER BY key LIMIT $4";
    FIRST_PRODUCT_KEYS = "SELECT key FROM product WHERE workspace = $1 AND connection = $2 \
        ORDER BY key LIMIT $3";
    READ_PRODUCT = "UPDATE product SET read_at = $4 \
        WHERE workspace = $1 AND connection = $2 AND key = $3 AND digest = $5 AND read_at <= $4";
    PUT_PRODUCT = "INSERT INTO product (workspace, connection, key, read_at, digest) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (workspace, connection, key) DO UPDATE SET read_at = excluded.read_at, \
        digest = excluded.digest WHERE product.read_at <= excluded.read_at";
    PUT_PRODUCT_BODY = "INSERT INTO product_body (workspace, connection, key, body) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (workspace, connection, key) DO UPDATE SET body = excluded.body";
    PART_UNITS = concat!("DELETE FROM product_unit WHERE workspace = $1 AND connection = $2 AND product = $3 \
        AND unit NOT IN (SELECT value FROM ", asked!("$4"), ")");
    // A unit that another product had in a later reading stays with that one.
    JOIN_UNITS = concat!("INSERT INTO product_unit (workspace, connection, unit, product) \
        SELECT $1, $2, value, $3 FROM ", asked!("$4"), " WHERE true \
        ON CONFLICT (workspace, connection, unit) DO UPDATE SET product = excluded.product \
        WHERE product_unit.product <> excluded.product AND (SELECT read_at FROM product \
        WHERE workspace = $1 AND connection = $2 AND key = product_unit.product) <= $5");
    DROP_PRODUCT = "DELETE FROM product WHERE workspace = $1 AND connection = $2 AND key = $3";

    FIELD_BASES = concat!("SELECT b.store, b.key, b.halves FROM ", asked_then!("$3"), " field_base b ON b.workspace = $1 AND b.store = $2 AND b.key = asked.value \
        ORDER BY asked.key");
    FIELD_BASE = "SELECT store, key, halves FROM field_base WHERE workspace = $1 AND store = $2 AND key = $3";
    PUT_FIELD_BASE = "INSERT INTO field_base (workspace, store, key, halves) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (workspace, store, key) DO UPDATE SET halves = excluded.halves \
        WHERE field_base.halves <> excluded.halves";
    DROP_FIELD_BASE = "DELETE FROM field_base WHERE workspace = $1 AND store = $2 AND key = $3";

    TOMBSTONES = "SELECT store, left_on, unit, sku, at, decided FROM tombstone \
        WHERE workspace = $1 AND store = $2 ORDER BY left_on, unit";
    PUT_TOMBSTONE = "INSERT INTO tombstone (workspace, store, left_on, unit, sku, at, decided) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (workspace, store, left_on, unit) DO UPDATE SET sku = excluded.sku, at = excluded.at, \
        decided = excluded.decided";
    DROP_TOMBSTONE = "DELETE FROM tombstone \
        WHERE workspace = $1 AND store = $2 AND left_on = $3 AND unit = $4";

    LINKS = concat!(link_columns!(), "AND store = $2 ORDER BY store_key");
    LINKS_OF = concat!(link_columns!(),
        "AND store = $2 AND store_key IN (SELECT value FROM ", asked!("$3"), ") ORDER BY store_key");
    LINKS_TO = concat!(link_columns!(),
        "AND erp = $2 AND erp_key IN (SELECT value FROM ", asked!("$3"), ") ORDER BY store, store_key");
    PUT_LINK = "INSERT INTO link (workspace, store, store_key, erp, erp_key, matched_by) \
        VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (workspace, store, store_key) DO UPDATE SET erp = excluded.erp, \
        erp_key = excluded.erp_key, matched_by = excluded.matched_by";
    DROP_LINK = "DELETE FROM link WHERE workspace = $1 AND store = $2 AND store_key = $3";

    STOCK_BASES = concat!("SELECT store, unit, figure, read_at FROM stock_base \
        WHERE workspace = $1 AND store = $2 AND unit IN (SELECT value FROM ", asked!("$3"), ") ORDER BY unit");
    PUT_STOCK_BASE = "INSERT INTO stock_base (workspace, store, unit, figure, read_at) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (workspace, store, unit) DO UPDATE SET figure = excluded.figure, \
        read_at = excluded.read_at WHERE stock_base.read_at <= excluded.read_at";
    DROP_STOCK_BASE = "DELETE FROM stock_base WHERE workspace = $1 AND store = $2 AND unit = $3";

    ORDER = concat!(order_columns!(), "AND o.store = $2 AND o.id = $3");
    ORDER_DIGESTS = concat!("SELECT id, digest FROM store_order \
        WHERE workspace = $1 AND store = $2 AND id IN (SELECT value FROM ", asked!("$3"), ") ORDER BY id");
    ORDERS = concat!(order_columns!(), order_filter!(), "ORDER BY o.created_at DESC, o.store, o.id LIMIT $6");
    ORDERS_BY_CLOSED = concat!(order_columns!(), order_filter!(),
        "AND o.closed = $7 ORDER BY o.created_at DESC, o.store, o.id LIMIT $6");
    ORDERS_BY_REFERENCE = concat!(order_columns!(),
        "AND o.root IS NULL AND o.reference IN (SELECT value FROM ", asked!("$2"), ") \
        ORDER BY o.reference, o.store, o.id");
    ORDERS_SPLIT_FROM = concat!(order_columns!(), "AND o.store = $2 AND o.root = $3 ORDER BY o.id");
    PUT_ORDER = "INSERT INTO store_order (workspace, store, id, created_at, digest, state, state_code, \
        reference, party, root, first_seen, last_read, seen_by, closed) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
        ON CONFLICT (workspace, store, id) DO UPDATE SET created_at = excluded.created_at, \
        digest = excluded.digest, state = excluded.state, state_code = excluded.state_code, \
        reference = excluded.reference, party = excluded.party, root = excluded.root, \
        first_seen = excluded.first_seen, last_read = excluded.last_read, seen_by = excluded.seen_by, \
        closed = excluded.closed \
        WHERE (store_order.created_at, store_order.digest, store_order.state, store_order.state_code, \
        store_order.reference, store_order.party, store_order.root, store_order.first_seen, \
        store_order.last_read, store_order.seen_by, store_order.closed) \
        IS DISTINCT FROM (excluded.created_at, excluded.digest, excluded.state, excluded.state_code, \
        excluded.reference, excluded.party, excluded.root, excluded.first_seen, excluded.last_read, \
        excluded.seen_by, excluded.closed)";
    PUT_ORDER_BODY = "INSERT INTO store_order_body (workspace, store, id, body, document) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (workspace, store, id) DO UPDATE SET body = excluded.body, document = excluded.document \
        WHERE store_order_body.body <> excluded.body \
        OR store_order_body.document IS DISTINCT FROM excluded.document";
    PUT_DOCUMENT = "UPDATE store_order_body SET document = $4 \
        WHERE workspace = $1 AND store = $2 AND id = $3 AND document IS DISTINCT FROM $4";

    LEDGER = concat!(ledger_columns!(),
        "AND unit IN (SELECT value FROM ", asked!("$2"), ") ORDER BY unit, store, order_id");
    LEDGER_OF_ORDER = concat!(ledger_columns!(), "AND store = $2 AND order_id = $3 ORDER BY unit");
    WHOLE_LEDGER = concat!(ledger_columns!(), "ORDER BY store, order_id, unit");
    DROP_LEDGER = "DELETE FROM ledger WHERE workspace = $1 AND store = $2 AND order_id = $3";
    PUT_LEDGER_ROW = "INSERT INTO ledger (workspace, store, order_id, unit, warehouse, quantity, recorded, \
        reserved, moved, proven_at, entered_at, reference, undecided) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    PROVE = "UPDATE ledger SET warehouse = $5, recorded = $6, reserved = $7, moved = $8, proven_at = $9 \
        WHERE workspace = $1 AND store = $2 AND order_id = $3 AND unit = $4 \
        AND (proven_at IS NULL OR proven_at <= $9)";

    // A write that is under way or backed off has its own time; a person's wish ends a back-off.
    JOIN_OUTBOX = "UPDATE outbox SET revision = revision + 1, lane = CASE WHEN lane < $6 THEN lane ELSE $6 END, reason = $7, \
        due_at = CASE WHEN sent IS NULL AND (attempts = 0 OR $9) THEN CASE WHEN due_at < $8 THEN due_at ELSE $8 END ELSE due_at END, \
        attempts = CASE WHEN $9 THEN 0 ELSE attempts END, held_by = CASE WHEN $9 THEN NULL ELSE held_by END \
        WHERE workspace = $1 AND connection = $2 AND kind = $3 AND record_store = $4 AND record_key = $5";
    ADD_OUTBOX = "INSERT INTO outbox (workspace, connection, kind, record_store, record_key, lane, reason, \
        due_at, id, attempts, revision, created_at, fence) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 1, $8, 0)";
    MARK_SENT = concat!("UPDATE outbox SET sent = $4", claimed!());
    SETTLE_DONE = concat!("DELETE FROM outbox", claimed!(), " AND revision = $4");
    // It was due when it was claimed, so it is due now.
    SETTLE_ASKED_AGAIN = concat!("UPDATE outbox SET lease_until = NULL, sent = NULL, attempts = 0", claimed!());
    SETTLE_AGAIN = concat!("UPDATE outbox SET lease_until = NULL, sent = NULL, reason = coalesce($7, reason), \
        due_at = CASE WHEN revision <> $4 AND NOT $6 THEN CASE WHEN due_at < $5 THEN due_at ELSE $5 END ELSE $5 END, \
        attempts = CASE WHEN $6 THEN attempts + 1 ELSE 0 END", claimed!());
    SETTLE_UNKNOWN = concat!("UPDATE outbox SET lease_until = NULL, due_at = $4", claimed!());
    SETTLE_HELD = concat!("UPDATE outbox SET lease_until = NULL, sent = NULL, \
        held_by = CASE WHEN revision = $4 THEN $5 END", claimed!());
    CLAIM = concat!("UPDATE outbox SET fence = fence + 1, lease_until = $5 \
        WHERE workspace = $1 AND id IN (SELECT id FROM outbox \
        WHERE workspace = $1 AND connection = $2 AND kind = $3 AND held_by IS NULL AND due_at <= $4 \
        AND (lease_until IS NULL OR lease_until <= $4) ORDER BY lane, due_at, id LIMIT $6) \
        RETURNING ", outbox_columns!());
    CLAIM_THIS = concat!("UPDATE outbox SET fence = fence + 1, lease_until = $7 \
        WHERE workspace = $1 AND connection = $2 AND kind = $3 AND record_store = $4 AND record_key = $5 \
        AND held_by IS NULL AND due_at <= $6 AND (lease_until IS NULL OR lease_until <= $6) \
        RETURNING ", outbox_columns!());
    RELEASE_CLAIMS = "UPDATE outbox SET lease_until = NULL \
        WHERE workspace = $1 AND connection = $2 AND lease_until IS NOT NULL";
    NEXT_DUE = "SELECT min(coalesce(lease_until, due_at)) FROM outbox \
        WHERE workspace = $1 AND connection = $2 AND kind = $3 AND held_by IS NULL";
    OUTBOX = concat!("SELECT ", outbox_columns!(), " FROM outbox \
        WHERE workspace = $1 AND ($2 IS NULL OR connection = $2) ORDER BY id LIMIT $3");
    OUTBOX_SUMMARY = "SELECT count(*) FILTER (WHERE held_by IS NULL), \
        count(*) FILTER (WHERE held_by IS NOT NULL), min(created_at) FILTER (WHERE held_by IS NULL) \
        FROM outbox WHERE workspace = $1 AND connection = $2";

    ISSUES = concat!(issue_columns!(), "ORDER BY id");
    OPEN_ISSUES = concat!(issue_columns!(), "AND closed_at IS NULL ORDER BY id");
    ISSUE = concat!(issue_columns!(), "AND id = $2");
    OPEN_ISSUE = concat!(issue_columns!(),
        "AND connection = $2 AND kind = $3 AND subject = $4 AND closed_at IS NULL");
    RENEW_ISSUE = "UPDATE issue SET text = $5, choices = $6 \
        WHERE workspace = $1 AND connection = $2 AND kind = $3 AND subject = $4 AND closed_at IS NULL";
    ADD_ISSUE = "INSERT INTO issue (workspace, connection, kind, subject, text, choices, opened_at, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    CLOSE_ISSUE = "UPDATE issue SET closed_at = $5, answer = $6 \
        WHERE workspace = $1 AND connection = $2 AND kind = $3 AND subject = $4 AND closed_at IS NULL";

    JOURNAL = concat!(journal_columns!(), "AND ($2 IS NULL OR connection = $2) ORDER BY id DESC LIMIT $3");
    JOURNAL_OF_KEY = concat!(journal_columns!(),
        "AND ($2 IS NULL OR connection = $2) AND key = $4 ORDER BY id DESC LIMIT $3");
    ADD_JOURNAL = "INSERT INTO journal (workspace, id, at, connection, entity, key, field, before, after, why, \
        run) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    ATTEMPTS = concat!(attempt_columns!(), "ORDER BY id DESC LIMIT $2");
    ATTEMPTS_OF_RECORD = concat!(attempt_columns!(), "AND record = $3 ORDER BY id DESC LIMIT $2");
    ADD_ATTEMPT = "INSERT INTO attempt (workspace, id, at, connection, record, write, outcome, run) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    DRIFTS = concat!(drift_columns!(),
        "FROM drift d WHERE d.workspace = $1 AND ($2 IS NULL OR d.store = $2) ORDER BY d.id DESC LIMIT $3");
    OPEN_DRIFT = concat!(drift_columns!(),
        "FROM drift d WHERE d.workspace = $1 AND d.store = $2 AND d.unit = $3 AND d.field = $4 \
        AND d.corrected_at IS NULL");
    OPEN_DRIFTS = concat!(drift_columns!(),
        "FROM ", asked_then!("$3"), " drift d ON d.workspace = $1 AND d.store = $2 AND d.unit = asked.value \
        AND d.corrected_at IS NULL ORDER BY asked.key, d.field");
    RENEW_DRIFT = "UPDATE drift SET sku = $5, should_be = $6, was = $7, cause = $8 \
        WHERE workspace = $1 AND store = $2 AND unit = $3 AND field = $4 AND corrected_at IS NULL";
    ADD_DRIFT = "INSERT INTO drift (workspace, store, unit, field, sku, should_be, was, cause, found_at, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    CLOSE_DRIFT = "UPDATE drift SET corrected_at = $5 \
        WHERE workspace = $1 AND store = $2 AND unit = $3 AND field = $4 AND corrected_at IS NULL";

    RUNS = concat!(run_columns!(), "ORDER BY started_at DESC, id DESC LIMIT $2");
    RUN = concat!(run_columns!(), "AND id = $2");
    PUT_RUN = "INSERT INTO run (workspace, id, flow, connection, started_at, ended_at, counts, outcome) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (workspace, id) DO UPDATE SET flow = excluded.flow, connection = excluded.connection, \
        started_at = excluded.started_at, ended_at = excluded.ended_at, counts = excluded.counts, \
        outcome = excluded.outcome";

    HINTS = "SELECT id, connection, entity, key, digest, received_at FROM hint \
        WHERE workspace = $1 AND connection = $2 ORDER BY id LIMIT $3";
    HINT_KNOWN = "SELECT count(*) FROM hint WHERE workspace = $1 AND connection = $2 AND digest = $3";
    ADD_HINT = "INSERT INTO hint (workspace, id, connection, entity, key, digest, received_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DROP_HINT = "DELETE FROM hint WHERE workspace = $1 AND id = $2";

    LEASE = "SELECT credential, owner, until FROM lease WHERE workspace = $1 AND credential = $2";
    TAKE_LEASE = "INSERT INTO lease (workspace, credential, owner, until) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (workspace, credential) DO UPDATE SET owner = excluded.owner, until = excluded.until \
        WHERE lease.owner = excluded.owner OR lease.until <= $5";
    RELEASE_LEASE = "DELETE FROM lease WHERE workspace = $1 AND credential = $2 AND owner = $3";

    FORGET_ATTEMPTS = "DELETE FROM attempt WHERE workspace = $1 AND at < $2";
    FORGET_ISSUES = "DELETE FROM issue WHERE workspace = $1 AND closed_at < $2";
    FORGET_DRIFTS = "DELETE FROM drift WHERE workspace = $1 AND corrected_at < $2";
    FORGET_RUNS = "DELETE FROM run WHERE workspace = $1 AND ended_at < $2";
}
