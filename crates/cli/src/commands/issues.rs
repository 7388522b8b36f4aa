use zygos_engine::{IssueGroup, by_cause};
use zygos_storage::Issue;

use crate::{assemble::Assembled, failure::Failure, show::Form};

/// Of issues of one cause, so many are named.
const EXAMPLES: usize = 3;

/// Lists what needs a person: what has one cause together, unless each is wanted.
pub async fn issues(assembled: &Assembled, all: bool, each: bool, form: Form) -> Result<(), Failure> {
    let issues = assembled.engine.repository().issues(all).await?;
    form.print(&issues, || {
        if issues.is_empty() {
            return vec!["nothing needs you".to_owned()];
        }
        // What was answered long ago has nothing in common with what is asked now.
        if each || all { issues.iter().map(line).collect() } else { grouped(&issues) }
    })
}

fn grouped(issues: &[Issue]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut more = false;
    for group in by_cause(issues) {
        let first = issues.iter().find(|issue| Some(&issue.id) == group.issues.first());
        match (group.issues.len(), first) {
            (1, Some(only)) => lines.push(line(only)),
            _ => {
                more = true;
                lines.push(summary(&group));
            }
        }
    }
    if more {
        lines.push("`zygos issues --each` lists each with its number, by which it is answered".to_owned());
    }
    lines
}

/// How many have a cause, the cause, and examples with their numbers.
pub(super) fn summary(group: &IssueGroup) -> String {
    let IssueGroup { kind, cause, issues, about, .. } = group;
    let kind = kind.replace('_', " ");
    let examples: Vec<String> =
        issues.iter().zip(about).take(EXAMPLES).map(|(id, about)| format!("{about} ({id})")).collect();
    let rest = if issues.len() > EXAMPLES { ", …" } else { "" };
    format!("{:>4} × {kind} {cause} [{}{rest}]", issues.len(), examples.join(", "))
}

fn line(issue: &Issue) -> String {
    let choices = if issue.choices.is_empty() {
        String::new()
    } else {
        format!(" [zygos approve {} {}]", issue.id, issue.choices.join("|"))
    };
    let closed = issue.closed_at.map_or(String::new(), |at| format!(" (closed {at})"));
    format!("{:>5} {} {}{choices}{closed}", issue.id, issue.kind.replace('_', " "), issue.text)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use zygos_core::ConnectionId;

    use super::*;

    fn refused(id: i64, name: &str) -> Issue {
        Issue {
            id,
            connection: ConnectionId::new("shop"),
            kind: "product_refused".to_owned(),
            subject: id.to_string(),
            text: format!(
                "shop refuses product {name} (id {id} in shop): the store has no tax of 9 %; make it there. Only its tax waits; \
                 it is tried again by `zygos replay`."
            ),
            choices: vec!["retry".to_owned()],
            opened_at: Timestamp::UNIX_EPOCH,
            closed_at: None,
            answer: None,
        }
    }

    #[test]
    fn one_cause_is_told_once_with_its_number_and_examples_and_a_single_issue_as_it_is() {
        let other = Issue {
            id: 9,
            kind: "held".to_owned(),
            text: "order 7 waits: it is not paid".to_owned(),
            choices: Vec::new(),
            ..refused(7, "Lamp")
        };
        let all = [refused(1, "Lamp"), refused(2, "Cup"), other, refused(3, "Vase"), refused(4, "Rug")];
        assert_eq!(
            grouped(&all),
            [
                "   4 × product refused shop refuses: the store has no tax of 9 %; make it there. Only its tax waits; it is \
                 tried again by `zygos replay`. [Lamp (1), Cup (2), Vase (3), …]",
                "    9 held order 7 waits: it is not paid",
                "`zygos issues --each` lists each with its number, by which it is answered",
            ]
        );
        assert_eq!(grouped(&all[..1]), [line(&all[0])]);
    }
}
