//! Rows: folding, closing, filters, focus, the minimap, and how long it all takes.

use std::fmt::Write as _;

use lightning_store_client::trace::filter::{Filter, Kinds, kind_counts};
use lightning_store_client::trace::kind::Kind;
use lightning_store_client::trace::layout::flag;
use lightning_store_client::trace::store::Order;
use lightning_store_client::trace::waterfall::Waterfall;
use serde_json::{Value, json};

use crate::builder::{reward, span, with};

fn waterfall(spans: &[Value]) -> Waterfall {
    let mut waterfall = Waterfall::new();
    waterfall.append_json(&Value::from(spans.to_vec()).to_string());
    waterfall
}

/// One line per row: indented by depth, its label, `-` if it is dimmed.
fn rows(waterfall: &mut Waterfall) -> Vec<String> {
    let count = waterfall.layout().len();
    (0..count)
        .map(|row| {
            let label = waterfall.row(row).expect("every row has words").label;
            let layout = waterfall.layout();
            let dimmed = if layout.flags[row] & flag::DIMMED == 0 { "" } else { "-" };
            format!("{}{dimmed}{label}", " ".repeat(layout.depth[row].into()))
        })
        .collect()
}

/// root → agent → 6 × call, tool; root → reward
fn agent() -> Vec<Value> {
    let mut spans =
        vec![span("root", None, "root", 0.0, 20.0), span("agent", Some("root"), "agent", 1.0, 10.0)];
    for call in 0..6_u32 {
        let start = 1.0 + f64::from(call);
        spans.push(span(&format!("call{call}"), Some("agent"), "openai.chat.completion", start, start + 0.5));
    }
    let mut tool = with("tool", Some("agent"), "tool_call.search", 8.0, 8.0, json!({}));
    tool["status"]["status_code"] = json!("ERROR");
    spans.extend([tool, reward("reward", Some("root"), 11.0, -0.5)]);
    spans
}

#[test]
fn repeated_siblings_are_one_row_until_opened() {
    let mut waterfall = waterfall(&agent());
    assert_eq!(
        rows(&mut waterfall),
        ["root", " agent", "  openai.chat.completion × 6", "  search", " reward"]
    );
    let layout = waterfall.layout();
    assert_eq!((layout.folded[2], layout.children[2], layout.spans[2]), (6, 6, 6));
    assert_eq!((layout.start[2], layout.duration[2], layout.self_time[2]), (1.0, 5.5, 3.0));
    assert_eq!((layout.position[3], layout.siblings[3], layout.parent[3]), (2, 2, 1));
    let key = waterfall.row(2).unwrap().key;
    assert!(waterfall.set_open(&key, true));
    let opened = rows(&mut waterfall);
    assert_eq!(opened.len(), 11);
    assert_eq!(opened[3], "   openai.chat.completion");
    let layout = waterfall.layout();
    assert_eq!((layout.parent[3], layout.position[8], layout.siblings[8], layout.parent[9]), (2, 6, 6, 1));
    waterfall.set_fold(false);
    assert_eq!(rows(&mut waterfall).len(), 10);
}

#[test]
fn rows_are_closed_by_level_and_by_hand() {
    let mut waterfall = waterfall(&agent());
    waterfall.open_levels(Some(2));
    assert_eq!(rows(&mut waterfall), ["root", " agent", " reward"]);
    assert!(waterfall.set_open("span:agent", true));
    assert_eq!(rows(&mut waterfall).len(), 5);
    assert!(waterfall.set_open("span:root", false));
    assert_eq!(rows(&mut waterfall), ["root"]);
    let layout = waterfall.layout();
    assert_eq!(
        layout.flags[0] & (flag::HAS_CHILDREN | flag::OPEN | flag::ERROR_BELOW),
        flag::HAS_CHILDREN | flag::ERROR_BELOW
    );
    waterfall.open_levels(None);
    assert_eq!(rows(&mut waterfall).len(), 5);
    assert!(!waterfall.set_open("span:nobody", true));
}

#[test]
fn a_hidden_span_is_revealed_in_closed_rows_and_folds() {
    let mut waterfall = waterfall(&agent());
    waterfall.open_levels(Some(1));
    let row = waterfall.reveal("call3").unwrap();
    assert_eq!(waterfall.row(row).unwrap().span_id.as_deref(), Some("call3"));
    assert_eq!(waterfall.reveal("nobody"), None);
}

