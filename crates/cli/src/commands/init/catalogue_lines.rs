//! `[store.products]` and `[store.prices]` as lines of the file: settings where chosen, comments where not.

use zygos_core::money::plain;

use super::{
    catalogue::{PricesProposal, ProductsProposal},
    file::{comment, quoted, setting},
};

/// `apart`: what was found that matters only once products are kept.
pub fn products(proposal: &ProductsProposal, apart: &[String]) -> Vec<String> {
    let ProductsProposal { is_chosen, direction, create, measure, tax_classes } = proposal;
    let mut section = vec![
        "[store.products]".to_owned(),
        setting("direction", &quoted(direction.value), &format!("which way edits move; {}", direction.why)),
        setting(
            "create",
            &quoted(create.value),
            &format!("where a product is made that only the other side has; {}", create.why),
        ),
    ];
    if let Some(measure) = measure {
        section.push(setting("measure", &quoted(&measure.value), &measure.why));
    }
    let mut lines = vec![String::new()];
    if *is_chosen {
        lines.push(
            "# Products, their variants, texts and pictures. A new one in the store is not on sale until"
                .into(),
        );
        lines.push(
            "# somebody says so (`new_in_store = \"active\"`); owners of fields: see README.md.".into(),
        );
    } else {
        lines.push("# Products are not kept. To have them kept, remove the marks of this section, or give `zygos init`".into());
        lines.push(
            "# `--products to_store`, `to_erp` or `both`, and `--create` to have new ones made.".into(),
        );
    }
    lines.extend(apart.iter().map(|finding| format!("# {}", comment(finding))));
    lines.extend(marked(section, *is_chosen));
    if tax_classes.is_empty() {
        return lines;
    }
    lines.push(String::new());
    lines.push("# The store's rates in percent, and what the ERP calls goods of that tax.".to_owned());
    lines.extend(marked(vec!["[store.products.tax_classes]".to_owned()], *is_chosen));
    for line in tax_classes {
        let rate = quoted(&plain(line.percent));
        match &line.class {
            Some(class) => {
                lines.extend(marked(vec![setting(&rate, &quoted(class), &line.why)], *is_chosen));
            }
            None => {
                lines.push(format!("# {}", comment(&line.why)));
                lines.extend(line.choices.iter().map(|choice| format!("# {rate} = {}", quoted(choice))));
            }
        }
    }
    lines
}

pub fn prices(proposal: &PricesProposal) -> Vec<String> {
    let PricesProposal { is_chosen, direction, list, lists, authority, currency } = proposal;
    let mut lines = vec![String::new()];
    lines.push(if *is_chosen {
        "# Prices. One that moves by more than half waits for a person (`jump_percent`).".to_owned()
    } else {
        "# Prices do not follow. To have them follow, remove the marks, or give `zygos init` `--prices to_store`.".to_owned()
    });
    let mut section =
        vec!["[store.prices]".to_owned(), setting("direction", &quoted(direction.value), &direction.why)];
    if let Some(list) = list {
        section.push(setting("list", &quoted(&list.value), &format!("the ERP's price list; {}", list.why)));
    }
    section.extend([
        setting(
            "authority",
            &quoted(authority.value),
            &format!("the store's price that counts, the other follows; {}", authority.why),
        ),
        setting("currency", &quoted(&currency.value), "the store's; the ERP's must be the same"),
    ]);
    lines.extend(marked(section, *is_chosen));
    if list.is_none() && !lists.is_empty() {
        lines.push("# Without a list, the price that holds without one. The ERP's price lists:".to_owned());
        lines.extend(lists.iter().map(|list| format!("# list = {}", quoted(list))));
    }
    lines
}

fn marked(lines: Vec<String>, is_chosen: bool) -> impl Iterator<Item = String> {
    lines.into_iter().map(move |line| if is_chosen { line } else { format!("# {line}") })
}
