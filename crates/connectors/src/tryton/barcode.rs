//! Article numbers as Tryton accepts them: 8, 12, 13 or 14 digits with a right check digit. Blanks and hyphens in
//! between are allowed there and stored as typed; Zygos sends none.

/// The digits alone; `None` for what Tryton would refuse.
pub(super) fn compact(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let values: Option<Vec<u32>> = digits.chars().map(|letter| letter.to_digit(10)).collect();
    let weighted: u32 = values?
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { digit * 3 } else { *digit })
        .sum();
    (matches!(digits.len(), 8 | 12 | 13 | 14) && weighted.is_multiple_of(10)).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn article_numbers_of_every_length_are_taken_without_blanks_and_hyphens() {
        assert_eq!(compact("4006381333931").as_deref(), Some("4006381333931"));
        assert_eq!(compact("4006381 33-3931").as_deref(), Some("4006381333931"));
        assert_eq!(compact("96385074").as_deref(), Some("96385074"));
        assert_eq!(compact("036000291452").as_deref(), Some("036000291452"));
    }

    #[test]
    fn a_wrong_check_digit_letters_and_other_lengths_are_refused() {
        for wrong in ["4006381333932", "96385075", "ABC", "", "123", "40063813339310"] {
            assert_eq!(compact(wrong), None, "{wrong}");
        }
    }
}
