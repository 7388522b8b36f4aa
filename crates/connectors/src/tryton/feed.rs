//! Following what changed, by the server's own timestamps.
//!
//! A cursor holds, per model, the newest timestamp read. Every look goes back a little behind it, for a transaction
//! may be committed after a newer one was read, and leaves out what was read there already. Within one look, pages
//! go on behind the last (timestamp, id), so that any number of records written at once are passed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zygos_core::contract::{CallContext, Checkpoint, ConnectorError, ErrorKind};

use super::{
    calls::Query,
    series,
    session::Door,
    wire::{self, Row},
};

pub(super) const PAGE: u32 = 100;

/// More than this many are not kept as read; the oldest of them then come once more.
const MOST_SEEN: usize = 2_000;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor(BTreeMap<String, Stream>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stream {
    /// The newest timestamp read, in microseconds; `None` while the model has no record.
    newest: Option<i64>,
    /// Where the next page of an unfinished look begins: behind this timestamp and id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind: Option<(i64, i64)>,
    /// (timestamp, id) of what was read within the overlap.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    seen: BTreeSet<(i64, i64)>,
}

impl Cursor {
    pub fn read(checkpoint: Option<&Checkpoint>) -> Result<Option<Self>, ConnectorError> {
        let Some(checkpoint) = checkpoint else { return Ok(None) };
        serde_json::from_str(&checkpoint.0).map(Some).map_err(|_| {
            let message =
                "the stored cursor of this feed is not one of Tryton's; forget it and the feed begins now";
            ConnectorError::new(ErrorKind::Protocol { maybe_applied: false }, message)
        })
    }

    /// Which of a feed's models the next look is about: those whose pages are not all read yet, or else all. Each begins
    /// again at its overlap, so models that wait for each other's last pages might never be done together.
    pub fn due<'a>(&self, models: impl Iterator<Item = &'a str> + Clone) -> BTreeSet<&'a str> {
        let is_unfinished = |model: &&str| self.0.get(*model).is_some_and(|stream| stream.behind.is_some());
        let unfinished: BTreeSet<&str> = models.clone().filter(is_unfinished).collect();
        if unfinished.is_empty() { models.collect() } else { unfinished }
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(json!(self.0).to_string())
    }
}

/// One model to follow.
pub(super) struct Follow<'a> {
    pub model: &'static str,
    pub domain: Vec<Value>,
    pub fields: &'a [&'a str],
    pub under: &'a [(&'a str, Value)],
}

/// What one look at one model gave.
pub(super) struct Look {
    answer: Value,
    fresh: BTreeSet<i64>,
    pub more: bool,
}

impl Look {
    /// Records that were not read before in this state.
    pub fn fresh(&self) -> impl Iterator<Item = Row<'_>> {
        wire::rows(&self.answer).filter(|row| row.id().is_ok_and(|id| self.fresh.contains(&id)))
    }
}

/// One call: the next page of `follow`, moving its part of the cursor behind it. A model that the cursor doesn't
/// know yet is followed from now on, and "now" is its newest timestamp.
pub(super) async fn look(
    door: &Door,
    context: &CallContext,
    follow: &Follow<'_>,
    cursor: &mut Cursor,
) -> Result<Look, ConnectorError> {
    let known = cursor.0.get(follow.model);
    let answer = door.search_under(context, &query(follow, known), follow.under).await?;
    let (stream, look) = match known {
        Some(stream) => advance(stream, answer)?,
        None => begin(&answer)?,
    };
    cursor.0.insert(follow.model.to_owned(), stream);
    Ok(look)
}

fn query(follow: &Follow<'_>, stream: Option<&Stream>) -> Query {
    let mut domain = follow.domain.clone();
    let (direction, limit) = if stream.is_some() { ("ASC", PAGE) } else { ("DESC", 1) };
    match stream {
        Some(Stream { behind: Some((at, id)), .. }) => {
            let later = json!([[series::MODIFIED, ">", wire::timestamp(*at)]]);
            let equal = json!([[series::MODIFIED, "=", wire::timestamp(*at)], ["id", ">", id]]);
            domain.push(json!(["OR", later, equal]));
        }
        Some(Stream { newest: Some(newest), .. }) => {
            domain.push(json!([series::MODIFIED, ">=", wire::timestamp(overlap(*newest))]));
        }
        Some(_) | None => {}
    }
    let mut query = Query::new(follow.model, Value::Array(domain), follow.fields);
    query.fields.push(series::MODIFIED.to_owned());
    query.order = json!([[series::MODIFIED, direction], ["id", direction]]);
    query.limit = Some(limit);
    query
}

fn overlap(newest: i64) -> i64 {
    newest.saturating_sub(i64::try_from(series::OVERLAP.as_micros()).unwrap_or(i64::MAX))
}

fn stamped(answer: &Value) -> Result<Vec<(i64, i64)>, ConnectorError> {
    let stamp =
        |row: Row<'_>| Some((row.timestamp(series::MODIFIED).ok()??.as_microsecond(), row.id().ok()?));
    wire::rows(answer).map(stamp).collect::<Option<Vec<_>>>().ok_or_else(|| {
        let message = "Tryton gave a changed record without id or time of change";
        ConnectorError::new(ErrorKind::Protocol { maybe_applied: false }, message)
    })
}

fn begin(answer: &Value) -> Result<(Stream, Look), ConnectorError> {
    let newest = stamped(answer)?.first().copied();
    let look = Look { answer: Value::Null, fresh: BTreeSet::new(), more: false };
    let seen = newest.into_iter().collect();
    Ok((Stream { newest: newest.map(|(at, _)| at), seen, ..Stream::default() }, look))
}

