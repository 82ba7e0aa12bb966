//! Pairing two lists in order.

/// A place of the first list, of the second, or both.
pub(super) type Pair = (Option<u32>, Option<u32>);

/// The most cells of the table of a longest common subsequence. Beyond, lists are paired greedily.
const MAX_CELLS: usize = 4_000_000;

/// Pairs elements that are alike, in order and as many as possible; those without a partner stand between them, of the
/// first list before those of the second.
///
/// Very long lists whose middles differ are paired greedily: each element with the next one that is like it.
pub(super) fn align(a: &[u32], b: &[u32], alike: impl Fn(u32, u32) -> bool) -> Vec<Pair> {
    let same = |(a, b): &(&u32, &u32)| alike(**a, **b);
    let head = a.iter().zip(b).take_while(same).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(same).count();
    let mut pairs: Vec<Pair> = a[..head].iter().zip(&b[..head]).map(|(a, b)| (Some(*a), Some(*b))).collect();
    let (middle_a, middle_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    if middle_a.len().saturating_mul(middle_b.len()) <= MAX_CELLS {
        subsequence(middle_a, middle_b, &alike, &mut pairs);
    } else {
        greedy(middle_a, middle_b, &alike, &mut pairs);
    }
    pairs.extend(a[a.len() - tail..].iter().zip(&b[b.len() - tail..]).map(|(a, b)| (Some(*a), Some(*b))));
    pairs
}

fn subsequence(a: &[u32], b: &[u32], alike: &impl Fn(u32, u32) -> bool, pairs: &mut Vec<Pair>) {
    let width = b.len() + 1;
    // By the rest of both lists: how many pairs it can give.
    let mut most = vec![0_u32; (a.len() + 1) * width];
    for (row, x) in a.iter().enumerate().rev() {
        for (column, y) in b.iter().enumerate().rev() {
            let at = row * width + column;
            most[at] =
                if alike(*x, *y) { most[at + width + 1] + 1 } else { most[at + width].max(most[at + 1]) };
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < a.len() && column < b.len() {
        let at = row * width + column;
        if alike(a[row], b[column]) {
            pairs.push((Some(a[row]), Some(b[column])));
            (row, column) = (row + 1, column + 1);
        } else if most[at + width] >= most[at + 1] {
            pairs.push((Some(a[row]), None));
            row += 1;
        } else {
            pairs.push((None, Some(b[column])));
            column += 1;
        }
    }
    pairs.extend(a[row..].iter().map(|a| (Some(*a), None)));
    pairs.extend(b[column..].iter().map(|b| (None, Some(*b))));
}

/// How far ahead a partner is looked for.
const GREEDY_REACH: usize = 256;

fn greedy(a: &[u32], b: &[u32], alike: &impl Fn(u32, u32) -> bool, pairs: &mut Vec<Pair>) {
    let mut column = 0;
    for x in a {
        let reach = b.len().min(column + GREEDY_REACH);
        let Some(ahead) = b[column..reach].iter().position(|y| alike(*x, *y)) else {
            pairs.push((Some(*x), None));
            continue;
        };
        pairs.extend(b[column..column + ahead].iter().map(|y| (None, Some(*y))));
        pairs.push((Some(*x), Some(b[column + ahead])));
        column += ahead + 1;
    }
    pairs.extend(b[column..].iter().map(|y| (None, Some(*y))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(a: &str, b: &str) -> String {
        let (x, y): (Vec<u32>, Vec<u32>) =
            (a.chars().map(u32::from).collect(), b.chars().map(u32::from).collect());
        let letter = |code: u32| char::from_u32(code).unwrap().to_string();
        let show = |pair: Pair| match pair {
            (Some(x), Some(_)) => letter(x),
            (Some(x), None) => format!("-{}", letter(x)),
            (None, Some(y)) => format!("+{}", letter(y)),
            (None, None) => String::new(),
        };
        align(&x, &y, |x, y| x == y).into_iter().map(show).collect()
    }

    #[test]
    fn what_is_alike_is_paired_in_order() {
        assert_eq!(text("abc", "abc"), "abc");
        assert_eq!(text("abc", "axc"), "a-b+xc");
        assert_eq!(text("", "ab"), "+a+b");
        assert_eq!(text("ltltr", "ltr"), "lt-l-tr");
        assert_eq!(text("ab", "ba"), "-ab+a");
    }

    proptest! {
        #[test]
        fn every_element_is_there_once_and_in_order(a in "[abc]{0,12}", b in "[abc]{0,12}", long: bool) {
            let (x, y): (Vec<u32>, Vec<u32>) = (a.chars().map(u32::from).collect(), b.chars().map(u32::from).collect());
            let mut pairs = Vec::new();
            if long {
                greedy(&x, &y, &|x, y| x == y, &mut pairs);
            } else {
                pairs = align(&x, &y, |x, y| x == y);
            }
            prop_assert_eq!(pairs.iter().filter_map(|pair| pair.0).collect::<Vec<_>>(), x);
            prop_assert_eq!(pairs.iter().filter_map(|pair| pair.1).collect::<Vec<_>>(), y);
            prop_assert!(pairs.iter().all(|pair| pair.0.is_none() || pair.1.is_none() || pair.0 == pair.1));
        }
    }
}
