/** The Markdown library; loaded when somebody looks at Markdown. Raw HTML is escaped, odd protocols are left out. */
import { micromark } from "micromark";
import { gfmTable, gfmTableHtml } from "micromark-extension-gfm-table";

export function markdownToHtml(text: string): string {
  return micromark(text, { extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()] });
}
