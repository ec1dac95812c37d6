//! The consumer's texts of `vp.md` §6.2, written down a second time: whoever changes one changes an interface.

/// Side and text of a VP code.
pub fn of(code: u8) -> (&'static str, &'static str) {
    match code {
        1 => ("Client", "Rivta-version saknas i anrop eller stöds ej av tjänsteplattformen."),
        2 => ("Client", "Fel i klientcertifikat. Saknas, är av felaktig typ, eller är felaktigt utformad."),
        3 => ("Client", "Logisk adressat (ReceiverId) saknas i RivHeadern i inkommande meddelande."),
        4 => (
            "Client",
            "Det finns inget vägval i tjänsteadresseringskatalogen som matchar anropets logiska adressat (ReceiverId) och tjänstekontrakt. Kontrollera uppgifterna i anropet och vid behov, beställ konfigurering i aktuell tjänsteplattform.",
        ),
        5 => ("Client", "Tjänsteproducenten stödjer inte anropets angivna rivta-version. Kontrollera uppgifterna."),
        6 => (
            "Server",
            "Internt fel i tjänsteplattformen. Det finns fler än en tjänsteproducent definierad i tjänsteadresseringskatalogen som matchar logisk adressat (ReceiverId), tjänstekontrakt och dagens datum. Tyder på felkonfiguration. Rapportera felet till tjänsteplattformsförvaltningen.",
        ),
        7 => (
            "Server",
            "Tjänstekonsumenten saknar behörighet att anropa den logiska adressaten via detta tjänstekontrakt. Kontrollera uppgifterna och vid behov, tillse att det beställs konfiguration i aktuell tjänsteplattform.",
        ),
        8 => (
            "Server",
            "Internt fel i tjänsteplattformen. Ingen kontakt med tjänsteadresseringskatalogen. Informera tjänsteplattformsförvaltningen.",
        ),
        9 => ("Server", "Fel vid kontakt med tjänsteproducenten."),
        10 => (
            "Server",
            "Internt fel i tjänsteplattformen. URL saknas för tjänsteproducenten i tjänsteplattformens tjänsteadresseringskatalog.",
        ),
        11 => (
            "Client",
            "Anrop har gjorts utanför TLS vilket ej är tillåtet. Tjänstekonsumenten ska alltid använda TLS för säker kommunikation.",
        ),
        12 => ("Server", "Internt fel i tjänsteplattformen. Nödvändiga resurser saknas för att VP skall fungera."),
        13 => (
            "Client",
            "Enligt tjänsteplattformens konfiguration saknar tjänstekonsumenten rätt att använda headern x-rivta-original-serviceconsumer-hsaid. Kontakta tjänsteplattformsförvaltningen.",
        ),
        14 => (
            "Server",
            "Anropsförmedlingen för den logiska adressaten har givit upphov till rundgång mellan tjänsteplattformar. Rapportera felet till tjänsteplattformsförvaltningen.",
        ),
        15 => ("Client", "Anrop ej korrekt utformat och kan därför inte behandlas."),
        _ => panic!("there is no VP{code:03}"),
    }
}

/// Detail of VP003: it ends in a space.
pub const NO_RECEIVER: &str = "No receiverId (logical address) found in message header. ";

/// Detail of VP008.
pub const NO_CONTACT: &str =
    "No contact with TAK at startup, and no local cache to fallback on, not possible to route call";

/// Detail of VP011.
pub fn not_whitelisted(address: &str, header: &str) -> String {
    format!(
        "Caller was not on the white list of accepted IP-addresses.  IP-address: {address}. HTTP header that caused checking: {header}"
    )
}

/// Detail of VP004.
pub fn no_route(contract: &str, receiver: &str) -> String {
    format!("No receiverId (logical address) found for serviceNamespace: {contract}, receiverId: {receiver}")
}

/// Detail of VP006.
pub fn several_routes(contract: &str, receiver: &str) -> String {
    format!(
        "More than one receiverId (logical address) with matching Riv-version found for serviceNamespace: {contract}, receiverId: {receiver}"
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

/// Detail of VP009 for a failure of the call, with class and message of the exception.
pub fn caught(address: &str, exception: &str) -> String {
    format!(
        "Error connecting to service producer at address {address}. Exception Caught by Camel when contacting producer. Exception information: ({exception})"
    )
}
