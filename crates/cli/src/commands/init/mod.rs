//! `zygos init`: looks at both sides, proposes a configuration, writes it and shows the first plan.

mod accounts;
mod catalogue;
mod catalogue_lines;
mod earlier;
mod file;
mod flags;
mod proposal;
mod questions;
mod report;
mod survey;
#[cfg(test)]
mod tests;

use std::path::Path;

use jiff::tz::TimeZone;
use serde::Serialize;
use zygos_connectors::{layers::Budgets, registry::Surroundings};
use zygos_core::{contract::Side, settings::Problem, stock::Figure};
use zygos_engine::{Directions, Plan};
use zygos_storage::Mode;

pub use self::flags::InitArguments;
use self::{
    accounts::Accounts,
    proposal::{Chosen, Open, Proposal, What, propose},
    questions::{Ask, Question, answer},
    survey::{SideFound, Survey},
};
use super::{check, plan};
use crate::{
    assemble::{Assembled, MachineSecrets, assemble_within, http_transport, settings_within},
    clock::machine_clock,
    commands::Home,
    config,
    failure::Failure,
    leases::Leases,
    show::{Form, progress_watcher},
};

/// What the command answers.
#[derive(Serialize)]
struct Answer<'a> {
    file: String,
    survey: &'a Survey,
    proposal: &'a Proposal,
    checks: &'a [check::Checked],
    /// `None` where something blocks.
    plan: Option<Plan>,
}

/// Sets up the file at `--out`, or at `path`.
pub async fn init(flags: &InitArguments, home: &Home, form: Form) -> Result<(), Failure> {
    let budgets = Budgets::default();
    let surroundings = Surroundings {
        transport: http_transport()?,
        clock: machine_clock(),
        secrets: &MachineSecrets,
        budgets: &budgets,
    };
    let mut person = if flags.yes || form == Form::Json { None } else { questions::at_the_terminal() };
    let person = person.as_mut().map(|person| &mut **person as &mut dyn Ask);
    set_up(flags, home, form, person, &surroundings).await
}

async fn set_up(
    flags: &InitArguments,
    home: &Home,
    form: Form,
    mut person: Option<&mut dyn Ask>,
    surroundings: &Surroundings<'_>,
) -> Result<(), Failure> {
    let path = flags.out.as_deref().unwrap_or(&home.config);
    file::may_write(path, flags.force)?;
    let accounts = accounts::gather(flags, reborrow(&mut person), surroundings.secrets)?;
    let mut chosen = chosen(flags, &accounts)?;
    let earlier = if flags.force { earlier::earlier(path)? } else { None };
    if let Some(earlier) = &earlier {
        earlier.continue_in(flags, &mut chosen);
    }
    if let Some(person) = reborrow(&mut person) {
        ask_names(person, flags, &accounts, &mut chosen)?;
    }
    if let Some(problems) = shape(&accounts, &chosen) {
        return Err(Failure::Configuration(problems));
    }
    let survey = look(&accounts, &chosen, surroundings).await?;
    if form == Form::Words {
        form.print(&(), || report::found(&survey))?;
    }
    if let Some(person) = reborrow(&mut person) {
        ask_prices(person, flags, &survey, &mut chosen)?;
    }
    let zone = TimeZone::get(&chosen.timezone).unwrap_or(TimeZone::UTC);
    let today = surroundings.clock.now().to_zoned(zone).date();
    let mut proposal = loop {
        match (propose(&survey, &chosen, today), reborrow(&mut person)) {
            (Ok(proposal), _) => break proposal,
            (Err(open), Some(person)) => decide(person, &open, &survey, &mut chosen)?,
            (Err(open), None) => return Err(undecided(&open)),
        }
    };
    if let Some(earlier) = &earlier {
        proposal.needs.extend(earlier.warnings(&chosen, &proposal.prefix.value));
    }
    if form == Form::Words {
        form.print(&(), || report::proposed(&proposal))?;
    }
    let apart: Vec<String> = survey
        .store
        .obstacles_to_products()
        .chain(survey.erp.obstacles_to_products())
        .map(str::to_owned)
        .collect();
    let text = file::text(&accounts, &proposal, &apart);
    let config = config::read(&text).map_err(|problems| Failure::Configuration(listed(&problems)))?;
    if let Some(person) = reborrow(&mut person) {
        agree(person, path)?;
    }
    let is_replaced = path.exists();
    file::write(path, &text, flags.force)?;
    if form == Form::Words {
        let kept = if is_replaced {
            format!("; the earlier one is {}", file::kept(path).display())
        } else {
            String::new()
        };
        let line = format!("{} is written; secrets are only named in it{kept}", path.display());
        form.print(&(), || vec![line])?;
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let assembled = assemble_within(home.placed(config), folder, surroundings, progress_watcher()).await?;
    let outcome = begin(&assembled, surroundings).await;
    assembled.state.close().await;
    let (checks, plan) = outcome?;
    let file = path.display().to_string();
    let verdict = check::verdict(&checks);
    let answer = Answer { file, survey: &survey, proposal: &proposal, checks: &checks, plan };
    form.print(&answer, || last_words(&answer))?;
    match verdict {
        Ok(()) if !proposal.needs.is_empty() => Err(Failure::NeedsAttention(format!(
            "set up; {} things need a person: see \"for a person\" above",
            proposal.needs.len()
        ))),
        other => other,
    }
}

fn reborrow<'a>(person: &'a mut Option<&mut dyn Ask>) -> Option<&'a mut dyn Ask> {
    match person {
        Some(person) => Some(&mut **person),
        None => None,
    }
}

