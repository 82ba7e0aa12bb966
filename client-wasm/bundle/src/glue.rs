//! What `wasm-bindgen` generates. Its library is called here, so that it need not be installed, and is of the same version
//! as the crate.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

/// Who loads the module.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// Browsers and bundlers: an ES module that fetches the file beside it.
    Web,
    /// Node: a `CommonJS` module that reads the file beside it.
    Node,
}

/// Writes the module and its glue into `folder`, as `<name>_bg.wasm` and `<name>.js`.
pub(crate) fn generate(module: &Path, name: &str, target: Target, folder: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name(name)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true);
    match target {
        // With the path left out, `init()` would not know where the module is.
        Target::Web => bindgen.web(true)?.omit_default_module_path(false),
        Target::Node => bindgen.nodejs(true)?,
    };
    bindgen.generate(folder)?;
    let script = folder.join(format!("{name}.js"));
    let text = fs::read_to_string(&script).context("no script was generated")?;
    fs::write(&script, without_comments(&text)).context("the script cannot be written")
}

/// A script without its documentation, which stands in the declarations. Comments of other kinds are few and short.
fn without_comments(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut is_inside = false;
    for line in script.lines() {
        let text = line.trim();
        is_inside |= text.starts_with("/**");
        if !is_inside {
            out.push_str(line);
            out.push('\n');
        }
        is_inside &= !text.ends_with("*/");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documentation_is_left_out() {
        let script = "/**\n * a\n */\nclass A {\n  /** b */\n  f() {} // c\n}\n";
        assert_eq!(without_comments(script), "class A {\n  f() {} // c\n}\n");
    }
}
