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
        if answer.status.is_redirection() {
            return Err(errors::redirected(&answer.headers));
        }
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

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, sync::Mutex as Shared};

    use async_trait::async_trait;
    use bytes::Bytes;
    use http::StatusCode;
    use jiff::Timestamp;
    use secrecy::SecretString;
    use zygos_core::{
        Clock,
        contract::Lane,
        http::{HttpResponse, TransportError},
    };

    use super::*;

    struct StandingClock;

    #[async_trait]
    impl Clock for StandingClock {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        async fn sleep_until(&self, _deadline: Timestamp) {}
    }

    /// Gives prepared answers in order and keeps the methods that were called.
    #[derive(Default)]
    struct Prepared {
        answers: Shared<VecDeque<(u16, &'static str)>>,
        called: Shared<Vec<String>>,
    }

    #[async_trait]
    impl Transport for Prepared {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            self.called.lock().unwrap().push(body["method"].as_str().unwrap().to_owned());
            let (status, body) = self.answers.lock().unwrap().pop_front().expect("one call too many");
            Ok(HttpResponse {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: Bytes::from_static(body.as_bytes()),
            })
        }
    }

    const LOGGED_IN: [(u16, &str); 2] =
        [(200, r#"{"id":1,"result":[2,"abc",null]}"#), (200, r#"{"id":1,"result":{"company":1}}"#)];

    fn door(answers: &[(u16, &'static str)]) -> (Door, Arc<Prepared>) {
        let transport = Arc::new(Prepared::default());
        transport.answers.lock().unwrap().extend(answers);
        let mut config =
            TrytonConfig::new("http://erp.test", "erp", "sync", SecretString::from("s".to_owned()));
        config.skip_warnings = true;
        (Door::new(config, transport.clone(), Arc::new(StandingClock)), transport)
    }

    fn context() -> CallContext {
        CallContext { lane: Lane::Orders, deadline: Timestamp::MAX }
    }

    #[tokio::test]
    async fn a_session_that_is_never_accepted_is_renewed_once_and_not_in_a_loop() {
        let answers = [&LOGGED_IN[..], &[(401, "")], &LOGGED_IN[..], &[(401, "")]].concat();
        let (door, transport) = door(&answers);
        let error = door.read(&context(), "model.ir.date.today", Vec::new()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert_eq!(transport.called.lock().unwrap().len(), 6);
    }

    #[tokio::test]
    async fn a_login_that_is_refused_is_not_tried_twice() {
        for (status, kind) in [(401, ErrorKind::Auth), (429, ErrorKind::RateLimited { wait: None })] {
            let (door, transport) = door(&[(status, "<h1>no</h1>")]);
            let error = door.read(&context(), "model.ir.date.today", Vec::new()).await.unwrap_err();
            assert_eq!(error.kind, kind);
            assert_eq!(*transport.called.lock().unwrap(), ["common.db.login"]);
        }
    }

    #[tokio::test]
    async fn one_login_serves_many_calls() {
        let answer = (200, r#"{"id":1,"result":null}"#);
        let (door, transport) = door(&[&LOGGED_IN[..], &[answer, answer, answer]].concat());
        for _ in 0..3 {
            door.read(&context(), "model.ir.date.today", Vec::new()).await.unwrap();
        }
        assert_eq!(transport.called.lock().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn a_warning_is_confirmed_and_the_write_repeated_where_that_is_configured() {
        let warned = (200, r#"{"id":1,"error":["UserWarning",["a.b","Sure?",""]]}"#);
        let done = (200, r#"{"id":1,"result":null}"#);
        let (door, transport) = door(&[&LOGGED_IN[..], &[warned, done, done]].concat());
        door.write(&context(), "model.sale.sale.quote", vec![json!([1])]).await.unwrap();
        let called = transport.called.lock().unwrap();
        assert_eq!(
            called[2..],
            ["model.sale.sale.quote", "model.res.user.warning.skip", "model.sale.sale.quote"]
        );
    }

    #[tokio::test]
    async fn nothing_is_sent_once_the_deadline_has_passed() {
        let (door, transport) = door(&[]);
        let late = CallContext { deadline: Timestamp::UNIX_EPOCH, ..context() };
        let error =
            ConnectorError::from(door.write(&late, "model.sale.sale.quote", Vec::new()).await.unwrap_err());
        assert_eq!(error.kind, ErrorKind::Unavailable { maybe_applied: false });
        assert!(transport.called.lock().unwrap().is_empty());
    }
}
