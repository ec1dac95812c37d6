"""A client made by zeep from the hub's own ?wsdl: three contracts answered and parsed, one refusal read as a fault.

Arguments: the hub's URL. Exit codes: 0 all as expected, 1 something was not.
"""

import sys

import zeep

HUB = sys.argv[1].rstrip("/")
PATIENT = "191212121212"
# The test identity's kind, as an OID.
KIND = "1.2.752.129.2.1.3.1"


def client(path):
    return zeep.Client(f"{HUB}/vp/{path}?wsdl")


def check(what, holds, found):
    if not holds:
        sys.exit(f"zeep: {what}: {found!r}")
    print(f"zeep: {what}")


diagnosis = client("clinicalprocess/healthcond/description/GetDiagnosis/2/rivtabp21").service
answer = diagnosis.GetDiagnosis(patientId={"id": PATIENT, "type": KIND}, _soapheaders={"LogicalAddress": "SE2321000016-S002"})
first = answer.diagnosis[0]
check("GetDiagnosis 2 is parsed", first.diagnosisHeader.patientId.id == PATIENT, answer)
check("its types are the contract's", first.diagnosisBody.typeOfDiagnosis in ("Huvuddiagnos", "Bidiagnos"), first)

find = client("itintegration/engagementindex/FindContent/1/rivtabp21").service
DOMAIN = "riv:clinicalprocess:healthcond:description"
answer = find.FindContent(
    registeredResidentIdentification=PATIENT, serviceDomain=DOMAIN, _soapheaders={"LogicalAddress": "5565594230"}
)
rows = answer.engagement
own = [row for row in rows if row.registeredResidentIdentification == PATIENT and row.serviceDomain == DOMAIN]
check("FindContent 1 is parsed", rows and own == rows, answer)

schedule = client("crm/scheduling/GetSubjectOfCareSchedule/1/rivtabp21").service
bookings = schedule.GetSubjectOfCareSchedule(
    healthcare_facility="SE2321000016-1004", subject_of_care=PATIENT, _soapheaders={"LogicalAddress": "SE2321000016-1004"}
)
times = bookings.timeslotDetail
check("GetSubjectOfCareSchedule 1 is parsed", times and all(time.bookingId for time in times), bookings)

try:
    answer = diagnosis.GetDiagnosis(patientId={"id": PATIENT, "type": KIND}, _soapheaders={"LogicalAddress": "NOBODY"})
    sys.exit(f"zeep: an unknown address was answered: {answer!r}")
except zeep.exceptions.Fault as fault:
    check("an unknown address is a fault", fault.message.startswith("VP004 ["), fault.message)
