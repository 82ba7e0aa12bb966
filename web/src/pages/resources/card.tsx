/** One resource: a model, a prompt, or whatever it is. */

import { useSignal } from "@preact/signals";
import { JsonDocument } from "lightning-store-client/trace";
import { useMemo } from "preact/hooks";
import { CopyButton } from "../../components/copy.tsx";
import { JsonTree } from "../../components/json/json_tree.tsx";
import { KeyValue } from "../../components/keyvalue.tsx";
import { count, plural } from "../../format/number.ts";
import { fieldsOf } from "./changes.ts";
import type { Named } from "./load.ts";
import { templateLines, variablesOf } from "./template.ts";

export function ResourceCard({ resource }: { readonly resource: Named }) {
  const json = useSignal(false);
  const fields = useMemo(() => fieldsOf(resource.text), [resource.text]);
  const known =
    resource.type === "llm" || resource.type === "proxy_llm" || resource.type === "prompt_template";
  return (
    <section class="card resource" aria-label={resource.name}>
      <header>
        <h2>{resource.name}</h2>
        <span class="chip">{resource.type ?? "no type"}</span>
        <span class="grow" />
        {known ? (
          <button
            type="button"
            class="button"
            aria-pressed={json.value}
            onClick={() => (json.value = !json.value)}
          >
            JSON
          </button>
        ) : null}
        <CopyButton text={resource.text} what={`${resource.name} as JSON`} />
      </header>
      <div class="body">
        {!known || json.value ? (
          <JsonTree text={resource.text} label={resource.name} openLevels={3} />
        ) : resource.type === "prompt_template" ? (
          <Template template={fields.get("template") ?? ""} engine={fields.get("engine") ?? ""} />
        ) : (
          <Model text={resource.text} fields={fields} />
        )}
      </div>
    </section>
  );
}

/** What a model has beside these is shown as it is. */
const MODEL = new Set(["resource_type", "endpoint", "model", "api_key"]);

function Model({ text, fields }: { readonly text: string; readonly fields: ReadonlyMap<string, string> }) {
  const key = fields.get("api_key");
  const sampling = [...fields].filter(([path]) => path.startsWith("sampling_parameters."));
  const others = [...fields].filter(([path]) => !MODEL.has(path) && !path.startsWith("sampling_parameters"));
  const nested = useMemo(() => isNested(text), [text]);
  return (
    <div class="stack">
      <KeyValue
        pairs={[
          ["Model", <Value text={fields.get("model")} what="model" />],
          ["Endpoint", <Value text={fields.get("endpoint")} what="endpoint" />],
          [
            "API key",
            key === undefined || key === "null" ? (
              <span class="muted">none</span>
            ) : (
              <span class="mono">{key}</span>
            ),
          ],
          ...others.map(([path, words]) => [path, <span class="mono">{words}</span>] as const),
        ]}
      />
      {nested === null ? (
        sampling.length === 0 ? (
          <p class="muted">No sampling parameters.</p>
        ) : (
          <table class="table sampling">
            <caption class="sr-only">Sampling parameters</caption>
            <thead>
              <tr>
                <th scope="col">Sampling parameter</th>
                <th scope="col">Value</th>
              </tr>
            </thead>
            <tbody>
              {sampling.map(([path, words]) => (
                <tr key={path}>
                  <td class="mono">{path.slice("sampling_parameters.".length)}</td>
                  <td class="mono">{words}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      ) : (
        <>
          <h3>Sampling parameters</h3>
          <JsonTree text={nested} label="Sampling parameters" plain openLevels={2} />
        </>
      )}
    </div>
  );
}

function Value({ text, what }: { readonly text: string | undefined; readonly what: string }) {
  if (text === undefined) return <span class="muted">none</span>;
  return (
    <span class="copied">
      <span class="mono">{text}</span>
      <CopyButton text={text} what={what} />
    </span>
  );
}

/** The sampling parameters, if some of them are no scalars. */
function isNested(text: string): string | null {
  using doc = new JsonDocument(text);
  const id = doc.find(["sampling_parameters"]);
  if (id < 0) return null;
  const { count: size } = doc.node(id);
  return doc.children(id, 0, size).some((child) => child.count > 0) ? doc.text(id) : null;
}

function Template({ template, engine }: { readonly template: string; readonly engine: string }) {
  const lines = useMemo(() => templateLines(template, engine), [template, engine]);
  const variables = useMemo(() => variablesOf(template, engine), [template, engine]);
  const all = useSignal(false);
  const shown = all.value ? lines : lines.slice(0, 200);
  return (
    <div class="stack">
      <p class="row">
        <span class="chip">{engine || "no engine"}</span>
        <span class="muted">
          {plural(lines.length, "line")}, {plural(template.length, "character")}
        </span>
        {variables.map((name) => (
          <code key={name} class="template-variable">
            {name}
          </code>
        ))}
        <span class="grow" />
        <CopyButton text={template} what="template" label="Copy template" />
      </p>
      <pre class="template" tabIndex={0} aria-label="Template">
        {shown.map((pieces, place) => (
          <span key={place} class="template-line">
            {pieces.map((piece, number) =>
              piece.kind === "text" ? (
                piece.text
              ) : (
                <span key={number} class={`template-${piece.kind}`}>
                  {piece.text}
                </span>
              ),
            )}
            {"\n"}
          </span>
        ))}
      </pre>
      {shown.length < lines.length ? (
        <button type="button" class="button" onClick={() => (all.value = true)}>
          Show all {count(lines.length)} lines
        </button>
      ) : null}
    </div>
  );
}