#[test]
fn filters_hide_what_does_not_fit_and_dim_what_lies_above() {
    let mut waterfall = waterfall(&agent());
    let by_text = |text: &str| Filter { text: text.to_owned(), ..Filter::default() };
    waterfall.open_levels(Some(1));
    waterfall.set_filter(by_text("SEARCH"));
    assert_eq!(rows(&mut waterfall), ["-root", " -agent", "  search"]);
    assert_eq!((waterfall.layout().matched, waterfall.layout().total), (1, 10));
    waterfall.set_filter(Filter { errors_only: true, ..Filter::default() });
    assert_eq!(waterfall.layout().matched, 1);
    waterfall.set_filter(Filter {
        kinds: Kinds::default().with(Kind::Llm).with(Kind::Reward),
        ..Filter::default()
    });
    assert_eq!(waterfall.layout().matched, 7);
    waterfall.set_filter(Filter { min_duration: Some(9.0), ..Filter::default() });
    assert_eq!(rows(&mut waterfall), ["root", " agent"]);
    waterfall.set_filter(by_text("nothing like it"));
    assert!(rows(&mut waterfall).is_empty());
    waterfall.set_filter(Filter { everywhere: true, ..by_text("reward.0.value") });
    assert_eq!(rows(&mut waterfall), ["-root", " reward"]);
    let counts = kind_counts(waterfall.trace());
    assert_eq!(counts, [(Kind::Other, 2), (Kind::Llm, 6), (Kind::Tool, 1), (Kind::Reward, 1)]);
}

#[test]
fn focus_shows_a_part_and_the_way_to_it() {
    let mut waterfall = waterfall(&agent());
    assert!(waterfall.set_focus(Some("span:agent")));
    assert_eq!(rows(&mut waterfall), ["agent", " openai.chat.completion × 6", " search"]);
    assert_eq!((waterfall.layout().matched, waterfall.layout().total), (8, 8));
    assert_eq!(waterfall.breadcrumbs(), ["span:root", "span:agent"]);
    assert!(!waterfall.set_focus(Some("span:nobody")));
    assert!(waterfall.set_focus(None));
    assert_eq!(rows(&mut waterfall).len(), 5);
}

#[test]
fn flags_tell_what_a_row_is() {
    let mut running = span("r", Some("gone"), "r", 1.0, 2.0);
    running["end_time"] = Value::Null;
    let mut untimed = span("u", None, "u", 1.0, 2.0);
    untimed["start_time"] = Value::Null;
    let mut waterfall = waterfall(&[running, untimed, span("z", None, "z", 5.0, 5.0)]);
    assert_eq!(
        rows(&mut waterfall),
        ["several roots", " parent not yet received (gone)", "  r", " z", " no timestamps", "  u"]
    );
    let flags = waterfall.layout().flags.clone();
    assert_eq!(flags[1] & flag::VIRTUAL, flag::VIRTUAL);
    assert_eq!(flags[2] & (flag::RUNNING | flag::ORPHAN), flag::RUNNING | flag::ORPHAN);
    assert_eq!(flags[3] & flag::ZERO_LENGTH, flag::ZERO_LENGTH);
    assert_eq!(flags[5] & flag::UNTIMED, flag::UNTIMED);
    assert!(waterfall.layout().duration[2].is_nan());
    waterfall.set_open("missing:gone", false);
    assert_eq!(rows(&mut waterfall).len(), 5);
    waterfall.append_json(&span("gone", None, "parent", 0.0, 3.0).to_string());
    assert_eq!(rows(&mut waterfall)[1..3], [" parent", "  r"]);
}

