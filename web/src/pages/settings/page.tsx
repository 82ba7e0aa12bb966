import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Settings" : id, "Settings");
  return (
    <div class="page">
      <h1>Settings</h1>
    </div>
  );
}
