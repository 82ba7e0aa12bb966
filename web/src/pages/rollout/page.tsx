/** One rollout: what it is, how its attempts went, and everything that happened in one of them. */

import { useSignalEffect } from "@preact/signals";
import { Flag } from "lightning-store-client/trace";
import { useEffect, useRef } from "preact/hooks";
import { level } from "../../api/capabilities.ts";
import { usePaced, useQuery } from "../../api/query.ts";
import { now } from "../../app/clock.ts";
import { useCommands } from "../../app/keyboard.ts";
import { watch } from "../../app/live.ts";
import { href } from "../../app/location.ts";
import { preference } from "../../app/preferences.ts";
import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";
import { Answered, Empty, ErrorState, Loading, Progress } from "../../components/states.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { count } from "../../format/number.ts";
import { shortId } from "../../format/id.ts";
import { Attempts, isOpen } from "./attempts.tsx";
import { Header, Input } from "./header.tsx";
import { Inspector } from "./inspector/panel.tsx";
import { lazy } from "./lazy.tsx";
import { type LoadedRollout, loadRollout } from "./load.ts";
import { MissingRollout } from "./missing.tsx";
import { MAX_SPANS } from "./session.ts";
import { Splitter } from "./splitter.tsx";
import { url, type View } from "./state.ts";
import { useTrace } from "./use_session.ts";
import { FilterBar, useAddress } from "./waterfall/filter_bar.tsx";
import { useWaterfallKeys } from "./waterfall/keys.ts";
import { Minimap } from "./waterfall/minimap.tsx";
import type { WaterfallModel } from "./waterfall/model.ts";
import { Rows } from "./waterfall/view.tsx";
import "./rollout.css";

const ConversationView = lazy(async () => (await import("./conversation.tsx")).ConversationView);
const TrainingView = lazy(async () => (await import("./training.tsx")).TrainingView);
const JsonView = lazy(async () => (await import("./json_view.tsx")).JsonView);

export function Page({ id }: PageProps) {
  useTitle(shortId(id), "Rollouts");
  const answer = useQuery({
    key: `${level.value} ${id}`,
    load: async (signal) => ({ rollout: await loadRollout(id, signal) }),
    keep: false,
  });
  const refetch = usePaced(() => answer.refetch());
  useEffect(
    () =>
      watch(["rollouts", "summary"], (event) => {
        const behind = answer.data.peek()?.rollout?.detail.behind ?? 0;
        if (
          event === null ||
          (event.type === "rollout" ? event.data.rollout_id === id : behind > 0 || isLive())
        )
          refetch();
      }),
    [id],
  );
  const isLive = (): boolean => answer.data.peek()?.rollout?.detail.rollout.end_time === null;
  if (answer.error.value?.kind === "missing") return <MissingRollout id={id} />;
  return (
    <div class="page ro-page">
      <Answered answer={answer} rows={12}>
        {({ rollout }) => (rollout === null ? <MissingRollout id={id} /> : <Rollout loaded={rollout} />)}
      </Answered>
    </div>
  );
}

function Rollout({ loaded }: { readonly loaded: LoadedRollout }) {
  const { rollout, attempts } = loaded.detail;
  const wanted = url.signal.value.attempt;
  const attempt =
    wanted === "latest" ? attempts.at(-1) : attempts.find(({ attempt }) => attempt.attempt_id === wanted);
  const attemptId = attempt?.attempt.attempt_id ?? null;
  const model = useTrace(rollout.rollout_id, attemptId);
  const running = attempt !== undefined && isOpen(attempt.attempt);
  useSignalEffect(() => {
    if (model !== null) model.now.value = running ? now.value : null;
  });
  useEffect(() => {
    if (model !== null) model.now.value = running ? now.peek() : null;
  }, [model, running]);
  return (
    <>
      <Header loaded={loaded} />
      <Attempts rolloutId={rollout.rollout_id} attempts={attempts} current={attemptId} />
      <Input loaded={loaded} />
      {attemptId === null && wanted !== "latest" ? (
        <Empty title="There is no such attempt">
          <p>
            This rollout has no attempt <code>{wanted}</code>.
          </p>
          <a class="button" href={href(url.link({ attempt: "latest" }))}>
            Show the latest one
          </a>
        </Empty>
      ) : attemptId === null ? (
        <Empty title="No attempt yet">
          <p>
            The rollout waits in the <a href={href("/queue")}>queue</a>. Its spans appear here as soon as a
            worker begins.
          </p>
        </Empty>
      ) : model === null || model.session.attemptId !== attemptId ? (
        <Loading rows={10} />
      ) : (
        <Trace
          key={`${rollout.rollout_id} ${attemptId}`}
          loaded={loaded}
          model={model}
          failed={attempt?.attempt.status !== "succeeded"}
        />
      )}
    </>
  );
}

