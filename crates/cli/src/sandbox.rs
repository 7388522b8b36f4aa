//! `zygos sandbox`: a vendor's API from memory, over a socket.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rust_decimal::Decimal;
use tokio::net::TcpListener;
use zygos_connectors::transport::HttpTransport;
use zygos_core::{
    SharedClock,
    clock::later,
    http::{HttpRequest, Transport},
};
use zygos_sim::{
    Faults, Sandbox,
    generate::{Tongue, catalogue, fill_erp, fill_shop, fill_shop_as_seeded},
    merchantpro::{MerchantProSandbox, ShopSettings, Webhook},
    serve::serve,
    tryton::{OverSocket, TrytonSandbox, TrytonSettings},
};

use crate::{
    arguments::{SandboxArguments, SandboxVendor},
    clock::machine_clock,
    failure::Failure,
};

/// Fills a sandbox's catalogue the same way every time.
const SEED: u64 = 1;

/// Serves until Ctrl-C.
pub async fn run(vendor: SandboxVendor) -> Result<(), Failure> {
    match vendor {
        SandboxVendor::Merchantpro { sandbox, as_seeded } => merchantpro(&sandbox, as_seeded).await,
        SandboxVendor::Tryton(arguments) => tryton(&arguments).await,
    }
}

async fn merchantpro(arguments: &SandboxArguments, as_seeded: Option<u32>) -> Result<(), Failure> {
    let clock = machine_clock();
    let mut settings = ShopSettings {
        host: arguments.listen.to_string(),
        currency: "EUR".to_owned(),
        // As its goods, and as the sandbox ERP's only full rate.
        shipping_tax_percent: Decimal::from(19),
        ..ShopSettings::default()
    };
    if arguments.no_limits {
        settings.windows = None;
    }
    if let Some(url) = &arguments.webhook {
        settings.webhooks.push(Webhook {
            url: url.clone(),
            secret: arguments.webhook_secret.clone(),
            topics: ["order.created", "order.updated"].map(str::to_owned).into(),
        });
    }
    let shop = Arc::new(MerchantProSandbox::new(settings));
    match as_seeded {
        Some(one_in) => fill_shop_as_seeded(&shop, arguments.units, one_in, clock.now())
            .map_err(|error| Failure::Unavailable(format!("the goods cannot be made: {error:?}")))?,
        None => {
            let articles = catalogue(arguments.units, SEED);
            fill_shop(&shop, &articles, Tongue::Romanian, &["WH", "WH2"], clock.now());
        }
    }
    println!(
        "MerchantPro sandbox on http://{} with key `key` and secret `secret`; control under /_sandbox/",
        arguments.listen
    );
    let serving = listen(arguments, shop.clone(), clock.clone());
    tokio::select! {
        outcome = serving => outcome,
        outcome = deliver_webhooks(shop, clock) => outcome,
    }
}

async fn tryton(arguments: &SandboxArguments) -> Result<(), Failure> {
    let clock = machine_clock();
    let erp = Arc::new(TrytonSandbox::new(TrytonSettings::default()));
    fill_erp(&erp, &catalogue(arguments.units, SEED), clock.now())
        .map_err(|refusal| Failure::Unavailable(refusal.0))?;
    println!(
        "Tryton sandbox on http://{} with database `erp`, user `sync`, password `sync-Secret-1`",
        arguments.listen
    );
    listen(arguments, Arc::new(OverSocket(erp)), clock).await
}

async fn listen(
    arguments: &SandboxArguments,
    sandbox: Arc<dyn Sandbox>,
    clock: SharedClock,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(arguments.listen).await.map_err(|error| {
        Failure::Unavailable(format!(
            "{} cannot be listened on: {error}; choose another with --listen",
            arguments.listen
        ))
    })?;
    let interrupted = async {
        // Without a signal handler the process ends by the signal itself, which is just as well.
        let _ = tokio::signal::ctrl_c().await;
    };
    serve(listener, sandbox, Arc::new(Faults::new(SEED)), clock, interrupted).await?;
    Ok(())
}

/// Sends what the shop queued, once each; a hook that nobody hears is lost, as in life.
async fn deliver_webhooks(shop: Arc<MerchantProSandbox>, clock: SharedClock) -> Result<(), Failure> {
    let transport = HttpTransport::new().map_err(|error| Failure::Unavailable(error.to_string()))?;
    loop {
        for delivery in shop.take_webhooks() {
            let mut headers = HeaderMap::new();
            for (name, value) in &delivery.headers {
                if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                    headers.insert(name, value);
                }
            }
            let request = HttpRequest {
                method: Method::POST,
                url: delivery.url.clone(),
                headers,
                body: delivery.body.clone(),
                timeout: Duration::from_secs(5),
            };
            if let Err(error) = transport.send(request).await {
                tracing::warn!("A webhook was lost: {error}");
            }
        }
        clock.sleep_until(later(clock.now(), Duration::from_millis(200))).await;
    }
}
