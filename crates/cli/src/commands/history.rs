use zygos_engine::HistoryRange;

use crate::{arguments::HistoryArguments, assemble::Assembled, failure::Failure, show::Form};

/// Every write about a name, from the journal. Makes no call.
pub async fn history(assembled: &Assembled, wanted: &HistoryArguments, form: Form) -> Result<(), Failure> {
    let range = HistoryRange { since: wanted.since, limit: wanted.limit };
    let history = assembled.engine.history(&wanted.what, range).await?;
    if history.is_empty() {
        return Err(Failure::Configuration(format!(
            "there is no order and no product `{}` in any store; run `zygos sync` or `zygos plan` once so that the \
             stores have been read",
            wanted.what
        )));
    }
    form.print(&history, || history.lines())
}
