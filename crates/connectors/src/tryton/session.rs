//! The door: one session at a time, logged in when it is first needed and again, once, when it is over.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, Method, header};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use zygos_core::{
    SharedClock,
    contract::{CallContext, ConnectorError, ErrorKind, Named},
    http::{HttpRequest, Transport},
};

use super::{
    TrytonConfig,
    calls::{self, Query},
    errors::{self, Failure, Nature},
    series, wire,
};

/// Warnings that one write may raise before somebody must look.
const MOST_WARNINGS: u32 = 5;

#[derive(Clone)]
struct Session {
    header: HeaderValue,
    company: i64,
}

pub(super) struct Door {
    pub config: TrytonConfig,
    transport: Arc<dyn Transport>,
    clock: SharedClock,
    session: Mutex<Option<Session>>,
}

impl Door {
    pub fn new(config: TrytonConfig, transport: Arc<dyn Transport>, clock: SharedClock) -> Self {
        Self { config, transport, clock, session: Mutex::new(None) }
    }

    /// Reads records.
    pub async fn search(&self, context: &CallContext, query: &Query) -> Result<Value, ConnectorError> {
        self.search_under(context, query, &[]).await
    }

    /// Reads records whose fields depend on more than the company.
    pub async fn search_under(
        &self,
        context: &CallContext,
        query: &Query,
        under: &[(&str, Value)],
    ) -> Result<Value, ConnectorError> {
        Ok(self.call(context, Nature::Read, &query.method(), query.params(), under).await?)
    }

    /// A call that changes nothing.
    pub async fn read(
        &self,
        context: &CallContext,
        method: &str,
        params: Vec<Value>,
    ) -> Result<Value, ConnectorError> {
        Ok(self.call(context, Nature::Read, method, params, &[]).await?)
    }

    /// A call that may change something. Warnings are confirmed where the connection is configured so.
    pub async fn write(
        &self,
        context: &CallContext,
        method: &str,
        params: Vec<Value>,
    ) -> Result<Value, Failure> {
        self.write_under(context, method, params, &[]).await
    }

    pub async fn write_under(
        &self,
        context: &CallContext,
        method: &str,
        params: Vec<Value>,
        under: &[(&str, Value)],
    ) -> Result<Value, Failure> {
        let mut warnings = 0;
        loop {
            match self.call(context, Nature::Write, method, params.clone(), under).await {
                Err(Failure::Warned { name, .. })
                    if self.config.skip_warnings && warnings < MOST_WARNINGS =>
                {
                    warnings += 1;
                    let skip = vec![json!(name), json!(false)];
                    self.call(context, Nature::Read, "model.res.user.warning.skip", skip, &[]).await?;
                }
                other => return other,
            }
        }
    }

    async fn call(
        &self,
        context: &CallContext,
        nature: Nature,
        method: &str,
        params: Vec<Value>,
        under: &[(&str, Value)],
    ) -> Result<Value, Failure> {
        let session = self.session(context, None).await?;
        let answer = self.call_in(context, nature, &session, method, &params, under).await;
        let Err(Failure::NoSession) = answer else { return answer };
        // Refused before anything was done. One new login, never a loop of them.
        let session = self.session(context, Some(&session)).await?;
        self.call_in(context, nature, &session, method, &params, under).await
    }

    async fn call_in(
        &self,
        context: &CallContext,
        nature: Nature,
        session: &Session,
        method: &str,
        params: &[Value],
        under: &[(&str, Value)],
    ) -> Result<Value, Failure> {
        let mut surroundings = Map::new();
        surroundings.insert("company".to_owned(), json!(session.company));
        surroundings.insert("language".to_owned(), json!(self.config.language));
        surroundings.extend(under.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let mut params = params.to_vec();
        params.push(Value::Object(surroundings));
        let path = series::rpc_path(&self.config.database);
        self.post(context, nature, &path, Some(&session.header), method, &params).await
    }

    async fn post(
        &self,
        context: &CallContext,
        nature: Nature,
        path: &str,
        session: Option<&HeaderValue>,
        method: &str,
        params: &[Value],
    ) -> Result<Value, Failure> {
        let left =
            Duration::try_from(context.deadline.duration_since(self.clock.now())).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            return Err(Failure::Other(ConnectorError::new(
                ErrorKind::Unavailable { maybe_applied: false },
                "no time was left for calling Tryton",
            )));
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // The server labels long answers gzip even for a client that did not ask; one that asks is never misled.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(session) = session {
            headers.insert(header::AUTHORIZATION, session.clone());
        }
        let request = HttpRequest {
            method: Method::POST,
            url: format!("{}{path}", self.config.url),
            headers,
            body: calls::body(method, params),
            timeout: left.min(series::CALL_TIMEOUT),
        };
        let answer =
            self.transport.send(request).await.map_err(|error| errors::unreachable(&error, nature))?;
        calls::result(answer.status, &answer.body, nature)
    }

