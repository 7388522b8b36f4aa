//! Whatever is done to them, in whatever order, the implementations answer alike.

use jiff::{Timestamp, ToSpan};
use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;
use zygos_core::{
    ConnectionId,
    contract::{Checkpoint, Lane, Side},
    model::{Field, FieldTrouble, Order, Product, Unit},
};
use zygos_storage::{
    ConnectionState, Drift, FieldBases, Issue, LedgerRow, MemoryRepository, Mode, Mutation, OutboxKind,
    OutboxRecord, OutboxRow, Repository, Run, Settled, StockBase, StoredHint, StoredOrder, StoredUnit,
    Tombstone, Wish,
};

use crate::{
    everything::everything,
    support::{
        at, attempt, close_issue, document, drift, erp, field_bases, file_in, hint, issue, journal_entry,
        key, ledger_row, link, mark_sent, number, open, order, other_store, product, run, sent, settle,
        stock_base, store, stored_order, stored_product, tombstone, unit, wish,
    },
};

/// Bytes that choose one mutation: which, and with what.
type Choice = [u8; 5];

fn pick<const N: usize>(choice: u8, among: [&'static str; N]) -> &'static str {
    among[usize::from(choice) % N]
}

fn connection(choice: u8) -> ConnectionId {
    ConnectionId::new(pick(choice, ["shop", "outlet", "erp"]))
}

/// Few moments, so that many are equal.
fn moment(choice: u8) -> Timestamp {
    let step = i64::from(choice % 16);
    at(step) + step.microseconds()
}

fn figure(choice: u8) -> rust_decimal::Decimal {
    number(pick(choice, ["0", "3", "3.000000", "-1.5", "12345678901234567890.123456"]))
}

fn name(choice: u8) -> &'static str {
    pick(choice, ["a", "b", "c"])
}

fn id(choice: u8) -> &'static str {
    pick(choice, ["1", "2", "1.1"])
}

fn unit_of(a: u8, b: u8) -> Unit {
    let sku = [None, Some(" SKU-a"), Some("SKU-b")][usize::from(b) % 3].map(str::to_owned);
    Unit { sku, stock: (!b.is_multiple_of(5)).then(|| figure(b)), ..unit(name(a)) }
}

fn side(choice: u8) -> Side {
    if choice.is_multiple_of(2) { Side::Store } else { Side::Erp }
}

fn drifting(choice: u8) -> &'static str {
    pick(choice, ["stock", "price"])
}

/// Few products and units, so that the units move among them.
fn product_of(a: u8, b: u8) -> Product {
    let units = [&["a"][..], &["b", "a"], &["c", "b"], &[]][usize::from(b) % 4];
    let mut product = product(pick(a, ["p", "q", "r"]), units);
    if b.is_multiple_of(5) {
        let message = "its price is not a number".to_owned();
        product.troubles.push(FieldTrouble { unit: Some(key("c")), field: "price".to_owned(), message });
    }
    product
}

fn order_of(a: u8, b: u8, c: u8) -> StoredOrder {
    StoredOrder {
        store: connection(b % 2),
        order: Order { created_at: moment(c), ..order(id(a)) },
        state_code: pick(b, ["placed", "held"]).to_owned(),
        reference: pick(c, ["MP-1", "MP-2"]).to_owned(),
        root: c.is_multiple_of(3).then(|| key("1")),
        document: b.is_multiple_of(3).then(|| document("5")),
        last_read: moment(b),
        closed: c.is_multiple_of(2),
        ..stored_order(id(a))
    }
}

fn ledger_of(a: u8, b: u8, c: u8) -> LedgerRow {
    LedgerRow {
        warehouse: b.is_multiple_of(2).then(|| key("W")),
        recorded: figure(c),
        reserved: figure(b),
        proven_at: (!c.is_multiple_of(4)).then(|| moment(c)),
        undecided: b.is_multiple_of(3),
        ..ledger_row(id(a), pick(b, ["A", "B", "C"]), "2.5")
    }
}

