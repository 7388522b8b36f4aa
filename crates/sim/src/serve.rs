//! A sandbox over a socket, for clients that live in other processes.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State, connect_info::Connected},
    response::Response,
    serve::{IncomingStream, Listener},
};
use http::{StatusCode, header};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use zygos_core::{
    clock::{SharedClock, later},
    http::{HttpRequest, HttpResponse},
};

use crate::{faults::Faults, sandbox::Sandbox};

const BODY_LIMIT: usize = 10 * 1024 * 1024;
// A socket does not tell when its client gives up; nothing here waits for it.
const UNKNOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves `sandbox` until `shutdown` completes. A refused or lost answer closes the connection without a word;
/// `/_sandbox/…` is never disturbed, and `/_sandbox/faults` switches the faults themselves.
pub async fn serve(
    listener: TcpListener,
    sandbox: Arc<dyn Sandbox>,
    faults: Arc<Faults>,
    clock: SharedClock,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = Router::new()
        .fallback(answer)
        .with_state(Served { sandbox, faults, clock })
        .into_make_service_with_connect_info::<Line>();
    axum::serve(Severing(listener), service).with_graceful_shutdown(shutdown).await
}

#[derive(Clone)]
struct Served {
    sandbox: Arc<dyn Sandbox>,
    faults: Arc<Faults>,
    clock: SharedClock,
}

async fn answer(
    State(served): State<Served>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let now = served.clock.now();
    let request = HttpRequest {
        method: parts.method,
        url: format!("http://{host}{path}"),
        headers: parts.headers,
        body,
        timeout: UNKNOWN_TIMEOUT,
    };
    let control = parts.uri.path();
    if control == "/_sandbox/faults" {
        return respond(served.faults.control(&request.method, &request.body));
    }
    if control.starts_with("/_sandbox") {
        served.faults.settle(served.sandbox.as_ref(), now);
        return respond(served.sandbox.handle(&request, now));
    }
    let outcome = served.faults.pass(served.sandbox.as_ref(), &request, now);
    match outcome.result {
        Ok(response) => {
            if outcome.wait > Duration::ZERO {
                served.clock.sleep_until(later(now, outcome.wait)).await;
            }
            respond(response)
        }
        Err(_) => {
            // The answer below meets a severed line and is never written.
            line.severed.store(true, Ordering::Release);
            plain(StatusCode::NO_CONTENT)
        }
    }
}

fn respond(answer: HttpResponse) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// One connection's switch: the handler can cut the line it is answering on.
#[derive(Clone, Debug)]
struct Line {
    address: SocketAddr,
    severed: Arc<AtomicBool>,
}

impl Connected<IncomingStream<'_, Severing>> for Line {
    fn connect_info(stream: IncomingStream<'_, Severing>) -> Self {
        stream.remote_addr().clone()
    }
}

struct Severing(TcpListener);

impl Listener for Severing {
    type Io = SeverableStream;
    type Addr = Line;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let severed = Arc::new(AtomicBool::new(false));
        let line = Line { address, severed: severed.clone() };
        tracing::trace!(client = %line.address, "connection accepted");
        (SeverableStream { stream, severed }, line)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        let address = self.0.local_addr()?;
        Ok(Line { address, severed: Arc::new(AtomicBool::new(false)) })
    }
}

struct SeverableStream {
    stream: TcpStream,
    severed: Arc<AtomicBool>,
}

impl SeverableStream {
    fn check(&self) -> io::Result<()> {
        if self.severed.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for SeverableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for SeverableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
