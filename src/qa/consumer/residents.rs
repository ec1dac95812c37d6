//! The platform's own index, as its operators look into it: how it has a contract's engagements, and whose they are.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::hub::{Hub, encoded};
use crate::qa::index::filing::Filing;
use crate::qa::index::sample::Draw;

/// The listener that tells the engagements piece by piece, and its path there.
const LISTENER: &str = "index_update";
const ENGAGEMENTS: &str = "/skltp-ei/engagements";
/// Pieces that are asked for: an index that never comes to an end is none.
const PIECES_MAX: usize = 65_536;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    neighbours: Neighbours,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Neighbours {
    index_categorization: Option<Filed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filed {
    service_domain: String,
    categorizations: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    namespace: String,
}

impl Hub {
    /// How the index has a contract's engagements, as the aggregating service of the contract asks for them; nothing where
    /// the platform has none.
    pub async fn filing(&self, namespace: &str, domain: &str) -> Result<Option<Filing>, String> {
        let Some(Filed { service_domain, categorizations }) = self.filed(namespace).await? else { return Ok(None) };
        let listed: Vec<Listed> = self.get(&format!("/api/v1/contracts?domain={}", encoded(domain))).await?;
        let mut others = Vec::new();
        for other in listed.into_iter().filter(|other| other.namespace != namespace) {
            let filed = self.filed(&other.namespace).await?;
            let filed = filed.filter(|filed| filed.service_domain == service_domain);
            others.extend(filed.into_iter().flat_map(|filed| filed.categorizations));
        }
        Ok(Some(Filing { service_domain, categorizations, others }))
    }

    async fn filed(&self, namespace: &str) -> Result<Option<Filed>, String> {
        let known: Known = self.get(&format!("/api/v1/contracts/{}", encoded(namespace))).await?;
        Ok(known.neighbours.index_categorization)
    }

    /// Offers everybody whom one of these systems has told the index of, in a service domain.
    pub async fn offer_residents(&self, mut draw: Draw, systems: &[String], domain: &str) -> Result<Draw, String> {
        let url = self
            .listener(LISTENER)
            .await?
            .map(|url| format!("{}{ENGAGEMENTS}", url.trim_end_matches('/')))
            .ok_or_else(|| format!("the platform has no listener {LISTENER}, which tells whom its index knows"))?;
        for piece in 0..PIECES_MAX {
            let request = Request::builder().method(Method::POST).uri(&url);
            let request = request.header(http::header::CONTENT_TYPE, "application/json");
            let request = request.body(Bytes::from(json!({"piece": piece}).to_string()));
            let request = request.map_err(|error| format!("{url} is not a URL: {error}"))?;
            let answer = self.carrier().answer(request).await.map_err(|fault| format!("{url}: {fault}"))?;
            match answer.status() {
                StatusCode::OK => {}
                // There are no more.
                StatusCode::BAD_REQUEST if piece > 0 => return Ok(draw),
                status => return Err(format!("{url} answered with status {status}")),
            }
            let (systems, domain) = (systems.to_vec(), domain.to_owned());
            // Reading a piece of a national index takes long enough to be kept off the threads that answer calls.
            let offered = tokio::task::spawn_blocking(move || {
                draw.offer_lines(&String::from_utf8_lossy(answer.body()), &systems, &domain).map(|()| draw)
            });
            draw = offered.await.map_err(|error| error.to_string())??;
        }
        Err(format!("{url} has more than {PIECES_MAX} pieces"))
    }
}
