/** What a rollout is, at a glance, and where one can go from it. */

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { useCommands } from "../../app/keyboard.ts";
import { announce } from "../../app/announce.ts";
import { absolute, href, navigate, pathOf, place } from "../../app/location.ts";
import { onTrail, trail } from "../../app/trail.ts";
import { client } from "../../api/client.ts";
import { level } from "../../api/capabilities.ts";
import { copyText, CopyButton } from "../../components/copy.tsx";
import { Icon } from "../../components/icon.tsx";
import { JsonTree } from "../../components/json/json_tree.tsx";
import { saveText } from "../../components/json/save.ts";
import { Menu } from "../../components/menu.tsx";
import { Since, Time } from "../../components/time.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { duration } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, short } from "../../format/number.ts";
import type { LoadedRollout } from "./load.ts";
import { RewardChip } from "./reward.tsx";
import { configWords, curlOf } from "./words.ts";

function goTo(id: string | null): boolean {
  if (id === null) return false;
  navigate(pathOf("rollouts", id));
  return true;
}

export function Header({ loaded }: { readonly loaded: LoadedRollout }) {
  const { rollout, row } = loaded.detail;
  const id = rollout.rollout_id;
  const before = onTrail(id, -1);
  const after = onTrail(id, 1);
  useCommands([
    {
      id: "rollout.before",
      label: "Previous rollout of the list",
      group: "Rollout",
      keys: ["["],
      run: () => goTo(before),
    },
    {
      id: "rollout.after",
      label: "Next rollout of the list",
      group: "Rollout",
      keys: ["]"],
      run: () => goTo(after),
    },
    {
      id: "rollout.copy",
      label: "Copy the rollout's id",
      group: "Rollout",
      keys: ["c"],
      palette: true,
      run: async () => {
        if (await copyText(id)) announce("Copied the rollout's id");
      },
    },
  ]);
  return (
    <header class="ro-head">
      <div class="ro-title">
        <a class="ro-back" href={href(trail.value.from)}>
          Rollouts
        </a>
        <span class="muted" aria-hidden="true">
          /
        </span>
        <h1 class="mono" title={id}>
          {shortId(id, 40)}
        </h1>
        <CopyButton text={id} what="rollout id" />
        <StatusBadge status={rollout.status} attempt={row.attempt?.status} />
        {rollout.mode === null ? null : <span class="chip">{rollout.mode}</span>}
        <span class="grow" />
        <nav class="ro-neighbours" aria-label="Rollouts of the list">
          <Neighbour id={before} label="Previous rollout" icon="up" hint="[" />
          <Neighbour id={after} label="Next rollout" icon="down" hint="]" />
        </nav>
        <Actions loaded={loaded} />
      </div>
      <Facts loaded={loaded} />
    </header>
  );
}

function Neighbour({
  id,
  label,
  icon,
  hint,
}: {
  id: string | null;
  label: string;
  icon: "up" | "down";
  hint: string;
}) {
  if (id === null) {
    return (
      <button type="button" class="button icon" disabled aria-label={label}>
        <Icon name={icon} />
      </button>
    );
  }
  return (
    <a
      class="button icon"
      href={href(pathOf("rollouts", id))}
      aria-label={`${label}, ${shortId(id)}`}
      title={`${label} (${hint})`}
    >
      <Icon name={icon} />
    </a>
  );
}

async function copy(text: string, what: string): Promise<void> {
  announce((await copyText(text)) ? `Copied ${what}` : `Could not copy ${what}`);
}

interface ItemProps {
  readonly label: string;
  readonly icon: "link" | "copy" | "download";
  readonly run: () => unknown;
  readonly close: () => void;
}

function Item({ label, icon, run, close }: ItemProps) {
  return (
    <button
      type="button"
      class="item"
      onClick={() => {
        void run();
        close();
      }}
    >
      <Icon name={icon} />
      {label}
    </button>
  );
}

function Actions({ loaded }: { readonly loaded: LoadedRollout }) {
  const { rollout } = loaded.detail;
  const id = rollout.rollout_id;
  const api = absolute(`/v1/agl/rollouts/${encodeURIComponent(id)}`);
  return (
    <Menu
      class="button"
      label={
        <>
          Export <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <>
          <Item
            label="Copy link to this view"
            icon="link"
            close={close}
            run={() => {
              const { path, query } = place.peek();
              return copy(absolute(path) + (query === "" ? "" : `?${query}`), "the link");
            }}
          />
          <Item label="Copy as curl" icon="copy" close={close} run={() => copy(curlOf(api), "the command")} />
          <Item
            label="Copy as JSON"
            icon="copy"
            close={close}
            run={() => copy(loaded.text, "the rollout as JSON")}
          />
          <Item
            label="Save as JSON"
            icon="download"
            close={close}
            run={() => saveText(`${id}.json`, loaded.text, "application/json")}
          />
          {level.value === "full" ? (
            <button
              type="button"
              class="item"
              onClick={() => {
                close();
                void client.dashboard.exportUrl("spans.jsonl", { rollout_id: id }).then((url) => {
                  const link = document.createElement("a");
                  link.href = url;
                  link.download = `${id}-spans.jsonl`;
                  link.click();
                });
              }}
            >
              <Icon name="download" />
              All spans as JSONL
            </button>
          ) : null}
          <a class="item" href={api} target="_blank" rel="noopener">
            <Icon name="external" />
            Raw JSON from the server
          </a>
        </>
      )}
    </Menu>
  );
}

