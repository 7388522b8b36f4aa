//! Asking a person.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// One thing that a person is asked. Secrets are never asked: only where they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub text: String,
    /// What an empty answer means.
    pub default: Option<String>,
    pub choices: Vec<String>,
}

impl Question {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn or(self, default: impl Into<String>) -> Self {
        Self { default: Some(default.into()), ..self }
    }
}

/// Whoever answers.
pub trait Ask: Send {
    /// The answer without its line end; `None` when nobody answers any more.
    fn ask(&mut self, question: &Question) -> io::Result<Option<String>>;

    /// Tells why an answer is not taken.
    fn tell(&mut self, line: &str) -> io::Result<()>;
}

/// The person at the terminal; `None` when there is nobody.
pub fn at_the_terminal() -> Option<Box<dyn Ask>> {
    (io::stdin().is_terminal() && io::stderr().is_terminal()).then(|| Box::new(Terminal) as Box<dyn Ask>)
}

struct Terminal;

impl Ask for Terminal {
    fn ask(&mut self, question: &Question) -> io::Result<Option<String>> {
        // The answers of the command go to the other stream.
        let mut out = io::stderr().lock();
        write!(out, "{}", question.text)?;
        if !question.choices.is_empty() {
            write!(out, " ({})", question.choices.join(", "))?;
        }
        if let Some(default) = &question.default {
            write!(out, " [{default}]")?;
        }
        write!(out, ": ")?;
        out.flush()?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        writeln!(io::stderr().lock(), "  {line}")
    }
}

/// Asks until the answer is one that `accept` takes; its refusal is told.
pub fn answer<T>(
    person: &mut dyn Ask,
    question: &Question,
    accept: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    loop {
        let given = person.ask(question)?.ok_or_else(|| {
            Failure::Configuration(format!(
                "nobody answers any more (\"{}\"); nothing was written",
                question.text
            ))
        })?;
        let given = if given.is_empty() { question.default.clone().unwrap_or_default() } else { given };
        match accept(&given) {
            Ok(value) => return Ok(value),
            Err(why) => person.tell(&why)?,
        }
    }
}
