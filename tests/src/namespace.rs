//! A private view of the file systems for a test: what it mounts is seen by it alone and gone with it.
//!
//! The test runs itself again below `unshare`, as root of a namespace where that is allowed to everybody. Where it is
//! not, the test is skipped and says so.

use std::path::Path;
use std::process::Command;

const INSIDE: &str = "LIGHTNING_STORE_TEST_NAMESPACE";

/// Whether the caller runs in a private view. If not, runs the test with this name in one, to its end.
///
/// # Panics
/// If the test fails there.
pub fn is_private(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let unshare: &[&str] = if rustix::process::geteuid().is_root() {
        &["--mount"]
    } else {
        &["--user", "--map-root-user", "--mount"]
    };
    let allowed =
        Command::new("unshare").args(unshare).args(["mount", "-t", "tmpfs", "none", "/tmp"]).output();
    if !allowed.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: {test}: this user may not mount anything here: {allowed:?}");
        return false;
    }
    let program = std::env::current_exe().expect("the path of this program");
    let mut again = Command::new("unshare");
    again.args(unshare).arg(program).args(["--exact", test, "--nocapture"]).env(INSIDE, "yes");
    let output = again.output().expect("unshare runs");
    let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", printed(&output.stdout), printed(&output.stderr));
    assert!(printed(&output.stdout).contains("1 passed"), "no test has the name {test}");
    print!("{}", printed(&output.stdout));
    false
}

/// Mounts a file system of this size in memory.
///
/// # Panics
/// If that fails.
pub fn mount_small(folder: &Path, kibibytes: u32) {
    mount(&["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "none"], folder);
}

/// Gives a small file system another size.
///
/// # Panics
/// If that fails.
pub fn resize(folder: &Path, kibibytes: u32) {
    mount(&["-o", &format!("remount,size={kibibytes}k")], folder);
}

/// Makes a folder read-only, for root too.
///
/// # Panics
/// If that fails.
pub fn mount_read_only(folder: &Path) {
    let name = folder.to_str().expect("a printable path");
    mount(&["--bind", name], folder);
    mount(&["-o", "remount,bind,ro"], folder);
}

fn mount(arguments: &[&str], folder: &Path) {
    let output = Command::new("mount").args(arguments).arg(folder).output().expect("mount runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
