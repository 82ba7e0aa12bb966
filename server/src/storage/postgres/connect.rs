//! Connections to PostgreSQL: where, how protected, and how many.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::OpenError;
use crate::limits::{DATABASE_ANSWER_TIME, DATABASE_CONNECT_TIME};

/// Where the database is and how to talk to it, as in `postgres://user:password@host:5432/name?sslmode=verify-full`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Arc<Parts>);

#[derive(PartialEq, Eq)]
struct Parts {
    config: Config,
    trust: Trust,
    root: Option<PathBuf>,
}

/// What is asked of the server's certificate, if the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Nothing, as with libpq's `prefer` and `require`: protects from those who only listen.
    Any,
    /// That somebody has signed it who is trusted.
    Signed,
    /// That besides it is one of the host that is asked for.
    Named,
}

/// Without the password.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = match self.0.config.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
            None => "localhost".to_owned(),
        };
        let port = self.0.config.get_ports().first().copied().unwrap_or(5432);
        write!(f, "postgres://{host}:{port}/{}", self.0.config.get_dbname().unwrap_or_default())
    }
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        // What the driver does not know is taken out first.
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let mut trust = Trust::Any;
        let (mut root, mut rest) = (None, Vec::new());
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslmode", "verify-ca")) => {
                    trust = Trust::Signed;
                    rest.push("sslmode=require".to_owned());
                }
                Some(("sslmode", "verify-full")) => {
                    trust = Trust::Named;
                    rest.push("sslmode=require".to_owned());
                }
                Some(("sslrootcert", path)) => {
                    let pair = format!("={path}");
                    let path = form_urlencoded::parse(pair.as_bytes()).next();
                    root = path.map(|(_, path)| PathBuf::from(path.as_ref()));
                }
                Some(("sslmode", "allow")) => {
                    return Err("sslmode=allow is not known; take prefer".to_owned());
                }
                _ => rest.push(option.to_owned()),
            }
        }
        let url = if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) };
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            format!("{error}{cause}; expected postgres://user:password@host:5432/database")
        })?;
        if config.get_hosts().is_empty() {
            return Err("it names no host; expected postgres://user:password@host:5432/database".to_owned());
        }
        if config.get_application_name().is_none() {
            config.application_name("lightning-store");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(DATABASE_CONNECT_TIME);
        }
        config.keepalives_idle(Duration::from_secs(10)).keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3).tcp_user_timeout(DATABASE_ANSWER_TIME);
        Ok(Self(Arc::new(Parts { config, trust, root })))
    }
}

impl Address {
    /// How to connect without a pool.
    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    /// What encrypts connections, if they are.
    pub(super) fn tls(&self) -> Result<MakeRustlsConnect, OpenError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| OpenError::Tls(error.to_string()))?;
        let verifier = Verifier::new(self.0.trust, &self.roots()?, provider)?;
        let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
    }

    /// Whose signatures are trusted: those of the file that is named, else those that the system trusts.
    fn roots(&self) -> Result<RootCertStore, OpenError> {
        let mut roots = RootCertStore::empty();
        if self.0.trust == Trust::Any || self.0.config.get_ssl_mode() == SslMode::Disable {
            return Ok(roots);
        }
        if let Some(path) = &self.0.root {
            let unreadable = |error: String| OpenError::Tls(format!("{}: {error}", path.display()));
            let read = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
            for certificate in read {
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        } else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if roots.is_empty() {
            return Err(OpenError::Tls(
                "no trusted certificates were found; name a file with sslrootcert".to_owned(),
            ));
        }
        Ok(roots)
    }

    /// A pool of so many connections. Nothing is connected yet.
    pub(super) fn pool(&self, connections: usize) -> Result<Pool, OpenError> {
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.0.config.clone(), self.tls()?, manager);
        // A server that was cut off in the middle of a transaction must not hold its locks for long.
        let set = "SET idle_in_transaction_session_timeout = '15s'";
        let set_up = Hook::async_fn(move |client, _| {
            Box::pin(async move { client.batch_execute(set).await.map_err(HookError::Backend) })
        });
        let builder =
            Pool::builder(manager).max_size(connections).runtime(Runtime::Tokio1).post_create(set_up);
        let builder =
            builder.wait_timeout(Some(DATABASE_ANSWER_TIME)).create_timeout(Some(DATABASE_CONNECT_TIME));
        builder.build().map_err(|error| OpenError::Tls(error.to_string()))
    }
}

/// Asks of certificates what the address asks for.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    signatures: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(trust: Trust, roots: &RootCertStore, provider: Arc<CryptoProvider>) -> Result<Self, OpenError> {
        let signatures = if roots.is_empty() {
            None
        } else {
            let builder =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots.clone()), provider.clone());
            Some(builder.build().map_err(|error| OpenError::Tls(error.to_string()))?)
        };
        Ok(Self { trust, signatures, provider })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(signatures) = &self.signatures else { return Ok(ServerCertVerified::assertion()) };
        let verdict =
            signatures.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verdict {
            // The chain was good; only the name is another.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.trust == Trust::Signed => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_their_password() {
        let address: Address =
            "postgres://u:secret@db.example:6543/store?sslmode=verify-full".parse().unwrap();
        assert_eq!(address.to_string(), "postgres://db.example:6543/store");
        assert_eq!(format!("{address:?}"), "postgres://db.example:6543/store");
        assert_eq!((address.0.trust, address.0.config.get_ssl_mode()), (Trust::Named, SslMode::Require));
        let address: Address = "postgres://u@db/store".parse().unwrap();
        assert_eq!((address.0.trust, address.0.config.get_ssl_mode()), (Trust::Any, SslMode::Prefer));
        for wrong in
            ["postgres://", "postgres:///store", "postgres://h/d?sslmode=never", "postgres://h/d?x=1"]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
