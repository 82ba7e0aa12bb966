/** Which columns are shown. */

import { columns } from "../../app/preferences.ts";
import { Icon } from "../../components/icon.tsx";
import { Menu } from "../../components/menu.tsx";
import { COLUMNS } from "./columns.tsx";

interface Props {
  readonly shown: readonly string[];
  /** Keys of metadata that were seen. */
  readonly metadata: readonly string[];
  readonly reduced: boolean;
  readonly onChange: (names: readonly string[] | null) => void;
}

export function ColumnMenu({ shown, metadata, reduced, onChange }: Props) {
  const extra = [
    ...new Set([
      ...shown.filter((name) => name.startsWith("meta.")),
      ...metadata.map((key) => `meta.${key}`),
    ]),
  ];
  const all = [
    ...COLUMNS.filter(({ derived }) => !(reduced && derived === true)).map(({ name, label }) => ({
      name,
      label,
    })),
    ...extra.map((name) => ({ name, label: name })),
  ];
  const toggle = (name: string): void => {
    const next = shown.includes(name) ? shown.filter((other) => other !== name) : [...shown, name];
    // In the order of the list, whatever the order of the clicks.
    onChange(all.map((column) => column.name).filter((other) => next.includes(other)));
  };
  return (
    <Menu
      label={
        <>
          <Icon name="columns" />
          <span class="wide-only">Columns</span>
        </>
      }
      name="Columns"
    >
      {() => (
        <>
          {all.map(({ name, label }) => (
            <label key={name} class="item">
              <input type="checkbox" checked={shown.includes(name)} onChange={() => toggle(name)} />
              {label}
            </label>
          ))}
          <AddKey onAdd={(key) => onChange([...shown, `meta.${key}`])} />
          <button
            type="button"
            class="item"
            onClick={() => {
              columns.value = null;
              onChange(null);
            }}
          >
            As usual
          </button>
        </>
      )}
    </Menu>
  );
}

function AddKey({ onAdd }: { onAdd: (key: string) => void }) {
  return (
    <form
      class="item"
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const key = String(new FormData(form).get("key") ?? "").trim();
        if (key !== "") onAdd(key);
        form.reset();
      }}
    >
      <label class="sr-only" htmlFor="metadata-key">
        Key of metadata
      </label>
      <input id="metadata-key" class="field grow" name="key" placeholder="Key of metadata" size={12} />
      <button type="submit" class="button">
        Add
      </button>
    </form>
  );
}
