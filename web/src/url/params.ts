/**
 * State that lives in the query of the address: what is not said is as usual, what is as usual is not said, and what is
 * not understood is kept.
 */

/** One parameter: how it is read from all its values, and written. An empty list: it is as usual. */
export interface Param<T> {
  read(values: readonly string[]): T;
  write(value: T): readonly string[];
}

export type Params = Readonly<Record<string, Param<never>>>;

/** The state that belongs to a set of parameters. */
export type StateOf<S> = { readonly [K in keyof S]: S[K] extends Param<infer T> ? T : never };

type Loose = Record<string, Param<unknown>>;

export function readState<S extends Record<string, unknown>>(params: S, query: string): StateOf<S> {
  const search = new URLSearchParams(query);
  const state = Object.entries(params as Loose).map(([name, param]) => [
    name,
    param.read(search.getAll(name)),
  ]);
  return Object.fromEntries(state) as StateOf<S>;
}

/** The query after a change of some parameters. */
export function writeState<S extends Record<string, unknown>>(
  params: S,
  query: string,
  change: Partial<StateOf<S>>,
): string {
  const search = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    const param = (params as Loose)[name];
    if (param === undefined) continue;
    search.delete(name);
    for (const text of param.write(value)) search.append(name, text);
  }
  return search.toString();
}

/** Any text. */
export function text(usual = ""): Param<string> {
  return {
    read: (values) => values.at(-1) ?? usual,
    write: (value) => (value === usual ? [] : [value]),
  };
}

/** Any text, or null if it is not there. */
export function optional(): Param<string | null> {
  return {
    read: (values) => values.at(-1) || null,
    write: (value) => (value === null || value === "" ? [] : [value]),
  };
}

/** A set of words, each a parameter of its own. Words that are not among the `known` ones are left out. */
export function words<T extends string = string>(known?: readonly T[]): Param<readonly T[]> {
  return {
    read: (values) =>
      [...new Set(values)].filter((value): value is T => known === undefined || known.includes(value as T)),
    write: (value) => value,
  };
}

/** A list in one parameter, joined by commas. Null: as usual. */
export function list(): Param<readonly string[] | null> {
  return {
    read: (values) =>
      values
        .at(-1)
        ?.split(",")
        .filter((word) => word !== "") ?? null,
    write: (value) => (value === null ? [] : [value.join(",")]),
  };
}

export function choice<T extends string>(known: readonly T[], usual: T): Param<T> {
  return {
    read: (values) => known.find((word) => word === values.at(-1)) ?? usual,
    write: (value) => (value === usual ? [] : [value]),
  };
}

/** A whole number within limits. */
export function whole(usual: number, least = 0, most: number = Number.MAX_SAFE_INTEGER): Param<number> {
  return {
    read(values) {
      const value = Number(values.at(-1) ?? Number.NaN);
      return Number.isSafeInteger(value) && value >= least && value <= most ? value : usual;
    },
    write: (value) => (value === usual ? [] : [String(value)]),
  };
}

/** A number, or null. */
export function decimal(): Param<number | null> {
  return {
    read(values) {
      const last = values.at(-1);
      const value = last === undefined || last.trim() === "" ? Number.NaN : Number(last);
      return Number.isFinite(value) ? value : null;
    },
    write: (value) => (value === null ? [] : [String(value)]),
  };
}

/** `1`, or absent. */
export function flag(): Param<boolean> {
  return {
    read: (values) => values.at(-1) === "1",
    write: (value) => (value ? ["1"] : []),
  };
}
