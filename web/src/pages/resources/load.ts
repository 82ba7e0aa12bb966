/** Asks for sets of resources and their versions. Their secrets are masked; the current ones can be asked for. */

import { JsonDocument, maskSecrets, type ResourcesUpdate } from "lightning-store-client/trace";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";

export interface Version {
  readonly version: number;
  readonly updateTime: number;
  /** What it holds, as sent: an object, by name. */
  readonly text: string;
  readonly rollouts: number | null;
  readonly meanReward: number | null;
}

export interface Versions {
  readonly id: string;
  readonly createTime: number;
  /** The current one first. */
  readonly items: readonly Version[];
  /** Superseded versions are kept. */
  readonly kept: boolean;
}

interface Sent {
  readonly create_time: number;
  readonly items: readonly {
    version: number;
    update_time: number;
    rollouts: number;
    mean_reward: number | null;
  }[];
}

/** Null: there is no such set. */
export async function loadVersions(id: string, signal: AbortSignal): Promise<Versions | null> {
  if (level.peek() === "reduced") return plain(id, signal);
  const text = await client.text.dashboard.resourceVersions(id, { signal });
  const sent = JSON.parse(text) as Sent;
  using doc = new JsonDocument(text);
  const items = sent.items.map(({ version, update_time, rollouts, mean_reward }, place) => ({
    version,
    updateTime: update_time,
    text: textAt(doc, ["items", place, "resources"]),
    rollouts,
    meanReward: mean_reward,
  }));
  return { id, createTime: sent.create_time, items, kept: true };
}

async function plain(id: string, signal: AbortSignal): Promise<Versions | null> {
  const text = await client.text.getResources(id, { signal });
  const sent = JSON.parse(text) as ResourcesUpdate | null;
  if (sent === null) return null;
  using doc = new JsonDocument(maskSecrets(text) ?? text);
  const version: Version = {
    version: sent.version,
    updateTime: sent.update_time,
    text: textAt(doc, ["resources"]),
    rollouts: null,
    meanReward: null,
  };
  return { id, createTime: sent.create_time, items: [version], kept: false };
}

/** The current content with its secrets: asked for only when somebody wants to see them. */
export async function loadSecrets(
  id: string,
): Promise<{ readonly version: number; readonly text: string } | null> {
  const text = await client.text.getResources(id);
  const sent = JSON.parse(text) as ResourcesUpdate | null;
  if (sent === null) return null;
  using doc = new JsonDocument(text);
  return { version: sent.version, text: textAt(doc, ["resources"]) };
}

function textAt(doc: JsonDocument, path: readonly (string | number)[]): string {
  const id = doc.find(path);
  return id < 0 ? "{}" : doc.text(id);
}

/** One resource of a set. */
export interface Named {
  readonly name: string;
  readonly type: string | null;
  /** As sent. */
  readonly text: string;
}

export function namesOf(text: string): Named[] {
  using doc = new JsonDocument(text);
  const root = doc.node(0);
  return doc.children(0, 0, root.count).map((child) => {
    const kind = child.count > 0 ? doc.find([String(child.key), "resource_type"]) : -1;
    return { name: String(child.key), type: kind < 0 ? null : doc.string(kind), text: doc.text(child.id) };
  });
}