fn advance(stream: &Stream, answer: Value) -> Result<(Stream, Look), ConnectorError> {
    let read = stamped(&answer)?;
    let fresh = read.iter().filter(|stamp| !stream.seen.contains(stamp)).map(|(_, id)| *id).collect();
    let newest = read.iter().map(|(at, _)| *at).max().max(stream.newest);
    let more = read.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let from = newest.map_or(i64::MIN, overlap);
    let mut seen: BTreeSet<(i64, i64)> =
        stream.seen.iter().chain(&read).filter(|(at, _)| *at >= from).copied().collect();
    while seen.len() > MOST_SEEN {
        seen.pop_first();
    }
    let behind = read.last().copied().filter(|_| more);
    Ok((Stream { newest, behind, seen }, Look { answer, fresh, more }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    /// Serves (timestamp, id) as the server would.
    fn serve(records: &[(i64, i64)], query: &Query) -> Value {
        let micros = |at: &Value| {
            let row = json!({ "at": at });
            Row::of(&row).unwrap().timestamp("at").unwrap().unwrap().as_microsecond()
        };
        let bound = query.domain.get(0);
        let fits = |(at, id): &(i64, i64)| match bound {
            None => true,
            Some(bound) if bound[0] == "OR" => {
                let (after, last) = (micros(&bound[1][0][2]), bound[2][1][2].as_i64().unwrap());
                *at > after || (*at == after && *id > last)
            }
            Some(bound) => *at >= micros(&bound[2]),
        };
        let mut found: Vec<(i64, i64)> = records.iter().copied().filter(fits).collect();
        found.sort_unstable();
        if query.order[0][1] == "DESC" {
            found.reverse();
        }
        found.truncate(usize::try_from(query.limit.unwrap()).unwrap());
        found.iter().map(|(at, id)| json!({"id": id, (series::MODIFIED): wire::timestamp(*at)})).collect()
    }

    fn next(records: &[(i64, i64)], stream: &mut Option<Stream>) -> (Vec<i64>, bool) {
        let follow = Follow { model: "stock.move", domain: Vec::new(), fields: &[], under: &[] };
        let answer = serve(records, &query(&follow, stream.as_ref()));
        let (advanced, look) = match stream {
            Some(stream) => advance(stream, answer).unwrap(),
            None => begin(&answer).unwrap(),
        };
        let stored = serde_json::to_string(&advanced).unwrap();
        *stream = Some(serde_json::from_str(&stored).unwrap());
        (look.fresh().map(|row| row.id().unwrap()).collect(), look.more)
    }

    #[test]
    fn any_number_of_records_written_at_once_are_passed_and_told_once() {
        let at = 1_000 * MINUTE;
        let mut stream = None;
        assert_eq!(next(&[(at, 1)], &mut stream), (vec![], false));
        let records: Vec<(i64, i64)> = (0..250).map(|id| (at + 5 * MINUTE, id)).collect();
        let mut told = Vec::new();
        loop {
            let (fresh, more) = next(&records, &mut stream);
            told.extend(fresh);
            if !more {
                break;
            }
        }
        assert_eq!(told, (0..250).collect::<Vec<i64>>());
        assert_eq!(next(&records, &mut stream).0, Vec::<i64>::new());
    }

    #[test]
    fn models_with_many_changes_of_one_moment_are_done_together_although_they_began_apart() {
        let records: Vec<(i64, i64)> = (0..150).map(|id| (1_000 * MINUTE, id)).collect();
        let stream = || Some(Stream { newest: Some(0), ..Stream::default() });
        let mut streams = BTreeMap::from([("product.product", stream()), ("product.template", stream())]);
        // One is half-way, the other one was not looked at yet.
        assert!(next(&records, streams.get_mut("product.product").unwrap()).1);
        let mut looks = 0;
        let mut more = true;
        while more {
            looks += 1;
            assert!(looks < 10, "it never ends");
            let cursor =
                Cursor(streams.iter().map(|(model, s)| ((*model).to_owned(), s.clone().unwrap())).collect());
            more = false;
            for model in cursor.due(["product.product", "product.template"].into_iter()) {
                more |= next(&records, streams.get_mut(model).unwrap()).1;
            }
        }
        assert!(streams.values().flatten().all(|stream| stream.behind.is_none()));
    }

    #[test]
    fn a_record_committed_late_behind_a_newer_one_is_found() {
        let at = 1_000 * MINUTE;
        let mut stream = None;
        let mut records = vec![(at, 1)];
        next(&records, &mut stream);
        records.push((at + 3 * MINUTE, 2));
        assert_eq!(next(&records, &mut stream).0, vec![2]);
        records.push((at + 2 * MINUTE, 3));
        assert_eq!(next(&records, &mut stream).0, vec![3]);
        assert_eq!(next(&records, &mut stream).0, Vec::<i64>::new());
    }

    #[test]
    fn a_record_changed_again_comes_again() {
        let at = 1_000 * MINUTE;
        let mut stream = None;
        next(&[(at, 1)], &mut stream);
        assert_eq!(next(&[(at + 1, 1)], &mut stream).0, vec![1]);
        assert_eq!(next(&[(at + 2, 1)], &mut stream).0, vec![1]);
    }

    #[test]
    fn a_model_that_was_empty_is_followed_from_its_first_record() {
        let mut stream = None;
        next(&[], &mut stream);
        assert_eq!(next(&[], &mut stream).0, Vec::<i64>::new());
        assert_eq!(next(&[(5, 1)], &mut stream).0, vec![1]);
    }
}
