import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Queue" : id, "Queue");
  return (
    <div class="page">
      <h1>Queue</h1>
    </div>
  );
}
