//! Medians of rounds, as a Markdown table.

use std::fmt::Write;

use crate::load::Measured;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    scenario: &'static str,
    connections: usize,
    store: Measured,
    limit_rate: f64,
    limit_cpu_micros: f64,
    ratio: f64,
}

impl Row {
    /// The medians of rounds, each a measurement of the bare server and of the store.
    pub(crate) fn new(scenario: &'static str, connections: usize, rounds: &[(Measured, Measured)]) -> Self {
        let of = |figure: fn(&(Measured, Measured)) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            scenario,
            connections,
            store: Measured {
                rate: of(|(_, store)| store.rate),
                cpu_micros: of(|(_, store)| store.cpu_micros),
                p50_millis: of(|(_, store)| store.p50_millis),
                p99_millis: of(|(_, store)| store.p99_millis),
            },
            limit_rate: of(|(limit, _)| limit.rate),
            limit_cpu_micros: of(|(limit, _)| limit.cpu_micros),
            ratio: of(|(limit, store)| store.cpu_micros / limit.cpu_micros),
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The whole table.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| scenario | connections | op/s | CPU µs/op | p50 ms | p99 ms | limit op/s | limit CPU µs/op | CPU ÷ limit |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for Row { scenario, connections, store, limit_rate, limit_cpu_micros, ratio } in rows {
        let Measured { rate, cpu_micros, p50_millis, p99_millis } = store;
        let _ = writeln!(
            table,
            "| {scenario} | {connections} | {rate:.0} | {cpu_micros:.1} | {p50_millis:.2} | {p99_millis:.2} \
             | {limit_rate:.0} | {limit_cpu_micros:.1} | {ratio:.2} |"
        );
    }
    table
}