    /// The session in use, or a new one when there is none or `over` is still it.
    async fn session(&self, context: &CallContext, over: Option<&Session>) -> Result<Session, Failure> {
        let mut held = self.session.lock().await;
        if let Some(session) = held.as_ref().filter(|held| over.is_none_or(|over| over.header != held.header))
        {
            return Ok(session.clone());
        }
        *held = None;
        let session = self.log_in(context).await?;
        *held = Some(session.clone());
        Ok(session)
    }

    async fn log_in(&self, context: &CallContext) -> Result<Session, Failure> {
        let path = series::rpc_path(&self.config.database);
        let password = json!({"password": self.config.password.expose_secret()});
        let params = [json!(self.config.user), password, json!(self.config.language)];
        let answer = self.post(context, Nature::Read, &path, None, "common.db.login", &params).await;
        let refused = || {
            Failure::Other(ConnectorError::new(
                ErrorKind::Auth,
                "Tryton does not accept the user name and password; correct them before trying again, for it locks \
                 the user out after six wrong ones",
            ))
        };
        let answer =
            answer.map_err(|failure| if failure == Failure::NoSession { refused() } else { failure })?;
        let user = answer.get(0).and_then(Value::as_i64);
        let key = answer.get(1).and_then(Value::as_str);
        let (Some(user), Some(key)) = (user, key) else { return Err(refused()) };
        let credential = STANDARD.encode(format!("{}:{user}:{key}", self.config.user));
        let mut header = HeaderValue::try_from(format!("Session {credential}")).map_err(|_| refused())?;
        header.set_sensitive(true);
        let company = self.company(context, &header).await?;
        Ok(Session { header, company })
    }

    /// The company to work for. Without one in the context, the server refuses to create sales.
    async fn company(&self, context: &CallContext, session: &HeaderValue) -> Result<i64, Failure> {
        let path = series::rpc_path(&self.config.database);
        let params = [json!(true), json!({})];
        let method = "model.res.user.get_preferences";
        let preferences = self.post(context, Nature::Read, &path, Some(session), method, &params).await?;
        let Some(wanted) = &self.config.company else {
            let own = preferences.get("company").and_then(Value::as_i64);
            return own.ok_or_else(|| {
                let message =
                    "the user has no company in Tryton; give it one, or name the company in the settings";
                Failure::Other(ConnectorError::rejected(Some("company"), message))
            });
        };
        let allowed = preferences.get("companies").cloned().unwrap_or_else(|| json!([]));
        let query = Query::new("company.company", json!([["id", "in", allowed]]), &["party.name"]);
        let mut params = query.params();
        params.push(json!({}));
        let answer = self.post(context, Nature::Read, &path, Some(session), &query.method(), &params).await?;
        let found = wire::rows(&answer).filter_map(|row| {
            let name = row.inside("party")?.text("name").ok()??.to_owned();
            Some(Named { key: row.key().ok()?, code: None, name })
        });
        let mine =
            found.filter(|company| company.is_called(wanted)).find_map(|company| wire::id(&company.key));
        mine.ok_or_else(|| {
            let message = format!("the user may not work for a company called {wanted:?} in Tryton");
            Failure::Other(ConnectorError::rejected(Some("company"), message))
        })
    }

    /// Ends nothing, needs nothing: the version as the server tells everybody.
    pub async fn version(&self, context: &CallContext) -> Result<String, Failure> {
        let answer =
            self.post(context, Nature::Read, series::ROOT_PATH, None, "common.server.version", &[]).await?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }
}
