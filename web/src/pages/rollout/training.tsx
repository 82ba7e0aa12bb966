/** What a trainer would get from this attempt: prompts and answers in tokens, rewards, and what is left out. */

import type { LeftOutCall, Triplet } from "lightning-store-client/trace";
import { useMemo } from "preact/hooks";
import { Icon } from "../../components/icon.tsx";
import { Empty } from "../../components/states.tsx";
import { shortId } from "../../format/id.ts";
import { count, plural } from "../../format/number.ts";
import { Bodies } from "./bodies.tsx";
import { RewardChip } from "./reward.tsx";
import type { TraceSession } from "./session.ts";
import { CALL_NAME, url } from "./state.ts";

const REASONS: Readonly<Record<LeftOutCall["reason"], string>> = {
  duplicate_response_id: "duplicate response id: another call has the same answer",
  within_call: "lies within a call, and has no answer of its own",
  within_reward: "lies within the computation of a reward",
  other_agent: "lies outside the agent that was asked for",
  no_token_ids: "no token ids: this call will be skipped",
};

const MATCHES = [
  ["first_occurrence", "last call before it"],
  ["first_sibling", "last call beside it"],
] as const;

export function TrainingView({
  session,
  onSpan,
}: {
  readonly session: TraceSession;
  readonly onSpan: (spanId: string) => void;
}) {
  const { reward_match, call } = url.signal.value;
  const revision = session.revision.value;
  const waiting = session.bodies.value !== null;
  const training = useMemo(
    () => session.waterfall.training({ rewardMatch: reward_match, callName: call }),
    [revision, waiting, reward_match, call],
  );
  const final = useMemo(() => session.waterfall.finalReward(), [revision, waiting]);
  const { triplets, left_out, unmatched_rewards } = training;
  const skipped = triplets.filter((triplet) => triplet.no_token_ids).length;
  return (
    <Bodies session={session}>
      <div class="training">
        <div class="msg-bar">
          <div class="segmented" role="group" aria-label="A reward is for">
            {MATCHES.map(([name, label]) => (
              <button
                key={name}
                type="button"
                class="button"
                aria-pressed={reward_match === name}
                title={`A reward is for the ${label} that has none yet (${name})`}
                onClick={() => url.set({ reward_match: name }, "replace")}
              >
                {name}
              </button>
            ))}
          </div>
          <label class="training-call">
            Calls named like
            <input
              class="field mono"
              value={call}
              size={24}
              onInput={(event) => url.set({ call: event.currentTarget.value }, "replace")}
            />
          </label>
          <span class="grow" />
          {final === null ? (
            <span class="muted">no final reward</span>
          ) : (
            <span class="row">
              final reward <RewardChip value={final.value} />
            </span>
          )}
        </div>
        {triplets.length === 0 && left_out.length === 0 ? (
          <Empty title="Nothing to train on">
            <p>
              No span of a call is named like <code>{call}</code>. Trainers take {CALL_NAME} unless told
              otherwise.
            </p>
          </Empty>
        ) : (
          <p class="training-sum">
            {plural(triplets.length, "transition")}
            {skipped === 0 ? null : (
              <span class="training-flag">
                <Icon name="warning" />
                {skipped === triplets.length ? "all" : count(skipped)} without token ids: they will be skipped
              </span>
            )}
          </p>
        )}
        {triplets.length === 0 ? null : (
          <div class="scroll-x" tabIndex={0} role="region" aria-label="Transitions">
            <table class="table">
              <caption class="sr-only">Transitions in the order in which a trainer gets them</caption>
              <thead>
                <tr>
                  <th scope="col">#</th>
                  <th scope="col">Call</th>
                  <th scope="col">Agent</th>
                  <th scope="col" class="num">
                    Prompt tokens
                  </th>
                  <th scope="col" class="num">
                    Answer tokens
                  </th>
                  <th scope="col">Reward</th>
                  <th scope="col">Response id</th>
                </tr>
              </thead>
              <tbody>
                {triplets.map((triplet, place) => (
                  <Transition
                    key={triplet.span_id}
                    triplet={triplet}
                    number={place + 1}
                    session={session}
                    onSpan={onSpan}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {left_out.length === 0 ? null : (
          <section class="training-part">
            <h3>Left out ({count(left_out.length)})</h3>
            <ul class="plain">
              {left_out.slice(0, 200).map(({ span_id, reason }) => (
                <li key={span_id} class="row">
                  <SpanButton session={session} spanId={span_id} onSpan={onSpan} />
                  <span class="training-flag">
                    <Icon name="warning" />
                    {REASONS[reason]}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
        {unmatched_rewards.length === 0 ? null : (
          <section class="training-part">
            <h3>Rewards matched to nothing ({count(unmatched_rewards.length)})</h3>
            <ul class="plain">
              {unmatched_rewards.slice(0, 200).map(({ span_id, value }) => (
                <li key={span_id} class="row">
                  <RewardChip value={value} />
                  <SpanButton session={session} spanId={span_id} onSpan={onSpan} />
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </Bodies>
  );
}

interface TransitionProps {
  readonly triplet: Triplet;
  readonly number: number;
  readonly session: TraceSession;
  readonly onSpan: (spanId: string) => void;
}

function Transition({ triplet, number, session, onSpan }: TransitionProps) {
  return (
    <tr class={triplet.no_token_ids ? "is-skipped" : ""}>
      <td class="muted">{number}</td>
      <td>
        <SpanButton session={session} spanId={triplet.span_id} onSpan={onSpan} />
      </td>
      <td>{triplet.agent === "*" ? <span class="muted">any</span> : triplet.agent}</td>
      <td class="num">
        {triplet.no_token_ids ? (
          <span class="training-flag" title="No token ids: this call will be skipped">
            <Icon name="warning" />
            none
          </span>
        ) : (
          count(triplet.prompt_tokens)
        )}
      </td>
      <td class="num">{triplet.no_token_ids ? "" : count(triplet.response_tokens)}</td>
      <td>
        {triplet.reward === null ? (
          <span class="muted">—</span>
        ) : (
          <button
            type="button"
            class="reward-button"
            title="Show the reward's span"
            onClick={() => triplet.reward_span_id !== null && onSpan(triplet.reward_span_id)}
          >
            <RewardChip value={triplet.reward} />
          </button>
        )}
      </td>
      <td class="mono">
        {triplet.response_id === null ? <span class="muted">none</span> : shortId(triplet.response_id, 28)}
      </td>
    </tr>
  );
}

function SpanButton({
  session,
  spanId,
  onSpan,
}: {
  session: TraceSession;
  spanId: string;
  onSpan: (spanId: string) => void;
}) {
  const row = session.waterfall.find(spanId);
  const known = row < 0 ? null : session.waterfall.row(row);
  return (
    <button type="button" class="link" onClick={() => onSpan(spanId)}>
      {known === null ? shortId(spanId) : `${known.label} #${known.sequence_id ?? ""}`}
    </button>
  );
}
