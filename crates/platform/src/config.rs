//! Configuration: one TOML file, every value also from the environment.
//!
//! `YIMEN_CONFIG` names the file (default `yimen.toml` in the working directory, if it is there);
//! a variable `YIMEN_<KEY>` overrides a key, with `__` between the words of a path
//! (`YIMEN_SERVICES__INTAKE__LISTEN`).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::signature::Secret;

/// What an operator sets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// PostgreSQL, for every service that has no address of its own.
    pub database_url: Option<String>,
    /// RabbitMQ.
    pub amqp_url: Option<String>,
    /// Where files of applicants and complainants are kept. Default: `data/objects` in the working directory.
    pub objects: PathBuf,
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// The address under which citizens reach the pages, as `https://zwfw.example.gov.cn`: it stands in messages and
    /// on receipts. Default: `http://` and where the gateway listens. Gateway and notification need it.
    pub public_url: Option<String>,
    /// Identity's private key, 64 hexadecimal digits; only identity needs it.
    pub actor_private_key: Option<String>,
    /// Identity's public key, 64 hexadecimal digits; every other service needs it.
    pub actor_public_key: Option<String>,
    /// The first operator's password; identity creates the operator `operator` with it if there is none.
    pub operator_password: Option<String>,
    /// Connections to PostgreSQL per service and process.
    pub pool_size: usize,
    /// Trust the rightmost `X-Forwarded-For` address: set it only behind a reverse proxy.
    pub behind_proxy: bool,
    /// Keys agreed with the banks that report payments: the id of each and its secret, 64 hexadecimal
    /// digits. Only fees needs them.
    pub bank_keys: BTreeMap<String, Secret>,
    /// The hours of the day in China in which messages to applicants go out, as `08:00-21:00`.
    pub sms_hours: String,
    /// Messages that a center may send within a minute; others wait. Only notification needs it.
    pub sms_per_center: u32,
    /// Who carries messages, by a name of your choice; without any, the simulator. Only notification
    /// needs them.
    pub carriers: BTreeMap<String, CarrierConfig>,
    /// Per service, by its name.
    pub services: BTreeMap<String, ServiceConfig>,
}

/// What an operator may set for one service.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceConfig {
    /// Where its gRPC server listens.
    pub listen: Option<SocketAddr>,
    /// Where the gateway finds it, for example `http://intake:7102`.
    pub address: Option<String>,
    /// A login of its own.
    pub database_url: Option<String>,
}

/// One carrier of messages.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarrierConfig {
    /// Which way.
    pub kind: CarrierKind,
    /// Where messages are taken: a URL for HTTP, `host:port` for SMPP.
    pub address: Option<String>,
    /// The id of the key agreed with the platform, for what we send and for what it reports.
    pub key_id: Option<String>,
    /// That key.
    pub secret: Option<Secret>,
    /// The account of an SMPP link.
    pub system_id: Option<String>,
    /// Its password, at most eight characters.
    pub password: Option<String>,
    /// The number that messages over SMPP come from.
    pub source: Option<String>,
    /// How many messages may be on their way over an SMPP link at a time.
    #[serde(default = "window")]
    pub window: u16,
    /// Its share of all messages, relative to the others'.
    #[serde(default = "one")]
    pub share: u32,
}

/// The ways to carry messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CarrierKind {
    /// Nothing leaves the house.
    Simulator,
    /// Signed JSON.
    Http,
    /// SMPP 3.4.
    Smpp,
}

impl CarrierConfig {
    /// One of this kind about which nothing else is said.
    pub fn of(kind: CarrierKind) -> Self {
        Self {
            kind,
            address: None,
            key_id: None,
            secret: None,
            system_id: None,
            password: None,
            source: None,
            window: window(),
            share: one(),
        }
    }

    /// Whether nothing leaves the house.
    pub fn is_simulator(&self) -> bool {
        self.kind == CarrierKind::Simulator
    }
}

fn one() -> u32 {
    1
}

fn window() -> u16 {
    16
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: None,
            amqp_url: None,
            objects: PathBuf::from("data/objects"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            actor_private_key: None,
            actor_public_key: None,
            operator_password: None,
            pool_size: 10,
            behind_proxy: false,
            bank_keys: BTreeMap::new(),
            sms_hours: "08:00-21:00".to_owned(),
            sms_per_center: 3_000,
            carriers: BTreeMap::new(),
            services: BTreeMap::new(),
        }
    }
}

