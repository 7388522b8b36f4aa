//! What every connector owes its callers, tried on a subject: a connector with a side behind it.
//!
//! The connector's own capability table chooses the cases. A case that needs something the subject's people can't do
//! says so; the caller states which of those it expects, so that nothing is skipped unnoticed.

mod catalogue;
mod changes;
mod declared;
mod deductions;
mod documents;
mod invoice_only;
mod orders;
mod parties;
pub mod products;
mod reading;
mod stock;
mod subject;
mod tools;

use futures_util::future::BoxFuture;
use zygos_core::contract::Capabilities;

pub use invoice_only::InvoiceOnly;
pub use subject::{KnownUnit, Step, Subject};

/// How a case ended; a broken contract ends it with a panic instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Kept,
    /// The subject's people can't do what the case needs.
    Lacks,
}

/// One promise of the contract.
struct Case {
    name: &'static str,
    applies: fn(&Capabilities) -> bool,
    run: for<'a> fn(&'a dyn Subject) -> BoxFuture<'a, Verdict>,
}

macro_rules! case {
    ($module:ident :: $name:ident, $applies:expr) => {
        Case { name: stringify!($name), applies: $applies, run: |subject| Box::pin($module::$name(subject)) }
    };
}

/// Names of the cases by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub kept: Vec<&'static str>,
    /// The connector declares it, the subject's people can't bring it about.
    pub lacking: Vec<&'static str>,
    /// The connector declares that it can't.
    pub not_declared: Vec<&'static str>,
}

/// Tries every case that the subject's connector declares. Panics at the first promise that is broken.
pub async fn run(subject: &dyn Subject) -> Summary {
    let mut summary = Summary::default();
    for case in cases() {
        if !(case.applies)(subject.connector().capabilities()) {
            summary.not_declared.push(case.name);
            continue;
        }
        match (case.run)(subject).await {
            Verdict::Kept => summary.kept.push(case.name),
            Verdict::Lacks => summary.lacking.push(case.name),
        }
    }
    summary
}

fn cases() -> Vec<Case> {
    use zygos_core::{
        contract::{DocumentKind, Side, Totals, WriteMode},
        model::Entity::{
            Catalogue, Category, Customer, Deduction, Document, Movement, Order, Product, Stock,
        },
    };
    fn drafts(c: &Capabilities) -> bool {
        c.can_write(Document, WriteMode::Create)
            && matches!(c.document, Some(DocumentKind::Order | DocumentKind::Proforma))
    }
    vec![
        case!(declared::what_is_not_declared_answers_unsupported, |_| true),
        case!(declared::a_check_tells_what_is_there_and_changes_nothing, |_| true),
        case!(reading::a_scan_of_products_ends_and_has_every_unit_once, |c| c.can_scan(Product)),
        case!(reading::a_page_can_be_read_again_from_its_checkpoint, |c| c.can_scan(Product)),
        case!(reading::a_missing_key_is_absent_and_no_error, |c| {
            [Product, Document, Order, Customer].into_iter().any(|entity| c.can_fetch(entity))
        }),
        case!(reading::a_unit_is_found_by_key_and_by_sku, |c| c.can_fetch(Product)),
        case!(catalogue::a_scan_of_the_catalogue_has_every_unit_in_one_product, |c| c.can_scan(Catalogue)),
        case!(catalogue::a_product_is_found_by_key_and_by_the_sku_of_its_unit, |c| c.can_fetch(Catalogue)),
        case!(catalogue::a_product_that_is_made_is_read_back_and_found_by_its_skus, |c| {
            c.can_write(Catalogue, WriteMode::Create)
        }),
        case!(catalogue::an_update_sets_what_is_given_and_nothing_else, |c| {
            c.can_write(Catalogue, WriteMode::Create) && c.can_write(Catalogue, WriteMode::Update)
        }),
        case!(catalogue::a_category_is_made_once_with_its_parents, |c| {
            c.can_write(Category, WriteMode::Create)
        }),
        case!(stock::there_is_one_row_per_unit_and_warehouse, |c| c.can_fetch(Stock)),
        case!(stock::goods_received_are_in_the_next_figures, |c| c.can_fetch(Stock)),
        case!(stock::a_figure_that_is_set_is_the_one_read_back, |c| c.can_write(Stock, WriteMode::Update)),
        case!(documents::creating_never_confirms, drafts),
        case!(documents::totals_are_the_customers_before_anything_is_promised, |c| {
            drafts(c) && c.totals == Totals::BeforeCommit
        }),
        case!(documents::a_document_is_found_by_its_reference, |c| drafts(c) && c.can_fetch(Document)),
        case!(documents::a_document_that_names_an_order_is_a_candidate_until_it_is_cancelled, |c| {
            drafts(c) && c.can_fetch(Document) && c.can_write(Document, WriteMode::Transition)
        }),
        case!(documents::the_same_reference_twice_gives_one_document, |c| drafts(c) && c.reference_enforced),
        case!(documents::a_transition_reads_the_state_first, |c| {
            drafts(c) && c.can_write(Document, WriteMode::Transition)
        }),
        case!(documents::a_document_is_cancelled_at_every_stage_before_the_goods_leave, |c| {
            drafts(c) && c.can_write(Document, WriteMode::Transition)
        }),
        case!(documents::lines_can_be_added_until_it_is_confirmed, |c| {
            drafts(c) && c.can_write(Document, WriteMode::Update)
        }),
        case!(documents::a_refused_write_names_the_field_and_no_person, |c| {
            c.can_write(Document, WriteMode::Create)
        }),
        case!(documents::a_wrong_record_delays_only_itself, |c| c.can_write(Document, WriteMode::Create)),
        case!(documents::texts_of_any_script_and_length_are_taken, |c| c
            .can_write(Document, WriteMode::Create)),
        case!(deductions::figures_miss_exactly_what_is_deducted_from_draft_to_shipped, |c| {
            drafts(c) && c.can_fetch(Deduction) && c.can_fetch(Stock)
        }),
        case!(deductions::a_cancelled_document_deducts_nothing, |c| {
            drafts(c) && c.can_fetch(Deduction) && c.can_fetch(Stock)
        }),
        case!(deductions::an_unknown_reference_deducts_nothing, |c| c.can_fetch(Deduction)),
        case!(parties::the_same_customer_twice_is_one_party, |c| c.can_write(Customer, WriteMode::Create)),
        case!(parties::a_customer_is_found_by_everything_known_of_it, |c| {
            c.can_write(Customer, WriteMode::Create) && c.can_fetch(Customer)
        }),
        case!(parties::a_mistyped_number_does_not_lose_the_customer, |c| {
            c.can_write(Customer, WriteMode::Create) && c.can_fetch(Customer)
        }),
        case!(changes::a_feed_of_documents_misses_no_step, |c| drafts(c) && c.can_follow(Document)),
        case!(changes::a_feed_of_movements_names_the_units_that_moved, |c| drafts(c)
            && c.can_follow(Movement)),
        case!(changes::a_feed_of_products_tells_of_edits, |c| c.can_follow(Product)),
        case!(orders::the_newest_order_comes_first, |c| c.can_scan(Order)),
        case!(orders::a_transition_of_an_order_reads_the_state_first, |c| c
            .can_write(Order, WriteMode::Transition)),
        case!(orders::a_waybill_can_be_written_twice, |c| c.can_write(Order, WriteMode::Tracking)),
        case!(orders::a_tag_can_be_added_twice_and_is_there_once, |c| c.can_write(Order, WriteMode::Tag)),
        case!(orders::a_webhook_is_believed_only_with_its_signature, |c| { c.side == Side::Store }),
    ]
}
