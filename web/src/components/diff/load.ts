/** The library that finds differences, loaded when somebody compares. */

export type Differ = Pick<typeof import("diff"), "diffLines" | "diffWordsWithSpace">;

export async function loadDiffer(): Promise<Differ> {
  const { diffLines, diffWordsWithSpace } = await import("./differ.ts");
  return { diffLines, diffWordsWithSpace };
}
