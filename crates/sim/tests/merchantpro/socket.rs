//! The sandbox over a real socket on this machine.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use zygos_sim::{Fault, Faults, ManualClock, serve::serve};

use crate::support::{PAIR, Shop, shop, start};

struct Served {
    shop: Shop,
    address: SocketAddr,
    faults: Arc<Faults>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn served() -> Served {
    let shop = shop();
    let faults = Arc::new(Faults::new(1));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let clock = Arc::new(ManualClock::new(start()));
    let task = tokio::spawn(serve(listener, shop.sandbox.clone(), faults.clone(), clock, shutdown));
    Served { shop, address, faults, stop, task }
}

async fn talk(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Basic {PAIR}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A severed connection may end in a reset; what was read before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_raw_http_client_reads_and_writes_and_lost_answers_are_silence() {
    let served = served().await;
    let answer = talk(served.address, "GET", "/api/v2/inventory/sku/ABC-1", "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(r#""price_net":100,"sku":"ABC-1","stock":12}"#), "{answer}");

    served.faults.next(1, http::Method::PATCH, "/inventory/", Fault::NoAnswerAfter);
    let answer = talk(served.address, "PATCH", "/api/v2/inventory/sku/ABC-1", r#"{"stock":5}"#).await;
    assert_eq!(answer, "");
    assert_eq!(served.shop.sandbox.stock(served.shop.lamp), Some(5.into()));

    let script = r#"{"fault":{"slow":{"delay":0}},"times":1}"#;
    let answer = talk(served.address, "POST", "/_sandbox/faults", script).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(r#""times":1"#), "{answer}");
    let answer = talk(served.address, "GET", "/_sandbox/calls", "").await;
    assert!(answer.contains(r#""calls":2"#), "{answer}");

    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
}