function Facts({ loaded }: { readonly loaded: LoadedRollout }) {
  const { rollout, row, attempts } = loaded.detail;
  const { facts } = row;
  const full = level.value === "full";
  const running = rollout.end_time === null && row.attempt != null;
  const metadata = useMemo(() => Object.entries(row.metadata), [row]);
  const worker = attempts.at(-1)?.attempt.worker_id ?? null;
  return (
    <>
      <dl class="ro-facts">
        {full ? (
          <>
            <Fact name="Reward">
              {facts.reward === null ? (
                <span class="muted">none</span>
              ) : (
                <RewardChip
                  value={facts.reward}
                  title={facts.rewards.map((one) => `${one.name ?? "reward"}: ${one.value}`).join("\n")}
                />
              )}
              {facts.rewards.slice(1, 4).map((one, place) => (
                <span key={place} class="muted">
                  {one.name ?? `dimension ${place + 1}`} {one.value}
                </span>
              ))}
            </Fact>
            <Fact name="Tokens">
              <span title={`${count(facts.input_tokens)} in, ${count(facts.output_tokens)} out`}>
                {short(facts.input_tokens)} → {short(facts.output_tokens)}
              </span>
            </Fact>
            <Fact name="Spans">
              {count(facts.spans)}
              {facts.errors > 0 ? <span class="ro-errors">{count(facts.errors)} with errors</span> : null}
            </Fact>
          </>
        ) : null}
        <Fact name="Waited">{duration(row.queue_wait)}</Fact>
        <Fact name={running ? "Running for" : "Ran"}>
          {running && row.attempt != null ? <Since at={row.attempt.start_time} /> : duration(row.run_time)}
        </Fact>
        <Fact name="Started">
          <Time at={rollout.start_time} />
        </Fact>
        {rollout.end_time === null ? null : (
          <Fact name="Ended">
            <Time at={rollout.end_time} />
          </Fact>
        )}
        {worker === null ? null : (
          <Fact name="Worker">
            <a href={href(pathOf("workers", worker))}>{shortId(worker, 24)}</a>
          </Fact>
        )}
        <Fact name="Resources">
          {rollout.resources_id === null ? (
            <span class="muted">the latest</span>
          ) : (
            <a href={href(pathOf("resources", rollout.resources_id))}>{shortId(rollout.resources_id, 24)}</a>
          )}
        </Fact>
        {facts.models.length === 0 ? null : (
          <Fact name={facts.models.length === 1 ? "Model" : "Models"}>{facts.models.join(", ")}</Fact>
        )}
        {facts.cost === null ? null : <Fact name="Cost">{String(facts.cost)}</Fact>}
        <Fact name="Attempts">
          {row.attempts} of {row.max_attempts}; {configWords(rollout.config).join("; ")}
        </Fact>
      </dl>
      {metadata.length === 0 ? null : (
        <ul class="plain ro-metadata" aria-label="Metadata">
          {metadata.map(([key, value]) => (
            <li key={key} class="chip" title={`${key}: ${value}`}>
              <span class="muted">{key}</span> {value}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The input: one line of it, all of it on demand. */
export function Input({ loaded }: { readonly loaded: LoadedRollout }) {
  const { row } = loaded.detail;
  const plainText = useMemo(() => {
    const value: unknown = JSON.parse(loaded.input);
    return typeof value === "string" ? value : null;
  }, [loaded.input]);
  return (
    <details class="ro-input">
      <summary>
        <span class="ro-input-name">Input</span>
        <span class="line">{row.input === "" ? loaded.input.slice(0, 200) : row.input}</span>
      </summary>
      {plainText === null ? (
        <JsonTree text={loaded.input} label="Input" openLevels={2} />
      ) : (
        <div class="plain-text ro-input-text">{plainText}</div>
      )}
      {loaded.metadata === "null" || loaded.metadata === "{}" ? null : (
        <>
          <h2>Metadata</h2>
          <JsonTree text={loaded.metadata} label="Metadata" plain openLevels={2} />
        </>
      )}
    </details>
  );
}
