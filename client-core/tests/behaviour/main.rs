//! What the client does, shown against scripted answers and a clock that jumps.
//!
//! Each behaviour is an `async fn` that takes a [`Fake`] and knows no runtime: this file runs them natively and, compiled to
//! wasm, in a browser. [`Fake::run`] blocks nowhere.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use lightning_store_client::transport::fake::Fake;
use lightning_store_client::{Client, RetryPolicy};

const URL: &str = "http://store:4747";

/// A client with the usual settings, but without jitter.
fn client(fake: &Fake) -> Client<Fake> {
    let retry = RetryPolicy { jitter: 0.0, ..RetryPolicy::default() };
    Client::builder(URL).retry(retry).build(fake.clone()).unwrap()
}

macro_rules! behaviours {
    ($($file:ident: $($name:ident),* $(,)?;)*) => {$(
        mod $file;

        $(
        #[cfg_attr(not(target_arch = "wasm32"), test)]
        #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
        fn $name() {
            let fake = Fake::new([]);
            fake.run($file::$name(fake.clone()));
            assert_eq!(fake.unused(), 0, "some answers were not asked for");
        })*
    )*};
}

behaviours! {
    answers:
        a_missing_rollout_is_none,
        a_wrong_url_is_no_missing_rollout,
        null_is_none,
        unknown_members_are_ignored,
        json_of_the_user_comes_back_as_it_went,
        an_answer_that_makes_no_sense_is_told_so,
        faulty_fields_are_listed,
        outcomes_of_spans_are_told_apart,
        redirects_are_refused_with_their_target;
    events:
        a_stream_goes_on_where_it_was,
        silence_is_the_end_of_a_connection,
        failures_in_a_row_take_longer,
        a_refusal_ends_the_stream,
        a_page_instead_of_a_stream_ends_it,
        what_cannot_be_read_is_a_reset,
        a_listener_can_go_on_after_an_event,
        a_server_may_ask_for_more_time;
    pages:
        pages_follow_each_other,
        a_limit_bounds_the_whole_list,
        an_error_ends_the_list,
        every_list_can_be_streamed;
    reach:
        every_operation_can_be_called,
        ids_are_encoded,
        ids_that_would_change_the_route_are_refused,
        a_query_string_says_no_more_than_it_can;
    retries:
        a_repeated_call_keeps_its_key_and_its_body,
        every_call_has_a_key_of_its_own,
        reads_have_no_key,
        a_key_of_ones_own_is_used,
        the_number_of_repetitions_is_bounded,
        health_is_looked_at_before_a_repetition,
        without_health_there_is_no_repetition,
        refusals_are_final,
        trouble_of_the_server_passes,
        retry_after_is_obeyed_up_to_a_bound,
        time_outs_are_repeated,
        repetitions_can_be_switched_off,
        a_dropped_call_is_not_repeated,
        health_itself_is_asked_once;
    settings:
        urls_may_have_paths_and_slashes,
        credentials_in_the_url_become_basic,
        a_token_becomes_a_bearer,
        credentials_are_never_shown,
        settings_that_contradict_each_other_are_refused,
        the_client_says_who_it_is;
    untyped:
        bodies_and_answers_go_as_they_are,
        untyped_conditions_go_where_the_endpoint_has_them,
        untyped_pages_follow_each_other,
        untyped_waits_are_as_long_as_typed_ones,
        untyped_events_may_be_of_a_kind_that_is_not_known_yet,
        untyped_spans_need_no_more_than_ids;
    waits:
        a_long_dequeue_is_many_rounds,
        a_dequeue_ends_with_the_first_rollout,
        rounds_with_a_key_of_ones_own_are_alike,
        a_dequeue_without_a_wait_looks_once,
        a_server_that_cannot_wait_is_not_hammered,
        a_lost_round_is_repeated_with_its_key,
        a_wait_is_many_rounds,
        a_wait_without_end_ends_with_the_last_rollout,
        rollouts_that_do_not_exist_are_not_waited_for,
        a_server_that_goes_down_is_asked_again,
        a_wait_of_no_time_looks_once;
}
