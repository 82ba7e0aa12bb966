//! The folder of the npm package.
//!
//! It has two modules, each with its entries: the client, and traces (`lightning-store-client/trace`), which a page loads
//! when it shows the first one.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::glue::{self, Target};
use crate::{size, types};

/// One module of the package.
struct Module {
    /// What its generated files are called.
    name: &'static str,
    /// Its glue, but for the ending.
    glue: &'static str,
    /// What a browser loads when it imports it.
    loaded: &'static [&'static str],
    /// The most that all of this may be.
    max_compressed_bytes: usize,
}

const CLIENT: Module = Module {
    name: "lightning_store_wasm",
    glue: "glue",
    loaded: &["browser.mjs", "client.mjs", "glue.mjs", "lightning_store_wasm_bg.wasm"],
    max_compressed_bytes: 130_000,
};

const TRACE: Module = Module {
    name: "lightning_store_trace",
    glue: "trace-glue",
    loaded: &["trace.mjs", "traces.mjs", "trace-glue.mjs", "lightning_store_trace_bg.wasm"],
    max_compressed_bytes: 130_000,
};

/// Scripts that become an ES module and a `CommonJS` one, with what they export.
const SHARED: &[(&str, &str)] = &[("client", "makeClient"), ("traces", "makeTrace")];

const ENTRIES: &[&str] =
    &["browser.mjs", "node.mjs", "node.cjs", "trace.mjs", "trace-node.mjs", "trace-node.cjs"];

/// What is declared by hand.
const INIT: &str = "
/**
 * Loads the module. Calls do that by themselves when they are the first; call it to do so earlier, or to say where the
 * module is. In Node there is nothing to do.
 */
export function init(source?: string | URL | Request | Response | BufferSource | WebAssembly.Module): Promise<void>;
";

/// The types of `using`, which not every project has switched on.
const HEADER: &str = "/// <reference lib=\"esnext.disposable\" />\n";

/// Makes the folder `out` of the two compiled modules and the folder `source` of what is written by hand.
pub(crate) fn make(client: &Path, trace: &Path, source: &Path, license: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    let dist = out.join("dist");
    let generated = CLIENT.generate(client, &dist)?;
    // The classes of the second module are declared by hand.
    TRACE.generate(trace, &dist)?;

    let declarations = format!("{HEADER}{generated}{INIT}{}", types::declarations()?);
    let trace = read(&source.join("trace.d.ts"))?;
    for ending in ["mts", "cts"] {
        write(&dist.join(format!("index.d.{ending}")), &declarations)?;
        let index = format!("./index.{}", ending.replace("ts", "js"));
        let text = format!("{HEADER}{}", trace.replace("./index.js", &index));
        write(&dist.join(format!("trace.d.{ending}")), &text)?;
    }
    for (script, export) in SHARED {
        let text = read(&source.join(format!("{script}.js")))?;
        write(&dist.join(format!("{script}.mjs")), &format!("{text}\nexport {{ {export} }};\n"))?;
        write(&dist.join(format!("{script}.cjs")), &format!("{text}\nmodule.exports = {{ {export} }};\n"))?;
    }
    for entry in ENTRIES {
        copy(&source.join(entry), &dist.join(entry))?;
    }
    copy(&source.join("README.md"), &out.join("README.md"))?;
    copy(license, &out.join("LICENSE"))?;
    write(&out.join("package.json"), &manifest(&read(&source.join("package.json"))?)?)?;
    for module in [CLIENT, TRACE] {
        size::check(&dist, module.loaded, module.max_compressed_bytes)?;
    }
    Ok(())
}

impl Module {
    /// Writes the module, which is the same for browsers and Node, and the glue of both; gives its declarations.
    fn generate(&self, compiled: &Path, dist: &Path) -> Result<String> {
        let Self { name, glue, .. } = self;
        let script = dist.join(format!("{name}.js"));
        let module = dist.join(format!("{name}_bg.wasm"));
        glue::generate(compiled, name, Target::Web, dist)?;
        rename(&script, &dist.join(format!("{glue}.mjs")))?;
        let web = fs::read(&module).context("no module was generated")?;
        glue::generate(compiled, name, Target::Node, dist)?;
        rename(&script, &dist.join(format!("{glue}.cjs")))?;
        if fs::read(&module).context("no module was generated")? != web {
            bail!("browsers and Node need different modules, so one file no longer serves both");
        }
        // Those for Node are only those of our own.
        let declarations = read(&dist.join(format!("{name}.d.ts")))?;
        for file in [format!("{name}.d.ts"), format!("{name}_bg.wasm.d.ts")] {
            fs::remove_file(dist.join(&file)).with_context(|| format!("{file} was not generated"))?;
        }
        Ok(declarations)
    }
}

/// The manifest with the version of the workspace, which is written nowhere else.
fn manifest(text: &str) -> Result<String> {
    let mut manifest: Value = serde_json::from_str(text).context("package.json is no JSON")?;
    let members = manifest.as_object_mut().context("package.json is no object")?;
    members.shift_insert(1, "version".to_owned(), env!("CARGO_PKG_VERSION").into());
    Ok(format!("{manifest:#}\n"))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("{} was not generated", from.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, &read(from)?)
}
