//! What many issues have in common, so that a person is told of one cause once.

use serde::Serialize;
use zygos_core::ConnectionId;
use zygos_storage::Issue;

/// Issues of one connection, kind and cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssueGroup {
    pub connection: ConnectionId,
    pub kind: String,
    /// What is so and what to do, for all of them.
    pub cause: String,
    /// Their numbers, oldest first.
    pub issues: Vec<i64>,
    /// What they are about, in the same order.
    pub about: Vec<String>,
}

/// Puts together what has one cause, the most frequent first.
pub fn by_cause(issues: &[Issue]) -> Vec<IssueGroup> {
    let mut groups: Vec<IssueGroup> = Vec::new();
    for issue in issues {
        let (cause, about) = cause_of(issue);
        let same = groups.iter_mut().find(|group| {
            (&group.connection, &group.kind, &group.cause) == (&issue.connection, &issue.kind, &cause)
        });
        match same {
            Some(group) => {
                group.issues.push(issue.id);
                group.about.push(about);
            }
            None => groups.push(IssueGroup {
                connection: issue.connection.clone(),
                kind: issue.kind.clone(),
                cause,
                issues: vec![issue.id],
                about: vec![about],
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.issues.len()));
    groups
}

/// The cause in words and what the issue is about. The text of an issue tells both; where a kind's isn't known here, what
/// is the same but for the subject and numbers has one cause.
fn cause_of(issue: &Issue) -> (String, String) {
    let text = issue.text.as_str();
    let known = match issue.kind.as_str() {
        "product_refused" => refusal(text),
        "product_hold" => hold(text),
        "product_conflict" => conflict(text),
        "incomplete_product" => incomplete(text),
        _ => None,
    };
    known.unwrap_or_else(|| {
        let subject = issue.subject.as_str();
        let shown = if subject.is_empty() { text.to_owned() } else { text.replace(subject, "…") };
        (without_numbers(&shown), subject.to_owned())
    })
}

/// "shop refuses product NAME (id 7 in shop): CAUSE. Only its tax waits; …"
fn refusal(text: &str) -> Option<(String, String)> {
    let (who, rest) = text.split_once(" refuses ")?;
    let (record, rest) = rest.split_once(" (id ")?;
    let (cause, waits) = rest.split_once("): ")?.1.rsplit_once(". Only ")?;
    Some((format!("{who} refuses: {cause}. Only {waits}"), record.trim_start_matches("product ").to_owned()))
}

/// "shop: the FIELD of NAME would go from A to B in the store: CAUSE. Answer …"
fn hold(text: &str) -> Option<(String, String)> {
    let (store, rest) = text.split_once(": the ")?;
    let (field, rest) = rest.split_once(" of ")?;
    let (name, rest) = rest.split_once(" would go from ")?;
    let (rest, answer) = rest.rsplit_once(". Answer ")?;
    let (values, why) = rest.rsplit_once(": ")?;
    let side = values.rsplit_once(" in ")?.1;
    let cause =
        format!("{store}: the {field} would change in {side}: {}. Answer {answer}", without_numbers(why));
    Some((cause, name.to_owned()))
}

/// "shop: the FIELD of NAME is "A" in the store and "B" in the ERP; …. WHY. Answer …"
fn conflict(text: &str) -> Option<(String, String)> {
    let (store, rest) = text.split_once(": the ")?;
    let (field, rest) = rest.split_once(" of ")?;
    let (name, rest) = rest.split_once(" is \"")?;
    let (_, answer) = rest.rsplit_once(". Answer ")?;
    let cause = format!(
        "{store}: the {field} is not the same on both sides, and nobody says whose holds. Answer {answer}"
    );
    Some((cause, name.to_owned()))
}

/// "shop: NAME (id 7) is not made in erp yet: CAUSE"
fn incomplete(text: &str) -> Option<(String, String)> {
    let (store, rest) = text.split_once(": ")?;
    let (name, rest) = rest.split_once(" (id ")?;
    let (_, rest) = rest.split_once(") is not made in ")?;
    let (target, cause) = rest.split_once(" yet: ")?;
    Some((format!("{store}: not made in {target} yet: {cause}"), name.to_owned()))
}

fn without_numbers(text: &str) -> String {
    let mut masked = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_digit() {
            masked.push(character);
            continue;
        }
        masked.push('…');
        while characters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
    }
    masked
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn issue(id: i64, kind: &str, subject: &str, text: &str) -> Issue {
        Issue {
            id,
            connection: ConnectionId::new("shop"),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            choices: Vec::new(),
            opened_at: Timestamp::UNIX_EPOCH,
            closed_at: None,
            answer: None,
        }
    }

    #[test]
    fn what_differs_only_by_its_subject_or_by_numbers_has_one_cause() {
        let all = [
            issue(1, "held", "42200001", "order 42200001 waits: it is not paid yet"),
            issue(2, "unknown", "A", "A is sold 3 times"),
            issue(3, "held", "42200002", "order 42200002 waits: it is not paid yet"),
            issue(4, "held", "42200003", "order 42200003 waits: its totals differ"),
            issue(5, "unknown", "B", "B is sold 12.5 times"),
        ];
        let groups = by_cause(&all);
        let told: Vec<_> =
            groups.iter().map(|group| (group.cause.as_str(), group.issues.as_slice())).collect();
        assert_eq!(
            told,
            [
                ("order … waits: it is not paid yet", [1, 3].as_slice()),
                ("… is sold … times", &[2, 5]),
                ("order … waits: its totals differ", &[4]),
            ]
        );
        assert_eq!(groups[0].about, ["42200001", "42200002"]);
    }
}
