//! The frame around every page.

use maud::{DOCTYPE, Markup, html};

use crate::admin::AdminParts;

/// A whole document.
pub(super) fn page(parts: &AdminParts, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · anslut" }
                link rel="icon" href="/assets/mark.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/page.css";
                script src="/assets/live.js" defer {}
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header.top {
                    a.brand href="/" { img src="/assets/mark.svg" alt="" width="28" height="28"; "anslut" }
                    nav aria-label="Main" {
                        a href="/" { "Calls" }
                        a href="/explain" { "Explain" }
                        a href="/contracts" { "Contracts" }
                        a href="/catalogue" { "Catalogue" }
                        a href="/qa" { "Quality" }
                        a href="/connections" { "Connections" }
                        a href="/openapi.json" { "API" }
                        a href="/metrics" { "Metrics" }
                    }
                    p.where { span { (parts.instance) } " · environment " span { (parts.environment) } }
                }
                main #content { (content) }
                footer {
                    ul {
                        @for (name, url) in &parts.addresses { li { (name) " " code { (url) } } }
                    }
                    p { "anslut " (env!("CARGO_PKG_VERSION")) ". Identity numbers outside the official test series are masked." }
                }
            }
        }
    }
}
