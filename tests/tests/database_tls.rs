//! Encrypted connections to PostgreSQL, as `sslmode` asks for them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

use lightning_store_e2e::postgres::{Cluster, name_of};
use lightning_store_e2e::server::Launch;

/// Runs openssl in a folder.
fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// An authority, and a certificate of `localhost` that it has signed.
fn certificates(folder: &Path) {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(folder, &format!("req -x509 {KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"));
    openssl(folder, &format!("req {KEY} -keyout server.key -out server.csr -subj /CN=localhost"));
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
    let sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem";
    openssl(folder, sign);
}

#[test]
fn connections_are_encrypted_and_certificates_looked_at_as_the_address_says() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let keys = tempfile::tempdir().unwrap();
    for file in ["server.key", "server.pem"] {
        std::fs::copy(folder.path().join(file), keys.path().join(file)).unwrap();
    }
    lightning_store_e2e::postgres::give(keys.path());
    let setting = |name: &str, file: &str| format!("{name}={}", keys.path().join(file).display());
    let (certificate, key) = (setting("ssl_cert_file", "server.pem"), setting("ssl_key_file", "server.key"));
    let cluster = Cluster::with(&["fsync=off", "ssl=on", &certificate, &key]);
    let url = cluster.database();
    let localhost = url.replace("127.0.0.1", "localhost");
    let root = format!("sslrootcert={}", folder.path().join("ca.pem").display());

    let check = |encrypted: bool| {
        let found = "(SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'lightning-store' AND ssl)";
        let sql = format!("DO $$ BEGIN ASSERT ({found} > 0) = {encrypted}; END $$");
        cluster.execute(name_of(&url), &sql);
    };
    for (address, encrypted) in [
        (format!("{url}?sslmode=disable"), false),
        (url.clone(), true),
        (format!("{url}?sslmode=require"), true),
        (format!("{url}?sslmode=verify-ca&{root}"), true),
        (format!("{localhost}?sslmode=verify-full&{root}"), true),
    ] {
        let server = Launch::postgres(&address).start();
        check(encrypted);
        server.stop();
    }
    for address in [
        // Another name.
        format!("{url}?sslmode=verify-full&{root}"),
        // Signed by nobody that the system knows.
        format!("{localhost}?sslmode=verify-full"),
        format!("{localhost}?sslmode=verify-ca"),
    ] {
        let ended = Launch::postgres(&address).run();
        assert!(!ended.status.success(), "{address}");
        assert!(
            ended.stderr.contains("cannot be used") || ended.stderr.contains("encrypted"),
            "{}",
            ended.stderr
        );
    }
}
