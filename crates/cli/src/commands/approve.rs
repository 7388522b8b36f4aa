use zygos_core::ConnectionId;
use zygos_storage::Mode;

use crate::{assemble::Assembled, failure::Failure, show::Form};

/// Lets connections write, or answers an issue.
pub async fn approve(
    assembled: &Assembled,
    what: Option<&str>,
    choice: Option<&str>,
    form: Form,
) -> Result<(), Failure> {
    let engine = &assembled.engine;
    if let Some(id) = what.and_then(|what| what.parse::<i64>().ok()) {
        let choice = match choice {
            Some(choice) => choice.to_owned(),
            None => {
                let issue = engine.repository().issue(id).await?;
                issue.and_then(|issue| issue.choices.first().cloned()).unwrap_or_default()
            }
        };
        let said = engine.answer(id, &choice).await?;
        return form.print(&said, || vec![said.clone()]);
    }
    let names = names(assembled, what);
    for name in &names {
        engine.set_mode(&ConnectionId::new(name), Mode::Live, None).await?;
    }
    form.print(&names, || names.iter().map(|name| format!("{name} may write now")).collect())
}

/// Stops writes.
pub async fn pause(
    assembled: &Assembled,
    connection: Option<&str>,
    reason: Option<String>,
    form: Form,
) -> Result<(), Failure> {
    let names = names(assembled, connection);
    let reason = reason.unwrap_or_else(|| "paused by hand".to_owned());
    for name in &names {
        assembled.engine.set_mode(&ConnectionId::new(name), Mode::Paused, Some(reason.clone())).await?;
    }
    form.print(&names, || names.iter().map(|name| format!("nothing is written to {name} any more")).collect())
}

fn names(assembled: &Assembled, only: Option<&str>) -> Vec<String> {
    only.map_or_else(|| assembled.engine.connection_names(), |only| vec![only.to_owned()])
}
