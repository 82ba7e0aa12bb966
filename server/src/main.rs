//! The command line: read it, start a server, say so, and end when told to.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use lightning_store_server::app::Server;
use lightning_store_server::clock::{Clock as _, SystemClock};
use lightning_store_server::config::{Cli, Command, Demo, LogFormat, Serve};
use lightning_store_server::demo;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let clock = SystemClock::start();
    let Cli { command, serve } = Cli::parse();
    let (config, demo) = match command {
        Some(Command::Serve(config)) => (config, None),
        Some(Command::Demo(demo)) => (demo.serve.clone(), Some(demo)),
        None => (serve, None),
    };
    init_logging(&config);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the runtime cannot be started: {error}")),
    };
    runtime.block_on(serve_until_told(&config, demo.as_ref(), &clock))
}

async fn serve_until_told(config: &Serve, demo: Option<&Demo>, clock: &SystemClock) -> ExitCode {
    let begun = clock.now_micros();
    // Before the ready line: whoever has seen that may send signals.
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => {
                return fail(&format!("signals cannot be received: {error}"));
            }
        };
    let (server, run) = match start(config, demo).await {
        Ok(started) => started,
        Err(message) => return fail(&message),
    };
    let milliseconds = (clock.now_micros() - begun) / 1_000;
    let ready = format!("listening on http://{} (ready in {milliseconds} ms)\n", server.address());
    // Nobody may be reading.
    let _ = std::io::stdout().write_all(ready.as_bytes()).and_then(|()| std::io::stdout().flush());
    if let Some(run) = run {
        tokio::spawn(run.go_on());
    }
    server.run(told_to_stop(&mut terminate, &mut interrupt)).await;
    ExitCode::SUCCESS
}

async fn start(config: &Serve, demo: Option<&Demo>) -> Result<(Server, Option<demo::Run>), String> {
    let opened = Server::open(config).await.map_err(|error| error.to_string())?;
    let run = match demo {
        Some(options) => match demo::fill(opened.store(), opened.clock(), options).await {
            Ok(run) => Some(run),
            Err(error) => {
                opened.store().close().await;
                return Err(error.to_string());
            }
        },
        None => None,
    };
    Ok((opened.resume().await.map_err(|error| error.to_string())?, run))
}

async fn told_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    let signal = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal, "told to stop");
}

fn init_logging(config: &Serve) {
    // The filter was checked when the command line was read.
    let filter = EnvFilter::try_new(&config.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}