const isWidth = (value: unknown): value is number =>
  typeof value === "number" && value >= 280 && value <= 1000;
/** Pixels. */
const inspectorWidth = preference<number>("trace.inspector", 420, isWidth);

const VIEW_NAMES: Readonly<Record<View, string>> = {
  waterfall: "Waterfall",
  tree: "Tree",
  messages: "Messages",
  training: "Training",
  json: "JSON",
};

interface TraceProps {
  readonly loaded: LoadedRollout;
  readonly model: WaterfallModel;
  readonly failed: boolean;
}

function Trace({ loaded, model, failed }: TraceProps) {
  const state = url.signal.value;
  const { session } = model;
  const last = useRef<HTMLElement | null>(null);
  useAddress(model);
  useFirstChoice(model, failed);
  useEffect(() => model.applyLevels(url.value.collapsed), []);
  useCommands([
    {
      id: "trace.close",
      label: "Close the inspector",
      group: "Rollout",
      keys: ["Escape"],
      run: () => {
        if (url.value.span === null) return false;
        close();
        return true;
      },
    },
    {
      id: "trace.filter",
      label: "Filter spans",
      group: "Waterfall",
      keys: ["/"],
      run: () => {
        const field = document.querySelector<HTMLInputElement>(".wf-search");
        field?.focus();
        field?.select();
        return field !== null;
      },
    },
  ]);
  const close = (): void => {
    url.set({ span: null }, "replace");
    const row = document.querySelector<HTMLElement>('.wf-scroll [tabindex="0"]');
    (last.current ?? row)?.focus({ preventScroll: true });
  };
  const show = (spanId: string): void => {
    if (!model.reveal(spanId, { push: true, focus: false })) url.set({ span: spanId });
  };
  const tabs = (Object.keys(VIEW_NAMES) as View[]).map((name) => ({ name, label: VIEW_NAMES[name] }));
  return (
    <div
      class="trace"
      data-inspector={state.span !== null}
      style={{ "--inspector": `${inspectorWidth.value}px` }}
    >
      <div class="trace-main">
        <Tabs
          label="Views of the attempt"
          tabs={tabs}
          current={state.view}
          onChange={(view) => url.set({ view })}
        >
          <Progress on={session.loading.value && session.spanCountNow() > 0} />
          <Notices model={model} loaded={loaded} />
          {state.view === "waterfall" || state.view === "tree" ? (
            <Spans model={model} tree={state.view === "tree"} />
          ) : (
            <div class="trace-scroll">
              {state.view === "messages" ? <ConversationView session={session} onSpan={show} /> : null}
              {state.view === "training" ? <TrainingView session={session} onSpan={show} /> : null}
              {state.view === "json" ? <JsonView loaded={loaded} session={session} /> : null}
            </div>
          )}
        </Tabs>
      </div>
      {state.span === null ? null : (
        <>
          <Splitter
            label="Width of the inspector"
            value={inspectorWidth.value}
            least={280}
            most={1000}
            step={20}
            perPixel={() => -1}
            onChange={(value) => {
              inspectorWidth.value = value;
            }}
          />
          <div class="trace-inspector">
            <Inspector session={session} spanId={state.span} onSpan={show} onClose={close} />
          </div>
        </>
      )}
    </div>
  );
}