fn wish_of(a: u8, b: u8, c: u8) -> Wish {
    let record = match a % 5 {
        0 => OutboxRecord::Order { store: connection(b), order: key(id(c)) },
        1 => OutboxRecord::Feedback(key(id(c))),
        2 => OutboxRecord::Product { side: side(b), key: key(name(c)) },
        _ => OutboxRecord::Stock(key(name(c))),
    };
    let lanes = [Lane::Orders, Lane::HotStock, Lane::Corrections, Lane::Catalogue, Lane::Sweep];
    Wish {
        connection: connection(a),
        record,
        lane: lanes[usize::from(b) % lanes.len()],
        by_hand: c.is_multiple_of(5),
        ..wish(name(b), moment(b ^ c))
    }
}

fn settled_of(a: u8, b: u8) -> Settled {
    match a % 5 {
        0 => Settled::Held { issue: i64::from(b) },
        1 => Settled::Unknown { due_at: moment(b) },
        2 => Settled::Again { due_at: moment(b), reason: None, failed: true },
        3 => Settled::Again { due_at: moment(b), reason: Some("later".to_owned()), failed: false },
        _ => Settled::Done,
    }
}

fn mutation([what, a, b, c, d]: Choice, claimed: &[OutboxRow]) -> Option<Mutation> {
    let row = claimed.get(usize::from(a) % claimed.len().max(1));
    Some(match what % 41 {
        0 => {
            let mode = [Mode::Observe, Mode::Live, Mode::Paused][usize::from(b) % 3];
            let state = ConnectionState { mode, reason: (c % 2 == 0).then(|| format!("reason {d}")) };
            Mutation::PutConnection { connection: connection(a), state }
        }
        1 => Mutation::PutCursor {
            connection: connection(a),
            feed: "orders".to_owned(),
            checkpoint: Checkpoint(b.to_string()),
        },
        2..=4 => {
            let unit = StoredUnit { unit: unit_of(a, b), position: u64::from(c % 4), read_at: moment(d) };
            Mutation::PutUnit { connection: connection(c), unit }
        }
        5 => Mutation::PutFigure { connection: connection(c), unit: unit_of(a, b), read_at: moment(d) },
        6 => Mutation::DropUnit { connection: connection(c), key: key(name(a)) },
        7 => Mutation::PutLink(link(connection(b % 2), name(a), pick(c, ["A", "B"]))),
        8 => Mutation::DropLink { store: connection(b % 2), store_key: key(name(a)) },
        9 => Mutation::PutStockBase(StockBase { figure: figure(b), ..stock_base(name(a), "0") }),
        10..=11 => Mutation::PutOrder(Box::new(order_of(a, b, c))),
        12 => Mutation::PutDocument {
            store: store(),
            order: key(id(a)),
            document: Box::new(document(pick(b, ["1", "2"]))),
        },
        13 => Mutation::PutLedger {
            store: connection(d % 2),
            order: key(id(a)),
            rows: (0..c % 4).map(|n| ledger_of(a, b.wrapping_add(n), c ^ n)).collect(),
        },
        14 => Mutation::Prove(ledger_of(a, b, c)),
        15..=18 => Mutation::Enqueue(wish_of(a, b, c)),
        19 => mark_sent(row?, sent(name(b))),
        20..=22 => settle(row?, settled_of(b, c)),
        23 => Mutation::AddAttempt(attempt(pick(a, ["unit a", "unit b"]), moment(b))),
        24 => Mutation::AddJournal(journal_entry(name(a), "tried")),
        25 => Mutation::OpenIssue(Issue { opened_at: moment(b), ..issue(id(a)) }),
        26 => close_issue(id(a), moment(b)),
        27 => {
            let field = drifting(c).to_owned();
            Mutation::OpenDrift(Drift { store: connection(b % 2), field, ..drift(name(a), "1.5") })
        }
        28 => Mutation::CloseDrift {
            store: connection(b % 2),
            unit: key(name(a)),
            field: drifting(d).to_owned(),
            at: moment(c),
        },
        29 => {
            let run = run(pick(a, ["run-1", "run-2", "run-3"]), moment(b));
            Mutation::PutRun(Run { ended_at: c.is_multiple_of(2).then(|| moment(c)), ..run })
        }
        30 => Mutation::AddHint(StoredHint { connection: connection(b), ..hint(name(a)) }),
        31 => Mutation::ReleaseClaims { connection: connection(a) },
        32..=34 => {
            let digest = pick(c, ["one", "another"]);
            let product = Box::new(stored_product(product_of(a, b), digest, moment(d)));
            Mutation::PutProduct { connection: connection(c % 2), product }
        }
        35 => Mutation::DropProduct { connection: connection(c % 2), key: key(pick(a, ["p", "q"])) },
        36 => {
            let field = [Field::Name, Field::Price, Field::Tax][usize::from(b) % 3];
            let bases = field_bases(pick(a, ["p", "q"]), [(field, pick(c, ["", "One", "Other"]))]);
            Mutation::PutFieldBases(FieldBases { store: connection(d % 2), ..bases })
        }
        37 => Mutation::DropFieldBases { store: connection(d % 2), key: key(pick(a, ["p", "q"])) },
        38 => {
            let decided = c.is_multiple_of(2).then(|| "leave".to_owned());
            let at = moment(d);
            Mutation::PutTombstone(Tombstone {
                store: connection(b),
                decided,
                at,
                ..tombstone(side(c), name(a))
            })
        }
        39 => Mutation::DropTombstone { store: connection(b), left: side(c), unit: key(name(a)) },
        _ => Mutation::DropHint { id: i64::from(a % 8) },
    })
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Choice>),
    Claim { of: u8, kind: u8, at: u8, limit: u8 },
    Lease { owner: u8, at: u8 },
    ReleaseLease { owner: u8 },
    Forget { at: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => vec(any::<Choice>(), 1..6).prop_map(Step::Commit),
        4 => any::<(u8, u8, u8, u8)>().prop_map(|(of, kind, at, limit)| Step::Claim { of, kind, at, limit }),
        1 => any::<(u8, u8)>().prop_map(|(owner, at)| Step::Lease { owner, at }),
        1 => any::<u8>().prop_map(|owner| Step::ReleaseLease { owner }),
        1 => any::<u8>().prop_map(|at| Step::Forget { at }),
    ]
}

