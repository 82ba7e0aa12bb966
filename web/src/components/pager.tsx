/** The way through the pages of a list. */

import { count } from "../format/number.ts";
import { Icon } from "./icon.tsx";

interface Props {
  readonly total: number;
  /** How many come before the first row. */
  readonly first: number;
  /** How many rows are shown. */
  readonly shown: number;
  readonly size: number;
  readonly onPage: (page: number) => void;
  readonly sizes?: readonly number[];
  readonly onSize?: (size: number) => void;
}

export function Pager({ total, first, shown, size, onPage, sizes, onSize }: Props) {
  const page = Math.floor(first / size) + 1;
  const pages = Math.max(1, Math.ceil(total / size));
  const go = (to: number): void => onPage(Math.min(pages, Math.max(1, to)));
  return (
    <nav class="pager" aria-label="Pages">
      <span class="muted">
        {shown === 0
          ? `0 of ${count(total)}`
          : `${count(first + 1)}–${count(first + shown)} of ${count(total)}`}
      </span>
      <span class="grow" />
      {sizes !== undefined && onSize !== undefined && total > (sizes[0] ?? 0) && (
        <label class="wide-only">
          <span class="muted">Rows </span>
          <select
            class="field"
            value={String(size)}
            onChange={(event) => onSize(Number(event.currentTarget.value))}
          >
            {sizes.map((option) => (
              <option key={option} value={String(option)}>
                {option}
              </option>
            ))}
          </select>
        </label>
      )}
      {pages > 1 && (
        <>
          <button
            type="button"
            class="button icon"
            aria-label="Page before"
            disabled={page <= 1}
            onClick={() => go(page - 1)}
          >
            <Icon name="left" />
          </button>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const value = Number(new FormData(event.currentTarget).get("page"));
              if (Number.isInteger(value)) go(value);
            }}
          >
            <label>
              <span class="sr-only">Go to page</span>
              <input
                class="field"
                name="page"
                inputMode="numeric"
                size={4}
                key={page}
                defaultValue={String(page)}
              />
            </label>
            <span class="muted"> of {count(pages)}</span>
          </form>
          <button
            type="button"
            class="button icon"
            aria-label="Next page"
            disabled={page >= pages}
            onClick={() => go(page + 1)}
          >
            <Icon name="right" />
          </button>
        </>
      )}
    </nav>
  );
}
