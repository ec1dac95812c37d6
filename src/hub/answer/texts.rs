//! The table of VP codes: who is at fault, and the consumer's text (`vp.md` §6.2). The texts are exact: clients match on them.

use crate::domain::vp_code::VpCode;
use crate::soap::fault::Side;

/// Whose fault a code says it is. VP007 and VP014 are the platform's, though the caller causes them (`vp.md` §12.1).
pub fn side(code: VpCode) -> Side {
    match code {
        VpCode::Vp001
        | VpCode::Vp002
        | VpCode::Vp003
        | VpCode::Vp004
        | VpCode::Vp005
        | VpCode::Vp011
        | VpCode::Vp013
        | VpCode::Vp015 => Side::Client,
        VpCode::Vp006
        | VpCode::Vp007
        | VpCode::Vp008
        | VpCode::Vp009
        | VpCode::Vp010
        | VpCode::Vp012
        | VpCode::Vp014 => Side::Server,
    }
}

/// What the consumer is told, behind the code and the instance's name.
pub fn text(code: VpCode) -> &'static str {
    match code {
        VpCode::Vp001 => "Rivta-version saknas i anrop eller stöds ej av tjänsteplattformen.",
        VpCode::Vp002 => "Fel i klientcertifikat. Saknas, är av felaktig typ, eller är felaktigt utformad.",
        VpCode::Vp003 => "Logisk adressat (ReceiverId) saknas i RivHeadern i inkommande meddelande.",
        VpCode::Vp004 => {
            "Det finns inget vägval i tjänsteadresseringskatalogen som matchar anropets logiska adressat (ReceiverId) och \
             tjänstekontrakt. Kontrollera uppgifterna i anropet och vid behov, beställ konfigurering i aktuell tjänsteplattform."
        }
        VpCode::Vp005 => "Tjänsteproducenten stödjer inte anropets angivna rivta-version. Kontrollera uppgifterna.",
        VpCode::Vp006 => {
            "Internt fel i tjänsteplattformen. Det finns fler än en tjänsteproducent definierad i \
             tjänsteadresseringskatalogen som matchar logisk adressat (ReceiverId), tjänstekontrakt och dagens datum. \
             Tyder på felkonfiguration. Rapportera felet till tjänsteplattformsförvaltningen."
        }
        VpCode::Vp007 => {
            "Tjänstekonsumenten saknar behörighet att anropa den logiska adressaten via detta tjänstekontrakt. \
             Kontrollera uppgifterna och vid behov, tillse att det beställs konfiguration i aktuell tjänsteplattform."
        }
        VpCode::Vp008 => {
            "Internt fel i tjänsteplattformen. Ingen kontakt med tjänsteadresseringskatalogen. Informera \
             tjänsteplattformsförvaltningen."
        }
        VpCode::Vp009 => "Fel vid kontakt med tjänsteproducenten.",
        VpCode::Vp010 => {
            "Internt fel i tjänsteplattformen. URL saknas för tjänsteproducenten i tjänsteplattformens \
             tjänsteadresseringskatalog."
        }
        VpCode::Vp011 => {
            "Anrop har gjorts utanför TLS vilket ej är tillåtet. Tjänstekonsumenten ska alltid använda TLS för säker \
             kommunikation."
        }
        VpCode::Vp012 => "Internt fel i tjänsteplattformen. Nödvändiga resurser saknas för att VP skall fungera.",
        VpCode::Vp013 => {
            "Enligt tjänsteplattformens konfiguration saknar tjänstekonsumenten rätt att använda headern \
             x-rivta-original-serviceconsumer-hsaid. Kontakta tjänsteplattformsförvaltningen."
        }
        VpCode::Vp014 => {
            "Anropsförmedlingen för den logiska adressaten har givit upphov till rundgång mellan tjänsteplattformar. \
             Rapportera felet till tjänsteplattformsförvaltningen."
        }
        VpCode::Vp015 => "Anrop ej korrekt utformat och kan därför inte behandlas.",
    }
}

/// The fault string: `VP004 [NTjP Develop] Det finns inget vägval …`.
pub fn fault_string(code: VpCode, instance_name: &str) -> String {
    format!("{code} [{instance_name}] {}", text(code))
}

/// Detail of VP003; the blank at its end is the reference's.
pub const NO_RECEIVER: &str = "No receiverId (logical address) found in message header. ";

/// Detail of VP008.
pub const NO_CONTACT: &str =
    "No contact with TAK at startup, and no local cache to fallback on, not possible to route call";

/// Detail of VP004, with a word about blanks where the address has some.
pub fn no_route(contract: &str, receiver: &str) -> String {
    let blanks = if receiver.contains(' ') { ". Whitespace detected in incoming request!" } else { "" };
    format!("No receiverId (logical address) found for serviceNamespace: {contract}, receiverId: {receiver}{blanks}")
}

/// Detail of VP006.
pub fn several_routes(contract: &str, receiver: &str) -> String {
    format!(
        "More than one receiverId (logical address) with matching Riv-version found for serviceNamespace: {contract}, \
         receiverId: {receiver}"
    )
}

/// Detail of VP007.
pub fn not_authorised(contract: &str, receiver: &str, sender: &str) -> String {
    format!("Authorization missing for serviceNamespace: {contract}, receiverId: {receiver}, senderId: {sender}")
}

/// Detail of VP010.
pub fn no_url(contract: &str, receiver: &str) -> String {
    format!(
        "Physical Address field is empty in Service Producer for serviceNamespace: {contract}, receiverId: {receiver}"
    )
}
