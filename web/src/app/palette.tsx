/** Goes anywhere: to a section, to whatever an id names, or does what keys do. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { client } from "../api/client.ts";
import { level } from "../api/capabilities.ts";
import { Dialog } from "../components/dialog.tsx";
import { Icon, type IconName } from "../components/icon.tsx";
import { StatusBadge } from "../components/status.tsx";
import { commands, keyLabel } from "./keyboard.ts";
import { navigate, pathOf } from "./location.ts";

interface Entry {
  readonly id: string;
  readonly icon: IconName;
  readonly label: string;
  readonly hint: string;
  readonly status?: string;
  run(): unknown;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const text = useSignal("");
  const found = useSignal<readonly Entry[]>([]);
  const chosen = useSignal(0);
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const typed = text.value.trim();

  useEffect(() => {
    found.value = [];
    if (typed === "") return;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const entries = await lookUp(typed, stop.signal);
      if (!stop.signal.aborted) found.value = entries;
    }, 120);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [typed]);

  const entries = [...found.value, ...actions(typed), ...byText(typed)];
  const index = Math.min(chosen.value, Math.max(0, entries.length - 1));
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    onClose();
    entry.run();
  };
  const keys = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && entries.length > 0) {
      event.preventDefault();
      chosen.value = (index + step + entries.length) % entries.length;
      list.current?.children[chosen.value]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(entries[index]);
    }
  };
  return (
    <Dialog title="Search and commands" class="palette" bare onClose={onClose}>
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Search ids and commands"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={entries.length > 0 ? `${id}-${index}` : undefined}
          placeholder="Paste an id, or type what you want"
          autocomplete="off"
          spellcheck={false}
          value={text.value}
          onKeyDown={keys}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            chosen.value = 0;
          }}
        />
      </div>
      <ul class="plain" role="listbox" aria-label="Results" id={id} ref={list}>
        {entries.map((entry, at) => (
          <li
            key={entry.id}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === index}
            onPointerMove={() => (chosen.value = at)}
            onClick={() => run(entry)}
          >
            <Icon name={entry.icon} />
            <span class="grow line">{entry.label}</span>
            {entry.status !== undefined && <StatusBadge status={entry.status} />}
            <span class="muted">{entry.hint}</span>
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p class="state">Nothing is called that.</p>}
    </Dialog>
  );
}

function actions(typed: string): Entry[] {
  const wanted = typed.toLowerCase();
  return commands.value
    .filter(({ palette, label }) => palette === true && label.toLowerCase().includes(wanted))
    .map(({ id, label, keys, run }) => ({
      id,
      icon: id.startsWith("go-") ? "right" : "bolt",
      label,
      hint: keys[0] === undefined ? "" : keyLabel(keys[0]),
      run: () => run(null),
    }));
}

function byText(typed: string): Entry[] {
  if (typed === "") return [];
  return [
    {
      id: "text",
      icon: "search",
      label: `Rollouts with “${typed}”`,
      hint: "filter",
      run: () =>
        navigate(
          `/rollouts?q=${encodeURIComponent(/[\s:<>="]/.test(typed) ? `"${typed.replaceAll('"', "")}"` : typed)}`,
        ),
    },
  ];
}

/** What has such an id: rollouts, workers, resources. What cannot be asked is left out. */
async function lookUp(typed: string, signal: AbortSignal): Promise<Entry[]> {
  const contains = typed.slice(0, 200);
  const rollouts = async (): Promise<Entry[]> => {
    const items =
      level.peek() === "reduced"
        ? (await client.queryRollouts({ rollout_id_contains: contains, limit: 6 }, { signal })).items
        : (await client.dashboard.rollouts({ rollout_id_contains: contains, limit: 6 }, { signal })).items;
    return items.map(({ rollout_id, status }) => ({
      id: `rollout ${rollout_id}`,
      icon: "rollouts",
      label: rollout_id,
      hint: "rollout",
      status,
      run: () => navigate(pathOf("rollouts", rollout_id)),
    }));
  };
  const workers = async (): Promise<Entry[]> =>
    (await client.queryWorkers({ worker_id_contains: contains, limit: 4 }, { signal })).items.map(
      ({ worker_id, status }) => ({
        id: `worker ${worker_id}`,
        icon: "workers",
        label: worker_id,
        hint: "worker",
        status,
        run: () => navigate(pathOf("workers", worker_id)),
      }),
    );
  const resources = async (): Promise<Entry[]> =>
    (await client.queryResources({ resources_id_contains: contains, limit: 4 }, { signal })).items.map(
      ({ resources_id }) => ({
        id: `resources ${resources_id}`,
        icon: "resources",
        label: resources_id,
        hint: "resources",
        run: () => navigate(pathOf("resources", resources_id)),
      }),
    );
  const lists = await Promise.allSettled([rollouts(), workers(), resources()]);
  return lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
}
