/** What keys do, as it is now. */

import { Dialog } from "../components/dialog.tsx";
import { commands, keyLabel } from "./keyboard.ts";
import { shortcuts } from "./preferences.ts";

export function Help({ onClose }: { onClose: () => void }) {
  const groups = new Map<string, Map<string, readonly string[]>>();
  for (const { group, label, keys } of commands.value) {
    if (keys.length === 0) continue;
    const list = groups.get(group) ?? new Map<string, readonly string[]>();
    if (!list.has(label)) list.set(label, keys);
    groups.set(group, list);
  }
  return (
    <Dialog title="Keyboard" class="help" onClose={onClose}>
      <div class="body">
        {!shortcuts.value && (
          <p class="gap">Keys are switched off in the settings; only Ctrl + K and Esc work.</p>
        )}
        <div class="help-groups">
          {[...groups].map(([group, list]) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {[...list].map(([label, keys]) => (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>
                      {keys.map((key) => (
                        <kbd key={key}>{keyLabel(key)}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
