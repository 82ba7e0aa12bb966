/** What is used of the library, so that the rest stays out of the page. */
export { diffLines, diffWordsWithSpace } from "diff";
