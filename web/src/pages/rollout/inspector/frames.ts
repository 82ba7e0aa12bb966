/** Stack traces, line by line. */

/** Where libraries live. Their frames are rarely the mistake. */
const LIBRARY = /site-packages|dist-packages|node_modules|\/lib\/python\d|<frozen |\/\.cargo\/registry\//;

/** Lines of a trace, and which belong to libraries: the line of a frame and the code below it. */
export function frameLines(text: string): { readonly text: string; readonly library: boolean }[] {
  let library = false;
  return text.split("\n").map((line) => {
    if (/^\s*(?:File "|at )/.test(line)) library = LIBRARY.test(line);
    else if (/^\S/.test(line)) library = false;
    return { text: line, library };
  });
}
