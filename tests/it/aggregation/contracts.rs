//! What `aggregation.md` §4 says of every service, for requests, answers and expectations.

/// The `result` of the merged answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    None,
    Info,
    InfoNa,
}

/// A service as §4.1 and §4.2 have it.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    pub tag: &'static str,
    pub operation: &'static str,
    pub major: u32,
    /// `riv:…`.
    pub domain: &'static str,
    core: u32,
    /// Separated by commas.
    pub categorizations: &'static str,
    pub patient_path: &'static str,
    /// Separated by blanks.
    pub lists: &'static str,
    pub result: Result,
    irregular_action: &'static str,
}

#[expect(clippy::too_many_arguments, reason = "the columns of a table")]
const fn known(
    tag: &'static str,
    operation: &'static str,
    major: u32,
    domain: &'static str,
    core: u32,
    categorizations: &'static str,
    patient_path: &'static str,
    lists: &'static str,
    result: Result,
    irregular_action: &'static str,
) -> Contract {
    Contract { tag, operation, major, domain, core, categorizations, patient_path, lists, result, irregular_action }
}

#[rustfmt::skip]
pub const ALL: &[Contract] = &[
    known("GA", "GetActivities", 1, "riv:clinicalprocess:activity:actions", 1, "caa-ga", "r:patientId/c:extension", "r:activityGroup", Result::None, ""),
    known("GAI2", "GetAlertInformation", 2, "riv:clinicalprocess:healthcond:description", 2, "upp", "r:patientId/c:id", "r:alertInformation", Result::None, ""),
    known("GAI3", "GetAlertInformation", 3, "riv:clinicalprocess:healthcond:description", 3, "upp", "r:patientId/c:extension", "r:alertInformation", Result::None, ""),
    known("GCC2", "GetCareContacts", 2, "riv:clinicalprocess:logistics:logistics", 2, "vko", "r:patientId/c:id", "r:careContact", Result::None, "urn:riv:ehr:patientsummary:GetCareContactsResponder:2:GetCareContacts"),
    known("GCC3", "GetCareContacts", 3, "riv:clinicalprocess:logistics:logistics", 3, "vko", "r:patientId/c:id", "r:careContact", Result::InfoNa, ""),
    known("GCD2", "GetCareDocumentation", 2, "riv:clinicalprocess:healthcond:description", 2, "voo", "r:patientId/c:id", "r:careDocumentation", Result::None, ""),
    known("GCD3", "GetCareDocumentation", 3, "riv:clinicalprocess:healthcond:description", 3, "voo", "r:patientId/c:extension", "r:careDocumentation r:hasMore", Result::Info, ""),
    known("GCP", "GetCarePlans", 2, "riv:clinicalprocess:logistics:logistics", 3, "cll-cp", "r:patientId/c:id", "r:carePlan", Result::InfoNa, "urn:riv:clinicalprocess:logistics:GetCarePlansResponder:2:GetCarePlans"),
    known("GD", "GetDiagnosis", 2, "riv:clinicalprocess:healthcond:description", 2, "dia", "r:patientId/c:id", "r:diagnosis", Result::None, ""),
    known("GEO", "GetECGOutcome", 1, "riv:clinicalprocess:healthcond:actoutcome", 3, "und-ekg-ure", "r:patientId/c:id", "r:ecgOutcome", Result::InfoNa, ""),
    known("GFS", "GetFunctionalStatus", 2, "riv:clinicalprocess:healthcond:description", 2, "fun-fun,pad-pad", "r:patientId/c:id", "r:functionalStatusAssessment", Result::InfoNa, ""),
    known("GIO", "GetImagingOutcome", 1, "riv:clinicalprocess:healthcond:actoutcome", 3, "und-bdi-ure", "r:patientId/c:id", "r:imagingOutcome", Result::InfoNa, ""),
    known("GLOO3", "GetLaboratoryOrderOutcome", 3, "riv:clinicalprocess:healthcond:actoutcome", 3, "und-kkm-ure", "r:patientId/c:id", "r:laboratoryOrderOutcome", Result::InfoNa, ""),
    known("GLOO4", "GetLaboratoryOrderOutcome", 4, "riv:clinicalprocess:healthcond:actoutcome", 4, "und-kkm-ure", "r:patientId/c:extension", "r:laboratoryOrderOutcome", Result::None, ""),
    known("GMMH", "GetMaternityMedicalHistory", 2, "riv:clinicalprocess:healthcond:actoutcome", 2, "utr-mtr", "r:patientId/c:id", "r:maternityMedicalRecord", Result::None, ""),
    known("GMH", "GetMedicationHistory", 2, "riv:clinicalprocess:activityprescription:actoutcome", 2, "caa-gmh", "r:patientId/c:id", "r:medicationMedicalRecord", Result::InfoNa, ""),
    known("GO", "GetObservations", 1, "riv:clinicalprocess:healthcond:basic", 1, "chb-o", "r:patientId/c:extension", "r:observationGroup", Result::None, ""),
    known("GRO", "GetReferralOutcome", 3, "riv:clinicalprocess:healthcond:actoutcome", 3, "und-kon-ure", "r:patientId/c:id", "r:referralOutcome", Result::InfoNa, ""),
    known("GRA1", "GetRequestActivities", 1, "riv:crm:requeststatus", 1, "", "r:subjectOfCareId", "r:requestActivity", Result::None, ""),
    known("GRA2", "GetRequestActivities", 2, "riv:crm:requeststatus", 2, "req-act", "r:patientId/c:extension", "r:requestActivity", Result::None, ""),
    known("RES", "RequestExemptionStatuses", 1, "riv:financial:patientfees:exemption", 1, "fpe-es", "r:patientId/c:extension", "", Result::None, ""),
    known("GSOCS", "GetSubjectOfCareSchedule", 1, "riv:crm:scheduling", 1, "", "r:subject_of_care", "r:timeslotDetail", Result::None, ""),
    known("GVH1", "GetVaccinationHistory", 1, "riv:clinicalprocess:activityprescription:actoutcome", 1, "caa-gvh", "r:patientId/c:id", "r:vaccinationMedicalRecord", Result::None, "urn:riv:clinicalprocess:activityprescription:actoutcome:GetVaccinationHistoryResponder:2:GetVaccinationHistory"),
    known("GVH2", "GetVaccinationHistory", 2, "riv:clinicalprocess:activityprescription:actoutcome", 2, "caa-gvh", "r:patientId/c:id", "r:vaccinationMedicalRecord", Result::InfoNa, ""),
    known("GCM", "GetCareManagers", 1, "riv:coreprocess:residentparticipation:residentparticipation", 1, "crr-gcm", "r:patientId/c:extension", "r:careManager", Result::None, ""),
    known("GES", "GetExemptionStatuses", 1, "riv:financial:patientfees:exemption", 1, "fpe-es", "r:patientId/c:extension", "r:feeExemption", Result::None, ""),
    known("GCS", "GetCareServices", 2, "riv:clinicalprocess:logistics:logistics", 3, "cll-cs", "r:patientId/c:id", "r:careService", Result::InfoNa, "urn:riv:clinicalprocess:logistics:GetCareServicesResponder:2:GetCareServices"),
    known("GRS", "GetRequestStatus", 1, "riv:clinicalprocess:activity:request", 1, "", "c:personId/@extension", "c:requestStatus", Result::InfoNa, "urn:riv:clinical:process:activity:request:GetRequestStatusResponder:1:GetRequestStatus"),
    known("GM", "GetMeasurement", 1, "riv:clinicalprocess:healthcond:basic", 1, "chb-gm", "r:patientId/c:extension", "r:measurement", Result::None, "urn:riv:clinicalprocess:healthcond_basic:GetMeasurementResponder:1:GetMeasurement"),
    known("GRQO", "GetRequestOutcome", 4, "riv:clinicalprocess:healthcond:actoutcome", 4, "und-kon-ure", "r:patientId/c:id", "r:requestOutcome", Result::None, ""),
    known("GALP", "GetAccessLogsForPatient", 1, "riv:ehr:log:querying", 1, "", "r:PatientId", "r:AccessLogsResultType", Result::None, ""),
];

