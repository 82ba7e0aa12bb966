/** Two attempts: the difference in one sentence, in numbers, and span by span. */

import { useSignal } from "@preact/signals";
import { compare, type ComparedRow, type Comparison, type Totals } from "lightning-store-client/trace";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { href, pathOf } from "../../app/location.ts";
import { Icon } from "../../components/icon.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { duration } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, reward } from "../../format/number.ts";
import { KindIcon } from "../rollout/kind_icon.tsx";
import { RewardChip, RewardDelta } from "../rollout/reward.tsx";
import { TraceSession } from "../rollout/session.ts";
import { kindWord } from "../rollout/waterfall/kinds.ts";
import { SpanDifference } from "./difference.tsx";
import { type Side, url } from "./state.ts";
import "../rollout/waterfall/waterfall.css";
import "../rollout/rollout.css";
import "./compare.css";

interface Props {
  readonly a: Side;
  readonly b: Side;
  /** Attempts that either side can be; null: they are of different rollouts. */
  readonly choices: readonly { readonly value: string; readonly label: string }[] | null;
}

export function Compare({ a, b, choices }: Props) {
  const sessionA = useWhole(a);
  const sessionB = useWhole(b);
  const ready = sessionA !== null && sessionB !== null && sessionA.ready.value && sessionB.ready.value;
  const failure = sessionA?.session.failure.value ?? sessionB?.session.failure.value ?? null;
  const comparison = useMemo(
    () => (ready ? compare(sessionA.session.waterfall, sessionB.session.waterfall) : null),
    [sessionA, sessionB, ready],
  );
  return (
    <div class="page compare">
      <div class="page-head">
        <h1>Compare {choices === null ? "rollouts" : "attempts"}</h1>
        <SideName name="A" side={a} choices={choices} onChoose={(value) => url.set({ a: value })} />
        <button
          type="button"
          class="button"
          title="Swap A and B"
          onClick={() =>
            url.set(
              choices === null
                ? { a: url.value.b, b: url.value.a, row: null }
                : { a: b.attemptId, b: a.attemptId, row: null },
            )
          }
        >
          <Icon name="compare" />
          Swap
        </button>
        <SideName name="B" side={b} choices={choices} onChoose={(value) => url.set({ b: value })} />
      </div>
      {failure !== null ? (
        <ErrorState
          failure={failure}
          retry={() => Promise.all([sessionA?.session.update(), sessionB?.session.update()])}
        />
      ) : comparison === null || sessionA === null || sessionB === null ? (
        <Loading rows={10} />
      ) : (
        <>
          <p class="compare-sentence">{comparison.sentence}</p>
          <TotalsTable comparison={comparison} />
          <Rows comparison={comparison} a={sessionA.session} b={sessionB.session} />
        </>
      )}
    </div>
  );
}

interface SideNameProps {
  readonly name: string;
  readonly side: Side;
  readonly choices: Props["choices"];
  readonly onChoose: (value: string) => void;
}

