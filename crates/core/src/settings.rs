//! Reading a configuration as a whole: every problem with its line and what is possible, none hiding another.

use std::{cell::RefCell, collections::BTreeSet, fmt, ops::Range, path::PathBuf, time::Duration};

use rust_decimal::Decimal;
use serde::Serialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Bytes of the text that are meant.
    pub span: Range<usize>,
    /// Such as `store[0].orders.prefix`.
    pub path: String,
    pub message: String,
}

/// Where a secret is kept. The configuration never holds one itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    Env(String),
    File(PathBuf),
}

/// Where it is, never what it is.
impl fmt::Display for SecretRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(formatter, "the environment variable {name}"),
            Self::File(path) => write!(formatter, "the file {}", path.display()),
        }
    }
}

/// A parsed configuration that collects problems while it is read.
pub struct Document<'a> {
    text: &'a str,
    root: Option<Spanned<DeTable<'a>>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Document<'a> {
    /// Never fails: what can't be parsed is the first problem.
    pub fn parse(text: &'a str) -> Self {
        let document = Self { text, root: None, problems: RefCell::new(Vec::new()) };
        match DeTable::parse(text) {
            Ok(root) => Self { root: Some(root), ..document },
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                document.report(span, String::new(), error.message().to_owned());
                document
            }
        }
    }

    /// The whole document; `None` when it can't be parsed.
    pub fn root(&self) -> Option<Section<'_>> {
        let root = self.root.as_ref()?;
        Some(Section {
            document: self,
            table: root.get_ref(),
            span: root.span(),
            path: String::new(),
            read: RefCell::new(BTreeSet::new()),
        })
    }

    /// What was found so far, by place.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.span.start, problem.path.clone()));
        problems
    }

    pub fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    fn report(&self, span: Range<usize>, path: String, message: String) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        self.problems.borrow_mut().push(Problem { line, column, span, path, message });
    }
}

/// A table of the configuration.
pub struct Section<'a> {
    document: &'a Document<'a>,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    read: RefCell<BTreeSet<String>>,
}

type Value<'a> = &'a Spanned<DeValue<'a>>;

impl<'a> Section<'a> {
    pub fn path(&self) -> &str {
        &self.path
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn value(&self, key: &str) -> Option<Value<'a>> {
        self.read.borrow_mut().insert(key.to_owned());
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Something is wrong with the value of `key`, or with the section when the key isn't there.
    pub fn problem(&self, key: &str, message: impl Into<String>) {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        let span = found.map_or_else(|| self.span.clone(), |(_, value)| value.span());
        self.document.report(span, self.path_of(key), message.into());
    }

    fn wrong(&self, key: &str, value: Value<'_>, wanted: &str) {
        let message = format!("must be {wanted}, but is {}", kind_of(value.get_ref()));
        self.document.report(value.span(), self.path_of(key), message);
    }

    pub fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub fn text(&self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong(key, value, "a text in quotes");
                None
            }
        }
    }

    /// A text that must be there and must not be empty. `example` shows what is meant.
    pub fn required_text(&self, key: &str, example: &str) -> Option<String> {
        match self.value(key) {
            None => {
                self.problem(key, format!("is missing; write for example `{key} = \"{example}\"`"));
                None
            }
            Some(_) => {
                let text = self.text(key)?;
                if text.trim().is_empty() {
                    self.problem(key, format!("is empty; write for example `{key} = \"{example}\"`"));
                    return None;
                }
                Some(text)
            }
        }
    }

    /// A text that somebody else reads: reports nothing and leaves the key unread.
    pub fn peek(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        value.get_ref().as_str()
    }

    /// A section that somebody else reads.
    pub fn peek_section(&self, key: &str) -> Option<Section<'a>> {
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        let table = value.get_ref().as_table()?;
        Some(self.inner(table, value.span(), self.path_of(key)))
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong(key, value, "true or false");
                None
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub fn number(&self, key: &str, least: u32, most: u32) -> Option<u32> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => {
                self.wrong(key, value, &format!("a whole number from {least} to {most}"));
                return None;
            }
        };
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(number),
            None => {
                self.problem(key, format!("must be a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// A decimal, kept exactly as written.
    pub fn decimal(&self, key: &str) -> Option<Decimal> {
        let value = self.value(key)?;
        let parsed = decimal_of(value.get_ref());
        if parsed.is_none() {
            self.wrong(key, value, "a number such as 0.05");
        }
        parsed
    }

    /// A length of time such as `"30s"`, `"5m"`, `"2h"`, `"60d"`.
    pub fn duration(&self, key: &str) -> Option<Duration> {
        let text = self.text(key)?;
        let parsed = parse_duration(&text);
        if parsed.is_none() {
            self.problem(key, "must be a length of time such as \"30s\", \"5m\", \"2h\" or \"60d\"");
        }
        parsed
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.problem(
                key,
                format!("`{text}` is not possible{}; it can be {}", close_to(&text, &words), listed(&words)),
            );
        }
        found
    }

    pub fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong(key, value, "a list of texts such as [\"a\", \"b\"]");
            return None;
        };
        let mut texts = Vec::new();
        for item in array.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(text.to_string()),
                _ => self.wrong(key, item, "a text in quotes"),
            }
        }
        Some(texts)
    }

    /// Where a secret is kept; must be there.
    pub fn secret(&self, key: &str) -> Option<SecretRef> {
        let how =
            format!("write `{key} = {{ env = \"NAME_OF_A_VARIABLE\" }}` or `{key} = {{ file = \"/path\" }}`");
        let Some(value) = self.value(key) else {
            self.problem(key, format!("is missing; {how}"));
            return None;
        };
        let DeValue::Table(table) = value.get_ref() else {
            self.problem(key, format!("a secret does not belong into the configuration itself; {how}"));
            return None;
        };
        let mut entries = table.iter();
        match (entries.next(), entries.next()) {
            (Some((name, inner)), None) => match (name.get_ref().as_ref(), inner.get_ref()) {
                ("env", DeValue::String(variable)) => Some(SecretRef::Env(variable.to_string())),
                ("file", DeValue::String(path)) => Some(SecretRef::File(PathBuf::from(path.as_ref()))),
                _ => {
                    self.problem(key, how);
                    None
                }
            },
            _ => {
                self.problem(key, how);
                None
            }
        }
    }

    pub fn optional_secret(&self, key: &str) -> Option<SecretRef> {
        self.has(key).then(|| self.secret(key)).flatten()
    }

    pub fn section(&self, key: &str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.inner(table, value.span(), self.path_of(key))),
            _ => {
                self.wrong(key, value, &format!("a section [{}]", self.path_of(key)));
                None
            }
        }
    }

    /// The sections of `[[key]]`, in order.
    pub fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong(key, value, &format!("written as [[{}]]", self.path_of(key)));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, item) in array.iter().enumerate() {
            match item.get_ref() {
                DeValue::Table(table) => {
                    sections.push(self.inner(table, item.span(), format!("{}[{index}]", self.path_of(key))));
                }
                _ => self.wrong(key, item, "a section"),
            }
        }
        sections
    }

    /// The keys of this section, for tables whose keys are the merchant's own.
    pub fn keys(&self) -> Vec<String> {
        self.table.iter().map(|(name, _)| name.get_ref().to_string()).collect()
    }

    fn inner(&self, table: &'a DeTable<'a>, span: Range<usize>, path: String) -> Section<'a> {
        Section { document: self.document, table, span, path, read: RefCell::new(BTreeSet::new()) }
    }

    /// Takes every key for known: what they mean can't be told.
    pub fn overlook_the_rest(&self) {
        self.read.borrow_mut().extend(self.keys());
    }

    /// Reports every key that nobody asked for, with the nearest one that exists.
    pub fn finish(&self) {
        let read = self.read.borrow();
        let known: Vec<&str> = read.iter().map(String::as_str).collect();
        for (name, _) in self.table.iter().filter(|(name, _)| !read.contains(name.get_ref().as_ref())) {
            let key = name.get_ref();
            let message =
                format!("is not a setting{}; here there can be {}", close_to(key, &known), listed(&known));
            self.document.report(name.span(), self.path_of(key), message);
        }
    }
}

