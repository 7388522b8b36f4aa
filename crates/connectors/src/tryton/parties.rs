//! Customers and their addresses.

use serde_json::{Map, Value, json};
use zygos_core::{
    contract::{CallContext, ConnectorError, Item},
    model::{Address, NewParty, Party, PartyQuery, Record},
};

use super::{
    calls::Query,
    names::{Names, Region},
    products, series,
    session::Door,
    wire::{self, Row},
};

const FIELDS: [&str; 4] = ["code", "name", "identifiers.type", "identifiers.code"];

/// Kinds of numbers that people have and companies don't; all others name a company.
const PERSONAL: [&str; 5] = ["ro_cnp", "gr_amka", "bg_egn", "bg_pnf", "es_dni"];

pub(super) fn by_ids(ids: &[i64]) -> Query {
    Query::new("party.party", json!([["id", "in", ids], products::any()]), &FIELDS)
}

/// Retired customers are found by code too: the code is taken all the same.
pub(super) fn by_code(code: &str) -> Query {
    Query::new("party.party", json!([["code", "=", code], products::any()]), &FIELDS)
}

pub(super) fn query(by: &PartyQuery) -> Query {
    let domain = match by {
        PartyQuery::Code(code) => return by_code(code),
        PartyQuery::VatNumber(number) => {
            let compact = compact(number);
            json!([
                "OR",
                [["identifiers.code", "=", number.trim()]],
                [[series::IDENTIFIER_COMPACT, "in", spellings(&compact)]]
            ])
        }
        // Stored as typed; `ilike` compares without case where `=` doesn't.
        PartyQuery::Email(email) => json!([["contact_mechanisms.value", "ilike", literal(email.trim())]]),
        PartyQuery::Phone(phone) => {
            let phone = phone.trim();
            let compact: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            json!([
                "OR",
                [["contact_mechanisms.value", "in", [phone, compact]]],
                [["contact_mechanisms.value_compact", "in", [phone, compact]]]
            ])
        }
    };
    Query::new("party.party", domain, &FIELDS)
}

pub(super) fn read(answer: &Value) -> Vec<Item> {
    let party = |row: Row<'_>| {
        let code = row.text("code")?.map(str::to_owned);
        let name = row.text("name")?.unwrap_or_default().to_owned();
        let mut is_company = false;
        for identifier in row.many("identifiers") {
            is_company |= identifier.text("type")?.is_none_or(|kind| !PERSONAL.contains(&kind));
        }
        Ok(Record::Customer(Party { key: row.key()?, code, name, is_company: Some(is_company) }))
    };
    wire::rows(answer).map(|row| party(row).map_err(|trouble| products::unreadable(row, trouble))).collect()
}

/// A text that `ilike` takes as it is.
pub(super) fn literal(text: &str) -> String {
    text.chars()
        .flat_map(|c| ['\\'].into_iter().filter(move |_| matches!(c, '%' | '_' | '\\')).chain([c]))
        .collect()
}

/// A VAT number as Tryton compares it: capitals, no blanks or punctuation.
fn compact(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// With and without the country in front; Greece writes EL in VAT numbers and GR elsewhere.
fn spellings(compact: &str) -> Vec<String> {
    let mut spellings = vec![compact.to_owned()];
    if let Some(bare) = without_country(compact) {
        spellings.push(bare.to_owned());
        for (country, other) in [("EL", "GR"), ("GR", "EL")] {
            if compact.starts_with(country) {
                spellings.push(format!("{other}{bare}"));
            }
        }
    }
    spellings
}

fn without_country(compact: &str) -> Option<&str> {
    let (country, bare) = compact.split_at_checked(2)?;
    (country.chars().all(|c| c.is_ascii_uppercase()) && bare.chars().any(|c| c.is_ascii_digit()))
        .then_some(bare)
}

/// How strictly a new customer's numbers and addresses are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// As what they are, which the server may check (VAT check digits, telephone numbers).
    Typed,
    /// As plain text, which it can't refuse. A sale is not lost to a mistyped telephone number.
    Plain,
}

