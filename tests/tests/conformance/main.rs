//! What every store must do, whatever keeps its data. Each sentence is run over each kind of store.
//!
//! To add a kind: a module in the macro below, and a constructor of `Fixture`.

#![expect(clippy::unwrap_used, reason = "a sentence that cannot go on has failed")]

mod attempts;
mod dice;
mod events;
mod facts;
mod fixture;
mod line;
mod once;
mod past;
mod queue;
mod resources;
mod rollouts;
mod sequences;
mod shown;
mod spans;
mod trouble;
mod waits;
mod watchdog;
mod workers;

/// Makes a test of each sentence for each kind of store.
macro_rules! sentences {
    ($($sentence:ident),* $(,)?) => {
        crate::sentences_of_one_writer! { $($sentence),* }

        mod postgres {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(crate::fixture::Fixture::postgres().await).await;
            })*
        }
    };
}

/// The same for stores that one writer writes, one operation after the other.
macro_rules! sentences_of_one_writer {
    ($($sentence:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(crate::fixture::Fixture::memory()).await;
            })*
        }

        mod sqlite {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(crate::fixture::Fixture::sqlite()).await;
            })*
        }
    };
}

use {sentences, sentences_of_one_writer};
