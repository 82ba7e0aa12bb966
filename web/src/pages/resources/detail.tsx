/** One set of resources: what it holds at a version, who uses it, and how it differs from others. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { level } from "../../api/capabilities.ts";
import { type Failure, failureOf } from "../../api/failure.ts";
import { useQuery } from "../../api/query.ts";
import { absolute, href } from "../../app/location.ts";
import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";
import { CopyButton } from "../../components/copy.tsx";
import { Answered, Empty, ErrorState } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { shortId } from "../../format/id.ts";
import { plural } from "../../format/number.ts";
import { Reveal } from "../rollout/inspector/reveal.tsx";
import { RewardChip } from "../rollout/reward.tsx";
import { curlOf } from "../rollout/words.ts";
import { ResourceCard } from "./card.tsx";
import { Difference, DiffPicker } from "./difference.tsx";
import { loadSecrets, loadVersions, namesOf, type Versions } from "./load.ts";
import { detail, readPick } from "./state.ts";
import "../rollout/rollout.css";
import "./resources.css";

export function Page({ id }: PageProps) {
  useTitle(shortId(id), "Resources");
  const answer = useQuery({
    key: `${level.value} ${id}`,
    load: async (signal) => ({ versions: await loadVersions(id, signal) }),
    topics: ["resources", "summary"],
    keep: false,
  });
  if (answer.error.value?.kind === "missing") return <Missing id={id} />;
  return (
    <div class="page">
      <Answered answer={answer}>
        {({ versions }) => (versions === null ? <Missing id={id} /> : <Resources versions={versions} />)}
      </Answered>
    </div>
  );
}

function Missing({ id }: { readonly id: string }) {
  return (
    <div class="page">
      <div class="state">
        <h1>There is no such set of resources</h1>
        <p>
          The store was asked for <code>{id}</code> and does not have it.
        </p>
        <a class="button" href={href("/resources")}>
          All resources
        </a>
      </div>
    </div>
  );
}

function Resources({ versions }: { readonly versions: Versions }) {
  const { v, diff, name } = detail.signal.value;
  const current = versions.items[0];
  const shown = v === 0 ? current : versions.items.find(({ version }) => version === v);
  const picked = readPick(diff);
  return (
    <>
      <div class="page-head">
        <a class="ro-back" href={href("/resources")}>
          Resources
        </a>
        <span class="muted" aria-hidden="true">
          /
        </span>
        <h1 class="mono resources-title" title={versions.id}>
          {shortId(versions.id, 40)}
        </h1>
        <CopyButton text={versions.id} what="resources id" />
        <span class="grow" />
        <CopyButton
          text={curlOf(absolute(`/v1/agl/resources/${encodeURIComponent(versions.id)}`))}
          what="a curl command"
          label="curl"
        />
      </div>
      <div class="row">
        <label class="row">
          Version
          <select
            class="field"
            value={String(v)}
            onChange={(event) => detail.set({ v: Number(event.currentTarget.value) })}
          >
            <option value="0">current{current === undefined ? "" : ` (${current.version})`}</option>
            {versions.items.slice(1).map(({ version }) => (
              <option key={version} value={String(version)}>
                {version}
              </option>
            ))}
          </select>
        </label>
        <DiffPicker versions={versions} shown={shown ?? current ?? NONE} />
        {name === null ? null : (
          <button type="button" class="button" onClick={() => detail.set({ name: null })}>
            Only {name}: show all
          </button>
        )}
      </div>
      {shown === undefined ? (
        <Empty title="This version is not kept">
          <p>
            Version {v} was superseded, and is not among the {plural(versions.items.length, "version")} that
            the store has.
          </p>
        </Empty>
      ) : picked !== null ? (
        <Difference versions={versions} shown={shown} picked={picked} />
      ) : (
        <Content versions={versions} shown={shown} only={name} />
      )}
    </>
  );
}

const NONE = { version: 0, updateTime: 0, text: "{}", rollouts: null, meanReward: null };

interface ContentProps {
  readonly versions: Versions;
  readonly shown: Versions["items"][number];
  readonly only: string | null;
}

function Content({ versions, shown, only }: ContentProps) {
  const revealed = useSignal<{ readonly version: number; readonly text: string } | null>(null);
  const failure = useSignal<Failure | null>(null);
  const isCurrent = shown.version === versions.items[0]?.version;
  const open = isCurrent && revealed.value?.version === shown.version;
  const text = open ? (revealed.value?.text ?? shown.text) : shown.text;
  const resources = useMemo(() => namesOf(text), [text]);
  const masked = shown.text.includes("••••");
  const reveal = async (show: boolean): Promise<void> => {
    failure.value = null;
    if (!show) {
      revealed.value = null;
      return;
    }
    try {
      revealed.value = await loadSecrets(versions.id);
    } catch (error) {
      failure.value = failureOf(error);
    }
  };
  return (
    <div class="stack">
      <p class="row resource-facts">
        <span>
          <span class="muted">stored </span>
          <Time at={shown.updateTime} />
        </span>
        <span>
          <span class="muted">first </span>
          <Time at={versions.createTime} />
        </span>
        {shown.rollouts === null ? null : (
          <a href={href(`/rollouts?resources=${encodeURIComponent(versions.id)}`)}>
            {plural(shown.rollouts, "rollout")}
          </a>
        )}
        {shown.meanReward === null ? null : (
          <span class="row">
            <span class="muted">mean reward</span> <RewardChip value={shown.meanReward} />
          </span>
        )}
        <span class="grow" />
        {masked && isCurrent ? <Reveal shown={open} onChange={(show) => void reveal(show)} /> : null}
        {masked && !isCurrent ? (
          <span class="muted">Only the current version can be shown with its secrets.</span>
        ) : null}
      </p>
      {failure.value === null ? null : <ErrorState failure={failure.value} retry={() => reveal(true)} />}
      {resources.length === 0 ? <p class="state muted">This version holds nothing.</p> : null}
      {resources
        .filter((resource) => only === null || resource.name === only)
        .map((resource) => (
          <ResourceCard key={resource.name} resource={resource} />
        ))}
    </div>
  );
}
