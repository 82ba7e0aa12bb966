//! The folder of the npm package.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::glue::{self, Target};
use crate::{size, types};

/// What a browser loads when it imports the package.
const LOADED_BY_BROWSERS: &[&str] = &["browser.mjs", "client.mjs", "glue.mjs", MODULE];

/// What is generated: the module, which is the same for both targets,
const MODULE: &str = "lightning_store_wasm_bg.wasm";
/// the glue,
const SCRIPT: &str = "lightning_store_wasm.js";
/// and its declarations, which for Node are only those of our own.
const DECLARATIONS: &str = "lightning_store_wasm.d.ts";

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

/// Makes the folder `out`.
pub(crate) fn make(module: &Path, source: &Path, license: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    let dist = out.join("dist");
    glue::generate(module, Target::Web, &dist)?;
    rename(&dist.join(SCRIPT), &dist.join("glue.mjs"))?;
    let web = fs::read(dist.join(MODULE)).context("no module was generated")?;
    glue::generate(module, Target::Node, &dist)?;
    rename(&dist.join(SCRIPT), &dist.join("glue.cjs"))?;
    if fs::read(dist.join(MODULE)).context("no module was generated")? != web {
        bail!("browsers and Node need different modules, so one file no longer serves both");
    }

    let declarations = format!("{HEADER}{}{INIT}{}", read(&dist.join(DECLARATIONS))?, types::declarations()?);
    write(&dist.join("index.d.mts"), &declarations)?;
    write(&dist.join("index.d.cts"), &declarations)?;
    for file in [DECLARATIONS, "lightning_store_wasm_bg.wasm.d.ts"] {
        fs::remove_file(dist.join(file)).with_context(|| format!("{file} was not generated"))?;
    }

    let client = read(&source.join("client.js"))?;
    write(&dist.join("client.mjs"), &format!("{client}\nexport {{ makeClient }};\n"))?;
    write(&dist.join("client.cjs"), &format!("{client}\nmodule.exports = {{ makeClient }};\n"))?;
    for entry in ["browser.mjs", "node.mjs", "node.cjs"] {
        copy(&source.join(entry), &dist.join(entry))?;
    }
    copy(&source.join("README.md"), &out.join("README.md"))?;
    copy(license, &out.join("LICENSE"))?;
    write(&out.join("package.json"), &manifest(&read(&source.join("package.json"))?)?)?;
    size::check(&dist, LOADED_BY_BROWSERS)
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
