/** Two sets of resources, or two versions of one: what is other in them, and how well their rollouts went. */

import { useCommands } from "../../app/keyboard.ts";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { href, navigate, pathOf } from "../../app/location.ts";
import { DiffView, goToChange } from "../../components/diff/diff_view.tsx";
import { Icon } from "../../components/icon.tsx";
import { Answered } from "../../components/states.tsx";
import { shortId } from "../../format/id.ts";
import { plural } from "../../format/number.ts";
import { useMemo, useRef } from "preact/hooks";
import { RewardChip, RewardDelta } from "../rollout/reward.tsx";
import { changesOf, type FieldChange, type ResourceChange } from "./changes.ts";
import { loadVersions, type Version, type Versions } from "./load.ts";
import { detail, type Pick, readPick, writePick } from "./state.ts";

interface Props {
  readonly versions: Versions;
  readonly shown: Version;
}

/** What this is compared with: another version, or another set. */
export function DiffPicker({ versions, shown }: Props) {
  const { diff } = detail.signal.value;
  const picked = readPick(diff);
  const others = useQuery({
    key: level.value,
    load: async (signal) => {
      if (level.peek() === "full") {
        return (await client.dashboard.resources({ limit: 200 }, { signal })).items.map(
          (row) => row.resources_id,
        );
      }
      return (await client.queryResources({ limit: 200 }, { signal })).items.map((row) => row.resources_id);
    },
    topics: ["resources"],
  });
  const older = versions.items.filter(({ version }) => version !== shown.version);
  const ids = (others.data.value ?? []).filter((id) => id !== versions.id);
  const value = picked === null ? "" : picked.id === versions.id ? writePick(picked) : picked.id;
  return (
    <label class="row">
      Compare with
      <select
        class="field"
        value={value}
        onChange={(event) => detail.set({ diff: event.currentTarget.value || null })}
      >
        <option value="">nothing</option>
        {older.length === 0 ? null : (
          <optgroup label="Other versions">
            {older.map(({ version }) => (
              <option key={version} value={`${versions.id}@${version}`}>
                version {version}
              </option>
            ))}
          </optgroup>
        )}
        {ids.length === 0 ? null : (
          <optgroup label="Other sets">
            {ids.map((id) => (
              <option key={id} value={id}>
                {shortId(id, 30)}
              </option>
            ))}
          </optgroup>
        )}
        {value === "" ||
        ids.includes(value) ||
        older.some(({ version }) => value === `${versions.id}@${version}`) ? null : (
          <option value={value}>{shortId(value, 30)}</option>
        )}
      </select>
      {versions.kept ? null : (
        <span class="muted">This server keeps no older versions, so only sets can be compared.</span>
      )}
    </label>
  );
}

export function Difference({ versions, shown, picked }: Props & { readonly picked: Pick }) {
  const same = picked.id === versions.id;
  const other = useQuery({
    key: same ? null : `${level.value} ${picked.id}`,
    load: async (signal) => ({ versions: await loadVersions(picked.id, signal) }),
    topics: ["resources"],
  });
  if (same) return <Sides before={versions} picked={picked} after={versions} shown={shown} />;
  return (
    <Answered answer={other}>
      {({ versions: before }) =>
        before === null ? (
          <p class="state">
            There is no set <code>{picked.id}</code>.
          </p>
        ) : (
          <Sides before={before} picked={picked} after={versions} shown={shown} />
        )
      }
    </Answered>
  );
}

interface SidesProps {
  readonly before: Versions;
  readonly picked: Pick;
  readonly after: Versions;
  readonly shown: Version;
}