/// Values of a new customer.
pub(super) fn new(party: &NewParty, language: Option<i64>, entered: Entered) -> Value {
    let kind = |typed: &'static str| if entered == Entered::Typed { typed } else { "other" };
    let mechanism = |kind: &str, value: &str| json!({"type": kind, "value": value});
    let mut mechanisms = Vec::new();
    mechanisms.extend(party.email.as_deref().map(|email| mechanism(kind("email"), email.trim())));
    mechanisms.extend(party.phone.as_deref().map(|phone| mechanism(kind("phone"), phone.trim())));
    let mut values = Map::new();
    values.insert("name".to_owned(), json!(party.name));
    values.insert("code".to_owned(), json!(party.code));
    if let Some(language) = language {
        values.insert("lang".to_owned(), json!(language));
    }
    if !mechanisms.is_empty() {
        values.insert("contact_mechanisms".to_owned(), json!([["create", mechanisms]]));
    }
    if let Some(number) = party.vat_number.as_deref().filter(|number| !number.trim().is_empty()) {
        let compact = compact(number);
        let is_european = entered == Entered::Typed && without_country(&compact).is_some();
        let identifier = if is_european {
            json!({"type": "eu_vat", "code": compact})
        } else {
            json!({"type": null, "code": number.trim()})
        };
        values.insert("identifiers".to_owned(), json!([["create", [identifier]]]));
    }
    Value::Object(values)
}

/// An address as Tryton keeps it; what is not in a field of its own is a line of the street.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    name: String,
    street: String,
    postal_code: String,
    city: String,
    country: Option<i64>,
    region: Option<i64>,
    phone: Option<String>,
}

impl Kept {
    async fn of(
        names: &Names,
        door: &Door,
        context: &CallContext,
        address: &Address,
    ) -> Result<Self, ConnectorError> {
        let filled = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let country = match filled(&address.country) {
            Some(code) => Some(names.country(door, context, &code).await?),
            None => None,
        };
        let mut street = address.street.trim().to_owned();
        let region = match filled(&address.region) {
            Some(text) => match names.region(door, context, country, &text).await? {
                Region::Known(id) => Some(id),
                Region::Text(text) => {
                    street = format!("{street}\n{text}").trim().to_owned();
                    None
                }
            },
            None => None,
        };
        Ok(Self {
            name: address.name.trim().to_owned(),
            street,
            postal_code: filled(&address.postal_code).unwrap_or_default(),
            city: address.city.trim().to_owned(),
            country,
            region,
            phone: filled(&address.phone),
        })
    }

    /// Whether a stored address is this one; any that has the telephone number among its own.
    fn is(&self, row: Row<'_>) -> bool {
        let same = |field: &str, wanted: &str| {
            row.text(field).is_ok_and(|text| text.unwrap_or_default().trim() == wanted)
        };
        let has_phone = |phone: &String| {
            row.many("contact_mechanisms")
                .any(|held| held.text("value").is_ok_and(|value| value == Some(phone)))
        };
        same("party_name", &self.name)
            && same("street", &self.street)
            && same("postal_code", &self.postal_code)
            && same("city", &self.city)
            && row.number("country").is_ok_and(|country| country == self.country)
            && row.number("subdivision").is_ok_and(|region| region == self.region)
            && self.phone.as_ref().is_none_or(has_phone)
    }

    fn values(&self, party: i64) -> Value {
        let text = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
        let mut values = json!({
            "party": party,
            "party_name": text(&self.name),
            "street": text(&self.street),
            "postal_code": text(&self.postal_code),
            "city": text(&self.city),
            "country": self.country,
            "subdivision": self.region,
        });
        if let (Some(phone), Some(values)) = (&self.phone, values.as_object_mut()) {
            // Plain text: the number of a parcel's recipient must not fail a check.
            let mechanism = json!({"party": party, "type": "other", "value": phone});
            values.insert("contact_mechanisms".to_owned(), json!([["create", [mechanism]]]));
        }
        values
    }
}

