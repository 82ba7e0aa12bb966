/** The whole attempt as one conversation: every call of a model in order, without what was said before. */

import { useSignal } from "@preact/signals";
import type { Turn } from "lightning-store-client/trace";
import { useEffect, useId, useMemo } from "preact/hooks";
import { CopyButton } from "../../components/copy.tsx";
import { Icon } from "../../components/icon.tsx";
import { Empty } from "../../components/states.tsx";
import { plural, short } from "../../format/number.ts";
import { type Links, MessageCard } from "./messages/card.tsx";
import { MarkdownSwitch, resultsOf, Tools } from "./messages/list.tsx";
import { markdownTranscript, openAiMessages } from "./messages/transcript.ts";
import { RewardChip } from "./reward.tsx";
import type { TraceSession } from "./session.ts";
import { Bodies } from "./bodies.tsx";
import { url } from "./state.ts";

/** Turns that are drawn at once. */
const SHOWN = 50;

export function ConversationView({
  session,
  onSpan,
}: {
  readonly session: TraceSession;
  readonly onSpan: (spanId: string) => void;
}) {
  const prefix = useId();
  const shown = useSignal(SHOWN);
  const revision = session.revision.value;
  const waiting = session.bodies.value !== null;
  const conversation = useMemo(() => session.waterfall.conversation(), [revision, waiting]);
  const { turns, other_rewards } = conversation;
  const all = useMemo(() => turns.flatMap((turn) => [...turn.messages, ...turn.completion]), [conversation]);
  const links: Links = useMemo(() => ({ results: resultsOf(all), spans: [], prefix, onSpan }), [all]);
  const chosen = url.signal.value.span;
  // The chosen span may be a turn far down.
  const chosenTurn = turns.findIndex((turn) => turn.observations.some(({ span_id }) => span_id === chosen));
  useEffect(() => {
    if (chosenTurn >= shown.peek()) shown.value = chosenTurn + SHOWN;
  }, [chosenTurn]);
  return (
    <Bodies session={session} kinds={["llm"]}>
      {turns.length === 0 ? (
        <Empty title="No model was called">
          <p>Calls of models appear here as a conversation, each with what was new in it.</p>
        </Empty>
      ) : (
        <div class="conversation">
          <div class="msg-bar">
            <MarkdownSwitch />
            <span class="muted">{plural(turns.length, "call")}</span>
            <span class="grow" />
            <CopyButton
              text={() => markdownTranscript(all)}
              what="the conversation as Markdown"
              label="as Markdown"
            />
            <CopyButton
              text={() => openAiMessages(all)}
              what="the conversation as OpenAI messages"
              label="as OpenAI"
            />
          </div>
          {other_rewards.length === 0 ? null : (
            <p class="row">
              Before the first call:
              {other_rewards.map((reward) => (
                <RewardButton key={reward.span_id} reward={reward} onSpan={onSpan} />
              ))}
            </p>
          )}
          <ol class="plain turns">
            {turns.slice(0, shown.value).map((turn, place) => (
              <TurnView
                key={turn.span_id}
                turn={turn}
                number={place}
                links={links}
                chosen={place === chosenTurn}
                onSpan={onSpan}
                prefix={prefix}
              />
            ))}
          </ol>
          {turns.length > shown.value ? (
            <button type="button" class="button" onClick={() => (shown.value += SHOWN * 2)}>
              Show more ({plural(turns.length - shown.value, "call")} left)
            </button>
          ) : null}
        </div>
      )}
    </Bodies>
  );
}

interface TurnProps {
  readonly turn: Turn;
  readonly number: number;
  readonly links: Links;
  readonly chosen: boolean;
  readonly prefix: string;
  readonly onSpan: (spanId: string) => void;
}

function TurnView({ turn, number, links, chosen, onSpan, prefix }: TurnProps) {
  return (
    <li class="turn" id={`${prefix}-turn-${number}`} data-chosen={chosen} tabIndex={-1}>
      <header class="turn-head">
        <span class="turn-number">{number + 1}</span>
        <button
          type="button"
          class="link turn-label"
          onClick={() => onSpan(turn.span_id)}
          title="Show the span"
        >
          <Icon name="llm" />
          {turn.label}
        </button>
        {turn.error ? (
          <span class="wf-mark wf-error">
            <Icon name="warning" />
            failed
          </span>
        ) : null}
        {turn.observations.length > 1 ? (
          <span class="chip" title={turn.observations.map((one) => one.name).join("\n")}>
            seen {turn.observations.length} times
          </span>
        ) : null}
        {turn.input_tokens === null && turn.output_tokens === null ? null : (
          <span class="muted" title="Tokens of prompt → answer">
            {short(turn.input_tokens ?? 0)}→{short(turn.output_tokens ?? 0)}
          </span>
        )}
        <span class="grow" />
        {turn.rewards.map((reward) => (
          <RewardButton key={reward.span_id} reward={reward} onSpan={onSpan} />
        ))}
      </header>
      {turn.shared > 0 && turn.follows !== null ? (
        <p class="turn-shared">
          <button
            type="button"
            class="link"
            onClick={() => {
              const element = document.getElementById(`${prefix}-turn-${turn.follows}`);
              element?.scrollIntoView({ block: "start" });
              element?.focus({ preventScroll: true });
            }}
          >
            {plural(turn.shared, "message")} as in call {turn.follows + 1}
          </button>
          <span class="muted">+{plural(turn.messages.length, "new message")}</span>
        </p>
      ) : null}
      <Tools tools={turn.tools} title={number === 0 ? "Tools offered" : "Other tools offered"} />
      {turn.messages.map((message, place) => (
        <MessageCard key={place} message={message} links={links} />
      ))}
      {turn.completion.map((message, place) => (
        <MessageCard key={`answer-${place}`} message={message} links={links} />
      ))}
      {turn.messages.length + turn.completion.length === 0 ? (
        <p class="muted">Its messages were not written down.</p>
      ) : null}
    </li>
  );
}

function RewardButton({
  reward,
  onSpan,
}: {
  readonly reward: Turn["rewards"][number];
  readonly onSpan: (spanId: string) => void;
}) {
  return (
    <button
      type="button"
      class="reward-button"
      onClick={() => onSpan(reward.span_id)}
      title={reward.linked ? "It says that it is for this call" : "The call before it"}
    >
      <Icon name="reward" />
      <RewardChip value={reward.value} />
      {reward.linked ? <Icon name="link" /> : null}
    </button>
  );
}