fn last_words(answer: &Answer<'_>) -> Vec<String> {
    let mut lines = check::words(answer.checks);
    if let Some(plan) = &answer.plan {
        lines.push("the first plan; nothing of it is written before `zygos approve`:".to_owned());
        lines.extend(plan::words(plan, false));
        lines.push(
            "next: read the file, `zygos approve`, then `zygos serve` (or `zygos sync`, once)".to_owned(),
        );
    }
    lines
}

/// Tests both sides and reads them.
async fn look(
    accounts: &Accounts,
    chosen: &Chosen,
    surroundings: &Surroundings<'_>,
) -> Result<Survey, Failure> {
    let text = file::connections(chosen, accounts);
    let config = config::read(&text).map_err(|problems| Failure::Configuration(listed(&problems)))?;
    let needs_shop = config.erp.settings.orders_need_shop();
    let settings = settings_within(config, surroundings, "init")?;
    let Some(store) = settings.stores.first().map(|store| &store.connection) else {
        return Err(Failure::Configuration("there is no store".to_owned()));
    };
    let clock = &surroundings.clock;
    let wanted = catalogue::wanted(chosen);
    let of_store = survey::test(store, &wanted.product_uses(Side::Store), clock).await;
    let of_erp = survey::test(&settings.erp, &wanted.product_uses(Side::Erp), clock).await;
    let blocked = |name: &str, tested: &Result<SideFound, _>| match tested {
        Ok(found) => found.blocking().map(|why| format!("{name}: {why}")).collect(),
        Err(error) => vec![format!("{name}: {error}")],
    };
    // What is wrong on both sides is told at once.
    let mut problems: Vec<String> = blocked(&chosen.name, &of_store);
    problems.extend(blocked(&chosen.erp, &of_erp));
    match (of_store, of_erp) {
        (Ok(of_store), Ok(of_erp)) if problems.is_empty() => {
            survey::survey(store, &settings.erp, (of_store, of_erp), needs_shop, wanted, clock).await
        }
        _ => Err(Failure::Unavailable(format!("{}\nnothing was written", problems.join("\n")))),
    }
}

/// Observes, whatever an earlier configuration was allowed; tests again with the whole file, and plans.
async fn begin(
    assembled: &Assembled,
    surroundings: &Surroundings<'_>,
) -> Result<(Vec<check::Checked>, Option<Plan>), Failure> {
    let engine = &assembled.engine;
    let settings = engine.settings();
    for connection in settings.stores.iter().map(|store| &store.connection).chain([&settings.erp]) {
        if engine.repository().connection(&connection.id).await?.mode != Mode::Observe {
            engine.set_mode(&connection.id, Mode::Observe, None).await?;
        }
    }
    let mut checks = check::gather(assembled).await?;
    if matches!(check::verdict(&checks), Err(Failure::Configuration(_) | Failure::Unavailable(_))) {
        return Ok((checks, None));
    }
    let leases = Leases::of(assembled, &surroundings.clock);
    leases.take_or_explain().await?;
    let plan = engine.plan().await;
    leases.release().await?;
    let plan = plan?;
    check::after_reading(assembled, &mut checks).await?;
    Ok((checks, Some(plan)))
}

