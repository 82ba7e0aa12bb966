//! The npm package, as it is packed: installed into a project of its own and used there by each kind of consumer that it
//! claims to serve.
//!
//! The programs are in `tests/npm`, each says there what it shows. `make npm` packs the package, `make setup` installs what
//! the programs need.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use lightning_store_client::trace::kind::Kind;
use lightning_store_client::trace::layout::flag;
use lightning_store_e2e::server::{Launch, Server};
use tempfile::TempDir;

/// The most that a browser may have to load for one module of the package, compressed.
const MAX_COMPRESSED_BYTES: usize = 130_000;

#[test]
fn browsers_load_no_more_than_130_kilobytes_for_the_client_and_as_much_for_traces() {
    let project = Project::new();
    let modules = [
        ["browser.mjs", "client.mjs", "glue.mjs", "lightning_store_wasm_bg.wasm"],
        ["trace.mjs", "traces.mjs", "trace-glue.mjs", "lightning_store_trace_bg.wasm"],
    ];
    for files in modules {
        let sizes: Vec<usize> =
            files.iter().map(|file| compressed(&project.package().join("dist").join(file))).collect();
        let all: usize = sizes.iter().sum();
        println!("{files:?} compressed: {sizes:?}, together {all}");
        assert!(all <= MAX_COMPRESSED_BYTES, "{all} bytes");
    }
}

/// They are written by hand beside the code that has them.
#[test]
fn kinds_and_flags_of_rows_are_those_of_the_module() {
    let project = Project::new();
    let script = fs::read_to_string(project.package().join("dist/traces.mjs")).unwrap();
    let between = |start: &str, end: &str| script.split_once(start).unwrap().1.split_once(end).unwrap().0;
    let kinds: Vec<&str> = between("KINDS = Object.freeze([", "]").split('"').skip(1).step_by(2).collect();
    assert_eq!(kinds, Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
    let flags: Vec<(&str, u16)> = between("Flag = Object.freeze({", "}")
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
        .map(|(name, bit)| (name, bit.parse().unwrap()))
        .collect();
    assert_eq!(
        flags,
        [
            ("ERROR", flag::ERROR),
            ("RUNNING", flag::RUNNING),
            ("VIRTUAL", flag::VIRTUAL),
            ("ORPHAN", flag::ORPHAN),
            ("ZERO_LENGTH", flag::ZERO_LENGTH),
            ("UNTIMED", flag::UNTIMED),
            ("REPAIRED", flag::REPAIRED),
            ("HAS_CHILDREN", flag::HAS_CHILDREN),
            ("OPEN", flag::OPEN),
            ("FOLD", flag::FOLD),
            ("DIMMED", flag::DIMMED),
            ("ERROR_BELOW", flag::ERROR_BELOW),
            ("REWARD", flag::REWARD),
        ]
    );
    let declared = fs::read_to_string(project.package().join("dist/trace.d.mts")).unwrap();
    for (name, bit) in flags {
        assert!(declared.contains(&format!("readonly {name}: {bit};")), "{name}");
    }
    assert!(kinds.iter().all(|kind| declared.contains(&format!("\"{kind}\""))));
}

#[test]
fn the_package_is_of_this_version_and_names_no_machine() {
    let project = Project::new();
    let manifest = fs::read_to_string(project.package().join("package.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    for file in ["LICENSE", "README.md"] {
        assert!(project.package().join(file).exists(), "{file} is missing");
    }
    let home = std::env::var("HOME").ok().filter(|home| home.len() > 1).map(|home| home + "/");
    for module in ["lightning_store_wasm_bg.wasm", "lightning_store_trace_bg.wasm"] {
        let text = fs::read(project.package().join("dist").join(module)).unwrap();
        let text = String::from_utf8_lossy(&text);
        let places = ["/registry/src/", concat!(env!("CARGO_MANIFEST_DIR"), "/")];
        for place in places.into_iter().chain(home.as_deref()) {
            assert!(!text.contains(place), "{module} has the path {place:?} in it: build it with `make npm`");
        }
    }
}

#[test]
fn typescript_is_content_with_a_strict_program_that_uses_every_method_and_the_program_runs() {
    let project = Project::new();
    project.compile();
    project.run("node", ["out/every_method.mjs"]);

    let index = fs::read_to_string(project.package().join("dist/index.d.mts")).unwrap();
    let program = fs::read_to_string(project.folder.path().join("every_method.mts")).unwrap();
    let declared = methods(&index, "export class LightningStoreClient {");
    assert!(declared.len() > 35, "{declared:?}");
    all_used(&declared, &program, "client");
}

#[test]
fn every_call_of_the_dashboard_and_every_method_of_a_trace_is_typed_and_works() {
    let project = Project::new();
    project.compile();
    project.run("node", ["out/trace.mjs"]);

    let index = fs::read_to_string(project.package().join("dist/index.d.mts")).unwrap();
    let traces = fs::read_to_string(project.package().join("dist/trace.d.mts")).unwrap();
    let program = fs::read_to_string(project.folder.path().join("trace.mts")).unwrap();
    for (declarations, class, object, least) in [
        (&index, "export interface Dashboard {", "dashboard", 12),
        (&traces, "export class Waterfall {", "waterfall", 25),
        (&traces, "export class JsonDocument {", "document", 9),
    ] {
        let declared = methods(declarations, class);
        assert!(declared.len() >= least, "{declared:?}");
        all_used(&declared, &program, object);
    }
}

#[test]
fn a_trace_of_10000_spans_opens_quickly_and_memory_does_not_grow_with_reopening() {
    Project::new().run("node", ["trace_load.mjs"]);
}

/// The declarations that are made are reviewed like code: a change shows in `tests/npm.snapshot.d.mts`.
#[test]
fn the_declarations_are_the_reviewed_ones() {
    let project = Project::new();
    let declarations = fs::read_to_string(project.package().join("dist/index.d.mts")).unwrap();
    reviewed_is("npm.snapshot.d.mts", &declarations);
}

#[track_caller]
fn reviewed_is(name: &str, declarations: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        fs::write(&file, declarations).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        reviewed == declarations,
        "the declarations of the npm package have changed: run this test with UPDATE_SNAPSHOT=1 and review what it \
         changes in {}",
        file.display()
    );
}

#[test]
fn the_first_program_of_the_readme_does_what_is_said_there() {
    let project = Project::new();
    let readme = fs::read_to_string(project.package().join("README.md")).unwrap();
    let program =
        readme.split_once("```js\n").and_then(|(_, rest)| rest.split_once("```")).expect("a program").0;
    let url = format!("http://{}", project.server.address());
    let program = program.replace("http://127.0.0.1:4747", &url);
    fs::write(project.folder.path().join("first.mjs"), program).unwrap();
    let output = project.run("node", ["first.mjs"]);
    let said = readme
        .split_once("$ node first.mjs\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .expect("its output")
        .0;
    // The store gives another id, and may tell of more on the way.
    let end =
        |text: &str| text.split_once(" succeeded\n").expect("the end of the rollout").1.trim().to_owned();
    assert_eq!(end(&output), end(said));
}

#[test]
fn an_es_module_in_node_sees_errors_and_aborts_as_they_are_promised() {
    Project::new().run("node", ["errors.mjs"]);
}

#[test]
fn a_commonjs_program_gets_the_same_classes_as_an_es_module() {
    Project::new().run("node", ["commonjs.cjs"]);
}

#[test]
fn a_page_works_in_chromium_built_by_vite_and_without_a_bundler() {
    let browser = std::env::var_os("LIGHTNING_STORE_CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    Project::new().run("node", [OsStr::new("browser.mjs"), tools().as_os_str(), &browser]);
}

/// A project that has the package installed, and a server for its programs.
struct Project {
    folder: TempDir,
    server: Server,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&repository().join("tests/npm"), folder.path());
        // It has no dependencies, and the tools of the tests are not its own.
        fs::write(folder.path().join("package.json"), "{\"private\":true}").unwrap();
        fs::remove_file(folder.path().join("package-lock.json")).unwrap();
        let server = Launch::default().args(["--cors-origin", "*"]).start();
        let project = Self { folder, server };
        project.run(
            "npm",
            [
                OsStr::new("install"),
                OsStr::new("--offline"),
                OsStr::new("--no-audit"),
                OsStr::new("--no-fund"),
                tarball().as_os_str(),
            ],
        );
        project
    }

    fn package(&self) -> PathBuf {
        self.folder.path().join("node_modules/lightning-store-client")
    }

    /// Checks the programs in TypeScript, strictly, and compiles them into `out`.
    #[track_caller]
    fn compile(&self) {
        let tools = tools();
        self.run(
            tools.join("node_modules/.bin/tsc"),
            [
                OsStr::new("--project"),
                OsStr::new("tsconfig.json"),
                OsStr::new("--typeRoots"),
                tools.join("node_modules/@types").as_os_str(),
            ],
        );
    }

    /// Runs a program in the project, shows what it wrote, and gives its standard output.
    #[track_caller]
    fn run<T: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = T>,
    ) -> String {
        let program = program.as_ref();
        let output = Command::new(program)
            .args(arguments)
            .env("LIGHTNING_STORE_URL", format!("http://{}", self.server.address()))
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}; run `make setup` first", program.display()));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{said}");
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        let program = program.display();
        assert!(output.status.success(), "{program} ended with {}; what it wrote is above", output.status);
        said
    }
}