function SideName({ name, side, choices, onChoose }: SideNameProps) {
  const address = `${pathOf("rollouts", side.rolloutId)}?attempt=${encodeURIComponent(side.attemptId)}`;
  return (
    <span class="compare-side">
      <strong>{name}</strong>
      {choices === null ? null : (
        <select
          class="field"
          aria-label={`Attempt ${name}`}
          value={side.attemptId}
          onChange={(event) => onChoose(event.currentTarget.value)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
      <a class="mono" href={href(address)}>
        {choices === null ? `${shortId(side.rolloutId)} / ${side.attemptId}` : side.attemptId}
      </a>
    </span>
  );
}

interface Whole {
  readonly session: TraceSession;
  readonly ready: { readonly value: boolean };
}

/** All spans of an attempt with their bodies. */
function useWhole(side: Side): Whole | null {
  const held = useSignal<Whole | null>(null);
  const ready = useSignal(false);
  useEffect(() => {
    const session = new TraceSession(side.rolloutId, side.attemptId);
    held.value = { session, ready };
    ready.value = false;
    void session
      .update()
      .then(() => session.allBodies())
      .then(() => {
        if (!session.closed && session.failure.peek() === null) ready.value = true;
      });
    return () => {
      held.value = null;
      ready.value = false;
      setTimeout(() => session.close());
    };
  }, [side.rolloutId, side.attemptId]);
  return held.value;
}

function TotalsTable({ comparison: { a, b } }: { readonly comparison: Comparison }) {
  const lines: readonly (readonly [string, (totals: Totals) => number | null, (value: number) => string])[] =
    [
      ["Reward", (totals) => totals.reward, reward],
      ["Duration", (totals) => totals.duration, duration],
      ["Tokens", (totals) => totals.tokens, count],
      ["Model calls", (totals) => totals.llm_calls, count],
      ["Tool calls", (totals) => totals.tool_calls, count],
      ["Errors", (totals) => totals.errors, count],
      ["Spans", (totals) => totals.spans, count],
    ];
  return (
    <div class="card scroll-x" tabIndex={0} role="region" aria-label="Totals">
      <table class="table compare-totals">
        <caption class="sr-only">Totals of both attempts</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="sr-only">What</span>
            </th>
            {lines.map(([name]) => (
              <th key={name} scope="col" class="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(["A", "B"] as const).map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {lines.map(([line, read, write]) => {
                const value = read(name === "A" ? a : b);
                return (
                  <td key={line} class="num">
                    {value === null ? <span class="muted">none</span> : write(value)}
                  </td>
                );
              })}
            </tr>
          ))}
          <tr>
            <th scope="row">Δ</th>
            {lines.map(([line, read, write]) => {
              const [before, after] = [read(a), read(b)];
              return (
                <td key={line} class="num">
                  {before === null || after === null ? (
                    ""
                  ) : (
                    <Delta value={after - before} words={write} good={line === "Reward" ? 1 : 0} />
                  )}
                </td>
              );
            })}
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/** A difference with its sign; `good`: which sign is good news, if one is. */
function Delta({
  value,
  words,
  good = 0,
}: {
  value: number;
  words: (value: number) => string;
  good?: number;
}) {
  if (value === 0) return <span class="muted">0</span>;
  const tone = good === 0 ? "" : value * good > 0 ? "reward-plus" : "reward-minus";
  return (
    <span class={tone}>
      {value > 0 ? "+" : "−"}
      {words(Math.abs(value))}
    </span>
  );
}

const MARKS = { same: "", changed: "≠", added: "+", removed: "−" } as const;
const WORDS = { same: "same", changed: "changed", added: "only in B", removed: "only in A" } as const;

/** Lines that are drawn at once. */
const SHOWN = 150;

function Rows({
  comparison,
  a,
  b,
}: {
  readonly comparison: Comparison;
  readonly a: TraceSession;
  readonly b: TraceSession;
}) {
  const shown = useSignal(SHOWN);
  const { only, row: opened } = url.signal.value;
  const numbered = comparison.rows.map((row, number) => ({ row, number }));
  const rows = only === "changed" ? numbered.filter(({ row }) => row.difference !== "same") : numbered;
  const same = comparison.rows.length - comparison.rows.filter((row) => row.difference !== "same").length;
  return (
    <section class="stack" aria-label="Spans">
      <div class="row">
        <h2>Spans</h2>
        <span class="muted">
          {count(comparison.rows.length - same)} differ, {count(same)} are the same
        </span>
        <span class="grow" />
        <button
          type="button"
          class="button"
          aria-pressed={only === "changed"}
          onClick={() => url.set({ only: only === "changed" ? "all" : "changed" })}
        >
          Only changed
        </button>
      </div>
      {rows.length === 0 ? <p class="state muted">No span differs.</p> : null}
      <ol class="plain compare-rows">
        {rows.slice(0, shown.value).map(({ row, number }) => (
          <Line key={number} row={row} open={opened === String(number)} number={number} a={a} b={b} />
        ))}
      </ol>
      {rows.length > shown.value ? (
        <button type="button" class="button" onClick={() => (shown.value += SHOWN * 4)}>
          Show more ({count(rows.length - shown.value)} left)
        </button>
      ) : null}
    </section>
  );
}

interface LineProps {
  readonly row: ComparedRow;
  readonly number: number;
  readonly open: boolean;
  readonly a: TraceSession;
  readonly b: TraceSession;
}

function Line({ row, number, open, a, b }: LineProps) {
  const span = row.b ?? row.a;
  const { label: labelA } = row.a ?? { label: "" };
  const { label: labelB } = row.b ?? { label: "" };
  const openable = row.a !== null || row.b !== null;
  const name: ComponentChildren =
    span === null ? (
      <em class="muted">group</em>
    ) : row.a !== null && row.b !== null && labelA !== labelB ? (
      <>
        <del>{labelA}</del> <ins>{labelB}</ins>
      </>
    ) : (
      span.label || "(no name)"
    );
  return (
    <li class={`compare-row is-${row.difference}`}>
      <div class="compare-line" style={{ "--depth": String(Math.min(row.depth, 14)) }}>
        <span class="compare-mark" title={WORDS[row.difference]}>
          <span aria-hidden="true">{MARKS[row.difference]}</span>
          <span class="sr-only">{WORDS[row.difference]}</span>
        </span>
        <button
          type="button"
          class="compare-name"
          aria-expanded={open}
          disabled={!openable}
          onClick={() => url.set({ row: open ? null : String(number) }, "replace")}
        >
          {span === null ? null : <KindIcon kind={span.kind} labelled />}
          <span class="line" title={span === null ? "" : `${kindWord(span.kind)}: ${span.name}`}>
            {name}
          </span>
        </button>
        <span class="compare-changes">
          {row.changes.map((change) => (
            <span key={change} class="chip">
              {change}
            </span>
          ))}
        </span>
        <span class="num">
          {row.duration_delta === null ? "" : <Delta value={row.duration_delta} words={duration} />}
        </span>
        <span class="num">
          {row.tokens_delta === 0 ? (
            ""
          ) : (
            <Delta value={row.tokens_delta} words={(value) => `${count(value)} tok`} />
          )}
        </span>
        <span class="num">
          {row.reward_delta !== null && row.reward_delta !== 0 ? (
            <RewardDelta value={row.reward_delta} />
          ) : span?.reward != null ? (
            <RewardChip value={span.reward} />
          ) : null}
        </span>
      </div>
      {open ? <SpanDifference row={row} a={a} b={b} /> : null}
    </li>
  );
}