fn chosen(flags: &InitArguments, accounts: &Accounts) -> Result<Chosen, Failure> {
    let warehouses = flags.warehouses.iter().map(|text| warehouse(text)).collect::<Result<_, _>>();
    let way = |flag: &str, given: &Option<String>| {
        let read = given.as_deref().map(catalogue::directions).transpose();
        read.map_err(|why| Failure::Configuration(format!("{flag}: {why}")))
    };
    let authority = flags.authority.as_deref().map(catalogue::authority).transpose();
    Ok(Chosen {
        workspace: None,
        erp: "erp".to_owned(),
        name: flags.name.clone().unwrap_or_else(|| {
            accounts.store.text("url").map_or_else(|| "shop".to_owned(), proposal::name_of)
        }),
        prefix: flags.prefix.clone(),
        orders_from: flags.orders_from.clone(),
        timezone: flags.timezone.clone(),
        currency: flags.currency.clone(),
        shop: flags.shop.clone(),
        warehouses: warehouses
            .map_err(|why: String| Failure::Configuration(format!("{}: {why}", What::Warehouses.flag())))?,
        orders_warehouse: flags.orders_warehouse.clone(),
        products: way("--products", &flags.products)?,
        create: way("--create", &flags.create)?,
        prices: way("--prices", &flags.prices)?,
        price_list: flags.price_list.clone(),
        authority: authority.map_err(|why| Failure::Configuration(format!("--authority: {why}")))?,
    })
}

/// `CODE` or `CODE=FIGURE`.
fn warehouse(text: &str) -> Result<(String, Option<Figure>), String> {
    let (code, figure) = match text.split_once('=') {
        None => (text, None),
        Some((code, word)) => {
            let known = Figure::CHOICES.iter().find(|(name, _)| *name == word.trim());
            let figure = known.map(|(_, figure)| *figure).ok_or_else(|| {
                format!("`{word}` is no figure; write CODE=free, CODE=physical or CODE=projected")
            })?;
            (code, Some(figure))
        }
    };
    if code.trim().is_empty() {
        return Err("must be a warehouse's code and a figure, such as WH=free".to_owned());
    }
    Ok((code.trim().to_owned(), figure))
}

/// What is wrong with the form of what was chosen, judged by the reader of the configuration.
fn shape(accounts: &Accounts, chosen: &Chosen) -> Option<String> {
    let quoted = |text: &Option<String>, filler: &str| file::quoted(text.as_deref().unwrap_or(filler));
    let text = format!(
        "{}\n[store.orders]\nprefix = {}\norders_from = {}\ntimezone = {}\ncurrency = {}\nwarehouse = \"x\"\nshop = \"x\"\n\
         taxes = {{}}\n",
        file::connections(chosen, accounts),
        quoted(&chosen.prefix, "A-"),
        quoted(&chosen.orders_from, "2026-01-01"),
        file::quoted(&chosen.timezone),
        quoted(&chosen.currency, "EUR"),
    );
    config::read(&text).err().map(|problems| listed(&problems))
}

