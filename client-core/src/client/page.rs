//! Lists as streams: page after page.

use std::collections::VecDeque;
use std::future::Future;

use futures_core::Stream;
use futures_util::stream;

use super::Client;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{Conditions, Page};

/// How many items the streams of lists fetch at a time, unless said otherwise.
pub const DEFAULT_PAGE_SIZE: u32 = 500;

/// Where a stream of a list has got to.
struct Position<Q, I, F> {
    query: Q,
    fetch: F,
    items: VecDeque<I>,
    /// How many more are wanted.
    wanted: u64,
    is_last: bool,
}

impl<T: Transport> Client<T> {
    /// All items that `query` asks for: its limit bounds their number, its offset is where they begin.
    pub(super) fn pages<Q, I, F, A>(
        &self,
        query: Q,
        fetch: F,
    ) -> impl Stream<Item = Result<I, ClientError>> + use<T, Q, I, F, A>
    where
        Q: Conditions + Clone,
        F: Fn(Q) -> A,
        A: Future<Output = Result<Page<I>, ClientError>>,
    {
        let size = u64::from(self.shared.page_size);
        let wanted = u64::try_from(query.list().window.limit).unwrap_or(u64::MAX);
        let start = Position { query, fetch, items: VecDeque::new(), wanted, is_last: false };
        stream::unfold(start, move |mut at| async move {
            loop {
                if let Some(item) = at.items.pop_front() {
                    return Some((Ok(item), at));
                }
                if at.is_last || at.wanted == 0 {
                    return None;
                }
                let limit = size.min(at.wanted);
                at.query.list_mut().window.limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let page = match (at.fetch)(at.query.clone()).await {
                    Ok(page) => page,
                    Err(error) => {
                        at.is_last = true;
                        return Some((Err(error), at));
                    }
                };
                let count = page.items.len() as u64;
                at.is_last = count < limit;
                at.wanted = at.wanted.saturating_sub(count);
                let window = &mut at.query.list_mut().window;
                window.offset = window.offset.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
                at.items = page.items.into();
            }
        })
    }
}
