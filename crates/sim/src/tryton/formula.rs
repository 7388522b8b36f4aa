//! Formulas of price lists: as much of Python as people write there. Nothing makes everything nothing.

use rust_decimal::Decimal;

/// What a formula may name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) list_price: Option<Decimal>,
    pub(super) cost_price: Option<Decimal>,
    pub(super) unit_price: Option<Decimal>,
}

impl Names {
    /// `unit_price` is what the list says it is.
    pub(super) fn with_unit_price(mut self, price: &str) -> Self {
        self.unit_price = match price {
            "list_price" => self.list_price,
            "cost_price" => self.cost_price,
            _ => None,
        };
        self
    }
}

/// The formula's value, or the text of the exception that it raises.
pub(super) fn evaluate(formula: &str, names: &Names) -> Result<Option<Decimal>, String> {
    let tokens = tokens(formula)?;
    let mut parser = Parser { tokens: &tokens, at: 0, names };
    let value = parser.choice()?;
    match parser.next() {
        None => Ok(value),
        Some(Token::Sign(',')) => Err("Sorry, Tuple is not available in this evaluator".to_owned()),
        Some(_) => Err("invalid syntax".to_owned()),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(Decimal),
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(formula: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = formula.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = letters.get(at).copied() {
        let end = |test: &dyn Fn(char, usize) -> bool| {
            (at + 1..letters.len()).find(|next| letters.get(*next).is_none_or(|c| !test(*c, *next)))
        };
        let stop = |found: Option<usize>| found.unwrap_or(letters.len());
        let slice = |to: usize| letters.get(at..to).unwrap_or_default().iter().collect::<String>();
        match first {
            ' ' => at += 1,
            '0'..='9' | '.' => {
                let exponent = |next: usize| matches!(letters.get(next - 1), Some('e' | 'E'));
                let to = stop(end(&|c, next| {
                    c.is_ascii_digit()
                        || matches!(c, '.' | '_' | 'e' | 'E')
                        || (matches!(c, '+' | '-') && exponent(next))
                }));
                let text = slice(to).replace('_', "");
                let number = text.parse().or_else(|_| Decimal::from_scientific(&text));
                tokens.push(Token::Number(number.map_err(|_| "invalid decimal literal".to_owned())?));
                at = to;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let to = stop(end(&|c, _| c.is_ascii_alphanumeric() || c == '_'));
                tokens.push(Token::Word(slice(to)));
                at = to;
            }
            '"' | '\'' => {
                let to = stop(end(&|c, _| c != first));
                tokens.push(Token::Text(letters.get(at + 1..to).unwrap_or_default().iter().collect()));
                at = to + 1;
            }
            sign => {
                tokens.push(Token::Sign(sign));
                at += 1;
            }
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    names: &'a Names,
}

type Computed = Result<Option<Decimal>, String>;

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let there = self.tokens.get(self.at) == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    /// `a if b else c`; only the branch that is taken may fail, as in Python, but both are looked at here.
    fn choice(&mut self) -> Computed {
        let then = self.sum();
        if !self.takes_word("if") {
            return then;
        }
        let condition = self.sum()?;
        if !self.takes_word("else") {
            return Err("expected 'else' after 'if' expression".to_owned());
        }
        let otherwise = self.choice();
        if condition.is_some_and(|value| !value.is_zero()) { then } else { otherwise }
    }

    fn sum(&mut self) -> Computed {
        let mut value = self.product()?;
        loop {
            let adds = self.takes(&Token::Sign('+'));
            if !adds && !self.takes(&Token::Sign('-')) {
                return Ok(value);
            }
            let other = self.product()?;
            value = value.zip(other).and_then(|(left, right)| {
                if adds { left.checked_add(right) } else { left.checked_sub(right) }
            });
        }
    }

    fn product(&mut self) -> Computed {
        let mut value = self.single()?;
        loop {
            let multiplies = self.takes(&Token::Sign('*'));
            if !multiplies && !self.takes(&Token::Sign('/')) {
                return Ok(value);
            }
            let other = self.single()?;
            value = match value.zip(other) {
                None => None,
                Some((left, right)) if multiplies => left.checked_mul(right),
                Some((_, right)) if right.is_zero() => {
                    return Err("[<class 'decimal.DivisionByZero'>]".to_owned());
                }
                Some((left, right)) => left.checked_div(right),
            };
        }
    }

    fn single(&mut self) -> Computed {
        match self.next() {
            Some(Token::Number(number)) => Ok(Some(number)),
            Some(Token::Sign('-')) => Ok(self.single()?.map(|value| -value)),
            Some(Token::Sign('+')) => self.single(),
            Some(Token::Sign('(')) => {
                let value = self.choice()?;
                if self.takes(&Token::Sign(')')) { Ok(value) } else { Err("'(' was never closed".to_owned()) }
            }
            Some(Token::Word(word)) => self.word(&word),
            Some(Token::Text(_)) => Err("result is not a Decimal".to_owned()),
            Some(Token::Sign(_)) | None => Err("invalid syntax".to_owned()),
        }
    }

    fn word(&mut self, word: &str) -> Computed {
        match word {
            "list_price" => Ok(self.names.list_price),
            "cost_price" => Ok(self.names.cost_price),
            "unit_price" => Ok(self.names.unit_price),
            "None" => Ok(None),
            "Decimal" if self.takes(&Token::Sign('(')) => {
                let number = match self.next() {
                    Some(Token::Text(text)) => text.parse().ok(),
                    Some(Token::Number(number)) => Some(number),
                    _ => None,
                };
                let number = number.ok_or_else(|| "[<class 'decimal.ConversionSyntax'>]".to_owned())?;
                if self.takes(&Token::Sign(')')) {
                    Ok(Some(number))
                } else {
                    Err("'(' was never closed".to_owned())
                }
            }
            other if self.takes(&Token::Sign('(')) => {
                Err(format!("Function '{other}' not defined, for expression '{other} ()'."))
            }
            other => Err(format!("'{other}' is not defined for expression '{other} '")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(formula: &str) -> Result<Option<String>, String> {
        let names = Names {
            list_price: Some(Decimal::TEN),
            cost_price: Some(Decimal::ZERO),
            unit_price: Some(Decimal::TEN),
        };
        evaluate(formula, &names).map(|value| value.map(|value| value.normalize().to_string()))
    }

    #[test]
    fn what_a_running_server_computes_is_computed() {
        for (formula, value) in [
            ("9.5", "9.5"),
            ("10", "10"),
            ("007.50", "7.5"),
            ("-3", "-3"),
            ("1e3", "1000"),
            ("1_000.5", "1000.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+5.0", "5"),
            ("unit_price * 0.9", "9"),
            ("unit_price * Decimal(\"0.9\")", "9"),
            ("Decimal('9.5')", "9.5"),
            ("cost_price*2", "0"),
            ("(list_price + 2) / 4 - 1", "2"),
            ("list_price if unit_price else 1.0", "10"),
            ("list_price if cost_price else 1.0", "1"),
        ] {
            assert_eq!(of(formula), Ok(Some(value.to_owned())), "{formula}");
        }
        assert_eq!(of("None"), Ok(None));
    }

    #[test]
    fn what_a_running_server_refuses_is_refused() {
        for formula in ["12,5", "\"\"", "1/0", "x", "round(unit_price,2)", "", "list_price / cost_price"] {
            of(formula).unwrap_err();
        }
    }

    #[test]
    fn without_a_product_a_formula_has_no_value_and_no_error() {
        let names = Names { list_price: None, cost_price: None, unit_price: None };
        assert_eq!(evaluate("list_price / cost_price", &names), Ok(None));
    }
}