/// The variables that are keys of the configuration: not those that name its file, the format of the
/// log, or the place of the tests.
fn variables() -> Env {
    Env::prefixed("YIMEN_")
        .filter(|key| key != "config" && key != "log" && !key.starts_with("test_"))
        .split("__")
}

/// Characters of `public_url`: with what follows it, a link has to fit a message.
const PUBLIC_URL_MAX: usize = 60;

/// The ports that services take where nothing else is set.
const PORTS: [(&str, u16); 7] = [
    ("identity", 7101),
    ("intake", 7102),
    ("approval", 7103),
    ("fees", 7104),
    ("notification", 7105),
    ("supervision", 7106),
    ("complaints", 7107),
];

impl Config {
    /// Reads file and environment.
    ///
    /// # Errors
    /// A sentence that names the key or the file that is wrong.
    pub fn load() -> Result<Self, String> {
        let named = std::env::var_os("YIMEN_CONFIG").map(PathBuf::from);
        if let Some(path) = named.as_ref().filter(|path| !path.is_file()) {
            return Err(format!(
                "The configuration file {} named by YIMEN_CONFIG is not there; correct the name or unset it.",
                path.display()
            ));
        }
        Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(named.unwrap_or_else(|| "yimen.toml".into())))
            .merge(variables())
            .extract()
            .map_err(|error| {
                format!("The configuration is broken: {error}. Correct that key and start again.")
            })
    }

    /// The address under which citizens reach the pages, without a slash at its end.
    ///
    /// # Errors
    /// A sentence that says what is wrong with `public_url`.
    pub fn public_url(&self) -> Result<String, String> {
        let Some(stated) = &self.public_url else { return Ok(format!("http://{}", self.listen)) };
        let url = stated.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:[]%".contains(c);
        if host.is_empty() || !host.chars().all(is_plain) || url.len() > PUBLIC_URL_MAX {
            return Err(format!(
                "public_url is {stated}, which is no address that fits a message; write it as https://zwfw.example.gov.cn, at most {PUBLIC_URL_MAX} characters."
            ));
        }
        Ok(url.to_owned())
    }

    /// Where a service's gRPC server listens.
    pub fn service_listen(&self, name: &str) -> SocketAddr {
        self.services
            .get(name)
            .and_then(|service| service.listen)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], default_port(name))))
    }

    /// Where the gateway finds a service.
    pub fn service_address(&self, name: &str) -> String {
        self.services
            .get(name)
            .and_then(|service| service.address.clone())
            .unwrap_or_else(|| format!("http://127.0.0.1:{}", default_port(name)))
    }

    /// The database of a service.
    ///
    /// # Errors
    /// A sentence that says which key is missing.
    pub fn service_database_url(&self, name: &str) -> Result<&str, String> {
        self.services
            .get(name)
            .and_then(|service| service.database_url.as_deref())
            .or(self.database_url.as_deref())
            .ok_or_else(|| {
                "No database is configured: set YIMEN_DATABASE_URL (postgres://user:password@host/database) or database_url in yimen.toml.".to_owned()
            })
    }

    /// RabbitMQ's address.
    ///
    /// # Errors
    /// A sentence that says which key is missing.
    pub fn amqp_url(&self) -> Result<&str, String> {
        self.amqp_url.as_deref().ok_or_else(|| {
            "No RabbitMQ is configured: set YIMEN_AMQP_URL (amqp://user:password@host:5672/vhost) or amqp_url in yimen.toml.".to_owned()
        })
    }
}

fn default_port(name: &str) -> u16 {
    PORTS.iter().find(|(known, _)| *known == name).map_or(0, |(_, port)| *port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_fits_a_message() {
        let of = |url: &str| Config { public_url: Some(url.to_owned()), ..Config::default() }.public_url();
        assert_eq!(Config::default().public_url().as_deref(), Ok("http://127.0.0.1:8080"));
        assert_eq!(
            of("https://zwfw.example.gov.cn/furong/").as_deref(),
            Ok("https://zwfw.example.gov.cn/furong")
        );
        let long = format!("https://{}", "a".repeat(PUBLIC_URL_MAX));
        for bad in [
            "",
            "zwfw.example.gov.cn",
            "ftp://a",
            "https://",
            "https://a b",
            "https://a/{x}",
            "https://a?b",
            &long,
        ] {
            assert!(of(bad).is_err_and(|said| said.starts_with("public_url is")), "{bad}");
        }
    }
}
