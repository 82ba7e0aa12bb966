//! Sorting, compiled once.
//!
//! The sort of the standard library is compiled for every type and order anew, some kilobytes each, which a page has to
//! load. Here all of them sort numbers by a function that is called through a pointer, by merging, in a few lines.

use std::cmp::Ordering;

use super::store::{index, place};

/// Sorts numbers; equal ones keep their order. What is in order already costs one look.
pub(super) fn sort(numbers: &mut Vec<u32>, compare: &dyn Fn(u32, u32) -> Ordering) {
    let count = numbers.len();
    if numbers.is_sorted_by(|a, b| compare(*a, *b).is_le()) {
        return;
    }
    // Pairs of runs become runs of twice the length.
    let mut merged = Vec::with_capacity(count);
    let mut length = 1;
    while length < count {
        merged.clear();
        for pair in numbers.chunks(2 * length) {
            let (mut first, mut second) = pair.split_at(length.min(pair.len()));
            while let ([a, rest_a @ ..], [b, rest_b @ ..]) = (first, second) {
                if compare(*a, *b).is_gt() {
                    merged.push(*b);
                    second = rest_b;
                } else {
                    merged.push(*a);
                    first = rest_a;
                }
            }
            merged.extend_from_slice(first);
            merged.extend_from_slice(second);
        }
        std::mem::swap(numbers, &mut merged);
        length *= 2;
    }
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
    fn any_number_of_numbers_is_sorted() {
        for count in 0..40_u32 {
            let mut numbers: Vec<u32> = (0..count).map(|number| number * 7 % 11).collect();
            let mut expected = numbers.clone();
            expected.sort_unstable();
            sort(&mut numbers, &|a, b| a.cmp(&b));
            assert_eq!(numbers, expected);
        }
    }

    #[test]
    fn equal_items_keep_their_order() {
        let items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        let sorted = sorted(items, &|a, b| a.0.cmp(&b.0));
        assert_eq!(sorted, [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }
}