/// Problems by the flag that gives what is wrong.
fn listed(problems: &[Problem]) -> String {
    let flags = [
        ("orders.prefix", "--prefix"),
        ("orders.orders_from", "--orders-from"),
        ("orders.timezone", "--timezone"),
        ("orders.currency", "--currency"),
        ("].name", "--name"),
    ];
    let lines = problems.iter().map(|problem| {
        let flag = flags.iter().find(|(path, _)| problem.path.ends_with(path)).map(|(_, flag)| *flag);
        format!("{}: {}", flag.unwrap_or(&problem.path), problem.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What has a good proposal and is still a person's to choose.
fn ask_names(
    person: &mut dyn Ask,
    flags: &InitArguments,
    accounts: &Accounts,
    chosen: &mut Chosen,
) -> Result<(), Failure> {
    let well_formed = |changed: Chosen| match shape(accounts, &changed) {
        None => Ok(changed),
        Some(why) => Err(why),
    };
    if flags.name.is_none() {
        let question = Question::new("What the store is called here").or(&chosen.name);
        *chosen = answer(person, &question, |given| {
            well_formed(Chosen { name: given.to_owned(), ..chosen.clone() })
        })?;
    }
    if flags.prefix.is_none() {
        let question = Question::new("Prefix of its orders' numbers in the ERP")
            .or(chosen.prefix.clone().unwrap_or_else(|| proposal::prefix_of(&chosen.name)));
        *chosen = answer(person, &question, |given| {
            well_formed(Chosen { prefix: Some(given.to_owned()), ..chosen.clone() })
        })?;
    }
    if flags.orders_from.is_none() {
        let question = Question::new("Import orders placed since (a date)")
            .or(chosen.orders_from.as_deref().unwrap_or("today"));
        *chosen = answer(person, &question, |given| {
            let orders_from = (given != "today").then(|| given.to_owned());
            well_formed(Chosen { orders_from, ..chosen.clone() })
        })?;
    }
    let ways: Vec<String> = ["none", "to_store", "to_erp", "both"].map(str::to_owned).into();
    let way = |person: &mut dyn Ask, text: &str, known: Option<Directions>| {
        let default = catalogue::direction_word(known.unwrap_or_default());
        let question = Question { choices: ways.clone(), ..Question::new(text).or(default) };
        answer(person, &question, catalogue::directions)
    };
    if flags.products.is_none() {
        chosen.products = Some(way(person, "Which way edits of products move", chosen.products)?);
    }
    if flags.create.is_none() && catalogue::moves(chosen.products) {
        let text = "Where a product is made that only the other side has";
        chosen.create = Some(way(person, text, chosen.create)?);
    }
    if flags.prices.is_none() {
        chosen.prices = Some(way(person, "Which way prices follow", chosen.prices)?);
    }
    Ok(())
}

/// By what prices follow, now that it is known what both sides have.
fn ask_prices(
    person: &mut dyn Ask,
    flags: &InitArguments,
    survey: &Survey,
    chosen: &mut Chosen,
) -> Result<(), Failure> {
    if !catalogue::moves(chosen.prices) {
        return Ok(());
    }
    if flags.price_list.is_none() && !survey.price_lists.is_empty() {
        let mut choices: Vec<String> = survey.price_lists.iter().map(proposal::word).collect();
        choices.push("none".to_owned());
        let default = chosen.price_list.as_deref().unwrap_or("none");
        let question =
            Question { choices, ..Question::new("The ERP's price list for this store").or(default) };
        chosen.price_list = answer(person, &question, |given| Ok(price_list(given, survey)))?;
    }
    if flags.authority.is_none() {
        let proposed = catalogue::proposed_authority(survey);
        let default = chosen.authority.map_or(proposed.value, catalogue::authority_word);
        let choices = vec!["net".to_owned(), "gross".to_owned()];
        let text = format!("The store's price that counts ({})", proposed.why);
        let question = Question { choices, ..Question::new(text).or(default) };
        chosen.authority = Some(answer(person, &question, catalogue::authority)?);
    }
    Ok(())
}

/// `none` means no list, unless one is called so.
fn price_list(given: &str, survey: &Survey) -> Option<String> {
    let is_list = survey.price_lists.iter().any(|list| list.is_called(given));
    (is_list || given != "none").then(|| given.to_owned())
}

/// Asks what only a person can decide. A wrong answer is asked again, for then it is open again.
fn decide(person: &mut dyn Ask, open: &[Open], survey: &Survey, chosen: &mut Chosen) -> Result<(), Failure> {
    for one in open {
        if one.choices.is_empty() && one.what != What::Currency {
            return Err(Failure::Configuration(one.text.clone()));
        }
        let question = Question { choices: one.choices.clone(), ..Question::new(&one.text) };
        let text = |given: &str| {
            let given = given.trim();
            if given.is_empty() { Err("it is needed".to_owned()) } else { Ok(given.to_owned()) }
        };
        match one.what {
            What::Warehouses => {
                let question = Question {
                    text: format!("{} Several by commas, each as CODE or CODE=FIGURE", one.text),
                    ..question
                };
                chosen.warehouses = answer(person, &question, |given| {
                    text(given)?.split(',').map(warehouse).collect::<Result<_, _>>()
                })?;
            }
            What::OrdersWarehouse => chosen.orders_warehouse = Some(answer(person, &question, text)?),
            What::Shop => chosen.shop = Some(answer(person, &question, text)?),
            What::Currency => chosen.currency = Some(answer(person, &question, text)?),
            What::Prices => chosen.prices = Some(answer(person, &question, catalogue::directions)?),
            What::PriceList => {
                let given = answer(person, &question, text)?;
                chosen.price_list = price_list(&given, survey);
            }
        }
    }
    Ok(())
}

fn undecided(open: &[Open]) -> Failure {
    let lines: Vec<String> = open
        .iter()
        .map(|one| {
            let choices = one.choices.join(", ");
            let choices = if choices.is_empty() { choices } else { format!(" It can be {choices}.") };
            format!("{}: {}.{choices}", one.what.flag(), one.text.trim_end_matches('.'))
        })
        .collect();
    Failure::Configuration(format!("{}\nnothing was written", lines.join("\n")))
}

fn agree(person: &mut dyn Ask, path: &Path) -> Result<(), Failure> {
    let choices = vec!["yes".to_owned(), "no".to_owned()];
    let question = Question { choices, ..Question::new(format!("Write {}", path.display())).or("yes") };
    let is_agreed = answer(person, &question, |given| match given {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err("yes or no".to_owned()),
    })?;
    if is_agreed { Ok(()) } else { Err(Failure::Configuration("nothing was written".to_owned())) }
}
