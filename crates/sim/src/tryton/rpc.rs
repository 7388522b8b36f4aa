//! JSON-RPC: addresses, envelopes, methods.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value as Json, json};
use zygos_core::http::{HttpRequest, HttpResponse};

use super::{
    auth::User,
    buttons,
    context::Context,
    domain,
    errors::{Failure, Outcome},
    products,
    reading::{self, Wanted},
    records,
    schema::Model,
    state::Erp,
    values::Value,
    wizard,
};

pub(super) const FORBIDDEN: &str = "You don't have the permission to access the requested resource. It is either read-protected or not readable \
     by the server.";
const VERSION: &str = "8.2";

pub(super) fn answer(erp: &mut Erp, request: &HttpRequest) -> HttpResponse {
    let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| rest.get(start..).unwrap_or("/"));
    let path = path.split('?').next().unwrap_or("/");
    let database = match path {
        "/rpc/" => None,
        // Series 7 answered here; 8 knows the address and not the method.
        "/" => {
            return html(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed for the requested URL.");
        }
        other => match other.strip_suffix("/rpc/").and_then(|name| name.strip_prefix('/')) {
            Some(name) if name == erp.settings.database => Some(name),
            _ => return html(StatusCode::NOT_FOUND, "The requested URL was not found on the server."),
        },
    };
    if request.method != Method::POST {
        return html(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed for the requested URL.");
    }
    let envelope = match Envelope::parse(&request.body) {
        Ok(envelope) => envelope,
        Err(text) => return html(StatusCode::BAD_REQUEST, text),
    };
    let result = match database {
        None => root(erp, &envelope),
        Some(_) => call(erp, &envelope, &request.headers),
    };
    match &result {
        Ok(_) => erp.store.commit(),
        Err(_) => erp.store.roll_back(),
    }
    if let (Ok(_), "model.sale.sale.confirm") = (&result, envelope.method.as_str()) {
        let ids = envelope.params.first().and_then(Json::as_array).cloned().unwrap_or_default();
        for sale in ids.iter().filter_map(Json::as_i64) {
            erp.enqueue_processing(sale);
        }
    }
    respond(&envelope, result)
}

struct Envelope {
    id: Json,
    /// Had exactly `id`, `method` and `params`: refusals travel inside HTTP 200.
    complete: bool,
    method: String,
    params: Vec<Json>,
}

impl Envelope {
    fn parse(body: &Bytes) -> Result<Self, &'static str> {
        let json: Json = serde_json::from_slice(body).unwrap_or(Json::Null);
        let object = json.as_object().ok_or("Unable to get RPC method")?;
        let method = object.get("method").and_then(Json::as_str).ok_or("Unable to get RPC method")?;
        let params = object.get("params").and_then(Json::as_array).ok_or("Unable to get RPC params")?;
        Ok(Self {
            id: object.get("id").cloned().unwrap_or(Json::Null),
            complete: object.len() == 3 && object.contains_key("id"),
            method: method.to_owned(),
            params: params.clone(),
        })
    }
}

fn respond(envelope: &Envelope, result: Outcome<Json>) -> HttpResponse {
    match result {
        Ok(result) if envelope.complete => ok(&json!({"id": envelope.id, "result": result})),
        Ok(result) => ok(&result),
        Err(Failure::Http(StatusCode::UNAUTHORIZED, "")) => {
            let mut headers = HeaderMap::new();
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Tryton\""));
            HttpResponse { status: StatusCode::UNAUTHORIZED, headers, body: Bytes::new() }
        }
        Err(Failure::Http(status, text)) => html(status, text),
        Err(failure) => match failure.body() {
            Some(error) if envelope.complete => ok(&json!({"id": envelope.id, "error": error})),
            _ => html(failure.status(), "The call was refused."),
        },
    }
}

fn ok(body: &Json) -> HttpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    HttpResponse { status: StatusCode::OK, headers, body: Bytes::from(body.to_string()) }
}

