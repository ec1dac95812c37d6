//! The platform itself as it tells of itself over HTTP: its certificates, its catalogue, its contracts.

use serde::Deserialize;

use super::hub::{Certificate, Hub, encoded};
use crate::qa::result::{CatalogueSeen, ContractSeen, PlatformSeen};

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    certificates: Vec<Certificate>,
    #[serde(default)]
    addresses: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    name: String,
    url: String,
}

/// The listener of FindContent, and its path there.
const INDEX: (&str, &str) = ("index_find", "/skltp-ei/find-content-service/v1");

/// What the names of the hub's listeners begin with, and the path that every call may take.
const ENTRANCE: (&str, &str) = ("hub_http", "/vp");

#[derive(Deserialize)]
struct Known {
    registered: Vec<String>,
}

#[derive(Deserialize)]
struct Contract {
    major: u32,
    minor: u32,
}

impl Hub {
    /// The certificates that the platform's listeners show now.
    pub async fn certificates(&self) -> Result<Vec<Certificate>, String> {
        self.get::<Platform>("/api/v1/platform").await.map(|platform| platform.certificates)
    }

    /// Where the platform's own index answers FindContent; nothing where it does not.
    pub async fn index(&self) -> Result<Option<String>, String> {
        let (listener, path) = INDEX;
        Ok(self.listener(listener).await?.map(|url| format!("{}{path}", url.trim_end_matches('/'))))
    }

    /// Where systems call the hub, with and without TLS.
    pub async fn entrances(&self) -> Result<Vec<String>, String> {
        let platform: Platform = self.get("/api/v1/platform").await?;
        let own = platform.addresses.into_iter().filter(|address| address.name.starts_with(ENTRANCE.0));
        Ok(own.map(|address| format!("{}{}", address.url.trim_end_matches('/'), ENTRANCE.1)).collect())
    }

    /// Where a listener of the platform is; nothing where it is off.
    pub(super) async fn listener(&self, name: &str) -> Result<Option<String>, String> {
        let platform: Platform = self.get("/api/v1/platform").await?;
        Ok(platform.addresses.into_iter().find(|address| address.name == name).map(|address| address.url))
    }

    /// Every spelling that the catalogue of a platform has a consumer registered under.
    pub async fn registered(&self, platform: &str, consumer: &str) -> Result<Vec<String>, String> {
        let (platform, consumer) = (encoded(platform), encoded(consumer));
        let known: Known = self.get(&format!("/api/v1/catalogue/consumers/{consumer}?platform={platform}")).await?;
        Ok(known.registered)
    }

    /// What a run was made in: everything that can be asked, and why the rest could not. `environment` names one of
    /// several platforms, where it is the name of one.
    pub async fn seen(&self, environment: Option<&str>, contracts: &[String]) -> PlatformSeen {
        let mut seen = PlatformSeen::default();
        match self.get::<Platform>("/api/v1/platform").await {
            Ok(platform) => {
                seen.program = Some(format!("{} {}", platform.name, platform.version));
                seen.certificates = platform.certificates;
            }
            Err(why) => seen.unknown.push(why),
        }
        match self.catalogue(environment).await {
            Ok(catalogue) => seen.catalogue = catalogue,
            Err(why) => seen.unknown.push(why),
        }
        for namespace in contracts {
            let path = format!("/api/v1/contracts/{}", encoded(namespace));
            match self.get::<Contract>(&path).await {
                Ok(Contract { major, minor }) => {
                    let version = format!("{major}.{minor}");
                    seen.contracts.push(ContractSeen { namespace: namespace.clone(), version });
                }
                Err(why) => seen.unknown.push(why),
            }
        }
        seen
    }

    /// The newest published version of the catalogue; none where nothing has been published.
    async fn catalogue(&self, environment: Option<&str>) -> Result<Option<CatalogueSeen>, String> {
        const PATH: &str = "/api/v1/catalogue/versions";
        let named = match environment {
            Some(name) => self.get::<Vec<CatalogueSeen>>(&format!("{PATH}?platform={}", encoded(name))).await.ok(),
            None => None,
        };
        let versions = match named {
            Some(versions) => versions,
            None => self.get(PATH).await?,
        };
        Ok(versions.into_iter().next())
    }
}