/// The ids of the party's addresses that are the invoice's and the delivery's; what it lacks is created.
/// One call to look, one more to create.
pub(super) async fn addresses(
    names: &Names,
    door: &Door,
    context: &CallContext,
    party: i64,
    billing: &Address,
    shipping: &Address,
) -> Result<(i64, i64), ConnectorError> {
    let billing = Kept::of(names, door, context, billing).await?;
    let shipping = Kept::of(names, door, context, shipping).await?;
    // One customer may stand for all guests and have an address for each.
    let near = |address: &Kept| {
        json!([
            ["city", "=", none_if_empty(&address.city)],
            ["postal_code", "=", none_if_empty(&address.postal_code)]
        ])
    };
    let query = Query::new(
        "party.address",
        json!([["party", "=", party], ["OR", near(&billing), near(&shipping)]]),
        &[
            "party_name",
            "street",
            "postal_code",
            "city",
            "country",
            "subdivision",
            "contact_mechanisms.value",
        ],
    );
    let held = door.search(context, &query).await?;
    let found = |address: &Kept| wire::rows(&held).find(|row| address.is(*row)).and_then(|row| row.id().ok());
    let (known_billing, known_shipping) = (found(&billing), found(&shipping));
    let mut missing: Vec<&Kept> = Vec::new();
    if known_billing.is_none() {
        missing.push(&billing);
    }
    if known_shipping.is_none() && shipping != billing {
        missing.push(&shipping);
    }
    let mut created = Vec::new();
    if !missing.is_empty() {
        let values: Vec<Value> = missing.iter().map(|address| address.values(party)).collect();
        let answer = door.write(context, "model.party.address.create", vec![json!(values)]).await?;
        created = answer.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    }
    let mut created = created.into_iter();
    let lost = || ConnectorError::not_found("an address that was just created");
    let billing_id = known_billing.or_else(|| created.next()).ok_or_else(lost)?;
    let shipping_id =
        if shipping == billing { Some(billing_id) } else { known_shipping.or_else(|| created.next()) };
    Ok((billing_id, shipping_id.ok_or_else(lost)?))
}

fn none_if_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_address_is_looked_up_as_it_is_not_as_a_pattern() {
        let query = query(&PartyQuery::Email("ana_pop%1@example.com".to_owned()));
        assert_eq!(query.domain[0][2], r"ana\_pop\%1@example.com");
    }

    #[test]
    fn a_vat_number_is_looked_up_with_and_without_its_country() {
        assert_eq!(spellings(&compact("RO 185-47290")), ["RO18547290", "18547290"]);
        assert_eq!(spellings("EL094259216"), ["EL094259216", "094259216", "GR094259216"]);
        assert_eq!(spellings("18547290"), ["18547290"]);
    }

    #[test]
    fn a_new_customer_is_entered_typed_and_when_refused_as_plain_text() {
        let party = NewParty {
            code: "S1-C7".to_owned(),
            name: "ΑΓΓΕΛΙΚΗ 😀".to_owned(),
            email: Some(" a@example.com ".to_owned()),
            phone: Some("0700".to_owned()),
            vat_number: Some("ro 18547290".to_owned()),
            language: None,
        };
        let typed = new(&party, None, Entered::Typed);
        assert_eq!(typed["identifiers"][0][1][0], json!({"type": "eu_vat", "code": "RO18547290"}));
        assert_eq!(typed["contact_mechanisms"][0][1][0], json!({"type": "email", "value": "a@example.com"}));
        let plain = new(&party, None, Entered::Plain);
        assert_eq!(plain["identifiers"][0][1][0], json!({"type": null, "code": "ro 18547290"}));
        assert_eq!(plain["contact_mechanisms"][0][1][1], json!({"type": "other", "value": "0700"}));
        assert_eq!(plain["name"], "ΑΓΓΕΛΙΚΗ 😀");
    }
}