pub(super) fn html(status: StatusCode, text: &str) -> HttpResponse {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!(
        "<!doctype html>\n<html lang=en>\n<title>{} {reason}</title>\n<h1>{reason}</h1>\n<p>{text}</p>\n",
        status.as_u16()
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    HttpResponse { status, headers, body: Bytes::from(body) }
}

/// What is answered without a database.
fn root(erp: &Erp, envelope: &Envelope) -> Outcome<Json> {
    match envelope.method.as_str() {
        "common.server.version" => Ok(json!(VERSION)),
        "common.db.list" => Ok(json!([erp.settings.database])),
        _ => Err(Failure::Http(StatusCode::FORBIDDEN, FORBIDDEN)),
    }
}

fn call(erp: &mut Erp, envelope: &Envelope, headers: &HeaderMap) -> Outcome<Json> {
    let now = erp.store.now;
    match envelope.method.as_str() {
        "common.db.login" => {
            let login = envelope.params.first().and_then(Json::as_str).unwrap_or_default();
            let password =
                envelope.params.get(1).and_then(|given| given.get("password")).and_then(Json::as_str);
            let password = password.ok_or_else(|| Failure::Login(login.to_owned()))?;
            let (id, key) = erp.auth.log_in(login, password, now)?;
            return Ok(json!([id, key, null]));
        }
        "common.db.logout" => {
            erp.auth.user(headers, now)?;
            erp.auth.log_out(headers);
            return Ok(Json::Null);
        }
        "common.server.version" => return Err(Failure::key("server")),
        _ => {}
    }
    let user = erp.auth.user(headers, now)?;
    let (kind, rest) = envelope
        .method
        .split_once('.')
        .ok_or_else(|| Failure::Server("not enough values to unpack (expected 2, got 1)".to_owned()))?;
    let (name, method) = rest
        .rsplit_once('.')
        .ok_or_else(|| Failure::Server("not enough values to unpack (expected 2, got 1)".to_owned()))?;
    let missing = Failure::Http(StatusCode::UNPROCESSABLE_ENTITY, "Missing context argument");
    let (context, params) = envelope.params.split_last().ok_or_else(|| missing.clone())?;
    let context = context.as_object().ok_or(missing)?;
    match kind {
        "model" if name == "res.user" && method == "get_preferences" => Ok(preferences(erp, &user)),
        // The server's own date, which ends its forecasts.
        "model" if name == "ir.date" && method == "today" => {
            Ok(Value::Date(erp.store.today()).to_json(false))
        }
        "model" if name == "res.user.warning" && method == "skip" => {
            let warning = params.first().and_then(Json::as_str).unwrap_or_default();
            erp.store.confirmed.insert(warning.to_owned());
            Ok(Json::Null)
        }
        "model" if name == "ir.model.access" && method == "get_access" => access(&user, params),
        "model" => {
            let model = reading::known(name)?;
            let context = Context::read(&erp.store, context, user.staff)?;
            on_model(erp, model, method, params, &context)
        }
        "wizard" => {
            let context = Context::read(&erp.store, context, user.staff)?;
            wizard::call(erp, name, method, params, &context)
        }
        _ => Err(Failure::Http(StatusCode::FORBIDDEN, FORBIDDEN)),
    }
}

fn preferences(erp: &Erp, user: &User) -> Json {
    let groups: &[i64] = if user.staff { &[7, 8, 9, 10, 11, 18, 20] } else { &[8, 7, 18, 10] };
    json!({
        "company": erp.store.base.company,
        "companies": [erp.store.base.company],
        "company.rec_name": erp.settings.company,
        "company_filter": "one",
        "employees": [],
        "groups": groups,
        "language": "en",
        "language_direction": "ltr",
        "administrator": 0,
        "locale": {
            "date": "%m/%d/%Y", "grouping": [3, 3, 0], "decimal_point": ".", "thousands_sep": ",",
            "mon_grouping": [3, 3, 0], "mon_decimal_point": ".", "mon_thousands_sep": ",",
        },
    })
}

/// What the user may do with each of the models in question.
fn access(user: &User, params: &[Json]) -> Outcome<Json> {
    let names = params.first().and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut answer = serde_json::Map::new();
    for name in names.iter().filter_map(Json::as_str) {
        let writes = user.staff || !guarded(reading::known(name)?);
        answer.insert(
            name.to_owned(),
            json!({"read": true, "write": writes, "create": writes, "delete": writes}),
        );
    }
    Ok(Json::Object(answer))
}

/// Models that only staff may change.
fn guarded(model: &Model) -> bool {
    matches!(model.name, "purchase.purchase" | "purchase.line" | "account.invoice")
}

fn on_model(
    erp: &mut Erp,
    model: &'static Model,
    method: &str,
    params: &[Json],
    context: &Context,
) -> Outcome<Json> {
    let at = |position: usize| params.get(position).unwrap_or(&Json::Null);
    if matches!(method, "create" | "write" | "delete") && guarded(model) && !context.staff {
        return Err(buttons::no_access(model));
    }
    if let Some(most) = erp.settings.products_per_call
        && products::touched(&erp.store, model.name, method, params) > most
    {
        return Err(Failure::Http(StatusCode::SERVICE_UNAVAILABLE, "parser stack overflow"));
    }
    match method {
        "search" => {
            let ids = found(erp, model, params, context)?;
            Ok(json!(page(ids, at(1), at(2))))
        }
        "search_count" => Ok(json!(found(erp, model, params, context)?.len())),
        "search_read" => {
            let wanted = Wanted::parse(at(4))?;
            let ids = page(found(erp, model, params, context)?, at(1), at(2));
            reading::read(&erp.store, model, &ids, &wanted, context)
        }
        "read" => {
            let ids = records::ids_of(at(0))?;
            reading::read(&erp.store, model, &ids, &Wanted::parse(at(1))?, context)
        }
        "create" => {
            let list = at(0)
                .as_array()
                .ok_or_else(|| Failure::Server("'dict' object is not iterable".to_owned()))?;
            create_all(erp, model, list, context)
        }
        "write" => {
            records::write(&mut erp.store, model, params, context)?;
            erp.store.confirmed.clear();
            Ok(Json::Null)
        }
        "delete" => {
            let ids = records::ids_of(at(0))?;
            records::delete(&mut erp.store, model, &ids).map(|()| Json::Null)
        }
        "fields_get" => reading::fields_get(model, at(0)),
        button => {
            let ids = records::ids_of(at(0));
            let forbidden = || Failure::Http(StatusCode::FORBIDDEN, FORBIDDEN);
            buttons::press(&mut erp.store, model, button, &ids.unwrap_or_default(), context)
                .ok_or_else(forbidden)?
                .map(|()| Json::Null)
        }
    }
}

fn create_all(erp: &mut Erp, model: &'static Model, list: &[Json], context: &Context) -> Outcome<Json> {
    if model.has("company") && context.company.is_none() && model.name != "stock.move" {
        let given = list.iter().all(|values| values.get("company").is_some_and(|company| !company.is_null()));
        if !given {
            return Err(Failure::Explained(
                format!(
                    "You are not allowed to create records of \"{}\" because they fail on at least one of these \
                     rules:\nUser in companies",
                    model.label
                ),
                "Within groups: Product Administration, Stock, Sales".to_owned(),
            ));
        }
    }
    let mut ids = Vec::with_capacity(list.len());
    for values in list {
        ids.push(records::create(&mut erp.store, model, values, None, context)?);
    }
    Ok(json!(ids))
}

fn found(erp: &Erp, model: &'static Model, params: &[Json], context: &Context) -> Outcome<Vec<i64>> {
    let domain =
        params.first().ok_or_else(|| Failure::Server("missing 1 required positional argument".to_owned()))?;
    domain::search(&erp.store, model, domain, params.get(3).unwrap_or(&Json::Null), context)
}

fn page(ids: Vec<i64>, offset: &Json, limit: &Json) -> Vec<i64> {
    let number = |json: &Json| json.as_u64().and_then(|number| usize::try_from(number).ok());
    ids.into_iter().skip(number(offset).unwrap_or(0)).take(number(limit).unwrap_or(usize::MAX)).collect()
}