/// The service with this tag.
pub fn of(tag: &str) -> &'static Contract {
    ALL.iter().find(|contract| contract.tag == tag).expect(tag)
}

impl Contract {
    pub fn responder(&self) -> String {
        format!("urn:{}:{}Responder:{}", self.domain, self.operation, self.major)
    }

    pub fn core(&self) -> String {
        format!("urn:{}:{}", self.domain, self.core)
    }

    pub fn path(&self) -> String {
        let bare = self.operation.strip_prefix("Get").unwrap_or(self.operation);
        format!("/GetAggregated{bare}/service/v{}", self.major)
    }

    pub fn soap_action(&self) -> String {
        match self.irregular_action {
            "" => format!("{}:{}", self.responder(), self.operation),
            irregular => irregular.to_owned(),
        }
    }

    /// The request's element; one service has a name of its own for it.
    pub fn request_element(&self) -> String {
        format!("r:{}{}", self.operation, if self.tag == "GALP" { "Request" } else { "" })
    }

    /// What the header's value is to a request.
    pub fn request(&self, patient: &str) -> String {
        self.request_with(&self.patient(patient))
    }

    /// The element, or elements, with the patient.
    pub fn patient(&self, patient: &str) -> String {
        let (elements, attribute) = self.patient_path.split_once("/@").unwrap_or((self.patient_path, ""));
        let steps: Vec<_> = elements.split('/').collect();
        let mut out = String::new();
        for (place, step) in steps.iter().enumerate() {
            match attribute {
                "" => out.push_str(&format!("<{step}>")),
                name if place + 1 == steps.len() => out.push_str(&format!("<{step} root=\"x\" {name}=\"{patient}\">")),
                _ => out.push_str(&format!("<{step}>")),
            }
        }
        if attribute.is_empty() {
            out.push_str(patient);
        }
        steps.iter().rev().for_each(|step| out.push_str(&format!("</{step}>")));
        out
    }

    /// A request with these elements.
    pub fn request_with(&self, inside: &str) -> String {
        let element = self.request_element();
        self.envelope("<h:LogicalAddress>5565594230</h:LogicalAddress>", &format!("<{element}>{inside}</{element}>"))
    }

    /// An answer with so many records in each list, each naming its source.
    pub fn answer(&self, source: &str, records: usize) -> String {
        let record = |list: &str| format!("<{list}><c:system>{source}</c:system></{list}>").repeat(records);
        self.answer_with(&self.lists.split(' ').filter(|list| !list.is_empty()).map(record).collect::<String>())
    }

    pub fn answer_with(&self, inside: &str) -> String {
        let operation = self.operation;
        self.envelope("", &format!("<r:{operation}Response>{inside}</r:{operation}Response>"))
    }

    fn envelope(&self, header: &str, body: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:r=\"{}\" xmlns:c=\"{}\" xmlns:h=\"urn:riv:itintegration:registry:1\"><e:Header>{header}</e:Header><e:Body>\
             {body}</e:Body></e:Envelope>",
            self.responder(),
            self.core()
        )
    }
}
