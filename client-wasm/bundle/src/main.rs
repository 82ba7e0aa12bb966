//! Makes the npm package of the client from the compiled module, and runs the tests that are compiled to one.
//!
//! - `npm`: [`package`] puts a folder together that `npm pack` takes: for each of its two modules the [`glue`] that
//!   `wasm-bindgen` generates for browsers and for Node, the TypeScript [`types`] of the wire (from [`schema`]s), the
//!   hand-written entries, and the README. It fails if a browser would have to load more than [`size`] allows.
//! - `test`: a runner for `cargo test --target wasm32-unknown-unknown`, see [`browser`].

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod browser;
mod glue;
mod package;
mod schema;
mod size;
mod types;

/// Makes the npm package of lightning-store's client.
#[derive(Debug, Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Puts the package together.
    Npm {
        /// The compiled module.
        #[arg(long)]
        module: PathBuf,
        /// The same with the feature `trace`.
        #[arg(long)]
        trace_module: PathBuf,
        /// The folder of what is written by hand.
        #[arg(long)]
        source: PathBuf,
        /// The licence.
        #[arg(long)]
        license: PathBuf,
        /// The folder to make; what was in it is removed.
        #[arg(long)]
        out: PathBuf,
    },
    /// Runs compiled tests in headless Chromium.
    Test {
        /// The compiled tests.
        module: PathBuf,
        /// Only those whose names have one of these texts in them.
        filters: Vec<String>,
    },
}

fn main() -> Result<()> {
    match CommandLine::parse().command {
        Command::Npm { module, trace_module, source, license, out } => {
            package::make(&module, &trace_module, &source, &license, &out)
        }
        Command::Test { module, filters } => browser::run(&module, &filters),
    }
}
