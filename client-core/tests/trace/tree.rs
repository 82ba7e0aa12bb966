//! Trees of well-formed, broken and enormous traces.

use lightning_store_client::trace::store::{Order, Trace};
use lightning_store_client::trace::tree::{Place, Repair, Tree, TreeOptions};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::builder::{span, with};

fn trace(spans: &[Value]) -> Trace {
    let mut trace = Trace::new();
    let outcome = trace.append_json(&Value::from(spans.to_vec()).to_string());
    assert_eq!(outcome.refused, 0);
    trace
}

/// One line per node: indented, the id, or what else stands there.
fn draw(trace: &Trace, options: TreeOptions) -> Vec<String> {
    let tree = Tree::build(trace, options);
    tree.nodes
        .iter()
        .map(|node| {
            let name = match node.place {
                Place::Span(span) => trace.span_id(span as usize).to_owned(),
                Place::Missing(_) => "missing".to_owned(),
                Place::Root => "root".to_owned(),
                Place::Untimed => "untimed".to_owned(),
            };
            format!("{}{name}", " ".repeat(node.depth as usize))
        })
        .collect()
}

fn display(spans: &[Value]) -> Vec<String> {
    draw(&trace(spans), TreeOptions::display(Order::Time, false))
}

#[test]
fn one_root_is_the_root_and_several_have_a_virtual_one() {
    let (a, b, c) =
        (span("a", None, "a", 0.0, 5.0), span("b", Some("a"), "b", 1.0, 2.0), span("c", None, "c", 6.0, 7.0));
    assert_eq!(display(&[b.clone(), a.clone()]), ["a", " b"]);
    assert_eq!(display(&[c, b, a]), ["root", " a", "  b", " c"]);
    assert!(display(&[]).is_empty());
}

#[test]
fn a_parent_that_comes_late_takes_its_children() {
    let mut trace = trace(&[span("b", Some("p"), "b", 1.0, 2.0), span("c", Some("p"), "c", 2.0, 3.0)]);
    let options = TreeOptions::display(Order::Time, false);
    assert_eq!(draw(&trace, options), ["missing", " b", " c"]);
    let ghost = &Tree::build(&trace, options).nodes[0];
    assert_eq!((ghost.start, ghost.end, ghost.spans), (Some(1.0), Some(3.0), 2));
    trace.append_json(&span("p", None, "p", 0.0, 4.0).to_string());
    assert_eq!(draw(&trace, options), ["p", " b", " c"]);
}

#[test]
fn circles_are_opened_at_their_first_span_and_counted() {
    let spans = [
        span("x", Some("z"), "x", 3.0, 4.0),
        span("y", Some("x"), "y", 1.0, 2.0),
        span("z", Some("y"), "z", 2.0, 3.0),
        span("self", Some("self"), "self", 9.0, 9.0),
        span("tail", Some("z"), "tail", 0.0, 1.0),
    ];
    assert_eq!(display(&spans), ["root", " y", "  z", "   tail", "   x", " self"]);
    let tree = Tree::build(&trace(&spans), TreeOptions::display(Order::Time, false));
    let circles = ["y", "self"].map(|id| Repair::Circle { span_id: id.to_owned() });
    assert_eq!(tree.repairs.len(), 2);
    assert!(circles.iter().all(|circle| tree.repairs.contains(circle)));
}

#[test]
fn two_spans_of_one_id_are_a_repair_and_a_repeated_span_is_not() {
    let (first, other) = (span("a", None, "a", 0.0, 1.0), span("a", None, "b", 0.0, 2.0));
    let repairs =
        |spans: &[Value]| Tree::build(&trace(spans), TreeOptions::display(Order::Time, false)).repairs;
    assert!(repairs(&[first.clone(), first.clone()]).is_empty());
    assert_eq!(repairs(&[first, other]), [Repair::DuplicateIds { count: 1 }]);
}

#[test]
fn spans_without_times_are_a_group_unless_numbers_order_them() {
    let mut lost = span("lost", Some("a"), "lost", 0.5, 1.0);
    lost["start_time"] = Value::Null;
    let mut below = span("below", Some("lost"), "below", 0.6, 1.0);
    below["start_time"] = Value::Null;
    let spans = [lost, below, span("a", None, "a", 0.0, 5.0), span("b", Some("a"), "b", 1.0, 2.0)];
    assert_eq!(display(&spans), ["root", " a", "  b", " untimed", "  lost", "   below"]);
    let by_number = draw(&trace(&spans), TreeOptions::display(Order::Sequence, false));
    assert_eq!(by_number, ["a", " lost", "  below", " b"]);
}

#[test]
fn floating_spans_move_below_the_tightest_span_around_them_when_asked() {
    let spans = [
        span("root", None, "root", 0.0, 100.0),
        span("agent", Some("root"), "agent", 10.0, 50.0),
        span("step", Some("agent"), "step", 20.0, 30.0),
        span("call", Some("root"), "call", 21.0, 29.0),
        span("same", Some("root"), "same", 10.0, 50.0),
        span("late", Some("root"), "late", 60.0, 70.0),
    ];
    let trace = trace(&spans);
    let drawn = draw(&trace, TreeOptions::display(Order::Time, true));
    assert_eq!(drawn, ["root", " agent", "  step", "   call", " same", " late"]);
    let tree = Tree::build(&trace, TreeOptions::display(Order::Time, true));
    assert_eq!(tree.repairs, [Repair::Moved { span_id: "call".to_owned() }]);
    assert!(draw(&trace, TreeOptions::display(Order::Time, false)).contains(&" call".to_owned()));
}

