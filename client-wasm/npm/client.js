// What all entries of the package share. It becomes an ES module and a CommonJS one, so it imports and exports nothing.

/** A store's refusal, trouble on the way, or a call that makes no sense. */
class LightningStoreError extends Error {
  constructor({ message, ...fields }) {
    super(message);
    Object.assign(this, fields);
  }
}
// As in other errors it is no property of their own.
Object.defineProperty(LightningStoreError.prototype, "name", {
  value: "LightningStoreError",
  configurable: true,
  writable: true,
});

/** What the module rejects with: an error's fields as text, a signal's reason in a list, or an exception of its own. */
function failure(cause) {
  if (typeof cause === "string") return new LightningStoreError(JSON.parse(cause));
  return Array.isArray(cause) ? cause[0] : cause;
}

function readEvent(text) {
  const event = JSON.parse(text);
  if (event.type === "disconnected") event.error = new LightningStoreError(event.error);
  return event;
}

/** Lists and events, and how their items are read. All other methods answer promises. */
const LISTS = {
  rollouts: JSON.parse,
  attempts: JSON.parse,
  spans: JSON.parse,
  workers: JSON.parse,
  resources: JSON.parse,
  events: readEvent,
};

const asIs = (text) => text;
const over = { done: true, value: undefined };

/** One item after the other. */
class Items {
  #open;
  #read;
  #items;
  #closed = false;
  #last = Promise.resolve();

  constructor(open, read) {
    this.#open = open;
    this.#read = read;
  }

  next() {
    // The module answers one at a time.
    const step = () => this.#step();
    const next = this.#last.then(step, step);
    this.#last = next;
    return next;
  }

  async #step() {
    if (this.#closed) return over;
    try {
      this.#items ??= await this.#open();
      const text = this.#closed ? undefined : await this.#items.next();
      if (text !== undefined) return { done: false, value: this.#read(text) };
    } catch (cause) {
      this.#close();
      throw failure(cause);
    }
    this.#close();
    return over;
  }

  #close() {
    this.#closed = true;
    this.#items?.close();
  }

  async return() {
    this.#close();
    return over;
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
if (Symbol.asyncDispose) Items.prototype[Symbol.asyncDispose] = Items.prototype.return;

/** Calls of `/v1/agl/dashboard`: their names, how many ids they take first, and whether conditions follow. */
const DASHBOARD = {
  capabilities: ["dashboard_capabilities", 0, false],
  summary: ["dashboard_summary", 0, true],
  rollouts: ["dashboard_rollouts", 0, true],
  rollout: ["dashboard_rollout", 1, false],
  trace: ["dashboard_trace", 2, true],
  span: ["dashboard_span", 3, false],
  queue: ["dashboard_queue", 0, true],
  workers: ["dashboard_workers", 0, true],
  worker: ["dashboard_worker", 1, false],
  resources: ["dashboard_resources", 0, true],
  resourceVersions: ["dashboard_resource_versions", 1, false],
};

const EXPORTS = {
  "rollouts.jsonl": "export_rollouts_jsonl",
  "rollouts.csv": "export_rollouts_csv",
  "spans.jsonl": "export_spans_jsonl",
};

/** Calls of the dashboard, made by a client or its `text`. */
class Dashboard {
  #client;

  constructor(client) {
    this.#client = client;
  }

  exportUrl(what, query) {
    return this.#client.dashboardUrl(EXPORTS[what] ?? String(what), query);
  }

  static {
    for (const [method, [name, ids, takesQuery]] of Object.entries(DASHBOARD)) {
      const call = function (...args) {
        const query = takesQuery ? args[ids] : undefined;
        return this.#client.dashboardCall(name, padded(args, ids), query, args[ids + (takesQuery ? 1 : 0)]);
      };
      Object.defineProperty(call, "name", { value: method });
      Object.defineProperty(this.prototype, method, { value: call, configurable: true, writable: true });
    }
  }
}

/** As many ids as are wanted: one that is left out is refused like any other that is no string. */
const padded = (args, count) => Array.from({ length: count }, (_, index) => args[index]);

/**
 * The client over the generated module `glue`.
 *
 * @param glue its exports, usable once `load` is done
 * @param load fetches and compiles it; undefined if that is done already
 */
function makeClient(glue, load) {
  let isLoaded = load === undefined;
  let loading;
  async function init(source) {
    if (isLoaded) return;
    loading ??= load(source);
    try {
      await loading;
      isLoaded = true;
    } catch (cause) {
      loading = undefined; // The next call may have more luck.
      throw cause;
    }
  }

  /** The same methods as the class of `glue`, which they hand their arguments to. */
  function define(prototype, open, answers) {
    for (const name of Object.getOwnPropertyNames(glue.LightningStoreClient.prototype)) {
      if (name === "constructor" || name === "free") continue; // dashboardCall and dashboardUrl are for Dashboard.
      const call = LISTS[name]
        ? function (...args) {
            const items = async () => (await open(this))[name](...args);
            return new Items(items, answers === asIs ? asIs : LISTS[name]);
          }
        : async function (...args) {
            try {
              const client = open(this);
              // Without an await in between, so that a call is made before the next statement frees the client.
              return answers(await (client.then ? await client : client)[name](...args));
            } catch (cause) {
              throw failure(cause);
            }
          };
      Object.defineProperty(call, "name", { value: name });
      Object.defineProperty(prototype, name, { value: call, configurable: true, writable: true });
    }
  }

  class LightningStoreClient {
    #make;
    #client;
    #text;
    #dashboard;

    constructor(url, options) {
      this.#make = () => new glue.LightningStoreClient(url, options);
      if (isLoaded) this.#open();
    }

    #open() {
      try {
        this.#client ??= this.#make();
      } catch (cause) {
        throw failure(cause);
      }
      return this.#client;
    }

    /** The generated client; a promise of it while the module is not loaded. */
    #ready() {
      return isLoaded ? this.#open() : init().then(() => this.#open());
    }

    get text() {
      return (this.#text ??= new Text(() => this.#ready()));
    }

    get dashboard() {
      return (this.#dashboard ??= new Dashboard(this));
    }

    free() {
      this.#make = () => {
        throw new LightningStoreError({ ...INVALID, message: "the client was freed: make a new one" });
      };
      this.#client?.free();
      this.#client = undefined;
    }

    static {
      define(this.prototype, (client) => client.#ready(), JSON.parse);
      if (Symbol.dispose) this.prototype[Symbol.dispose] = this.prototype.free;
    }
  }

  class Text {
    #ready;
    #dashboard;

    constructor(ready) {
      this.#ready = ready;
    }

    get dashboard() {
      return (this.#dashboard ??= new Dashboard(this));
    }

    static {
      define(this.prototype, (text) => text.#ready(), asIs);
    }
  }

  return { LightningStoreClient, LightningStoreError, init };
}

const INVALID = {
  kind: "invalid",
  status: null,
  detail: null,
  retryable: false,
  issues: [],
  call: null,
  requestId: null,
  idempotencyKey: null,
};
