//! Requests in both profiles, with declarations wherever a consumer may put them.

/// The contracts of `vp.md` §11.0.
pub const GC: &str = "urn:riv:insuranceprocess:healthreporting:GetCertificateResponder:1";
pub const GA: &str = "urn:riv:clinicalprocess:activity:actions:GetActivitiesResponder:1";
pub const CB: &str = "urn:riv:ehr:blocking:accesscontrol:CheckBlocksResponder:3";
pub const GS: &str = "urn:riv:infrastructure:itintegration:registry:GetSupportedServiceContractsResponder:2";
pub const PN: &str = "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1";

pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Namespace of the address in profile 2.0.
pub const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
/// Namespace of the address in profile 2.1.
pub const REGISTRY: &str = "urn:riv:itintegration:registry:1";

/// Where a namespace is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    Envelope,
    /// `Header` for the address, `Body` for the contract.
    Around,
    Itself,
}

/// A request under construction.
#[derive(Clone, Debug)]
pub struct Envelope {
    contract: String,
    receiver: String,
    element: &'static str,
    namespace: String,
    address_declared: Declared,
    contract_declared: Declared,
    prolog: String,
    in_header: String,
    in_body: String,
}

impl Envelope {
    /// A request in profile 2.0.
    pub fn bp20(contract: &str, receiver: &str) -> Self {
        Self {
            contract: contract.to_owned(),
            receiver: receiver.to_owned(),
            element: "To",
            namespace: ADDRESSING.to_owned(),
            address_declared: Declared::Envelope,
            contract_declared: Declared::Envelope,
            prolog: String::new(),
            in_header: String::new(),
            in_body: "<q:personId>191212121212</q:personId>".to_owned(),
        }
    }

    /// A request in profile 2.1.
    pub fn bp21(contract: &str, receiver: &str) -> Self {
        Self { element: "LogicalAddress", namespace: REGISTRY.to_owned(), ..Self::bp20(contract, receiver) }
    }

    /// The namespace of the address element.
    pub fn namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    pub fn address_declared(mut self, place: Declared) -> Self {
        self.address_declared = place;
        self
    }

    pub fn contract_declared(mut self, place: Declared) -> Self {
        self.contract_declared = place;
        self
    }

    /// An XML declaration with an encoding.
    pub fn encoding(mut self, encoding: &str) -> Self {
        self.prolog = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>");
        self
    }

    /// What stands beside the address.
    pub fn in_header(mut self, xml: &str) -> Self {
        xml.clone_into(&mut self.in_header);
        self
    }

    /// What stands in the body's child.
    pub fn in_body(mut self, xml: &str) -> Self {
        xml.clone_into(&mut self.in_body);
        self
    }

    pub fn text(&self) -> String {
        let address = format!(" xmlns:a=\"{}\"", self.namespace);
        let contract = format!(" xmlns:q=\"{}\"", self.contract);
        let at = |place: Declared, declaration: &str, wanted: Declared| {
            if place == wanted { declaration.to_owned() } else { String::new() }
        };
        let of_address = |place| at(place, &address, self.address_declared);
        let of_contract = |place| at(place, &contract, self.contract_declared);
        let (element, operation) = (self.element, operation(&self.contract));
        format!(
            "{}<S:Envelope xmlns:S=\"{SOAP_11}\"{}{}><S:Header{}><a:{element}{}>{}</a:{element}>{}</S:Header>\
             <S:Body{}><q:{operation}{}>{}</q:{operation}></S:Body></S:Envelope>",
            self.prolog,
            of_address(Declared::Envelope),
            of_contract(Declared::Envelope),
            of_address(Declared::Around),
            of_address(Declared::Itself),
            self.receiver,
            self.in_header,
            of_contract(Declared::Around),
            of_contract(Declared::Itself),
            self.in_body,
        )
    }
}

/// A GC request, in profile 2.0 as `vp.md` §11.0 has it.
pub fn gc(receiver: &str) -> String {
    Envelope::bp20(GC, receiver).text()
}

/// A GA request in profile 2.1.
pub fn ga(receiver: &str) -> String {
    Envelope::bp21(GA, receiver).text()
}

fn operation(contract: &str) -> &str {
    let name = contract.split(':').find(|part| part.ends_with("Responder")).unwrap_or("GetXResponder");
    name.strip_suffix("Responder").unwrap_or(name)
}

/// The text in UTF-16, big-endian or not, with a byte-order mark or without.
pub fn utf16(text: &str, big_endian: bool, marked: bool) -> Vec<u8> {
    let units = marked.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// The text of UTF-16 with a byte-order mark, or big-endian without.
pub fn from_utf16(bytes: &[u8]) -> String {
    let (big_endian, bytes) = match bytes {
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [0xff, 0xfe, rest @ ..] => (false, rest),
        rest => (true, rest),
    };
    assert_eq!(bytes.len() % 2, 0, "an odd number of bytes is not UTF-16");
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    String::from_utf16(&bytes.chunks(2).map(unit).collect::<Vec<_>>()).expect("UTF-16")
}