/// The methods of a class or interface in the declarations.
fn methods(declarations: &str, class: &str) -> BTreeSet<String> {
    let body = declarations.split_once(class).expect("the class").1.split_once("\n}").expect("its end").0;
    let name = |line: &str| {
        let indented = line.strip_prefix("    ").or_else(|| line.strip_prefix("  "))?;
        let name = indented.split_once('(')?.0;
        (!name.is_empty() && name.chars().all(char::is_alphanumeric)).then(|| name.to_owned())
    };
    body.lines().filter_map(name).filter(|name| name != "constructor").collect()
}

#[track_caller]
fn all_used(methods: &BTreeSet<String>, program: &str, object: &str) {
    let unused: Vec<&String> =
        methods.iter().filter(|name| !program.contains(&format!("{object}.{name}("))).collect();
    assert!(unused.is_empty(), "the program does not use {unused:?} of {object}");
}

fn compressed(file: &Path) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(file).unwrap()).unwrap();
    encoder.finish().unwrap().len()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn tarball() -> PathBuf {
    let file = format!("target/npm/lightning-store-client-{}.tgz", env!("CARGO_PKG_VERSION"));
    existing(repository().join(file), "make npm")
}

fn tools() -> PathBuf {
    existing(repository().join("target/npm-tools"), "make setup")
}

fn existing(path: PathBuf, command: &str) -> PathBuf {
    let path = path.canonicalize().unwrap_or(path);
    assert!(path.exists(), "{} is missing: run `{command}` first", path.display());
    path
}

fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