fn decimal_of(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Reads `30s`, `5m`, `2h`, `60d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

fn close_to(word: &str, known: &[&str]) -> String {
    nearest(word, known.iter().copied())
        .map(|candidate| format!(" (did you mean `{candidate}`?)"))
        .unwrap_or_default()
}

/// The known word that a mistyped one most likely means; `None` when none is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (short, all) = (word.chars().count() <= 2, word.to_lowercase());
    known
        .map(|candidate| (strsim::damerau_levenshtein(&all, &candidate.to_lowercase()), candidate))
        // Half a short word is another word.
        .filter(|(distance, _)| *distance <= if short { 1 } else { 2 })
        .min()
        .map(|(_, candidate)| candidate)
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_in_one_report_with_its_line() {
        let text = "name = 7\nkey = \"in clear\"\nmode = \"phisical\"\n\n[inner]\nbufer = 1\nevery = \"5 parsecs\"\n";
        let document = Document::parse(text);
        let root = document.root().expect("it parses");
        assert_eq!(root.required_text("name", "shop"), None);
        assert_eq!(root.secret("key"), None);
        assert_eq!(root.choice("mode", &[("physical", 1), ("free", 2)]), None);
        assert_eq!(root.required_text("url", "https://shop.example"), None);
        let inner = root.section("inner").expect("it is there");
        assert_eq!(inner.decimal("buffer"), None);
        assert_eq!(inner.duration("every"), None);
        inner.finish();
        root.finish();
        drop((inner, root));
        let problems = document.into_problems();
        let seen: Vec<(usize, &str)> =
            problems.iter().map(|problem| (problem.line, problem.path.as_str())).collect();
        assert_eq!(
            seen,
            [(1, "url"), (1, "name"), (2, "key"), (3, "mode"), (6, "inner.bufer"), (7, "inner.every")]
        );
        assert!(problems[3].message.contains("did you mean `physical`?"), "{}", problems[3].message);
        assert!(problems[4].message.contains("did you mean `buffer`?"), "{}", problems[4].message);
    }

    #[test]
    fn decimals_are_exact_and_durations_have_units() {
        let document = Document::parse("a = 0.05\nb = \"1.10\"\nc = 3\nd = \"90s\"\n");
        let root = document.root().expect("it parses");
        assert_eq!(root.decimal("a"), Some(Decimal::new(5, 2)));
        assert_eq!(root.decimal("b").map(|b| b.to_string()), Some("1.10".to_owned()));
        assert_eq!(root.decimal("c"), Some(Decimal::from(3)));
        assert_eq!(root.duration("d"), Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_syntax_error_is_a_problem_with_its_line() {
        let document = Document::parse("a = 1\nb = \n");
        assert!(document.root().is_none());
        assert_eq!(document.into_problems()[0].line, 2);
    }
}
