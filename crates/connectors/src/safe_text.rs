//! Makes a vendor's words safe to show and to log.

/// Longest text that is kept, in characters.
const LONGEST: usize = 200;
/// A run of this many digits may be a phone number.
const DIGITS: usize = 6;

/// The text on one line, shortened, without what may be personal: quoted values, e-mail addresses, long numbers.
pub fn safe_text(text: &str) -> String {
    let unquoted = without_quoted(text);
    let words: Vec<&str> = unquoted.split_whitespace().map(without_personal).collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let mut short: String = line.chars().take(LONGEST).collect();
    short.push('…');
    short
}

fn without_personal(word: &str) -> &str {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if word.contains('@') || digits >= DIGITS { "[…]" } else { word }
}

/// Vendors quote the value they refuse. Backticks stay: they hold names of fields.
fn without_quoted(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut closing = None;
    let mut before = ' ';
    for character in text.chars() {
        let opens = match character {
            '"' => Some('"'),
            '„' | '“' => Some('”'),
            '«' => Some('»'),
            // An apostrophe inside a word quotes nothing.
            '\'' if !before.is_alphanumeric() => Some('\''),
            _ => None,
        };
        match (closing, opens) {
            (Some(end), _) if character == end => closing = None,
            (Some(_), _) => {}
            (None, Some(end)) => {
                closing = Some(end);
                kept.push_str("[…]");
            }
            (None, None) => kept.push(character),
        }
        before = character;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_addresses_and_numbers_are_left_out_and_names_of_fields_stay() {
        let text =
            "No such filter `name` for \"Ana Exemplu\" <ana@example.com>,\n call 0700000000; it isn't 'x y'";
        assert_eq!(safe_text(text), "No such filter `name` for […] […] call […] it isn't […]");
    }

    #[test]
    fn a_page_of_text_becomes_one_short_line() {
        assert_eq!(safe_text(&"word ".repeat(400)).chars().count(), LONGEST + 1);
    }
}
