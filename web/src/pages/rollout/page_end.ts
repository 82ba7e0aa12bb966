/** The end of a page of light spans. */

interface PageEnd {
  readonly total: number;
  readonly after: number | null;
  readonly more: boolean;
}

const END = /"total":(\d+),"after":(\d+|null),"more":(true|false)\}\s*$/;

/** What stands behind the spans of a page, without reading them. */
export function endOfPage(text: string): PageEnd {
  const found = END.exec(text.slice(-200));
  if (found) {
    const [, total = "0", after = "null", more] = found;
    return { total: Number(total), after: after === "null" ? null : Number(after), more: more === "true" };
  }
  const { total, after, more } = JSON.parse(text) as PageEnd;
  return { total, after, more };
}