#[test]
fn a_minimap_has_one_value_per_column() {
    let mut waterfall = waterfall(&agent());
    let map = waterfall.minimap(20, None);
    assert_eq!((map.start, map.end, map.busy.len()), (0.0, 20.0, 20));
    assert_eq!((map.busy[0], map.busy[1], map.busy[19]), (1, 3, 1));
    assert_eq!((map.deepest[1], map.shallowest[1], map.deepest[15]), (2, 0, 0));
    assert_eq!((map.errors[8], map.errors.iter().sum::<u32>()), (1, 1));
    assert_eq!(map.rewards.iter().map(|mark| (mark.column, mark.value)).collect::<Vec<_>>(), [(11, -0.5)]);
    let part = waterfall.minimap(10, Some((12.0, 14.0)));
    assert_eq!((part.busy[0], part.deepest[5], part.rewards.len()), (1, 0, 0));
    assert_eq!(waterfall.minimap(0, None).busy.len(), 0);
    assert!(Waterfall::new().minimap(10, None).busy.is_empty());
}

#[test]
fn a_large_trace_opens_with_three_levels() {
    let mut spans = vec![span("r", None, "r", 0.0, 1.0)];
    for n in 0..2_500 {
        let parent = if n % 5 == 0 { "r".to_owned() } else { format!("s{}", n - 1) };
        spans.push(span(&format!("s{n}"), Some(&parent), &format!("n{n}"), 0.0, 1.0));
    }
    let mut waterfall = waterfall(&spans);
    assert_eq!(waterfall.layout().depth.iter().max(), Some(&3));
}

/// Agents with rounds of calls, tools and rewards, a kilobyte of attributes for every call.
fn big(spans: usize) -> Vec<String> {
    let prompt = "lorem ipsum ".repeat(60);
    (0..spans)
        .map(|n| {
            let (parent, name) = match n % 10 {
                0 => ("\"s0\"".to_owned(), "round.agent"),
                k => (format!("\"s{}\"", n - k), ["", "openai.chat.completion", "tool_call.x", "plan"][1 + k % 3]),
            };
            let parent = if n == 0 { "null".to_owned() } else { parent };
            format!(
                r#"{{"rollout_id":"r","attempt_id":"a","sequence_id":{n},"trace_id":"t","span_id":"s{n}","parent_id":{parent},"name":"{name}","status":{{"status_code":"OK","description":null}},"attributes":{{"gen_ai.prompt.0.role":"user","gen_ai.prompt.0.content":"{prompt}","gen_ai.usage.prompt_tokens":12,"gen_ai.usage.completion_tokens":3,"gen_ai.response.id":"c{n}"}},"events":[],"links":[],"start_time":{}.5,"end_time":{}.25,"context":null,"parent":null,"resource":{{"attributes":{{}},"schema_url":""}}}}"#,
                1_700_000_000 + n,
                1_700_000_001 + n
            )
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "this test is about time")]
fn seconds<T>(what: &str, report: &mut String, work: impl FnOnce() -> T) -> f64 {
    let start = std::time::Instant::now();
    let _ = std::hint::black_box(work());
    let seconds = start.elapsed().as_secs_f64();
    writeln!(report, "{what}: {:.1} ms", seconds * 1e3).expect("strings take everything");
    seconds
}

#[test]
fn ten_thousand_spans_are_laid_out_within_a_second_and_growth_is_not_quadratic() {
    let mut report = String::new();
    for count in [10_000, 100_000] {
        let text = format!("[{}]", big(count).join(","));
        let mut waterfall = Waterfall::new();
        writeln!(report, "{count} spans, {} MB", text.len() / 1_000_000).unwrap();
        let append = seconds("append", &mut report, || waterfall.append_json(&text));
        waterfall.open_levels(None);
        waterfall.set_fold(false);
        let first = seconds("tree and layout", &mut report, || waterfall.layout().len());
        assert_eq!(waterfall.layout().len(), count);
        waterfall.append_json(&span("one more", Some("s0"), "x", 0.0, 1.0).to_string());
        let again = seconds("the same with one span more", &mut report, || waterfall.layout().len());
        waterfall.set_order(Order::Sequence);
        waterfall.set_repair_hierarchy(true);
        let repair = seconds("by sequence, repaired", &mut report, || waterfall.layout().len());
        let map = seconds("minimap", &mut report, || waterfall.minimap(1_200, None));
        waterfall.set_filter(Filter { text: "tool".to_owned(), ..Filter::default() });
        let filter = seconds("filter", &mut report, || waterfall.layout().len());
        let total = first + again + repair + map + filter;
        let bound = if count == 10_000 { 1.0 } else { 15.0 };
        assert!(total < bound && append < 2.0 * bound, "{report}");
    }
    println!("{report}");
}