function Spans({ model, tree }: { readonly model: WaterfallModel; readonly tree: boolean }) {
  useWaterfallKeys(model);
  const { session } = model;
  void session.revision.value;
  if (session.spanCountNow() === 0 && !session.complete.value) {
    return session.failure.value === null ? <Loading rows={12} /> : null;
  }
  return (
    <div class="wf">
      <FilterBar model={model} />
      {tree ? null : <Minimap model={model} />}
      <Rows model={model} tree={tree} />
    </div>
  );
}

function Notices({ model, loaded }: { readonly model: WaterfallModel; readonly loaded: LoadedRollout }) {
  const { session } = model;
  const failure = session.failure.value;
  const attempt = loaded.detail.attempts.find((one) => one.attempt.attempt_id === session.attemptId);
  const missing = (attempt?.facts.spans ?? 0) > 0 && session.complete.value && session.total.value === 0;
  return (
    <>
      {failure === null ? null : <ErrorState failure={failure} retry={() => session.update()} />}
      {session.tooMany.value ? (
        <div class="banner">
          Only the first {count(MAX_SPANS)} of {count(session.total.value)} spans are here.
          <button type="button" class="button" onClick={() => void session.loadAll()}>
            Load all (about {count(Math.ceil((session.total.value * 1.2) / 1000))} MB)
          </button>
        </div>
      ) : null}
      {missing ? (
        <div class="banner">
          These spans are not in the store any more: {count(attempt?.facts.spans ?? 0)} were counted when they
          came. They were evicted or deleted.
        </div>
      ) : null}
    </>
  );
}

/** Narrow pages show the inspector over everything: there nothing is chosen before somebody chooses it. */
function isNarrow(): boolean {
  return window.matchMedia("(max-width: 700px)").matches;
}

/** Chooses the span of the address; else, of a failed attempt, the first error; else the last span. */
function useFirstChoice(model: WaterfallModel, failed: boolean): void {
  const done = useRef(false);
  useSignalEffect(() => {
    const { session } = model;
    void session.revision.value;
    if (done.current || session.closed || session.spanCountNow() === 0) return;
    const { span } = url.signal.peek();
    if (span !== null) {
      if (!session.waterfall.summaryOf(span) && !session.complete.value) return;
      done.current = true;
      queueMicrotask(() => session.closed || model.reveal(span, { focus: false }));
      return;
    }
    if (!session.complete.value || isNarrow()) return;
    done.current = true;
    queueMicrotask(() => {
      if (session.closed) return;
      const error = failed ? firstError(model) : -1;
      const last = error >= 0 ? error : lastSpan(model);
      if (last < 0) return;
      session.changed();
      if (error >= 0) model.chooseRow(last, { focus: false, center: true });
      else model.chooseQuietly(last);
    });
  });
  const { span } = url.signal.value;
  useEffect(() => {
    // Back and forward choose another one.
    const { session } = model;
    // The address of now: keys may have gone on since this was drawn.
    const now = url.value.span;
    if (!done.current || session.closed || now === null || model.active.peek() === `span:${now}`) return;
    model.reveal(now, { focus: false });
  }, [span]);
}

/** The row of the first error: of one within another, the innermost, which says most. -1: there is none. */
function firstError({ waterfall }: WaterfallModel): number {
  let found = waterfall.next("error", -1);
  for (;;) {
    const outer = waterfall.row(found);
    if (outer === null || (outer.flags & Flag.ERROR_BELOW) === 0) return found;
    const next = waterfall.next("error", found);
    const inner = waterfall.row(next);
    if (inner === null || next <= found || inner.depth <= outer.depth) return found;
    found = next;
  }
}

/** The last row that is a span; -1: there is none. */
function lastSpan(model: WaterfallModel): number {
  const { waterfall } = model;
  const { flags } = waterfall.columns();
  return flags.findLastIndex((bits) => (bits & (Flag.VIRTUAL | Flag.FOLD)) === 0);
}
