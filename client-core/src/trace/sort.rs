//! Sorting, compiled once.
//!
//! The sort of the standard library is compiled for every type and order anew, some kilobytes each, which a page has to
//! load. Here all of them sort numbers by a function that is called through a pointer.

use std::cmp::Ordering;

use super::store::{index, place};

/// Sorts numbers; equal ones keep their order. What is in order already costs one look.
pub(super) fn sort(numbers: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    numbers.sort_by(|a, b| compare(*a, *b));
}

/// The same for anything.
pub(super) fn sorted<T>(items: Vec<T>, compare: &dyn Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return items;
    }
    let mut order: Vec<u32> = (0..index(items.len())).collect();
    sort(&mut order, &|a, b| compare(&items[place(a)], &items[place(b)]));
    let mut slots: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| slots[place(at)].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        let sorted = sorted(items, &|a, b| a.0.cmp(&b.0));
        assert_eq!(sorted, [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }
}
