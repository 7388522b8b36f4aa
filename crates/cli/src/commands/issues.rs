use crate::{assemble::Assembled, failure::Failure, show::Form};

/// Lists what needs a person.
pub async fn issues(assembled: &Assembled, all: bool, form: Form) -> Result<(), Failure> {
    let issues = assembled.engine.repository().issues(all).await?;
    form.print(&issues, || {
        if issues.is_empty() {
            return vec!["nothing needs you".to_owned()];
        }
        issues
            .iter()
            .map(|issue| {
                let choices = if issue.choices.is_empty() {
                    String::new()
                } else {
                    format!(" [zygos approve {} {}]", issue.id, issue.choices.join("|"))
                };
                let closed = issue.closed_at.map_or(String::new(), |at| format!(" (closed {at})"));
                format!("{:>5} {} {}{choices}{closed}", issue.id, issue.kind.replace('_', " "), issue.text)
            })
            .collect()
    })
}
