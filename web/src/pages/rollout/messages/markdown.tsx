/**
 * Markdown as elements. The library"s text of HTML is never put into the page: it is read into a document that nobody
 * sees, and of that only known elements are taken over, one by one, with no attribute but a link"s address.
 */

import { h, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Picture } from "./image.tsx";

const KEPT: Record<string, string> = {
  P: "p",
  UL: "ul",
  OL: "ol",
  LI: "li",
  BLOCKQUOTE: "blockquote",
  PRE: "pre",
  CODE: "code",
  EM: "em",
  STRONG: "strong",
  HR: "hr",
  BR: "br",
  TABLE: "table",
  THEAD: "thead",
  TBODY: "tbody",
  TR: "tr",
  TH: "th",
  TD: "td",
};

/** Addresses that a link may lead to. */
const SAFE = /^(?:https?:|mailto:)/i;

export function elementsOf(html: string): ComponentChildren {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return children(parsed.body);
}

function children(of: Node): ComponentChildren[] {
  return Array.from(of.childNodes, convert);
}

function convert(node: Node): ComponentChildren {
  if (node.nodeType === Node.TEXT_NODE) return node.nodeValue;
  if (!(node instanceof Element)) return null;
  if (/^H[1-6]$/.test(node.tagName)) {
    // A heading of a message is none of the page.
    return <p class={`md-heading md-${node.tagName.toLowerCase()}`}>{children(node)}</p>;
  }
  if (node.tagName === "IMG") {
    return <Picture url={node.getAttribute("src") ?? ""} alt={node.getAttribute("alt") ?? ""} />;
  }
  if (node.tagName === "A") {
    const address = node.getAttribute("href") ?? "";
    if (!SAFE.test(address)) return <span>{children(node)}</span>;
    return (
      <a href={address} target="_blank" rel="noopener noreferrer">
        {children(node)}
      </a>
    );
  }
  const name = KEPT[node.tagName];
  if (name === "table") {
    return (
      <div class="md-table">
        <table>{children(node)}</table>
      </div>
    );
  }
  if (name === "hr" || name === "br") return h(name, null);
  return name === undefined ? children(node) : h(name, null, children(node));
}

/** Longer texts are shown as they are. */
export const MAX_MARKDOWN_CHARACTERS = 200_000;

/** Text as Markdown; plain until the library is here, and if it is not to be had. */
export function Markdown({ text }: { readonly text: string }) {
  const [content, setContent] = useState<ComponentChildren>(null);
  useEffect(() => {
    let current = true;
    setContent(null);
    if (text.length <= MAX_MARKDOWN_CHARACTERS) {
      import("./compile").then(
        ({ markdownToHtml }) => current && setContent(elementsOf(markdownToHtml(text))),
        () => undefined,
      );
    }
    return () => {
      current = false;
    };
  }, [text]);
  if (content === null) return <div class="plain-text">{text}</div>;
  return <div class="md">{content}</div>;
}