async fn take(repository: &dyn Repository, step: &Step, claimed: &mut Vec<OutboxRow>) -> String {
    match step {
        Step::Commit(choices) => {
            let mutations = choices.iter().filter_map(|choice| mutation(*choice, claimed)).collect();
            format!("{:?}", repository.commit(mutations).await)
        }
        Step::Claim { of, kind, at, limit } => {
            let kinds = [OutboxKind::Stock, OutboxKind::Order, OutboxKind::Feedback, OutboxKind::Product];
            let kind = kinds[usize::from(*kind) % kinds.len()];
            let (now, limit) = (moment(*at), u32::from(limit % 4));
            let rows = repository.claim(&connection(*of), kind, now, now + 8.seconds(), limit).await.unwrap();
            claimed.extend(rows.clone());
            format!("{rows:?}")
        }
        Step::Lease { owner, at } => {
            let now = moment(*at);
            format!("{:?}", repository.lease("key", name(*owner), now, now + 8.seconds()).await)
        }
        Step::ReleaseLease { owner } => format!("{:?}", repository.release_lease("key", name(*owner)).await),
        Step::Forget { at } => format!("{:?}", repository.forget(moment(*at)).await),
    }
}

async fn agree(steps: Vec<Step>) {
    let directory = TempDir::new().unwrap();
    let memory = MemoryRepository::new();
    let sqlite = open(&file_in(&directory)).await;
    let (mut claimed_there, mut claimed_here) = (Vec::new(), Vec::new());
    for step in &steps {
        let here = take(&memory, step, &mut claimed_here).await;
        let there = take(&sqlite, step, &mut claimed_there).await;
        assert_eq!(here, there, "{step:?}");
    }
    let (here, there) = (everything(&memory).await, everything(&sqlite).await);
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there);
    }
    sqlite.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_implementations_answer_alike(steps in vec(step(), 1..60)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(agree(steps));
    }
}

#[test]
fn the_choices_reach_every_connection() {
    assert_eq!([0, 1, 2].map(connection), [store(), other_store(), erp()]);
}
