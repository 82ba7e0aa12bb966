//! Medians of rounds, as a Markdown table.

use std::fmt::Write;

use crate::load::Measured;

/// What one round showed of each server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// The bare server
    pub(crate) limit: Measured,
    /// The server of this project
    pub(crate) store: Measured,
    /// The Python server, if it was measured
    pub(crate) python: Option<Measured>,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The name of the scenario
    pub(crate) scenario: &'static str,
    /// How many connections
    pub(crate) connections: usize,
    /// At least one
    pub(crate) rounds: Vec<Round>,
}

impl Row {
    /// The median of a figure over the rounds that have it.
    fn median(&self, figure: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
        let mut figures: Vec<f64> = self.rounds.iter().filter_map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }

    fn write(&self, table: &mut String) {
        let cell = |figure: fn(&Round) -> Option<f64>, digits: usize| {
            self.median(figure).map_or_else(|| "–".to_owned(), |figure| format!("{figure:.digits$}"))
        };
        let cells = [
            cell(|round| Some(round.store.rate), 0),
            cell(|round| Some(round.store.cpu_micros), 1),
            cell(|round| Some(round.store.p50_millis), 2),
            cell(|round| Some(round.store.p99_millis), 2),
            cell(|round| Some(round.limit.cpu_micros), 1),
            cell(|round| Some(round.store.cpu_micros / round.limit.cpu_micros), 2),
            cell(|round| Some(round.python?.rate), 0),
            cell(|round| Some(round.python?.cpu_micros), 0),
            cell(|round| Some(round.python?.cpu_micros / round.store.cpu_micros), 0),
        ];
        let _ = writeln!(table, "| {} | {} | {} |", self.scenario, self.connections, cells.join(" | "));
    }
}

/// The whole table.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| scenario | connections | op/s | CPU µs/op | p50 ms | p99 ms | limit CPU µs/op | CPU ÷ limit \
         | python op/s | python CPU µs/op | python ÷ ours (CPU) |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        row.write(&mut table);
    }
    table
}
