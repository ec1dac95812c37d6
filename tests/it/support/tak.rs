//! A catalogue as the local TAK copy (`vp.md` §4.1), and an HSA tree as its XML (§4.4).

/// Always valid.
pub const EVER: (&str, &str) = ("2009-03-10T00:00:00", "2109-03-10T00:00:00");

#[derive(Clone, Debug)]
pub struct RouteRow {
    pub contract: String,
    pub receiver: String,
    pub profile: String,
    pub url: String,
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug)]
pub struct PermissionRow {
    pub contract: String,
    pub receiver: String,
    pub sender: String,
    pub from: String,
    pub to: String,
}

/// Routes and permissions.
#[derive(Clone, Debug, Default)]
pub struct Tak {
    pub routes: Vec<RouteRow>,
    pub permissions: Vec<PermissionRow>,
}

impl Tak {
    pub fn route(mut self, contract: &str, receiver: &str, profile: &str, url: &str) -> Self {
        self.add_route(contract, receiver, profile, url, EVER);
        self
    }

    pub fn permission(mut self, contract: &str, receiver: &str, sender: &str) -> Self {
        self.add_permission(contract, receiver, sender, EVER);
        self
    }

    pub fn add_route(&mut self, contract: &str, receiver: &str, profile: &str, url: &str, (from, to): (&str, &str)) {
        let [contract, receiver, profile, url, from, to] =
            [contract, receiver, profile, url, from, to].map(str::to_owned);
        self.routes.push(RouteRow { contract, receiver, profile, url, from, to });
    }

    pub fn add_permission(&mut self, contract: &str, receiver: &str, sender: &str, (from, to): (&str, &str)) {
        let [contract, receiver, sender, from, to] = [contract, receiver, sender, from, to].map(str::to_owned);
        self.permissions.push(PermissionRow { contract, receiver, sender, from, to });
    }

    /// Sends one receiver of a contract somewhere else.
    pub fn move_route(&mut self, contract: &str, receiver: &str, url: &str) {
        let mut moved = 0;
        for route in self.routes.iter_mut().filter(|route| route.contract == contract && route.receiver == receiver) {
            url.clone_into(&mut route.url);
            moved += 1;
        }
        assert_eq!(moved, 1, "routes of {contract} to {receiver}");
    }

    /// The local TAK copy.
    pub fn xml(&self) -> String {
        let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<persistentCache>\n".to_owned();
        for (place, route) in self.routes.iter().enumerate() {
            xml.push_str(&record(
                "virtualiseringsInfo",
                &[
                    ("virtualiseringsInfoId", &place.to_string()),
                    ("receiverId", &route.receiver),
                    ("rivProfil", &route.profile),
                    ("tjansteKontrakt", &route.contract),
                    ("fromTidpunkt", &route.from),
                    ("tomTidpunkt", &route.to),
                    ("adress", &route.url),
                ],
            ));
        }
        for (place, permission) in self.permissions.iter().enumerate() {
            xml.push_str(&record(
                "anropsBehorighetsInfo",
                &[
                    ("anropsBehorighetsInfoId", &place.to_string()),
                    ("receiverId", &permission.receiver),
                    ("senderId", &permission.sender),
                    ("tjansteKontrakt", &permission.contract),
                    ("fromTidpunkt", &permission.from),
                    ("tomTidpunkt", &permission.to),
                ],
            ));
        }
        xml + "</persistentCache>\n"
    }
}

fn record(name: &str, fields: &[(&str, &str)]) -> String {
    let inside: String = fields.iter().map(|(field, value)| format!("<v:{field}>{value}</v:{field}>")).collect();
    format!("<{name} xmlns:v=\"urn:skl:tp:vagvalsinfo:v2\">{inside}</{name}>\n")
}

/// A tree in which each id is above the one before it.
pub fn hsa_xml(ids: &[&str]) -> String {
    let units = ids.iter().enumerate().map(|(place, id)| {
        let dn: Vec<String> = (place..ids.len()).map(|level| format!("ou=level {level}")).collect();
        let dn = dn.join(", ");
        format!("<hsaUnit><hsaIdentity>{id}</hsaIdentity><DN>{dn}</DN><name>{id}</name></hsaUnit>\n")
    });
    let units: String = units.collect();
    format!(
        "<getHsaUnits xmlns=\"urn:riv:hsa:HsaWsResponder:3\"><endDate>2026-01-01T00:00:00</endDate>\n{units}</getHsaUnits>"
    )
}

/// The tree of `vp.md` §11.0.
pub const TREE: &[&str] = &["SE0000000001-1234", "SE0000000002-1234", "SE0000000003-1234", "SE0000000004-1234", "SE"];
