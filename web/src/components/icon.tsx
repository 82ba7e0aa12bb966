/** The symbols of the page. They are drawn in place: a `<use>` would be resolved against the base of the document. */

/** Paths on a square of 16 by 16. */
const PATHS = {
  overview: "M2 13V8m4 5V3m4 10V6m4 7V9",
  rollouts: "M2 4h12M2 8h12M2 12h8",
  queue: "M2 3.5h12M4 8h10M7 12.5h7",
  workers: "M3 5h10v6H3zM6 5V2.5M10 5V2.5M6 13.5V11M10 13.5V11M3 8H.8M15.2 8H13",
  resources: "M8 1.8 14 5v6l-6 3.2L2 11V5zM2 5l6 3.2L14 5M8 8.2v6",
  settings: "M2 4.5h6m4 0h2M2 11.5h2m4 0h6M10 2.5v4M6 9.5v4",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10m7 2-3.5-3.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "m3 8.5 3.2 3.2L13 4.5",
  cross: "m4 4 8 8m0-8-8 8",
  down: "m4 6 4 4 4-4",
  up: "m4 10 4-4 4 4",
  right: "m6 4 4 4-4 4",
  left: "m10 4-4 4 4 4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  external: "M9 2.5h4.5V7M13 3 7.5 8.5M11.5 9.5v4h-9v-9h4",
  download: "M8 2v8m-3.2-3L8 10.2 11.2 7M2.5 13.5h11",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3v10l8-5z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1m8 8 1 1M3 13l1-1m8-8 1-1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7",
  warning: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5h.01",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 7.5V11M8 5h.01",
  link: "M6.5 9.5a2.8 2.8 0 0 0 4 0l2.2-2.2a2.8 2.8 0 0 0-4-4l-.9.9M9.5 6.5a2.8 2.8 0 0 0-4 0L3.3 8.7a2.8 2.8 0 0 0 4 4l.9-.9",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  filter: "M2 3.5h12L9.5 9v4l-3 1V9z",
  keyboard: "M1.5 4h13v8h-13zM4 6.7h.01M6.7 6.7h.01M9.3 6.7h.01M12 6.7h.01M5 9.5h6",
  bolt: "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
  list: "M2 4h12M2 8h12M2 12h12",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.5V8l2.3 1.5",
  compare: "M5 2v12m6-12v12M2 5h3m6 6h3M2 11h3m6-6h3",
  // Statuses.
  waiting: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12",
  preparing: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 5v3",
  running: "M5 3.5v9L12.5 8z",
  again: "M12.5 8a4.5 4.5 0 1 1-1.4-3.3M12.5 2.5v2.8H9.7",
  good: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M5.3 8.2l1.9 1.9 3.5-3.8",
  bad: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M5.8 5.8l4.4 4.4m0-4.4-4.4 4.4",
  off: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M3.8 12.2l8.4-8.4",
  late: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.5V8l2.3 1.5",
  silent: "M3 8h2l1.5-4 3 8L11 8h2",
  question: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M6.3 6.4A1.8 1.8 0 1 1 8 8.5v.6M8 11.3h.01",
  // Kinds of spans.
  llm: "M2.5 3h11v7.5H8L5 13.5v-3H2.5z",
  tool: "M10 2.2a3.5 3.5 0 0 0-4 4.6L2.3 10.5l3.2 3.2L9.2 10a3.5 3.5 0 0 0 4.6-4l-2.3 2.3-2.3-.5-.5-2.3z",
  agent: "M8 7.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4M2.5 14a5.5 5.5 0 0 1 11 0",
  reward: "m8 1.8 1.9 4 4.3.6-3.1 3 .8 4.4L8 11.7l-3.9 2.1.8-4.4-3.1-3 4.3-.6z",
  message: "M2.5 3.5h11v9h-11zM2.5 4l5.5 4.5L13.5 4",
  object: "M6 2.5H4.5V7L3 8l1.5 1v4.5H6M10 2.5h1.5V7L13 8l-1.5 1v4.5H10",
  exception: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5h.01",
  operation: "M3 3h4v4H3zM9 9h4v4H9zM7 5h4v4",
  annotation: "M2.5 2.5h5l6 6-5 5-6-6zM5.3 5.3h.01",
  retrieval: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10m7 2-3.5-3.5",
  http: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M2 8h12M8 2c2 2 2 10 0 12M8 2c-2 2-2 10 0 12",
  other: "M8 9.2a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4",
} as const;

export type IconName = keyof typeof PATHS;

export function isIcon(name: string): name is IconName {
  return Object.hasOwn(PATHS, name);
}

/** Decoration, unless it has a label. */
export function Icon({ name, label, filled }: { name: IconName; label?: string; filled?: boolean }) {
  const said = label === undefined ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return (
    <svg class={filled === true ? "icon filled" : "icon"} viewBox="0 0 16 16" {...said}>
      <path d={PATHS[name]} />
    </svg>
  );
}