function Sides({ before, picked, after, shown }: SidesProps) {
  const { layout, name } = detail.signal.value;
  const box = useRef<HTMLDivElement>(null);
  const old =
    picked.version === 0 ? before.items[0] : before.items.find(({ version }) => version === picked.version);
  const changes = useMemo(() => (old === undefined ? [] : changesOf(old.text, shown.text)), [old, shown]);
  const go = (step: 1 | -1): boolean => box.current !== null && goToChange(box.current, step);
  const swap = (): void => {
    if (old === undefined) return;
    const to = before.id === after.id ? after.id : before.id;
    const query = new URLSearchParams({
      diff: writePick({ id: after.id, version: shown.version }),
      v: String(old.version),
    });
    if (layout === "unified") query.set("layout", layout);
    navigate(`${pathOf("resources", to)}?${query.toString()}`);
  };
  useCommands([
    { id: "diff.next", label: "Next change", group: "Differences", keys: ["]"], run: () => go(1) },
    { id: "diff.before", label: "Previous change", group: "Differences", keys: ["["], run: () => go(-1) },
  ]);
  if (old === undefined) {
    return (
      <p class="state">
        Version {picked.version} of <code>{picked.id}</code> is not kept any more.
      </p>
    );
  }
  const visible = changes.filter((change) => name === null || change.name === name);
  const different = changes.filter((change) => change.state !== "same").length;
  return (
    <div class="stack" ref={box}>
      <div class="resource-sides">
        <SideFacts title="Old" versions={before} version={old} />
        <SideFacts title="New" versions={after} version={shown} />
        {old.meanReward === null || shown.meanReward === null ? null : (
          <span class="row">
            mean reward <RewardDelta value={shown.meanReward - old.meanReward} />
          </span>
        )}
      </div>
      <div class="row">
        <span>
          {different === 0
            ? "Nothing differs."
            : `${plural(different, "resource")} differ${different === 1 ? "s" : ""}.`}
        </span>
        <span class="grow" />
        <div class="segmented" role="group" aria-label="Layout">
          {(["split", "unified"] as const).map((one) => (
            <button
              key={one}
              type="button"
              class="button"
              aria-pressed={layout === one}
              onClick={() => detail.set({ layout: one }, "replace")}
            >
              {one === "split" ? "Side by side" : "Unified"}
            </button>
          ))}
        </div>
        <button
          type="button"
          class="button icon"
          aria-label="Previous change"
          title="Previous change ([)"
          onClick={() => go(-1)}
        >
          <Icon name="up" />
        </button>
        <button
          type="button"
          class="button icon"
          aria-label="Next change"
          title="Next change (])"
          onClick={() => go(1)}
        >
          <Icon name="down" />
        </button>
        <button type="button" class="button" onClick={swap}>
          <Icon name="compare" />
          Swap
        </button>
      </div>
      {visible.map((change) => (
        <Change key={change.name} change={change} />
      ))}
    </div>
  );
}

function SideFacts({ title, versions, version }: { title: string; versions: Versions; version: Version }) {
  return (
    <p class="resource-side">
      <span class="muted">{title}</span>
      <a class="mono" href={href(`${pathOf("resources", versions.id)}?v=${version.version}`)}>
        {shortId(versions.id, 26)}@{version.version}
      </a>
      {version.rollouts === null ? null : <span class="muted">{plural(version.rollouts, "rollout")}</span>}
      {version.meanReward === null ? (
        <span class="muted">no rewards</span>
      ) : (
        <RewardChip value={version.meanReward} title="Mean reward of its rollouts" />
      )}
    </p>
  );
}

const STATES = { added: "added", removed: "removed", changed: "changed", same: "the same" } as const;

function Change({ change }: { readonly change: ResourceChange }) {
  const { layout } = detail.signal.value;
  const short = change.fields.filter((field) => !field.long);
  const long = change.fields.filter((field) => field.long);
  return (
    <section class="card" aria-label={change.name}>
      <header>
        <h2>{change.name}</h2>
        {change.type === null ? null : <span class="chip">{change.type}</span>}
        <span class={`resource-state is-${change.state}`}>{STATES[change.state]}</span>
      </header>
      {change.fields.length === 0 ? null : (
        <div class="body stack">
          {short.length === 0 ? null : (
            <table class="table resource-fields">
              <caption class="sr-only">Values that differ in {change.name}</caption>
              <thead>
                <tr>
                  <th scope="col">Value</th>
                  <th scope="col">Old</th>
                  <th scope="col">New</th>
                </tr>
              </thead>
              <tbody>
                {short.map((field) => (
                  <tr key={field.path} data-change="">
                    <td class="mono">{field.path}</td>
                    <Cell text={field.before} kind="removed" />
                    <Cell text={field.after} kind="added" />
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {long.map((field: FieldChange) => (
            <div key={field.path} class="stack">
              <h3 class="mono">{field.path}</h3>
              <DiffView
                before={field.before ?? ""}
                after={field.after ?? ""}
                layout={layout}
                label={`${change.name}: ${field.path}`}
              />
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

function Cell({ text, kind }: { readonly text: string | null; readonly kind: "removed" | "added" }) {
  return <td class={text === null ? "muted" : `mono is-${kind}`}>{text ?? "—"}</td>;
}