#[test]
fn self_time_leaves_out_what_children_cover_once() {
    let spans = [
        span("a", None, "a", 0.0, 10.0),
        span("b", Some("a"), "b", 1.0, 4.0),
        span("c", Some("a"), "c", 3.0, 6.0),
        span("d", Some("a"), "d", 9.0, 12.0),
    ];
    let tree = Tree::build(&trace(&spans), TreeOptions::display(Order::Time, false));
    assert_eq!(tree.nodes[0].self_time, Some(4.0));
    assert_eq!(tree.nodes[1].self_time, Some(3.0));
}

#[test]
fn an_answer_that_agent_and_proxy_observed_counts_once() {
    let usage = |id: Value| json!({"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 5, "gen_ai.response.id": id});
    let spans = [
        span("a", None, "a", 0.0, 9.0),
        with("b", Some("a"), "openai.chat.completion", 1.0, 2.0, usage(json!("r1"))),
        with("c", Some("a"), "litellm_request", 1.0, 2.0, usage(json!("r1"))),
        with("d", Some("c"), "raw_gen_ai_request", 1.0, 2.0, usage(Value::Null)),
        with("e", Some("a"), "openai.chat.completion", 3.0, 4.0, usage(json!("r2"))),
    ];
    let tree = Tree::build(&trace(&spans), TreeOptions::display(Order::Time, false));
    assert_eq!((tree.nodes[0].input_tokens, tree.nodes[0].output_tokens, tree.nodes[0].spans), (20, 10, 5));
}

#[test]
fn a_chain_of_100_000_spans_is_a_tree_like_any_other() {
    let spans: Vec<Value> = (0..100_000_u32)
        .map(|n| {
            let parent = n.checked_sub(1).map(|parent| parent.to_string());
            json!({"span_id": n.to_string(), "parent_id": parent, "name": "x", "start_time": f64::from(n), "end_time": 200_000.0})
        })
        .collect();
    let trace = trace(&spans);
    for repair in [false, true] {
        let tree = Tree::build(&trace, TreeOptions::display(Order::Time, repair));
        assert_eq!(tree.nodes.len(), 100_000);
        assert_eq!(tree.nodes[0].spans, 100_000);
        assert_eq!(tree.nodes[99_999].depth, 99_999);
        assert_eq!(tree.ancestors(99_999).len(), 99_999);
    }
}

/// Spans whose parents are anything: none, each other, themselves, or spans that never come.
fn wild_spans() -> impl Strategy<Value = Vec<Value>> {
    let time = prop_oneof![3 => (0..20_u32).prop_map(|t| json!(f64::from(t))), 1 => Just(Value::Null)];
    let one = (prop::option::of(0..24_usize), time, 0..20_u32, 0..6_i64, 0..3_usize);
    prop::collection::vec(one, 1..20).prop_map(|spans| {
        let spans = spans.into_iter().enumerate();
        let mut spans: Vec<Value> = spans
            .map(|(id, (parent, start, length, sequence, name))| {
                let end = start.as_f64().map(|start| start + f64::from(length));
                let name = ["a", "openai.chat.completion", "b"][name];
                json!({"span_id": id.to_string(), "parent_id": parent.map(|p| p.to_string()), "sequence_id": sequence,
                    "name": name, "start_time": start, "end_time": end, "attributes": {}})
            })
            .collect();
        let again = spans[0].clone();
        spans.push(again);
        spans
    })
}

proptest! {
    #[test]
    fn every_span_has_one_node_below_its_parent_whatever_is_wrong(spans in wild_spans(), repair: bool, numbers: bool, training: bool) {
        let trace = trace(&spans);
        let order = if numbers { Order::Sequence } else { Order::Time };
        let options = if training { TreeOptions::training(repair) } else { TreeOptions::display(order, repair) };
        let tree = Tree::build(&trace, options);
        let mut seen = vec![0; trace.len()];
        for (number, node) in tree.nodes.iter().enumerate() {
            if let Place::Span(span) = node.place {
                seen[span as usize] += 1;
                prop_assert_eq!(tree.node_of(span as usize) as usize, number);
            }
            if let Some(parent) = node.parent {
                let parent = &tree.nodes[parent as usize];
                prop_assert_eq!(node.depth, parent.depth + 1);
                prop_assert!(parent.size > node.size);
            } else {
                prop_assert_eq!(number, 0);
                prop_assert_eq!(node.size as usize, tree.nodes.len());
                prop_assert_eq!(node.spans as usize, trace.len());
            }
        }
        prop_assert!(seen.iter().all(|times| *times == 1));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(spans in wild_spans(), seed: u64, repair: bool, numbers: bool) {
        let order = if numbers { Order::Sequence } else { Order::Time };
        let options = TreeOptions::display(order, repair);
        let mut shuffled = spans.clone();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
        }
        prop_assert_eq!(draw(&trace(&spans), options), draw(&trace(&shuffled), options));
    }
}
